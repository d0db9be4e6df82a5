/* SPDX-License-Identifier: MIT */
/* Processes: made by every call that makes one, waited for by every call that waits, and replaced by every exec. */
/* status: 0 */
#include "conform.h"

#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char self[PATH_MAX];

/* ---- how they end, and what is seen of it ---- */

static pid_t ends_with(int status)
{
    pid_t child = fork();

    if (child == 0) {
        if (status < 0) {
            raise(-status);
            pause();
        }
        _exit(status);
    }
    return child;
}

static void waited_for(void)
{
    struct rusage usage;
    siginfo_t about;
    int status;
    pid_t child;

    FAILS(ECHILD, wait(NULL));
    FAILS(ECHILD, waitpid(-1, &status, WNOHANG));
    FAILS(EINVAL, waitpid(-1, &status, 0x4000));
    FAILS(ECHILD, waitid(P_ALL, 0, &about, WEXITED));
    FAILS(EINVAL, waitid(P_ALL, 0, &about, 0));
    for (int wanted = 0; wanted < 256; wanted += 51)
        IS(wanted, status_of(ends_with(wanted)));
    IS(-SIGTERM, status_of(ends_with(-SIGTERM)));
    IS(-SIGKILL, status_of(ends_with(-SIGKILL)));
    IS(-SIGSEGV, status_of(ends_with(-SIGSEGV)));
    child = ends_with(3);
    YES(wait(&status) == child);
    IS(3, WEXITSTATUS(status));
    child = ends_with(4);
    YES(wait3(&status, 0, &usage) == child);
    IS(4, WEXITSTATUS(status));
    child = ends_with(5);
    YES(wait4(child, &status, 0, &usage) == child);
    IS(5, WEXITSTATUS(status));
    child = ends_with(6);
    IS(0, waitid(P_PID, (id_t)child, &about, WEXITED | WNOWAIT));
    YES(about.si_pid == child);
    IS(6, about.si_status);
    IS(CLD_EXITED, about.si_code);
    IS(6, status_of(child));
    child = ends_with(-SIGSTOP);
    YES(waitpid(child, &status, WUNTRACED) == child);
    IS(SIGSTOP, WIFSTOPPED(status) ? WSTOPSIG(status) : -1);
    IS(0, waitpid(child, &status, WNOHANG));
    IS(0, kill(child, SIGCONT));
    YES(waitpid(child, &status, WCONTINUED) == child);
    IS(1, WIFCONTINUED(status));
    IS(0, kill(child, SIGKILL));
    IS(-SIGKILL, status_of(child));
    FAILS(ESRCH, kill(child, 0));
}

/* ---- how they are made ---- */

static int global = 1;

static void made(void)
{
    char name[] = "sh", option[] = "-c", text[] = "exit $CONFORM", variable[] = "CONFORM=9",
         nothing[] = "/no/such/file";
    char *argv[] = { name, option, text, NULL }, *none[] = { nothing, NULL }, *env[] = { variable, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t all;
    pid_t child, parent = getpid();
    int status = -1;

    child = fork();
    if (child == 0) {
        global = 2;
        _exit(getppid() == parent && getpid() == gettid() && getpid() != parent ? 7 : 8);
    }
    IS(7, status_of(child));
    IS(1, global);
    child = _Fork();
    if (child == 0)
        _exit(getppid() == parent ? 7 : 8);
    IS(7, status_of(child));
    child = vfork();
    if (child == 0) {
        global = 3;
        _exit(7);
    }
    IS(3, global); /* the memory is the parent's own */
    IS(7, status_of(child));
    child = vfork();
    if (child == 0) {
        execl("/no/such/file", "file", (char *)NULL);
        _exit(errno == ENOENT ? 7 : 8);
    }
    IS(7, status_of(child));
    child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 6", (char *)NULL);
        _exit(8);
    }
    IS(6, status_of(child));
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); /* a fork by another name */
    if (child == 0)
        _exit(7);
    IS(7, status_of(child));

    IS(0, posix_spawn(&child, "/bin/sh", NULL, NULL, argv, env));
    IS(9, status_of(child));
    IS(0, posix_spawnp(&child, "sh", NULL, NULL, argv, env));
    IS(9, status_of(child));
    IS(ENOENT, posix_spawn(&child, nothing, NULL, NULL, none, env));
    IS(ENOENT, posix_spawnp(&child, "no-such-program", NULL, NULL, none, env));
    IS(0, posix_spawn_file_actions_init(&actions));
    IS(0, posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", O_RDONLY, 0));
    IS(0, posix_spawn_file_actions_adddup2(&actions, 5, 0));
    IS(0, posix_spawn_file_actions_addclose(&actions, 5));
    IS(0, posix_spawnattr_init(&attr));
    MUST(sigfillset(&all) == 0);
    IS(0, posix_spawnattr_setsigmask(&attr, &all));
    IS(0, posix_spawnattr_setsigdefault(&attr, &all));
    IS(0, posix_spawnattr_setpgroup(&attr, 0));
    IS(0, posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
    IS(0, posix_spawn(&child, "/bin/sh", &actions, &attr, argv, env));
    IS(9, status_of(child));
    IS(0, posix_spawnattr_destroy(&attr));
    IS(0, posix_spawn_file_actions_addopen(&actions, 6, "/no/such/file", O_RDONLY, 0));
    IS(ENOENT, posix_spawn(&child, "/bin/sh", &actions, NULL, argv, env));
    IS(0, posix_spawn_file_actions_destroy(&actions));

    IS(5, WEXITSTATUS(system("exit 5")));
    IS(SIGTERM, WTERMSIG(system("kill -TERM $$")));
    FAILS(ECHILD, wait(&status));
}

/* A fork from a thread other than the first: the child has that one alone, which is its first. */
static int fork_here(void *unused)
{
    pid_t child = fork();

    (void)unused;
    if (child == 0)
        _exit(getpid() == gettid() ? 7 : 8);
    return status_of(child);
}

static int fork_and_return(void *ret_child)
{
    pid_t child = fork();

    if (child != 0)
        *(pid_t *)ret_child = child;
    return 0; /* the child ends with its only thread, as by exit(0) */
}

static void from_threads(void)
{
    pid_t child = 0;
    struct job job[4];

    for (int i = 0; i < 4; i++)
        job_start(&job[i], fork_here, NULL);
    for (int i = 0; i < 4; i++)
        IS(7, job_end(&job[i]));
    fflush(stdout);
    IS(0, elsewhere(fork_and_return, &child));
    IS(0, status_of(child));
}

/* ---- handlers of fork ---- */

static char order[256];

#define HANDLERS(n)                  \
    static void before_##n(void)     \
    {                                \
        strcat(order, " before" #n); \
    }                                \
    static void parent_##n(void)     \
    {                                \
        strcat(order, " parent" #n); \
    }                                \
    static void child_##n(void)      \
    {                                \
        strcat(order, " child" #n);  \
    }
HANDLERS(1)
HANDLERS(2)

static pthread_mutex_t across = PTHREAD_MUTEX_INITIALIZER;

static void lock_across(void)
{
    MUST(pthread_mutex_lock(&across) == 0);
    strcat(order, " locked");
}

static void unlock_across(void)
{
    MUST(pthread_mutex_unlock(&across) == 0);
}

static void fork_handlers(void)
{
    pid_t child;

    IS(0, pthread_atfork(before_1, parent_1, child_1));
    IS(0, pthread_atfork(before_2, parent_2, child_2));
    IS(0, pthread_atfork(NULL, NULL, NULL));
    IS(0, pthread_atfork(lock_across, unlock_across, unlock_across));
    child = fork();
    if (child == 0) {
        printf("  child:%s\n", order);
        _exit(pthread_mutex_trylock(&across));
    }
    IS(0, status_of(child));
    printf("  parent:%s\n", order);
    order[0] = '\0';
    child = _Fork();
    if (child == 0)
        _exit(order[0] == '\0' ? 7 : 8);
    IS(7, status_of(child));
    IS(0, strlen(order)); /* no handlers */
    IS(0, system("exit 0"));
    IS(0, strlen(order));
}

/* ---- exec ---- */

static void show(int argc, char **argv)
{
    const char *kept = getenv("CONFORM_KEPT");

    printf("  program:");
    for (int i = 1; i < argc; i++)
        printf(" %s", argv[i]);
    printf("; %s\n", kept != NULL ? kept : "nothing kept");
    exit(argc);
}

#define EXEC(call)               \
    do {                         \
        pid_t child_;            \
                                 \
        puts("  " #call);        \
        child_ = fork();         \
        if (child_ == 0) {       \
            call;                \
            _exit(errno);        \
        }                        \
        SAME(status_of(child_)); \
    } while (0)

static void executed(void)
{
    char show_it[] = "show", a[] = "a", b[] = "b c", kept[] = "CONFORM_KEPT=new";
    char *argv[] = { self, show_it, a, b, NULL }, *env[] = { kept, NULL };
    char script[] = "script.sh", noshebang[] = "noshebang.sh", path[PATH_MAX + 8];
    FILE *file;
    int fd;

    MUST(setenv("CONFORM_KEPT", "old", 1) == 0);
    fflush(stdout);
    EXEC(execl(self, self, "show", "execl", (char *)NULL));
    EXEC(execlp(self, self, "show", "execlp", (char *)NULL));
    EXEC(execle(self, self, "show", "execle", (char *)NULL, env));
    EXEC(execv(self, argv));
    EXEC(execvp(self, argv));
    EXEC(execve(self, argv, env));
    EXEC(execve(self, argv, environ));
    EXEC(execvpe(self, argv, env));
    MUST((fd = open(self, O_RDONLY)) >= 0);
    EXEC(fexecve(fd, argv, env));
    EXEC(fexecve(fd, argv, environ));
    EXEC(execveat(fd, "", argv, env, AT_EMPTY_PATH));
    close(fd);
    EXEC(execl("/no/such/file", "x", (char *)NULL));
    EXEC(execl("/", "x", (char *)NULL));
    EXEC(execl("/etc/passwd", "x", (char *)NULL));
    EXEC(execlp("no-such-program", "x", (char *)NULL));
    EXEC(execlp("sh", "sh", "-c", "exit 44", (char *)NULL));
    EXEC(execlp("", "x", (char *)NULL));
    /* Scripts, with and without an interpreter named. */
    MUST((file = fopen(script, "w")) != NULL && fputs("#!/bin/sh\nexit 45\n", file) > 0 && fclose(file) == 0);
    MUST((file = fopen(noshebang, "w")) != NULL && fputs("exit 46\n", file) > 0 && fclose(file) == 0);
    MUST(chmod(script, 0700) == 0 && chmod(noshebang, 0700) == 0);
    EXEC(execl(script, script, (char *)NULL));
    EXEC(execl(noshebang, noshebang, (char *)NULL));
    snprintf(path, sizeof(path), "./%s", noshebang);
    EXEC(execlp(path, noshebang, (char *)NULL));
    EXEC(execl("/usr/bin/env", "env", self, "show", "by env", (char *)NULL));
    EXEC(execl("/usr/bin/env", "env", "-i", self, "show", "by env -i", (char *)NULL));
    EXEC(execl("/bin/sh", "sh", "-c", "exec \"$0\" show \"by a shell\"", self, (char *)NULL));
    EXEC(execl("/bin/sh", "sh", "-c", "\"$0\" show \"in a pipeline\" | cat; exit 47", self, (char *)NULL));
    EXEC(execl("/bin/sh", "sh", "-c", "true | false | true; false | true | exit 48", (char *)NULL));
    MUST(unlink(script) == 0 && unlink(noshebang) == 0);
}

/* exec from a thread, while another holds a lock and a third waits for it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int take(void *unused)
{
    (void)unused;
    return pthread_mutex_lock(&lock);
}

static int exec_here(void *unused)
{
    (void)unused;
    return execl(self, self, "show", "from a thread", (char *)NULL);
}

static void executed_in_thread(void)
{
    pid_t child = fork();

    if (child == 0) {
        struct job waiter, job;

        MUST(pthread_mutex_lock(&lock) == 0);
        job_start(&waiter, take, NULL);
        MUST(SLEEPS_ON(&waiter, &lock));
        job_start(&job, exec_here, NULL);
        _exit(job_end(&job));
    }
    IS(3, status_of(child));
}

static const struct conform_part parts[] = {
    { "waited for", waited_for },       { "made", made },
    { "from threads", from_threads },   { "exec", executed },
    { "fork handlers", fork_handlers }, { "exec in a thread", executed_in_thread },
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "show") == 0)
        show(argc, argv);
    MUST(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    return conform_main(parts, sizeof(parts) / sizeof(parts[0]), argc, argv);
}
