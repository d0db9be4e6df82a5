/* SPDX-License-Identifier: MIT */
/* std::shared_mutex, read by one who wants a std::mutex, and written by who holds that. */
#include "deadlock.h"

#include <mutex>
#include <shared_mutex>
#include <thread>

namespace
{

constexpr int rounds = 10;

std::shared_mutex sessions;
std::mutex metrics;
int sum;

void look_up()
{
    for (int i = 0; i < rounds; i++) {
        {
            std::shared_lock<std::shared_mutex> outer(sessions);
            meet();
            std::unique_lock<std::mutex> inner(metrics);
            sum++;
        }
        work(some_number(20000));
    }
}

void expire()
{
    for (int i = 0; i < rounds; i++) {
        {
            std::unique_lock<std::mutex> outer(metrics);
            meet();
            std::unique_lock<std::shared_mutex> inner(sessions);
            sum++;
        }
        work(some_number(20000));
    }
}

} /* namespace */

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    std::thread one(look_up), two(expire);
    one.join();
    two.join();
    return finish();
}
