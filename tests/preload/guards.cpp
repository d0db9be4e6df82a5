/* SPDX-License-Identifier: MIT */
/* Static variables in functions: the guard is a lock that is held while the initialiser runs. */
#include <cstdio>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

#include <lockval.h>

static std::mutex m;
static int runs;

static int use_m(bool fail)
{
    std::lock_guard<std::mutex> lock(m);
    runs++;
    if (fail)
        throw std::runtime_error("not yet");
    return runs;
}

static int count(bool)
{
    return ++runs;
}

/* An initialiser that took m failed, so the variable is initialised again, under m. */
/* case: cycle */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: potential$ */
/* expect: \(guard@retry::retried\) */
static int retry(int (*init)(bool), bool fail)
{
    static int retried = init(fail);

    return retried;
}

static void cycle()
{
    try {
        retry(use_m, true);
    } catch (const std::runtime_error &error) {
        std::printf("caught %s\n", error.what());
    }
    std::lock_guard<std::mutex> lock(m);
    std::printf("%d\n", retry(count, false));
}

/* What is initialised is no lock. */
/* case: settled */
static int early()
{
    static int value = use_m(false);

    return value;
}

static void settled()
{
    early();
    std::lock_guard<std::mutex> lock(m);
    std::printf("%d\n", early());
    std::thread([] { early(); }).join();
}

/* One inside the other, and exceptions that leave nothing held. */
/* case: exceptions */
static int inner(int i)
{
    static int value = (++runs, i < 5 ? throw i : i);

    return value;
}

static int outer(int i)
{
    static int value = inner(i) + (i < 10 ? throw i + 100 : i);

    return value;
}

static void exceptions()
{
    for (int i = 0; i < 12; i++) {
        try {
            std::printf("value %d\n", outer(i));
        } catch (int caught) {
            std::printf("caught %d\n", caught);
        }
        use_m(false);
    }
    std::lock_guard<std::mutex> lock(m);
    std::printf("%d %d\n", outer(99), inner(99));
}

/* Eight threads at a hundred variables; who waits finds them initialised. */
/* case: race */
/* options: stats=1 */
/* expect: ^  findings +0$ */
/* expect: ^  instances-in-table +[0-9]$ */
template <int number> static int one_of_many()
{
    static int value = use_m(false) > 0 ? number : -1;

    return value;
}

template <int... numbers> static int sum(std::integer_sequence<int, numbers...>)
{
    return (one_of_many<numbers>() + ...);
}

static void race()
{
    std::vector<std::thread> threads;
    int sums[8];

    for (int &one : sums)
        threads.emplace_back([&one] { one = sum(std::make_integer_sequence<int, 100>()); });
    for (auto &thread : threads)
        thread.join();
    for (int one : sums)
        std::printf("%d\n", one);
}

/* With one thread libstdc++ throws, and since no function expects that of a guard, the program ends. That is its word to the
 * program; there is no finding. */
/* case: recursion-alone */
/* status: -6 */
static int recurse(int depth)
{
    static int value = depth > 0 ? recurse(depth - 1) : 0;

    return value;
}

/* With more it waits for itself: reported before. */
/* case: recursion */
/* plain: no */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: deadlock$ */
/* stdout: ^recursive deadlock$ */
static void on_report(const struct lockval_report *report, void *)
{
    std::printf("%s %s\n", report->kind, report->verdict);
    std::fflush(stdout);
    _exit(0);
}

static void recursion()
{
    lockval_set_report_callback(on_report, nullptr);
    std::thread([] {}).join();
    recurse(1);
}

int main(int, char **argv)
{
    static const struct {
        const char *name;
        void (*run)();
    } cases[] = { { "cycle", cycle },
                  { "settled", settled },
                  { "exceptions", exceptions },
                  { "race", race },
                  { "recursion-alone", [] { recurse(1); } },
                  { "recursion", recursion } };

    for (const auto &one : cases)
        if (std::strcmp(argv[1], one.name) == 0)
            one.run();
    std::printf("%d runs\n", runs);
    return 0;
}
