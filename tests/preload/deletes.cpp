/* SPDX-License-Identifier: MIT */
/* Every way to get memory and every operator delete: a lock that is held is missed when its memory goes, and what is
 * built there next is another lock. */
#include <pthread.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <mutex>
#include <new>

enum {
    SIZE = 256,
    ALIGN = 128,
    HUGE_SIZE = 1 << 20,
    WAYS = 15
};

struct wide {
    alignas(ALIGN) std::mutex lock;
};

/* The compiler may not do without the calls. */
static void *volatile kept;

static void *keep(void *memory)
{
    kept = memory;
    return kept;
}

static void *posix()
{
    void *memory = nullptr;

    return posix_memalign(&memory, 4096, SIZE) == 0 ? memory : nullptr;
}

static const std::align_val_t align{ ALIGN };

static const struct {
    const char *name;
    void *(*get)();
    void (*drop)(void *);
} ways[WAYS] = {
    { "malloc", [] { return std::malloc(SIZE); }, std::free },
    { "calloc", [] { return std::calloc(2, SIZE); }, std::free },
    { "realloc", [] { return std::realloc(nullptr, SIZE); }, std::free },
    { "aligned_alloc", [] { return aligned_alloc(ALIGN, SIZE); }, std::free },
    { "aligned_alloc, huge", [] { return aligned_alloc(65536, HUGE_SIZE); }, std::free },
    { "posix_memalign", posix, std::free },
    { "memalign", [] { return memalign(ALIGN, SIZE); }, std::free },
    { "valloc", [] { return valloc(SIZE); }, std::free },
    { "delete", [] { return ::operator new(SIZE); }, [](void *p) { ::operator delete(p); } },
    { "delete, sized", [] { return ::operator new(SIZE); },
      [](void *p) { ::operator delete (p, std::size_t{ SIZE }); } },
    { "delete, aligned", [] { return ::operator new(SIZE, align); }, [](void *p) { ::operator delete(p, align); } },
    { "delete, sized and aligned", [] { return ::operator new(SIZE, align); },
      [](void *p) { ::operator delete (p, std::size_t{ SIZE }, align); } },
    { "delete[]", [] { return ::operator new[](SIZE); }, [](void *p) { ::operator delete[](p); } },
    { "delete[], sized and aligned", [] { return ::operator new[](SIZE, align); },
      [](void *p) { ::operator delete[](p, std::size_t{ SIZE }, align); } },
    { "delete, nothrow", [] { return ::operator new(SIZE, std::nothrow); },
      [](void *p) { ::operator delete(p, std::nothrow); } },
};

/* case: held */
/* status: 66 */
/* findings: 15 */
/* expect: \A(?:[\s\S]*?^is freed while it is held$){15} */
/* reject: ^WARNING: (?!held lock destroyed) */
template <int way> static void hold() /* each an initialisation of its own, and so a class */
{
    void *memory = keep(ways[way].get());

    pthread_mutex_init(static_cast<pthread_mutex_t *>(memory), nullptr);
    pthread_mutex_lock(static_cast<pthread_mutex_t *>(memory));
    ways[way].drop(memory);
    std::puts(ways[way].name);
    if constexpr (way + 1 < WAYS)
        hold<way + 1>();
}

/* Two orders with locks in memory that was got anew each time, and mostly is at the address of the time before. */
/* case: again */
static std::mutex registry;

static __attribute__((noinline)) void lock_outer(std::mutex &lock)
{
    lock.lock();
    registry.lock();
    registry.unlock();
    lock.unlock();
}

static __attribute__((noinline)) void lock_inner(std::mutex &lock)
{
    registry.lock();
    lock.lock();
    lock.unlock();
    registry.unlock();
}

static void again()
{
    for (const auto &way : ways) {
        for (int i = 0; i < 20; i++) {
            void *memory = keep(way.get());
            auto *lock = new (memory) std::mutex;

            if (i % 2 == 0)
                lock_outer(*lock);
            else
                lock_inner(*lock);
            lock->~mutex();
            way.drop(memory);
        }
        std::puts(way.name);
    }
}

/* The same by new and delete expressions, of an object that the language aligns. */
/* case: wide */
static void wide_objects()
{
    for (int i = 0; i < 20; i++) {
        auto *object = new wide;

        kept = object;
        if (i % 2 == 0)
            lock_outer(object->lock);
        else
            lock_inner(object->lock);
        delete object;
    }
}

int main(int, char **argv)
{
    if (std::strcmp(argv[1], "held") == 0)
        hold<0>();
    else if (std::strcmp(argv[1], "again") == 0)
        again();
    else
        wide_objects();
    std::puts("done");
    return 0;
}
