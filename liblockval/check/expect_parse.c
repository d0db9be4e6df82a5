/* SPDX-License-Identifier: MIT */
/*
 * Reading goes in two steps: line by line, where a term names locks by words; then, when all names are known, the words become
 * numbers, and what contradicts itself is found. So a file may have its lines in any order, but for the first one, and a lock's
 * level. All of it is read at start, or by the command: cost does not matter, and no bound is on the size of a file.
 */

#include "check/expect_parse.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "report/report.h"

enum {
    COMPLAINTS_MOST = 16 /* of one file, in full; the others are counted */
};

bool lv_expect_begin_complaint(struct lv_expect_parse *p, uint32_t line)
{
    if (p->bad++ >= COMPLAINTS_MOST)
        return false;
    lv_text_printf(p->out, "lockval: %s:%u: ", p->expect->from, line);
    return true;
}

/* ---- texts by their hashes ---- */

/* The number that @text has in @table, where @text_of gives the text of a number; 0: none. @ret_hash is where it would be put. */
static uint32_t find_text(const struct lv_table *table, const struct lv_expect *expect, const char *text,
                          const char *(*text_of)(const struct lv_expect *expect, uint32_t number), uint64_t *ret_hash)
{
    for (uint64_t hash = lv_hash_text(0, text) | 1;; hash = lv_hash_mix(hash, 1) | 1) {
        uint32_t number = lv_table_get(table, hash);

        *ret_hash = hash;
        if (number == 0 || strcmp(text_of(expect, number), text) == 0)
            return number;
    }
}

static const char *name_of(const struct lv_expect *expect, uint32_t number)
{
    return lv_expect_lock(expect, number)->name;
}

static const char *key_of(const struct lv_expect *expect, uint32_t number)
{
    return lv_expect_key(expect, number)->text;
}

uint32_t lv_expect_named(const struct lv_expect *expect, const char *name)
{
    uint64_t hash;

    return find_text(&expect->by_name, expect, name, name_of, &hash);
}

uint32_t lv_expect_keyed(const struct lv_expect *expect, const char *key)
{
    uint64_t hash;

    return find_text(&expect->by_key, expect, key, key_of, &hash);
}

void lv_expect_insert(struct lv_expect_parse *p, struct lv_table *table, uint64_t hash, uint32_t value)
{
    p->no_memory |= lv_table_insert(table, hash, value) < 0;
}

static void *add(struct lv_expect_parse *p, struct lv_vec *vec, uint32_t *ret_number)
{
    void *added = lv_vec_add(vec, ret_number);

    p->no_memory |= added == NULL;
    return added;
}

/* ---- words ---- */

static const char *word(const struct lv_expect_parse *p, uint32_t number)
{
    return number < p->words.count ? p->words.word[number].text : "";
}

static bool is(const struct lv_expect_parse *p, uint32_t number, const char *text)
{
    return lv_expect_word_is(&p->words, number, text);
}

/* The line must have @count words and no more. */
static bool has_words(struct lv_expect_parse *p, uint32_t count, const char *form)
{
    if (p->words.count == count)
        return true;
    LV_EXPECT_COMPLAIN(p, p->line, "the line should be: %s", form);
    return false;
}

static bool number_of(const char *text, int *ret)
{
    *ret = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || *ret > LV_EXPECT_LEVEL_MOST)
            return false;
        *ret = *ret * 10 + (*at - '0');
    }
    return *text != '\0' && *ret <= LV_EXPECT_LEVEL_MOST;
}

/* ---- lines of settings ---- */

static void take_version(struct lv_expect_parse *p)
{
    int version;

    if (!is(p, 0, "lockval-order") || p->words.count != 2 || !number_of(word(p, 1), &version))
        LV_EXPECT_COMPLAIN(p, p->line, "this is no lock order: the first line should be: lockval-order %d",
                           LV_EXPECT_VERSION);
    else if (version != LV_EXPECT_VERSION)
        LV_EXPECT_COMPLAIN(p, p->line, "this is a lock order of version %d, and %d is the one that is known", version,
                           LV_EXPECT_VERSION);
    else
        p->expect->version_line = p->line;
}

/* A setting has one of two words, and stands in one line. */
static bool take_choice(struct lv_expect_parse *p, uint32_t *line, const char *no, const char *yes, bool *ret)
{
    if (p->words.count != 2 || (!is(p, 1, no) && !is(p, 1, yes))) {
        LV_EXPECT_COMPLAIN(p, p->line, "the line should be: %s %s, or: %s %s", word(p, 0), no, word(p, 0), yes);
        return false;
    }
    if (*line != 0) {
        LV_EXPECT_COMPLAIN(p, p->line, "'%s' stands in line %u already", word(p, 0), *line);
        return false;
    }
    *line = p->line;
    *ret = is(p, 1, yes);
    return true;
}

static void take_rule(struct lv_expect_parse *p)
{
    bool levels;

    if (take_choice(p, &p->expect->rule_line, "edges", "levels", &levels))
        p->expect->rule = levels ? LV_EXPECT_LEVELS : LV_EXPECT_EDGES;
}

static void take_others(struct lv_expect_parse *p)
{
    (void)take_choice(p, &p->expect->others_line, "allowed", "forbidden", &p->expect->others_forbidden);
}

static void take_nesting(struct lv_expect_parse *p)
{
    (void)take_choice(p, &p->expect->nesting_line, "allowed", "forbidden", &p->expect->nesting_forbidden);
}

static void take_program(struct lv_expect_parse *p)
{
    const char **program;
    uint32_t number;

    if (!has_words(p, 2, "program NAME"))
        return;
    program = add(p, &p->expect->programs, &number);
    if (program != NULL)
        *program = word(p, 1);
}

static void take_level(struct lv_expect_parse *p)
{
    int level;

    if (!has_words(p, 2, "level NUMBER"))
        return;
    if (!number_of(word(p, 1), &level))
        LV_EXPECT_COMPLAIN(p, p->line, "'%.100s' is no level: levels are numbers from 0 to %d", word(p, 1),
                           LV_EXPECT_LEVEL_MOST);
    else if (level <= p->level)
        LV_EXPECT_COMPLAIN(p, p->line, "level %d stands behind level %d: levels come in their order, each once", level,
                           p->level);
    else
        p->level = level;
}

/* ---- locks ---- */

static int kind_of(const char *text)
{
    for (int kind = 0; kind < LV_KIND__COUNT; kind++)
        if (strcmp(text, lv_kind_name((enum lv_kind)kind)) == 0)
            return kind;
    return LV_EXPECT_ANY_KIND;
}

static bool is_pattern(const struct lv_expect_word *key)
{
    return !key->quoted && (strchr(key->text, '*') != NULL || strchr(key->text, '?') != NULL);
}

static void take_key(struct lv_expect_parse *p, struct lv_expect_lock *lock, uint32_t lock_number,
                     const struct lv_expect_word *text)
{
    struct lv_expect *expect = p->expect;
    struct lv_expect_key *key;
    uint32_t number, known = 0;
    bool pattern = is_pattern(text);
    uint64_t hash = 0;

    if (!pattern)
        known = find_text(&expect->by_key, expect, text->text, key_of, &hash);
    if (known != 0) {
        const struct lv_expect_lock *other = lv_expect_lock(expect, lv_expect_key(expect, known)->lock);

        LV_EXPECT_COMPLAIN(p, p->line, "the key %.200s is one of '%.100s' already, in line %u", text->text, other->name,
                           other->line);
        return;
    }
    key = add(p, &expect->keys, &number);
    if (key == NULL)
        return;
    *key = (struct lv_expect_key){ .text = text->text, .pattern = pattern, .lock = lock_number };
    expect->any_pattern |= pattern;
    if (!pattern)
        lv_expect_insert(p, &expect->by_key, hash, number);
    if (lock->key_count++ == 0)
        lock->first_key = number;
}

/* The keys from word @at on: KEY | KEY ... */
static void take_keys(struct lv_expect_parse *p, struct lv_expect_lock *lock, uint32_t number, uint32_t at)
{
    for (; at < p->words.count; at++) {
        if (is(p, at, "|") || is(p, at, "=")) {
            LV_EXPECT_COMPLAIN(p, p->line, "a key should stand before and behind each |");
            return;
        }
        take_key(p, lock, number, &p->words.word[at++]);
        if (at < p->words.count && !is(p, at, "|")) {
            LV_EXPECT_COMPLAIN(
                p, p->line,
                "'%.100s' stands behind a key: a | separates keys, and quotes hold one with blanks together",
                word(p, at));
            return;
        }
        if (at + 1 == p->words.count)
            LV_EXPECT_COMPLAIN(p, p->line, "a key should stand before and behind each |");
    }
}

static void take_lock(struct lv_expect_parse *p)
{
    static const char form[] = "lock NAME = KEY, or: lock NAME KIND = KEY | KEY";
    struct lv_expect *expect = p->expect;
    uint32_t equals = is(p, 2, "=") ? 2 : 3, number, known;
    int kind = LV_EXPECT_ANY_KIND;
    struct lv_expect_lock *lock;
    uint64_t hash;

    if (!is(p, equals, "=") || p->words.count == equals + 1) {
        LV_EXPECT_COMPLAIN(p, p->line, "the line should be: %s", form);
        return;
    }
    if (is(p, 1, "*")) {
        LV_EXPECT_COMPLAIN(p, p->line, "a lock that is called * has to stand in quotes");
        return;
    }
    if (equals == 3)
        kind = kind_of(word(p, 2));
    if (equals == 3 && kind == LV_EXPECT_ANY_KIND) {
        LV_EXPECT_COMPLAIN(
            p, p->line,
            "'%.100s' is no kind of locks: one is mutex, rwlock, spinlock, semaphore, once, guard, file, map, "
            "event",
            word(p, 2));
        return;
    }
    known = find_text(&expect->by_name, expect, word(p, 1), name_of, &hash);
    if (known != 0) {
        LV_EXPECT_COMPLAIN(p, p->line,
                           "'%.100s' is named in line %u already: another lock of that name needs another one here",
                           word(p, 1), lv_expect_lock(expect, known)->line);
        return;
    }
    lock = add(p, &expect->locks, &number);
    if (lock == NULL)
        return;
    *lock = (struct lv_expect_lock){ .name = word(p, 1),
                                     .line = p->line,
                                     .comment = p->words.comment,
                                     .kind = kind,
                                     .level = p->level,
                                     .twin = number };
    lv_expect_insert(p, &expect->by_name, hash, number);
    take_keys(p, lock, number, equals + 1);
}

/* ---- terms ---- */

static int mode_of(const char *text, size_t len)
{
    static const char *const names[] = { "ER", "EN", "SR", "SN" };

    for (unsigned i = 0; i < LV_ARRAY_SIZE(names); i++)
        if (len >= 2 && memcmp(text, names[i], 2) == 0 && (len == 2 || (len == 3 && text[2] == 't')))
            return len == 2 ? 1 << i | 1 << (i + 4) : 1 << (i + 4);
    return -1;
}

/* One of the words of a list: "[SR," or "SR,EN]". False: it is wrong, and that was said. */
static bool take_modes_in(struct lv_expect_parse *p, const char *text, uint8_t *modes)
{
    for (;;) {
        size_t len = strcspn(text, ",");
        int mode = len != 0 ? mode_of(text, len) : 0;

        if (mode < 0) {
            LV_EXPECT_COMPLAIN(p, p->line,
                               "'%.*s' is no mode: one is ER, EN, SR, SN, or ERt, ENt, SRt, SNt with a time limit",
                               (int)len, text);
            return false;
        }
        *modes |= (uint8_t)mode;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

/* The list from word @at on; all modes where there is none. */
static bool take_modes(struct lv_expect_parse *p, uint32_t at, uint8_t *modes)
{
    uint32_t last = p->words.count - 1;
    char *first, *end;

    *modes = LV_DEP_ALL;
    if (at == p->words.count)
        return true;
    first = p->words.word[at].text;
    end = p->words.word[last].text + strlen(p->words.word[last].text);
    if (p->words.word[at].quoted || p->words.word[last].quoted || *first != '[' || end[-1] != ']') {
        LV_EXPECT_COMPLAIN(p, p->line, "'%.100s' stands behind the lock: a list of modes is [ER, SN]", first);
        return false;
    }
    end[-1] = '\0';
    *modes = 0;
    for (uint32_t i = at; i <= last; i++)
        if (!take_modes_in(p, p->words.word[i].text + (i == at), modes))
            return false;
    if (*modes == 0)
        LV_EXPECT_COMPLAIN(p, p->line, "the list of modes is empty: without one it is all modes");
    return *modes != 0;
}

static const char *name_or_any(const struct lv_expect_parse *p, uint32_t at)
{
    return is(p, at, "*") ? NULL : word(p, at);
}

static void add_term(struct lv_expect_parse *p, enum lv_expect_what what, const char *from, const char *to,
                     uint8_t modes)
{
    struct lv_expect_term *term;
    struct lv_expect_names *names;
    uint32_t number;

    names = add(p, &p->names, &number);
    term = add(p, &p->expect->terms, &number);
    if (names == NULL || term == NULL)
        return;
    *names = (struct lv_expect_names){ from, to };
    *term = (struct lv_expect_term){ .what = what, .line = p->line, .comment = p->words.comment, .modes = modes };
}

static void take_pair(struct lv_expect_parse *p, enum lv_expect_what what)
{
    uint8_t modes;

    if (p->words.count < 4 || !is(p, 2, "->")) {
        LV_EXPECT_COMPLAIN(p, p->line, "the line should be: %s NAME -> NAME, or: %s NAME -> NAME [MODE, MODE]",
                           word(p, 0), word(p, 0));
        return;
    }
    if (take_modes(p, 4, &modes))
        add_term(p, what, name_or_any(p, 1), name_or_any(p, 3), modes);
}

static void take_one(struct lv_expect_parse *p, enum lv_expect_what what)
{
    if (has_words(p, 2, what == LV_EXPECT_LEAF ? "leaf NAME" : "nest NAME"))
        add_term(p, what, word(p, 1), word(p, 1), LV_DEP_ALL);
}

static void take_words(struct lv_expect_parse *p)
{
    static const struct {
        const char *keyword;
        void (*take)(struct lv_expect_parse *p);
    } settings[] = {
        { "rule", take_rule },       { "others", take_others }, { "nesting", take_nesting },
        { "program", take_program }, { "level", take_level },   { "lock", take_lock },
    };

    if (p->expect->version_line == 0) {
        take_version(p);
        return;
    }
    for (size_t i = 0; i < LV_ARRAY_SIZE(settings); i++) {
        if (is(p, 0, settings[i].keyword)) {
            settings[i].take(p);
            return;
        }
    }
    if (is(p, 0, "allow"))
        take_pair(p, LV_EXPECT_ALLOW);
    else if (is(p, 0, "forbid"))
        take_pair(p, LV_EXPECT_FORBID);
    else if (is(p, 0, "leaf"))
        take_one(p, LV_EXPECT_LEAF);
    else if (is(p, 0, "nest"))
        take_one(p, LV_EXPECT_NEST);
    else
        LV_EXPECT_COMPLAIN(
            p, p->line,
            "the line begins with '%.100s', where one of these should stand: rule, others, nesting, program, "
            "level, lock, leaf, nest, allow, forbid",
            word(p, 0));
}

/* ---- the whole ---- */

static void take_line(struct lv_expect_parse *p, const char *text, size_t len)
{
    char *copy = lv_arena_alloc(p->expect->arena, len + 1);
    const char *wrong;

    if (copy == NULL) {
        p->no_memory = true;
        return;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    wrong = strlen(copy) != len ? "has a zero byte" : lv_expect_split(copy, &p->words);
    if (wrong != NULL)
        LV_EXPECT_COMPLAIN(p, p->line, "the line %s", wrong);
    else if (p->words.count != 0)
        take_words(p);
}

static void take_lines(struct lv_expect_parse *p, const char *text, size_t size)
{
    const char *end = text + size;

    for (const char *line = text, *next; line < end && !p->no_memory; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop != NULL ? stop : end) - line);

        next = line + len + (stop != NULL);
        p->line++;
        take_line(p, line, len);
        if (p->expect->version_line == 0 && p->bad != 0)
            return; /* it is something else, and not worth more words */
    }
    if (p->expect->version_line == 0 && p->bad == 0)
        LV_EXPECT_COMPLAIN(p, 1, "the file is empty: its first line should be: lockval-order %d", LV_EXPECT_VERSION);
}

static bool begin(struct lv_expect_parse *p)
{
    struct lv_expect *expect = p->expect;
    struct lv_vec *vecs[] = { &expect->locks, &expect->keys, &expect->terms, &p->names };
    uint32_t none;

    lv_vec_init(&expect->locks, expect->arena, sizeof(struct lv_expect_lock));
    lv_vec_init(&expect->keys, expect->arena, sizeof(struct lv_expect_key));
    lv_vec_init(&expect->terms, expect->arena, sizeof(struct lv_expect_term));
    lv_vec_init(&p->names, expect->arena, sizeof(struct lv_expect_names));
    lv_vec_init(&expect->programs, expect->arena, sizeof(const char *));
    lv_table_init(&expect->by_name, expect->arena);
    lv_table_init(&expect->by_key, expect->arena);
    lv_table_init(&expect->by_ends, expect->arena);
    lv_table_init(&p->by_stem, expect->arena);
    for (size_t i = 0; i < LV_ARRAY_SIZE(vecs); i++)
        (void)add(p, vecs[i], &none);
    return !p->no_memory;
}

int lv_expect_parse(struct lv_expect *ret, const char *from, const char *text, size_t size, struct lv_arena *arena,
                    struct lv_text *complaints)
{
    struct lv_expect_parse *p =
        lv_arena_alloc(arena, sizeof(*p)); /* whoever starts the program may have a small stack */

    *ret = (struct lv_expect){ .arena = arena, .from = from };
    if (p == NULL)
        return -ENOMEM;
    p->expect = ret;
    p->out = complaints;
    p->level = LV_EXPECT_NO_LEVEL;
    if (begin(p))
        take_lines(p, text, size);
    if (!p->no_memory && ret->version_line != 0)
        lv_expect_link(p);
    if (p->no_memory)
        return -ENOMEM;
    if (p->bad > COMPLAINTS_MOST)
        lv_text_printf(complaints, "lockval: %s: %u more things are wrong\n", from, p->bad - COMPLAINTS_MOST);
    return (int)p->bad;
}
