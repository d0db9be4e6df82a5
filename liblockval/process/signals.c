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

#include <setjmp.h>

enum {
    PAIRS = 1024,
    SETJMP_SLACK = 4096 /* a stack frame's size, at most */
};

typedef void (*handler_fn)(int number, siginfo_t *info, void *context);

struct pair {
    uintptr_t function; /* atomic; 0: free. Constant once set */
    uintptr_t site;     /* atomic; 0: being filled in. Constant once set */
};

static struct pair pairs[PAIRS];
static bool targets_known; /* constant after start */

static void leave(struct lv_handlers_entered *entered)
{
    if (entered->handlers == &lv_self_handlers) /* else: a switch of stacks took the handler to another thread */
        lv_handlers_leave(entered);
}

static __attribute__((noinline)) void run(int number, siginfo_t *info, void *context, unsigned pair)
{
    const struct lv_handler_running running = {
        .frame = (uintptr_t)__builtin_frame_address(0),
        .site = __atomic_load_n(&pairs[pair].site, __ATOMIC_RELAXED),
        .signal = number,
        .inside = lv_self_inside(),
        .held = lv_self_state != NULL ? lv_self_state->depth : 0,
    };
    handler_fn handler = (handler_fn)__atomic_load_n(&pairs[pair].function, __ATOMIC_RELAXED);
    struct lv_handlers_entered entered __attribute__((cleanup(leave))) = { 0 };

    if (LV_UNLIKELY(!lv_process_is_own())) {
        handler(number, info, context);
        return;
    }
    lv_handlers_enter(&lv_self_handlers, &running, &entered);
    if (LV_UNLIKELY(running.inside != 0))
        __atomic_fetch_add(&lv_process_context.counters.handlers_unwatched, 1, __ATOMIC_RELAXED);
    handler(number, info, context);
}

/* The trampolines, one a pair, by the pair's number in hexadecimal digits. */
#define TRAMPOLINE(n)                                                      \
    static void trampoline_##n(int number, siginfo_t *info, void *context) \
    {                                                                      \
        run(number, info, context, 0x##n);                                 \
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

    return pair != PAIRS ? (sighandler_t)__atomic_load_n(&pairs[pair].function, __ATOMIC_RELAXED) : installed;
}

/* Where the stack will be after a jump to @env: libc keeps it mangled with a secret of the process. */
static uintptr_t target_of(const struct __jmp_buf_tag *env)
{
#if defined(__GLIBC__) && defined(__x86_64__) && !defined(__ILP32__)
    enum {
        STACK_POINTER = 6
    };
    uintptr_t target = (uintptr_t)env->__jmpbuf[STACK_POINTER];

    __asm__("ror $17, %0; xor %%fs:0x30, %0" : "+r"(target) : : "cc");
    return target;
#else
    (void)env;
    return 0;
#endif
}

__attribute__((noinline)) void lv_signals_start(void)
{
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    jmp_buf env;

    if (_setjmp(env) == 0)
        targets_known = target_of(env) <= frame && frame - target_of(env) < SETJMP_SLACK;
}

/*
 * A handler that interrupted the library and jumps takes the thread out of it: it must not go on as if it were inside.
 * Where the target of a jump is not known, the handlers are taken to be left, and the thread stays as it is.
 */
void lv_signals_jump(const struct __jmp_buf_tag *env, uintptr_t stack)
{
    struct lv_handlers *handlers = &lv_self_handlers;
    const struct lv_handler_running *running;
    uintptr_t target;

    if (LV_LIKELY(handlers->depth == 0))
        return;
    if (!targets_known) {
        handlers->depth = 0;
        return;
    }
    target = target_of(env);
    if (!lv_handlers_jump(handlers, stack, target))
        return;
    running = lv_handlers_current(handlers, target);
    lv_self_jumped(running != NULL ? running->inside : 0);
}
