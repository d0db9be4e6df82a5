/* SPDX-License-Identifier: MIT */
/*
 * Signals at which all threads are listed: what happens then is what happens without the library, and the program sees what
 * it installed itself.
 */
/* options: dump_on_signal=SIGABRT,SIGTERM,USR1,SIGUSR2,SIGSEGV,SIGTRAP,SIGRTMIN+3 */
#include "program.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Old ways to install are ways, too. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;
static int waiter; /* atomic: the thread's number */

/* Wait until the thread @tid sleeps because of @mutex. */
static void until_it_sleeps(int tid, const pthread_mutex_t *mutex)
{
    unsigned long address;
    char path[64], line[64];
    long number;
    int fd;
    ssize_t n;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
    for (;;) {
        fd = open(path, O_RDONLY);
        n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
        if (fd >= 0)
            (void)close(fd);
        if (n > 0) {
            line[n] = '\0';
            if (sscanf(line, "%ld %lx", &number, &address) == 2 && number == SYS_futex &&
                address - (unsigned long)mutex < sizeof(*mutex))
                return;
        }
        (void)usleep(1000);
    }
}

static void *wait_for_lock(void *arg)
{
    (void)arg;
    MUST(pthread_mutex_lock(&inner) == 0);
    __atomic_store_n(&waiter, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    MUST(pthread_mutex_lock(&outer) == 0);
    return NULL;
}

/* This thread has one lock, another one has the other and waits for it. */
static void hold_and_wait(void)
{
    pthread_t thread;

    MUST(pthread_mutex_lock(&outer) == 0);
    MUST(pthread_create(&thread, NULL, wait_for_lock, NULL) == 0);
    while (__atomic_load_n(&waiter, __ATOMIC_ACQUIRE) == 0)
        (void)usleep(1000);
    until_it_sleeps(__atomic_load_n(&waiter, __ATOMIC_ACQUIRE), &outer);
}

/* case: aborts */
/* status: -6 */
/* expect: ^Showing all threads of dumps\[\d+\], at SIGABRT:$ */
/* expect: ^dumps/\d+ is trying to acquire lock|^wait_for_lock/\d+ is trying to acquire lock, for \d+ ms:\n0x[0-9a-f]+ \(outer\)\{.*\}.*, at: wait_for_lock\+ */
/* expect: ^which is held by dumps/\d+$ */
/* expect: ^1 lock held by dumps/\d+:\n #0: 0x[0-9a-f]+ \(outer\) */
/* expect: ^1 lock held by wait_for_lock/\d+:\n #0: 0x[0-9a-f]+ \(inner\) */
/* expect: ^=============================================$ */
static void aborts(void)
{
    hold_and_wait();
    abort();
}

/* A program that hangs is told to end, as by a test's timeout. */
/* case: hangs */
/* status: 0 */
/* stdout: ^ended by signal 15$ */
/* expect: ^Showing all threads of dumps\[\d+\], at SIGTERM:$ */
/* expect: ^wait_for_lock/\d+ is trying to acquire lock */
static void hangs(void)
{
    int status, said[2];
    pid_t child;
    char c;

    MUST(pipe(said) == 0);
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        hold_and_wait();
        MUST(write(said[1], "x", 1) == 1);
        for (;;)
            (void)pause();
    }
    MUST(read(said[0], &c, 1) == 1);
    MUST(kill(child, SIGTERM) == 0);
    MUST(waitpid(child, &status, 0) == child);
    MUST(WIFSIGNALED(status));
    printf("ended by signal %d\n", WTERMSIG(status));
}

static volatile int runs, last_number, last_value;

static void handler(int number)
{
    runs++;
    last_number = number;
}

static void info_handler(int number, siginfo_t *info, void *context)
{
    MUST(context != NULL);
    runs++;
    last_number = number;
    last_value = info->si_value.sival_int;
}

/* Installed in each of the ways, before and after the first lock; the program sees its own only. */
/* case: has_a_handler */
/* status: 0 */
/* stdout: ^runs 4, signal 37, value 7$ */
/* expect: at SIGTERM:\n[^$]*at SIGUSR1:\n[^$]*at SIGUSR2:\n[^$]*at SIGRTMIN\+3: */
static void has_a_handler(void)
{
    struct sigaction action = { .sa_sigaction = info_handler, .sa_flags = SA_SIGINFO }, old;

    MUST(signal(SIGTERM, handler) == SIG_DFL);
    MUST(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    MUST(signal(SIGUSR1, handler) == SIG_IGN);
    MUST(pthread_mutex_lock(&outer) == 0);
    MUST(sigset(SIGUSR2, handler) == SIG_DFL);
    MUST(sigaction(SIGRTMIN + 3, &action, &old) == 0 && old.sa_handler == SIG_DFL);
    MUST(sigaction(SIGRTMIN + 3, NULL, &old) == 0 && old.sa_sigaction == info_handler);
    MUST(raise(SIGTERM) == 0 && last_number == SIGTERM);
    MUST(raise(SIGUSR1) == 0 && last_number == SIGUSR1);
    MUST(raise(SIGUSR2) == 0 && last_number == SIGUSR2);
    MUST(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 7 }) == 0);
    printf("runs %d, signal %d, value %d\n", runs, last_number, last_value);
    MUST(signal(SIGTERM, SIG_DFL) == handler);
    MUST(signal(SIGTERM, SIG_IGN) == SIG_DFL);
}

/* A handler that leaves by a jump, as programs do that go on after an interruption. */
/* case: jumps_out */
/* status: 0 */
/* expect: at SIGTERM: */
static sigjmp_buf back;

static void jump(int number)
{
    siglongjmp(back, number);
}

static void jumps_out(void)
{
    volatile int rounds = 0;

    MUST(signal(SIGTERM, jump) == SIG_DFL);
    while (sigsetjmp(back, 1) != 0 || rounds == 0) {
        if (rounds++ == 3)
            break;
        MUST(pthread_mutex_lock(&outer) == 0);
        MUST(pthread_mutex_unlock(&outer) == 0);
        (void)raise(SIGTERM);
    }
    printf("%d rounds\n", rounds);
}

/* An ignored signal does nothing, not even to a call that waits. */
/* case: ignores */
/* status: 0 */
/* stdout: ^read 1$ */
/* expect: ^Showing all threads of dumps\[\d+\], at SIGTERM:$ */
static void *reads(void *arg)
{
    char c;

    __atomic_store_n(&waiter, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    printf("read %d\n", (int)read(*(int *)arg, &c, 1));
    return NULL;
}

static void ignores(void)
{
    pthread_t thread;
    int ends[2];

    MUST(pipe(ends) == 0);
    MUST(signal(SIGTERM, SIG_IGN) == SIG_DFL);
    MUST(pthread_create(&thread, NULL, reads, &ends[0]) == 0);
    while (__atomic_load_n(&waiter, __ATOMIC_ACQUIRE) == 0)
        (void)usleep(1000);
    for (int i = 0; i < 3; i++) {
        MUST(syscall(SYS_tgkill, getpid(), waiter, SIGTERM) == 0);
        MUST(kill(getpid(), SIGTERM) == 0);
    }
    MUST(write(ends[1], "x", 1) == 1);
    MUST(pthread_join(thread, NULL) == 0);
}

/* What sigaction says is what the program said. */
/* case: asks */
/* status: 0 */
/* expect: at SIGUSR2: */
static const char *name_of(sighandler_t function)
{
    return function == SIG_DFL                              ? "default"
           : function == SIG_IGN                            ? "ignore"
           : function == handler                            ? "handler"
           : (uintptr_t)function == (uintptr_t)info_handler ? "info"
                                                            : "?";
}

static void ask(const char *after, int number)
{
    struct sigaction now;
    uint64_t mask;

    MUST(sigaction(number, NULL, &now) == 0);
    memcpy(&mask, &now.sa_mask, sizeof(mask));
    printf("%s: %s, flags %#x, mask %#llx, restorer %d\n", after, name_of(now.sa_handler), (unsigned)now.sa_flags,
           (unsigned long long)mask, now.sa_restorer != NULL);
}

static void asks(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_ONSTACK | SA_NODEFER }, old;
    struct sigaction *volatile same = &action;

    ask("at first", SIGTERM);
    MUST(sigaddset(&action.sa_mask, SIGHUP) == 0);
    MUST(sigaction(SIGTERM, &action, &old) == 0);
    ask("sigaction", SIGTERM);
    action.sa_handler = SIG_IGN;
    action.sa_flags = SA_RESTART;
    MUST(sigaction(SIGTERM, same, &action) == 0);
    printf("before: %s, flags %#x\n", name_of(action.sa_handler), (unsigned)action.sa_flags);
    ask("sigaction", SIGTERM);
    MUST(sigignore(SIGUSR1) == 0);
    ask("sigignore", SIGUSR1);
    MUST(siginterrupt(SIGUSR1, 1) == 0);
    (void)sigset(SIGUSR1, SIG_DFL);
    ask("sigset", SIGUSR1);
    action = (struct sigaction){ .sa_handler = handler, .sa_flags = (int)SA_RESETHAND };
    MUST(sigaction(SIGUSR2, &action, NULL) == 0);
    ask("once", SIGUSR2);
    MUST(raise(SIGUSR2) == 0 && runs == 1);
    MUST(sigaction(SIGUSR2, NULL, &old) == 0);
    printf("then: %s\n", name_of(old.sa_handler));
    MUST(sigaction(0, NULL, &old) < 0 && sigaction(99, &action, NULL) < 0);
    MUST(sigaction(SIGTERM, NULL, NULL) == 0);
}

/* A handler that goes away when it is called; the next signal ends the program, and is answered first. */
/* case: once */
/* status: -12 */
/* expect: at SIGUSR2:\n[^$]*at SIGUSR2: */
static void once(void)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = (int)SA_RESETHAND };

    MUST(sigaction(SIGUSR2, &action, NULL) == 0);
    MUST(raise(SIGUSR2) == 0 && runs == 1);
    (void)raise(SIGUSR2);
    MUST(0);
}

/* A fault happens again where it happened. */
/* case: faults */
/* status: -11 */
/* expect: at SIGSEGV: */
static void faults(void)
{
    volatile int *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(pthread_mutex_lock(&outer) == 0);
    *nowhere = 1;
}

/* case: traps */
/* status: -5 */
/* expect: at SIGTRAP: */
static void traps(void)
{
    (void)raise(SIGTRAP);
    MUST(0);
}

/* A thread that no call of the program made, and that has no state yet. */
/* case: by_a_stranger */
/* status: -15 */
/* expect: at SIGTERM:\n[^$]*^threads of which no lock is known: (dumps/\d+, )*dumps/\d+$ */
static void only_kills(union sigval value)
{
    const uint64_t term = UINT64_C(1) << (SIGTERM - 1);

    (void)value;
    MUST(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &term, NULL, sizeof(term)) == 0);
    (void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGTERM);
}

static void by_a_stranger(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = only_kills };
    const struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };
    timer_t timer;

    MUST(pthread_mutex_lock(&outer) == 0);
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &soon, NULL) == 0);
    for (;;)
        (void)pause();
}

/* In the middle of the library, again and again: threads learn orders while signals come that are ignored. */
/* case: all_the_time */
/* options: log=/dev/null */
/* status: 0 */
enum {
    LEARNERS = 3,
    LOCKS = 300
};

static int learners; /* atomic */

static void *learn(void *arg)
{
    pthread_mutex_t *locks = calloc(LOCKS, sizeof(*locks));

    (void)arg;
    MUST(locks != NULL);
    for (int i = 0; i < LOCKS; i++)
        MUST(pthread_mutex_init(&locks[i], NULL) == 0);
    for (int i = 0; i + 1 < LOCKS; i++)
        nest(&locks[i], &locks[i + 1]);
    free(locks);
    (void)__atomic_fetch_sub(&learners, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void all_the_time(void)
{
    pthread_t threads[LEARNERS];
    unsigned sent = 0;

    MUST(signal(SIGUSR1, SIG_IGN) == SIG_DFL && signal(SIGUSR2, handler) == SIG_DFL);
    for (int round = 0; round < 5; round++) {
        __atomic_store_n(&learners, LEARNERS, __ATOMIC_RELEASE);
        for (int i = 0; i < LEARNERS; i++)
            MUST(pthread_create(&threads[i], NULL, learn, NULL) == 0);
        while (__atomic_load_n(&learners, __ATOMIC_ACQUIRE) != 0 || sent < 20) {
            /* A thread that has ended is not sent anything, since nobody joined it yet: it is just not there. */
            (void)pthread_kill(threads[sent % LEARNERS], sent % 2 != 0 ? SIGUSR1 : SIGUSR2);
            sent++;
        }
        for (int i = 0; i < LEARNERS; i++)
            MUST(pthread_join(threads[i], NULL) == 0);
    }
    MUST(pthread_mutex_lock(&outer) == 0 && pthread_mutex_unlock(&outer) == 0);
}

/* A forked child that is not watched lists nothing; it ends as it should. */
/* case: not_followed */
/* options: follow_children=0 */
/* status: 0 */
/* stdout: ^ended by signal 15$ */
static void not_followed(void)
{
    int status;
    pid_t child = fork();

    MUST(child >= 0);
    if (child == 0) {
        (void)raise(SIGTERM);
        _exit(1);
    }
    MUST(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    printf("ended by signal %d\n", WTERMSIG(status));
}

/* A signal stack with and one without room for it. */
/* case: signal_stacks */
/* status: 0 */
/* expect: ^lockval: there is no room on the signal stack to list all threads$ */
/* expect: ^Showing all threads of dumps\[\d+\], at SIGUSR2:$ */
static void on_stack(int number, size_t size)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
    char *memory = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const stack_t stack = { .ss_sp = memory + 4096, .ss_size = size };

    MUST(memory != MAP_FAILED && mprotect(memory, 4096, PROT_NONE) == 0);
    MUST(sigaltstack(&stack, NULL) == 0 && sigaction(number, &action, NULL) == 0);
    MUST(raise(number) == 0);
}

static void signal_stacks(void)
{
    MUST(pthread_mutex_lock(&outer) == 0);
    on_stack(SIGUSR1, 12 * 1024);
    on_stack(SIGUSR2, 16 * 1024);
    printf("%d runs\n", runs);
}

/* Names that are none, and of signals that are not for this. */
/* case: odd_names */
/* options: dump_on_signal=SIGFOO,,TERM,SIGKILL,SIGCHLD,99 */
/* status: -15 */
/* expect: ^lockval: option 'dump_on_signal': 'SIGFOO' is not the name of a signal that ends a process$ */
/* expect: 'SIGKILL' is not */
/* expect: 'SIGCHLD' is not */
/* expect: '99' is not */
/* expect: at SIGTERM: */
static void odd_names(void)
{
    (void)raise(SIGTERM);
}

/* case: not_asked_for */
/* options: dump_on_signal=SIGQUIT */
/* status: -15 */
static void not_asked_for(void)
{
    MUST(pthread_mutex_lock(&outer) == 0);
    (void)raise(SIGTERM);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "aborts", aborts },
        { "hangs", hangs },
        { "has_a_handler", has_a_handler },
        { "jumps_out", jumps_out },
        { "ignores", ignores },
        { "asks", asks },
        { "once", once },
        { "faults", faults },
        { "traps", traps },
        { "by_a_stranger", by_a_stranger },
        { "all_the_time", all_the_time },
        { "not_followed", not_followed },
        { "signal_stacks", signal_stacks },
        { "odd_names", odd_names },
        { "not_asked_for", not_asked_for },
    };

    (void)argc;
    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    return 0;
}
