/* SPDX-License-Identifier: MIT */
/* Signal handlers that take locks, again and again, wherever the thread happens to be: no crash, no lock lost. */
#include "program.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER, d = PTHREAD_MUTEX_INITIALIZER;

/* A lock of the handler's own, and no finding. */
/* case: own-lock */
static pthread_spinlock_t in_handler;
static atomic_int handled;

static void on_signal(int number)
{
    int saved = errno;

    (void)number;
    pthread_spin_lock(&in_handler);
    atomic_fetch_add(&handled, 1);
    pthread_spin_unlock(&in_handler);
    errno = saved;
}

static void own_lock(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct itimerval often = { .it_interval = { 0, 100 }, .it_value = { 0, 100 } }, never = { { 0, 0 }, { 0, 0 } };

    MUST(pthread_spin_init(&in_handler, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    MUST(setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (atomic_load(&handled) < 3000) {
        pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

        nest(&a, &b);
        nest(&a, &fresh);
    }
    MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

/* Another thread sends signals to one that takes locks all the time; the order in the handler is the wrong one, and each of
 * its locks is held where the signal can come. */
/* case: heavy */
/* status: 66 */
/* findings: 3 */
/* expect: is trying to acquire lock:\n.*\nin the handler of signal SIGUSR1, installed at install */
static volatile int stop, rounds, runs;

/* With c free, the interrupted thread holds neither. What interrupts a hook is not watched, so one round is not enough. */
static void nest_if_free(int number)
{
    static int orders, nested_in;
    int saved = errno;

    (void)number;
    runs++;
    if (pthread_mutex_trylock(&c) == 0) {
        pthread_mutex_unlock(&c);
        if (runs > 300 && rounds != nested_in) {
            nested_in = rounds;
            nest(&d, &c);
            if (++orders == 50)
                stop = 1; /* for good: a signal may be under way */
        }
    }
    errno = saved;
}

static void *send_signals(void *to)
{
    for (int seen = -1, now; !stop; seen = now, sched_yield()) { /* not faster than they are handled */
        now = runs;
        MUST(now == seen || pthread_kill(*(pthread_t *)to, SIGUSR1) == 0);
    }
    return NULL;
}

static __attribute__((noinline)) void install(sighandler_t handler)
{
    MUST(signal(SIGUSR1, handler) == SIG_DFL);
}

static void heavy(void)
{
    pthread_t self = pthread_self(), thread;

    install(nest_if_free);
    nest(&a, &b);
    nest(&b, &c);
    MUST(pthread_create(&thread, NULL, send_signals, &self) == 0);
    for (; !stop; rounds++)
        nest(&c, &d);
    MUST(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "own-lock"))
        own_lock();
    else
        heavy();
    puts("done");
    return 0;
}
