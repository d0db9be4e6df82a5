/* SPDX-License-Identifier: MIT */
/*
 * Owns the way to libunwind. It keeps no data of its own; libunwind keeps a cache per thread and blocks signals while
 * it fills it.
 *
 * unw_backtrace remembers how each return address is left, so that a known path costs a few loads a frame (libgcc's
 * _Unwind_Backtrace keeps nothing and takes some 10 us each time). A path that is new to the cache goes through
 * unw_step once, with the loader's list of modules read under the loader's write lock: dlopen holds that one only while
 * it links a module in, not while constructors run.
 *
 * unw_step wants to know whether an address can be read, and asks by writing that byte into a pipe of its own. A
 * program that closes all descriptors, as daemons do, and opens others then gets stray bytes into its files and loses
 * bytes of its sockets. So libunwind is given another way to read memory: its accessors are public, and the local ones
 * are used for every such look. That holds for the program's own use of the same libunwind too, and is as safe for it.
 */

#define _GNU_SOURCE
#define UNW_LOCAL_ONLY
#include "sys/unwind.h"

#include "base/text.h"
#include "sys/os.h"

#include <libunwind.h>
#include <string.h>
#include <sys/single_threaded.h>

/* Frames of the library that may lie between the hook's caller and here. */
#define OWN_FRAMES 24

/* The most that is ever kept: the upper end of the option stack_depth. */
#define FRAMES_MAX 256

static int access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *arg)
{
    (void)space;
    (void)arg;
    if (write) {
        memcpy((void *)(uintptr_t)address, value, sizeof(*value));
        return 0;
    }
    return lv_os_read_memory((uintptr_t)address, value, sizeof(*value)) == 0 ? 0 : -UNW_EUNSPEC;
}

/* What the descriptor is, as /proc says it: "pipe:[inode]". */
static bool describe(int fd, char *buf, size_t size)
{
    char path[32];
    struct lv_text text;

    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/self/fd/%d", fd);
    return lv_os_read_link(path, buf, size) > 0;
}

void lv_unwind_init(void)
{
    unw_accessors_t *accessors;
    char first[32], second[32];
    int expected[2];
    bool alone = __libc_single_threaded;

    /* The numbers that libunwind's pipe is about to get: a pipe takes the two lowest, and nobody else can take them. */
    if (alone && lv_os_pipe(expected) == 0) {
        lv_os_close(expected[0]);
        lv_os_close(expected[1]);
    } else {
        alone = false;
    }

    /* This sets libunwind up, if nobody did before. */
    accessors = unw_get_accessors(unw_local_addr_space);
    accessors->access_mem = access_memory;

    if (alone && describe(expected[0], first, sizeof(first)) && describe(expected[1], second, sizeof(second)) &&
        strncmp(first, "pipe:", 5) == 0 && strcmp(first, second) == 0) {
        lv_os_close(expected[0]);
        lv_os_close(expected[1]);
    }
}

/* Not inlined, so that the library's own frames are a known kind of frame: all of them lie before @caller. */
__attribute__((noinline)) uint32_t lv_unwind(uintptr_t *frames, uint32_t max, uintptr_t caller)
{
    uint32_t wanted = (max < FRAMES_MAX ? max : FRAMES_MAX) + OWN_FRAMES;
    void *seen[wanted]; /* no longer than need be: a thread of the program may have a very small stack */
    int count = unw_backtrace(seen, (int)wanted);

    if (max == 0)
        return 0;
    for (int i = 0; i < count; i++) {
        uint32_t kept = (uint32_t)(count - i);

        if ((uintptr_t)seen[i] != caller)
            continue;
        if (kept > max)
            kept = max;
        memcpy(frames, &seen[i], kept * sizeof(frames[0]));
        return kept;
    }
    frames[0] = caller;
    return 1;
}
