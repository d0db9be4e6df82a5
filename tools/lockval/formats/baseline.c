/* SPDX-License-Identifier: MIT */
/* Reading is line by line; what a later version may add below an entry is passed over. */

#define _GNU_SOURCE
#include "formats/baseline.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "record/pool.h"

static const char head[] = "lockval baseline 1";
static const char explanation[] = "# Findings that are known: `lockval check --baseline=FILE` fails only for others. "
                                  "Comments before an entry are kept\n"
                                  "# when `lockval baseline -o FILE` writes this again.\n";

/* ---- what a finding is about ---- */

static const char *key_of(const struct rec_lock *lock)
{
    if (lock->class != NULL && lock->class->stable[0] != '\0')
        return lock->class->stable;
    return rec_lock_key(lock);
}

static bool is_use(const struct rec_finding *finding)
{
    return finding->usage_state[0] != '\0';
}

/* The locks that it is about, in order. Returns how many; null where there are no more. */
static const struct rec_lock *lock_at(const struct rec_finding *finding, size_t i)
{
    if (is_use(finding))
        return i == 0 ? &finding->usage_inside.lock : i == 1 ? &finding->usage_open.lock : NULL;
    if (finding->edge_count != 0)
        return i < finding->edge_count ? &finding->edges[i].wanted : NULL;
    if (finding->stuck_count != 0)
        return i < finding->stuck_count ? &finding->stuck[i].wanted : NULL;
    return i == 0 && finding->has_subject ? &finding->subject : NULL;
}

static size_t lock_count(const struct rec_finding *finding)
{
    size_t count = 0;

    while (lock_at(finding, count) != NULL)
        count++;
    return count;
}

/* Where the list of its locks begins: a circle at the smallest key, that it is the same however it was found. */
static size_t first_of(const struct rec_finding *finding, size_t count)
{
    size_t first = 0;

    if (is_use(finding) || finding->edge_count == 0)
        return 0;
    for (size_t i = 1; i < count; i++)
        if (strcmp(key_of(lock_at(finding, i)), key_of(lock_at(finding, first))) < 0)
            first = i;
    return first;
}

static bool has_key(const struct rec_lock *lock, const char *key)
{
    const struct rec_class *class = lock->class;

    if (strcmp(key_of(lock), key) == 0)
        return true;
    for (size_t i = 0; class != NULL && i < class->stable_count; i++)
        if (strcmp(class->stables[i], key) == 0)
            return true;
    return false;
}

static bool is_about(const struct baseline_entry *entry, const struct rec_finding *finding, size_t turn)
{
    for (size_t i = 0; i < entry->key_count; i++)
        if (!has_key(lock_at(finding, (i + turn) % entry->key_count), entry->keys[i]))
            return false;
    return true;
}

static bool is_same(const struct baseline_entry *entry, const struct rec_finding *finding)
{
    size_t turns = finding->edge_count != 0 && !is_use(finding) ? entry->key_count : 1;

    if (entry->key_count < 2 || entry->key_count != lock_count(finding) || strcmp(entry->kind, finding->kind) != 0 ||
        strcmp(entry->state, finding->usage_state) != 0)
        return false;
    for (size_t turn = 0; turn < turns; turn++)
        if (is_about(entry, finding, turn))
            return true;
    return false;
}

struct baseline_entry *baseline_find(struct baseline *baseline, const struct rec_finding *finding)
{
    struct baseline_entry *found = NULL;

    for (size_t i = 0; i < baseline->count && found == NULL; i++)
        if (strcmp(baseline->entries[i]->fingerprint, finding->fingerprint) == 0)
            found = baseline->entries[i];
    for (size_t i = 0; i < baseline->count && found == NULL; i++)
        if (is_same(baseline->entries[i], finding))
            found = baseline->entries[i];
    if (found != NULL)
        found->met = true;
    return found;
}

/* ---- reading ---- */

static bool is_fingerprint(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

/* "FINGERPRINT VERDICT KIND"; null: it is none. */
static struct baseline_entry *entry_of(struct baseline *baseline, char *line, unsigned number)
{
    char *rest = line, *fingerprint = strsep(&rest, " "), *verdict = strsep(&rest, " "), *kind = strsep(&rest, " ");
    struct baseline_entry *entry;

    if (!is_fingerprint(fingerprint) || verdict == NULL || kind == NULL || *kind == '\0')
        return NULL;
    entry = rec_pool_take(baseline->pool, 1, sizeof(*entry));
    entry->fingerprint = rec_pool_text(baseline->pool, fingerprint);
    entry->verdict = rec_verdict_of(verdict);
    entry->kind = rec_pool_text(baseline->pool, kind);
    entry->state = entry->comment = "";
    entry->line = number;
    rec_append(&baseline->entries, &baseline->count, entry);
    return entry;
}

static void add_key(struct baseline *baseline, struct baseline_entry *entry, const char *key)
{
    const char **keys = rec_pool_take(baseline->pool, entry->key_count + 1, sizeof(char *));

    for (size_t i = 0; i < entry->key_count; i++)
        keys[i] = entry->keys[i];
    keys[entry->key_count++] = rec_pool_text(baseline->pool, key);
    entry->keys = keys;
}

/* A line below an entry. */
static void read_member(struct baseline *baseline, struct baseline_entry *entry, const char *line)
{
    if (strncmp(line, "lock ", 5) == 0)
        add_key(baseline, entry, line + 5);
    else if (strncmp(line, "context ", 8) == 0)
        entry->state = rec_pool_text(baseline->pool, line + 8);
}

static char *append(char *text, const char *line)
{
    char *longer = cli_printf("%s%s\n", text, line);

    free(text);
    return longer;
}

static const char *take_comment(struct baseline *baseline, char **comment)
{
    const char *kept = rec_pool_text(baseline->pool, *comment);

    free(*comment);
    *comment = cli_strdup("");
    return kept;
}

static bool read_lines(struct baseline *baseline, FILE *file)
{
    struct baseline_entry *entry = NULL;
    char *comment = cli_strdup(""), *text = NULL;
    size_t size = 0;
    unsigned number = 0;
    bool begun = false, good = true;
    ssize_t len;

    while (good && (len = getline(&text, &size, file)) >= 0) {
        number++;
        while (len > 0 && isspace((unsigned char)text[len - 1]))
            text[--len] = '\0';
        if (text[0] == '\0')
            continue;
        if (text[0] == '#') {
            comment = append(comment, text);
        } else if (!begun) {
            good = begun = strcmp(text, head) == 0;
            baseline->begin = take_comment(baseline, &comment);
        } else if (isspace((unsigned char)text[0])) {
            if (entry != NULL)
                read_member(baseline, entry, text + strspn(text, " \t"));
        } else {
            entry = entry_of(baseline, text, number);
            good = entry != NULL;
            if (good)
                entry->comment = take_comment(baseline, &comment);
        }
    }
    baseline->end = take_comment(baseline, &comment);
    if (!begun)
        cli_complain("%s is no baseline: it does not begin with '%s'", baseline->path, head);
    else if (!good)
        cli_complain("%s:%u: there should be a fingerprint, a verdict and a kind", baseline->path, number);
    free(comment);
    free(text);
    return begun && good;
}

struct baseline *baseline_read(const char *path, bool may_miss)
{
    FILE *file = fopen(path, "re");
    struct baseline *baseline;
    bool good = true;

    if (file == NULL && !(may_miss && errno == ENOENT)) {
        cli_complain("cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    baseline = cli_alloc(1, sizeof(*baseline));
    baseline->pool = rec_pool_open();
    baseline->path = rec_pool_text(baseline->pool, path);
    baseline->begin = baseline->end = "";
    if (file != NULL) {
        good = read_lines(baseline, file);
        if (good && ferror(file)) {
            cli_complain("cannot read %s", path);
            good = false;
        }
        (void)fclose(file);
    }
    if (good)
        return baseline;
    baseline_close(baseline);
    return NULL;
}

void baseline_close(struct baseline *baseline)
{
    if (baseline == NULL)
        return;
    free(baseline->entries);
    rec_pool_close(baseline->pool);
    free(baseline);
}

/* ---- holding findings against it ---- */

/* The comment as a reason: one line, without #. */
static const char *reason_of(const struct baseline_entry *entry, struct rec_pool *pool)
{
    char *text = cli_strdup(entry->comment), *to = text;
    const char *kept;

    for (const char *at = entry->comment; *at != '\0'; at++) {
        bool begins = at == entry->comment || at[-1] == '\n';

        if (begins && *at == '#')
            at += at[1] == ' ';
        else
            *to++ = *at == '\n' ? ' ' : *at;
    }
    while (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
    kept = rec_pool_text(pool, text);
    free(text);
    return kept;
}

struct baseline_score baseline_apply(struct baseline *baseline, struct rec_finding *const *findings, size_t count,
                                     struct rec_pool *pool)
{
    struct baseline_score score = { 0, 0 };

    for (size_t i = 0; i < count; i++) {
        struct rec_finding *finding = findings[i];
        const struct baseline_entry *entry = baseline_find(baseline, finding);
        char *by;

        if (entry == NULL || finding->suppressed_by[0] != '\0' || !finding->counts)
            continue;
        score.known++;
        score.worse += entry->verdict < finding->verdict;
        by = cli_printf("baseline:%s", finding->fingerprint);
        finding->counts = false;
        finding->suppressed_by = rec_pool_text(pool, by);
        finding->suppressed_from = rec_pool_text(pool, baseline->path);
        finding->suppressed_line = entry->line;
        finding->suppressed_reason = reason_of(entry, pool);
        free(by);
    }
    return score;
}

void baseline_say_known(const struct baseline *baseline, struct baseline_score score, FILE *out)
{
    if (score.known != 0)
        (void)fprintf(out, "lockval: %zu %s known (%s)\n", score.known,
                      score.known == 1 ? "finding is" : "findings are", baseline->path);
    if (score.worse != 0)
        (void)fprintf(out, "lockval: %zu of the known findings %s a higher verdict than %s says\n", score.worse,
                      score.worse == 1 ? "has" : "have", baseline->path);
}

void baseline_say_missed(const struct baseline *baseline, FILE *out)
{
    size_t missed = 0;

    for (size_t i = 0; i < baseline->count; i++)
        missed += !baseline->entries[i]->met;
    if (missed == 0)
        return;
    (void)fprintf(out, "lockval: %zu %s of %s %s not met any more:\n", missed, missed == 1 ? "entry" : "entries",
                  baseline->path, missed == 1 ? "was" : "were");
    for (size_t i = 0; i < baseline->count; i++) {
        const struct baseline_entry *entry = baseline->entries[i];

        if (!entry->met)
            (void)fprintf(out, "  %s:%u: %s %s\n", baseline->path, entry->line, entry->fingerprint, entry->kind);
    }
}

/* ---- writing ---- */

static void put_run(FILE *out, const struct rec_run *run)
{
    char *words = run != NULL ? rec_run_words(run) : NULL;

    if (words != NULL)
        (void)fprintf(out, "  seen %s\n", words);
    free(words);
}

static void put_runs(FILE *out, const struct rec_finding *finding)
{
    put_run(out, finding->run);
    for (size_t i = 0; i < finding->edge_count && finding->run == NULL; i++) {
        size_t j = 0;

        while (j < i && finding->edges[j].run != finding->edges[i].run)
            j++;
        if (j == i)
            put_run(out, finding->edges[i].run);
    }
}

static void put_entry(FILE *out, const struct rec_finding *finding, const struct baseline_entry *old)
{
    size_t count = lock_count(finding), first = first_of(finding, count);

    (void)fprintf(out, "\n%s%s %s %s\n", old != NULL ? old->comment : "", finding->fingerprint, finding->verdict_name,
                  finding->kind);
    if (is_use(finding))
        (void)fprintf(out, "  context %s\n", finding->usage_state);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "  lock %s\n", key_of(lock_at(finding, (i + first) % count)));
    put_runs(out, finding);
}

void baseline_write(struct baseline *old, struct rec_finding *const *findings, size_t count, FILE *out)
{
    (void)fprintf(out, "%s%s\n", old != NULL && old->begin[0] != '\0' ? old->begin : explanation, head);
    for (size_t i = 0; i < count; i++)
        if (findings[i]->counts)
            put_entry(out, findings[i], old != NULL ? baseline_find(old, findings[i]) : NULL);
    if (old != NULL && old->end[0] != '\0')
        (void)fprintf(out, "\n%s", old->end);
}
