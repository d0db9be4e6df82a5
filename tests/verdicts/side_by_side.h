/* SPDX-License-Identifier: MIT */
#ifndef SIDE_BY_SIDE_H
#define SIDE_BY_SIDE_H

/*
 * Threads that live side by side: all begin before the first act and end after the last, so neither create nor join says
 * which of two acts comes first. They take turns by a plain number, which no lock detector sees; so nothing hangs.
 *
 *     SIDE_BY_SIDE(take_ab, take_ba);     two threads, the first does take_ab(), then the second take_ba()
 */

#include "../preload/program.h"

#include <sched.h>

enum {
    ACTORS = 8
};

struct actor {
    pthread_t thread;
    void (*act)(void);
    unsigned place; /* whose turn it is, from 0 */
};

static unsigned side_by_side_turn; /* atomic */

static inline void wait_turn(unsigned turn)
{
    while (__atomic_load_n(&side_by_side_turn, __ATOMIC_SEQ_CST) < turn)
        (void)sched_yield();
}

static inline void give_turn(unsigned turn)
{
    __atomic_store_n(&side_by_side_turn, turn, __ATOMIC_SEQ_CST);
}

static void *run_actor(void *arg)
{
    const struct actor *actor = arg;

    wait_turn(actor->place);
    actor->act();
    give_turn(actor->place + 1);
    wait_turn(ACTORS + 1);
    return NULL;
}

/* Run each of @acts in a thread of its own, in turn. */
static inline void side_by_side(void (*const acts[])(void), unsigned count)
{
    struct actor actors[ACTORS];

    MUST(count <= ACTORS);
    give_turn(0);
    for (unsigned i = 0; i < count; i++) {
        actors[i].act = acts[i];
        actors[i].place = i + 1;
        MUST(pthread_create(&actors[i].thread, NULL, run_actor, &actors[i]) == 0);
    }
    give_turn(1);
    wait_turn(count + 1);
    give_turn(ACTORS + 1);
    for (unsigned i = 0; i < count; i++)
        MUST(pthread_join(actors[i].thread, NULL) == 0);
}

#define SIDE_BY_SIDE(...) \
    side_by_side((void (*const[])(void)){ __VA_ARGS__ }, sizeof((void (*[])(void)){ __VA_ARGS__ }) / sizeof(void *))

#endif
