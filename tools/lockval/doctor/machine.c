/* SPDX-License-Identifier: MIT */
/* What is around the library: what it stands on, and what the user set. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"
#include "common/memory.h"
#include "doctor/checks.h"
#include "sys/options.h"

enum {
    GLIBC_MAJOR = 2,
    GLIBC_MINOR = 35,   /* the oldest that the library works with */
    ROOM_MB = 256,      /* less than this is soon full of records */
    PTRACE_UNKNOWN = -1 /* the kernel has no such setting */
};

static void check_system(struct doctor_checks *checks)
{
    const char *libc = gnu_get_libc_version();
    struct utsname name;
    int major = 0, minor = 0;

    if (uname(&name) == 0) {
#if defined(__x86_64__)
        doctor_add(checks, DOCTOR_OK, "system", "%s %s, %s", name.sysname, name.release, name.machine);
#else
        doctor_add(checks, DOCTOR_WARN, "system", "%s %s, %s", name.sysname, name.release, name.machine);
        doctor_advise(checks, "lockval is developed and tested on x86_64 only");
#endif
    }
    if (sscanf(libc, "%d.%d", &major, &minor) == 2 &&
        (major > GLIBC_MAJOR || (major == GLIBC_MAJOR && minor >= GLIBC_MINOR))) {
        doctor_add(checks, DOCTOR_OK, "libc", "glibc %s", libc);
    } else {
        doctor_add(checks, DOCTOR_BAD, "libc", "glibc %s", libc);
        doctor_advise(checks, "the library needs %d.%d or later", GLIBC_MAJOR, GLIBC_MINOR);
    }
    if (access("/proc/self/maps", R_OK) == 0) {
        doctor_add(checks, DOCTOR_OK, "proc", "/proc is there");
    } else {
        doctor_add(checks, DOCTOR_BAD, "proc", "/proc/self/maps cannot be read: %s", strerror(errno));
        doctor_advise(checks,
                      "mount it: the library has the modules of a program from there, and the command the threads");
    }
}

static int ptrace_scope(void)
{
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    int scope = PTRACE_UNKNOWN;

    if (file == NULL)
        return PTRACE_UNKNOWN;
    if (fscanf(file, "%d", &scope) != 1)
        scope = PTRACE_UNKNOWN;
    (void)fclose(file);
    return scope;
}

static void check_ptrace(struct doctor_checks *checks)
{
    int scope = ptrace_scope();

    if (scope == PTRACE_UNKNOWN || scope == 0) {
        doctor_add(checks, DOCTOR_OK, "ptrace", "processes of one user may look at each other");
    } else if (scope <= 2 && geteuid() == 0) {
        doctor_add(checks, DOCTOR_OK, "ptrace", "root may look at processes (kernel.yama.ptrace_scope is %d)", scope);
    } else if (scope <= 2) {
        doctor_add(checks, DOCTOR_WARN, "ptrace", "%s may look at a process (kernel.yama.ptrace_scope is %d)",
                   scope == 1 ? "only its ancestors and root" : "only root", scope);
        doctor_advise(checks, "lockval threads PID, and gdb -p, need root, or: sysctl kernel.yama.ptrace_scope=0");
    } else {
        doctor_add(checks, DOCTOR_WARN, "ptrace", "nobody may look at a process (kernel.yama.ptrace_scope is %d)",
                   scope);
        doctor_advise(checks, "lockval threads PID cannot work until a reboot; the option dump_on_signal still does");
    }
}

/* The user's own settings, with which each run begins. */
static void check_environment(struct doctor_checks *checks)
{
    const char *value = getenv("LOCKVAL_OPTIONS"), *preload = getenv("LD_PRELOAD");
    struct lv_options options;
    struct lv_text said;
    char text[4096];

    if (value == NULL || *value == '\0') {
        doctor_add(checks, DOCTOR_OK, "options", "LOCKVAL_OPTIONS is not set: the defaults");
    } else {
        lv_text_init(&said, text, sizeof(text));
        lv_options_default(&options);
        lv_options_parse(&options, value, &said);
        if (said.len == 0) {
            doctor_add(checks, DOCTOR_OK, "options", "LOCKVAL_OPTIONS=%s", value);
        } else {
            text[strcspn(text, "\n")] = '\0';
            doctor_add(checks, DOCTOR_WARN, "options", "LOCKVAL_OPTIONS=%s", value);
            doctor_advise(checks, "%s", strncmp(text, "lockval: ", 9) == 0 ? text + 9 : text);
        }
    }
    if (preload != NULL && *preload != '\0')
        doctor_add(checks, DOCTOR_OK, "preload", "LD_PRELOAD=%s is kept beside the library", preload);
}

static void check_room(struct doctor_checks *checks)
{
    const char *temporary = getenv("TMPDIR");
    const char *const folders[] = { ".", temporary != NULL && *temporary != '\0' ? temporary : "/tmp" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(folders); i++) {
        char *real = realpath(folders[i], NULL);
        const char *shown = real != NULL ? real : folders[i];
        struct statvfs room;
        unsigned long long free_mb;

        if (statvfs(folders[i], &room) != 0 || access(folders[i], W_OK) != 0) {
            doctor_add(checks, DOCTOR_WARN, "room", "%s: %s", shown, strerror(errno));
            doctor_advise(checks, i == 0 ? "give records an absolute path, or go to another folder"
                                         : "set TMPDIR to a folder that can be written to");
        } else {
            free_mb = (unsigned long long)room.f_bavail * room.f_frsize >> 20;
            doctor_add(checks, free_mb < ROOM_MB ? DOCTOR_WARN : DOCTOR_OK, "room", "%llu MB for records in %s",
                       free_mb, shown);
            if (free_mb < ROOM_MB)
                doctor_advise(checks, "a record that does not fit ends early; it is said, and harms nothing");
        }
        free(real);
    }
}

void doctor_machine(struct doctor_checks *checks)
{
    check_system(checks);
    check_ptrace(checks);
    check_environment(checks);
    check_room(checks);
}
