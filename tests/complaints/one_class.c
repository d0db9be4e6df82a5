/* SPDX-License-Identifier: MIT */
/* Locks that are made at one place are one class, and each is a lock of its own all the same. */
/* complaint: 13 class against instance */
#include "../verdicts/side_by_side.h"

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *connection[2];

/* One call site, so one class. */
static __attribute__((noinline)) pthread_mutex_t *new_connection(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));

    MUST(lock != NULL && pthread_mutex_init(lock, NULL) == 0);
    return lock;
}

static void first_then_second(void)
{
    nest(connection[0], connection[1]);
}

static void second_then_first(void)
{
    nest(connection[1], connection[0]);
}

static void first_then_table(void)
{
    nest(connection[0], &table);
}

static void table_then_second(void)
{
    nest(&table, connection[1]);
}

/* case: one-order */
/* title: two connections nested, always the same one first */

/* case: both-orders */
/* title: two connections nested in both orders, in two threads */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: feasible$ */

/* case: other-instance */
/* title: one connection, then the table, in one thread; the table, then another connection, in another */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: potential$ */
/* expect: ^  different instances: 1 of 2 classes */
int main(int argc, char **argv)
{
    (void)argc;
    for (int i = 0; i < 2; i++)
        connection[i] = new_connection();
    if (is_case(argv, "one-order"))
        SIDE_BY_SIDE(first_then_second, first_then_second);
    else if (is_case(argv, "both-orders"))
        SIDE_BY_SIDE(first_then_second, second_then_first);
    else
        SIDE_BY_SIDE(first_then_table, table_then_second);
    puts("done");
    return 0;
}
