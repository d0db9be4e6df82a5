/* SPDX-License-Identifier: MIT */
/*
 * Memory that goes away, and the locks in it. Owns no data.
 *
 * free() is the hot one: while no lock ever lay on memory that can be freed it costs a test; then a look at the block's size,
 * which the real free() looks at next, and at a byte for each page that the block lies on. These hooks are called at any
 * time: before the library is started (a block that is freed then is lost), by a thread that is being made or ends, inside
 * the library by libunwind. Where the thread is not watched they only pass the call on.
 *
 * operator delete is no hook: a preloaded one would take the blocks of every module that has a pair of its own. libstdc++'s
 * ends in free().
 */

#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS /* or mmap is another name of mmap64, and both are hooks */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "engine/memory.h"
#include "interpose/hook.h"
#include "sys/rawcall.h"

#define PAGE ((uintptr_t)4096)
#define UNKNOWN_SIZE ((size_t)16) /* of a block whose allocator does not say: no block is smaller */

/* The block's size as its allocator says. Valgrind's memcheck has blocks of its own where glibc's would be. */
static size_t usable_size(void *block)
{
    if (LV_LIKELY(lv_real_header) && LV_LIKELY(!lv_process_context.memcheck))
        return lv_real_header_usable(block);
    return lv_real_usable_size != NULL ? lv_real_usable_size(block) : UNKNOWN_SIZE;
}

/*
 * Are there surely no locks on @block's pages? For glibc's blocks the size is read where glibc keeps it, in the word before
 * the block: a call that asks for it costs more than all the rest. First page and last are looked at without asking whether
 * they are the same, which in a mix of sizes nobody can predict.
 */
LV_ALWAYS_INLINE bool is_clear(void *block)
{
    const struct lv_pages *pages = &lv_process_context.pages;
    uintptr_t start = (uintptr_t)block, last;

    if (LV_LIKELY(!__atomic_load_n(&pages->any, __ATOMIC_RELAXED)) || block == NULL)
        return true;
    if (LV_UNLIKELY(!lv_real_header))
        return false;
    last = start + lv_real_header_size(block) - 1;
    return LV_LIKELY((lv_pages_mark(pages, start) | lv_pages_mark(pages, last)) == 0) &&
           LV_LIKELY((last >> LV_PAGE_SHIFT) - (start >> LV_PAGE_SHIFT) < 2);
}

/* The calling thread's state if what it gives back is looked at: not inside the library, but after lockval_off(). */
static struct lv_thread *looking(uintptr_t site)
{
    static const struct lv_object none = { 0 };
    struct lv_thread *t = lv_self_is_born() ? lv_self_state : lv_self_new();

    if (t == NULL || t->guard != t->off || lv_is_own(&lv_process_context, &none, site))
        return NULL;
    return __atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) != LV_STATE_OFF ? t : NULL;
}

static void look(void *block, uintptr_t site)
{
    size_t size = usable_size(block);
    int saved = errno;
    struct lv_thread *t = lv_pages_marks(&lv_process_context.pages, (uintptr_t)block, size) != 0 ? looking(site) : NULL;

    if (t != NULL)
        lv_memory_free(&lv_process_context, t, (uintptr_t)block, size, site);
    errno = saved;
}

static __attribute__((noinline)) void look_and_free(void *block, uintptr_t site)
{
    look(block, site);
    lv_real.free(block);
}

LV_EXPORT void free(void *block)
{
    if (LV_UNLIKELY(!is_clear(block)))
        look_and_free(block, LV_CALL_SITE);
    else if (LV_LIKELY(lv_real.free != NULL))
        lv_real.free(block);
}

/* No header declares it any more; programs linked before 2018 may call it. */
LV_ALIAS(free, cfree);

/* What happened to a part of memory that was looked at before the real call. */
static void after_call(struct lv_thread *t, const struct lv_memory *memory, uintptr_t gone, size_t size, uintptr_t site,
                       const char *what)
{
    int saved = errno;

    if (t != NULL)
        lv_memory_end(&lv_process_context, t, memory, gone, size, site, what);
    errno = saved;
}

static __attribute__((noinline)) void *look_and_realloc(void *block, size_t size, uintptr_t site)
{
    size_t old_size = usable_size(block);
    uintptr_t start = (uintptr_t)block;
    struct lv_thread *t = lv_pages_marks(&lv_process_context.pages, start, old_size) != 0 ? looking(site) : NULL;
    struct lv_memory memory;
    size_t kept = 0;
    void *ret;

    if (t != NULL)
        lv_memory_begin(&lv_process_context, t, start, old_size, true, &memory);
    ret = lv_real.realloc(block, size);
    if (ret == NULL && size != 0)
        kept = old_size;
    else if ((uintptr_t)ret == start)
        kept = lv_real_usable_size != NULL ? lv_real_usable_size(ret) : size;
    if (kept > old_size)
        kept = old_size;
    after_call(t, &memory, start + kept, old_size - kept, site,
               ret == NULL ? "is freed by realloc" : "is moved or cut off by realloc");
    return ret;
}

static inline void *resize(void *block, size_t size, uintptr_t site)
{
    if (LV_UNLIKELY(lv_real.realloc == NULL)) {
        lv_process_start();
        if (lv_real.realloc == NULL) {
            errno = ENOMEM;
            return NULL;
        }
    }
    if (LV_UNLIKELY(!is_clear(block)))
        return look_and_realloc(block, size, site);
    return lv_real.realloc(block, size);
}

LV_EXPORT void *realloc(void *block, size_t size)
{
    return resize(block, size, LV_CALL_SITE);
}

extern __typeof__(realloc) own_realloc __attribute__((nothrow, leaf, alias("realloc"), visibility("hidden")));

/*
 * libc's calls whichever realloc the program has, and so does this one: that of an allocator before the library, which the hook
 * is not called for; else the hook's way. An allocator's own reallocarray behind the library would not come back to the hook.
 */
LV_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    void *(*volatile of_program)(void *, size_t) = realloc;
    size_t total;

    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    if (LV_UNLIKELY(of_program != own_realloc))
        return of_program(block, total);
    return resize(block, total, LV_CALL_SITE);
}

/* Before the library is started: the call without libc. */
static long raw_result(long ret)
{
    if (ret >= 0 || ret < -4095)
        return ret;
    errno = (int)-ret;
    return -1;
}

static inline size_t whole_pages(size_t size)
{
    return (size + PAGE - 1) & ~(PAGE - 1);
}

/* A mapping may go: look at it if it has locks, or the thread holds some. Returns the thread that looks, or null. */
static struct lv_thread *begin_unmap(uintptr_t start, size_t size, uintptr_t site, struct lv_memory *ret)
{
    struct lv_thread *t = lv_self_state;

    size = whole_pages(size);
    if (size == 0 || start % PAGE != 0 || start + size < start ||
        (t->depth == 0 && lv_pages_marks(&lv_process_context.pages, start, size) == 0))
        return NULL;
    t = looking(site);
    if (t != NULL)
        lv_memory_begin(&lv_process_context, t, start, size, false, ret);
    return t;
}

LV_EXPORT int munmap(void *start, size_t size)
{
    struct lv_memory memory;
    struct lv_thread *t;
    int r;

    if (LV_UNLIKELY(lv_real.munmap == NULL))
        return (int)raw_result(LV_SYSCALL(SYS_munmap, start, size));
    t = begin_unmap((uintptr_t)start, size, LV_CALL_SITE, &memory);
    r = lv_real.munmap(start, size);
    after_call(t, &memory, (uintptr_t)start, r == 0 ? whole_pages(size) : 0, LV_CALL_SITE, "is unmapped");
    return r;
}

#define MAP_OVER(real, start, size, protection, flags, fd, offset)                                                 \
    do {                                                                                                           \
        struct lv_thread *t_ = NULL;                                                                               \
        struct lv_memory memory_;                                                                                  \
        void *ret_;                                                                                                \
                                                                                                                   \
        if (LV_UNLIKELY((real) == NULL))                                                                           \
            return raw_mmap((start), (size), (protection), (flags), (fd), (int64_t)(offset));                      \
        if (LV_UNLIKELY(((flags)&MAP_FIXED) != 0))                                                                 \
            t_ = begin_unmap((uintptr_t)(start), (size), LV_CALL_SITE, &memory_);                                  \
        ret_ = (real)((start), (size), (protection), (flags), (fd), (offset));                                     \
        if (LV_UNLIKELY(t_ != NULL))                                                                               \
            after_call(t_, &memory_, (uintptr_t)(start), ret_ != MAP_FAILED ? whole_pages(size) : 0, LV_CALL_SITE, \
                       "is mapped over");                                                                          \
        return ret_;                                                                                               \
    } while (0)

static void *raw_mmap(void *start, size_t size, int protection, int flags, int fd, int64_t offset)
{
#ifdef SYS_mmap2
    offset /= (int64_t)PAGE;
#endif
    return (void *)raw_result(LV_SYSCALL(LV_SYS_MMAP, start, size, protection, flags, fd, offset));
}

LV_EXPORT void *mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset)
{
    MAP_OVER(lv_real.mmap, start, size, protection, flags, fd, offset);
}

LV_EXPORT void *mmap64(void *start, size_t size, int protection, int flags, int fd, off64_t offset)
{
    MAP_OVER(lv_real.mmap64, start, size, protection, flags, fd, offset);
}

LV_EXPORT void *mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
    struct lv_thread *t = NULL, *over = NULL;
    struct lv_memory memory, target;
    void *fixed = NULL, *ret;
    size_t gone = 0;
    va_list list;

    va_start(list, flags);
    if ((flags & MREMAP_FIXED) != 0)
        fixed = va_arg(list, void *);
    va_end(list);
    if (LV_UNLIKELY(lv_real.mremap == NULL))
        return (void *)raw_result(LV_SYSCALL(SYS_mremap, old, old_size, size, flags, fixed));
    t = begin_unmap((uintptr_t)old, old_size, LV_CALL_SITE, &memory);
    if ((flags & MREMAP_FIXED) != 0)
        over = begin_unmap((uintptr_t)fixed, size, LV_CALL_SITE, &target);
    ret = lv_real.mremap(old, old_size, size, flags, fixed);
    if (ret != MAP_FAILED && ret != old)
        gone = whole_pages(old_size);
    else if (ret != MAP_FAILED && size < old_size)
        gone = whole_pages(old_size) - whole_pages(size);
    after_call(t, &memory, (uintptr_t)old + whole_pages(old_size) - gone, gone, LV_CALL_SITE,
               "is moved or cut off by mremap");
    after_call(over, &target, (uintptr_t)fixed, ret != MAP_FAILED ? whole_pages(size) : 0, LV_CALL_SITE,
               "is mapped over");
    return ret;
}

/*
 * A segment of shared memory. shmdt() has no size to look at, and what lies in a segment outlives it: its locks end when the
 * next segment comes to their place.
 */
LV_EXPORT void *shmat(int id, const void *where, int flags)
{
    struct shmid_ds segment;
    struct lv_thread *t;
    void *ret;
    int saved;

    if (LV_UNLIKELY(lv_real.shmat == NULL))
        lv_process_start();
    ret = lv_real.shmat(id, where, flags);
    saved = errno;
    if ((intptr_t)ret != -1 && shmctl(id, IPC_STAT, &segment) == 0 &&
        (lv_pages_marks(&lv_process_context.pages, (uintptr_t)ret, segment.shm_segsz) & LV_PAGE_TABLE) != 0) {
        t = looking(LV_CALL_SITE);
        if (t != NULL)
            lv_memory_replaced(&lv_process_context, t, (uintptr_t)ret, segment.shm_segsz);
    }
    errno = saved;
    return ret;
}
