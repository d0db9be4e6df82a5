/* SPDX-License-Identifier: MIT */
/*
 * What once controls and streams say of themselves, found out at start by use. glibc's pthread_once_t is one int; a stream
 * points to a lock of its own, whose owner is the thread's pthread_t.
 */

#include "process/objects.h"

#include <pthread.h>
#include <string.h>

#include "process/real.h"
#include "sys/os.h"

struct lv_objects lv_objects;

/* The objects behind the variables, which the program may change. */
extern char _IO_2_1_stdin_[], _IO_2_1_stdout_[], _IO_2_1_stderr_[];

struct file_lock {
    int word;
    int count;
    void *owner;
};

static bool read_file_lock(uintptr_t file, struct file_lock *ret)
{
    void *lock;

    return lv_os_read_memory(file + offsetof(FILE, _lock), &lock, sizeof(lock)) == 0 && lock != NULL &&
           lv_os_read_memory((uintptr_t)lock, ret, sizeof(*ret)) == 0;
}

static bool is_lock(uintptr_t file, int count, const void *owner)
{
    struct file_lock lock;

    return read_file_lock(file, &lock) && lock.count == count && lock.owner == owner;
}

/* A stream that another thread has at this moment tells nothing, which is no harm. */
static bool try_file(FILE *file)
{
    const void *me = (const void *)pthread_self();
    uintptr_t at = (uintptr_t)file;
    bool good = is_lock(at, 0, NULL);

    if (lv_real.ftrylockfile(file) != 0)
        return false;
    good = is_lock(at, 1, me) && good;
    lv_real.flockfile(file);
    good = is_lock(at, 2, me) && good;
    lv_real.funlockfile(file);
    good = is_lock(at, 1, me) && good;
    lv_real.funlockfile(file);
    return is_lock(at, 0, NULL) && good;
}

static pthread_once_t tried = PTHREAD_ONCE_INIT;
static int while_tried;

static void look_at_once(void)
{
    while_tried = (int)tried;
}

static int try_once(void)
{
    int before = (int)tried, after;

    lv_real.pthread_once(&tried, look_at_once);
    after = (int)tried;
    lv_real.pthread_once(&tried, look_at_once);
    return before == PTHREAD_ONCE_INIT && while_tried != before && after != before && after != while_tried &&
                   (int)tried == after
               ? after
               : 0;
}

void lv_objects_test(void)
{
    _Static_assert(sizeof(pthread_once_t) == sizeof(int) && sizeof(once_flag) == sizeof(int), "one int");

    lv_objects.once_done = try_once();
    lv_objects.file_owner = try_file((FILE *)(void *)_IO_2_1_stderr_);
}

enum lv_holding lv_file_holding(uintptr_t address)
{
    struct file_lock lock;

    if (!lv_objects.file_owner || !read_file_lock(address, &lock))
        return LV_HOLDING_UNKNOWN;
    return lock.owner == NULL                           ? LV_HOLDING_NOBODY
           : lock.owner == (const void *)pthread_self() ? LV_HOLDING_SELF
                                                        : LV_HOLDING_OTHER;
}

const char *lv_file_standard_name(const FILE *file)
{
    const char *at = (const char *)file;

    return at == _IO_2_1_stdout_ ? "stdout" : at == _IO_2_1_stderr_ ? "stderr" : at == _IO_2_1_stdin_ ? "stdin" : NULL;
}

bool lv_object_is_lost(enum lv_kind kind, uintptr_t address)
{
    struct file_lock lock;
    unsigned char guard;
    int control;

    switch (kind) {
    case LV_KIND_ONCE: /* left by longjmp: glibc's cleanup has made it new */
        return lv_objects.once_done != 0 && (lv_os_read_memory(address, &control, sizeof(control)) < 0 ||
                                             control == PTHREAD_ONCE_INIT || control == lv_objects.once_done);
    case LV_KIND_GUARD:
        return lv_os_read_memory(address, &guard, sizeof(guard)) < 0 || guard != 0;
    case LV_KIND_FILE: /* a forked child finds all streams unlocked */
        return lv_objects.file_owner && (!read_file_lock(address, &lock) || lock.owner != (const void *)pthread_self());
    default:
        return false;
    }
}
