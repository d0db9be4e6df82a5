/* SPDX-License-Identifier: MIT */
/* A bus calls its subscribers under its lock; a subscriber that closes itself unsubscribes under its own. */
#include "deadlock.h"

struct subscriber {
    pthread_mutex_t lock;
    unsigned received;
    void (*receive)(struct subscriber *subscriber);
};

static struct {
    pthread_mutex_t lock;
    struct subscriber *subscriber;
} bus = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool published; /* atomic: once */

static void receive(struct subscriber *subscriber)
{
    LOCK(&subscriber->lock);
    subscriber->received++;
    UNLOCK(&subscriber->lock);
}

static void *publish(void *arg)
{
    for (int i = 0; i < 10; i++) {
        LOCK(&bus.lock);
        if (bus.subscriber) {
            meet();
            bus.subscriber->receive(bus.subscriber);
        }
        UNLOCK(&bus.lock);
        __atomic_store_n(&published, true, __ATOMIC_SEQ_CST);
        work(1000);
    }
    return arg;
}

static void *close_subscriber(void *arg)
{
    struct subscriber *subscriber = (struct subscriber *)arg;

    while (!__atomic_load_n(&published, __ATOMIC_SEQ_CST) && !hang)
        (void)sched_yield();
    work(some_number(10000));
    LOCK(&subscriber->lock);
    meet();
    LOCK(&bus.lock);
    bus.subscriber = NULL;
    UNLOCK(&bus.lock);
    UNLOCK(&subscriber->lock);
    return NULL;
}

int main(int argc, char **argv)
{
    struct subscriber subscriber = { PTHREAD_MUTEX_INITIALIZER, 0, receive };
    pthread_t publisher, closer;

    begin(argc, argv, 2);
    bus.subscriber = &subscriber;
    publisher = start(publish, NULL);
    closer = start(close_subscriber, &subscriber);
    join(publisher);
    join(closer);
    return finish();
}
