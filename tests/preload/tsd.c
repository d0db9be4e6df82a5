/* SPDX-License-Identifier: MIT */
/* Destructors of thread-specific data take locks, in several rounds, also in threads that took none before. The last
 * round that libc makes may come after the library has said goodbye to the thread, so nothing is found there. */
/* case: clean */
/* case: clean-cancelled */
/* case: finds-first */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
/* case: finds-third */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular */
#include "program.h"

#include <limits.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static int crooked_round;
static __thread int rounds;
static int most;

static void destroy(void *value)
{
    if (++rounds == crooked_round)
        nest(&b, &a);
    else
        nest(&a, &b);
    if (rounds < PTHREAD_DESTRUCTOR_ITERATIONS)
        MUST(pthread_setspecific(key, value) == 0);
    most = rounds;
}

static void *set(void *cancelled)
{
    MUST(pthread_setspecific(key, &key) == 0);
    if (cancelled != NULL)
        for (;;)
            pause();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    (void)argc;
    nest(&a, &b);
    MUST(pthread_key_create(&key, destroy) == 0);
    if (strncmp(argv[1], "finds", 5) == 0)
        crooked_round = is_case(argv, "finds-first") ? 1 : 3;
    for (int i = 0; i < 20; i++) {
        MUST(pthread_create(&thread, NULL, set, is_case(argv, "clean-cancelled") ? &key : NULL) == 0);
        if (is_case(argv, "clean-cancelled"))
            MUST(pthread_cancel(thread) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
    printf("%s\n", most > 0 ? "done" : "no destructor ran");
    return 0;
}
