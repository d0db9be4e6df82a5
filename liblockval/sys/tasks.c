/* SPDX-License-Identifier: MIT */
/*
 * /proc/self/task/TID/syscall is one line: "running", or the number of the system call and its arguments, or -1 for a thread
 * that is stopped outside of one. The arguments of a futex wait say all: which word, whether the word is this process's alone,
 * and whether there is a timeout.
 */

#define _GNU_SOURCE
#include "sys/tasks.h"

#include "base/text.h"
#include "sys/os.h"
#include "sys/rawcall.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>

/* The next number of a line, in decimal or with 0x. False: there is none. */
static bool number(const char **at, uint64_t *ret)
{
    const char *p = *at;
    unsigned base = 10;
    uint64_t value = 0;
    bool any = false;

    while (*p == ' ')
        p++;
    if (p[0] == '0' && p[1] == 'x') {
        base = 16;
        p += 2;
    }
    for (;; p++) {
        unsigned digit = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a') + 10
                                                  : base;

        if (digit >= base)
            break;
        value = value * base + digit;
        any = true;
    }
    *at = p;
    *ret = value;
    return any;
}

/* What the arguments of a futex call say. Another operation than a wait ends by itself. */
static void read_futex(const char *at, struct lv_task_sleep *ret)
{
    uint64_t address, how, value, timeout;
    unsigned command;

    if (!number(&at, &address) || !number(&at, &how) || !number(&at, &value) || !number(&at, &timeout))
        return;
    command = (unsigned)how & (unsigned)FUTEX_CMD_MASK;
    ret->futex = command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
                 command == 13 /* FUTEX_LOCK_PI2 */ || command == FUTEX_WAIT_REQUEUE_PI;
    ret->shared = (how & FUTEX_PRIVATE_FLAG) == 0;
    ret->timed = timeout != 0;
    ret->address = (uintptr_t)address;
}

/* "-1 0x0 0x0": in no call, and stack and instruction pointer are none. */
static bool is_no_stack(const char *at)
{
    uint64_t call, stack, instruction;

    at++;
    return number(&at, &call) && call == 1 && number(&at, &stack) && stack == 0 && number(&at, &instruction) &&
           instruction == 0;
}

static int look(const char *path, struct lv_task_sleep *ret)
{
    char line[256];
    const char *at = line;
    uint64_t call;
    int r;

    *ret = (struct lv_task_sleep){ .sleeps = false };
    r = lv_os_read_text(path, line, sizeof(line));
    if (r <= 0)
        return r < 0 ? r : -1;
    if (!number(&at, &call)) {
        /* It runs; or it is stopped outside of a call. One that is gone has no stack either. */
        ret->gone = at[0] == '-' && is_no_stack(at);
        return 0;
    }
    ret->sleeps = true;
    ret->ends = call == (uint64_t)SYS_exit || call == (uint64_t)SYS_munmap || call == (uint64_t)SYS_madvise;
    if (call == (uint64_t)SYS_futex)
        read_futex(at, ret);
    return 0;
}

int lv_task_look(int tid, struct lv_task_sleep *ret)
{
    struct lv_text text;
    char path[48];

    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/self/task/%d/syscall", tid);
    return look(path, ret);
}

int lv_task_look_anywhere(int tid, struct lv_task_sleep *ret)
{
    struct lv_text text;
    char path[48];

    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/%d/syscall", tid);
    return look(path, ret);
}

/* As getdents64(2) lays it out. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static int list(int fd, int *ret_tids, int max)
{
    _Alignas(struct entry) char buf[2048];
    int count = 0;
    long got;

    while ((got = LV_SYSCALL(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
        for (long at = 0; at < got;) {
            const struct entry *entry = (const struct entry *)(const void *)(buf + at);
            const char *name = entry->name;
            uint64_t tid;

            at += entry->length;
            if (!number(&name, &tid))
                continue;
            if (count < max)
                ret_tids[count] = (int)tid;
            count++;
        }
    }
    return got < 0 ? (int)got : count;
}

int lv_task_list(int *ret_tids, int max)
{
    long fd = LV_SYSCALL(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r;

    if (fd < 0)
        return (int)fd;
    r = list((int)fd, ret_tids, max);
    lv_os_close((int)fd);
    return r;
}
