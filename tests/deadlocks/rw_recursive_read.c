/* SPDX-License-Identifier: MIT */
/*
 * A reader takes its lock once more in a function that it calls. The lock prefers writers: when one waits by then, the
 * reader waits behind it, and it for the reader.
 */
#include "deadlock.h"

enum {
    ROUNDS = 20
};

static pthread_rwlock_t config;
static pid_t writer; /* atomic */
static int verbosity = 1;

static int get_verbosity(void)
{
    int value;

    READ(&config);
    value = verbosity;
    LEAVE(&config);
    return value;
}

static void *dump(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        READ(&config);
        work(500);
        meet_silently();
        await_sleeper(&writer, &config, sizeof(config));
        if (hang)
            say_forming();
        MUST(get_verbosity() > 0);
        LEAVE(&config);
        work(some_number(20000));
    }
    return arg;
}

static void *reload(void *arg)
{
    __atomic_store_n(&writer, gettid(), __ATOMIC_SEQ_CST);
    for (int i = 0; i < ROUNDS; i++) {
        meet_silently();
        WRITE(&config);
        verbosity++;
        LEAVE(&config);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    make_fair(&config);
    run_two(dump, reload);
    return finish();
}
