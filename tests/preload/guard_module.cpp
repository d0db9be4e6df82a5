/* SPDX-License-Identifier: MIT */
/* A module with static variables in functions, for programs that have no C++ in them (guard_user.c). */
#include <pthread.h>

static int runs;

static int init(int value, bool fail)
{
    __atomic_fetch_add(&runs, 1, __ATOMIC_RELAXED);
    if (fail)
        throw value;
    return value;
}

template <int number> static int one()
{
    static int value = init(number, false);

    return value;
}

template <int first, int count> static int sum()
{
    if constexpr (count == 1)
        return one<first>();
    else
        return sum<first, count / 2>() + sum<first + count / 2, count - count / 2>();
}

/* Initialise a hundred variables, if nobody did. */
extern "C" int module_sum()
{
    return sum<0, 100>();
}

extern "C" int module_runs()
{
    return runs;
}

static int take(pthread_mutex_t *mutex, bool fail)
{
    if (mutex != nullptr) {
        pthread_mutex_lock(mutex);
        pthread_mutex_unlock(mutex);
    }
    return init(1, fail);
}

/* Initialise a variable with @mutex. Returns 0 when that failed, as it is told to. */
extern "C" int module_init(pthread_mutex_t *mutex, int fail)
{
    try {
        static int module_value = take(mutex, fail != 0);

        return module_value;
    } catch (int) {
        return 0;
    }
}
