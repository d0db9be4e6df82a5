/* SPDX-License-Identifier: MIT */
/* An address is not an identity: what is built where another lock was is another lock. With identities in a table only a
 * call could tell (init, destroy, free), and std::mutex makes none: memory that is used again without being freed is known
 * to be another lock only where identity is kept in the object. */
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <shared_mutex>

#include <sys/mman.h>

struct first_type {
    std::mutex lock;
};
struct second_type {
    std::mutex lock;
};

static std::mutex registry;

static void use_first(first_type &object)
{
    std::lock_guard<std::mutex> outer(object.lock);
    std::lock_guard<std::mutex> inner(registry);
}

static void use_second(second_type &object)
{
    std::lock_guard<std::mutex> outer(registry);
    std::lock_guard<std::mutex> inner(object.lock);
}

/* case: heap */
/* identity: auto */
static void heap()
{
    void *place = ::operator new(sizeof(first_type));

    for (int i = 0; i < 100; i++) {
        auto *one = new (place) first_type;
        use_first(*one);
        one->~first_type();
        auto *two = new (place) second_type;
        use_second(*two);
        two->~second_type();
    }
    ::operator delete(place);
}

/* The same, freed in between: the allocator hands out the block that was freed last. */
/* case: freed */
static void freed()
{
    const void *place = nullptr;
    int elsewhere = 0;

    for (int i = 0; i < 100; i++) {
        auto *one = new first_type;
        use_first(*one);
        elsewhere += place != nullptr && place != one;
        place = one;
        delete one;
        auto *two = new second_type;
        use_second(*two);
        elsewhere += place != two;
        delete two;
    }
    std::printf("elsewhere: %d\n", elsewhere);
}

/* Mappings that follow each other. */
/* case: unmapped */
static void unmapped()
{
    const size_t size = 3 * 4096;

    for (int i = 0; i < 100; i++) {
        char *place = static_cast<char *>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        auto *one = new (place + 5000 / 8 * 8) first_type;
        use_first(*one);
        munmap(place, size);
        char *again = static_cast<char *>(mmap(place, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        auto *two = new (again + 5000 / 8 * 8) second_type;
        use_second(*two);
        munmap(again, size);
    }
}

/* Two of one class, whose places are the other way round the next time. */
/* case: pair */
/* identity: auto */
static void pair_of(first_type &a, first_type &b)
{
    std::lock_guard<std::mutex> outer(a.lock);
    std::lock_guard<std::mutex> inner(b.lock);
}

static void pair()
{
    alignas(first_type) unsigned char place[2][sizeof(first_type)];

    for (int i = 0; i < 100; i++) {
        auto *a = new (place[i % 2]) first_type;
        auto *b = new (place[1 - i % 2]) first_type;

        pair_of(*a, *b);
        a->~first_type();
        b->~first_type();
    }
}

/* A lock of another kind is another lock, wherever identity is kept. */
/* case: kinds */
static void kinds()
{
    void *place = ::operator new(sizeof(std::shared_mutex));

    for (int i = 0; i < 100; i++) {
        auto *one = new (place) first_type;
        use_first(*one);
        one->~first_type();
        auto *two = new (place) std::shared_mutex;
        {
            std::lock_guard<std::mutex> outer(registry);
            std::lock_guard<std::shared_mutex> inner(*two);
        }
        two->~shared_mutex();
    }
    ::operator delete(place);
}

/* case: stack */
/* identity: auto */
static std::shared_mutex shared_registry;

static void on_stack(bool outer)
{
    std::shared_mutex local;

    if (outer) {
        std::unique_lock<std::shared_mutex> one(local);
        std::unique_lock<std::shared_mutex> two(shared_registry);
    } else {
        std::unique_lock<std::shared_mutex> two(shared_registry);
        std::unique_lock<std::shared_mutex> one(local);
    }
}

static void stack()
{
    for (int i = 0; i < 100; i++)
        on_stack(i % 2 != 0);
}

int main(int, char **argv)
{
    if (std::strcmp(argv[1], "heap") == 0)
        heap();
    else if (std::strcmp(argv[1], "freed") == 0)
        freed();
    else if (std::strcmp(argv[1], "unmapped") == 0)
        unmapped();
    else if (std::strcmp(argv[1], "pair") == 0)
        pair();
    else if (std::strcmp(argv[1], "kinds") == 0)
        kinds();
    else
        stack();
    std::puts("done");
    return 0;
}
