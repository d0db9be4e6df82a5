/* SPDX-License-Identifier: MIT */
/*
 * A program that becomes another, or starts one: the new one is watched, unless follow_children=0. Then neither the
 * options nor the library are in its environment, and whatever else is preloaded is. The program starts itself by the
 * call that the first argument names, and the new one says what it finds.
 */
/* with: wrap_mutex */
/* case: execv */
/* status: 66 */
/* findings: 1 */
/* case: execv_alone */
/* args: execv */
/* options: follow_children=0 */
/* case: execle */
/* status: 66 */
/* findings: 1 */
/* case: execle_alone */
/* args: execle */
/* options: follow_children=0 */
/* case: spawn */
/* findings: 1 */
/* case: spawn_alone */
/* args: spawn */
/* options: follow_children=0 */
/* case: system */
/* findings: 1 */
/* case: system_alone */
/* args: system */
/* options: follow_children=0 */
/* case: first */
/* args: spawn */
/* with-first: wrap_mutex */
/* options: follow_children=0 */
#include "program.h"

#include <spawn.h>
#include <sys/wait.h>

/* The libraries of LD_PRELOAD but lockval's, which is there when children are followed. */
static void print_preload(void)
{
    char list[4096], *rest = NULL;
    const char *value = getenv("LD_PRELOAD");

    printf("preloaded:");
    snprintf(list, sizeof(list), "%s", value != NULL ? value : "");
    for (char *entry = strtok_r(list, ": ", &rest); entry != NULL; entry = strtok_r(NULL, ": ", &rest)) {
        const char *slash = strrchr(entry, '/');

        if (strstr(entry, "liblockval") == NULL)
            printf(" %s", slash != NULL ? slash + 1 : entry);
    }
    puts("");
}

static int started(void)
{
    const char *value = getenv("LD_PRELOAD");

    /* Only what should be followed is: the library and its options come and go together. */
    if ((value != NULL && strstr(value, "liblockval") != NULL) != (getenv("LOCKVAL_OPTIONS") != NULL))
        puts("the options without the library, or the library without them");
    print_preload();
    make_finding();
    return 0;
}

int main(int argc, char **argv)
{
    char self[4096], text[4200], word[] = "started";
    char *new_argv[] = { self, word, NULL };
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    int status;
    pid_t pid;

    MUST(argc == 2 && len > 0);
    self[len] = '\0';
    if (is_case(argv, "started"))
        return started();
    if (is_case(argv, "execv")) {
        execv(self, new_argv);
    } else if (is_case(argv, "execle")) {
        execle(self, self, word, (char *)NULL, environ);
    } else if (is_case(argv, "spawn")) {
        MUST(posix_spawn(&pid, self, NULL, NULL, new_argv, environ) == 0 && waitpid(pid, &status, 0) == pid);
        return 0;
    } else {
        snprintf(text, sizeof(text), "'%s' started", self);
        MUST(system(text) != -1);
        return 0;
    }
    return 98;
}
