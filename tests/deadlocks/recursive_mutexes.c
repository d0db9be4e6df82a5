/* SPDX-License-Identifier: MIT */
/* Recursive mutexes, each of which its holder takes twice, help nobody against two orders. */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static pthread_mutex_t window, font;
static unsigned sum;

static void twice(pthread_mutex_t *mutex)
{
    LOCK(mutex);
    LOCK(mutex);
}

static void undo_twice(pthread_mutex_t *mutex)
{
    UNLOCK(mutex);
    UNLOCK(mutex);
}

static void *draw(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        twice(&window);
        meet();
        twice(&font);
        sum++;
        undo_twice(&font);
        undo_twice(&window);
        work(some_number(20000));
    }
    return arg;
}

static void *load_font(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        twice(&font);
        meet();
        twice(&window);
        sum++;
        undo_twice(&window);
        undo_twice(&font);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    make_mutex(&window, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    make_mutex(&font, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    run_two(draw, load_font);
    return finish();
}
