/* SPDX-License-Identifier: MIT */
/* Destructors of thread_local objects take locks; the main thread's run at exit. */
/* case: clean */
/* case: finds */
/* status: 66 */
/* findings: 1 */
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>

static std::mutex a, b;
static bool other_order;
static int ended;

struct at_end {
    ~at_end()
    {
        std::lock_guard<std::mutex> outer(other_order ? b : a);
        std::lock_guard<std::mutex> inner(other_order ? a : b);
        ended++;
    }
};

static thread_local at_end object;

static void work()
{
    std::lock_guard<std::mutex> outer(a);
    std::lock_guard<std::mutex> inner(b);
    (void)&object;
}

int main(int, char **argv)
{
    for (int i = 0; i < 20; i++) {
        other_order = i == 19 && std::strcmp(argv[1], "finds") == 0;
        std::thread(work).join();
    }
    other_order = false;
    work();
    std::printf("%d objects ended\n", ended);
    return 0;
}
