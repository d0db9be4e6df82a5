/* SPDX-License-Identifier: MIT */
/* The second step of reading: all lines are known. */

#include "check/expect_parse.h"

#include <string.h>

#include "base/hash.h"

static uint32_t resolve(struct lv_expect_parse *p, uint32_t line, const char *name)
{
    uint32_t lock = name != NULL ? lv_expect_named(p->expect, name) : LV_EXPECT_ANY;

    if (lock == 0)
        LV_EXPECT_COMPLAIN(p, line, "no line names a lock '%.100s'", name);
    return lock;
}

uint64_t lv_expect_ends(uint32_t from, uint32_t to)
{
    return lv_hash_mix((uint64_t)from << 32 | to, UINT64_C(0x0cde5)) | 1;
}

/* Of lines that say the same of two locks, or the opposite, one is a mistake. */
static void compare(struct lv_expect_parse *p, const struct lv_expect_term *term, const struct lv_expect_term *other)
{
    if ((term->modes & other->modes) == 0)
        return;
    if (term->what == other->what)
        LV_EXPECT_COMPLAIN(p, term->line, "the same stands in line %u already", other->line);
    else
        LV_EXPECT_COMPLAIN(p, term->line, "line %u says the opposite", other->line);
}

static void link_pair(struct lv_expect_parse *p, struct lv_expect_term *term, uint32_t number)
{
    uint64_t key = lv_expect_ends(term->from, term->to);
    uint32_t first = lv_table_get(&p->expect->by_ends, key);

    for (uint32_t i = first; i != 0; i = lv_expect_term(p->expect, i)->next)
        compare(p, term, lv_expect_term(p->expect, i));
    term->next = first;
    lv_expect_insert(p, &p->expect->by_ends, key, number);
}

static void link_one(struct lv_expect_parse *p, const struct lv_expect_term *term, uint32_t number)
{
    struct lv_expect_lock *lock = lv_expect_lock(p->expect, term->from);
    uint32_t *place = term->what == LV_EXPECT_LEAF ? &lock->leaf : &lock->nest;

    if (*place != 0)
        compare(p, term, lv_expect_term(p->expect, *place));
    else
        *place = number;
}

/* What single names and pairs say together. */
static void check_pair(struct lv_expect_parse *p, const struct lv_expect_term *term)
{
    const struct lv_expect_lock *from;

    if (term->from == LV_EXPECT_ANY || term->to == LV_EXPECT_ANY)
        return;
    from = lv_expect_lock(p->expect, term->from);
    if (term->what == LV_EXPECT_ALLOW && from->leaf != 0)
        LV_EXPECT_COMPLAIN(p, term->line, "line %u says that '%.100s' is a leaf, under which nothing is taken",
                           lv_expect_term(p->expect, from->leaf)->line, from->name);
    if (term->what == LV_EXPECT_FORBID && term->from == term->to && from->nest != 0)
        LV_EXPECT_COMPLAIN(p, term->line, "line %u says the opposite", lv_expect_term(p->expect, from->nest)->line);
}

static void link_terms(struct lv_expect_parse *p)
{
    struct lv_expect *expect = p->expect;

    for (uint32_t i = 1; i < expect->terms.count; i++) {
        const struct lv_expect_names *names = lv_vec_at(&p->names, i);
        struct lv_expect_term *term = lv_expect_term(expect, i);
        bool pair = term->what == LV_EXPECT_ALLOW || term->what == LV_EXPECT_FORBID;

        term->from = resolve(p, term->line, names->from);
        term->to = pair ? resolve(p, term->line, names->to) : term->from;
        if (term->from == 0 || term->to == 0)
            continue;
        if (pair)
            link_pair(p, term, i);
        else
            link_one(p, term, i);
    }
    for (uint32_t i = 1; i < expect->terms.count; i++) {
        const struct lv_expect_term *term = lv_expect_term(expect, i);

        if ((term->what == LV_EXPECT_ALLOW || term->what == LV_EXPECT_FORBID) && term->from != 0 && term->to != 0)
            check_pair(p, term);
    }
}

/* ---- locks that their keys do not tell apart for certain ---- */

/* Where the number in a numbered key begins; null: there is none. */
static const char *number_in(const char *key)
{
    const char *end = key + strlen(key), *at;

    if (strncmp(key, "init:", 5) != 0 && strncmp(key, "lock:", 5) != 0)
        return NULL;
    at = strrchr(key, '/');
    if (at != NULL && at[1] >= '0' && at[1] <= '9' && at[2] == '\0')
        end = at;
    for (at = end; at > key && at[-1] >= '0' && at[-1] <= '9'; at--)
        ;
    return at != end && at > key && at[-1] == ':' ? at : NULL;
}

bool lv_expect_is_numbered(const char *key)
{
    return number_in(key) != NULL;
}

static uint64_t stem_of(const char *key)
{
    const char *number = number_in(key), *behind = number;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (const char *at = key; at < number; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    while (*behind >= '0' && *behind <= '9')
        behind++;
    return lv_hash_mix(hash, lv_hash_text(1, behind)) | 1;
}

static bool are_twins(const struct lv_expect *expect, uint32_t a, uint32_t b)
{
    for (uint32_t i = lv_expect_lock(expect, a)->twin; i != a; i = lv_expect_lock(expect, i)->twin)
        if (i == b)
            return true;
    return a == b;
}

/* Two rings become one. */
static void make_twins(const struct lv_expect *expect, uint32_t a, uint32_t b)
{
    struct lv_expect_lock *one = lv_expect_lock(expect, a), *two = lv_expect_lock(expect, b);
    uint32_t next = one->twin;

    if (are_twins(expect, a, b))
        return;
    one->twin = two->twin;
    two->twin = next;
}

static void link_twins(struct lv_expect_parse *p)
{
    struct lv_expect *expect = p->expect;

    for (uint32_t i = 1; i < expect->keys.count; i++) {
        const struct lv_expect_key *key = lv_expect_key(expect, i);
        uint64_t stem;
        uint32_t first;

        if (key->pattern)
            stem = lv_hash_text(2, key->text) | 1;
        else if (number_in(key->text) != NULL)
            stem = stem_of(key->text);
        else
            continue;
        first = lv_table_get(&p->by_stem, stem);
        if (first == 0) {
            lv_expect_insert(p, &p->by_stem, stem, key->lock);
            continue;
        }
        make_twins(expect, first, key->lock);
        if (key->pattern && first != key->lock)
            lv_expect_lock(expect, first)->vague = lv_expect_lock(expect, key->lock)->vague = true;
    }
}

void lv_expect_link(struct lv_expect_parse *p)
{
    link_terms(p);
    link_twins(p);
}
