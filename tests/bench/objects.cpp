/* SPDX-License-Identifier: MIT */
/*
 * Objects of C++ with a std::mutex, which has no call that makes or destroys it: made on the heap, locked once, deleted.
 */

#include "bench.h"

#include <memory>
#include <mutex>
#include <thread>

namespace
{

struct account {
    std::mutex mutex;
    long balance = 0;
    char name[24] = {};

    void add(long amount)
    {
        std::lock_guard<std::mutex> guard(mutex);
        balance += amount;
    }
};

account *volatile last; /* so that the object is made */

void run_objects(uint64_t ops, struct bench_run *run)
{
    uint64_t start = bench_thread_now();

    for (uint64_t i = 0; i < ops; i++) {
        auto one = std::make_unique<account>();

        last = one.get();
        one->add(1);
    }
    run->ns = bench_thread_now() - start;
}

/* A process that once had a second thread: before that, libc takes its mutexes without atomic instructions. */
void prepare_objects(uint64_t)
{
    std::thread([] {}).join();
}

const struct bench_workload workloads[] = {
    { "objects", run_objects, prepare_objects, 0, 0, BENCH_LEAST },
};

} /* namespace */

int main(int argc, char **argv)
{
    return bench_main(argc, argv, workloads, sizeof(workloads) / sizeof(workloads[0]));
}
