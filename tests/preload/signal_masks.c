/* SPDX-License-Identifier: MIT */
/*
 * Handlers that take locks, in programs that do it right: the signal cannot come where such a lock is held, or what the
 * handler does cannot wait. Nothing is reported.
 */
/* status: 0 */
/* stdout: ^done$ */
#include "masks.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t w = PTHREAD_RWLOCK_INITIALIZER;
static sem_t sem;
static volatile sig_atomic_t runs;

static void take_a(int number)
{
    (void)number;
    runs++;
    take(&a);
}

/* The handler runs while the signal is open, and nothing is held. */
static void handle(int number)
{
    mask(SIG_UNBLOCK, number);
    MUST(raise(number) == 0);
    mask(SIG_BLOCK, number);
}

static void blocked(void)
{
    install(SIGUSR1, take_a);
    mask(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < 3; i++) {
        take(&a);
        nest(&a, &b);
        handle(SIGUSR1);
    }
}

static void blocked_otherwise(void)
{
    extern int sighold(int), sigrelse(int), sigsetmask(int);
    extern int sigblock(int);
    sigset_t usr1 = set_of(SIGUSR1), old, all;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    MUST(sigprocmask(SIG_BLOCK, &usr1, &old) == 0);
    take(&a);
    MUST(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
    MUST(sighold(SIGUSR1) == 0);
    take(&a);
    MUST(sigrelse(SIGUSR1) == 0);
    MUST(sigblock(1 << (SIGUSR1 - 1)) == 0);
    take(&a);
    MUST(sigsetmask(0) != 0);
    MUST(sigset(SIGUSR1, SIG_HOLD) == take_a);
    take(&a);
    MUST(sigset(SIGUSR1, take_a) == SIG_HOLD);
    MUST(sigfillset(&all) == 0 && sigprocmask(SIG_SETMASK, &all, NULL) == 0);
    take(&a);
    /* Arguments that are wrong change nothing. */
    MUST(sigprocmask(99, &usr1, NULL) == -1 && pthread_sigmask(99, &usr1, NULL) == EINVAL && sigrelse(1000) == -1);
    take(&a);
}

/* By a system call of the program's own. */
static void blocked_raw(void)
{
    unsigned long usr1 = 1UL << (SIGUSR1 - 1);

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    MUST(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr1, NULL, sizeof(usr1)) == 0);
    take(&a);
    nest(&a, &b);
}

/* All threads have all signals blocked, and one waits for them. */
static volatile int served;

static void *serve(void *unused)
{
    sigset_t usr1 = set_of(SIGUSR1);
    int number;

    while (served < 3) {
        MUST(sigwait(&usr1, &number) == 0);
        take(&a);
        served++;
        nest(&a, &b);
    }
    return unused;
}

static void sigwait_thread(void)
{
    sigset_t all;
    pthread_t thread;

    install(SIGUSR1, take_a);
    install(SIGUSR2, take_a);
    MUST(raise(SIGUSR2) == 0);
    MUST(sigfillset(&all) == 0 && pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    MUST(pthread_create(&thread, NULL, serve, NULL) == 0);
    for (int i = 0; i < 3; i++) {
        MUST(kill(getpid(), SIGUSR1) == 0);
        while (served <= i)
            take(&a);
    }
    MUST(pthread_join(thread, NULL) == 0);
}

static void signal_fd(void)
{
    sigset_t usr1 = set_of(SIGUSR1);
    struct signalfd_siginfo info;
    int fd;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    fd = signalfd(-1, &usr1, 0);
    MUST(fd >= 0 && raise(SIGUSR1) == 0 && read(fd, &info, sizeof(info)) == sizeof(info));
    take(&a);
    MUST(runs == 1);
}

/* A thread has the mask of its creator, or the one that its attributes name. */
static void *take_a_thread(void *unused)
{
    take(&a);
    return unused;
}

static void created_blocked(void)
{
    sigset_t usr1 = set_of(SIGUSR1);
    pthread_attr_t attr;
    pthread_t thread;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setsigmask_np(&attr, &usr1) == 0);
    MUST(pthread_create(&thread, &attr, take_a_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    run_thread(take_a_thread, NULL);
}

/* Open only while the thread waits and holds nothing. */
static void open_in_waits(void)
{
    extern int xpg_sigpause(int) __asm__("__xpg_sigpause");
    extern int bsd_sigpause(int) __asm__("sigpause");
    sigset_t none = set_of(0);
    struct epoll_event event;
    int epoll = epoll_create1(0);

    install(SIGUSR1, take_a);
    mask(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < 14; i++) {
        int way = i % 7, r;

        take(&a);
        MUST(raise(SIGUSR1) == 0);
        r = way == 0   ? pselect(0, NULL, NULL, NULL, NULL, &none)
            : way == 1 ? ppoll(NULL, 0, NULL, &none)
            : way == 2 ? epoll_pwait(epoll, &event, 1, -1, &none)
            : way == 3 ? epoll_pwait2(epoll, &event, 1, NULL, &none)
            : way == 4 ? sigsuspend(&none)
            : way == 5 ? xpg_sigpause(SIGUSR1)
                       : bsd_sigpause(0);
        MUST(r == -1 && errno == EINTR && runs == i + 1);
        take(&a);
    }
}

/* Cancelled in such a wait: what the clean-up takes is taken under the mask that there is then. */
static volatile int waiting;

static void clean_up(void *unused)
{
    sigset_t now;

    (void)unused;
    MUST(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
    if (sigismember(&now, SIGUSR1))
        take(&a);
    mask(SIG_BLOCK, SIGUSR1);
    take(&a);
}

static void *wait_cancelled(void *unused)
{
    sigset_t none = set_of(0);

    pthread_cleanup_push(clean_up, NULL);
    waiting = 1;
    for (;;)
        ppoll(NULL, 0, NULL, &none);
    pthread_cleanup_pop(0);
    return unused;
}

static void cancelled_wait(void)
{
    pthread_t thread;
    void *value;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    MUST(pthread_create(&thread, NULL, wait_cancelled, NULL) == 0);
    while (!waiting)
        sched_yield();
    MUST(pthread_cancel(thread) == 0 && pthread_join(thread, &value) == 0 && value == PTHREAD_CANCELED);
    take(&a);
}

/* What cannot wait, or does not keep others out. */
static void harmless(int number)
{
    (void)number;
    runs++;
    if (pthread_mutex_trylock(&a) == 0)
        MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_rwlock_rdlock(&w) == 0 && pthread_rwlock_unlock(&w) == 0);
    MUST(sem_post(&sem) == 0);
    take(&b);
}

static void harmless_handler(void)
{
    install(SIGUSR1, harmless);
    for (unsigned value = 0; value < 2; value++) {
        MUST(sem_init(&sem, 0, value) == 0);
        for (int i = 0; i < 3; i++) {
            take(&a);
            MUST(pthread_rwlock_rdlock(&w) == 0 && pthread_rwlock_unlock(&w) == 0);
            MUST(raise(SIGUSR1) == 0);
            MUST(sem_wait(&sem) == 0);
        }
    }
}

/* The thread's own code raised it, and did so outside of the lock. */
static char *page;

static void repair(int number)
{
    (void)number;
    take(&a);
    MUST(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
}

static void synchronous(void)
{
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(page != MAP_FAILED);
    install(SIGSEGV, repair);
    take(&a);
    MUST(pthread_mutex_lock(&b) == 0);
    *(volatile char *)page = 1;
    MUST(pthread_mutex_unlock(&b) == 0);
    take(&a);
    nest(&b, &a);
}

/* A context that is left by the end of its function, with a mask of its own. */
static ucontext_t of_main, of_other;
static char other_stack[65536];

static void other(void)
{
    runs++;
}

static void other_context(void)
{
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    MUST(getcontext(&of_other) == 0);
    of_other.uc_stack.ss_sp = other_stack;
    of_other.uc_stack.ss_size = sizeof(other_stack);
    of_other.uc_link = &of_main;
    of_other.uc_sigmask = set_of(0);
    makecontext(&of_other, other, 0);
    MUST(swapcontext(&of_main, &of_other) == 0);
    take(&a);
    runs = 0;
    MUST(getcontext(&of_main) == 0);
    if (runs == 0) {
        makecontext(&of_other, other, 0);
        of_other.uc_link = &of_main;
        setcontext(&of_other);
    }
    nest(&a, &b);
}

/* A child of vfork has a mask of its own, and its parent's memory. */
static void vfork_child(void)
{
    pid_t pid;
    int status;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    pid = vfork();
    if (pid == 0) {
        sigset_t none = set_of(0);

        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGUSR2, take_a);
        _exit(0);
    }
    MUST(waitpid(pid, &status, 0) == pid);
    take(&a);
}

/* A known chain costs no system call, whatever has handlers and is blocked: the kernel would kill. */
static void no_calls(void)
{
    pid_t pid;
    int status;

    install(SIGUSR1, take_a);
    install(SIGUSR2, take_a);
    pid = fork();
    if (pid == 0) {
        mask(SIG_BLOCK, SIGUSR1);
        for (int i = 0; i < 2000; i++) {
            if (i == 1000 && prctl(PR_SET_SECCOMP, 1 /* strict */) != 0)
                syscall(SYS_exit, 7);
            nest(&a, &b);
        }
        syscall(SYS_exit, 7);
    }
    MUST(waitpid(pid, &status, 0) == pid);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        /* case: blocked */
        { "blocked", blocked },
        /* case: blocked-otherwise */
        { "blocked-otherwise", blocked_otherwise },
        /* case: blocked-raw */
        { "blocked-raw", blocked_raw },
        /* case: sigwait-thread */
        { "sigwait-thread", sigwait_thread },
        /* case: signal-fd */
        { "signal-fd", signal_fd },
        /* case: created-blocked */
        { "created-blocked", created_blocked },
        /* case: open-in-waits */
        { "open-in-waits", open_in_waits },
        /* case: cancelled-wait */
        { "cancelled-wait", cancelled_wait },
        /* case: harmless-handler */
        { "harmless-handler", harmless_handler },
        /* case: synchronous */
        { "synchronous", synchronous },
        /* case: other-context */
        { "other-context", other_context },
        /* case: vfork-child */
        { "vfork-child", vfork_child },
        /* case: no-calls */
        { "no-calls", no_calls },
    };

    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
