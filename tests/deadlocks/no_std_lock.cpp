/* SPDX-License-Identifier: MIT */
/* std::scoped_lock takes two mutexes in any order, since it never waits for one with the other in hand. */
#include "deadlock.h"

#include <mutex>
#include <thread>

namespace
{

constexpr int rounds = 200;

std::mutex left, right;
int sum;

void forwards()
{
    for (int i = 0; i < rounds; i++) {
        std::scoped_lock both(left, right);
        sum++;
    }
}

void backwards()
{
    for (int i = 0; i < rounds; i++) {
        std::scoped_lock both(right, left);
        sum++;
    }
}

} /* namespace */

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    std::thread one(forwards), two(backwards);
    one.join();
    two.join();
    return finish();
}
