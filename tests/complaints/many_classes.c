/* SPDX-License-Identifier: MIT */
/* More classes than fixed tables have room for: 4 096 and 8 192 are the limits of others. What comes last is still judged. */
/* complaint: 6 tables overflow, and validation stops */
#include "../preload/program.h"

enum {
    CLASSES = 12000
};

static pthread_mutex_t locks[CLASSES]; /* all zero is an initialised mutex; each is a class of its own */

/* case: many */
/* title: 12 000 classes, each taken under the one before */
/* reject: degraded */

/* case: last */
/* title: the same, and then the last two the other way round */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: potential$ */
/* reject: degraded */
int main(int argc, char **argv)
{
    (void)argc;
    for (int i = 0; i + 1 < CLASSES; i++)
        nest(&locks[i], &locks[i + 1]);
    if (is_case(argv, "last"))
        nest(&locks[CLASSES - 1], &locks[CLASSES - 2]);
    puts("done");
    return 0;
}
