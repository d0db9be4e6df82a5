/* SPDX-License-Identifier: MIT */
/* Two orders of two read-write locks whose readers wait for writers; but nobody ever writes. */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static pthread_rwlock_t a, b;

static void *first_a(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        READ(&a);
        READ(&b);
        LEAVE(&b);
        LEAVE(&a);
    }
    return arg;
}

static void *first_b(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        READ(&b);
        READ(&a);
        LEAVE(&a);
        LEAVE(&b);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    make_fair(&a);
    make_fair(&b);
    run_two(first_a, first_b);
    return finish();
}
