/* SPDX-License-Identifier: MIT */
/* Children made by other calls than fork: they run, and end with their own status although the parent has a finding. */
/* status: 66 */
/* findings: 1 */
#include "program.h"

#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;

static void say(const char *what, int status)
{
    printf("%s: %d\n", what, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    fflush(stdout);
}

static void wait_for(const char *what, pid_t pid)
{
    int status;

    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    say(what, status);
}

int main(void)
{
    char shell[] = "sh", option[] = "-c", text[] = "exit 6";
    char *argv[] = { shell, option, text, NULL };
    char line[16];
    FILE *pipe;
    pid_t pid;

    make_finding();
    say("system", system("exit 4"));
    pipe = popen("echo five; exit 5", "r");
    MUST(pipe != NULL && fgets(line, sizeof(line), pipe) != NULL);
    printf("%s", line);
    say("popen", pclose(pipe));
    MUST(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0);
    wait_for("posix_spawn", pid);
    pid = _Fork(); /* without any handler: the child is not watched, and has no finding */
    if (pid == 0) {
        make_no_finding();
        nest(&other, &finding_a);
        nest(&finding_a, &other);
        _exit(7);
    }
    wait_for("_Fork", pid);
    pid = (pid_t)syscall(SYS_fork);
    if (pid == 0)
        _exit(8);
    wait_for("syscall", pid);
    puts("done");
    return 0;
}
