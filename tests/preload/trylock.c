/* SPDX-License-Identifier: MIT */
/* Try, and back off when it fails: no order is broken. But what is taken under a lock that was tried is. */
#include "program.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;

/* case: back-off */
static void back_off(void)
{
    nest(&a, &b);
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_trylock(&a) == 0);
    MUST(pthread_mutex_trylock(&a) == EBUSY);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

/* case: under-tried */
/* status: 66 */
/* findings: 1 */
static void under_tried(void)
{
    nest(&c, &a);
    MUST(pthread_mutex_trylock(&a) == 0);
    nest(&c, &b); /* a -> c, against c -> a */
    MUST(pthread_mutex_unlock(&a) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "back-off"))
        back_off();
    else
        under_tried();
    puts("done");
    return 0;
}
