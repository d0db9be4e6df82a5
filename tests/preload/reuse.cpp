/* SPDX-License-Identifier: MIT */
/* An address is not an identity: what is built where another lock was is another lock. With identities in a table only a
 * call (init, destroy) could tell, and std::mutex makes none: so this holds where identity is kept in the object. */
/* identity: auto */
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <shared_mutex>

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

/* Two of one class, whose places are the other way round the next time. */
/* case: pair */
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

/* case: stack */
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
    else if (std::strcmp(argv[1], "pair") == 0)
        pair();
    else
        stack();
    std::puts("done");
    return 0;
}
