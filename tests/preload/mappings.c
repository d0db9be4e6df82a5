/* SPDX-License-Identifier: MIT */
/* Locks in memory that is moved, cut off or unmapped: realloc, munmap, mremap, mmap over what was there. Cases whose name begins
 * with ok- must be silent. */
#include "holder.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>

enum {
    PAGE = 4096
};

/* Called so that the compiler does not know them: what it warns of is what is tested. */
static void *(*volatile resize)(void *, size_t) = realloc;
static void *(*volatile resize_array)(void *, size_t, size_t) = reallocarray;

static void *map_pages(size_t count)
{
    void *pages = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(pages != MAP_FAILED);
    return pages;
}

/* case: realloc-moved */
/* status: 66 */
/* findings: 1 */
/* expect: ^is moved or cut off by realloc while it is held$ */
static void realloc_moved(void)
{
    pthread_mutex_t *mutex = held_at(malloc(64)), *moved;
    void *behind = malloc(64);

    moved = realloc(mutex, 1 << 20);
    MUST(moved != NULL && moved != mutex);
    MUST(pthread_mutex_unlock(moved) == 0);
    free(moved);
    free(behind);
}

/* case: realloc-cut-off */
/* status: 66 */
/* findings: 1 */
/* expect: ^is moved or cut off by realloc while it is held$ */
static void realloc_cut_off(void)
{
    char *block = malloc(20000);

    held_at(block + 12800);
    MUST(resize(block, 200) == block);
}

/* case: realloc-zero */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed by realloc while it is held$ */
static void realloc_zero(void)
{
    MUST(resize(held_at(malloc(64)), 0) == NULL);
}

/* case: reallocarray-moved */
/* status: 66 */
/* findings: 1 */
/* expect: ^is moved or cut off by realloc while it is held$ */
static void reallocarray_moved(void)
{
    pthread_mutex_t *mutex = held_at(malloc(64));
    void *behind = malloc(64);

    MUST(resize_array(mutex, 1 << 10, 1 << 10) != NULL);
    errno = 0;
    MUST(resize_array(behind, SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    free(behind);
}

/* The lock keeps its identity where the block stays in its place: its order is remembered. */
/* case: realloc-in-place */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
static void realloc_in_place(void)
{
    char *block = malloc(20000);
    pthread_mutex_t *mutex = held_at(block + 64);

    MUST(pthread_mutex_lock(&finding_a) == 0 && pthread_mutex_unlock(&finding_a) == 0);
    MUST(resize(block, 10000) == block);
    MUST(resize(block, 15000) == block);
    MUST(resize(block, SIZE_MAX / 2) == NULL);
    MUST(pthread_mutex_unlock(mutex) == 0);
    nest(&finding_a, mutex);
    free(block);
    free(resize(NULL, 100));
}

/* case: munmap-own */
/* status: 66 */
/* findings: 1 */
/* expect: ^is unmapped while it is held$ */
static void munmap_own(void)
{
    char *pages = map_pages(3);

    held_at(pages + PAGE + 128);
    MUST(munmap(pages, (size_t)3 * PAGE) == 0);
}

/* case: munmap-other */
/* status: 66 */
/* findings: 1 */
/* expect: ^is unmapped while another thread holds it\n\nwhich is held by hold/[0-9]+, taken at:\n  hold\+ */
/* expect: ^stack backtrace:\n munmap_other\+ */
static void munmap_other(void)
{
    static struct holder h;
    char *pages = map_pages(3);

    h.mutex = (pthread_mutex_t *)(void *)(pages + PAGE + 128);
    MUST(pthread_mutex_init(h.mutex, NULL) == 0);
    begin_hold(&h);
    MUST(munmap(pages, (size_t)3 * PAGE) == 0);
}

/* Half of a mapping goes, the half with the lock stays; and a call that fails takes nothing away. */
/* case: ok-munmap-half */
static void ok_munmap_half(void)
{
    char *pages = map_pages(4);
    pthread_mutex_t *mutex = held_at(pages + 128);

    errno = 0;
    MUST(munmap(pages + 1, PAGE) == -1 && errno == EINVAL);
    MUST(munmap(pages + (ptrdiff_t)2 * PAGE, (size_t)2 * PAGE) == 0);
    MUST(pthread_mutex_unlock(mutex) == 0);
    MUST(munmap(pages, (size_t)2 * PAGE) == 0);
}

/* By both of libc's names, whichever the program was compiled for. */
#ifdef __LP64__
extern void *short_mmap(void *start, size_t size, int protection, int flags, int fd, long offset) __asm__("mmap");
extern void *long_mmap(void *start, size_t size, int protection, int flags, int fd, long offset) __asm__("mmap64");
#else
#define short_mmap mmap
#define long_mmap mmap
#endif

/* case: mmap-over-short */
/* status: 66 */
/* findings: 1 */
/* expect: ^is mapped over while it is held$ */
static void mmap_over_short(void)
{
    char *pages = map_pages(2);

    held_at(pages + 128);
    MUST(short_mmap(pages, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages);
}

/* case: mmap-over-long */
/* status: 66 */
/* findings: 1 */
/* expect: ^is mapped over while it is held$ */
static void mmap_over_long(void)
{
    char *pages = map_pages(2);

    held_at(pages + 128);
    MUST(long_mmap(pages, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages);
}

/* case: mremap-moved */
/* status: 66 */
/* findings: 1 */
/* expect: ^is moved or cut off by mremap while it is held$ */
static void mremap_moved(void)
{
    char *pages = map_pages(2), *target = map_pages(4);
    pthread_mutex_t *moved = (pthread_mutex_t *)(void *)(target + 128);

    held_at(pages + 128);
    MUST(mremap(pages, (size_t)2 * PAGE, (size_t)4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    MUST(pthread_mutex_unlock(moved) == 0);
    nest(moved, &finding_a);
}

/* case: mremap-over */
/* status: 66 */
/* findings: 1 */
/* expect: ^is mapped over while it is held$ */
static void mremap_over(void)
{
    char *pages = map_pages(1), *target = map_pages(1);

    held_at(target + 128);
    MUST(mremap(pages, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
}

/* case: ok-mremap-shrunk */
static void ok_mremap_shrunk(void)
{
    char *pages = map_pages(4);
    pthread_mutex_t *mutex = held_at(pages + 128);

    MUST(mremap(pages, (size_t)4 * PAGE, PAGE, 0) == pages);
    errno = 0;
    MUST(mremap(pages + 1, PAGE, PAGE, 0) == MAP_FAILED && errno == EINVAL);
    MUST(pthread_mutex_unlock(mutex) == 0);
}

/* A mutex in shared memory is another process's too. */
/* case: ok-process-shared */
static void ok_process_shared(void)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attr;

    MUST(page != MAP_FAILED && pthread_mutexattr_init(&attr) == 0 &&
         pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
    MUST(pthread_mutex_init(page, &attr) == 0 && pthread_mutex_lock(page) == 0);
    MUST(munmap(page, PAGE) == 0);
}

/* A segment of shared memory comes to where another was. Where there is none of it, a mapping stands in. */
/* case: ok-attached */
static char *attach(void *where)
{
    int id = shmget(IPC_PRIVATE, (size_t)2 * PAGE, 0600);
    char *segment;

    if (id < 0)
        return map_pages(2);
    segment = shmat(id, where, 0);
    MUST((intptr_t)segment != -1 && shmctl(id, IPC_RMID, NULL) == 0);
    return segment;
}

static void detach(char *segment)
{
    MUST(shmdt(segment) == 0 || munmap(segment, (size_t)2 * PAGE) == 0);
}

static __attribute__((noinline)) void lock_under(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    MUST(pthread_mutex_lock(outer) == 0 && pthread_mutex_lock(inner) == 0);
    MUST(pthread_mutex_unlock(inner) == 0 && pthread_mutex_unlock(outer) == 0);
}

static void ok_attached(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t made, *mutex;
    char *segment = NULL;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
    MUST(pthread_mutex_init(&made, &attr) == 0);
    for (int i = 0; i < 4; i++) {
        segment = attach(segment);
        mutex = (pthread_mutex_t *)(void *)(segment + PAGE + 128);
        memcpy(mutex, &made, sizeof(made)); /* as another process made it */
        if (i % 2 == 0)
            nest(mutex, &finding_a);
        else
            lock_under(&finding_a, mutex);
        detach(segment);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "realloc-moved", realloc_moved },       { "realloc-cut-off", realloc_cut_off },
    { "realloc-zero", realloc_zero },         { "reallocarray-moved", reallocarray_moved },
    { "realloc-in-place", realloc_in_place }, { "munmap-own", munmap_own },
    { "munmap-other", munmap_other },         { "ok-munmap-half", ok_munmap_half },
    { "mmap-over-short", mmap_over_short },   { "mmap-over-long", mmap_over_long },
    { "mremap-moved", mremap_moved },         { "mremap-over", mremap_over },
    { "ok-mremap-shrunk", ok_mremap_shrunk }, { "ok-process-shared", ok_process_shared },
    { "ok-attached", ok_attached },
};

int main(int argc, char **argv)
{
    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
