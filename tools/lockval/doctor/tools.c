/* SPDX-License-Identifier: MIT */
/* Programs of others that some commands start or serve. Without them there is less, and nothing breaks. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "common/graphviz.h"
#include "common/memory.h"
#include "common/target.h"
#include "doctor/checks.h"

enum {
    LAYOUT_S = 10 /* for two nodes */
};

static void check_graphviz(struct doctor_checks *checks)
{
    static const char graph[] = "digraph { a -> b }";
    bool missing = false;
    size_t len;
    char *plain = cli_graphviz("dot", "plain", graph, sizeof(graph) - 1, LAYOUT_S, &len, &missing);

    if (plain != NULL) {
        doctor_add(checks, DOCTOR_OK, "graphviz", "dot draws");
    } else if (missing) {
        doctor_add(checks, DOCTOR_WARN, "graphviz", "dot is not in PATH");
        doctor_advise(checks, "install graphviz: lockval report draws the graph of locks with it");
    } else {
        doctor_add(checks, DOCTOR_WARN, "graphviz", "dot is there, and does not draw");
        doctor_advise(checks, "see what it says: echo 'digraph { a -> b }' | dot -Tplain");
    }
    free(plain);
}

static void check_gdb(struct doctor_checks *checks)
{
    char *path = cli_target_find("gdb");

    if (path != NULL) {
        doctor_add(checks, DOCTOR_OK, "gdb", "%s, for info locks in a process or a core", path);
    } else {
        doctor_add(checks, DOCTOR_WARN, "gdb", "gdb is not in PATH");
        doctor_advise(checks, "install gdb for info locks in a core; lockval threads PID needs none");
    }
    free(path);
}

/* elfutils loads its library when it is needed. */
static void check_debuginfod(struct doctor_checks *checks)
{
    const char *urls = getenv("DEBUGINFOD_URLS");
    void *library = dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL);

    if (urls == NULL || *urls == '\0') {
        doctor_add(checks, DOCTOR_WARN, "debuginfod", "DEBUGINFOD_URLS is not set");
        doctor_advise(checks,
                      "set it (to https://debuginfod.elfutils.org/) for lines of libraries whose debug info is not "
                      "installed");
    } else if (library == NULL) {
        doctor_add(checks, DOCTOR_WARN, "debuginfod", "DEBUGINFOD_URLS is set, and libdebuginfod.so.1 is not there");
        doctor_advise(checks, "install it (libdebuginfod1)");
    } else {
        doctor_add(checks, DOCTOR_OK, "debuginfod", "asks %s", urls);
    }
    if (library != NULL)
        (void)dlclose(library);
}

void doctor_tools(struct doctor_checks *checks)
{
    check_graphviz(checks);
    check_gdb(checks);
    check_debuginfod(checks);
}
