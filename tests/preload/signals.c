/* SPDX-License-Identifier: MIT */
/*
 * What a program sees of its signal handlers is what it installed: every flag, every way to install and to ask, the
 * arguments of the handler, what is blocked meanwhile and on which stack it runs.
 */
/* status: 0 */
#include "program.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

/* volatile: raise() is declared as if it called nothing of this file. */
static volatile int runs, last_number, nested_runs;

static void plain_handler(int number)
{
    runs++;
    last_number = number;
}

static void other_handler(int number)
{
    runs += 100;
    last_number = number;
}

static void info_handler(int number, siginfo_t *info, void *context)
{
    (void)context;
    runs++;
    last_number = number;
    (void)info;
}

/* Of the address of a function only its name is the same in every run. */
static const char *name_of(sighandler_t handler)
{
    if (handler == SIG_DFL)
        return "default";
    if (handler == SIG_IGN)
        return "ignore";
    if (handler == SIG_ERR)
        return "error";
    if (handler == SIG_HOLD)
        return "hold";
    if (handler == plain_handler)
        return "plain";
    if (handler == other_handler)
        return "other";
    if ((void *)handler == (void *)info_handler)
        return "info";
    return "?";
}

/* Of the mask, libc fills in the kernel's part; what it leaves in the rest is nobody's. */
static void say_action(const char *what, const struct sigaction *action)
{
    unsigned long mask;

    memcpy(&mask, &action->sa_mask, sizeof(mask));
    printf("%s: %s flags %x restorer %d mask %lx\n", what, name_of(action->sa_handler), (unsigned)action->sa_flags,
           action->sa_restorer != NULL, mask);
}

static void query(int number)
{
    struct sigaction old;
    int r;

    memset(&old, 0x5a, sizeof(old));
    errno = 1234;
    r = sigaction(number, NULL, &old);
    printf("%d %d ", r, errno);
    say_action("now", &old);
}

/* What runs while the handler runs, and where. */
static void *stack_low, *stack_high;

static void looking_handler(int number)
{
    sigset_t blocked;
    unsigned long words[sizeof(sigset_t) / sizeof(unsigned long)];

    sigprocmask(SIG_SETMASK, NULL, &blocked);
    memcpy(words, &blocked, sizeof(words));
    printf("in %d: blocked %lx, %s\n", number, words[0],
           (void *)&blocked >= stack_low && (void *)&blocked < stack_high ? "on the signal stack" : "on the stack");
    runs++;
}

/* case: flags */
static void flags(void)
{
    static const int all[] = { SA_SIGINFO, (int)SA_RESETHAND, SA_NODEFER,  SA_ONSTACK,
                               SA_RESTART, SA_NOCLDSTOP,      SA_NOCLDWAIT };
    const int numbers[] = { SIGUSR1, SIGCHLD, SIGRTMIN + 3 };
    size_t size = 65536;
    stack_t stack = { .ss_sp = malloc(size), .ss_size = size };

    stack_low = stack.ss_sp;
    stack_high = (char *)stack.ss_sp + size;
    MUST(sigaltstack(&stack, NULL) == 0);
    for (unsigned bits = 0; bits < 128; bits++) {
        for (size_t n = 0; n < 3; n++) {
            int number = numbers[n];
            struct sigaction action = { .sa_handler = looking_handler }, old;

            for (unsigned i = 0; i < 7; i++)
                if ((bits >> i & 1) != 0)
                    action.sa_flags |= all[i];
            sigemptyset(&action.sa_mask);
            if ((bits & 1) != 0)
                sigaddset(&action.sa_mask, SIGUSR2);
            memset(&old, 0x5a, sizeof(old));
            MUST(sigaction(number, &action, &old) == 0);
            printf("%x %d ", bits, number);
            MUST(old.sa_handler == SIG_DFL || old.sa_handler == looking_handler);
            old.sa_handler = SIG_DFL; /* what was there before depends on SA_RESETHAND: said below */
            say_action("before", &old);
            MUST(raise(number) == 0);
            MUST(sigaction(number, NULL, &old) == 0);
            printf("then %s\n", old.sa_handler == looking_handler ? "the handler" : name_of(old.sa_handler));
        }
    }
    printf("%d runs\n", runs);
}

/* Arguments that are wrong, null, or the same. */
/* case: arguments */
static void arguments(void)
{
    static const int numbers[] = { -1, 0, SIGKILL, SIGSTOP, 32, 33, 65, 1000, SIGUSR1 };
    struct sigaction action = { .sa_handler = plain_handler }, same, old;
    struct sigaction *volatile also = &same; /* the declaration forbids it, the function takes it */

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int number = numbers[i], r;

        for (unsigned how = 0; how < 4; how++) {
            memset(&old, 0x5a, sizeof(old));
            errno = 1234;
            r = sigaction(number, (how & 1) != 0 ? &action : NULL, (how & 2) != 0 ? &old : NULL);
            printf("%d %u: %d %d ", number, how, r, errno);
            if (r == 0)
                say_action("old", &old);
            else
                puts("");
        }
        errno = 1234;
        printf("signal %d: %s %d\n", number, name_of(signal(number, other_handler)), errno);
        errno = 1234;
        printf("bad handler %d: %s %d\n", number, name_of(signal(number, SIG_ERR)), errno);
    }
    memset(&same, 0, sizeof(same));
    same.sa_handler = plain_handler;
    same.sa_flags = SA_RESTART;
    MUST(sigaction(SIGUSR1, &same, also) == 0);
    say_action("same", &same);
    MUST(sigaction(SIGUSR1, &same, also) == 0);
    say_action("same", &same);
    MUST(raise(SIGUSR1) == 0);
    printf("%d\n", runs);
}

/* Every function that installs. */
typedef sighandler_t (*installer)(int number, sighandler_t handler);

/* Some are deprecated, and some not declared. */
static void *function(const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);

    MUST(found != NULL);
    return found;
}

/* case: functions */
static void functions(void)
{
    installer set = (installer)function("sigset");
    int (*interrupt)(int, int) = (int (*)(int, int))function("siginterrupt");
    int (*ignore)(int) = (int (*)(int))function("sigignore");
    static const char *const names[] = { "signal", "bsd_signal", "ssignal", "sysv_signal", "__sysv_signal", "sigset" };
    static const sighandler_t handlers[] = { plain_handler, other_handler, other_handler, SIG_IGN,
                                             plain_handler, SIG_DFL,       plain_handler };

    for (size_t f = 0; f < sizeof(names) / sizeof(names[0]); f++) {
        installer install = (installer)function(names[f]);

        for (size_t h = 0; h < sizeof(handlers) / sizeof(handlers[0]); h++) {
            printf("%s: %s ", names[f], name_of(install(SIGUSR2, handlers[h])));
            query(SIGUSR2);
        }
        raise(SIGUSR2);
        query(SIGUSR2);
        printf("%d runs of %d\n", runs, last_number);
        MUST(signal(SIGUSR2, SIG_DFL) != SIG_ERR);
    }
    /* sigset: a held signal, and what it says of one. */
    printf("%s", name_of(set(SIGUSR2, plain_handler)));
    printf(" %s", name_of(set(SIGUSR2, SIG_HOLD)));
    printf(" %s", name_of(set(SIGUSR2, other_handler)));
    printf(" %s\n", name_of(set(SIGUSR2, SIG_IGN)));
    /* Those that change what is there. */
    MUST(signal(SIGUSR2, plain_handler) != SIG_ERR);
    for (int on = 1; on >= 0; on--) {
        MUST(interrupt(SIGUSR2, on) == 0);
        query(SIGUSR2);
        raise(SIGUSR2);
    }
    MUST(ignore(SIGUSR2) == 0);
    query(SIGUSR2);
    MUST(raise(SIGUSR2) == 0);
    printf("%d runs\n", runs);
    {
        int (*alias)(int, const struct sigaction *, struct sigaction *);
        struct sigaction action = { .sa_handler = plain_handler }, old;

        alias = (int (*)(int, const struct sigaction *, struct sigaction *))function("__sigaction");
        MUST(alias(SIGUSR2, &action, &old) == 0);
        say_action("old", &old);
        MUST(alias(SIGUSR2, NULL, &old) == 0);
        say_action("new", &old);
    }
}

/* What the handler is told, and what it may change. */
static volatile int *broken;

static void repair(int number, siginfo_t *info, void *context)
{
    const ucontext_t *own = context;
    int saved = errno;

    MUST(own != NULL);
    printf("%d: code %d, the address is %s\n", number, info->si_code,
           info->si_addr == (void *)broken ? "right" : "wrong");
#ifdef __x86_64__
    printf("the context has %s\n", own->uc_mcontext.gregs[REG_CR2] == (greg_t)(uintptr_t)broken ? "it" : "another");
#endif
    MUST(mprotect((void *)broken, 4096, PROT_READ | PROT_WRITE) == 0);
    errno = saved;
}

static void told(int number, siginfo_t *info, void *context)
{
    ucontext_t *own = context;

    printf("%d: code %d, value %d, from %s, uid %s, signal %d, mask of before %d\n", number, info->si_code,
           info->si_value.sival_int, info->si_pid == getpid() ? "here" : "elsewhere",
           info->si_uid == getuid() ? "same" : "other", info->si_signo, sigismember(&own->uc_sigmask, SIGHUP));
    errno = 77; /* the program sees that */
}

#ifdef __x86_64__
static void skip_instruction(int number, siginfo_t *info, void *context)
{
    ucontext_t *own = context;

    (void)number;
    (void)info;
    own->uc_mcontext.gregs[REG_RIP] += 2; /* ud2 */
}
#endif

/* case: information */
static void information(void)
{
    struct sigaction action = { .sa_sigaction = told, .sa_flags = SA_SIGINFO };
    sigset_t hup;
    union sigval value = { .sival_int = 42 };

    sigemptyset(&hup);
    sigaddset(&hup, SIGHUP);
    MUST(sigprocmask(SIG_BLOCK, &hup, NULL) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGRTMIN, &action, NULL) == 0);
    errno = 0;
    MUST(sigqueue(getpid(), SIGUSR1, value) == 0);
    printf("errno %d\n", errno);
    MUST(sigqueue(getpid(), SIGRTMIN, value) == 0);
    MUST(kill(getpid(), SIGUSR1) == 0);
    action.sa_sigaction = repair;
    MUST(sigaction(SIGSEGV, &action, NULL) == 0);
    broken = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(broken != MAP_FAILED);
    *broken = 5;
    printf("written: %d\n", *broken);
#ifdef __x86_64__
    action.sa_sigaction = skip_instruction;
    MUST(sigaction(SIGILL, &action, NULL) == 0);
    __asm__ volatile("ud2");
    puts("went on behind it");
#endif
}

/* A program that installs with a system call and chains to the old handler by hand; and puts the old one back. */
struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

static struct kernel_action raw_old;

static void raw_handler(int number, siginfo_t *info, void *context)
{
    puts("raw");
    raw_old.handler(number, info, context);
    ((sighandler_t)(uintptr_t)raw_old.handler)(number);
}

/* case: raw */
static void raw(void)
{
    struct kernel_action mine;
    struct sigaction action = { .sa_handler = plain_handler }, back = { 0 };

    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    MUST(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &raw_old, 8) == 0);
    mine = raw_old;
    mine.handler = raw_handler;
    MUST(syscall(SYS_rt_sigaction, SIGUSR1, &mine, NULL, 8) == 0);
    MUST(sigaction(SIGUSR1, NULL, &action) == 0);
    printf("installed: %s\n", (void *)action.sa_handler == (void *)raw_handler ? "raw" : name_of(action.sa_handler));
    MUST(raise(SIGUSR1) == 0);
    printf("%d runs\n", runs);
    /* Another handler through libc, and the chain still leads to the first. */
    action.sa_handler = other_handler;
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    raw_handler(SIGUSR1, NULL, NULL);
    printf("%d runs\n", runs);
    /* The raw value handed to libc is the first handler again. */
    back.sa_handler = (sighandler_t)(uintptr_t)raw_old.handler;
    MUST(sigaction(SIGUSR1, &back, &action) == 0);
    say_action("old", &action);
    query(SIGUSR1);
    MUST(raise(SIGUSR1) == 0);
    printf("%d runs\n", runs);
}

/* Handlers in handlers: of one signal, of others, until all entries are used. */
static void nesting_handler(int number)
{
    struct sigaction old;

    if (++nested_runs == 40)
        return;
    MUST(sigaction(number, NULL, &old) == 0 && old.sa_handler == nesting_handler);
    MUST(raise(number == SIGUSR1 ? SIGRTMIN : SIGUSR1) == 0);
}

/* case: nested */
static void nested(void)
{
    struct sigaction action = { .sa_handler = nesting_handler, .sa_flags = SA_NODEFER };

    MUST(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGRTMIN, &action, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        nested_runs = 0;
        MUST(raise(SIGUSR1) == 0);
        MUST(nested_runs == 40);
    }
    puts("nested");
}

/* SA_RESTART: a read goes on; without it, it ends. */
static int ends[2];

static void write_it(int number)
{
    (void)number;
    runs++;
}

static void *send_until_read(void *arg)
{
    pthread_t *reader = arg;

    for (int seen = __atomic_load_n(&runs, __ATOMIC_SEQ_CST); __atomic_load_n(&runs, __ATOMIC_SEQ_CST) == seen;)
        MUST(pthread_kill(*reader, SIGUSR1) == 0);
    MUST(write(ends[1], "x", 1) == 1);
    return NULL;
}

/* case: restart */
static void restart(void)
{
    struct sigaction action = { .sa_handler = write_it, .sa_flags = SA_RESTART };
    pthread_t self = pthread_self(), thread;
    char c;

    MUST(pipe(ends) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    MUST(pthread_create(&thread, NULL, send_until_read, &self) == 0);
    printf("%zd\n", read(ends[0], &c, 1));
    MUST(pthread_join(thread, NULL) == 0);
}

/* From several threads at once on one signal while it is sent: always one of the two handlers, whole. */
static volatile int changing = 1;

static void count_plain(int number)
{
    MUST(number == SIGUSR1);
    __atomic_fetch_add(&runs, 1, __ATOMIC_SEQ_CST);
}

static void count_info(int number, siginfo_t *info, void *context)
{
    MUST(number == SIGUSR1 && info->si_signo == SIGUSR1 && info->si_pid == getpid() && context != NULL);
    __atomic_fetch_add(&runs, 1, __ATOMIC_SEQ_CST);
}

static void *change(void *arg)
{
    struct sigaction plain = { .sa_handler = count_plain },
                     info = { .sa_sigaction = count_info, .sa_flags = SA_SIGINFO };
    struct sigaction old;

    while (__atomic_load_n(&changing, __ATOMIC_SEQ_CST)) {
        MUST(sigaction(SIGUSR1, &plain, NULL) == 0);
        MUST(sigaction(SIGUSR1, &info, &old) == 0);
        MUST((old.sa_flags & SA_SIGINFO) != 0 ? old.sa_sigaction == count_info : old.sa_handler == count_plain);
    }
    return arg;
}

/* case: at-once */
static void at_once(void)
{
    pthread_t threads[3];
    struct sigaction first = { .sa_handler = count_plain };
    const int sent = 20000;

    MUST(sigaction(SIGUSR1, &first, NULL) == 0);
    for (int i = 0; i < 3; i++)
        MUST(pthread_create(&threads[i], NULL, change, NULL) == 0);
    for (int i = 0; i < sent; i++)
        MUST(raise(SIGUSR1) == 0);
    __atomic_store_n(&changing, 0, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 3; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    printf("%s\n", runs == sent ? "each once" : "lost");
}

/* More handlers than there are trampolines: the rest work too, and are counted. */
/* case: many */
/* options: stats=1 */
/* expect: ^  handlers-unknown +[1-9] */
#define HANDLER(n)                   \
    static void h##n(int number)     \
    {                                \
        last_number = number + 1##n; \
    }
#define ADDRESS(n) { h##n, 1##n },
/* clang-format off */
#define TEN(M, n) M(n##0) M(n##1) M(n##2) M(n##3) M(n##4) M(n##5) M(n##6) M(n##7) M(n##8) M(n##9)
#define HUNDRED(M, n) TEN(M, n##0) TEN(M, n##1) TEN(M, n##2) TEN(M, n##3) TEN(M, n##4) \
    TEN(M, n##5) TEN(M, n##6) TEN(M, n##7) TEN(M, n##8) TEN(M, n##9)
#define ALL(M) HUNDRED(M, 0) HUNDRED(M, 1) HUNDRED(M, 2) HUNDRED(M, 3) HUNDRED(M, 4) HUNDRED(M, 5) \
    HUNDRED(M, 6) HUNDRED(M, 7) HUNDRED(M, 8) HUNDRED(M, 9) HUNDRED(M, 10)

ALL(HANDLER)

static const struct {
    sighandler_t handler;
    int number;
} many_handlers[] = { ALL(ADDRESS) };
/* clang-format on */

static void many(void)
{
    sighandler_t before = SIG_DFL;

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof(many_handlers) / sizeof(many_handlers[0]); i++) {
            MUST(signal(SIGUSR1, many_handlers[i].handler) == before);
            before = many_handlers[i].handler;
            MUST(raise(SIGUSR1) == 0);
            MUST(last_number == SIGUSR1 + many_handlers[i].number);
        }
    }
    puts("all of them");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "flags", flags }, { "arguments", arguments }, { "functions", functions }, { "information", information },
        { "raw", raw },     { "nested", nested },       { "restart", restart },     { "at-once", at_once },
        { "many", many }
    };

    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
