/* SPDX-License-Identifier: MIT */
/* An acquisition that gives up after a time: the cycle resolves itself, so it is a note and the status stays. */
#include "program.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void timed_nest(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    struct timespec far = far_away(CLOCK_REALTIME);

    MUST(pthread_mutex_lock(outer) == 0);
    MUST(pthread_mutex_timedlock(inner, &far) == 0);
    MUST(pthread_mutex_unlock(inner) == 0);
    MUST(pthread_mutex_unlock(outer) == 0);
}

/* case: guarded */
/* findings: 1 */
/* expect: ^verdict: guarded$ */

/* case: fail-on-guarded */
/* options: fail_on=guarded */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */

/* The same edge without the time makes it another matter. */
/* case: and-untimed */
/* status: 66 */
/* findings: 2 */
/* expect: ^verdict: guarded$ */
/* expect: ^verdict: potential$ */

/* What timed out is not held. That its holder itself waited for it is a note. */
/* case: timed-out */
/* findings: 1 */
/* expect: ^verdict: guarded$ */

static void timed_out(void)
{
    struct timespec past = long_ago();

    nest(&a, &b);
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_timedlock(&b, &past) == ETIMEDOUT);
    MUST(pthread_mutex_unlock(&b) == 0);
    nest(&a, &b);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "timed-out")) {
        timed_out();
    } else {
        timed_nest(&a, &b);
        nest(&b, &a);
        if (is_case(argv, "and-untimed"))
            nest(&a, &b);
    }
    puts("done");
    return 0;
}
