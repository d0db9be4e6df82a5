/* SPDX-License-Identifier: MIT */
/* std::mutex and std::lock_guard, in two orders. */
#include "deadlock.h"

#include <mutex>
#include <thread>

namespace
{

constexpr int rounds = 10;

std::mutex scene, textures;
int sum;

void render()
{
    for (int i = 0; i < rounds; i++) {
        std::lock_guard<std::mutex> outer(scene);
        meet();
        std::lock_guard<std::mutex> inner(textures);
        sum++;
    }
}

void stream()
{
    for (int i = 0; i < rounds; i++) {
        {
            std::lock_guard<std::mutex> outer(textures);
            meet();
            std::lock_guard<std::mutex> inner(scene);
            sum++;
        }
        work(some_number(20000));
    }
}

} /* namespace */

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    std::thread one(render), two(stream);
    one.join();
    two.join();
    return finish();
}
