/* SPDX-License-Identifier: MIT */
/* Entries lie in the arena, with their texts. A frame of a report is "function+0x12 (module)", or "module+0x12". */

#include "check/suppress.h"

#include <string.h>

enum {
    NAME_MOST = 1024,    /* of a function; a longer one is cut, as in reports */
    COMPLAINTS_MOST = 16 /* of one file, in full; the others are counted */
};

/* ---- lines ---- */

static char *trim(char *text)
{
    size_t len;

    while (*text == ' ' || *text == '\t')
        text++;
    for (len = strlen(text); len != 0 && strchr(" \t\r", text[len - 1]) != NULL;)
        text[--len] = '\0';
    return text;
}

static bool set_kind(struct lv_suppression *entry, const char *word)
{
    entry->any_kind = strcmp(word, "*") == 0;
    for (int kind = 0; kind < LV_FINDING__COUNT; kind++)
        if (entry->any_kind || strcmp(word, lv_finding_kind_name((enum lv_finding_kind)kind)) == 0)
            entry->kinds |= 1u << kind;
    return entry->kinds != 0;
}

/* The reason begins at a # that follows a blank: names of classes may have one inside. */
static char *cut_reason(char *line)
{
    for (char *at = line; (at = strchr(at, '#')) != NULL; at++) {
        if (at > line && (at[-1] == ' ' || at[-1] == '\t')) {
            *at = '\0';
            return trim(at + 1);
        }
    }
    return line + strlen(line);
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '\0';
}

/* Where the & between two patterns is: it stands alone, since names may have one inside. Null: there is none. */
static char *joint_in(char *text)
{
    for (char *at = text; (at = strchr(at, '&')) != NULL; at++)
        if ((at == text || is_gap(at[-1])) && is_gap(at[1]))
            return at;
    return NULL;
}

/* Move the patterns of @text together, to where it begins: what was between them is longer than a zero byte. */
static const char *split_patterns(struct lv_suppression *entry, char *text)
{
    char *end = text;

    entry->patterns = text;
    for (char *at = text, *joint; at != NULL; at = joint != NULL ? joint + 1 : NULL) {
        joint = joint_in(at);
        if (joint != NULL)
            *joint = '\0';
        at = trim(at);
        if (*at == '\0')
            return entry->pattern_count == 0 && joint == NULL ? "has no pattern" : "has no pattern beside its &";
        entry->pattern_count++;
        memmove(end, at, strlen(at) + 1);
        end += strlen(end) + 1;
    }
    return NULL;
}

/* Returns what is wrong, null: nothing. */
static const char *parse_line(struct lv_suppression *entry, char *line, char *text)
{
    char *colon;

    entry->reason = cut_reason(line);
    line = trim(line);
    (void)memcpy(text, line, strlen(line) + 1);
    entry->text = text;
    colon = strchr(line, ':');
    if (colon == NULL)
        return "has no colon: it should be kind:pattern # reason";
    *colon = '\0';
    if (!set_kind(entry, trim(line)))
        return "begins with an unknown kind of finding";
    return split_patterns(entry, colon + 1);
}

static void add(struct lv_suppressions *all, struct lv_suppression *entry)
{
    if (all->last != NULL)
        all->last->next = entry;
    else
        all->first = entry;
    all->last = entry;
}

/* Returns whether there was something to complain of. It is said only if @says. */
static bool take_line(struct lv_suppressions *all, struct lv_suppression place, const char *line, size_t len,
                      struct lv_arena *arena, struct lv_text *complaints, bool says)
{
    struct lv_suppression *entry = lv_arena_alloc(arena, sizeof(*entry));
    char *copy = lv_arena_alloc(arena, 2 * (len + 1));
    const char *wrong = "finds no memory";

    if (entry != NULL && copy != NULL) {
        *entry = place;
        memcpy(copy, line, len);
        copy[len] = '\0';
        wrong = strlen(copy) != len ? "has a zero byte" : parse_line(entry, copy, copy + len + 1);
    }
    if (wrong == NULL) {
        add(all, entry);
        if (*entry->reason != '\0')
            return false;
    }
    if (says && wrong != NULL)
        lv_text_printf(complaints, "lockval: %s:%u: the line %s\n", place.from, place.line, wrong);
    else if (says)
        lv_text_printf(complaints, "lockval: %s:%u: '%.200s' has no reason: write one behind a #\n", place.from,
                       place.line, entry->text);
    return true;
}

static bool says_nothing(const char *line, size_t len)
{
    size_t i = 0;

    while (i < len && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r'))
        i++;
    return i == len || line[i] == '#';
}

void lv_suppressions_parse(struct lv_suppressions *all, const char *from, const char *text, size_t size,
                           struct lv_arena *arena, struct lv_text *complaints)
{
    const char *end = text + size;
    uint32_t number = 1, bad = 0;

    for (const char *line = text, *next; line < end; line = next, number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop != NULL ? stop : end) - line);

        next = line + len + 1;
        if (!says_nothing(line, len))
            bad += take_line(all, (struct lv_suppression){ .from = from, .line = number }, line, len, arena, complaints,
                             bad < COMPLAINTS_MOST);
    }
    if (bad > COMPLAINTS_MOST)
        lv_text_printf(complaints, "lockval: %s: %u more lines are not understood, or have no reason\n", from,
                       bad - COMPLAINTS_MOST);
}

/* ---- matching ---- */

bool lv_suppression_is_for(const struct lv_suppression *entry, enum lv_finding_kind kind, enum lv_verdict verdict)
{
    return (entry->kinds & 1u << kind) != 0 && !(entry->any_kind && verdict == LV_VERDICT_DEADLOCK);
}

const char *lv_suppression_next(const struct lv_suppression *entry, const char *pattern)
{
    const char *next = entry->patterns;

    if (pattern == NULL)
        return next;
    for (uint32_t i = 1; i < entry->pattern_count; i++) {
        bool found = next == pattern;

        next += strlen(next) + 1;
        if (found)
            return next;
    }
    return NULL;
}

bool lv_pattern_matches(const char *pattern, const char *name)
{
    return name != NULL && *name != '\0' && lv_text_glob(pattern, name);
}

/* Does it match the first @len bytes of @text? */
static bool matches_part(const char *pattern, const char *text, size_t len)
{
    char buf[NAME_MOST];
    struct lv_text part;

    lv_text_init(&part, buf, sizeof(buf));
    lv_text_append(&part, text, len);
    return lv_pattern_matches(pattern, buf);
}

/* The last plus of @text that a number in hexadecimal follows. Null: there is none. */
static const char *offset_in(const char *text)
{
    const char *found = NULL;

    for (const char *at = text; (at = strchr(at, '+')) != NULL; at++)
        if (at[1] == '0' && at[2] == 'x')
            found = at;
    return found;
}

static bool matches_frame(const char *pattern, const char *frame)
{
    const char *plus = offset_in(frame), *module = plus != NULL ? strchr(plus, '(') : NULL;

    if (plus == NULL)
        return false;
    if (matches_part(pattern, frame, (size_t)(plus - frame)))
        return true;
    return module != NULL && strlen(module) > 2 && matches_part(pattern, module + 1, strlen(module) - 2);
}

static bool matches_stack(const char *pattern, const struct lv_report_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++)
        if (matches_frame(pattern, stack->frames[i]))
            return true;
    return false;
}

static bool matches_lock(const char *pattern, const struct lv_report_lock *lock)
{
    return (lock->class != NULL && lv_pattern_matches(pattern, lock->class->name)) ||
           matches_stack(pattern, &lock->stack);
}

static bool matches_stuck(const char *pattern, const struct lv_report_stuck *stuck)
{
    if (matches_lock(pattern, &stuck->wanted) || matches_lock(pattern, &stuck->with))
        return true;
    for (uint32_t i = 0; i < stuck->held_count; i++)
        if (matches_lock(pattern, &stuck->held[i]))
            return true;
    return false;
}

bool lv_pattern_matches_report(const char *pattern, const struct lv_report *report)
{
    for (uint32_t i = 0; i < report->edge_count; i++)
        if (matches_lock(pattern, &report->edges[i].held) || matches_lock(pattern, &report->edges[i].wanted))
            return true;
    for (uint32_t i = 0; i < report->stuck_count; i++)
        if (matches_stuck(pattern, &report->stuck[i]))
            return true;
    return matches_lock(pattern, &report->subject) || matches_lock(pattern, &report->holder) ||
           matches_lock(pattern, &report->usage.inside.lock) || matches_stack(pattern, &report->usage.inside.at) ||
           matches_lock(pattern, &report->usage.open.lock) || matches_stack(pattern, &report->usage.open.at) ||
           matches_stack(pattern, &report->backtrace);
}
