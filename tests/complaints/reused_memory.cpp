/* SPDX-License-Identifier: MIT */
/* Locks come to lie where others were, and nobody calls a destroy function: std::mutex has none to call. */
/* complaint: 4 reused addresses, on the stack and on the heap, without a destroy */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

namespace
{
void check(bool condition)
{
    if (!condition) {
        std::puts("not so");
        std::exit(99);
    }
}

void nest(std::mutex &outer, std::mutex &inner)
{
    std::lock_guard<std::mutex> first(outer);
    std::lock_guard<std::mutex> second(inner);
}

/* case: heap */
/* title: two std::mutex on the heap; then two others at the same addresses, exchanged */
void heap()
{
    std::mutex *a = new std::mutex, *b = new std::mutex;
    void *old_a = a, *old_b = b;

    nest(*a, *b);
    delete a;
    delete b;
    a = new std::mutex; /* the allocator gives the last freed first */
    b = new std::mutex;
    check(a == old_b && b == old_a);
    nest(*a, *b);
    delete b;
    delete a;
}

/* case: stack */
/* title: two std::mutex on the stack; then two others at the same addresses, exchanged */
/* identity: auto */
__attribute__((noinline)) std::uintptr_t on_stack(bool exchanged)
{
    alignas(std::mutex) unsigned char place[2][sizeof(std::mutex)];
    std::uintptr_t address = reinterpret_cast<std::uintptr_t>(place);
    std::mutex *a = new (place[exchanged ? 1 : 0]) std::mutex, *b = new (place[exchanged ? 0 : 1]) std::mutex;

    nest(*a, *b);
    b->~mutex();
    a->~mutex();
    return address;
}

void stack()
{
    std::uintptr_t first = on_stack(false);

    check(on_stack(true) == first);
}
} /* namespace */

int main(int argc, char **argv)
{
    if (argc > 1 && std::strcmp(argv[1], "heap") == 0)
        heap();
    else
        stack();
    std::puts("done");
    return 0;
}
