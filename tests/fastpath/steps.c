/* SPDX-License-Identifier: MIT */
/*
 * A lock is taken and released, and after each instruction of that a signal comes whose handler uses locks, too. Afterwards
 * the thread's books have to be right: the entries are what is held, keys and filters are those of the entries, and no entry
 * beyond has an address.
 *
 * The processor traps after each instruction. The handler of the trap is none that the library knows of. It sends the signal,
 * which comes as soon as that handler returns.
 *
 * Usage: steps CONTEXT SELF LOCK HANDLER SIGNAL
 *        CONTEXT and SELF: values of the library's symbols lv_process_context and lv_self_state
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "engine/acquire.h"
#include "inside.h"
#include "sys/rawcall.h"

enum {
    TRAP_FLAG = 0x100,
    RESTORER = 0x04000000,
    MOST_STEPS = 20000,
    WARM = 100,
    CALM = 4,
    MANY = 40, /* more than the books of a new thread have room for */
    MOST_HELD = 64
};

#define MUST(condition)                                                          \
    do {                                                                         \
        if (!(condition)) {                                                      \
            printf("%d: not so after step %ld: %s\n", __LINE__, at, #condition); \
            exit(1);                                                             \
        }                                                                        \
    } while (0)

static struct inside inside;
static long at = -1; /* the signal comes after this step */
static volatile long steps_left;
static volatile bool stepping;
static int sent = SIGUSR1;
static volatile int came;

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER,
                       third = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t many[MANY];
static volatile int other_kept, third_kept, outer_gone, same_kept, many_kept;
static sigjmp_buf back;

/* ---- the lock that is taken ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;

static int lock_mutex(void)
{
    return pthread_mutex_lock(&mutex);
}

static int try_mutex(void)
{
    return pthread_mutex_trylock(&mutex);
}

static int unlock_mutex(void)
{
    return pthread_mutex_unlock(&mutex);
}

static int lock_recursive(void)
{
    return pthread_mutex_lock(&recursive);
}

static int try_recursive(void)
{
    return pthread_mutex_trylock(&recursive);
}

static int unlock_recursive(void)
{
    return pthread_mutex_unlock(&recursive);
}

static int read_rwlock(void)
{
    return pthread_rwlock_rdlock(&rwlock);
}

static int try_read(void)
{
    return pthread_rwlock_tryrdlock(&rwlock);
}

static int write_rwlock(void)
{
    return pthread_rwlock_wrlock(&rwlock);
}

static int try_write(void)
{
    return pthread_rwlock_trywrlock(&rwlock);
}

static int unlock_rwlock(void)
{
    return pthread_rwlock_unlock(&rwlock);
}

static int lock_spin(void)
{
    return pthread_spin_lock(&spin);
}

static int try_spin(void)
{
    return pthread_spin_trylock(&spin);
}

static int unlock_spin(void)
{
    return pthread_spin_unlock(&spin);
}

static const struct kind {
    const char *name;
    int (*lock)(void), (*try)(void), (*unlock)(void);
    bool again; /* its holder may have it more than once, taken in the midst of libc's own call, too */
} kinds[] = {
    { "mutex", lock_mutex, try_mutex, unlock_mutex, false },
    { "trylock", try_mutex, try_mutex, unlock_mutex, false },
    { "recursive", lock_recursive, try_recursive, unlock_recursive, false },
    { "read", read_rwlock, try_read, unlock_rwlock, true },
    { "write", write_rwlock, try_write, unlock_rwlock, false },
    { "spin", lock_spin, try_spin, unlock_spin, false },
};
static const struct kind *kind;

/* ---- what the handler does ---- */

static void take(pthread_mutex_t *lock)
{
    MUST(pthread_mutex_lock(lock) == 0);
}

static void give(pthread_mutex_t *lock)
{
    MUST(pthread_mutex_unlock(lock) == 0);
}

static void nest(void)
{
    take(&other);
    take(&third);
    give(&third);
    give(&other);
}

static void keep(void)
{
    take(&other);
    other_kept = 1;
}

static void release_older(void)
{
    give(&outer);
    outer_gone = 1;
}

static void relock_older(void)
{
    give(&outer);
    nest();
    take(&outer);
}

static void swap_older(void)
{
    release_older();
    keep();
}

static void same(void)
{
    if (kind->try() == 0)
        MUST(kind->unlock() == 0);
}

static void keep_same(void)
{
    if (kind->again && kind->try() == 0)
        same_kept = 1;
}

static void keep_many(void)
{
    for (; many_kept < MANY; many_kept++)
        MUST(pthread_rwlock_tryrdlock(&many[many_kept]) == 0);
}

static void take_many(void)
{
    keep_many();
    while (many_kept > 0)
        MUST(pthread_rwlock_unlock(&many[--many_kept]) == 0);
}

static void nested(void)
{
    take(&other);
    (void)LV_SYSCALL(SYS_tgkill, getpid(), gettid(), SIGUSR2);
    give(&other);
}

/* Out of the midst of libc's own call there is no way back to a mutex that is whole. */
static void jump(void)
{
    if ((mutex.__data.__lock != 0) == (mutex.__data.__owner != 0))
        siglongjmp(back, 1);
}

static void keep_and_jump(void)
{
    keep();
    jump();
}

static void release_and_jump(void)
{
    release_older();
    jump();
}

static const struct behaviour {
    const char *name;
    void (*run)(void);
} behaviours[] = {
    { "nest", nest },
    { "keep", keep },
    { "release-older", release_older },
    { "relock-older", relock_older },
    { "swap-older", swap_older },
    { "same", same },
    { "keep-same", keep_same },
    { "take-many", take_many },
    { "keep-many", keep_many },
    { "nested", nested },
    { "jump", jump },
    { "keep-and-jump", keep_and_jump },
    { "release-and-jump", release_and_jump },
};
static const struct behaviour *behaviour;

static void on_signal(int number)
{
    (void)number;
    came = 1;
    behaviour->run();
}

static void on_nested(int number)
{
    (void)number;
    take(&third);
    third_kept = 1;
}

/* ---- stepping ---- */

/* As the kernel has it. */
struct action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

extern void step_return(void) __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".globl step_return\n"
        ".hidden step_return\n"
        ".type step_return, @function\n"
        "step_return:\n"
        "    mov $15, %eax\n" /* rt_sigreturn */
        "    syscall\n"
        ".size step_return, . - step_return\n");

static void on_trap(int number, siginfo_t *info, void *context)
{
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];

    (void)number;
    if (info->si_code == SI_KERNEL) { /* a breakpoint: the steps begin, or end */
        if (stepping)
            *flags |= TRAP_FLAG;
        else
            *flags &= ~(greg_t)TRAP_FLAG;
        return;
    }
    if (!stepping || steps_left-- > 0)
        return;
    *flags &= ~(greg_t)TRAP_FLAG;
    (void)LV_SYSCALL(SYS_tgkill, LV_SYSCALL(SYS_getpid), LV_SYSCALL(SYS_gettid), sent);
}

static void prepare(void)
{
    struct action action = { on_trap, SA_SIGINFO | RESTORER, step_return, ~UINT64_C(0) };
    struct sigaction to = { .sa_handler = on_signal };

    MUST(LV_SYSCALL(SYS_rt_sigaction, SIGTRAP, &action, NULL, sizeof(action.mask)) == 0);
    MUST(sigaction(sent, &to, NULL) == 0);
    to.sa_handler = on_nested;
    MUST(sigaction(SIGUSR2, &to, NULL) == 0);
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    for (int i = 0; i < MANY; i++)
        MUST(pthread_rwlock_init(&many[i], NULL) == 0);
}

/* ---- the books ---- */

static void check_books(void)
{
    const struct lv_thread *t = *inside.self;
    uint64_t key = lv_context_first_key(0), filter = 0;

    MUST(t->guard == 0);
    MUST(t->level == 0);
    for (uint32_t i = 0; i < t->depth; i++) {
        const struct lv_held *h = &t->held[i];

        MUST(h->address != 0);
        MUST(h->level == 0);
        MUST(h->key_before == key);
        MUST(h->filter_before == filter);
        key = lv_chain_next(key, h->class, h->mode, h->flags);
        filter |= lv_filter_bit(h->base);
    }
    MUST(t->key == key);
    MUST(t->filter == filter);
    for (int64_t i = -1; i <= t->capacity; i++)
        MUST((i >= 0 && i < t->depth) || t->held[i].address == 0);
}

static bool is_in_books(const void *lock)
{
    const struct lv_thread *t = *inside.self;

    for (uint32_t i = 0; i < t->depth; i++)
        if (t->held[i].address == (uintptr_t)lock)
            return true;
    return false;
}

/* ---- one round ---- */

static bool holds(const pthread_mutex_t *lock)
{
    return lock->__data.__owner == gettid();
}

static void unlock_if_held(void)
{
    if (holds(&mutex))
        MUST(unlock_mutex() == 0);
}

/* Release what the handler left, and what it jumped away from. */
static void clean_up(void)
{
    while (many_kept > 0)
        MUST(pthread_rwlock_unlock(&many[--many_kept]) == 0);
    if (third_kept)
        give(&third);
    if (other_kept)
        give(&other);
    if (same_kept)
        MUST(kind->unlock() == 0);
    other_kept = third_kept = same_kept = 0;
}

/* From the same call sites in every round. */
static __attribute__((noinline)) void lock_and_unlock(void)
{
    if (kind->lock() == 0)
        (void)kind->unlock();
}

/* Returns whether the signal came. */
static bool one_round(void)
{
    came = 0;
    take(&outer);
    lock_and_unlock(); /* whatever the call before put into the thread's cache, this chain is in it now */
    if (sigsetjmp(back, 1) == 0) {
        steps_left = at;
        stepping = true;
        __asm__ volatile("int3" ::: "memory");
        lock_and_unlock();
        stepping = false;
        __asm__ volatile("int3" ::: "memory");
    } else {
        check_books();
        unlock_if_held();
    }
    check_books();
    MUST(is_in_books(&outer) || outer_gone);
    /* A handler that interrupts the library is not watched; what it keeps is unknown then. */
    if (!outer_gone)
        give(&outer);
    outer_gone = 0;
    clean_up();
    if (is_in_books(&outer)) {
        take(&outer);
        check_books();
        give(&outer);
    }
    check_books();
    MUST((*inside.self)->depth == 0);
    return came;
}

static void calm_round(void)
{
    take(&outer);
    lock_and_unlock();
    give(&outer);
}

int main(int argc, char **argv)
{
    long n;

    if (argc != 6 || !inside_find(strtoull(argv[1], NULL, 0), strtoull(argv[2], NULL, 0), &inside))
        return 2;
    for (size_t i = 0; i < LV_ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].name, argv[3]) == 0)
            kind = &kinds[i];
    for (size_t i = 0; i < LV_ARRAY_SIZE(behaviours); i++)
        if (strcmp(behaviours[i].name, argv[4]) == 0)
            behaviour = &behaviours[i];
    if (kind == NULL || behaviour == NULL)
        return 2;
    if (strcmp(argv[5], "synchronous") == 0)
        sent = SIGFPE; /* its handler goes on with the chain that it interrupts */
    prepare();
    for (int i = 0; i < WARM; i++)
        calm_round();
    for (n = 0; n < MOST_STEPS; n++) {
        at = n;
        for (int i = 0; i < CALM; i++) /* the way that is stepped through blocks no signals */
            calm_round();
        if (!one_round())
            break;
    }
    printf("steps %ld\n", n);
    return n < MOST_STEPS ? 0 : 1;
}
