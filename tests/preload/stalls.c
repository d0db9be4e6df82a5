/* SPDX-License-Identifier: MIT */
/* All threads wait, and how that came about. */
/* plain: no */
/* options: on_deadlock=exit */
/* findings: 1 */
/* status: 66 */
/* expect: WARNING: all threads wait, and nothing can wake them! */
/* expect: verdict: deadlock */
/* case: main-ends */
/* case: thread-ends */
/* expect: ^1 thread waits: the only one of the process */
/* case: together */
/* case: too-many-signals */
/* case: crash-handler */
#include "program.h"

#include <semaphore.h>
#include <signal.h>

static sem_t sems[2], ready;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int here, waiting;

static void *wait_for(void *arg)
{
    MUST(sem_wait(arg) == 0);
    return NULL;
}

/* ---- the main thread is gone, but for its name ---- */

static void *wait_without_main(void *arg)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    char line[512] = "";

    while (strstr(line, ") Z ") == NULL) {
        FILE *file = fopen("/proc/self/stat", "r");

        if (file != NULL && fgets(line, sizeof(line), file) == NULL)
            line[0] = '\0';
        if (file != NULL)
            (void)fclose(file);
        nanosleep(&pause, NULL);
    }
    return wait_for(arg);
}

static void main_ends(void)
{
    pthread_t thread;

    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&thread, NULL, wait_without_main, &sems[i]) == 0);
    pthread_exit(NULL);
}

/* ---- the one that should have posted ends, and the other waits by then ---- */

static void *end_late(void *arg)
{
    const struct timespec while_main_waits = { .tv_nsec = 50000000 };

    nanosleep(&while_main_waits, NULL);
    return arg;
}

static void thread_ends(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, end_late, NULL) == 0);
    MUST(sem_wait(&sems[0]) == 0);
}

/* ---- two begin to wait at the same time: neither sees the other asleep as long as both look ---- */

static void *wait_together(void *arg)
{
    __atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&here, __ATOMIC_SEQ_CST) < 2)
        ;
    return wait_for(arg);
}

static void together(void)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, wait_together, &sems[i]) == 0);
    MUST(pthread_join(threads[0], NULL) == 0);
}

/* ---- three signals for two that wait, who then wait again ---- */

static void *wait_twice(void *arg)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    waiting++;
    MUST(sem_post(&ready) == 0);
    MUST(pthread_cond_wait(&cond, &mutex) == 0);
    MUST(pthread_cond_wait(&cond, &mutex) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return arg;
}

static void too_many_signals(void)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, wait_twice, NULL) == 0);
    for (int i = 0; i < 2; i++)
        MUST(sem_wait(&ready) == 0);
    MUST(pthread_mutex_lock(&mutex) == 0);
    for (int i = 0; i < 3; i++)
        MUST(pthread_cond_signal(&cond) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    MUST(pthread_join(threads[0], NULL) == 0);
}

/* ---- a handler of what faults raise wakes nobody ---- */

static void fault(int number)
{
    (void)number;
    _exit(1);
}

static void crash_handler(void)
{
    MUST(signal(SIGSEGV, fault) != SIG_ERR);
    MUST(sem_wait(&sems[0]) == 0);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "main-ends", main_ends },         { "thread-ends", thread_ends },
        { "together", together },           { "too-many-signals", too_many_signals },
        { "crash-handler", crash_handler },
    };

    (void)argc;
    for (int i = 0; i < 2; i++)
        MUST(sem_init(&sems[i], 0, 0) == 0);
    MUST(sem_init(&ready, 0, 0) == 0);
    (void)alarm(20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    return 0;
}
