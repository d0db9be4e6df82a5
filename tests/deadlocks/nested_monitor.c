/* SPDX-License-Identifier: MIT */
/*
 * A queue inside of an object: who waits for an item gives up the queue's lock, but not the object's, which whoever
 * brings one must take first.
 */
#include "deadlock.h"

static pthread_mutex_t object = PTHREAD_MUTEX_INITIALIZER, queue = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static unsigned items;

static void *take_item(void *arg)
{
    if (!hang)
        work(3000000);
    LOCK(&object);
    LOCK(&queue);
    meet();
    while (items == 0)
        MUST(pthread_cond_wait(&filled, &queue) == 0);
    items--;
    UNLOCK(&queue);
    UNLOCK(&object);
    return arg;
}

static void *bring_item(void *arg)
{
    meet();
    LOCK(&object);
    LOCK(&queue);
    items++;
    MUST(pthread_cond_signal(&filled) == 0);
    UNLOCK(&queue);
    UNLOCK(&object);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(take_item, bring_item);
    return finish();
}
