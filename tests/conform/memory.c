/* SPDX-License-Identifier: MIT */
/* Memory: the allocator's calls and the mapping calls, what they return and what they do to errno. */
/* status: 0 */
#include "conform.h"

#include <malloc.h>

/* The compiler knows what these calls do, and would leave them out. */
static void *(*volatile alloc)(size_t) = malloc;
static void *(*volatile alloc_zeroed)(size_t, size_t) = calloc;
static void *(*volatile resize)(void *, size_t) = realloc;
static void *(*volatile resize_array)(void *, size_t, size_t) = reallocarray;
static void *(*volatile alloc_aligned)(size_t, size_t) = aligned_alloc;
static void *(*volatile alloc_aligned_old)(size_t, size_t) = memalign;
static int (*volatile alloc_posix)(void **, size_t, size_t) = posix_memalign;
static void (*volatile release)(void *) = free;
static volatile size_t too_much = SIZE_MAX / 2 + 1;

#define NOTHING(error, call)                                                        \
    do {                                                                            \
        void *got_;                                                                 \
                                                                                    \
        errno = ERRNO_BEFORE;                                                       \
        got_ = (call);                                                              \
        conform_line(#call, got_ != NULL, errno, got_ == NULL && errno == (error)); \
    } while (0)

static bool is_all(const char *memory, size_t size, char value)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i] != value)
            return false;
    return true;
}

static void allocated(void)
{
    static const size_t sizes[] = { 0, 1, 24, 100, 4096, 200000, 5000000 };
    char *p, *q;

    release(NULL);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];

        printf(" %zu\n", size);
        YES((p = alloc(size)) != NULL);
        YES(malloc_usable_size(p) >= size);
        YES((uintptr_t)p % 16 == 0);
        memset(p, 7, size);
        YES((q = alloc(size)) != p && q != NULL);
        YES((p = resize(p, size * 2 + 1)) != NULL);
        YES(is_all(p, size, 7));
        YES((p = resize(p, size / 2 + 1)) != NULL);
        YES(is_all(p, size / 2, 7));
        errno = 17;
        release(p);
        YES(errno == 17);
        release(q);
        YES((p = alloc_zeroed(size, 3)) != NULL);
        YES(is_all(p, size * 3, 0));
        release(p);
        errno = 17;
        release(NULL);
        YES(errno == 17);
    }
    YES((p = resize(NULL, 10)) != NULL);
    YES(resize(p, 0) == NULL); /* glibc: freed */
    YES((p = resize_array(NULL, 10, 10)) != NULL);
    release(p);
    NOTHING(ENOMEM, alloc(too_much));
    NOTHING(ENOMEM, alloc_zeroed(too_much, 2));
    NOTHING(ENOMEM, alloc_zeroed(too_much, 1));
    NOTHING(ENOMEM, resize(NULL, too_much));
    NOTHING(ENOMEM, resize_array(NULL, too_much, 2));
    YES((p = alloc(10)) != NULL);
    memset(p, 3, 10);
    NOTHING(ENOMEM, resize(p, too_much));
    YES(is_all(p, 10, 3)); /* still there */
    release(p);
}

static void aligned(void)
{
    void *p = NULL;

    for (size_t alignment = 8; alignment <= 65536; alignment *= 4) {
        IS(0, alloc_posix(&p, alignment, 100));
        YES((uintptr_t)p % alignment == 0);
        release(p);
        YES((p = alloc_aligned(alignment, alignment * 2)) != NULL);
        YES((uintptr_t)p % alignment == 0);
        release(p);
        YES((p = alloc_aligned_old(alignment, 10)) != NULL);
        YES((uintptr_t)p % alignment == 0);
        release(p);
    }
    p = &p;
    IS(EINVAL, alloc_posix(&p, 3, 100));
    IS(EINVAL, alloc_posix(&p, 4, 100));
    IS(ENOMEM, alloc_posix(&p, 16, too_much));
    YES(p == &p);
    NOTHING(ENOMEM, alloc_aligned(16, too_much));
    YES((p = valloc(10)) != NULL && (uintptr_t)p % (uintptr_t)sysconf(_SC_PAGESIZE) == 0);
    release(p);
    YES((p = strdup("text")) != NULL && strcmp(p, "text") == 0);
    release(p);
    YES((p = strndup("text", 2)) != NULL && strcmp(p, "te") == 0);
    release(p);
    IS(3, asprintf((char **)&p, "%d", 123));
    release(p);
    IS(0, malloc_trim(0) < 0);
}

static void mapped(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int both = PROT_READ | PROT_WRITE, own = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p, *q;

#define FAILS_TO_MAP(error, call)             \
    NOTHING(error, ({                         \
                void *m_ = (call);            \
                m_ == MAP_FAILED ? NULL : m_; \
            }))
    YES((p = mmap(NULL, 4 * page, both, own, -1, 0)) != MAP_FAILED);
    YES(is_all(p, 4 * page, 0));
    memset(p, 5, 4 * page);
    FAILS_TO_MAP(EINVAL, mmap(NULL, 0, both, own, -1, 0));
    FAILS_TO_MAP(EBADF, mmap(NULL, page, both, MAP_PRIVATE, -1, 0));
    FAILS_TO_MAP(EINVAL, mmap(p + 1, page, both, own | MAP_FIXED, -1, 0));
    FAILS_TO_MAP(ENOMEM, mmap(NULL, too_much, both, own, -1, 0));
    FAILS_TO_MAP(EEXIST, mmap(p, page, both, own | MAP_FIXED_NOREPLACE, -1, 0));
    YES(mmap(p, page, both, own | MAP_FIXED, -1, 0) == p);
    YES(is_all(p, page, 0) && is_all(p + page, 3 * page, 5));
    IS(0, munmap(p + page, page));
    FAILS(EINVAL, munmap(p + 1, page));
    FAILS(EINVAL, munmap(p, 0));
    FAILS(ENOMEM, mprotect(p, 2 * page, PROT_READ));
    IS(0, mprotect(p, page, both));
    YES((q = mremap(p + 2 * page, 2 * page, 8 * page, MREMAP_MAYMOVE)) != MAP_FAILED);
    YES(is_all(q, 2 * page, 5) && is_all(q + 2 * page, 6 * page, 0));
    YES(mremap(q, 8 * page, 4 * page, 0) == q);
    FAILS_TO_MAP(EFAULT, mremap(p + page, page, 2 * page, MREMAP_MAYMOVE));
    FAILS_TO_MAP(EINVAL, mremap(q + 1, page, 2 * page, 0));
    YES(mremap(q, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
    YES(is_all(p, 2 * page, 5));
    IS(0, madvise(p, page, MADV_DONTNEED));
    YES(is_all(p, page, 0));
    IS(0, msync(p, page, MS_ASYNC));
    IS(0, munmap(p, 4 * page));
    IS(0, munmap(p, 4 * page)); /* nothing there: no error */
    YES(sbrk(0) != (void *)-1);
#undef FAILS_TO_MAP
}

/* Locks in memory that comes and goes: each is a new one, and each can be taken. */
static void with_locks(void)
{
    for (int i = 0; i < 30; i++) {
        size_t size = (size_t)1 << (i % 10 + 6);
        pthread_mutex_t *a, *b;

        MUST((a = alloc(size)) != NULL && (b = alloc(size)) != NULL);
        MUST(pthread_mutex_init(a, NULL) == 0 && pthread_mutex_init(b, NULL) == 0);
        nest(a, b);
        IS(EBUSY, ({
               int r;

               MUST(pthread_mutex_lock(a) == 0);
               r = pthread_mutex_trylock(a);
               MUST(pthread_mutex_unlock(a) == 0);
               r;
           }));
        a = resize(a, size * 3);
        release(b);
        release(a);
    }
}

static int churn(void *unused)
{
    void *p[50] = { NULL };

    for (int i = 0; i < 20000; i++) {
        release(p[i % 50]);
        p[i % 50] = alloc((size_t)(i * 37 % 5000));
        if (p[i % 50] == NULL)
            return 1;
    }
    for (int i = 0; i < 50; i++)
        release(p[i]);
    (void)unused;
    return 0;
}

static void in_threads(void)
{
    struct job job[4];

    for (int i = 0; i < 4; i++)
        job_start(&job[i], churn, NULL);
    for (int i = 0; i < 4; i++)
        IS(0, job_end(&job[i]));
}

CONFORM({ "allocated", allocated }, { "aligned", aligned }, { "mapped", mapped }, { "with locks", with_locks },
        { "in threads", in_threads })
