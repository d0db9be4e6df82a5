/* SPDX-License-Identifier: MIT */
/*
 * An allocator that stands before libc's and uses pthread mutexes, as some do: one per size class, and one for the pool
 * under it. It never gives memory back to the pool. Protected by the mutexes; the order is size class, then pool.
 */

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CLASSES = 40,
    CHUNK = 1 << 20,
    HEADER = 16
};

struct block {
    struct block *next;
};

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static char *pool, *pool_end;
static pthread_mutex_t class_lock[CLASSES];
static struct block *class_free[CLASSES];

static void *from_pool(size_t size)
{
    char *ret;

    pthread_mutex_lock(&pool_lock);
    if ((size_t)(pool_end - pool) < size) {
        size_t chunk = size > CHUNK ? size : CHUNK;

        ret = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (ret == MAP_FAILED) {
            pthread_mutex_unlock(&pool_lock);
            errno = ENOMEM;
            return NULL;
        }
        pool = ret;
        pool_end = ret + chunk;
    }
    ret = pool;
    pool += size;
    pthread_mutex_unlock(&pool_lock);
    return ret;
}

static unsigned class_of(size_t size)
{
    unsigned class = 5;

    while (((size_t)1 << class) < size)
        class ++;
    return class;
}

void *malloc(size_t size)
{
    unsigned class;
    struct block *block;
    size_t *header;

    if (size > (size_t)1 << (CLASSES - 2)) {
        errno = ENOMEM;
        return NULL;
    }
    class = class_of(size + HEADER);
    pthread_mutex_lock(&class_lock[class]);
    block = class_free[class];
    if (block != NULL)
        class_free[class] = block->next;
    else
        block = from_pool((size_t)1 << class);
    pthread_mutex_unlock(&class_lock[class]);
    if (block == NULL)
        return NULL;
    header = (size_t *)block;
    *header = class;
    return (char *)block + HEADER;
}

void free(void *pointer)
{
    struct block *block;
    size_t class;

    if (pointer == NULL)
        return;
    block = (struct block *)(void *)((char *)pointer - HEADER);
    class = *(size_t *)block;
    pthread_mutex_lock(&class_lock[class]);
    block->next = class_free[class];
    class_free[class] = block;
    pthread_mutex_unlock(&class_lock[class]);
}

void *calloc(size_t count, size_t size)
{
    size_t total;
    void *ret;

    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    ret = malloc(total);
    if (ret != NULL)
        memset(ret, 0, total);
    return ret;
}

void *realloc(void *pointer, size_t size)
{
    void *ret = malloc(size);

    if (ret == NULL || pointer == NULL)
        return ret;
    memcpy(ret, pointer,
           (((size_t)1 << *(size_t *)(void *)((char *)pointer - HEADER)) - HEADER) < size
               ? ((size_t)1 << *(size_t *)(void *)((char *)pointer - HEADER)) - HEADER
               : size);
    free(pointer);
    return ret;
}

int posix_memalign(void **ret, size_t align, size_t size)
{
    char *memory = malloc(size + align + HEADER);
    uintptr_t at;

    if (memory == NULL)
        return ENOMEM;
    at = ((uintptr_t)memory + HEADER + align - 1) & ~(uintptr_t)(align - 1);
    /* What is freed later is an own small block: the rest of the large one is lost. */
    if (at != (uintptr_t)memory)
        *(size_t *)(at - HEADER) = 5;
    *ret = (void *)at;
    return 0;
}

void *aligned_alloc(size_t align, size_t size)
{
    void *ret;

    return posix_memalign(&ret, align, size) == 0 ? ret : NULL;
}

static void prepare(void)
{
    for (int i = 0; i < CLASSES; i++)
        pthread_mutex_lock(&class_lock[i]);
    pthread_mutex_lock(&pool_lock);
}

static void after(void)
{
    pthread_mutex_unlock(&pool_lock);
    for (int i = CLASSES; i-- > 0;)
        pthread_mutex_unlock(&class_lock[i]);
}

__attribute__((constructor)) static void construct(void)
{
    pthread_atfork(prepare, after, after);
}
