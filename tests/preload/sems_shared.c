/* SPDX-License-Identifier: MIT */
/* Semaphores that have names, are shared between processes, or are posted in signal handlers. */
#include "sems.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

static char *name(void)
{
    static char text[64];

    (void)snprintf(text, sizeof(text), "/lockval-test-%d", (int)getpid());
    return text;
}

static sem_t *open_new(unsigned value)
{
    sem_t *sem = sem_open(name(), O_CREAT | O_EXCL, 0600, value);

    MUST(sem != SEM_FAILED);
    return sem;
}

/* case: named */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
static void named(void)
{
    sem_t *sem = open_new(1);

    sem_then_mutex(sem);
    MUST(sem_open(name(), 0) == sem);
    MUST(sem_open(name(), O_CREAT, 0600, 1) == sem);
    mutex_then_sem(sem);
    MUST(sem_unlink(name()) == 0);
    MUST(sem_close(sem) == 0 && sem_close(sem) == 0 && sem_close(sem) == 0);
}

/* Known by its address as long as it is open. */
/* case: named-in-table */
/* options: stats=1 */
/* expect: instances-made     1$ */
/* expect: instances-in-table 0$ */
static void named_in_table(void)
{
    sem_t *sem = open_new(1);

    down(sem);
    up(sem);
    MUST(sem_close(sem) == 0 && sem_unlink(name()) == 0);
}

/* Of another value, posted by another thread, or of a value that this program did not say. */
/* case: named-others */
static void named_others(void)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    sem_t *(*real_open)(const char *, int, ...) = NULL;
    sem_t *sem = open_new(2);

    both_orders(sem);
    MUST(sem_close(sem) == 0 && sem_unlink(name()) == 0);
    sem = open_new(1);
    down(sem);
    run_thread(post_it, sem);
    both_orders(sem);
    MUST(sem_close(sem) == 0 && sem_unlink(name()) == 0);
    *(void **)(void *)&real_open = dlsym(libc, "sem_open");
    MUST(real_open(name(), O_CREAT | O_EXCL, 0600, 3) != SEM_FAILED);
    sem = sem_open(name(), O_CREAT, 0600, 1);
    MUST(sem != SEM_FAILED);
    both_orders(sem);
    MUST(sem_unlink(name()) == 0);
}

static sem_t *shared_sem(void)
{
    sem_t *sem = mmap(NULL, sizeof(*sem), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    MUST(sem != MAP_FAILED && sem_init(sem, 1, 1) == 0);
    return sem;
}

/* case: shared */
/* status: 66 */
/* findings: 1 */
static void shared(void)
{
    sem_t *sem = shared_sem();

    both_orders(sem);
    MUST(sem_destroy(sem) == 0);
}

static void join_child(pid_t pid)
{
    int status;

    MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Another process posts what this one waited for, twice. */
/* case: shared-event */
static void shared_event(void)
{
    sem_t *sem = shared_sem();
    pid_t pid = fork();

    MUST(pid >= 0);
    if (pid == 0) {
        up(sem);
        exit(0);
    }
    down(sem);
    down(sem);
    join_child(pid);
    up(sem);
    both_orders(sem);
}

/* The parent has the lock at the fork, and posts it: the child does not have it, whatever its books say. */
/* case: shared-over-fork */
static void shared_over_fork(void)
{
    sem_t *sem = shared_sem();
    pid_t pid;

    mutex_then_sem(sem);
    down(sem);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        lock(&m);
        unlock(&m);
        mutex_then_sem(sem);
        exit(0);
    }
    up(sem);
    join_child(pid);
}

static void post_in_handler(int number)
{
    int saved = errno;

    (void)number;
    (void)sem_post(&s);
    errno = saved;
}

/* case: handler */
static void handler(void)
{
    begin(1);
    MUST(signal(SIGUSR1, post_in_handler) != SIG_ERR);
    MUST(raise(SIGUSR1) == 0);
    down(&s);
    both_orders(&s);
}

/* Main waits, under and above a mutex, and the handler posts what main has: nobody locks with it. */
/* case: handler-posts-mains */
static void handler_posts_mains(void)
{
    begin(1);
    MUST(signal(SIGUSR1, post_in_handler) != SIG_ERR);
    for (int i = 0; i < 2; i++) {
        down(&s);
        lock(&m);
        unlock(&m);
        MUST(raise(SIGUSR1) == 0);
    }
    for (int i = 0; i < 2; i++) {
        lock(&m);
        down(&s);
        unlock(&m);
        MUST(raise(SIGUSR1) == 0);
    }
}

static sem_t own;

static void lock_in_handler(int number)
{
    (void)number;
    both_orders(&own);
}

/* What a handler waits for and posts itself is a lock to it. */
/* case: handlers-own */
/* status: 66 */
/* findings: 1 */
static void handlers_own(void)
{
    begin(1);
    MUST(sem_init(&own, 0, 1) == 0);
    MUST(signal(SIGUSR1, lock_in_handler) != SIG_ERR);
    down(&s);
    MUST(raise(SIGUSR1) == 0);
    up(&s);
}

/* A handler that posts wherever the thread happens to be. */
/* case: handler-storm */
static void handler_storm(void)
{
    struct sigaction action = { .sa_handler = post_in_handler, .sa_flags = SA_RESTART };
    struct itimerval often = { .it_interval = { 0, 100 }, .it_value = { 0, 100 } }, never = { { 0, 0 }, { 0, 0 } };
    static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;

    begin(1);
    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    MUST(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (int i = 0; i < 3000; i++) {
        pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

        down(&s);
        nest(&m, &inner);
        nest(&m, &fresh);
    }
    MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

int main(int argc, char **argv)
{
    static const struct sem_case cases[] = {
        { "named", named },
        { "named-in-table", named_in_table },
        { "named-others", named_others },
        { "shared", shared },
        { "shared-event", shared_event },
        { "shared-over-fork", shared_over_fork },
        { "handler", handler },
        { "handler-storm", handler_storm },
        { "handler-posts-mains", handler_posts_mains },
        { "handlers-own", handlers_own },
    };

    return run_case(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
