/* SPDX-License-Identifier: MIT */
/* Children made by clone as by fork, with and without a stack of their own: no handler of fork runs. They take locks that
 * are free, and end with their own status although the parent has a finding. */
/* case: clean */
/* case: finding */
/* status: 66 */
/* findings: 1 */
#include "program.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static int child(void *status)
{
    nest(&a, &b);
    _exit(*(int *)status);
}

static void wait_for(pid_t pid)
{
    int status;

    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

int main(int argc, char **argv)
{
    static char stack[262144] __attribute__((aligned(16)));
    int status = 7;
    pid_t pid;

    (void)argc;
    nest(&a, &b);
    if (is_case(argv, "finding"))
        make_finding();
    wait_for(clone(child, stack + sizeof(stack), SIGCHLD, &status));
    pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        child(&(int){ 8 });
    wait_for(pid);
    /* As vfork does: the parent waits, and the memory is shared. */
    wait_for(clone(child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &(int){ 9 }));
    nest(&a, &b);
    puts("done");
    return 0;
}
