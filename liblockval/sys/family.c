/* SPDX-License-Identifier: MIT */
/*
 * A word of shared memory has other addresses in other processes. What it is mapped from is the same: device, inode and the
 * offset there, which /proc/PID/maps gives. That holds for files, for POSIX and System V shared memory, and for anonymous memory that
 * was shared by fork, which has an inode of its own.
 */

#define _GNU_SOURCE
#include "sys/family.h"

#include "base/text.h"
#include "sys/os.h"
#include "sys/rawcall.h"
#include "sys/tasks.h"

#include <fcntl.h>
#include <string.h>

/* A line of maps, without the path. */
struct mapping {
    uint64_t start, end, offset, inode;
    uint64_t major, minor;
    bool shared;
};

static bool digits(const char **at, unsigned base, uint64_t *ret)
{
    const char *begin = *at;

    for (*ret = 0;; (*at)++) {
        char c = **at;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;

        if (digit >= base)
            return *at != begin;
        *ret = *ret * base + digit;
    }
}

static bool skip(const char **at, char c)
{
    return *(*at)++ == c;
}

/* "7f00-7f10 rw-s 00000000 00:01 1234   /path" */
static bool parse(const char *line, struct mapping *ret)
{
    const char *at = line;

    if (!digits(&at, 16, &ret->start) || !skip(&at, '-') || !digits(&at, 16, &ret->end) || !skip(&at, ' ') ||
        strlen(at) < 5)
        return false;
    ret->shared = at[3] == 's';
    at += 4;
    return skip(&at, ' ') && digits(&at, 16, &ret->offset) && skip(&at, ' ') && digits(&at, 16, &ret->major) &&
           skip(&at, ':') && digits(&at, 16, &ret->minor) && skip(&at, ' ') && digits(&at, 10, &ret->inode);
}

enum {
    HEAD = 120, /* of a line: what parse() looks at */
    CHUNK = 1024
};

/* Look through maps at @path until @is_it says yes. */
static bool find(const char *path, bool (*is_it)(const struct mapping *mapping, void *arg), void *arg)
{
    char chunk[CHUNK], line[HEAD + 1];
    size_t length = 0;
    bool found = false;
    long got;
    int fd = (int)LV_SYSCALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    while (!found && (got = LV_SYSCALL(SYS_read, fd, chunk, sizeof(chunk))) > 0) {
        for (long i = 0; i < got && !found; i++) {
            struct mapping mapping;

            if (chunk[i] != '\n') {
                if (length < HEAD)
                    line[length++] = chunk[i];
                continue;
            }
            line[length] = '\0';
            length = 0;
            found = parse(line, &mapping) && is_it(&mapping, arg);
        }
    }
    lv_os_close(fd);
    return found;
}

/* A place in what is shared. */
struct place {
    uintptr_t address; /* in the one process, or the other */
    struct mapping in;
    uint64_t offset;
};

static bool has_address(const struct mapping *mapping, void *arg)
{
    struct place *place = arg;

    if (!mapping->shared || mapping->inode == 0 || place->address < mapping->start || place->address >= mapping->end)
        return false;
    place->in = *mapping;
    place->offset = mapping->offset + (place->address - mapping->start);
    return true;
}

static bool has_place(const struct mapping *mapping, void *arg)
{
    struct place *place = arg;

    if (!mapping->shared || mapping->inode != place->in.inode || mapping->major != place->in.major ||
        mapping->minor != place->in.minor || place->offset < mapping->offset ||
        place->offset - mapping->offset >= mapping->end - mapping->start)
        return false;
    place->address = mapping->start + (place->offset - mapping->offset);
    return true;
}

bool lv_family_waits(int tid, uintptr_t *ret_address)
{
    struct lv_task_sleep sleep;
    struct lv_text text;
    struct place place;
    char path[32];

    if (lv_task_look_anywhere(tid, &sleep) < 0 || !sleep.futex || !sleep.shared || sleep.timed)
        return false;
    place.address = sleep.address;
    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/%d/maps", tid);
    if (!find(path, has_address, &place) || !find("/proc/self/maps", has_place, &place))
        return false;
    *ret_address = place.address;
    return true;
}

void lv_family_name(int tid, char name[16])
{
    struct lv_text text;
    char path[32];
    int length;

    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/%d/comm", tid);
    length = lv_os_read_text(path, name, 16);
    if (length > 0 && name[length - 1] == '\n')
        name[length - 1] = '\0';
    if (length <= 0)
        name[0] = '\0';
}
