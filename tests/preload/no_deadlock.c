/* SPDX-License-Identifier: MIT */
/* Waits that look as if nobody could end them, and are ended. */
/* case: twice */
/* stdout: ^woken$ */
/* case: behind */
/* stdout: ^woken$ */
#include "program.h"

#include <sys/syscall.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER, other = PTHREAD_COND_INITIALIZER;

/* Wait until the thread sleeps in the kernel, on a word of the @size bytes at @start; null: on any. */
static void until_asleep(const int *tid, const void *start, size_t size)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    char path[64], line[256];

    for (;; nanosleep(&pause, NULL)) {
        unsigned long address = 0;
        long call = -1;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", __atomic_load_n(tid, __ATOMIC_SEQ_CST));
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        if (fgets(line, sizeof(line), file) == NULL || sscanf(line, "%ld %lx", &call, &address) != 2)
            call = -1;
        (void)fclose(file);
        if (call == SYS_futex && (start == NULL || address - (unsigned long)start < size))
            return;
    }
}

static void note(int *tid)
{
    __atomic_store_n(tid, (int)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
}

static int waiter, early, joiner, given;

/* ---- a recursive mutex that the wait does not give up whole: who signals does without it ----------------------------- */

static void *signal_without(void *arg)
{
    until_asleep(&waiter, &cond, sizeof(cond));
    MUST(pthread_cond_signal(&cond) == 0);
    return arg;
}

static void twice(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t recursive;
    pthread_t thread;

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE) == 0);
    MUST(pthread_mutex_init(&recursive, &attr) == 0);
    note(&waiter);
    MUST(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
    MUST(pthread_create(&thread, NULL, signal_without, NULL) == 0);
    MUST(pthread_cond_wait(&cond, &recursive) == 0);
    MUST(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/*
 * ---- one that was woken sleeps on the mutex, and the others wait --------------------------------------------------------
 *
 * A second waiter gives up at the same time, so that nothing says any more that somebody was woken; and it has the mutex when
 * it begins the last wait.
 */

static void *woken(void *arg)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    note(&waiter);
    MUST(pthread_cond_wait(&cond, &mutex) == 0);
    given = 1;
    MUST(pthread_cond_signal(&other) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return arg;
}

static void *gives_up(void *arg)
{
    struct timespec soon;

    MUST(clock_gettime(CLOCK_REALTIME, &soon) == 0);
    soon.tv_sec++;
    MUST(pthread_mutex_lock(&mutex) == 0);
    note(&early);
    MUST(pthread_cond_timedwait(&cond, &mutex, &soon) == ETIMEDOUT);
    until_asleep(&joiner, NULL, 0);
    until_asleep(&waiter, &mutex, sizeof(int));
    while (!given)
        MUST(pthread_cond_wait(&other, &mutex) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return arg;
}

static void behind(void)
{
    pthread_t first, second;

    note(&joiner);
    MUST(pthread_create(&first, NULL, woken, NULL) == 0);
    until_asleep(&waiter, &cond, sizeof(cond));
    MUST(pthread_create(&second, NULL, gives_up, NULL) == 0);
    until_asleep(&early, &cond, sizeof(cond));
    MUST(pthread_mutex_lock(&mutex) == 0);
    until_asleep(&early, &mutex, sizeof(int));
    MUST(pthread_cond_signal(&cond) == 0);
    until_asleep(&waiter, &mutex, sizeof(int));
    MUST(pthread_mutex_unlock(&mutex) == 0);
    MUST(pthread_join(first, NULL) == 0);
    MUST(pthread_join(second, NULL) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "twice"))
        twice();
    else
        behind();
    puts("woken");
    return 0;
}
