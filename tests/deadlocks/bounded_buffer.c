/* SPDX-License-Identifier: MIT */
/* The producer takes the buffer's lock first and then waits for room, which only the consumer could make, under the lock. */
#include "deadlock.h"

enum {
    ROOM = 16,
    ITEMS = 40
};

static pthread_mutex_t buffer = PTHREAD_MUTEX_INITIALIZER;
static sem_t room, items;
static unsigned count;

static void *produce(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        if (!hang)
            work(50000 + some_number(50000));
        LOCK(&buffer);
        if (i == ROOM)
            meet();
        MUST(sem_wait(&room) == 0);
        count++;
        UNLOCK(&buffer);
        MUST(sem_post(&items) == 0);
    }
    return arg;
}

static void *consume(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        MUST(sem_wait(&items) == 0);
        meet();
        LOCK(&buffer);
        count--;
        UNLOCK(&buffer);
        MUST(sem_post(&room) == 0);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    MUST(sem_init(&room, 0, ROOM) == 0);
    MUST(sem_init(&items, 0, 0) == 0);
    run_two(produce, consume);
    return finish();
}
