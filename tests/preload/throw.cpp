/* SPDX-License-Identifier: MIT */
/* Handlers that throw: the exception passes through the library to the program, and what comes after it is not in a
 * handler any more. A handler of a fault may do that where the compiler takes every load for a call (not clang); one of
 * another signal where the call that it interrupts may throw. */
/* status: 66 */
/* findings: 1 */
/* reject: in the handler */
/* stdout: ^200 caught$ */
#include <csignal>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <unistd.h>

static std::mutex a, b;
static int destroyed;

struct local {
    ~local()
    {
        destroyed++;
    }
};

static void thrower(int)
{
    local object;

    throw std::runtime_error("signal");
}

/* A function that may throw, as far as the compiler knows. */
static int (*volatile send)(int) = raise;

#ifndef __clang__
static volatile int *volatile nowhere;
#endif

static int look(int how)
{
    local object;

#ifndef __clang__
    if (how % 2 != 0)
        return *nowhere + destroyed;
#endif
    return send(SIGUSR1) + how;
}

static __attribute__((noinline)) void find_below(void)
{
    volatile char room[65536];

    room[0] = room[sizeof(room) - 1] = 0;
    {
        std::lock_guard<std::mutex> outer(b), inner(a);
    }
    room[1] = 0;
}

int main()
{
    struct sigaction action = {};
    int caught = 0;
    sigset_t both;

    sigemptyset(&both);
    sigaddset(&both, SIGSEGV);
    sigaddset(&both, SIGUSR1);
    action.sa_handler = thrower;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGUSR1, &action, nullptr);
    {
        std::lock_guard<std::mutex> outer(a), inner(b);
    }
    for (int i = 0; i < 200; i++) {
        try {
            std::printf("%d\n", look(i));
        } catch (const std::runtime_error &) {
            caught++;
            /* An exception leaves the mask as it is in the handler. There libgcc takes locks, so it must not interrupt itself. */
            sigprocmask(SIG_UNBLOCK, &both, nullptr);
        }
    }
    std::printf("%d caught\n", caught);
    std::printf("%d destroyed\n", destroyed);
    find_below();
    return 0;
}
