/* SPDX-License-Identifier: MIT */
/* backtrace() of libc, whose first call loads libgcc: under locks, in a handler that interrupts locking, in threads. */
/* case: clean */
/* case: finds */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
#include "program.h"

#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static atomic_int taken, stop;

static void take_one(void)
{
    void *frame[64];

    MUST(backtrace(frame, 64) >= 2);
    atomic_fetch_add(&taken, 1);
}

static void on_signal(int number)
{
    (void)number;
    take_one();
}

static void *work(void *unused)
{
    do {
        pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

        MUST(pthread_mutex_lock(&a) == 0);
        nest(&b, &fresh);
        MUST(pthread_mutex_unlock(&a) == 0);
    } while (!atomic_load(&stop));
    return unused;
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    pthread_t thread[2];
    char **names;
    void *frame[8];

    (void)argc;
    MUST(pthread_mutex_lock(&a) == 0);
    take_one(); /* loads what it needs here, under a lock */
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST((names = backtrace_symbols(frame, backtrace(frame, 8))) != NULL);
    free(names);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&thread[i], NULL, work, NULL) == 0);
    for (int i = 1; i < 500; i++) {
        MUST(pthread_kill(thread[i % 2], SIGUSR1) == 0);
        while (atomic_load(&taken) < i)
            take_one();
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    if (is_case(argv, "finds"))
        nest(&b, &a);
    puts("done");
    return 0;
}
