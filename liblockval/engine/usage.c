/* SPDX-License-Identifier: MIT */
/*
 * What a thread is in, and what is open, belongs to the thread. What could be open belongs to the process: which signals
 * have a handler, which contexts are declared. That changes without a lock, since handlers are installed anywhere; first
 * the new state is stored, then its number, then every thread's cache is emptied, so that whoever finds something in its
 * cache knew of the change.
 *
 * A signal handler may come between any two instructions. Its entry in .nests lies above .nesting, which is therefore
 * raised before an entry is filled in and lowered after it was used. What .open and the key are made of is put back
 * before they are made again.
 *
 * What another thread made open is looked at before anything of the thread's own changes, or it would be taken for known, and
 * what is held would stay unmarked.
 */

#define _GNU_SOURCE
#include "engine/usage.h"

#include <signal.h>

#include "engine/marks.h"

uint64_t lv_context_synchronous(void)
{
    return lv_signal_bit(SIGSEGV) | lv_signal_bit(SIGBUS) | lv_signal_bit(SIGILL) | lv_signal_bit(SIGFPE) |
           lv_signal_bit(SIGTRAP) | lv_signal_bit(SIGSYS) | lv_signal_bit(SIGABRT);
}

/* Declared contexts of @level. */
static uint8_t declared_at(struct lv_context *ctx, uint8_t level)
{
    uint32_t count = __atomic_load_n(&ctx->context_count, __ATOMIC_ACQUIRE);
    unsigned set = 0;

    for (uint32_t i = 0; i < count; i++)
        if (ctx->context_level[i] == level)
            set |= 1u << i;
    return (uint8_t)set;
}

/* Declared contexts that cannot interrupt for their own sake. */
static uint8_t shut(const struct lv_thread *t)
{
    unsigned set = t->in.declared;

    for (unsigned i = 0; i < LV_CONTEXTS; i++)
        if (t->disabled[i] != 0)
            set |= 1u << i;
    return (uint8_t)set;
}

static uint64_t open_signals(struct lv_context *ctx, const struct lv_thread *t)
{
    return __atomic_load_n(&ctx->handled, __ATOMIC_RELAXED) & ~t->blocked & ~lv_context_synchronous();
}

static uint64_t context_key(struct lv_states in, struct lv_states open)
{
    uint64_t declared = (uint64_t)in.declared << 8 | open.declared;

    if (!lv_states_any(in) && !lv_states_any(open))
        return 0;
    return lv_hash_mix(lv_hash_mix(in.signals, declared), open.signals);
}

/* Make .open and the key anew. The number comes first: if the state changes meanwhile, it is looked at again. */
static void reckon(struct lv_context *ctx, struct lv_thread *t)
{
    uint32_t changed = __atomic_load_n(&ctx->states_changed, __ATOMIC_ACQUIRE), forgotten;
    uint8_t hard = declared_at(ctx, 0), off = shut(t);
    uint8_t soft = (off & hard) != 0 ? 0 : declared_at(ctx, 1);

    t->open = (struct lv_states){ open_signals(ctx, t), (uint8_t)((hard | soft) & ~off) };
    t->context_key = context_key(t->in, t->open);
    forgotten = __atomic_load_n(&ctx->signals_forgotten, __ATOMIC_RELAXED);
    if (t->context_key != 0 && forgotten != 0) /* what went is learned anew */
        t->context_key = lv_hash_mix(t->context_key, forgotten);
    t->states_known = changed;
}

/*
 * A trylock does not wait, so nothing hangs when it is in a context; what only waits is not held while something could
 * interrupt.
 * Characters speak of levels, not of states: everything hard is kept out while anything hard is entered or disabled, and
 * with it everything soft. Where nothing is declared or handled, all could interrupt; a program that blocks all signals
 * that it handles keeps them out.
 */
uint8_t lv_usage_bits(struct lv_context *ctx, const struct lv_thread *t, enum lv_mode mode, unsigned flags)
{
    unsigned read = mode != LV_WRITE;
    unsigned used = (flags & LV_TRY) != 0 ? 0 : (unsigned)LV_USED_IN << read;
    unsigned enabled = (flags & LV_SYNC) != 0 ? 0 : (unsigned)LV_ENABLED << read;
    uint8_t hard_ones = declared_at(ctx, 0), soft_ones = declared_at(ctx, 1), off = shut(t);
    uint64_t handled = __atomic_load_n(&ctx->handled, __ATOMIC_RELAXED) & ~lv_context_synchronous();
    bool hard_free = (off & hard_ones) == 0;
    bool hard_open = hard_free && (hard_ones != 0 || handled == 0);
    bool soft_open = hard_free && (off & soft_ones) == 0;
    bool in_hard = t->in.signals != 0 || (t->in.declared & hard_ones) != 0;
    bool in_soft = (t->in.declared & soft_ones) != 0;
    unsigned hard = (in_hard ? used : 0) | (hard_open || t->open.signals != 0 ? enabled : 0);
    unsigned soft = (in_soft ? used : 0) | (soft_open ? enabled : 0);

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

/* What could be open changed: no thread may find in its cache what it learned before. */
static void tell_all(struct lv_context *ctx)
{
    __atomic_fetch_add(&ctx->states_changed, 1, __ATOMIC_RELEASE);
    for (struct lv_thread *t = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE); t != NULL; t = t->next)
        lv_thread_empty_cache(t);
}

/* The same as reckon(), and mark what is held while something becomes open. */
static void reckon_and_mark(struct lv_context *ctx, struct lv_thread *t)
{
    struct lv_states before = t->open;

    reckon(ctx, t);
    lv_marks_held(ctx, t, lv_states_minus(t->open, before));
}

bool lv_context_refresh(struct lv_context *ctx, struct lv_thread *t)
{
    /* The cache was looked into before: who missed because it was emptied sees why. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (LV_LIKELY(t->states_known == __atomic_load_n(&ctx->states_changed, __ATOMIC_RELAXED)))
        return false;
    /* What is held is marked, so the mask has to be the true one. */
    if (t->depth != 0 && ctx->settle != NULL)
        (void)ctx->settle(ctx, t);
    reckon_and_mark(ctx, t);
    return true;
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
        tell_all(ctx);
    }
    lv_context_unlock(ctx, &locked);
    return number;
}

static bool is_declared(struct lv_context *ctx, int context)
{
    return context >= 0 && (uint32_t)context < __atomic_load_n(&ctx->context_count, __ATOMIC_ACQUIRE);
}

static bool is_signal(int signal)
{
    return signal > 0 && signal <= LV_SIGNALS;
}

static void enter(struct lv_context *ctx, struct lv_thread *t, unsigned state, bool own_chain)
{
    uint32_t number;

    (void)lv_context_refresh(ctx, t);
    number = t->nesting;
    t->nesting = number + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (number >= LV_NESTS)
        return;
    t->nests[number] = (struct lv_nest){ t->in, t->blocked, (uint8_t)state, t->level, t->states_known };
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->in = lv_states_or(t->in, lv_states_of(state));
    if (own_chain) {
        t->saved_key[t->level] = t->key;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        t->level++;
        t->key = lv_context_first_key(t->level);
    }
    reckon(ctx, t);
}

/* Back to where @number contexts were entered, of those that have an entry. */
static void go_back(struct lv_context *ctx, struct lv_thread *t, uint32_t number)
{
    const struct lv_nest *nest = &t->nests[number];

    if (nest->level < t->level)
        t->key = t->saved_key[nest->level];
    t->level = nest->level;
    t->in = nest->in;
    reckon(ctx, t);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->nesting = number;
}

/* An outer context is left before an inner one: those entered after it take its place. */
static void close_gap(struct lv_thread *t, uint32_t gap)
{
    for (uint32_t i = gap; i + 1 < t->nesting; i++) {
        t->nests[i].state = t->nests[i + 1].state;
        t->nests[i + 1].in = lv_states_or(t->nests[i].in, lv_states_of(t->nests[i].state));
    }
}

/* Leave the youngest entry of @state. False: it is not entered, or has no entry of its own. Else @ret_changed: has what could be
 * open changed since it was entered? */
static bool leave(struct lv_context *ctx, struct lv_thread *t, unsigned state, bool *ret_changed)
{
    uint32_t number;

    (void)lv_context_refresh(ctx, t);
    number = t->nesting;
    if (number > LV_NESTS) {
        t->nesting = number - 1;
        return false;
    }
    while (number != 0 && t->nests[number - 1].state != state)
        number--;
    if (number == 0)
        return false;
    *ret_changed = t->nests[number - 1].known != t->states_known;
    if (LV_UNLIKELY(number != t->nesting))
        close_gap(t, number - 1);
    if (lv_state_is_signal(state))
        t->blocked = t->nests[number - 1].blocked;
    go_back(ctx, t, t->nesting - 1);
    return true;
}

void lv_context_enter(struct lv_context *ctx, struct lv_thread *t, int context)
{
    if (is_declared(ctx, context))
        enter(ctx, t, lv_state_of_context(context), true);
}

void lv_context_exit(struct lv_context *ctx, struct lv_thread *t, int context)
{
    bool unused;

    if (is_declared(ctx, context))
        (void)leave(ctx, t, lv_state_of_context(context), &unused);
}

void lv_context_disable(struct lv_context *ctx, struct lv_thread *t, int context)
{
    if (!is_declared(ctx, context) || t->disabled[context] == UINT8_MAX)
        return;
    (void)lv_context_refresh(ctx, t);
    t->disabled[context]++;
    reckon(ctx, t);
}

void lv_context_enable(struct lv_context *ctx, struct lv_thread *t, int context)
{
    if (!is_declared(ctx, context) || t->disabled[context] == 0)
        return;
    t->disabled[context]--;
    reckon_and_mark(ctx, t);
}

bool lv_context_is_open(struct lv_context *ctx, struct lv_thread *t, int context)
{
    (void)lv_context_refresh(ctx, t);
    return lv_states_have(t->open, lv_state_of_context(context));
}

void lv_context_enter_signal(struct lv_context *ctx, struct lv_thread *t, int signal)
{
    if (is_signal(signal))
        enter(ctx, t, lv_state_of_signal(signal), (lv_context_synchronous() & lv_signal_bit(signal)) == 0);
}

/* What the handler took and did not release is held while what its mask kept out is open; so is what was held before, if that
 * got its handler only meanwhile. */
void lv_context_exit_signal(struct lv_context *ctx, struct lv_thread *t, int signal)
{
    struct lv_states before = t->open;
    bool changed;

    if (!is_signal(signal) || !leave(ctx, t, lv_state_of_signal(signal), &changed))
        return;
    if (LV_UNLIKELY(t->depth != 0 && (changed || t->held[t->depth - 1].level > t->level)))
        lv_marks_held(ctx, t, lv_states_minus(t->open, before));
}

void lv_context_set_mask(struct lv_context *ctx, struct lv_thread *t, uint64_t blocked)
{
    if (t->blocked == blocked)
        return;
    (void)lv_context_refresh(ctx, t);
    t->blocked = blocked;
    reckon_and_mark(ctx, t);
}

void lv_context_set_handled(struct lv_context *ctx, struct lv_thread *t, int signal, bool handled, uintptr_t site)
{
    uint64_t bit, before;

    if (!is_signal(signal))
        return;
    bit = lv_signal_bit(signal);
    if (handled) {
        __atomic_store_n(&ctx->handler_site[lv_state_of_signal(signal)], site, __ATOMIC_RELAXED);
        before = __atomic_fetch_or(&ctx->handled, bit, __ATOMIC_RELEASE);
    } else {
        before = ~__atomic_fetch_and(&ctx->handled, ~bit, __ATOMIC_RELEASE);
    }
    if ((before & bit) != 0)
        return;
    tell_all(ctx);
    if (t != NULL)
        reckon_and_mark(ctx, t);
}

void lv_context_forget_signal(struct lv_context *ctx, int signal)
{
    struct lv_locked locked;

    if (!is_signal(signal))
        return;
    locked = lv_context_lock(ctx);
    lv_uses_forget_state(&ctx->uses, &ctx->classes, lv_state_of_signal(signal));
    __atomic_fetch_add(&ctx->signals_forgotten, 1, __ATOMIC_RELAXED);
    tell_all(ctx);
    lv_context_unlock(ctx, &locked);
}

void lv_context_unwind(struct lv_context *ctx, struct lv_thread *t, uint32_t nesting)
{
    if (nesting >= t->nesting)
        return;
    if (nesting < LV_NESTS) {
        go_back(ctx, t, nesting);
        lv_held_lower(t);
    } else {
        t->nesting = nesting;
    }
}
