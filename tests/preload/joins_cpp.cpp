/* SPDX-License-Identifier: MIT */
/* Joins of C++'s threads and futures. All of them begin in one function of libstdc++, and each task runs in a once control of
 * one class: what one thread takes must not be taken for what another does. */
#include <atomic>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

static std::mutex lock, other;
static std::atomic<bool> done;

static void take(std::mutex &mutex)
{
    std::lock_guard<std::mutex> held(mutex);
}

static void wait_until_done()
{
    while (!done)
        std::this_thread::yield();
}

/* case: thread */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: \(join of .*\).*, at: .*thread.*join */
/* expect: ^verdict: potential$ */
static void thread()
{
    std::thread worker([] {
        take(lock);
        done = true;
    });

    wait_until_done();
    std::lock_guard<std::mutex> held(lock);
    worker.join();
}

/* One is joined under the lock, and others take it. */
/* case: others */
static void others()
{
    std::vector<std::thread> threads;

    for (int i = 0; i < 4; i++)
        threads.emplace_back([] { take(lock); });
    for (auto &each : threads)
        each.join();
    std::thread worker([] { take(other); });
    std::lock_guard<std::mutex> held(lock);
    worker.join();
}

/* Each object has a thread and a mutex that it takes, and is destroyed under a lock of their owner. */
/* case: objects */
class Worker
{
  public:
    Worker() : thread_([this] { take(mutex_); })
    {
    }
    ~Worker()
    {
        thread_.join();
    }

  private:
    std::mutex mutex_;
    std::thread thread_;
};

static void objects()
{
    std::vector<std::unique_ptr<Worker>> workers;
    std::mutex owner;

    for (int i = 0; i < 8; i++)
        workers.push_back(std::make_unique<Worker>());
    std::lock_guard<std::mutex> held(owner);
    workers.clear();
}

/* case: futures */
static void futures()
{
    auto quick = std::async(std::launch::async, [] { return 1; });
    int sum;

    {
        std::lock_guard<std::mutex> held(lock);
        sum = quick.get();
    }
    auto takes = std::async(std::launch::async, [] {
        take(lock);
        return 2;
    });
    sum += takes.get();
    std::printf("%d\n", sum);
}

/* The future waits for its own lock. */
/* case: future-under-lock */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
static void future_under_lock()
{
    auto takes = std::async(std::launch::async, [] {
        take(lock);
        done = true;
        return 2;
    });

    wait_until_done();
    std::lock_guard<std::mutex> held(lock);
    std::printf("%d\n", takes.get());
}

/* case: detached */
static void detached()
{
    for (int i = 0; i < 20; i++) {
        done = false;
        std::thread([] {
            take(lock);
            done = true;
        }).detach();
        wait_until_done();
        std::lock_guard<std::mutex> held(lock);
        std::thread([] { take(other); }).join();
    }
}

static const struct {
    const char *name;
    void (*run)();
} cases[] = {
    { "thread", thread },
    { "others", others },
    { "objects", objects },
    { "futures", futures },
    { "future-under-lock", future_under_lock },
    { "detached", detached },
};

int main(int argc, char **argv)
{
    for (const auto &each : cases)
        if (argc > 1 && std::strcmp(argv[1], each.name) == 0)
            each.run();
    std::puts("done");
    return 0;
}
