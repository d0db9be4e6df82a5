/* SPDX-License-Identifier: MIT */
/* A signal handler that takes a lock of its own, again and again, wherever the thread happens to be: no crash, no lock
 * lost, and no finding. */
#include "program.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

static pthread_spinlock_t in_handler;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
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

int main(void)
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
    puts("done");
    return 0;
}
