/* SPDX-License-Identifier: MIT */
/* Two orders, by threads that take turns by a number under a lock of its own, which is given up before. */
#include "deadlock.h"

enum {
    ROUNDS = 50
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static unsigned turn, sum;

static void await_turn(unsigned mine)
{
    LOCK(&turn_lock);
    while (turn % 2 != mine)
        MUST(pthread_cond_wait(&turned, &turn_lock) == 0);
    UNLOCK(&turn_lock);
}

static void end_turn(void)
{
    LOCK(&turn_lock);
    turn++;
    MUST(pthread_cond_signal(&turned) == 0);
    UNLOCK(&turn_lock);
}

static void *first_a(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        await_turn(0);
        LOCK(&a);
        LOCK(&b);
        sum++;
        UNLOCK(&b);
        UNLOCK(&a);
        end_turn();
    }
    return arg;
}

static void *first_b(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        await_turn(1);
        LOCK(&b);
        LOCK(&a);
        sum++;
        UNLOCK(&a);
        UNLOCK(&b);
        end_turn();
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    run_two(first_a, first_b);
    return finish();
}
