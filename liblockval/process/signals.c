/* SPDX-License-Identifier: MIT */
/*
 * Owns the table of pairs (handler, site), which only grows. A pair is claimed with one atomic step on .function and is
 * whole once .site is stored; nobody waits for anybody, so a vfork child that dies, a handler that interrupts and a
 * forked child whose parent's other threads were in here do no harm. Two threads that learn one pair at once may use up
 * two entries.
 *
 * A trampoline takes three arguments and hands all of them on, whatever the flags: on x86-64 the kernel always sets
 * three registers. It fills in *info only with SA_SIGINFO, which is as the program asked. Nor does the trampoline look
 * at them: a handler that chains to the old one by hand may pass the number alone. On aarch64 and riscv64 the second and
 * third register mean nothing without SA_SIGINFO, and handing them on is harmless. On 32-bit x86 arguments lie on the
 * stack, where a handler without SA_SIGINFO may look behind its first for the context by value: there such a handler
 * would need a trampoline that jumps and does not call.
 *
 * A child of vfork runs on its parent's thread-local storage, and may end in the middle of a handler: its handlers are
 * called and not noted.
 *
 * Unwinders, exceptions and thread cancellation pass through the trampoline's frame, and are noticed by a cleanup.
 */

#include "process/signals.h"

#include <ucontext.h>

#include "engine/usage.h"
#include "process/dump.h"
#include "process/masks.h"

enum {
    PAIRS = 1024,
    REPLACED = 16 /* how often a signal may get another handler and is judged */
};

typedef void (*handler_fn)(int number, siginfo_t *info, void *context);

struct pair {
    uintptr_t function; /* atomic; 0: free. Constant once set */
    uintptr_t site;     /* atomic; 0: being filled in. Constant once set */
};

static struct pair pairs[PAIRS];

/* What the validator knows of each signal: the number of the pair installed, plus one; 0: none. Atomic. */
static uint32_t told[LV_SIGNALS + 1];
static uint32_t told_last[LV_SIGNALS + 1];     /* the same, of the last pair that there was. Atomic */
static uint32_t told_replaced[LV_SIGNALS + 1]; /* how often it got another function. Atomic */
static uint64_t told_resets;                   /* atomic: signals whose handler goes away when it is called */

/* A handler that is called. */
struct call {
    struct lv_handlers_entered entered;
    const ucontext_t *interrupted; /* null: not known */
    bool in_hook;                  /* the guard is held for what it interrupted */
    bool returned;
};

/* Back to the context of the code that was interrupted. The guard keeps signals that come meanwhile out of it. */
static void leave_contexts(struct lv_thread *t, unsigned nesting)
{
    t->guard++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    lv_context_unwind(&lv_process_context, t, nesting);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->guard--;
}

void lv_signals_left(uint32_t depth)
{
    const struct lv_handler_running *left = lv_handlers_at(&lv_self_handlers, depth);
    struct lv_thread *t = lv_self_known();

    if (t != NULL && left->inside == 0)
        leave_contexts(t, left->nesting);
}

void lv_signals_forked(struct lv_thread *t)
{
    const struct lv_handlers *handlers = &lv_self_handlers;

    if (handlers->depth != 0 && handlers->running[0].inside == 0)
        leave_contexts(t, handlers->running[0].nesting);
}

/* A handler that blocks its own signal and finds it open, though no call opened it, was left in a way that put the mask
 * back. */
static bool is_gone(const struct lv_thread *t, const struct lv_handler_running *running, uint64_t mask)
{
    return running->inside == 0 && (running->during & t->blocked & ~mask & lv_signal_bit(running->signal)) != 0;
}

bool lv_signals_settle(struct lv_thread *t, uint64_t mask)
{
    struct lv_handlers *handlers = &lv_self_handlers;
    uint32_t before = handlers->depth;

    if (before == 0)
        return false;
    (void)lv_handlers_current(handlers, (uintptr_t)__builtin_frame_address(0));
    while (handlers->depth != 0 && is_gone(t, lv_handlers_at(handlers, handlers->depth - 1), mask))
        lv_handlers_drop(handlers);
    if (handlers->depth == before)
        return false;
    lv_signals_left(handlers->depth);
    return true;
}

/* The handler of @running is about to be called in the thread, under the mask that it has now. */
static void enter_context(struct lv_thread *t, struct lv_handler_running *running)
{
    t->guard++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    running->nesting = lv_context_nesting(t);
    running->before = t->blocked;
    running->during = lv_os_signal_mask();
    lv_context_enter_signal(&lv_process_context, t, running->signal);
    lv_context_set_mask(&lv_process_context, t, running->during);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->guard--;
}

void lv_signals_begin(struct lv_thread *t, uint64_t mask)
{
    struct lv_handlers *handlers = &lv_self_handlers;

    lv_context_set_mask(&lv_process_context, t, mask);
    for (uint32_t i = 0; i < handlers->depth && i < LV_HANDLERS; i++)
        if (handlers->running[i].inside == 0)
            enter_context(t, &handlers->running[i]);
}

/* What was held before was marked when it was taken; with the guard held only what the handler kept is. */
static void back_to_mask(struct lv_thread *t, const struct lv_handler_running *running, uint64_t mask)
{
    uint32_t marked = t->depth <= running->held;

    t->guard += marked;
    lv_context_set_mask(&lv_process_context, t, mask);
    t->guard -= marked;
}

/*
 * The handler returned, or is being unwound by an exception or the thread's end. In the first case what was interrupted goes
 * on with its own mask, which the handler may have changed where the kernel keeps it; in the second the mask stays.
 */
static void leave(struct call *call)
{
    struct lv_handlers *handlers = call->entered.handlers;
    const struct lv_handler_running *running;
    struct lv_thread *t = lv_self_known();

    if (handlers != &lv_self_handlers || handlers->depth <= call->entered.depth)
        return; /* a switch of stacks took the handler to another thread, or was taken for a jump out of it */
    running = lv_handlers_at(handlers, call->entered.depth);
    if (t == NULL || running->inside != 0) {
        lv_handlers_leave(&call->entered);
        if (t != NULL && call->in_hook) {
            if (!call->returned)
                lv_held_mend(t);
            t->guard--;
        }
        return;
    }
    leave_contexts(t, running->nesting);
    /* The handler may have held other locks than those that were found when the wait began. */
    lv_held_not_taking(t, running->held > t->depth ? running->held : t->depth);
    if (call->returned)
        back_to_mask(t, running,
                     call->interrupted != NULL ? lv_masks_bits(&call->interrupted->uc_sigmask) : running->before);
    lv_handlers_leave(&call->entered);
}

/* Handlers that are gone without a word took their contexts with them. */
static void enter(struct lv_thread *t, struct call *call, struct lv_handler_running *running)
{
    uint32_t before = lv_self_handlers.depth;

    lv_handlers_enter(&lv_self_handlers, running, &call->entered);
    running = lv_handlers_at(&lv_self_handlers, call->entered.depth);
    if (t == NULL || running->inside != 0)
        return;
    if (LV_UNLIKELY(call->entered.depth < before) && call->entered.before.inside == 0)
        leave_contexts(t, call->entered.before.nesting);
    enter_context(t, running);
}

/* Does the handler of @number go away when it is called? */
static bool resets(int number)
{
    return (__atomic_load_n(&told_resets, __ATOMIC_RELAXED) & lv_signal_bit(number)) != 0;
}

/*
 * Was a hook interrupted that does not hold the guard? It may have read the books and be about to write them, so they must
 * stay as they are: what the handler does is not watched then, as where the guard is held. The hooks need no instruction for
 * that. Where it is not known what was interrupted, a handler that keeps a lock, or releases one of those that it found held,
 * may leave the books wrong.
 */
static bool is_hook(const ucontext_t *interrupted)
{
#if defined(__x86_64__) && !defined(__ILP32__)
    const struct lv_range *self = &lv_process_context.self;

    return interrupted != NULL &&
           (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP] - self->start < self->end - self->start;
#else
    (void)interrupted;
    return false;
#endif
}

/* @above is the address above the call's own return address: there the kernel lays what it interrupted, and no caller by
 * hand can have anything that it would hand on. */
static __attribute__((noinline)) void run(int number, siginfo_t *info, void *context, unsigned pair, uintptr_t above)
{
    struct lv_thread *t = lv_self_known();
    struct lv_handler_running running = {
        .frame = (uintptr_t)__builtin_frame_address(0),
        .site = __atomic_load_n(&pairs[pair].site, __ATOMIC_RELAXED),
        .signal = number,
        .inside = lv_self_inside(),
        .nesting = t != NULL ? lv_context_nesting(t) : 0,
        .held = lv_self_state->depth,
    };
    handler_fn handler = (handler_fn)__atomic_load_n(&pairs[pair].function, __ATOMIC_RELAXED);
    struct call call __attribute__((cleanup(leave))) = { .entered.handlers = NULL };

    if (LV_UNLIKELY(!lv_process_is_own())) {
        handler(number, info, context);
        return;
    }
#if defined(__x86_64__)
    call.interrupted = above == (uintptr_t)context ? context : NULL;
#else
    (void)above;
#endif
    if (t != NULL && running.inside == 0 && is_hook(call.interrupted)) {
        t->guard++;
        running.inside = 1;
        call.in_hook = true;
    }
    if (LV_UNLIKELY(lv_dump_is_wanted(number)))
        lv_dump_say(number);
    enter(t, &call, &running);
    if (LV_UNLIKELY(running.inside != 0))
        __atomic_fetch_add(&lv_process_context.counters.handlers_unwatched, 1, __ATOMIC_RELAXED);
    if (LV_UNLIKELY(resets(number)))
        lv_signals_changed(number);
    handler(number, info, context);
    call.returned = true;
}

/* The trampolines, one a pair, by the pair's number in hexadecimal digits. */
#define TRAMPOLINE(n)                                                        \
    static void trampoline_##n(int number, siginfo_t *info, void *context)   \
    {                                                                        \
        run(number, info, context, 0x##n, (uintptr_t)__builtin_dwarf_cfa()); \
    }
#define ADDRESS(n) trampoline_##n,
/* clang-format off */
#define EACH_16(M, n)                                                   \
    M(n##0) M(n##1) M(n##2) M(n##3) M(n##4) M(n##5) M(n##6) M(n##7)     \
    M(n##8) M(n##9) M(n##a) M(n##b) M(n##c) M(n##d) M(n##e) M(n##f)
#define EACH_256(M, n)                                                              \
    EACH_16(M, n##0) EACH_16(M, n##1) EACH_16(M, n##2) EACH_16(M, n##3)             \
    EACH_16(M, n##4) EACH_16(M, n##5) EACH_16(M, n##6) EACH_16(M, n##7)             \
    EACH_16(M, n##8) EACH_16(M, n##9) EACH_16(M, n##a) EACH_16(M, n##b)             \
    EACH_16(M, n##c) EACH_16(M, n##d) EACH_16(M, n##e) EACH_16(M, n##f)
#define EACH_PAIR(M) EACH_256(M, 0) EACH_256(M, 1) EACH_256(M, 2) EACH_256(M, 3)

EACH_PAIR(TRAMPOLINE)

static const handler_fn trampolines[PAIRS] = { EACH_PAIR(ADDRESS) };
/* clang-format on */

/* The number of the pair behind a trampoline, or PAIRS. */
static size_t pair_of(sighandler_t installed)
{
    for (size_t i = 0; i < PAIRS && __atomic_load_n(&pairs[i].function, __ATOMIC_RELAXED) != 0; i++)
        if ((uintptr_t)trampolines[i] == (uintptr_t)installed)
            return i;
    return PAIRS;
}

static bool is_handler(sighandler_t handler)
{
    return handler != SIG_DFL && handler != SIG_IGN && handler != SIG_ERR && handler != SIG_HOLD;
}

sighandler_t lv_signals_wrap(sighandler_t handler, uintptr_t site)
{
    if (!is_handler(handler) || pair_of(handler) != PAIRS)
        return handler;
    for (size_t i = 0; i < PAIRS; i++) {
        uintptr_t function = 0;

        if (__atomic_compare_exchange_n(&pairs[i].function, &function, (uintptr_t)handler, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            __atomic_store_n(&pairs[i].site, site, __ATOMIC_RELEASE);
        else if (function != (uintptr_t)handler || __atomic_load_n(&pairs[i].site, __ATOMIC_ACQUIRE) != site)
            continue;
        return (sighandler_t)(uintptr_t)trampolines[i];
    }
    __atomic_fetch_add(&lv_process_context.counters.handlers_unknown, 1, __ATOMIC_RELAXED);
    return handler;
}

sighandler_t lv_signals_unwrap(sighandler_t installed)
{
    size_t pair = is_handler(installed) ? pair_of(installed) : PAIRS;

    return pair != PAIRS ? (sighandler_t)__atomic_load_n(&pairs[pair].function, __ATOMIC_RELAXED)
                         : lv_dump_unwrap(installed);
}

/* ---- which signals have handlers ---- */

/* The pair that the kernel has for @number, plus one; 0: none of ours. */
static uint32_t installed(int number, bool *ret_resets)
{
    uint64_t flags;
    size_t pair = pair_of((sighandler_t)lv_os_signal_action(number, &flags));

    *ret_resets = pair != PAIRS && (flags & SA_RESETHAND) != 0;
    return pair != PAIRS ? (uint32_t)pair + 1 : 0;
}

static void set_resets(int number, bool on)
{
    if (on)
        __atomic_fetch_or(&told_resets, lv_signal_bit(number), __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(&told_resets, ~lv_signal_bit(number), __ATOMIC_RELAXED);
}

static uintptr_t function_of(uint32_t pair_and_one)
{
    return __atomic_load_n(&pairs[pair_and_one - 1].function, __ATOMIC_RELAXED);
}

/*
 * What is known of a signal is known of its handler: that one handler took a lock says nothing about the next. A signal that
 * gets another one again and again is given up, since all that is learned goes each time, and takes memory. Returns whether
 * that is so.
 */
static bool is_given_up(int number, uint32_t now)
{
    uint32_t last = now != 0 ? __atomic_exchange_n(&told_last[number], now, __ATOMIC_RELAXED) : 0;
    uint32_t *replaced = &told_replaced[number];

    if (last != 0 && function_of(now) != function_of(last) && __atomic_load_n(replaced, __ATOMIC_RELAXED) < REPLACED) {
        lv_context_forget_signal(&lv_process_context, number);
        if (__atomic_add_fetch(replaced, 1, __ATOMIC_RELAXED) == REPLACED)
            __atomic_fetch_add(&lv_process_context.counters.handlers_changing, 1, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(replaced, __ATOMIC_RELAXED) >= REPLACED;
}

/* What the thread holds is marked if its mask leaves the signal open: that has to be true. */
static void tell(int number, uint32_t now)
{
    struct lv_thread *t = lv_self_inside() == 0 ? lv_self_known() : NULL;
    bool handled = now != 0;
    uintptr_t site = handled ? __atomic_load_n(&pairs[now - 1].site, __ATOMIC_RELAXED) : 0;

    if (is_given_up(number, now))
        handled = false;
    if (handled)
        __atomic_store_n(&lv_process_context.handler[lv_state_of_signal(number)], function_of(now), __ATOMIC_RELAXED);
    if (handled && t != NULL && t->depth != 0)
        lv_masks_ask(t);
    lv_context_set_handled(&lv_process_context, t, number, handled, site);
}

/* Others may install at the same time, and come in here in another order than to the kernel. So whoever told something looks
 * again: the last one sees what is true. */
void lv_signals_changed(int number)
{
    bool own = false, once;
    uint32_t now;

    if (number <= 0 || number > LV_SIGNALS || !lv_process_is_started() ||
        __atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) == LV_STATE_OFF)
        return;
    lv_dump_settle(number);
    for (;;) {
        now = installed(number, &once);
        if (now == __atomic_load_n(&told[number], __ATOMIC_ACQUIRE) && once == resets(number))
            return;
        if (!own && !lv_process_is_own())
            return;
        own = true;
        set_resets(number, once);
        tell(number, now);
        __atomic_store_n(&told[number], now, __ATOMIC_RELEASE);
    }
}

/* libc has handlers of its own for the first two real-time signals, with which its threads call each other. */
bool lv_signals_are_handled(void)
{
    enum {
        LIBC_FIRST = 32,
        LIBC_LAST = 33
    };

    for (int number = 1; number <= LV_SIGNALS; number++) {
        uintptr_t handler;
        uint64_t flags;

        if ((number >= LIBC_FIRST && number <= LIBC_LAST) || (lv_signal_bit(number) & lv_context_synchronous()) != 0)
            continue;
        handler = (uintptr_t)lv_dump_unwrap((sighandler_t)lv_os_signal_action(number, &flags));
        if (handler != (uintptr_t)SIG_DFL && handler != (uintptr_t)SIG_IGN)
            return true;
    }
    return false;
}

void lv_signals_start(void)
{
    if (__atomic_load_n(&pairs[0].function, __ATOMIC_RELAXED) == 0)
        return;
    for (int number = 1; number <= LV_SIGNALS; number++)
        lv_signals_changed(number);
}
