/* SPDX-License-Identifier: MIT */
/* Signals: handlers and what is asked of them, masks, waits, alternative stacks, jumps out of handlers. */
/* status: 0 */
#include "conform.h"

#include <poll.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile sig_atomic_t count, last_number, last_code, last_value, masked, errno_inside;

static bool is_blocked(int number)
{
    sigset_t now;

    MUST(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
    return sigismember(&now, number) == 1;
}

static sigset_t set_of(int number)
{
    sigset_t set;

    MUST(sigemptyset(&set) == 0);
    if (number != 0)
        MUST(sigaddset(&set, number) == 0);
    return set;
}

static void note(int number)
{
    count++;
    last_number = number;
    masked = is_blocked(number) + 2 * is_blocked(SIGUSR2);
}

static void note_info(int number, siginfo_t *info, void *context)
{
    ucontext_t *at = context;

    note(number);
    last_code = info->si_code;
    last_value = info->si_value.sival_int;
    if (sigismember(&at->uc_sigmask, SIGUSR1) == 1)
        masked += 4;
}

static void set_handler(int number, void (*handler)(int), int flags, int with)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags, .sa_mask = set_of(with) };

    MUST(sigaction(number, &action, NULL) == 0);
    count = 0;
}

/* ---- sigaction ---- */

static void actions(void)
{
    struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART }, old;
    sigset_t usr2 = set_of(SIGUSR2);

    IS(0, sigaction(SIGUSR1, NULL, &old));
    YES(old.sa_handler == SIG_DFL);
    IS(0, sigaction(SIGUSR1, &action, &old));
    YES(old.sa_handler == SIG_DFL);
    IS(0, sigaction(SIGUSR1, NULL, &old));
    YES(old.sa_handler == note);
    IS(SA_RESTART, old.sa_flags & ~0x04000000);
    IS(0, sigismember(&old.sa_mask, SIGUSR2));
    IS(0, raise(SIGUSR1));
    IS(1, count);
    IS(SIGUSR1, last_number);
    IS(1, masked);
    YES(!is_blocked(SIGUSR1));
    action.sa_mask = usr2;
    action.sa_flags = SA_NODEFER;
    IS(0, sigaction(SIGUSR1, &action, NULL));
    IS(0, raise(SIGUSR1));
    IS(2, masked);
    YES(!is_blocked(SIGUSR2));
    IS(0, sigaction(SIGUSR1, NULL, &old));
    IS(1, sigismember(&old.sa_mask, SIGUSR2));
    action = (struct sigaction){ .sa_sigaction = note_info, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND };
    IS(0, sigaction(SIGUSR1, &action, &old));
    YES(old.sa_handler == note);
    IS(0, sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 77 }));
    IS(77, last_value);
    IS(SI_QUEUE, last_code);
    IS(0, sigaction(SIGUSR1, NULL, &old));
    YES(old.sa_handler == SIG_DFL); /* reset */
    IS(0, sigaction(SIGUSR1, &action, NULL));
    IS(0, pthread_sigqueue(pthread_self(), SIGUSR1, (union sigval){ .sival_int = 78 }));
    IS(78, last_value);
    IS(0, sigaction(SIGUSR1, &action, NULL));
    IS(0, pthread_kill(pthread_self(), SIGUSR1));
    IS(SI_TKILL, last_code);
    IS(0, sigaction(SIGUSR1, &action, NULL));
    IS(0, kill(getpid(), SIGUSR1));
    IS(SI_USER, last_code);
    FAILS(EINVAL, sigaction(SIGKILL, &action, NULL));
    FAILS(EINVAL, sigaction(SIGSTOP, &action, NULL));
    FAILS(EINVAL, sigaction(0, &action, NULL));
    FAILS(EINVAL, sigaction(-1, &action, NULL));
    FAILS(EINVAL, sigaction(65, &action, NULL));
    FAILS(EINVAL, sigaction(32, &action, NULL)); /* libc's own */
    FAILS(EINVAL, sigaction(33, &action, NULL));
    IS(0, sigaction(SIGKILL, NULL, &old));
    IS(0, sigaction(SIGRTMIN, &action, NULL));
    IS(0, sigaction(SIGRTMAX, &action, NULL));
    IS(0, sigqueue(getpid(), SIGRTMAX, (union sigval){ .sival_int = 79 }));
    IS(79, last_value);
    FAILS(EINVAL, sigqueue(getpid(), 65, (union sigval){ .sival_int = 0 }));
}

/* ---- the other ways to set a handler ---- */

static void setters(void)
{
    struct sigaction old;

    YES(signal(SIGUSR1, note) == SIG_DFL);
    YES(signal(SIGUSR1, SIG_IGN) == note);
    IS(0, raise(SIGUSR1));
    YES(signal(SIGUSR1, note) == SIG_IGN);
    IS(0, sigaction(SIGUSR1, NULL, &old));
    IS(SA_RESTART, old.sa_flags & SA_RESTART); /* BSD's way */
    count = 0;
    IS(0, raise(SIGUSR1));
    IS(0, raise(SIGUSR1));
    IS(2, count);
    YES(signal(SIGKILL, note) == SIG_ERR && errno == EINVAL);
    YES(signal(SIGUSR1, SIG_ERR) == SIG_ERR && errno == EINVAL);
    YES(signal(1000, note) == SIG_ERR && errno == EINVAL);
    YES(sysv_signal(SIGUSR1, note) == note);
    IS(0, raise(SIGUSR1));
    IS(0, sigaction(SIGUSR1, NULL, &old));
    YES(old.sa_handler == SIG_DFL); /* System V's way: once */
    YES(sigset(SIGUSR1, note) == SIG_DFL);
    YES(sigset(SIGUSR1, SIG_HOLD) == note);
    YES(is_blocked(SIGUSR1));
    count = 0;
    IS(0, raise(SIGUSR1));
    IS(0, count);
    YES(sigset(SIGUSR1, note) == SIG_HOLD);
    IS(1, count);
    YES(!is_blocked(SIGUSR1));
    IS(0, sighold(SIGUSR1));
    YES(is_blocked(SIGUSR1));
    IS(0, raise(SIGUSR1));
    FAILS(EINTR, sigpause(SIGUSR1));
    IS(2, count);
    IS(0, sigrelse(SIGUSR1));
    YES(!is_blocked(SIGUSR1));
    IS(0, sigignore(SIGUSR1));
    IS(0, raise(SIGUSR1));
    IS(2, count);
    YES(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
    FAILS(EINVAL, sighold(1000));
    FAILS(EINVAL, sigrelse(1000));
    FAILS(EINVAL, sigignore(1000));
    YES(sigset(1000, note) == SIG_ERR && errno == EINVAL);
    set_handler(SIGUSR1, note, SA_RESTART, 0);
    IS(0, siginterrupt(SIGUSR1, 1));
    IS(0, sigaction(SIGUSR1, NULL, &old));
    IS(0, old.sa_flags & SA_RESTART);
    IS(0, siginterrupt(SIGUSR1, 0));
    IS(0, sigaction(SIGUSR1, NULL, &old));
    IS(SA_RESTART, old.sa_flags & SA_RESTART);
    FAILS(EINVAL, siginterrupt(1000, 0));
    YES(signal(SIGUSR1, SIG_DFL) == note);
}

/* ---- masks ---- */

static void masks(void)
{
    sigset_t usr1 = set_of(SIGUSR1), usr2 = set_of(SIGUSR2), none = set_of(0), all, old;

    set_handler(SIGUSR1, note, 0, 0);
    IS(0, sigprocmask(SIG_BLOCK, &usr1, &old));
    IS(0, sigismember(&old, SIGUSR1));
    IS(0, raise(SIGUSR1));
    IS(0, raise(SIGUSR1));
    IS(0, count);
    IS(0, sigpending(&old));
    IS(1, sigismember(&old, SIGUSR1));
    IS(0, sigismember(&old, SIGUSR2));
    IS(0, pthread_sigmask(SIG_UNBLOCK, &usr1, &old));
    IS(1, sigismember(&old, SIGUSR1));
    IS(1, count); /* once: it does not queue */
    IS(0, sigprocmask(SIG_SETMASK, &usr2, NULL));
    YES(is_blocked(SIGUSR2) && !is_blocked(SIGUSR1));
    IS(0, sigprocmask(SIG_SETMASK, &none, NULL));
    YES(!is_blocked(SIGUSR2));
    FAILS(EINVAL, sigprocmask(99, &usr1, NULL));
    IS(EINVAL, pthread_sigmask(99, &usr1, NULL));
    IS(0, sigprocmask(99, NULL, &old)); /* the first is not looked at then */
    MUST(sigfillset(&all) == 0);
    IS(0, sigprocmask(SIG_SETMASK, &all, NULL));
    YES(!is_blocked(SIGKILL) && !is_blocked(SIGSTOP) && is_blocked(SIGTERM));
    IS(0, sigprocmask(SIG_SETMASK, &none, NULL));
    FAILS(EINVAL, sigaddset(&old, 0));
    FAILS(EINVAL, sigaddset(&old, 65));
    FAILS(EINVAL, sigismember(&old, 1000));
    FAILS(EINVAL, sigdelset(&old, -1));
}

static void block(int number)
{
    sigset_t set = set_of(number);

    MUST(pthread_sigmask(SIG_SETMASK, &set, NULL) == 0);
}

/* ---- waits ---- */

static int wait_one(void *set)
{
    int number = -1, r = sigwait(set, &number);

    return r == 0 ? number : -r;
}

static int suspend(void *mask)
{
    return sigsuspend(mask) == -1 ? errno : 0;
}

static void waits(void)
{
    sigset_t usr1 = set_of(SIGUSR1), rt = set_of(SIGRTMIN), none = set_of(0), both = set_of(SIGUSR1);
    struct timespec no_time = { 0, 0 }, bad = { 0, -1 }, hour = { 3600, 0 };
    siginfo_t info;
    struct job job;
    int number = 0;

    MUST(sigaddset(&both, SIGUSR2) == 0);
    IS(0, pthread_sigmask(SIG_SETMASK, &both, NULL));
    IS(0, raise(SIGUSR1));
    IS(0, sigwait(&usr1, &number));
    IS(SIGUSR1, number);
    job_start(&job, wait_one, &usr1);
    YES(job_sleeps_in(&job, SYS_rt_sigtimedwait));
    IS(0, pthread_kill(job.thread, SIGUSR1));
    IS(SIGUSR1, job_end(&job));
    IS(0, sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 5 }));
    IS(SIGUSR1, sigwaitinfo(&usr1, &info));
    IS(5, info.si_value.sival_int);
    FAILS(EAGAIN, sigtimedwait(&usr1, &info, &no_time));
    FAILS(EINVAL, sigtimedwait(&usr1, &info, &bad));
    IS(0, raise(SIGUSR1));
    IS(SIGUSR1, sigtimedwait(&usr1, &info, &hour));
    IS(0, sigaddset(&both, SIGRTMIN));
    IS(0, pthread_sigmask(SIG_SETMASK, &both, NULL));
    for (int i = 0; i < 3; i++)
        IS(0, sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }));
    for (int i = 0; i < 3; i++) {
        IS(SIGRTMIN, sigwaitinfo(&rt, &info));
        IS(i, info.si_value.sival_int); /* these queue, in order */
    }
    set_handler(SIGUSR1, note, 0, 0);
    IS(0, raise(SIGUSR1));
    FAILS(EINTR, sigsuspend(&none));
    IS(1, count);
    IS(1, masked & 1);
    YES(is_blocked(SIGUSR1));
    job_start(&job, suspend, &none);
    YES(job_sleeps_in(&job, SYS_rt_sigsuspend));
    IS(0, pthread_kill(job.thread, SIGUSR1));
    IS(EINTR, job_end(&job));
    /* The mask that a wait has for its time. */
    IS(0, raise(SIGUSR1));
    FAILS(EINTR, ppoll(NULL, 0, &hour, &none));
    IS(3, count);
    IS(0, raise(SIGUSR1));
    FAILS(EINTR, pselect(0, NULL, NULL, NULL, &hour, &none));
    IS(4, count);
    IS(0, ppoll(NULL, 0, &no_time, &none));
    IS(0, pselect(0, NULL, NULL, NULL, &no_time, &both));
    number = epoll_create1(EPOLL_CLOEXEC);
    IS(0, raise(SIGUSR1));
    FAILS(EINTR, epoll_pwait(number, &(struct epoll_event){ 0 }, 1, 3600000, &none));
    IS(5, count);
    close(number);
    YES(is_blocked(SIGUSR1));
    number = signalfd(-1, &usr1, SFD_CLOEXEC);
    IS(0, raise(SIGUSR1));
    IS(sizeof(struct signalfd_siginfo), read(number, &(struct signalfd_siginfo){ 0 }, sizeof(struct signalfd_siginfo)));
    close(number);
    block(0);
}

/* ---- interrupted and restarted calls ---- */

static int pipe_ends[2];

static int read_byte(void *unused)
{
    char byte = 0;

    (void)unused;
    return read(pipe_ends[0], &byte, 1) == 1 ? byte : -errno;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int take(void *unused)
{
    (void)unused;
    return pthread_mutex_lock(&lock) != 0 || pthread_mutex_unlock(&lock) != 0;
}

static void interrupted(void)
{
    struct job job;

    MUST(pipe(pipe_ends) == 0);
    set_handler(SIGUSR1, note, 0, 0);
    job_start(&job, read_byte, NULL);
    YES(job_sleeps_in(&job, SYS_read));
    IS(0, pthread_kill(job.thread, SIGUSR1));
    IS(-EINTR, job_end(&job));
    set_handler(SIGUSR1, note, SA_RESTART, 0);
    job_start(&job, read_byte, NULL);
    YES(job_sleeps_in(&job, SYS_read));
    IS(0, pthread_kill(job.thread, SIGUSR1));
    while (count == 0)
        sched_yield();
    IS(1, write(pipe_ends[1], "x", 1));
    IS('x', job_end(&job));
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        set_handler(SIGUSR1, note, flags, 0);
        IS(0, pthread_mutex_lock(&lock));
        job_start(&job, take, NULL);
        for (int i = 1; i <= 3; i++) {
            YES(SLEEPS_ON(&job, &lock)); /* a wait for a lock goes on, whatever the flags */
            IS(0, pthread_kill(job.thread, SIGUSR1));
            while (count < i)
                sched_yield();
        }
        IS(0, pthread_mutex_unlock(&lock));
        IS(0, job_end(&job));
    }
}

/* ---- stacks ---- */

static char stack_memory[65536];
static volatile int on_stack, flags_inside, error_inside;

static void look_at_stack(int number)
{
    char here;
    stack_t now, other = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };

    on_stack = &here >= stack_memory && &here < stack_memory + sizeof(stack_memory);
    MUST(sigaltstack(NULL, &now) == 0);
    flags_inside = now.ss_flags;
    error_inside = sigaltstack(&other, NULL) == 0 ? 0 : errno;
    note(number);
}

static void stacks(void)
{
    stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) }, old;

    IS(0, sigaltstack(NULL, &old));
    IS(SS_DISABLE, old.ss_flags);
    IS(0, sigaltstack(&stack, &old));
    IS(SS_DISABLE, old.ss_flags);
    IS(0, sigaltstack(NULL, &old));
    YES(old.ss_sp == stack_memory && old.ss_size == sizeof(stack_memory));
    set_handler(SIGUSR1, look_at_stack, SA_ONSTACK, 0);
    IS(0, raise(SIGUSR1));
    IS(1, on_stack);
    IS(SS_ONSTACK, flags_inside);
    IS(EPERM, error_inside);
    set_handler(SIGUSR1, look_at_stack, 0, 0);
    IS(0, raise(SIGUSR1));
    IS(0, on_stack);
    IS(0, flags_inside);
    stack.ss_size = 100;
    FAILS(ENOMEM, sigaltstack(&stack, NULL));
    stack.ss_flags = 1234;
    FAILS(EINVAL, sigaltstack(&stack, NULL));
    stack = (stack_t){ .ss_flags = SS_DISABLE };
    IS(0, sigaltstack(&stack, NULL));
    set_handler(SIGUSR1, look_at_stack, SA_ONSTACK, 0);
    IS(0, raise(SIGUSR1));
    IS(0, on_stack);
}

/* ---- jumps ---- */

static sigjmp_buf back;

static void jump_back(int number)
{
    note(number);
    siglongjmp(back, number);
}

static void jumps(void)
{
    static ucontext_t here, there;
    static volatile int swapped;
    sigset_t usr2 = set_of(SIGUSR2);
    volatile int r;

    for (int save = 0; save < 2; save++) {
        set_handler(SIGUSR1, jump_back, 0, SIGUSR2);
        r = sigsetjmp(back, save);
        if (r == 0) {
            raise(SIGUSR1);
            r = -1;
        }
        IS(SIGUSR1, r);
        IS(1, count);
        IS(!save, is_blocked(SIGUSR1));
        IS(!save, is_blocked(SIGUSR2));
        block(0);
    }
    set_handler(SIGSEGV, jump_back, SA_NODEFER, 0);
    r = sigsetjmp(back, 1);
    if (r == 0) {
        volatile int *volatile nowhere = NULL;

        *nowhere = 1;
    }
    IS(SIGSEGV, r);
    /* Contexts keep masks, too. */
    swapped = 0;
    IS(0, getcontext(&here));
    if (swapped++ == 0) {
        IS(0, pthread_sigmask(SIG_SETMASK, &usr2, NULL));
        MUST(setcontext(&here) == -1);
    }
    IS(2, swapped);
    YES(!is_blocked(SIGUSR2));
    MUST(getcontext(&there) == 0);
    there.uc_link = &here;
    there.uc_stack = (stack_t){ .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
    makecontext(&there, (void (*)(void))note, 1, 7);
    count = 0;
    IS(0, swapcontext(&here, &there));
    IS(1, count);
    IS(7, last_number);
}

/* ---- timers, children, threads ---- */

static void sources(void)
{
    struct itimerval soon = { { 0, 0 }, { 0, 1000 } }, old;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 91 };
    struct itimerspec timer_soon = { { 0, 0 }, { 0, 1000 } };
    struct sigaction action = { .sa_sigaction = note_info, .sa_flags = SA_SIGINFO };
    sigset_t none = set_of(0);
    timer_t timer;
    pid_t child;

    block(SIGALRM);
    set_handler(SIGALRM, note, 0, 0);
    IS(0, setitimer(ITIMER_REAL, &soon, &old));
    FAILS(EINTR, sigsuspend(&none));
    IS(SIGALRM, last_number);
    IS(0, alarm(1000));
    YES(alarm(0) > 900);
    MUST(sigaction(SIGRTMIN, &action, NULL) == 0);
    block(SIGRTMIN);
    IS(0, timer_create(CLOCK_MONOTONIC, &event, &timer));
    IS(0, timer_settime(timer, 0, &timer_soon, NULL));
    FAILS(EINTR, sigsuspend(&none));
    IS(91, last_value);
    IS(SI_TIMER, last_code);
    IS(0, timer_delete(timer));
    MUST(sigaction(SIGCHLD, &action, NULL) == 0);
    block(SIGCHLD);
    child = fork();
    if (child == 0)
        _exit(5);
    FAILS(EINTR, sigsuspend(&none));
    IS(SIGCHLD, last_number);
    IS(CLD_EXITED, last_code);
    IS(5, status_of(child));
    block(0);
}

static atomic_int notified;

static void notify(union sigval value)
{
    atomic_store(&notified, value.sival_int);
}

/* A timer that calls back in a thread. */
static void timer_threads(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD,
                              .sigev_notify_function = notify,
                              .sigev_value.sival_int = 92 };
    struct itimerspec soon = { { 0, 0 }, { 0, 1000 } };
    timer_t timer;

    IS(0, timer_create(CLOCK_MONOTONIC, &event, &timer));
    IS(0, timer_settime(timer, 0, &soon, NULL));
    while (atomic_load(&notified) == 0)
        sched_yield();
    IS(92, atomic_load(&notified));
    IS(0, timer_delete(timer));
}

/* What children and new programs get of it. */
static void inherited(void)
{
    pid_t child;

    set_handler(SIGUSR1, note, 0, 0);
    YES(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
    block(SIGTERM);
    child = fork();
    if (child == 0) {
        raise(SIGUSR1);
        raise(SIGUSR2);
        raise(SIGTERM);
        _exit(count == 1 && is_blocked(SIGTERM) ? 7 : 8);
    }
    IS(7, status_of(child));
    child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "kill -USR2 $$; kill -TERM $$; kill -USR1 $$; exit 8", (char *)NULL);
        _exit(9);
    }
    IS(-SIGUSR1, status_of(child));
    block(0);
    YES(signal(SIGUSR2, SIG_DFL) == SIG_IGN);
}

static void keep_errno(int number)
{
    (void)number;
    errno_inside = errno;
    errno = 99;
    MUST(pthread_mutex_trylock(&lock) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
    MUST(errno == 99);
    errno = errno_inside;
}

static void errno_kept(void)
{
    set_handler(SIGUSR1, keep_errno, 0, 0);
    errno = 55;
    MUST(raise(SIGUSR1) == 0);
    IS(55, errno_inside);
}

CONFORM({ "actions", actions }, { "setters", setters }, { "masks", masks }, { "waits", waits },
        { "interrupted", interrupted }, { "stacks", stacks }, { "jumps", jumps }, { "sources", sources },
        { "timer threads", timer_threads }, { "inherited", inherited }, { "errno", errno_kept })
