/* SPDX-License-Identifier: MIT */
/*
 * Owns the way to libunwind, and what was found out about it at start; libunwind keeps a cache per thread and blocks
 * signals while it fills it.
 *
 * unw_backtrace remembers how each return address is left, so that a known path costs a few loads a frame (libgcc's
 * _Unwind_Backtrace keeps nothing and takes some 10 us each time). A frame that is new to the cache goes through unw_step
 * once.
 *
 * unw_step looks for the frame's module with dl_iterate_phdr, which takes a lock of the loader and calls back under it.
 * A program may do so too, and wait in its callback for a thread that is inside a hook: if the hook waited for the
 * loader's lock, neither would go on. So dl_iterate_phdr is hooked, and libunwind's calls are answered with
 * _dl_find_object, which takes no lock. They are known by their callback. What it looks for stands in the first word of
 * its data: no document says so, hence it is tried out at start. The program's own use of the same libunwind is answered
 * in the same way, since it calls with libunwind's cache lock held, for which a hook may wait.
 *
 * unw_step also wants to know whether an address can be read, and asks by writing that byte into a pipe of its own. A
 * program that closes all descriptors, as daemons do, and opens others then gets stray bytes into its files and loses
 * bytes of its sockets. So libunwind is given another way to read memory: its accessors are public, and the local ones
 * are used for every such look. That holds for the program's own use of the same libunwind too, and is as safe for it. What
 * lies in frames that are known to be there is read without asking.
 *
 * unw_backtrace never forgets how an address is left, and reads memory unchecked by what it remembers. When a module was
 * unloaded and another one lies there, that is wrong at best. So from the first unloading on stacks are walked by
 * unw_step, whose cache can be flushed and whose reads fail where nothing is.
 */

#define _GNU_SOURCE
#define UNW_LOCAL_ONLY
#include "sys/unwind.h"

#include "base/text.h"
#include "sys/os.h"

#include <dlfcn.h>
#include <elf.h>
#include <libunwind.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/single_threaded.h>

/* Frames of the library that may lie between the hook's caller and here. */
#define OWN_FRAMES 24

/* The most that is ever kept: the upper end of the option stack_depth. */
#define FRAMES_MAX 256

/* A new frame takes libunwind some 6 KiB of stack. Signal stacks of 8 KiB are common, and nothing guards their ends. */
#define SIGNAL_STACK_MIN ((size_t)64 * 1024)

/* Written by the first call of lv_unwind_try(); callback and off are read by all threads. */
static struct {
    lv_phdr_callback *callback; /* atomic; libunwind's, once it was seen to work as expected */
    bool trying;                /* atomic */
    bool off;                   /* atomic; it does not */
    bool step;                  /* atomic: modules were unloaded, unw_backtrace may be deceived */
    uint64_t short_count;       /* atomic */
} unwinder;

/* While this thread's stack is walked: the end of the frame that began it. Everything from there down to where the stack is
 * now are frames of functions that have not returned. 0: it is not walked. */
static __thread uintptr_t live_end __attribute__((tls_model("initial-exec")));

enum {
    LIVE_MAX =
        65536 /* no more lies between there and here; from another stack it would be more, or less than nothing */
};

/* libunwind reads its own copy of the registers in this way, a system call each if it were not for this. */
static bool is_live(uintptr_t address, size_t size)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    return address >= here && address < live_end && live_end - address >= size && live_end - here < LIVE_MAX;
}

static int access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *arg)
{
    (void)space;
    (void)arg;
    if (write) {
        memcpy((void *)(uintptr_t)address, value, sizeof(*value));
        return 0;
    }
    if (is_live((uintptr_t)address, sizeof(*value))) {
        memcpy(value, (const void *)(uintptr_t)address, sizeof(*value));
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

uintptr_t lv_unwind_code(void)
{
    /* Not the address of a function that others can name: the program may have a stub of its own for that one. */
    return (uintptr_t)unw_get_accessors(unw_local_addr_space)->find_proc_info;
}

/* ---- modules ---- */

static bool in_one_module(uintptr_t a, uintptr_t b)
{
    struct dl_find_object object;

    return _dl_find_object((void *)a, &object) == 0 && b >= (uintptr_t)object.dlfo_map_start &&
           b < (uintptr_t)object.dlfo_map_end;
}

/* Call @callback for the module that @address lies in, as dl_iterate_phdr would. */
static int call_for_module(uintptr_t address, lv_phdr_callback *callback, void *data)
{
    struct dl_find_object object;
    struct dl_phdr_info info = { 0 };
    ElfW(Ehdr) header;
    uintptr_t start;
    size_t size;

    /* Without a table of frames there is nothing to find; libunwind would go and read the module's file. */
    if (_dl_find_object((void *)address, &object) != 0 || object.dlfo_eh_frame == NULL)
        return 0;
    start = (uintptr_t)object.dlfo_map_start;
    size = (size_t)((uintptr_t)object.dlfo_map_end - start);
    /* Linkers place the header, and the program headers with it, at the start of the first segment. */
    if (size < sizeof(header) || lv_os_read_memory(start, &header, sizeof(header)) < 0 ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(ElfW(Phdr)) ||
        header.e_phoff > size || header.e_phnum > (size - header.e_phoff) / sizeof(ElfW(Phdr)))
        return 0;
    info.dlpi_addr = object.dlfo_link_map->l_addr;
    info.dlpi_name = object.dlfo_link_map->l_name;
    info.dlpi_phdr = (const ElfW(Phdr) *)(start + header.e_phoff);
    info.dlpi_phnum = header.e_phnum;
    /* The size says that the rest is not there: how many modules came and went only the loader knows. */
    return callback(&info, offsetof(struct dl_phdr_info, dlpi_adds), data);
}

/* While it is tried out: is this libunwind's call, and is the first word of its data an address in the innermost frames,
 * which are libunwind's and ours? */
static bool is_as_expected(lv_phdr_callback *callback, uintptr_t wanted)
{
    uintptr_t code = lv_unwind_code();

    return in_one_module(code, (uintptr_t)callback) &&
           (in_one_module(code, wanted) || in_one_module((uintptr_t)lv_unwind_try, wanted));
}

bool lv_unwind_phdr(lv_phdr_callback *callback, void *data, int *ret_result)
{
    lv_phdr_callback *known = __atomic_load_n(&unwinder.callback, __ATOMIC_RELAXED);

    if (known == NULL) {
        if (!__atomic_load_n(&unwinder.trying, __ATOMIC_RELAXED) || !is_as_expected(callback, *(const uintptr_t *)data))
            return false;
        __atomic_store_n(&unwinder.callback, callback, __ATOMIC_RELAXED);
    } else if (callback != known) {
        return false;
    }
    *ret_result = call_for_module(*(const uintptr_t *)data, callback, data);
    return true;
}

/* ---- unwinding ---- */

void lv_unwind_forget(void)
{
    __atomic_store_n(&unwinder.step, true, __ATOMIC_RELAXED);
    unw_flush_cache(unw_local_addr_space, 0, 0);
}

/* As unw_backtrace, step by step. */
static int walk_by_steps(void **seen, int wanted)
{
    unw_context_t context;
    unw_cursor_t cursor;
    int count = 0;

    if (unw_getcontext(&context) < 0 || unw_init_local(&cursor, &context) < 0)
        return 0;
    while (count < wanted && unw_step(&cursor) > 0) {
        unw_word_t ip;

        if (unw_get_reg(&cursor, UNW_REG_IP, &ip) < 0)
            break;
        seen[count++] = (void *)(uintptr_t)ip;
    }
    return count;
}

/* Not inlined, so that the library's own frames are a known kind of frame: all of them lie before @caller. */
__attribute__((noinline)) static uint32_t walk(uintptr_t *frames, uint32_t max, uintptr_t caller)
{
    uint32_t wanted = (max < FRAMES_MAX ? max : FRAMES_MAX) + OWN_FRAMES;
    void *seen[wanted]; /* no longer than need be: a thread of the program may have a very small stack */
    int count;

    live_end = (uintptr_t)__builtin_frame_address(0);
    count = __atomic_load_n(&unwinder.step, __ATOMIC_RELAXED) ? walk_by_steps(seen, (int)wanted)
                                                              : unw_backtrace(seen, (int)wanted);
    live_end = 0;
    for (int i = 0; i < count; i++) {
        uint32_t kept = (uint32_t)(count - i);

        if ((uintptr_t)seen[i] != caller)
            continue;
        if (kept > max)
            kept = max;
        memcpy(frames, &seen[i], kept * sizeof(frames[0]));
        return kept;
    }
    return 0;
}

static bool has_room(void)
{
    size_t size = lv_os_signal_stack();

    return size == 0 || size >= SIGNAL_STACK_MIN;
}

__attribute__((noinline)) bool lv_unwind_try(void)
{
    uintptr_t frames[2];
    bool works;

    if (__atomic_load_n(&unwinder.callback, __ATOMIC_RELAXED) != NULL)
        return true;
    __atomic_store_n(&unwinder.trying, true, __ATOMIC_RELAXED);
    works = walk(frames, LV_ARRAY_SIZE(frames), (uintptr_t)__builtin_return_address(0)) == LV_ARRAY_SIZE(frames) &&
            __atomic_load_n(&unwinder.callback, __ATOMIC_RELAXED) != NULL;
    __atomic_store_n(&unwinder.trying, false, __ATOMIC_RELAXED);
    __atomic_store_n(&unwinder.off, !works, __ATOMIC_RELAXED);
    if (!works)
        __atomic_store_n(&unwinder.callback, NULL, __ATOMIC_RELAXED);
    return works;
}

uint32_t lv_unwind(uintptr_t *frames, uint32_t max, uintptr_t caller)
{
    uint32_t count = 0;

    if (max == 0)
        return 0;
    if (!__atomic_load_n(&unwinder.off, __ATOMIC_RELAXED) && has_room())
        count = walk(frames, max, caller);
    if (count != 0)
        return count;
    __atomic_fetch_add(&unwinder.short_count, 1, __ATOMIC_RELAXED);
    frames[0] = caller;
    return 1;
}

uint64_t lv_unwind_short_count(void)
{
    return __atomic_load_n(&unwinder.short_count, __ATOMIC_RELAXED);
}
