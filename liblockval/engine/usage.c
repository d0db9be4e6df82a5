/* SPDX-License-Identifier: MIT */
/*
 * Entering a context starts a chain of its own: the key begins anew and comes back at the exit. What a context disables
 * is counted per declared context and summed up per level, since usage characters speak of levels.
 * Enabling a context while locks are held makes all of them "held while enabled", as in lockdep.
 */

#include "engine/usage.h"

uint8_t lv_usage_bits(uint16_t word, enum lv_mode mode)
{
    unsigned read = mode != LV_WRITE;
    unsigned used = (unsigned)LV_USED_IN << read, enabled = (unsigned)LV_ENABLED << read;
    bool hard_open = (word & (LV_IN_HARD | LV_HARD_OFF)) == 0;
    bool soft_open = hard_open && (word & (LV_IN_SOFT | LV_SOFT_OFF)) == 0;
    unsigned hard = ((word & LV_IN_HARD) != 0 ? used : 0) | (hard_open ? enabled : 0);
    unsigned soft = ((word & LV_IN_SOFT) != 0 ? used : 0) | (soft_open ? enabled : 0);

    return (uint8_t)(hard | soft << LV_USAGE_LEVEL_BITS);
}

void lv_usage_chars(uint8_t usage, char ret[5])
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned level = (unsigned)usage >> (i / 2 * LV_USAGE_LEVEL_BITS);
        bool used = (level & ((unsigned)LV_USED_IN << (i % 2))) != 0;
        bool enabled = (level & ((unsigned)LV_ENABLED << (i % 2))) != 0;

        ret[i] = used ? (enabled ? '?' : '-') : (enabled ? '+' : '.');
    }
    ret[4] = '\0';
}

int lv_context_declare(struct lv_context *ctx, const char *name, uint8_t level)
{
    struct lv_locked locked = lv_context_lock(ctx);
    int number = -1;

    if (ctx->context_count < LV_CONTEXTS && level <= 1) {
        number = (int)ctx->context_count;
        ctx->context_name[number] = name;
        ctx->context_level[number] = level;
        __atomic_store_n(&ctx->context_count, ctx->context_count + 1, __ATOMIC_RELEASE);
    }
    lv_context_unlock(ctx, &locked);
    return number;
}

static bool is_declared(struct lv_context *ctx, int context)
{
    return context >= 0 && (uint32_t)context < __atomic_load_n(&ctx->context_count, __ATOMIC_ACQUIRE);
}

/* The context word from what is entered and disabled, with @nesting contexts entered. */
static uint16_t make_word(struct lv_context *ctx, const struct lv_thread *t, unsigned nesting)
{
    unsigned word = nesting * LV_CONTEXT_NEST;

    for (unsigned i = 0; i < LV_CONTEXTS; i++) {
        unsigned level = ctx->context_level[i];

        if (t->entered[i] != 0)
            word |= (unsigned)LV_IN_HARD << level;
        if (t->disabled[i] != 0)
            word |= (unsigned)LV_HARD_OFF << level;
    }
    return (uint16_t)word;
}

void lv_context_enter(struct lv_context *ctx, struct lv_thread *t, int context)
{
    unsigned nesting = lv_context_nesting(t->context);

    if (!is_declared(ctx, context) || nesting >= LV_ARRAY_SIZE(t->saved_key))
        return;
    t->saved_key[nesting] = t->key;
    t->entered[context]++;
    t->context = make_word(ctx, t, nesting + 1);
    t->key = lv_context_first_key(nesting + 1);
}

void lv_context_exit(struct lv_context *ctx, struct lv_thread *t, int context)
{
    unsigned nesting = lv_context_nesting(t->context);

    if (!is_declared(ctx, context) || nesting == 0 || t->entered[context] == 0)
        return;
    t->entered[context]--;
    t->context = make_word(ctx, t, nesting - 1);
    t->key = t->saved_key[nesting - 1];
}

void lv_context_disable(struct lv_context *ctx, struct lv_thread *t, int context)
{
    if (!is_declared(ctx, context) || t->disabled[context] == UINT8_MAX)
        return;
    t->disabled[context]++;
    t->context = make_word(ctx, t, lv_context_nesting(t->context));
}

void lv_context_enable(struct lv_context *ctx, struct lv_thread *t, int context)
{
    struct lv_locked locked;

    if (!is_declared(ctx, context) || t->disabled[context] == 0)
        return;
    t->disabled[context]--;
    t->context = make_word(ctx, t, lv_context_nesting(t->context));
    if (t->depth == 0)
        return;
    locked = lv_context_lock(ctx);
    for (uint32_t i = 0; i < t->depth; i++)
        lv_classes_get(&ctx->classes, t->held[i].class)->usage |= lv_usage_bits(t->context, t->held[i].mode);
    lv_context_unlock(ctx, &locked);
}
