/* SPDX-License-Identifier: MIT */
/*
 * One of two libraries of equal layout, made from this file twice: TURN is their letter. What lies at an address in the
 * one lies there in the other too, under another name and in stack frames of another size.
 */

#include <pthread.h>

#define PASTE(a, b) a##b
#define NAME_OF(letter, name) PASTE(letter, name)
#define NAME(name) NAME_OF(TURN, name)

#if defined(__x86_64__) || defined(__i386__)
#define UNLOCKED 1
#else
#define UNLOCKED 0
#endif

pthread_spinlock_t NAME(_spin) = UNLOCKED; /* no call initialises it */
pthread_mutex_t NAME(_mutex) = PTHREAD_MUTEX_INITIALIZER;

void NAME(_init)(pthread_mutex_t *mutex);
void NAME(_nest)(pthread_mutex_t *outer, pthread_mutex_t *inner);
void *NAME(_thread)(void *locks);
void NAME(_unlock)(pthread_mutex_t *mutex);

void NAME(_init)(pthread_mutex_t *mutex)
{
    pthread_mutex_init(mutex, 0);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void NAME(_nest)(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    volatile char frame[FRAME]; /* so that the way out of here differs */

    frame[0] = frame[FRAME - 1] = 0;
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
    frame[1] = 0;
}

void *NAME(_thread)(void *locks)
{
    pthread_mutex_t **lock = locks;

    NAME(_nest)(lock[0], lock[1]);
    return 0;
}

void NAME(_unlock)(pthread_mutex_t *mutex)
{
    pthread_mutex_unlock(mutex);
    __asm__ volatile("" ::: "memory");
}

/* All of it, at the same offsets in both. */
struct turn {
    void (*init)(pthread_mutex_t *mutex);
    void (*nest)(pthread_mutex_t *outer, pthread_mutex_t *inner);
    void *(*thread)(void *locks);
    void (*unlock)(pthread_mutex_t *mutex);
    pthread_spinlock_t *spin;
    pthread_mutex_t *mutex;
};

const struct turn turn = { NAME(_init), NAME(_nest), NAME(_thread), NAME(_unlock), &NAME(_spin), &NAME(_mutex) };
