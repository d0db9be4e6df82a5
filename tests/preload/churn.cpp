/* SPDX-License-Identifier: MIT */
/* Makes, uses and deletes as many objects with a std::mutex each as the argument says, while two threads take their locks in
 * one order. Run by bounded.py. */
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct object {
    std::mutex lock;
    long value = 0;
};

static std::mutex outer, inner;
static std::atomic<bool> stop;

static void in_order()
{
    while (!stop) {
        std::lock_guard<std::mutex> first(outer);
        std::lock_guard<std::mutex> second(inner);
        std::this_thread::yield();
    }
}

int main(int, char **argv)
{
    const long count = std::atol(argv[1]);
    std::vector<std::unique_ptr<object>> alive(500);
    std::thread one(in_order), two(in_order);
    long sum = 0;

    for (long i = 0; i < count; i++) {
        auto &place = alive[static_cast<size_t>(i * 7 % 500)];

        place = std::make_unique<object>();
        std::lock_guard<std::mutex> guard(place->lock);
        sum += ++place->value;
    }
    stop = true;
    one.join();
    two.join();
    std::printf("%ld\n", sum);
    return 0;
}
