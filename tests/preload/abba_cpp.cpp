/* SPDX-License-Identifier: MIT */
/* C++ locks, which are never initialised by a call. Built without and with optimisation. */
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>

/* case: global */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
static std::mutex first, second;

static void global()
{
    {
        std::lock_guard<std::mutex> a(first);
        std::lock_guard<std::mutex> b(second);
    }
    std::thread([] {
        std::lock_guard<std::mutex> b(second);
        std::lock_guard<std::mutex> a(first);
    }).join();
}

/* case: members */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
struct account {
    std::mutex lock;
    int balance = 0;
};
struct journal {
    std::mutex lock;
    int entries = 0;
};

static void post(account &a, journal &j)
{
    std::lock_guard<std::mutex> one(a.lock);
    std::lock_guard<std::mutex> two(j.lock);
    j.entries++;
    a.balance++;
}

static void audit(account &a, journal &j)
{
    std::lock_guard<std::mutex> two(j.lock);
    std::lock_guard<std::mutex> one(a.lock);
    j.entries += a.balance;
}

static void members()
{
    auto a = std::make_unique<account>();
    auto j = std::make_unique<journal>();

    /* The first lock decides on the class of each. */
    post(*a, *j);
    audit(*a, *j);
}

/* case: shared */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
static std::shared_mutex table_lock, row_lock;

static void shared()
{
    {
        std::shared_lock<std::shared_mutex> a(table_lock);
        std::unique_lock<std::shared_mutex> b(row_lock);
    }
    {
        std::shared_lock<std::shared_mutex> b(row_lock);
        std::unique_lock<std::shared_mutex> a(table_lock);
    }
}

/* case: clean */
static std::recursive_mutex again;
static std::timed_mutex timed;
static std::condition_variable ready;

static void clean()
{
    bool go = false;

    {
        std::scoped_lock both(first, second);
    }
    {
        std::scoped_lock both(second, first);
    }
    {
        std::lock_guard<std::recursive_mutex> one(again);
        std::lock_guard<std::recursive_mutex> two(again);
    }
    {
        std::unique_lock<std::timed_mutex> lock(timed, std::chrono::hours(1));
    }
    {
        std::shared_lock<std::shared_mutex> a(table_lock);
        std::shared_lock<std::shared_mutex> b(row_lock);
    }
    {
        std::shared_lock<std::shared_mutex> b(row_lock);
        std::shared_lock<std::shared_mutex> a(table_lock);
    }
    std::unique_lock<std::mutex> lock(first);
    std::thread waker([&go] {
        std::lock_guard<std::mutex> inner(first);
        go = true;
        ready.notify_all();
    });
    ready.wait(lock, [&go] { return go; });
    lock.unlock();
    waker.join();
}

int main(int, char **argv)
{
    if (std::strcmp(argv[1], "global") == 0)
        global();
    else if (std::strcmp(argv[1], "members") == 0)
        members();
    else if (std::strcmp(argv[1], "shared") == 0)
        shared();
    else
        clean();
    std::puts("done");
    return 0;
}
