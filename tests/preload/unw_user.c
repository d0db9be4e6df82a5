/* SPDX-License-Identifier: MIT */
/* A program that uses libunwind itself, which takes locks of its own through the hooks: alone, in threads that also take
 * locks the slow way, and while others fork. A child takes locks on paths that are new, so it needs libunwind's locks.
 * The same with a library in between, so that the hooks are not called by libunwind itself. */
/* case: alone */
/* case: threads */
/* case: fork */
/* case: wrapped */
/* args: fork */
/* with-first: wrap_mutex */
/* case: finds */
/* status: 66 */
/* findings: 1 */
/* expect: ^.*first_way\+0x.* \(unw_user\) */
/* expect: ^.*second_way\+0x.* \(unw_user\) */
#include "program.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define NOINLINE __attribute__((noinline))
#define NOT_A_TAIL_CALL() __asm__ volatile("" ::: "memory")

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static atomic_int stop, ready;

static NOINLINE int count_frames(void)
{
    unw_context_t context;
    unw_cursor_t cursor;
    int count = 0;

    MUST(unw_getcontext(&context) == 0);
    MUST(unw_init_local(&cursor, &context) == 0);
    while (unw_step(&cursor) > 0)
        count++;
    return count;
}

/* Another lock at another depth each time: a new chain, a new class or a new stack. */
static NOINLINE void lock_at_depth(int depth)
{
    pthread_mutex_t fresh;

    if (depth > 0) {
        lock_at_depth(depth - 1);
    } else {
        MUST(pthread_mutex_init(&fresh, NULL) == 0);
        nest(&a, &fresh);
        MUST(pthread_mutex_destroy(&fresh) == 0);
    }
    NOT_A_TAIL_CALL();
}

static void *unwind_and_lock(void *unused)
{
    for (int i = 0; i < 300; i++) {
        MUST(count_frames() >= 2);
        lock_at_depth(i % 20);
    }
    return unused;
}

static void *unwind_on(void *unused)
{
    atomic_fetch_add(&ready, 1);
    while (!atomic_load(&stop)) {
        /* With nothing cached, the lock of the cache is held nearly all the time. */
        unw_flush_cache(unw_local_addr_space, 0, 0);
        MUST(count_frames() >= 2);
    }
    return unused;
}

static void fork_children(void)
{
    pthread_t thread[2];

    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&thread[i], NULL, unwind_on, NULL) == 0);
    while (atomic_load(&ready) < 2)
        continue;
    for (int i = 0; i < 100; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            lock_at_depth(i);
            _exit(0);
        }
        MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

static NOINLINE void first_way(void)
{
    nest(&a, &b);
    NOT_A_TAIL_CALL();
}

static NOINLINE void second_way(void)
{
    nest(&b, &a);
    NOT_A_TAIL_CALL();
}

int main(int argc, char **argv)
{
    pthread_t thread[2];

    (void)argc;
    MUST(count_frames() >= 2);
    if (is_case(argv, "threads")) {
        for (int i = 0; i < 2; i++)
            MUST(pthread_create(&thread[i], NULL, unwind_and_lock, NULL) == 0);
        for (int i = 0; i < 2; i++)
            MUST(pthread_join(thread[i], NULL) == 0);
    } else if (is_case(argv, "fork")) {
        fork_children();
    } else if (is_case(argv, "finds")) {
        first_way();
        second_way();
    }
    puts("done");
    return 0;
}
