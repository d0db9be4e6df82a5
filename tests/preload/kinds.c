/* SPDX-License-Identifier: MIT */
/* Mutexes of all types, protocols and degrees of robustness: used as their type allows, nothing is found; taken in two
 * orders, each is. */
#include "program.h"

enum {
    KINDS = 32
};

/* Copies of initialised mutexes: a copy was never initialised by a call, so its place makes it a class of its own. */
static pthread_mutex_t mutexes[KINDS][2];

static void init(pthread_mutex_t *copy, int type, int protocol, int robust, int shared)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t mutex;

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_settype(&attr, type) == 0);
    MUST(pthread_mutexattr_setprotocol(&attr, protocol) == 0);
    MUST(pthread_mutexattr_setrobust(&attr, robust) == 0);
    MUST(pthread_mutexattr_setpshared(&attr, shared) == 0);
    MUST(pthread_mutex_init(&mutex, &attr) == 0);
    MUST(pthread_mutexattr_destroy(&attr) == 0);
    memcpy(copy, &mutex, sizeof(mutex));
    MUST(pthread_mutex_destroy(&mutex) == 0);
}

static void *die_holding(void *mutex)
{
    MUST(pthread_mutex_lock(mutex) == 0);
    return NULL;
}

/* A robust mutex is got although its holder died. */
static void survive(pthread_mutex_t *mutex)
{
    run_thread(die_holding, mutex);
    MUST(pthread_mutex_lock(mutex) == EOWNERDEAD);
    MUST(pthread_mutex_consistent(mutex) == 0);
    MUST(pthread_mutex_unlock(mutex) == 0);
    run_thread(die_holding, mutex);
    MUST(pthread_mutex_trylock(mutex) == EOWNERDEAD);
    MUST(pthread_mutex_unlock(mutex) == 0); /* not made consistent: lost for good */
    MUST(pthread_mutex_lock(mutex) == ENOTRECOVERABLE);
    MUST(pthread_mutex_trylock(mutex) == ENOTRECOVERABLE);
}

/* case: clean */

/* case: orders */
/* status: 66 */
/* findings: 32 */
/* reject: ^WARNING: (?!possible circular) */

static void use(pthread_mutex_t *a, pthread_mutex_t *b, int type, int orders)
{
    nest(a, b);
    if (type == PTHREAD_MUTEX_RECURSIVE) {
        MUST(pthread_mutex_lock(a) == 0);
        nest(a, b);
        MUST(pthread_mutex_unlock(a) == 0);
    }
    if (type == PTHREAD_MUTEX_ERRORCHECK) {
        MUST(pthread_mutex_lock(a) == 0);
        MUST(pthread_mutex_lock(a) == EDEADLK);
        MUST(pthread_mutex_unlock(a) == 0);
        MUST(pthread_mutex_unlock(a) == EPERM);
    }
    if (orders)
        nest(b, a);
}

int main(int argc, char **argv)
{
    static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                 PTHREAD_MUTEX_ADAPTIVE_NP };

    (void)argc;
    for (unsigned i = 0; i < KINDS; i++) {
        int type = types[i % 4];
        int protocol = i / 4 % 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE;
        int robust = i / 8 % 2 ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED;
        int shared = i / 16 % 2 ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE;

        init(&mutexes[i][0], type, protocol, robust, shared);
        init(&mutexes[i][1], type, protocol, robust, shared);
        use(&mutexes[i][0], &mutexes[i][1], type, is_case(argv, "orders"));
        if (robust == PTHREAD_MUTEX_ROBUST)
            survive(&mutexes[i][0]);
        MUST(pthread_mutex_destroy(&mutexes[i][0]) == 0);
        MUST(pthread_mutex_destroy(&mutexes[i][1]) == 0);
    }
    puts("done");
    return 0;
}
