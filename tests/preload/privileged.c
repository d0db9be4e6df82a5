/* SPDX-License-Identifier: MIT */
/* A set-uid program: the loader does not preload into it, and it runs as ever, as do the programs that it starts. Where
 * this is not run by root, who alone can make one for another user, an ordinary program is started instead. */
#include "program.h"

#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
    SOMEBODY = 65534
};

static int find_library(struct dl_phdr_info *info, size_t size, void *found)
{
    (void)size;
    *(int *)found |= strstr(info->dlpi_name, "liblockval") != NULL;
    return 0;
}

static void copy_self(const char *to)
{
    char buffer[65536];
    int from = open("/proc/self/exe", O_RDONLY), file = open(to, O_CREAT | O_WRONLY, 0700);
    ssize_t got;

    MUST(from >= 0 && file >= 0);
    while ((got = read(from, buffer, sizeof(buffer))) > 0)
        MUST(write(file, buffer, (size_t)got) == got);
    MUST(close(from) == 0 && close(file) == 0);
}

/* What is set-uid: it makes what would be a finding, and starts a child. */
static int be_privileged(void)
{
    int secure = getauxval(AT_SECURE) != 0, found = 0;

    dl_iterate_phdr(find_library, &found);
    if (secure) {
        MUST(!found);
        make_finding();
        MUST(system("exit 5") >> 8 == 5);
        puts("set-uid, and nothing was preloaded");
    } else {
        puts("not set-uid");
    }
    return 3;
}

int main(int argc, char **argv)
{
    char program[] = "privileged";
    char *again[] = { program, program, NULL };
    int status;
    pid_t pid;

    (void)argv;
    if (argc > 1)
        return be_privileged();
    copy_self(program);
    if (geteuid() == 0)
        MUST(chown(program, SOMEBODY, SOMEBODY) == 0 && chmod(program, 04755) == 0);
    pid = fork();
    if (pid == 0) {
        execv(program, again);
        _exit(127);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    printf("%d\n", WEXITSTATUS(status));
    return 0;
}
