/* SPDX-License-Identifier: MIT */
/*
 * A lock made by hand from an atomic, annotated with a map. Two gates are closed in one order here and in the other
 * order there: nothing hangs in this run, as one thread does both, but it could.
 * Under lockval: circular, potential.
 */

#include <lockval.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

struct gate {
    atomic_flag taken;
    struct lockval_map map;
};

static void gate_lock(struct gate *gate)
{
    lockval_acquire_map(&gate->map, LOCKVAL_WRITE, 0, 0, NULL); /* before the wait: here the order is judged */
    if (atomic_flag_test_and_set(&gate->taken)) {
        lockval_contended_map(&gate->map); /* it will wait: a deadlock would be said here */
        while (atomic_flag_test_and_set(&gate->taken))
            sched_yield();
    }
    lockval_acquired_map(&gate->map); /* it is held from here on */
}

static void gate_unlock(struct gate *gate)
{
    lockval_release_map(&gate->map); /* before anybody else can have it */
    atomic_flag_clear(&gate->taken);
}

/* One key for each set of gates that follow one rule; here each gate is a class of its own. */
static struct lockval_key north_key, south_key;
static struct gate north = { ATOMIC_FLAG_INIT, LOCKVAL_MAP_INIT("north gate", &north_key) };
static struct gate south = { ATOMIC_FLAG_INIT, LOCKVAL_MAP_INIT("south gate", &south_key) };

static void close_both(struct gate *first, struct gate *second)
{
    gate_lock(first);
    gate_lock(second);
    puts("both gates are closed");
    gate_unlock(second);
    gate_unlock(first);
}

int main(void)
{
    close_both(&north, &south);
    close_both(&south, &north);
    return 0;
}
