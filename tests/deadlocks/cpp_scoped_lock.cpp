/* SPDX-License-Identifier: MIT */
/* std::scoped_lock takes its two without a deadlock; but it knows nothing of the third, which the thread holds already. */
#include "deadlock.h"

#include <mutex>
#include <thread>

namespace
{

constexpr int rounds = 10;

std::mutex registry, left, right;
int sum;

void swap_both()
{
    for (int i = 0; i < rounds; i++) {
        {
            std::lock_guard<std::mutex> outer(registry);
            meet();
            std::scoped_lock inner(left, right);
            sum++;
        }
        work(some_number(20000));
    }
}

void rename_left()
{
    for (int i = 0; i < rounds; i++) {
        {
            std::lock_guard<std::mutex> outer(left);
            meet();
            std::lock_guard<std::mutex> inner(registry);
            sum++;
        }
        work(some_number(20000));
    }
}

} /* namespace */

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    std::thread one(swap_both), two(rename_left);
    one.join();
    two.join();
    return finish();
}
