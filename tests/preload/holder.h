/* SPDX-License-Identifier: MIT */
#ifndef HOLDER_H
#define HOLDER_H

/* A thread that holds a lock while another one does something to it. */

#include "program.h"

#include <lockval.h>

/* A lock of the program's, and what a thread does with it until it is told to go on. */
struct holder {
    pthread_mutex_t *mutex;
    pthread_rwlock_t *rwlock;
    pthread_spinlock_t *spin;
    struct lockval_map *map;
    pthread_barrier_t held, go;
    pthread_t thread;
};

static inline void *hold(void *arg)
{
    struct holder *h = arg;

    if (h->mutex != NULL)
        MUST(pthread_mutex_lock(h->mutex) == 0);
    if (h->rwlock != NULL)
        MUST(pthread_rwlock_rdlock(h->rwlock) == 0);
    if (h->spin != NULL)
        MUST(pthread_spin_lock(h->spin) == 0);
    if (h->map != NULL) {
        lockval_acquire_map(h->map, LOCKVAL_WRITE, 0, 0, NULL);
        lockval_acquired_map(h->map);
    }
    pthread_barrier_wait(&h->held);
    pthread_barrier_wait(&h->go);
    return NULL;
}

/* Start a thread that holds what @h names. It ends without a release: the process ends before it goes on. */
static inline void begin_hold(struct holder *h)
{
    MUST(pthread_barrier_init(&h->held, NULL, 2) == 0 && pthread_barrier_init(&h->go, NULL, 2) == 0);
    MUST(pthread_create(&h->thread, NULL, hold, h) == 0);
    pthread_barrier_wait(&h->held);
}

static inline pthread_mutex_t *new_mutex(void)
{
    pthread_mutex_t *mutex = malloc(sizeof(*mutex));

    MUST(mutex != NULL && pthread_mutex_init(mutex, NULL) == 0);
    return mutex;
}

static inline pthread_mutex_t *held_at(void *place)
{
    MUST(pthread_mutex_init(place, NULL) == 0 && pthread_mutex_lock(place) == 0);
    return place;
}

#endif
