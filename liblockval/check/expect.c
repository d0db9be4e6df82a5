/* SPDX-License-Identifier: MIT */
/* What a file of the expected order says. Constant after it was read, but for what was met. */

#include "check/expect.h"

#include <string.h>

#include "base/hash.h"
#include "check/expect_parse.h"
#include "report/report.h"

enum {
    KEY_MOST = 4096 /* of a key with a subclass that is cut off to find the base class; a longer one is not */
};

bool lv_expect_is_for(const struct lv_expect *expect, const char *program)
{
    for (uint32_t i = 0; i < expect->programs.count; i++)
        if (lv_text_glob(*(const char *const *)lv_vec_at(&expect->programs, i), program))
            return true;
    return expect->programs.count == 0;
}

uint64_t lv_expect_fingerprint(uint64_t held, uint64_t wanted)
{
    return lv_hash_mix(lv_hash_mix(lv_hash_text(0, lv_finding_kind_name(LV_FINDING_ORDER)), held), wanted);
}

/* ---- which lock ---- */

static bool is_of_kind(const struct lv_expect *expect, uint32_t key, enum lv_kind kind)
{
    int wanted = lv_expect_lock(expect, lv_expect_key(expect, key)->lock)->kind;

    return wanted == LV_EXPECT_ANY_KIND || wanted == (int)kind;
}

/* The first of the patterns that matches one of the keys. */
static uint32_t find_pattern(const struct lv_expect *expect, enum lv_kind kind, const char *const *keys, uint32_t count)
{
    for (uint32_t i = 1; expect->any_pattern && i < expect->keys.count; i++) {
        const struct lv_expect_key *key = lv_expect_key(expect, i);

        if (!key->pattern || !is_of_kind(expect, i, kind))
            continue;
        for (uint32_t j = 0; j < count; j++)
            if (lv_text_glob(key->text, keys[j]))
                return i;
    }
    return 0;
}

static uint32_t find_key(const struct lv_expect *expect, enum lv_kind kind, const char *const *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = lv_expect_keyed(expect, keys[i]);

        if (key != 0 && is_of_kind(expect, key, kind))
            return key;
    }
    return find_pattern(expect, kind, keys, count);
}

/* The same for the base class of one with a subclass: without the "/1" at the end of each key, one by one. */
static uint32_t find_base(const struct lv_expect *expect, const struct lv_expect_class *class)
{
    char buf[KEY_MOST];

    for (uint32_t i = 0; i < class->key_count; i++) {
        const char *base = buf, *slash = strrchr(class->keys[i], '/');
        struct lv_text text;
        uint32_t key;

        if (slash == NULL)
            continue;
        lv_text_init(&text, buf, sizeof(buf));
        lv_text_append(&text, class->keys[i], (size_t)(slash - class->keys[i]));
        key = !text.cut ? find_key(expect, class->kind, &base, 1) : 0;
        if (key != 0)
            return key;
    }
    return 0;
}

uint32_t lv_expect_find(const struct lv_expect *expect, const struct lv_expect_class *class, uint32_t *ret_key)
{
    uint32_t key = find_key(expect, class->kind, class->keys, class->key_count);

    if (key == 0 && class->subclass != 0)
        key = find_base(expect, class);
    if (ret_key != NULL)
        *ret_key = key;
    if (key == 0)
        return 0;
    lv_expect_lock(expect, lv_expect_key(expect, key)->lock)->met = true;
    return lv_expect_key(expect, key)->lock;
}

/* ---- what is said of an acquisition ---- */

/* What is asked, for two locks of which none is in doubt. */
struct question {
    const struct lv_expect *expect;
    uint32_t from, to;
    uint8_t left; /* modes that nothing was said of so far */
    bool indirect;
    uint32_t near; /* a term that allows it in another mode */
    struct lv_expect_answer *ret;
};

static bool against(struct question *q, enum lv_expect_why why, uint32_t term, uint32_t line)
{
    const struct lv_expect *expect = q->expect;

    if (term != 0) {
        line = lv_expect_term(expect, term)->line;
        lv_expect_term(expect, term)->met = why != LV_EXPECT_MODE || lv_expect_term(expect, term)->met;
    }
    *q->ret = (struct lv_expect_answer){ why, line, term, q->from, q->to, q->left };
    return true;
}

/* The terms that name these two. Returns whether one forbids it; those that allow it take modes away. */
static bool ask_terms(struct question *q, uint32_t from, uint32_t to)
{
    uint32_t first = lv_table_find(&q->expect->by_ends, lv_expect_ends(from, to));

    for (uint32_t i = first; i != 0; i = lv_expect_term(q->expect, i)->next) {
        const struct lv_expect_term *term = lv_expect_term(q->expect, i);

        if (term->what == LV_EXPECT_FORBID && (term->modes & q->left) != 0)
            return against(q, LV_EXPECT_FORBIDDEN, i, 0);
    }
    for (uint32_t i = first; i != 0; i = lv_expect_term(q->expect, i)->next) {
        struct lv_expect_term *term = lv_expect_term(q->expect, i);

        if (term->what != LV_EXPECT_ALLOW)
            continue;
        term->met |= (term->modes & q->left) != 0;
        q->left &= (uint8_t)~term->modes;
        q->near = i;
    }
    return false;
}

/* The same for terms with a *: one that forbids counts before all that allow. */
static bool ask_any(struct question *q)
{
    const uint32_t ends[][2] = { { q->from, LV_EXPECT_ANY },
                                 { LV_EXPECT_ANY, q->to },
                                 { LV_EXPECT_ANY, LV_EXPECT_ANY } };
    uint8_t before = q->left, after = q->left;

    for (size_t i = 0; i < LV_ARRAY_SIZE(ends); i++) {
        if (ends[i][0] == 0 || ends[i][1] == 0)
            continue;
        q->left = before;
        if (ask_terms(q, ends[i][0], ends[i][1]))
            return true;
        after &= q->left;
    }
    q->left = after;
    return false;
}

static const struct lv_expect_lock *lock_of(const struct question *q, uint32_t number)
{
    return number != 0 ? lv_expect_lock(q->expect, number) : NULL;
}

/* What the rule says, where no line does. */
static bool ask_rule(struct question *q)
{
    const struct lv_expect_lock *from = lock_of(q, q->from), *to = lock_of(q, q->to);
    const struct lv_expect *expect = q->expect;
    bool levels = from != NULL && to != NULL && from->level != LV_EXPECT_NO_LEVEL && to->level != LV_EXPECT_NO_LEVEL;

    if (levels && from->level > to->level)
        return against(q, LV_EXPECT_DOWN, 0, from->line);
    if (q->indirect)
        return false;
    if (from == NULL || to == NULL)
        return expect->others_forbidden && against(q, LV_EXPECT_UNNAMED, 0, expect->others_line);
    if (levels && expect->rule == LV_EXPECT_LEVELS && from->level < to->level)
        return false;
    if (q->near != 0)
        return against(q, LV_EXPECT_MODE, q->near, 0);
    return against(q, LV_EXPECT_UNLISTED, 0, expect->rule_line);
}

/* Two locks of the file's one: no matter of the rule. */
static bool ask_nesting(struct question *q)
{
    if (q->indirect || q->from == 0)
        return q->from == 0 && ask_rule(q);
    if (q->near != 0)
        return against(q, LV_EXPECT_MODE, q->near, 0);
    return q->expect->nesting_forbidden && against(q, LV_EXPECT_NESTED, 0, q->expect->nesting_line);
}

/* Is it against the order? */
static bool ask(const struct lv_expect *expect, const struct lv_expect_asked *asked, uint32_t from, uint32_t to,
                struct lv_expect_answer *ret)
{
    struct question q = { expect, from, to, asked->bits, asked->indirect, 0, ret };
    const struct lv_expect_lock *held = lock_of(&q, from);

    if (from != 0 && to != 0 && ask_terms(&q, from, to))
        return true;
    if (q.left == 0)
        return false;
    if (held != NULL && from == to && held->nest != 0) {
        lv_expect_term(expect, held->nest)->met = true;
        return false;
    }
    if (held != NULL && held->leaf != 0)
        return against(&q, LV_EXPECT_IS_LEAF, held->leaf, 0);
    if (ask_any(&q))
        return true;
    if (q.left == 0)
        return false;
    return from == to ? ask_nesting(&q) : ask_rule(&q);
}

static bool is_in_doubt(const struct lv_expect *expect, const struct lv_expect_side *side)
{
    const struct lv_expect_lock *lock = side->lock != 0 ? lv_expect_lock(expect, side->lock) : NULL;

    return lock != NULL && lock->twin != side->lock && (side->doubt || lock->vague);
}

static uint32_t next_twin(const struct lv_expect *expect, const struct lv_expect_side *side, uint32_t lock)
{
    return is_in_doubt(expect, side) ? lv_expect_lock(expect, lock)->twin : lock;
}

bool lv_expect_judge(const struct lv_expect *expect, const struct lv_expect_asked *asked, struct lv_expect_answer *ret)
{
    struct lv_expect_answer other;
    bool doubt = is_in_doubt(expect, &asked->from) || is_in_doubt(expect, &asked->to);
    uint32_t from = asked->from.lock, to = asked->to.lock;
    /* Of twins each is one class, and all others may have several. */
    bool same = asked->same_class || (from == to && !doubt);
    bool first = true;

    do {
        do {
            bool can_be = (from == to) == same;

            if (can_be && !ask(expect, asked, from, to, first ? ret : &other))
                return true;
            first = first && !can_be;
            to = next_twin(expect, &asked->to, to);
        } while (to != asked->to.lock);
        from = next_twin(expect, &asked->from, from);
    } while (from != asked->from.lock);
    return false;
}
