/* SPDX-License-Identifier: MIT */
/* Waits that look as if nobody could end them, and are ended. To find that out takes no pauses, but for one by chance. */
/* stdout: ^woken$ */
/* options: stats=1 */
/* expect: ^  looks-paused +\d$ */
/* case: twice */
/* case: behind */
/* case: new-threads */
/* case: timer */
/* case: raw-handler */
/* case: jumps */
#include "program.h"

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>

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

/* ---- one that has only just been made will post ------------------------------------------------------------------------ */

static sem_t sem;

static void *post(void *arg)
{
    MUST(sem_post(&sem) == 0);
    return arg;
}

static void new_threads(void)
{
    for (int i = 0; i < 200; i++) {
        pthread_t thread;

        MUST(pthread_create(&thread, NULL, post, NULL) == 0);
        MUST(sem_wait(&sem) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
}

/* ---- a thread of libc, which no hook has made, will post ----------------------------------------------------------------- */

static void expire(union sigval value)
{
    (void)value;
    MUST(sem_post(&sem) == 0);
}

static void timer(void)
{
    const struct itimerspec often = { { .tv_nsec = 20000000 }, { .tv_nsec = 20000000 } };
    struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = expire };
    timer_t id;

    MUST(timer_create(CLOCK_MONOTONIC, &event, &id) == 0);
    MUST(timer_settime(id, 0, &often, NULL) == 0);
    for (int i = 0; i < 30; i++)
        MUST(sem_wait(&sem) == 0);
    MUST(timer_delete(id) == 0);
}

/* ---- a handler that libc knows nothing of will post ------------------------------------------------------------------------ */

#if defined(__x86_64__) && defined(__LP64__)
struct kernel_action {
    void (*handler)(int number);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

/* What a handler returns to. */
void restore(void);
__asm__(".text\n.globl restore\nrestore:\n\tmov $15, %eax\n\tsyscall\n");

static void post_in_handler(int number)
{
    (void)number;
    (void)sem_post(&sem);
}

static void raw_handler(void)
{
    enum {
        RESTORER = 0x04000000
    };
    const struct kernel_action action = { post_in_handler, RESTORER, restore, 0 };

    MUST(syscall(SYS_rt_sigaction, SIGALRM, &action, NULL, sizeof(action.mask)) == 0);
    MUST(ualarm(200000, 0) == 0);
    while (sem_wait(&sem) != 0)
        MUST(errno == EINTR);
}
#else
static void raw_handler(void)
{
}
#endif

/* ---- a handler jumps, but not out of the wait that it interrupted --------------------------------------------------------- */

static sigjmp_buf inside;

static void jump_inside(int number)
{
    (void)number;
    if (sigsetjmp(inside, 1) == 0)
        siglongjmp(inside, 1);
}

static void *kill_and_post(void *arg)
{
    for (int i = 0; i < 20; i++) {
        const struct timespec pause = { .tv_nsec = 1000000 };

        MUST(pthread_kill(*(pthread_t *)arg, SIGUSR1) == 0);
        nanosleep(&pause, NULL);
    }
    return post(arg);
}

static void jumps(void)
{
    struct sigaction action = { .sa_handler = jump_inside, .sa_flags = SA_RESTART };
    pthread_t self = pthread_self(), thread;

    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    MUST(pthread_create(&thread, NULL, kill_and_post, &self) == 0);
    while (sem_wait(&sem) != 0)
        MUST(errno == EINTR);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
    new_threads();
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "twice", twice }, { "behind", behind },           { "new-threads", new_threads },
        { "timer", timer }, { "raw-handler", raw_handler }, { "jumps", jumps },
    };

    (void)argc;
    MUST(sem_init(&sem, 0, 0) == 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("woken");
    return 0;
}
