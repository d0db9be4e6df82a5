/* SPDX-License-Identifier: MIT */
/*
 * A lock, a join and a read-write lock: the owner waits with its lock for the end of a writer, the writer waits for a
 * reader, and the reader for the owner's lock.
 */
#include "deadlock.h"

static pthread_mutex_t owner_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t data = PTHREAD_RWLOCK_INITIALIZER;
static unsigned sum;

static void *write_data(void *arg)
{
    work(some_number(20000));
    meet();
    WRITE(&data);
    sum++;
    LEAVE(&data);
    return arg;
}

static void *own(void *arg)
{
    pthread_t writer = start(write_data, NULL);

    LOCK(&owner_lock);
    meet();
    join(writer);
    UNLOCK(&owner_lock);
    return arg;
}

static void *read_data(void *arg)
{
    work(some_number(100000));
    READ(&data);
    meet();
    LOCK(&owner_lock);
    sum++;
    UNLOCK(&owner_lock);
    LEAVE(&data);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 3);
    run_two(own, read_data);
    return finish();
}
