/* SPDX-License-Identifier: MIT */
/*
 * A thread that plays audio must never sleep: what it takes spins, and while that is held, by whichever thread, nobody may
 * sleep either, or the audio thread spins for as long. The program says which locks spin, and lockval finds the place where
 * a mutex is taken under one.
 * Under lockval: wait-context, potential.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

static pthread_spinlock_t ring;
static pthread_mutex_t files = PTHREAD_MUTEX_INITIALIZER;
static struct lockval_map startup = LOCKVAL_MAP_INIT("startup", NULL), section = LOCKVAL_MAP_INIT("section", NULL);
static int audio;

static void play(void)
{
    lockval_enter_context(audio);
    pthread_spin_lock(&ring);
    pthread_spin_unlock(&ring);
    lockval_exit_context(audio);
}

static void load(void)
{
    pthread_spin_lock(&ring);
    pthread_mutex_lock(&files);
    pthread_mutex_unlock(&files);
    pthread_spin_unlock(&ring);
}

int main(void)
{
    pthread_spin_init(&ring, PTHREAD_PROCESS_PRIVATE);
    lockval_set_wait_type((void *)&ring, LOCKVAL_SPIN, LOCKVAL_WAIT_SPIN, LOCKVAL_WAIT_SPIN);
    lockval_set_wait_type_map(&section, LOCKVAL_WAIT_FREE, LOCKVAL_WAIT_SPIN); /* entered without a wait */
    lockval_set_wait_override_map(&startup, LOCKVAL_WAIT_SLEEP);
    audio = lockval_declare_context("audio", LOCKVAL_CONTEXT_HARD);
    lockval_set_context_wait_type(audio, LOCKVAL_WAIT_SPIN);
    lockval_disable_context(audio); /* its thread interrupts no other */

    pthread_spin_lock(&ring);
    lockval_acquire_map(&startup, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL); /* nothing plays yet: here it may sleep */
    lockval_acquired_map(&startup);
    pthread_mutex_lock(&files);
    pthread_mutex_unlock(&files);
    lockval_release_map(&startup);
    pthread_spin_unlock(&ring);

    play();
    load(); /* the bug */
    puts("done");
    return 0;
}
