/* SPDX-License-Identifier: MIT */
/*
 * Findings made in signal handlers say so, and those made outside do not, however a handler was left: by return, by a
 * jump, by a switch of stacks, by the end of its thread. And locks are watched after all of it.
 */
/* status: 66 */
/* findings: 1 */
/* stdout: ^done$ */
/* The library's own frames are nobody's business. */
/* reject: liblockval\.so */
#include "program.h"

#include <dlfcn.h>
#include <lockval.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER, d = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf out;
static volatile int runs;

static __attribute__((noinline)) void install(int number, sighandler_t handler, int flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

    MUST(sigaction(number, &action, NULL) == 0);
}

/* What a handler takes is taken elsewhere with signals blocked, or that would be one more finding. */
static void block(int how)
{
    sigset_t all;

    MUST(sigfillset(&all) == 0 && pthread_sigmask(how, &all, NULL) == 0);
}

static void nest_blocked(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    block(SIG_BLOCK);
    nest(outer, inner);
    block(SIG_UNBLOCK);
}

/* Further down the stack than any handler was. */
static __attribute__((noinline)) void far_below(void (*run)(void))
{
    volatile char room[65536];

    room[0] = room[sizeof(room) - 1] = 0;
    block(SIG_BLOCK);
    run();
    block(SIG_UNBLOCK);
    room[1] = 0;
}

static void nest_dc(void)
{
    nest(&d, &c);
}

static void nest_ba(int number)
{
    (void)number;
    nest(&b, &a);
}

/* case: returns */
/* expect: is trying to acquire lock:\n.*\nin the handler of signal SIGUSR1, installed at install\+0x\S+ \(in_handler\)\n\nbut thread */
static void returns(void)
{
    install(SIGUSR1, nest_ba, 0);
    nest_blocked(&a, &b);
    MUST(raise(SIGUSR1) == 0);
}

/* case: real-time */
/* expect: ^in the handler of signal SIGRTMIN\+3, installed at real_time\+0x\S+ \(in_handler\)$ */
static __attribute__((noinline)) void real_time(void)
{
    nest(&a, &b);
    MUST(signal(SIGRTMIN + 3, nest_ba) == SIG_DFL);
    MUST(raise(SIGRTMIN + 3) == 0);
    runs++;
}

/* The thread's first lock of all is taken in the handler. */
/* case: first-locks */
/* expect: ^in the handler of signal SIGUSR1, installed at install */
static void nest_both(int number)
{
    nest(&a, &b);
    nest_ba(number);
}

static void first_locks(void)
{
    install(SIGUSR1, nest_both, 0);
    MUST(raise(SIGUSR1) == 0);
}

/* case: outside */
/* reject: in the handler */
static void outside(void)
{
    install(SIGUSR1, nest_both, 0);
    nest(&d, &c); /* one finding in the handler would be one too many */
    install(SIGUSR1, SIG_IGN, 0);
    MUST(raise(SIGUSR1) == 0);
    nest(&c, &d);
}

/* case: after */
/* reject: in the handler */
static void nest_cd(int number)
{
    (void)number;
    runs++;
    nest(&c, &d);
}

static void after(void)
{
    install(SIGUSR1, nest_cd, 0);
    MUST(raise(SIGUSR1) == 0);
    far_below(nest_dc);
}

/* case: misuse */
/* expect: ^is being released, but nobody holds it\nin the handler of signal SIGUSR1, installed at */
static void bad_unlock(int number)
{
    (void)number;
    MUST(pthread_mutex_unlock(&a) == 0);
}

static void misuse(void)
{
    install(SIGUSR1, bad_unlock, 0);
    MUST(pthread_mutex_lock(&a) == 0 && pthread_mutex_unlock(&a) == 0);
    MUST(raise(SIGUSR1) == 0);
}

/* One handler in another; then each has a finding. */
/* case: nested */
/* findings: 2 */
/* expect: ^in the handler of signal SIGUSR2, installed at(.*\n)*in the handler of signal SIGUSR1, installed at */
static void outer(int number)
{
    (void)number;
    MUST(raise(SIGUSR2) == 0);
    nest_dc();
}

static void nested(void)
{
    install(SIGUSR1, outer, 0);
    install(SIGUSR2, nest_ba, 0);
    nest_blocked(&a, &b);
    nest_blocked(&c, &d);
    MUST(raise(SIGUSR1) == 0);
}

/* case: jumps */
/* reject: in the handler */
static void jump(int number)
{
    (void)number;
    runs++;
    nest(&a, &b);
    siglongjmp(out, 1);
}

static void jumps(void)
{
    install(SIGUSR1, jump, 0);
    for (volatile int i = 0; i < 10000; i++) {
        if (sigsetjmp(out, 1) == 0)
            raise(SIGUSR1);
        nest(&c, &d);
    }
    MUST(runs == 10000);
    far_below(nest_dc);
}

/* The other names of longjmp, each alone: a later jump would take off what an earlier one left. */
/* case: jumps-longjmp */
/* reject: in the handler */
/* case: jumps-_longjmp */
/* reject: in the handler */
/* case: jumps-checked */
/* reject: in the handler */
static const char *way;
static jmp_buf plain_out;
extern void checked_longjmp(sigjmp_buf env, int value) __asm__("__longjmp_chk") __attribute__((noreturn));

static void jump_otherwise(int number)
{
    (void)number;
    if (strcmp(way, "jumps-longjmp") == 0)
        longjmp(out, 1);
    if (strcmp(way, "jumps-_longjmp") == 0)
        _longjmp(plain_out, 1);
    checked_longjmp(out, 1);
}

static void jumps_otherwise(void)
{
    nest(&c, &d);
    install(SIGUSR1, jump_otherwise, SA_NODEFER);
    if (sigsetjmp(out, 0) == 0 && _setjmp(plain_out) == 0)
        raise(SIGUSR1);
    far_below(nest_dc);
}

/* A jump that stays in the handler, and one into the outer of two. */
/* case: jumps-inside */
/* findings: 2 */
/* expect: ^in the handler of signal SIGUSR1, installed at(.*\n)*in the handler of signal SIGUSR2, installed at */
static void jump_inside(int number)
{
    static jmp_buf env;

    (void)number;
    if (_setjmp(env) == 0)
        longjmp(env, 1);
    nest(&b, &a);
}

static void jump_to_outer(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

static void outer_of_jump(int number)
{
    (void)number;
    if (sigsetjmp(out, 1) == 0)
        raise(SIGALRM);
    far_below(nest_dc);
}

static void jumps_inside(void)
{
    install(SIGUSR1, jump_inside, 0);
    install(SIGUSR2, outer_of_jump, 0);
    install(SIGALRM, jump_to_outer, 0);
    nest_blocked(&a, &b);
    nest_blocked(&c, &d);
    MUST(raise(SIGUSR1) == 0 && raise(SIGUSR2) == 0);
}

/* On a stack for signals, returning and jumping, with one above and one below the thread's. */
/* case: signal-stack */
/* findings: 2 */
/* expect: ^in the handler of signal SIGUSR2, installed at */
/* reject: SIGUSR1 */
static void *on_small_stacks(void *unused)
{
    size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 6144;
    stack_t stack = { .ss_sp = malloc(size), .ss_size = size };

    MUST(sigaltstack(&stack, NULL) == 0);
    for (volatile int i = 0; i < 100; i++)
        if (sigsetjmp(out, 1) == 0)
            raise(SIGUSR1);
    return unused;
}

static void *no_locks(void *unused)
{
    return unused;
}

static void signal_stack(void)
{
    install(SIGUSR1, jump, SA_ONSTACK);
    nest(&c, &d);
    run_thread(no_locks, NULL);
    run_thread(on_small_stacks, NULL);
    on_small_stacks(NULL);
    install(SIGUSR1, SIG_IGN, 0); /* it would interrupt the other handler */
    install(SIGUSR2, nest_ba, SA_ONSTACK);
    MUST(raise(SIGUSR2) == 0);
    far_below(nest_dc);
}

/* The smallest stack for signals that there is. */
/* case: smallest-stack */
/* findings: 0 */
/* status: 0 */
static void count(int number)
{
    (void)number;
    runs++;
}

static void smallest_stack(void)
{
    size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ), area = 65536;
    char *low = mmap(NULL, area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = { .ss_sp = low + area - size, .ss_size = size };

    MUST(low != MAP_FAILED && sigaltstack(&stack, NULL) == 0);
    install(SIGUSR1, count, SA_ONSTACK);
    install(SIGUSR2, count, SA_ONSTACK);
    for (int i = 0; i < 100; i++)
        MUST(raise(SIGUSR1) == 0);
    for (size_t i = 0; i < area - size; i++)
        MUST(low[i] == 0);
    printf("%d\n", runs);
}

/* Left by a switch to another context: nobody is told, but the stack shows it. */
/* case: setcontext */
/* reject: in the handler */
static ucontext_t back;

static void switch_back(int number)
{
    (void)number;
    setcontext(&back);
}

static void set_context(void)
{
    nest(&c, &d);
    install(SIGUSR1, switch_back, 0);
    MUST(getcontext(&back) == 0);
    if (runs++ < 1000)
        raise(SIGUSR1);
    nest_dc();
}

/* The library itself is interrupted, and left by a jump: the thread is watched again afterwards. */
/* case: out-of-the-library */
/* findings: 2 */
/* options: stats=1 */
/* expect: ^  handlers-unwatched +1$ */
/* reject: in the handler */
/* plain: no */
static void called_back(const struct lockval_report *report, void *arg)
{
    (void)report;
    if (*(int *)arg != 0)
        return;
    *(int *)arg = 1;
    raise(SIGUSR1); /* inside the library */
}

static void just_jump(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

static void out_of_the_library(void)
{
    static int called;

    install(SIGUSR1, just_jump, 0);
    lockval_set_report_callback(called_back, &called);
    nest(&a, &b);
    MUST(pthread_mutex_lock(&b) == 0);
    if (sigsetjmp(out, 1) == 0) {
        pthread_mutex_lock(&a); /* a finding, before the lock is taken */
        puts("not here");
    }
    MUST(called == 1);
    MUST(pthread_mutex_unlock(&b) == 0);
    nest(&c, &d);
    nest(&d, &c);
}

/* The same with spans that are not watched: they go on. */
/* case: off-and-jumps */
/* reject: in the handler */
static void off_and_jumps(void)
{
    install(SIGUSR1, just_jump, 0);
    lockval_off();
    if (sigsetjmp(out, 1) == 0)
        raise(SIGUSR1);
    nest(&a, &b);
    nest(&b, &a);
    lockval_on();
    nest(&c, &d);
    nest(&d, &c);
}

/* Signals at any instruction of the hooks, each left by a jump. What was held then is released; a lock that was between
 * two states is given up. */
/* case: storm-of-jumps */
/* reject: in the handler */
static pthread_mutex_t *volatile fresh[2];
static volatile sig_atomic_t armed;

static void jump_if_armed(int number)
{
    (void)number;
    if (!armed)
        return;
    armed = 0;
    siglongjmp(out, 1);
}

static void storm_of_jumps(void)
{
    struct itimerval often = { .it_interval = { 0, 200 }, .it_value = { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
    nest(&c, &d);
    install(SIGALRM, jump_if_armed, 0);
    MUST(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (volatile int i = 0; i < 2000; i++) {
        for (int j = 0; j < 2; j++) {
            fresh[j] = malloc(sizeof(pthread_mutex_t));
            MUST(fresh[j] != NULL && pthread_mutex_init(fresh[j], &attr) == 0);
        }
        if (sigsetjmp(out, 1) == 0) {
            armed = 1;
            for (;;) {
                pthread_mutex_lock(fresh[0]);
                pthread_mutex_lock(fresh[1]);
                pthread_mutex_unlock(fresh[1]);
                pthread_mutex_unlock(fresh[0]);
            }
        }
        (void)pthread_mutex_unlock(fresh[1]);
        (void)pthread_mutex_unlock(fresh[0]);
    }
    MUST(setitimer(ITIMER_REAL, &never, NULL) == 0);
    far_below(nest_dc);
}

/* The handler ends its thread, by pthread_exit. */
/* case: thread-exit */
/* options: fail_on=guarded */
/* reject: in the handler */
static void end_thread(int number)
{
    pthread_exit(number != 0 ? &a : NULL);
}

static void *ended(void *unused)
{
    raise(SIGUSR1);
    puts("not here");
    return unused;
}

static void thread_exit(void)
{
    install(SIGUSR1, end_thread, 0);
    nest(&c, &d);
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        void *value;

        MUST(pthread_create(&thread, NULL, ended, NULL) == 0 && pthread_join(thread, &value) == 0);
        MUST(value == &a);
    }
    run_thread((void *(*)(void *))(void *)nest_dc, NULL);
}

/* The handler forks; both go on in it, and each has its finding there. */
/* case: fork */
/* findings: 2 */
/* expect: ^in the handler of signal SIGUSR1(.*\n)*in the handler of signal SIGUSR1 */
static void fork_and_nest(int number)
{
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    nest_ba(number);
    if (pid == 0)
        return;
    MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    runs = pid;
}

static void fork_in_handler(void)
{
    nest(&a, &b);
    install(SIGUSR1, fork_and_nest, 0);
    MUST(raise(SIGUSR1) == 0);
    if (runs == 0)
        _exit(0);
}

/* case: exit */
/* expect: ^in the handler of signal SIGTERM */
static void nest_and_exit(int number)
{
    nest_ba(number);
    puts("done");
    exit(0);
}

static void exit_in_handler(void)
{
    nest(&a, &b);
    install(SIGTERM, nest_and_exit, 0);
    MUST(raise(SIGTERM) == 0);
}

/* Handlers of a library that is loaded later. */
/* case: library */
/* args: library {handler_lib} */
/* expect: ^in the handler of signal SIGUSR1, installed at library_install\+0x\S+ \(libhandler_lib.so\)$ */
static void library(const char *path)
{
    void *lib = dlopen(path, RTLD_NOW);
    void (*library_install)(int, void (*)(void));

    MUST(lib != NULL);
    library_install = (void (*)(int, void (*)(void)))dlsym(lib, "library_install");
    MUST(library_install != NULL);
    nest(&c, &d);
    library_install(SIGUSR1, nest_dc);
    MUST(raise(SIGUSR1) == 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "returns", returns },
        { "real-time", real_time },
        { "first-locks", first_locks },
        { "outside", outside },
        { "after", after },
        { "misuse", misuse },
        { "nested", nested },
        { "jumps", jumps },
        { "jumps-longjmp", jumps_otherwise },
        { "jumps-_longjmp", jumps_otherwise },
        { "jumps-checked", jumps_otherwise },
        { "jumps-inside", jumps_inside },
        { "signal-stack", signal_stack },
        { "smallest-stack", smallest_stack },
        { "setcontext", set_context },
        { "out-of-the-library", out_of_the_library },
        { "off-and-jumps", off_and_jumps },
        { "storm-of-jumps", storm_of_jumps },
        { "thread-exit", thread_exit },
        { "fork", fork_in_handler },
        { "exit", exit_in_handler },
    };

    (void)argc;
    way = argv[1];
    if (is_case(argv, "library"))
        library(argv[2]);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
