/* SPDX-License-Identifier: MIT */
/* Error-checking mutexes say EDEADLK to who takes one twice, and nothing to a circle of two. */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static pthread_mutex_t *door, *gate;
static unsigned sum;

static void *go_in(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(door);
        meet();
        LOCK(gate);
        sum++;
        UNLOCK(gate);
        UNLOCK(door);
        work(some_number(20000));
    }
    return arg;
}

static void *go_out(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(gate);
        meet();
        LOCK(door);
        sum++;
        UNLOCK(door);
        UNLOCK(gate);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    static pthread_mutex_t door_lock, gate_lock;

    door = &door_lock;
    gate = &gate_lock;
    begin(argc, argv, 2);
    make_mutex(door, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    make_mutex(gate, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    run_two(go_in, go_out);
    return finish();
}
