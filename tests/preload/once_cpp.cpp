/* SPDX-License-Identifier: MIT */
/* std::call_once, which is pthread_once behind a routine of libstdc++'s. */
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::mutex m;
static int runs;

static void use_m()
{
    std::lock_guard<std::mutex> lock(m);
    runs++;
}

/* case: cycle */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: potential$ */
static std::once_flag retried;

static void cycle()
{
    try {
        std::call_once(retried, [] {
            use_m();
            throw std::runtime_error("not yet");
        });
    } catch (const std::runtime_error &error) {
        std::printf("caught %s\n", error.what());
    }
    std::lock_guard<std::mutex> lock(m);
    std::call_once(retried, [] { runs += 10; });
}

/* The class of a flag that lies in no module's data is the place of its call, not libstdc++'s. */
/* case: members */
/* status: 66 */
/* findings: 1 */
/* expect: once@[A-Za-z0-9_]*ensure */
struct object {
    std::once_flag flag;
};

template <typename routine> static __attribute__((noinline)) void ensure(object &one, routine run)
{
    std::call_once(one.flag, run);
}

static void plus_ten()
{
    runs += 10;
}

static void members()
{
    auto one = std::make_unique<object>(), two = std::make_unique<object>();

    ensure(*one, use_m);
    std::lock_guard<std::mutex> lock(m);
    ensure(*two, plus_ten);
}

/* An exception leaves the flag as it was and nothing held, however often. */
/* case: exceptions */
static std::once_flag thrown;

static void exceptions()
{
    for (int i = 0; i < 20; i++) {
        try {
            std::call_once(thrown, [i] {
                runs++;
                if (i < 10)
                    throw i;
            });
        } catch (int caught) {
            std::printf("caught %d\n", caught);
        }
        use_m();
    }
    std::lock_guard<std::mutex> lock(m);
    std::call_once(thrown, [] { runs += 1000; });
}

/* case: race */
static void race()
{
    std::vector<std::thread> threads;
    std::vector<std::once_flag> flags(100);

    for (int i = 0; i < 8; i++)
        threads.emplace_back([&flags] {
            for (auto &flag : flags)
                std::call_once(flag, use_m);
        });
    for (auto &thread : threads)
        thread.join();
}

int main(int, char **argv)
{
    if (std::strcmp(argv[1], "cycle") == 0)
        cycle();
    else if (std::strcmp(argv[1], "members") == 0)
        members();
    else if (std::strcmp(argv[1], "exceptions") == 0)
        exceptions();
    else
        race();
    std::printf("%d runs\n", runs);
    return 0;
}
