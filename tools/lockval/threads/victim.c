/* SPDX-License-Identifier: MIT */
/*
 * Memory is read through /proc/PID/mem: the kernel checks once, when it is opened, whether the caller may, and the
 * descriptor stays with the memory of that program, so that a process that becomes another one is not mistaken.
 */

#define _GNU_SOURCE
#include "threads/victim.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"

enum {
    SMALL_FILE = 8192, /* what of a file of /proc is looked at */
    TEXT_MAX = 512
};

/* ---- files of /proc ---- */

/* The first bytes of a file of the process, terminated. Returns their number, or a negative errno. */
static ssize_t read_file(pid_t pid, const char *name, char *buf, size_t size)
{
    char *path = cli_printf("/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC), error = errno;
    ssize_t got;

    free(path);
    if (fd < 0)
        return -error;
    got = read(fd, buf, size - 1);
    error = errno;
    (void)close(fd);
    if (got < 0)
        return -error;
    buf[got] = '\0';
    return got;
}

/* What follows "@key:" in the text of a status file; null: there is no such line. */
static const char *field_of(const char *status, const char *key)
{
    size_t len = strlen(key);

    for (const char *line = status; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " \t");
    }
    return NULL;
}

static pid_t number_of(const char *field)
{
    return field != NULL ? (pid_t)strtol(field, NULL, 10) : 0;
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

/* ---- complaints ---- */

static int yama_scope(void)
{
    char buf[16];
    int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, buf, sizeof(buf) - 1) : -1;

    if (fd >= 0)
        (void)close(fd);
    buf[got > 0 ? got : 0] = '\0';
    return got > 0 ? atoi(buf) : 0;
}

static void complain_of_permission(pid_t pid)
{
    char path[64];
    struct stat st;

    (void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    if (stat(path, &st) == 0 && st.st_uid != geteuid() && geteuid() != 0)
        cli_complain("process %d is another user's, and may not be looked at: become that user, or root", (int)pid);
    else if (geteuid() != 0 && yama_scope() == 1)
        cli_complain(
            "process %d may be looked at by its ancestors only (kernel.yama.ptrace_scope is 1): become root, or set it "
            "to 0 with sysctl",
            (int)pid);
    else if (yama_scope() >= 2)
        cli_complain("process %d may not be looked at (kernel.yama.ptrace_scope is %d): %s", (int)pid, yama_scope(),
                     yama_scope() == 2 ? "become root" : "only a reboot changes that");
    else
        cli_complain("process %d may not be looked at: %s", (int)pid,
                     geteuid() != 0 ? "become root" : "the right CAP_SYS_PTRACE is missing (containers take it away)");
}

void cli_victim_complain(pid_t pid, int error)
{
    if (error == ESRCH || error == ENOENT)
        cli_complain("process %d ended while it was looked at", (int)pid);
    else if (error == EPERM || error == EACCES)
        complain_of_permission(pid);
    else
        cli_complain("cannot look at process %d: %s", (int)pid, strerror(error));
}

/* ---- threads ---- */

static void read_call(pid_t pid, struct cli_task *task)
{
    char name[64], buf[512], *end;
    unsigned long long argument;

    (void)snprintf(name, sizeof(name), "task/%d/syscall", (int)task->tid);
    if (read_file(pid, name, buf, sizeof(buf)) <= 0)
        return;
    task->call = strtol(buf, &end, 10);
    if (end == buf || task->call < 0 || *end != ' ')
        return; /* "running", or -1: stopped outside of one */
    argument = strtoull(end, &end, 16);
    task->in_call = true;
    task->call_arg = argument;
}

/* False: the thread ended. */
static bool read_task(pid_t pid, struct cli_task *task)
{
    char name[64], buf[SMALL_FILE];
    const char *field, *inner;

    (void)snprintf(name, sizeof(name), "task/%d/status", (int)task->tid);
    if (read_file(pid, name, buf, sizeof(buf)) <= 0)
        return false;
    field = field_of(buf, "Name");
    if (field != NULL)
        (void)snprintf(task->name, sizeof(task->name), "%.*s", (int)strcspn(field, "\n"), field);
    make_printable(task->name);
    field = field_of(buf, "State");
    task->state = field != NULL ? *field : '\0';
    /* One number a namespace, the innermost last. */
    task->inner_tid = task->tid;
    for (inner = field_of(buf, "NSpid"); inner != NULL && isdigit((unsigned char)*inner);
         inner += strspn(inner, "0123456789"), inner += strspn(inner, " \t"))
        task->inner_tid = number_of(inner);
    read_call(pid, task);
    return task->state != 'Z' && task->state != 'X';
}

static int by_tid(const void *a, const void *b)
{
    const struct cli_task *left = a, *right = b;

    return (left->tid > right->tid) - (left->tid < right->tid);
}

bool cli_victim_read_tasks(struct cli_victim *victim)
{
    char *path = cli_printf("/proc/%d/task", (int)victim->pid);
    DIR *dir = opendir(path);
    struct dirent *entry;

    free(path);
    victim->task_count = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct cli_task task = { .tid = number_of(entry->d_name) };

        if (task.tid <= 0 || !read_task(victim->pid, &task))
            continue;
        victim->tasks = cli_realloc(victim->tasks, victim->task_count + 1, sizeof(task));
        victim->tasks[victim->task_count++] = task;
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (victim->task_count != 0)
        qsort(victim->tasks, victim->task_count, sizeof(*victim->tasks), by_tid);
    return victim->task_count != 0;
}

struct cli_task *cli_victim_task(const struct cli_victim *victim, pid_t tid)
{
    struct cli_task key = { .tid = tid };

    return victim->task_count == 0 ? NULL : bsearch(&key, victim->tasks, victim->task_count, sizeof(key), by_tid);
}

bool cli_task_sleeps(const struct cli_task *task)
{
    return task->in_call && task->call == SYS_futex;
}

/* ---- mappings ---- */

static void add_map(struct cli_victim *victim, char *line)
{
    struct cli_map map = { 0 };
    unsigned long long start, end, offset;
    char rights[8];
    int path = 0;

    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %n", &start, &end, rights, &offset, &path) < 4 || end <= start)
        return;
    map.start = (uintptr_t)start;
    map.end = (uintptr_t)end;
    map.offset = offset;
    map.readable = rights[0] == 'r';
    make_printable(line);
    map.path = cli_strdup(path > 0 ? line + path : "");
    victim->maps = cli_realloc(victim->maps, victim->map_count + 1, sizeof(map));
    victim->maps[victim->map_count++] = map;
}

static bool read_maps(struct cli_victim *victim)
{
    char *path = cli_printf("/proc/%d/maps", (int)victim->pid), *line = NULL;
    FILE *file = fopen(path, "re");
    size_t size = 0;
    int error = errno;

    free(path);
    if (file == NULL) {
        cli_victim_complain(victim->pid, error);
        return false;
    }
    while (getline(&line, &size, file) > 0)
        add_map(victim, line);
    free(line);
    (void)fclose(file);
    return true;
}

const struct cli_map *cli_victim_map(const struct cli_victim *victim, uintptr_t address)
{
    size_t low = 0, high = victim->map_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (address >= victim->maps[middle].end)
            low = middle + 1;
        else
            high = middle;
    }
    return low < victim->map_count && address >= victim->maps[low].start ? &victim->maps[low] : NULL;
}

/* ---- memory ---- */

size_t cli_victim_read_some(const struct cli_victim *victim, uintptr_t address, void *buf, size_t size)
{
    size_t done = 0;

    if (address > (uintptr_t)INT64_MAX || size > (uintptr_t)INT64_MAX - address)
        return 0;
    while (done < size) {
        ssize_t got = pread(victim->memory, (char *)buf + done, size - done, (off_t)(address + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

bool cli_victim_read(const struct cli_victim *victim, uintptr_t address, void *buf, size_t size)
{
    return cli_victim_read_some(victim, address, buf, size) == size;
}

char *cli_victim_text(const struct cli_victim *victim, uintptr_t address)
{
    char text[TEXT_MAX];
    size_t got = address != 0 ? cli_victim_read_some(victim, address, text, sizeof(text) - 1) : 0;

    if (got == 0)
        return NULL;
    text[got] = '\0';
    make_printable(text);
    return cli_strdup(text);
}

/* ---- the process ---- */

static bool is_ended(const char *status)
{
    const char *state = field_of(status, "State");

    return state == NULL || *state == 'Z' || *state == 'X';
}

bool cli_victim_is_alive(const struct cli_victim *victim)
{
    char status[SMALL_FILE];

    return read_file(victim->pid, "status", status, sizeof(status)) > 0 && !is_ended(status);
}

static bool read_program(struct cli_victim *victim)
{
    char *link = cli_printf("/proc/%d/exe", (int)victim->pid), path[PATH_MAX];
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    int error = errno;

    free(link);
    if (len < 0 && error == ENOENT)
        cli_complain("process %d has no program: it is the kernel's, or it has just ended", (int)victim->pid);
    else if (len < 0)
        cli_victim_complain(victim->pid, error);
    if (len < 0)
        return false;
    path[len] = '\0';
    make_printable(path);
    victim->program = cli_strdup(path);
    return true;
}

static bool open_memory(struct cli_victim *victim)
{
    char *path = cli_printf("/proc/%d/mem", (int)victim->pid);
    int error;

    victim->memory = open(path, O_RDONLY | O_CLOEXEC);
    error = errno;
    free(path);
    if (victim->memory < 0)
        cli_victim_complain(victim->pid, error);
    return victim->memory >= 0;
}

/* Are its pointers as ours? Of its first mapping of a program or library. */
static bool has_same_word(const struct cli_victim *victim)
{
    unsigned char ident[EI_NIDENT];

    for (size_t i = 0; i < victim->map_count; i++)
        if (victim->maps[i].offset == 0 && victim->maps[i].path[0] == '/' &&
            cli_victim_read(victim, victim->maps[i].start, ident, sizeof(ident)) && memcmp(ident, ELFMAG, SELFMAG) == 0)
            return ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
    return false;
}

bool cli_victim_open(struct cli_victim *victim, pid_t pid)
{
    char status[SMALL_FILE];
    ssize_t got = read_file(pid, "status", status, sizeof(status));

    *victim = (struct cli_victim){ .pid = pid, .memory = -1 };
    if (got <= 0 || field_of(status, "Tgid") == NULL) {
        cli_complain("there is no process %d", (int)pid);
        return false;
    }
    if (is_ended(status)) {
        cli_complain("process %d has ended", (int)pid);
        return false;
    }
    victim->pid = number_of(field_of(status, "Tgid"));
    victim->tracer = number_of(field_of(status, "TracerPid"));
    if (!read_program(victim) || !open_memory(victim) || !read_maps(victim)) {
        cli_victim_close(victim);
        return false;
    }
    victim->same_word = has_same_word(victim);
    if (victim->map_count == 0 || !cli_victim_read_tasks(victim)) {
        cli_victim_complain(victim->pid, ESRCH);
        cli_victim_close(victim);
        return false;
    }
    return true;
}

void cli_victim_close(struct cli_victim *victim)
{
    if (victim->memory >= 0)
        (void)close(victim->memory);
    for (size_t i = 0; i < victim->map_count; i++)
        free(victim->maps[i].path);
    free(victim->maps);
    free(victim->tasks);
    free(victim->program);
    *victim = (struct cli_victim){ .memory = -1 };
}
