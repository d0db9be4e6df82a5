/* SPDX-License-Identifier: MIT */
/* Signal handlers and other processes: what a child of vfork does to its own handlers is nobody else's affair, what libc
 * does to them inside system, popen, posix_spawn and abort works, and what exec hands on is handed on. */
/* status: 0 */
/* stdout: ^done$ */
#include "program.h"

#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static volatile int runs;
static char *self;

static void count(int number)
{
    (void)number;
    runs++;
}

static void other(int number)
{
    (void)number;
    runs += 100;
}

static const char *name_of(sighandler_t handler)
{
    return handler == SIG_DFL   ? "default"
           : handler == SIG_IGN ? "ignore"
           : handler == count   ? "count"
           : handler == other   ? "other"
                                : "?";
}

static void show(const char *who)
{
    static const int numbers[] = { SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD, SIGTERM };
    sigset_t blocked;

    printf("%s:", who);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction action;

        MUST(sigaction(numbers[i], NULL, &action) == 0);
        printf(" %s/%x", name_of(action.sa_handler), (unsigned)action.sa_flags);
    }
    MUST(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0);
    printf(", USR2 %s\n", sigismember(&blocked, SIGUSR2) ? "blocked" : "open");
    fflush(stdout);
}

static void install_all(void)
{
    MUST(signal(SIGINT, count) != SIG_ERR && signal(SIGQUIT, other) != SIG_ERR);
    MUST(signal(SIGUSR1, SIG_IGN) != SIG_ERR && signal(SIGUSR2, count) != SIG_ERR);
    MUST(signal(SIGCHLD, count) != SIG_ERR);
}

static void wait_for(const char *what, pid_t pid)
{
    int status;

    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("%s: %d\n", what, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    fflush(stdout);
}

/* case: vfork */
static const char *volatile in_child[3];
static volatile int child_runs;

static void do_vfork(void)
{
    pid_t pid;

    install_all();
    show("before");
    pid = vfork();
    if (pid == 0) {
        struct sigaction action = { .sa_handler = other }, old;

        in_child[0] = name_of(signal(SIGINT, SIG_DFL));
        sigaction(SIGUSR2, &action, &old);
        in_child[1] = name_of(old.sa_handler);
        sigaction(SIGUSR2, NULL, &old);
        in_child[2] = name_of(old.sa_handler);
        runs = 0;
        raise(SIGUSR2);
        raise(SIGQUIT);
        child_runs = runs;
        signal(SIGTERM, count);
        execl(self, self, "show", NULL);
        _exit(1);
    }
    wait_for("vfork", pid);
    printf("in the child: %s, %s then %s, %d runs\n", in_child[0], in_child[1], in_child[2], child_runs);
    show("after");
    runs = 0;
    MUST(raise(SIGINT) == 0 && raise(SIGUSR2) == 0 && raise(SIGQUIT) == 0);
    printf("%d runs\n", runs);
}

/* The child ends in the middle of a handler. What the parent finds later is not in one. */
/* case: vfork-ends-in-handler */
/* status: 66 */
/* findings: 1 */
/* reject: in the handler */
static void end_here(int number)
{
    (void)number;
    _exit(4);
}

static __attribute__((noinline)) void find_below(void)
{
    volatile char room[65536];

    room[0] = room[sizeof(room) - 1] = 0;
    make_finding();
    room[1] = 0;
}

static void vfork_ends_in_handler(void)
{
    pid_t pid;

    MUST(signal(SIGUSR1, end_here) != SIG_ERR);
    make_no_finding();
    pid = vfork();
    if (pid == 0) {
        raise(SIGUSR1);
        _exit(5);
    }
    wait_for("vfork", pid);
    find_below();
}

/* case: fork */
static void do_fork(void)
{
    pid_t (*const ways[])(void) = { fork, _Fork };

    install_all();
    for (size_t i = 0; i < 2; i++) {
        pid_t pid = ways[i]();

        if (pid == 0) {
            show("child");
            MUST(signal(SIGINT, other) == count && signal(SIGTERM, count) == SIG_DFL);
            show("child");
            runs = 0;
            raise(SIGINT);
            raise(SIGTERM);
            raise(SIGUSR2);
            _exit(runs);
        }
        wait_for("child", pid);
        show("parent");
    }
}

/* While the command runs the program ignores SIGINT; then all is as before. */
/* case: system */
static void do_system(void)
{
    char line[64];
    FILE *pipe;

    install_all();
    printf("%d\n", WEXITSTATUS(system("kill -INT $PPID; exit 3")));
    show("after system");
    runs = 0;
    pipe = popen("kill -INT $PPID; echo line; exit 5", "r");
    MUST(pipe != NULL && fgets(line, sizeof(line), pipe) != NULL);
    printf("%s%d\n", line, WEXITSTATUS(pclose(pipe)));
    MUST(runs >= 1);
    show("after popen");
}

/* case: spawn */
static void spawn(void)
{
    char word[] = "show";
    char *argv[] = { self, word, NULL };
    posix_spawnattr_t attr;
    sigset_t reset, blocked;
    pid_t pid;

    install_all();
    MUST(posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0);
    wait_for("plain", pid);
    sigemptyset(&reset);
    sigaddset(&reset, SIGUSR1);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    MUST(posix_spawnattr_init(&attr) == 0 && posix_spawnattr_setsigdefault(&attr, &reset) == 0);
    MUST(posix_spawnattr_setsigmask(&attr, &blocked) == 0);
    MUST(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0);
    MUST(posix_spawn(&pid, self, NULL, &attr, argv, environ) == 0);
    wait_for("with attributes", pid);
    show("parent");
}

/* case: exec */
static void exec_it(int number)
{
    (void)number;
    execl(self, self, "show", NULL);
}

static void exec(void)
{
    pid_t pid;

    install_all();
    MUST(signal(SIGTERM, exec_it) == SIG_DFL);
    pid = fork();
    if (pid == 0) {
        raise(SIGTERM); /* blocked in the new program: it began in the handler */
        _exit(9);
    }
    wait_for("out of a handler", pid);
    execl(self, self, "show", NULL);
}

/* case: abort */
/* status: -6 */
static void do_abort(void)
{
    MUST(signal(SIGABRT, count) == SIG_DFL);
    puts("done");
    fflush(stdout);
    abort();
}

/* case: abort-left */
static sigjmp_buf out;

static void leave(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

static void abort_left(void)
{
    MUST(signal(SIGABRT, leave) == SIG_DFL);
    for (volatile int i = 0; i < 3; i++)
        if (sigsetjmp(out, 1) == 0)
            abort();
    printf("%d\n", signal(SIGABRT, SIG_DFL) == leave);
}

/* case: killed */
/* status: -15 */
static void killed(void)
{
    struct sigaction action = { .sa_handler = count, .sa_flags = (int)SA_RESETHAND };

    MUST(sigaction(SIGTERM, &action, NULL) == 0);
    MUST(raise(SIGTERM) == 0);
    puts("done");
    fflush(stdout);
    raise(SIGTERM);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "vfork", do_vfork }, { "vfork-ends-in-handler", vfork_ends_in_handler },
        { "fork", do_fork },   { "system", do_system },
        { "spawn", spawn },    { "exec", exec },
        { "abort", do_abort }, { "abort-left", abort_left },
        { "killed", killed },
    };

    (void)argc;
    self = argv[0];
    if (is_case(argv, "show"))
        show("new program");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
