/* SPDX-License-Identifier: MIT */
/*
 * Locks that signal handlers take, and that are held, or lead to what is held, where the signal can come: each is reported
 * once, with the signal, and where the handler was installed. Nothing hangs: the signals are sent when nothing is held.
 */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: .*(inconsistent lock state|lock order detected|lock inversion dependency detected) */
/* expect: SIGUSR1 */
/* expect: in the handler of signal SIGUSR1, installed at install_with\+0x */
/* stdout: ^done$ */
/* reject: liblockval\.so */
#include "masks.h"

#include <poll.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <ucontext.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t w = PTHREAD_RWLOCK_INITIALIZER;
static volatile sig_atomic_t quiet, runs;
static sigjmp_buf out;

static void take_a(int number)
{
    (void)number;
    runs++;
    if (!quiet)
        take(&a);
}

/* With the signal blocked, as it should be. */
static void nest_blocked(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    mask(SIG_BLOCK, SIGUSR1);
    nest(outer, inner);
    mask(SIG_UNBLOCK, SIGUSR1);
}

static void in_handler_first(void)
{
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    take(&a);
}

static void in_handler_last(void)
{
    install(SIGUSR1, take_a);
    take(&a);
    MUST(raise(SIGUSR1) == 0);
}

/* The lock was taken before there was a handler, which proves nothing, and after. */
static void installed_later(void)
{
    take(&a);
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    take(&a);
}

/* Handlers change, and the one that takes the lock comes last. */
static void ignore(int number)
{
    (void)number;
}

static void changed_before(void)
{
    for (int i = 0; i < 7; i++) {
        install(SIGUSR1, ignore);
        take(&a);
        install(SIGUSR1, take_a);
    }
    MUST(raise(SIGUSR1) == 0);
    take(&a);
}

static void held_when_installed(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
    install(SIGUSR1, take_a);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(raise(SIGUSR1) == 0);
}

/* The handler takes a; a leads to b; b is held where the signal can come. */
static void chain(void)
{
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    nest_blocked(&a, &b);
    take(&b);
}

static void chain_edge_last(void)
{
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    take(&b);
    nest_blocked(&a, &b);
}

static void chain_handler_last(void)
{
    install(SIGUSR1, take_a);
    take(&b);
    nest_blocked(&a, &b);
    MUST(raise(SIGUSR1) == 0);
}

static void long_chain(void)
{
    install(SIGUSR1, take_a);
    nest_blocked(&c, &b);
    take(&b);
    MUST(raise(SIGUSR1) == 0);
    nest_blocked(&a, &c);
}

/* Blocked where the lock is taken, and opened while it is held. */
static void opened_while_held(void)
{
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    MUST(pthread_mutex_lock(&a) == 0);
    mask(SIG_UNBLOCK, SIGUSR1);
    MUST(pthread_mutex_unlock(&a) == 0);
}

/* The other ways to open it. */
static void opened(const char *how)
{
    extern int sighold(int), sigrelse(int), sigsetmask(int);
    extern int sigblock(int);
    sigset_t none = set_of(0), usr1 = set_of(SIGUSR1), old;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    if (strcmp(how, "sigsetmask") == 0)
        MUST((sigblock(1 << (SIGUSR1 - 1)) & 1 << (SIGUSR1 - 1)) == 0);
    else
        MUST(sighold(SIGUSR1) == 0);
    MUST(pthread_mutex_lock(&a) == 0);
    if (strcmp(how, "sigprocmask") == 0)
        MUST(sigprocmask(SIG_SETMASK, &none, &old) == 0 && sigismember(&old, SIGUSR1) == 1);
    else if (strcmp(how, "sigprocmask-unblock") == 0)
        MUST(sigprocmask(SIG_UNBLOCK, &usr1, NULL) == 0);
    else if (strcmp(how, "sigrelse") == 0)
        MUST(sigrelse(SIGUSR1) == 0);
    else if (strcmp(how, "sigsetmask") == 0)
        MUST((sigsetmask(0) & 1 << (SIGUSR1 - 1)) != 0);
    else if (strcmp(how, "sigset") == 0)
        MUST(sigset(SIGUSR1, take_a) == SIG_HOLD);
    MUST(pthread_mutex_unlock(&a) == 0);
}

/* Waits that open the signal while the lock is held; the handler takes nothing this time. */
static void waits(const char *how)
{
    extern int xpg_sigpause(int) __asm__("__xpg_sigpause");
    extern int bsd_sigpause(int) __asm__("sigpause");
    extern int any_sigpause(int, int) __asm__("__sigpause");
    sigset_t none = set_of(0);
    int r = 0, epoll = epoll_create1(0);
    struct epoll_event event;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    quiet = 1;
    MUST(raise(SIGUSR1) == 0);
    MUST(pthread_mutex_lock(&a) == 0);
    if (strcmp(how, "wait-sigsuspend") == 0)
        r = sigsuspend(&none);
    else if (strcmp(how, "wait-sigpause") == 0)
        r = xpg_sigpause(SIGUSR1);
    else if (strcmp(how, "wait-bsd-sigpause") == 0)
        r = bsd_sigpause(0);
    else if (strcmp(how, "wait-any-sigpause") == 0)
        r = any_sigpause(SIGUSR1, 1);
    else if (strcmp(how, "wait-pselect") == 0)
        r = pselect(0, NULL, NULL, NULL, NULL, &none);
    else if (strcmp(how, "wait-ppoll") == 0)
        r = ppoll(NULL, 0, NULL, &none);
    else if (strcmp(how, "wait-epoll") == 0)
        r = epoll_pwait(epoll, &event, 1, -1, &none);
    else if (strcmp(how, "wait-epoll2") == 0)
        r = epoll_pwait2(epoll, &event, 1, NULL, &none);
    MUST(r == -1 && errno == EINTR && runs == 2);
    MUST(pthread_mutex_unlock(&a) == 0);
}

static void reader_in_handler(int number)
{
    (void)number;
    MUST(pthread_rwlock_rdlock(&w) == 0 && pthread_rwlock_unlock(&w) == 0);
}

static void read_and_write(void)
{
    install(SIGUSR1, reader_in_handler);
    MUST(raise(SIGUSR1) == 0);
    MUST(pthread_rwlock_wrlock(&w) == 0 && pthread_rwlock_unlock(&w) == 0);
}

/* The creator has the signal blocked, the thread has not. */
static void *take_a_thread(void *unused)
{
    take(&a);
    return unused;
}

static void thread_with_mask(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t none = set_of(0);

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setsigmask_np(&attr, &none) == 0);
    MUST(pthread_create(&thread, &attr, take_a_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

/* The handler can interrupt itself. */
static void nodefer(void)
{
    install_with(SIGUSR1, take_a, SA_NODEFER, 0);
    MUST(raise(SIGUSR1) == 0);
}

/* On a stack for signals. */
static void signal_stack(void)
{
    stack_t stack = { .ss_size = 262144, .ss_sp = malloc(262144) };

    MUST(sigaltstack(&stack, NULL) == 0);
    install_with(SIGUSR1, take_a, SA_ONSTACK, 0);
    MUST(raise(SIGUSR1) == 0);
    take(&a);
}

/* One handler can interrupt the other. */
static void two_handlers(void)
{
    install_with(SIGUSR1, take_a, 0, SIGUSR2);
    install_with(SIGUSR2, take_a, 0, 0);
    MUST(raise(SIGUSR1) == 0 && raise(SIGUSR2) == 0);
}

/* After the handler was left by a jump the signal is open again. */
static void jump_out(int number)
{
    (void)number;
    take(&a);
    siglongjmp(out, 1);
}

static void after_jump(void)
{
    install(SIGUSR1, jump_out);
    mask(SIG_BLOCK, SIGUSR1);
    take(&a);
    mask(SIG_UNBLOCK, SIGUSR1);
    if (sigsetjmp(out, 1) == 0)
        raise(SIGUSR1);
    take(&a);
}

/* What the handler took and kept is held where the signal can come. */
static void keep_a(int number)
{
    (void)number;
    MUST(pthread_mutex_lock(&a) == 0);
    siglongjmp(out, 1);
}

static void kept_by_jump(void)
{
    install(SIGUSR1, keep_a);
    if (sigsetjmp(out, 1) == 0)
        raise(SIGUSR1);
    MUST(pthread_mutex_unlock(&a) == 0);
}

/* A context with a mask of its own. */
static ucontext_t of_main, of_other;
static char other_stack[65536];

static void other(void)
{
    take(&a);
    swapcontext(&of_other, &of_main);
}

static void other_context(void)
{
    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    MUST(getcontext(&of_other) == 0);
    of_other.uc_stack.ss_sp = other_stack;
    of_other.uc_stack.ss_size = sizeof(other_stack);
    of_other.uc_link = &of_main;
    of_other.uc_sigmask = set_of(0);
    makecontext(&of_other, other, 0);
    mask(SIG_BLOCK, SIGUSR1);
    take(&a);
    MUST(swapcontext(&of_main, &of_other) == 0);
    take(&a);
}

/* In the child of a fork. */
static void child(void)
{
    pid_t pid;
    int status;

    install(SIGUSR1, take_a);
    MUST(raise(SIGUSR1) == 0);
    mask(SIG_BLOCK, SIGUSR1);
    take(&a);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        mask(SIG_UNBLOCK, SIGUSR1);
        take(&a);
        exit(0);
    }
    MUST(waitpid(pid, &status, 0) == pid);
    printf("%s\n", WIFEXITED(status) ? "exited" : "died");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
        void (*run_so)(const char *how);
    } cases[] = {
        /* case: in-handler-first */
        /* expect: IN-SIGUSR1-W. state was registered at:\n(.|\n)*SIGUSR1-ON-W. state is new at:\n  take */
        { "in-handler-first", in_handler_first, NULL },
        /* case: in-handler-last */
        { "in-handler-last", in_handler_last, NULL },
        /* case: installed-later */
        { "installed-later", installed_later, NULL },
        /* case: changed-before */
        { "changed-before", changed_before, NULL },
        /* case: held-when-installed */
        { "held-when-installed", held_when_installed, NULL },
        /* case: chain */
        /* expect: which became SIGUSR1-safe at:\n  take(.|\n)*lock became SIGUSR1-unsafe at:\n  take(.|\n)*nest_blocked\+0x\S+ .signal_locks.\n.*chain\+0x */
        { "chain", chain, NULL },
        /* case: chain-edge-last */
        { "chain-edge-last", chain_edge_last, NULL },
        /* case: chain-handler-last */
        { "chain-handler-last", chain_handler_last, NULL },
        /* case: long-chain */
        { "long-chain", long_chain, NULL },
        /* case: opened-while-held */
        { "opened-while-held", opened_while_held, NULL },
        /* case: sigprocmask */
        { "sigprocmask", NULL, opened },
        /* case: sigprocmask-unblock */
        { "sigprocmask-unblock", NULL, opened },
        /* case: sigrelse */
        { "sigrelse", NULL, opened },
        /* case: sigsetmask */
        { "sigsetmask", NULL, opened },
        /* case: sigset */
        /* expect: opened\+0x */
        { "sigset", NULL, opened },
        /* case: wait-sigsuspend */
        { "wait-sigsuspend", NULL, waits },
        /* case: wait-sigpause */
        { "wait-sigpause", NULL, waits },
        /* case: wait-bsd-sigpause */
        { "wait-bsd-sigpause", NULL, waits },
        /* case: wait-any-sigpause */
        { "wait-any-sigpause", NULL, waits },
        /* case: wait-pselect */
        { "wait-pselect", NULL, waits },
        /* case: wait-ppoll */
        { "wait-ppoll", NULL, waits },
        /* case: wait-epoll */
        { "wait-epoll", NULL, waits },
        /* case: wait-epoll2 */
        { "wait-epoll2", NULL, waits },
        /* case: read-and-write */
        { "read-and-write", read_and_write, NULL },
        /* case: thread-with-mask */
        { "thread-with-mask", thread_with_mask, NULL },
        /* case: nodefer */
        { "nodefer", nodefer, NULL },
        /* case: signal-stack */
        { "signal-stack", signal_stack, NULL },
        /* case: two-handlers */
        { "two-handlers", two_handlers, NULL },
        /* case: after-jump */
        { "after-jump", after_jump, NULL },
        /* case: kept-by-jump */
        { "kept-by-jump", kept_by_jump, NULL },
        /* case: other-context */
        { "other-context", other_context, NULL },
        /* case: child */
        /* status: 0 */
        { "child", child, NULL },
    };

    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (is_case(argv, cases[i].name) && cases[i].run != NULL)
            cases[i].run();
        else if (is_case(argv, cases[i].name))
            cases[i].run_so(argv[1]);
    }
    puts("done");
    return 0;
}
