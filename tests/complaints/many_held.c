/* SPDX-License-Identifier: MIT */
/* More locks held at once than fixed tables have room for: 64, 48 and 40 are the limits of others. */
/* complaint: 5 a crash at 64 held locks */
#include "../preload/program.h"

enum {
    HELD = 200
};

static pthread_mutex_t held[HELD]; /* all zero is an initialised mutex; each is a class of its own */
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

/* case: held */
/* title: 200 locks held at once, always in one order */

/* case: order */
/* title: A B and B A under these 200 */
/* options: fail_on=guarded */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^201 locks held by */
int main(int argc, char **argv)
{
    (void)argc;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < HELD; i++)
            MUST(pthread_mutex_lock(&held[i]) == 0);
        nest(&a, &b);
        if (is_case(argv, "order"))
            nest(&b, &a);
        for (int i = HELD; i-- > 0;)
            MUST(pthread_mutex_unlock(&held[i]) == 0);
    }
    puts("done");
    return 0;
}
