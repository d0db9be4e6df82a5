/* SPDX-License-Identifier: MIT */
/* A static program: nothing is preloaded into it, also not into what it makes by fork. A program that it starts is
 * watched again. */
#include "program.h"

#include <sys/wait.h>

int main(void)
{
    int status;
    pid_t pid;

    make_finding();
    pid = fork();
    if (pid == 0) {
        make_finding();
        _exit(7);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("%d\n", WEXITSTATUS(status));
    MUST((status = system("exit 5")) >= 0);
    printf("%d\n", WEXITSTATUS(status));
    return 4;
}
