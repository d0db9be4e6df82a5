/* SPDX-License-Identifier: MIT */
/* What C++ stands on: guards of static objects, call_once with exceptions, thread_local objects, std's locks, exceptions
 * through locked regions. */
/* status: 0 */
/* Threads are joined under the very locks that they took: no matter here. */
/* options: events=annotated */
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <future>
#include <mutex>
#include <pthread.h>
#include <shared_mutex>
#include <stdexcept>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

static int count, wrong;

static void check(const char *what, long got, long wanted)
{
    count++;
    wrong += got != wanted;
    std::printf("%s  %s: %ld\n", got == wanted ? "" : "WRONG", what, got);
}
#define IS(wanted, what) check(#what, static_cast<long>(what), wanted)

/* Wait until the thread sleeps in a futex. */
static void await_sleep(const std::atomic<int> &tid)
{
    char path[64], text[16];

    while (tid == 0)
        std::this_thread::yield();
    std::snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid.load());
    for (;;) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = file < 0 ? 0 : read(file, text, sizeof(text) - 1);

        if (file >= 0)
            close(file);
        text[got < 0 ? 0 : got] = '\0';
        if (std::atoi(text) == SYS_futex)
            return;
        std::this_thread::yield();
    }
}

/* ---- static objects ---- */

static std::atomic<int> attempts, may_end, tids[3];

struct fails_twice {
    fails_twice()
    {
        if (++attempts <= 2)
            throw std::runtime_error("not yet");
    }
};

static int make_failing()
{
    try {
        static fails_twice object;
    } catch (const std::runtime_error &) {
        return -1;
    }
    return attempts;
}

struct slow {
    slow()
    {
        attempts++;
        while (!may_end)
            std::this_thread::yield();
    }
};

static int make_slow()
{
    static slow object;

    return attempts;
}

static void statics()
{
    int seen[3];

    IS(-1, make_failing());
    IS(-1, make_failing());
    IS(3, make_failing());
    IS(3, make_failing());
    attempts = 0;
    std::thread first([&] { seen[0] = make_slow(); });
    while (attempts == 0)
        std::this_thread::yield();
    std::thread second([&] {
        tids[1] = gettid();
        seen[1] = make_slow();
    });
    std::thread third([&] {
        tids[2] = gettid();
        seen[2] = make_slow();
    });
    await_sleep(tids[1]);
    await_sleep(tids[2]);
    may_end = 1;
    first.join();
    second.join();
    third.join();
    IS(1, seen[0]);
    IS(1, seen[1]);
    IS(1, seen[2]);
    /* The guard in a child that was forked from a thread with others about. */
    pid_t child = fork();
    int status = -1;
    if (child == 0)
        _exit(make_slow() + 6);
    IS(1, waitpid(child, &status, 0) == child);
    IS(7, WEXITSTATUS(status));
}

/* ---- call_once ---- */

static void once()
{
    std::once_flag flag;
    int tries = 0, caught = 0;
    static std::mutex m;

    for (int i = 0; i < 5; i++) {
        try {
            std::call_once(flag, [&] {
                std::lock_guard<std::mutex> lock(m);
                if (++tries < 3)
                    throw i;
            });
        } catch (int) {
            caught++;
        }
    }
    IS(3, tries);
    IS(2, caught);
    IS(1, m.try_lock());
    m.unlock();
    std::once_flag shared;
    std::atomic<int> runs{ 0 }, thrown{ 0 };
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; i++)
        threads.emplace_back([&] {
            try {
                std::call_once(shared, [&] {
                    if (++runs < 4)
                        throw 1;
                });
            } catch (int) {
                thrown++;
            }
        });
    for (auto &t : threads)
        t.join();
    IS(4, runs);
    IS(3, thrown);
}

/* An exception through pthread_once itself. */
static pthread_once_t control = PTHREAD_ONCE_INIT;
static int posix_runs;

static void throw_once()
{
    if (++posix_runs < 3)
        throw posix_runs;
}

static void posix_once()
{
    int caught = 0;

    for (int i = 0; i < 5; i++) {
        try {
            pthread_once(&control, throw_once);
        } catch (int) {
            caught++;
        }
    }
    IS(3, posix_runs);
    IS(2, caught);
}

/* ---- thread_local ---- */

static char order[256];

struct noted {
    const char *name;
    ~noted()
    {
        std::strcat(order, name);
    }
};

static std::mutex a, b;

struct locks_at_end {
    bool used = true;
    ~locks_at_end()
    {
        std::lock_guard<std::mutex> outer(a);
        std::lock_guard<std::mutex> inner(b);
        std::strcat(order, " locks");
    }
};

static thread_local noted one{ " one" }, two{ " two" };
static thread_local locks_at_end locking;

static void thread_locals()
{
    for (int way = 0; way < 2; way++) {
        order[0] = '\0';
        std::thread([way] {
            noted local{ " local" };
            if (one.name && two.name && locking.used && way)
                pthread_exit(nullptr);
        }).join();
        std::printf(" order:%s\n", order);
        IS(1, std::strstr(order, " locks") != nullptr);
    }
}

/* ---- locks ---- */

static void locks()
{
    static std::mutex m;
    static std::recursive_mutex r;
    static std::timed_mutex t;
    static std::recursive_timed_mutex rt;
    static std::shared_mutex s;
    static std::shared_timed_mutex st;
    auto elsewhere = [](auto run) { return std::async(std::launch::async, run).get(); };
    auto soon = std::chrono::milliseconds(1);
    auto past = std::chrono::system_clock::time_point();
    auto steady_past = std::chrono::steady_clock::time_point();

    m.lock();
    IS(0, elsewhere([&] { return m.try_lock(); }));
    m.unlock();
    r.lock();
    IS(1, r.try_lock());
    IS(0, elsewhere([&] { return r.try_lock(); }));
    r.unlock();
    r.unlock();
    IS(1, t.try_lock_for(soon));
    IS(0, elsewhere([&] { return t.try_lock_for(soon); }));
    IS(0, elsewhere([&] { return t.try_lock_until(past); }));
    IS(0, elsewhere([&] { return t.try_lock_until(steady_past); }));
    t.unlock();
    IS(1, rt.try_lock_for(soon));
    IS(1, rt.try_lock());
    rt.unlock();
    rt.unlock();
    s.lock_shared();
    IS(1, elsewhere([&] {
           bool got = s.try_lock_shared();
           if (got)
               s.unlock_shared();
           return got;
       }));
    IS(0, elsewhere([&] { return s.try_lock(); }));
    s.unlock_shared();
    s.lock();
    IS(0, elsewhere([&] { return s.try_lock_shared(); }));
    s.unlock();
    IS(1, st.try_lock_for(soon));
    IS(0, elsewhere([&] { return st.try_lock_shared_for(soon); }));
    IS(0, elsewhere([&] { return st.try_lock_shared_until(past); }));
    st.unlock();
    std::lock(m, t, r);
    IS(0, elsewhere([&] { return m.try_lock() || t.try_lock() || r.try_lock(); }));
    m.unlock();
    t.unlock();
    r.unlock();
    IS(-1, std::try_lock(m, t));
    t.unlock();
    IS(1, elsewhere([&] { return std::try_lock(t, m) == 1; })); /* the second is taken: the first was let go */
    IS(1, t.try_lock());
    t.unlock();
    m.unlock();
    {
        std::scoped_lock both(m, s);
        IS(0, elsewhere([&] { return m.try_lock(); }));
    }
    IS(1, m.try_lock());
    m.unlock();
    std::unique_lock<std::mutex> unique(m, std::defer_lock);
    try {
        unique.unlock();
        IS(0, 1);
    } catch (const std::system_error &e) {
        IS(EPERM, e.code().value());
    }
}

static void conditions()
{
    static std::mutex m;
    static std::condition_variable c;
    static std::condition_variable_any any;
    static std::shared_mutex s;
    bool ready = false;
    std::unique_lock<std::mutex> lock(m);

    IS(1, c.wait_for(lock, std::chrono::milliseconds(1)) == std::cv_status::timeout);
    IS(1, c.wait_until(lock, std::chrono::system_clock::time_point()) == std::cv_status::timeout);
    IS(1, c.wait_until(lock, std::chrono::steady_clock::time_point()) == std::cv_status::timeout);
    std::thread waker([&] {
        std::lock_guard<std::mutex> guard(m);
        ready = true;
        c.notify_all();
    });
    c.wait(lock, [&] { return ready; });
    IS(1, ready);
    lock.unlock();
    waker.join();
    ready = false;
    std::thread reader([&] {
        std::shared_lock<std::shared_mutex> shared(s);
        any.wait(shared, [&] { return ready; });
    });
    {
        std::lock_guard<std::shared_mutex> guard(s);
        ready = true;
    }
    any.notify_all();
    reader.join();
    std::promise<int> promise;
    auto future = promise.get_future();
    std::thread([&] { promise.set_value(42); }).join();
    IS(42, future.get());
}

/* ---- exceptions ---- */

/* Not on the stack, where a lock in the place of an older one is only told from it by an identity inside it. */
static std::mutex owns[20];

static void throw_under(int depth, std::recursive_mutex &r)
{
    std::lock_guard<std::recursive_mutex> guard(r);
    std::lock_guard<std::mutex> guard_own(owns[depth]);

    if (depth == 0)
        throw std::runtime_error("deep");
    throw_under(depth - 1, r);
}

static void exceptions()
{
    static std::recursive_mutex r;

    for (int i = 0; i < 20; i++) {
        bool caught = false;
        try {
            throw_under(i, r);
        } catch (const std::exception &) {
            caught = true;
        }
        IS(1, caught);
    }
    IS(1, std::async(std::launch::async, [&] {
              bool got = r.try_lock();
              if (got)
                  r.unlock();
              return got;
          }).get());
    auto failing = std::async(std::launch::async, []() -> int { throw 5; });
    try {
        failing.get();
    } catch (int e) {
        IS(5, e);
    }
}

/* Cancellation unwinds as an exception does: destructors let go of what they hold. */
static std::mutex under;
static std::condition_variable never;
static std::atomic<int> waiter_tid;

static void *wait_for_ever(void *)
{
    std::unique_lock<std::mutex> lock(under);

    waiter_tid = gettid();
    for (;;)
        never.wait(lock);
    return nullptr;
}

static void cancelled()
{
    pthread_t thread;
    void *ret = nullptr;

    IS(0, pthread_create(&thread, nullptr, wait_for_ever, nullptr));
    await_sleep(waiter_tid);
    IS(0, pthread_cancel(thread));
    IS(0, pthread_join(thread, &ret));
    IS(1, ret == PTHREAD_CANCELED);
    IS(1, under.try_lock());
    under.unlock();
}

int main()
{
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    statics();
    once();
    posix_once();
    thread_locals();
    locks();
    conditions();
    exceptions();
    cancelled();
    std::printf("%d checks\n", count);
    return wrong != 0;
}
