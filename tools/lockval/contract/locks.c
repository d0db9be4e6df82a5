/* SPDX-License-Identifier: MIT */
/*
 * Which locks a file names, and on which levels.
 *
 * A new lock is called by one stable key: the first that no other has. Of the mutexes that one function makes, runs number the same ones
 * in different ways. Where that happened, all of them get the pattern with any number, each in a line of its own, which the parser
 * takes for as many locks of which it is not known which is which.
 *
 * With `rule edges` levels are there to be read, and follow the edges: what has one moves down where it must, and never up. With
 * `rule levels` they are the rule, which a person set: only new locks are put somewhere.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"
#include "contract/draft.h"
#include "contract/sections.h"
#include "record/pool.h"
#include "symbol/demangle.h"

enum {
    NO_NODE = -1
};

struct fresh {
    size_t class;
    char *key; /* as it stands in the file */
    char *name;
    int level;
};

struct work {
    struct contract_draft *draft;
    struct rec_pool *pool;   /* keys and names, each once: */
    struct rec_index owners; /* the pool's text of a key -> the class that has it, from 1 on; many: OF_MANY */
    struct rec_index taken;  /* the pool's text of a key that stands in the file or will -> a node, from 1 on */
    struct rec_index names;  /* the pool's text of a name -> something: it is used */
    size_t old;              /* locks of the file: nodes 0 to .old - 1; behind them, the new ones */
    size_t fresh_count;
    struct fresh *fresh;
    long *node; /* of each class; NO_NODE */
};

#define OF_MANY SIZE_MAX

static void **at(struct work *w, struct rec_index *index, const char *text)
{
    return rec_index_at(index, (uint64_t)(uintptr_t)rec_pool_text(w->pool, text));
}

static void *as_pointer(size_t number)
{
    return (void *)(uintptr_t)number;
}

/* ---- names ---- */

/* The name of a class of a place in a function without the offset there, which every build has anew. Memory to free. */
static char *plain_name(const struct contract_class *class)
{
    const char *name = class->class->name, *stable = class->keys[class->first_stable], *plus = NULL, *end;
    char *text, *readable;
    size_t len = strlen(name);

    if (len > 2 && name[0] == '"' && name[len - 1] == '"') /* it would need more of them */
        return cli_printf("%.*s", (int)len - 2, name + 1);
    for (const char *p = name; (p = strstr(p, "+0x")) != NULL; p++)
        plus = p;
    if (plus == NULL || (strncmp(stable, "init:", 5) != 0 && strncmp(stable, "lock:", 5) != 0))
        return sym_readable(*name != '\0' ? name : stable);
    end = plus + 3 + strspn(plus + 3, "0123456789abcdef");
    text = cli_printf("%.*s%s", (int)(plus - name), name, end);
    readable = sym_readable(text);
    free(text);
    return readable;
}

/* A name that no other lock has. */
static char *name_of(struct work *w, const struct contract_class *class)
{
    char *plain = plain_name(class), *name = cli_strdup(plain);

    for (unsigned i = 2; *at(w, &w->names, name) != NULL; i++) {
        free(name);
        name = cli_printf("%s#%u", plain, i);
    }
    *at(w, &w->names, name) = w;
    free(plain);
    return name;
}

/* ---- which locks ---- */

static void note_file(struct work *w)
{
    const struct lv_expect *expect = &w->draft->expect;

    w->old = expect->locks.count - 1;
    for (uint32_t i = 1; i < expect->locks.count; i++)
        *at(w, &w->names, lv_expect_lock(expect, i)->name) = w;
    for (uint32_t i = 1; i < expect->keys.count; i++)
        *at(w, &w->taken, lv_expect_key(expect, i)->text) = as_pointer(lv_expect_key(expect, i)->lock);
}

static void note_owners(struct work *w)
{
    const struct contract_steps *steps = w->draft->steps;

    for (size_t i = 0; i < steps->class_count; i++)
        for (size_t j = steps->classes[i].first_stable; j < steps->classes[i].key_count; j++) {
            void **place = at(w, &w->owners, steps->classes[i].keys[j]);

            *place = as_pointer(*place == NULL || *place == as_pointer(i + 1) ? i + 1 : OF_MANY);
        }
}

/* The first of the class's stable keys that is free; null: there is none. */
static const char *free_key(struct work *w, const struct contract_class *class)
{
    for (size_t i = class->first_stable; i < class->key_count; i++)
        if (*at(w, &w->taken, class->keys[i]) == NULL)
            return class->keys[i];
    return NULL;
}

/* The pattern that stands for the class and all that its key does not tell it from; memory to free. Null: its keys are good enough, or
 * some stand in the file by their numbers, or need quotes, in which there are no patterns. */
static char *pattern_of(struct work *w, const struct contract_class *class)
{
    const char *key = class->keys[class->first_stable], *number;
    char *word;
    bool plain;

    if (!class->doubt || !lv_expect_is_numbered(key))
        return NULL;
    word = contract_word(key);
    plain = *word != '"';
    free(word);
    number = strrchr(key, ':') + 1;
    for (uint32_t i = 1; plain && i < w->draft->expect.keys.count; i++)
        plain = strncmp(lv_expect_key(&w->draft->expect, i)->text, key, (size_t)(number - key)) != 0;
    return plain ? cli_printf("%.*s*%s", (int)(number - key), key, number + strspn(number, "0123456789")) : NULL;
}

/* A lock for the class; without a key of its own it is the one that has its first. */
static void name_class(struct work *w, size_t i)
{
    const struct contract_class *class = &w->draft->steps->classes[i];
    char *key = pattern_of(w, class);
    const char *plain = key == NULL ? free_key(w, class) : NULL;

    if (key == NULL && plain == NULL) {
        w->node[i] = (long)(uintptr_t)*at(w, &w->taken, class->keys[class->first_stable]) - 1;
        return;
    }
    w->node[i] = (long)(w->old + w->fresh_count);
    if (plain != NULL) {
        key = contract_word(plain);
        *at(w, &w->taken, plain) = as_pointer((size_t)w->node[i] + 1);
    }
    w->fresh[w->fresh_count++] = (struct fresh){ .class = i, .key = key, .name = name_of(w, class) };
}

static void name_classes(struct work *w)
{
    const struct contract_draft *draft = w->draft;

    w->node = cli_alloc(draft->steps->class_count + 1, sizeof(*w->node));
    w->fresh = cli_alloc(draft->steps->class_count + 1, sizeof(*w->fresh));
    for (size_t i = 0; i < draft->steps->class_count; i++) {
        w->node[i] = draft->side[i].lock != 0 ? (long)draft->side[i].lock - 1 : NO_NODE;
        if (w->node[i] == NO_NODE && draft->class_counts[i])
            name_class(w, i);
    }
}

/* ---- keys that a lock has now, too ---- */

/* Builds were matched, and the lock has another key in the other: the library knows it by that only. */
static char *more_keys(struct work *w, size_t i, uint32_t lock)
{
    const struct contract_class *class = &w->draft->steps->classes[i];
    char *keys = cli_strdup("");

    for (size_t j = class->first_stable; j < class->key_count; j++) {
        char *word, *longer;

        if (*at(w, &w->taken, class->keys[j]) != NULL || *at(w, &w->owners, class->keys[j]) != as_pointer(i + 1))
            continue;
        *at(w, &w->taken, class->keys[j]) = as_pointer(lock);
        word = contract_word(class->keys[j]);
        longer = cli_printf("%s | %s", keys, word);
        free(word);
        free(keys);
        keys = longer;
    }
    return keys;
}

/* Does the class have the lock's key as it stands there? Not by a pattern, and not as a class of a subclass. */
static bool is_keyed(const struct work *w, const struct contract_class *class, uint32_t lock)
{
    const struct lv_expect_lock *known = lv_expect_lock(&w->draft->expect, lock);

    for (uint32_t i = known->first_key; i < known->first_key + known->key_count; i++)
        for (size_t j = 0; j < class->key_count; j++)
            if (strcmp(lv_expect_key(&w->draft->expect, i)->text, class->keys[j]) == 0)
                return true;
    return false;
}

static bool add_keys(struct work *w, size_t i)
{
    const struct contract_draft *draft = w->draft;
    uint32_t lock = draft->side[i].lock;
    struct contract_line *line;
    char *keys, *text;
    size_t words;

    if (lock == 0 || !is_keyed(w, &draft->steps->classes[i], lock))
        return false;
    keys = more_keys(w, i, lock);
    if (*keys != '\0') {
        line = draft->file->at[lv_expect_lock(&draft->expect, lock)->line];
        words = contract_line_words(line->text);
        text = cli_printf("%.*s%s%s", (int)words, line->text, keys, line->text + words);
        contract_changes_add(draft->changes, '~', NULL,
                             cli_printf("lock %s: also%s", lv_expect_lock(&draft->expect, lock)->name, keys + 2));
        free(line->text);
        line->text = text;
        free(keys);
        return true;
    }
    free(keys);
    return false;
}

/* ---- levels ---- */

/* What the levels follow. */
struct order {
    size_t count, arc_count;
    struct contract_arc *arcs;
    unsigned *floor;
};

static int level_of(const struct work *w, size_t node)
{
    return node < w->old ? lv_expect_lock(&w->draft->expect, (uint32_t)node + 1)->level : w->fresh[node - w->old].level;
}

static bool has_level(const struct work *w, size_t node)
{
    return node >= w->old || level_of(w, node) != LV_EXPECT_NO_LEVEL;
}

static void add_arc(const struct work *w, struct order *order, long from, long to)
{
    if (from >= 0 && to >= 0 && from != to && has_level(w, (size_t)from) && has_level(w, (size_t)to))
        order->arcs[order->arc_count++] = (struct contract_arc){ (size_t)from, (size_t)to };
}

/* What was done, and what is allowed, unless a line says no. */
static void add_arcs(const struct work *w, struct order *order)
{
    const struct contract_draft *draft = w->draft;
    struct lv_expect_answer answer;

    order->arcs = cli_alloc(draft->steps->step_count + draft->expect.terms.count + 1, sizeof(*order->arcs));
    for (size_t i = 0; i < draft->steps->step_count; i++) {
        const struct contract_step *step = &draft->steps->steps[i];

        if (!step->indirect && draft->step_counts[i] && !contract_step_is_open(draft, step) &&
            (contract_step_fits(&draft->expect, step, draft->side[step->from], draft->side[step->to], &answer) ||
             !contract_is_against(draft, &answer)))
            add_arc(w, order, w->node[step->from], w->node[step->to]);
    }
    for (uint32_t i = 1; i < draft->expect.terms.count; i++) {
        const struct lv_expect_term *term = lv_expect_term(&draft->expect, i);

        if (term->what == LV_EXPECT_ALLOW && term->from != LV_EXPECT_ANY && term->to != LV_EXPECT_ANY)
            add_arc(w, order, (long)term->from - 1, (long)term->to - 1);
    }
}

/* The lowest level of the file, from which all others count; 1 where there is none lower. */
static int lowest_level(const struct work *w)
{
    int lowest = 1;

    for (size_t i = 0; i < w->old; i++)
        if (level_of(w, i) == 0)
            lowest = 0;
    return lowest;
}

/* Where the levels are the rule, what has one stays: no arc leads to it. */
static void pin(const struct work *w, struct order *order)
{
    size_t kept = 0;

    for (size_t i = 0; i < order->arc_count; i++)
        if (order->arcs[i].to >= w->old)
            order->arcs[kept++] = order->arcs[i];
    order->arc_count = kept;
}

static struct contract_levels *find_levels(const struct work *w, bool relevel, int lowest)
{
    struct order order = { .count = w->old + w->fresh_count };
    struct contract_levels *levels;

    order.floor = cli_alloc(order.count + 1, sizeof(*order.floor));
    for (size_t i = 0; !relevel && i < w->old; i++)
        if (has_level(w, i))
            order.floor[i] = (unsigned)(level_of(w, i) - lowest + 1);
    add_arcs(w, &order);
    if (w->draft->expect.rule == LV_EXPECT_LEVELS && !relevel)
        pin(w, &order);
    levels = contract_levels_of(order.count, order.arcs, order.arc_count, order.floor);
    free(order.arcs);
    free(order.floor);
    return levels;
}

/* Somebody wrote a file without levels. Patterns say nothing of that: they are for what a file is not about. */
static bool is_flat(const struct work *w)
{
    const struct lv_expect *expect = &w->draft->expect;
    bool any = false;

    for (uint32_t i = 1; i < expect->locks.count; i++) {
        const struct lv_expect_lock *lock = lv_expect_lock(expect, i);

        if (lock->level != LV_EXPECT_NO_LEVEL)
            return false;
        any |= !lv_expect_key(expect, lock->first_key)->pattern;
    }
    return any;
}

static bool move(struct work *w, struct contract_sections *sections, size_t node, int level)
{
    const struct contract_draft *draft = w->draft;
    const struct lv_expect_lock *lock = lv_expect_lock(&draft->expect, (uint32_t)node + 1);
    struct contract_line *line = draft->file->at[lock->line];

    if (lock->level == level || lock->level == LV_EXPECT_NO_LEVEL)
        return false;
    contract_changes_add(draft->changes, '~', NULL,
                         cli_printf("lock %s: to level %d, was on %d", lock->name, level, lock->level));
    contract_sections_take(sections, lock->level, line);
    contract_sections_add(sections, level, cli_strdup(line->text));
    return true;
}

static void add_lock(struct work *w, struct contract_sections *sections, const struct fresh *fresh)
{
    struct contract_changes *changes = w->draft->changes;
    char *name = contract_word(fresh->name);
    char *line = cli_printf("lock %s = %s", name, fresh->key);

    if (fresh->level == LV_EXPECT_NO_LEVEL)
        contract_changes_add(changes, '+', NULL, cli_strdup(line));
    else
        contract_changes_add(changes, '+', NULL, cli_printf("%s, on level %d", line, fresh->level));
    contract_sections_add(sections, fresh->level,
                          cli_printf("%s%s", fresh->level == LV_EXPECT_NO_LEVEL ? "" : "  ", line));
    changes->name = cli_realloc(changes->name, changes->names + 1, sizeof(*changes->name));
    changes->name[changes->names++] = cli_strdup(fresh->name);
    free(line);
    free(name);
}

static int compare_fresh(const void *a, const void *b)
{
    const struct fresh *left = a, *right = b;

    return left->level != right->level ? (left->level < right->level ? -1 : 1) : strcmp(left->name, right->name);
}

static bool place(struct work *w, bool relevel)
{
    struct contract_sections *sections = contract_sections_of(w->draft);
    int lowest = lowest_level(w);
    struct contract_levels *levels = find_levels(w, relevel, lowest);
    bool flat = is_flat(w), changed = w->fresh_count != 0;

    for (size_t i = 0; i < w->old; i++)
        changed |= move(w, sections, i, (int)levels->level[i] + lowest - 1);
    for (size_t i = 0; i < w->fresh_count; i++)
        w->fresh[i].level = flat ? LV_EXPECT_NO_LEVEL : (int)levels->level[w->old + i] + lowest - 1;
    if (w->fresh_count != 0)
        cli_sort(w->fresh, w->fresh_count, sizeof(*w->fresh), compare_fresh);
    for (size_t i = 0; i < w->fresh_count; i++)
        add_lock(w, sections, &w->fresh[i]);
    contract_sections_tidy(sections);
    contract_sections_free(sections);
    contract_levels_free(levels);
    return changed;
}

bool contract_update_locks(struct contract_draft *draft, bool relevel)
{
    struct work w = { .draft = draft, .pool = rec_pool_open() };
    bool changed = false;

    note_file(&w);
    note_owners(&w);
    name_classes(&w);
    for (size_t i = 0; i < draft->steps->class_count; i++)
        changed |= add_keys(&w, i);
    changed |= place(&w, relevel);
    for (size_t i = 0; i < w.fresh_count; i++) {
        free(w.fresh[i].name);
        free(w.fresh[i].key);
    }
    free(w.fresh);
    free(w.node);
    rec_index_free(&w.owners);
    rec_index_free(&w.taken);
    rec_index_free(&w.names);
    rec_pool_close(w.pool);
    return changed;
}
