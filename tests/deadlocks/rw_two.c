/* SPDX-License-Identifier: MIT */
/* Two read-write locks: each thread reads one and writes the other. */
#include "deadlock.h"

static pthread_rwlock_t users = PTHREAD_RWLOCK_INITIALIZER, groups = PTHREAD_RWLOCK_INITIALIZER;
static unsigned sum;

static void *add_group(void *arg)
{
    READ(&users);
    work(1000);
    meet();
    WRITE(&groups);
    sum++;
    LEAVE(&groups);
    LEAVE(&users);
    return arg;
}

static void *add_user(void *arg)
{
    READ(&groups);
    work(1000);
    meet();
    WRITE(&users);
    sum++;
    LEAVE(&users);
    LEAVE(&groups);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(add_group, add_user);
    return finish();
}
