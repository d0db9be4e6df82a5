/* SPDX-License-Identifier: MIT */
/* A static object whose constructor takes a lock, and a thread that holds the lock and uses the object meanwhile. */
#include "deadlock.h"

#include <atomic>
#include <mutex>
#include <thread>

namespace
{

std::mutex settings;
std::atomic<bool> wanted;
int sum;

struct logger {
    logger()
    {
        wanted = true;
        meet();
        std::lock_guard<std::mutex> guard(settings);
        level = 1;
    }
    int level;
};

logger &the_logger()
{
    static logger only;

    return only;
}

void log_something()
{
    work(some_number(20000));
    sum += the_logger().level;
}

void change_settings()
{
    work(some_number(20000));
    while (hang && !wanted)
        (void)sched_yield();
    std::lock_guard<std::mutex> guard(settings);
    if (wanted) {
        meet();
        the_logger().level++;
    }
}

} /* namespace */

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    std::thread one(log_something), two(change_settings);
    one.join();
    two.join();
    return finish();
}
