/* SPDX-License-Identifier: MIT */
/*
 * Halves of what can deadlock: each argument is one, and a run of one half is clean.
 *
 *     forward, back            a then b, b then a
 *     gated-forward, ...       the same under a gate
 *     gated                    both under the gate, by two threads
 *     circle, handler          both halves in one run
 *     inside, open             a in a signal's handler; a where the signal can come
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, gate = PTHREAD_MUTEX_INITIALIZER;

static void nest(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    pthread_mutex_lock(outer);
    pthread_mutex_lock(inner);
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}

static void gated(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    pthread_mutex_lock(&gate);
    nest(outer, inner);
    pthread_mutex_unlock(&gate);
}

static void *back(void *unused)
{
    gated(&b, &a);
    return unused;
}

static void *forward(void *unused)
{
    gated(&a, &b);
    return unused;
}

/* Two threads that live side by side. */
static void both(void)
{
    pthread_t one, other;

    if (pthread_create(&one, NULL, forward, NULL) != 0 || pthread_create(&other, NULL, back, NULL) != 0)
        abort();
    pthread_join(one, NULL);
    pthread_join(other, NULL);
}

static void handler(int number)
{
    (void)number;
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    (void)signal(SIGUSR1, handler);
    if (strcmp(what, "inside") == 0) {
        raise(SIGUSR1);
    } else if (strcmp(what, "handler") == 0) {
        raise(SIGUSR1);
        nest(&a, &b);
    } else if (strcmp(what, "open") == 0) {
        pthread_mutex_lock(&a);
        pthread_mutex_unlock(&a);
    } else {
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
        if (strcmp(what, "forward") == 0)
            nest(&a, &b);
        else if (strcmp(what, "back") == 0)
            nest(&b, &a);
        else if (strcmp(what, "circle") == 0)
            nest(&a, &b), nest(&b, &a);
        else if (strcmp(what, "gated-forward") == 0)
            gated(&a, &b);
        else if (strcmp(what, "gated-back") == 0)
            gated(&b, &a);
        else if (strcmp(what, "gated") == 0)
            both();
        else
            return 1;
    }
    return puts("done") < 0;
}
