/* SPDX-License-Identifier: MIT */
/* One lock is exempted, where it is made and with a comment why; all others are judged as before. */
/* complaint: 22 an exemption for one lock */
#include "../preload/program.h"

#include <lockval.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t exempted = PTHREAD_MUTEX_INITIALIZER;

/* case: exempted */
/* title: A E and E A, where E has lockval_set_novalidate() */

/* case: others */
/* title: the same, and A B and B A */
/* status: 66 */
/* findings: 1 */
/* expect: ^-> #1 \(b\) */
/* reject: ^-> #[0-9]+ \(exempted\) */
int main(int argc, char **argv)
{
    (void)argc;
    lockval_set_novalidate(&exempted, LOCKVAL_MUTEX);
    nest(&a, &exempted);
    nest(&exempted, &a);
    if (is_case(argv, "others")) {
        nest(&a, &b);
        nest(&b, &a);
    }
    puts("done");
    return 0;
}
