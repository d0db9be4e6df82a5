/* SPDX-License-Identifier: MIT */
/*
 * A reader that misses something becomes a writer without giving up its read lock first, and waits for itself; two do
 * so, and wait for each other, too. It only happens to those who look before the main thread has filled the table.
 */
#include "deadlock.h"

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static bool filled;

static void *look_up(void *arg)
{
    if (!hang)
        work(100000);
    READ(&table);
    if (!filled) {
        meet();
        WRITE(&table);
        filled = true;
        LEAVE(&table);
    }
    LEAVE(&table);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t one, two;

    begin(argc, argv, 2);
    one = start(look_up, NULL);
    two = start(look_up, NULL);
    if (!hang) {
        WRITE(&table);
        filled = true;
        LEAVE(&table);
    }
    join(one);
    join(two);
    return finish();
}
