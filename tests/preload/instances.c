/* SPDX-License-Identifier: MIT */
/* Two locks of one class under each other: one order is fine, both are not; with strict=1 the first is reported. */
#include "program.h"

enum {
    LOCKS = 8
};

/* One call site, so one class: never inlined, nor unrolled with the loop. */
static __attribute__((noinline)) pthread_mutex_t *new_lock(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));

    MUST(lock != NULL && pthread_mutex_init(lock, NULL) == 0);
    return lock;
}

/* case: one-order */

/* case: both-orders */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: potential$ */

/* case: three */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */

/* case: strict */
/* options: strict=1 */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */

/* case: destroyed */
int main(int argc, char **argv)
{
    pthread_mutex_t *lock[LOCKS];

    (void)argc;
    for (int i = 0; i < LOCKS; i++)
        lock[i] = new_lock();
    for (int i = 0; i < LOCKS; i++)
        for (int j = i + 1; j < LOCKS; j++)
            nest(lock[i], lock[j]);
    if (is_case(argv, "both-orders"))
        nest(lock[5], lock[2]);
    if (is_case(argv, "three")) {
        pthread_mutex_t *a = new_lock(), *b = new_lock(), *c = new_lock();

        nest(a, b);
        nest(b, c);
        nest(c, a);
        free(a);
        free(b);
        free(c);
    }
    if (is_case(argv, "destroyed")) {
        /* New locks at the old places: their order is their own affair. */
        for (int i = 0; i < LOCKS; i++) {
            MUST(pthread_mutex_destroy(lock[i]) == 0);
            MUST(pthread_mutex_init(lock[i], NULL) == 0);
        }
        nest(lock[5], lock[2]);
    }
    for (int i = 0; i < LOCKS; i++)
        free(lock[i]);
    puts("done");
    return 0;
}
