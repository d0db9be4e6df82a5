/* SPDX-License-Identifier: MIT */
/*
 * Readers without a lock, and a writer that waits until the last of them has gone (as synchronize_rcu() does). The wait is
 * no lock that anybody holds, but whoever holds what a reader may want, and waits, is stuck.
 * Under lockval: circular, potential.
 */

#include <lockval.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static struct lockval_key grace_key, table_key, row_key;
static struct lockval_map grace = LOCKVAL_MAP_INIT("grace", &grace_key);
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER, row = PTHREAD_MUTEX_INITIALIZER;
static atomic_int readers;

static void read_begin(void)
{
    atomic_fetch_add(&readers, 1);
    lockval_acquire_map(&grace, LOCKVAL_READ_RECURSIVE, 0, 0, NULL);
    lockval_acquired_map(&grace);
}

static void read_end(void)
{
    lockval_release_map(&grace);
    atomic_fetch_sub(&readers, 1);
}

static void wait_for_readers(void)
{
    lockval_sync_map(&grace, LOCKVAL_WRITE, 0, NULL);
    while (atomic_load(&readers) != 0)
        sched_yield();
}

/* A reader that may have to lock the table, and a row under it: it says so even when it does not. */
static void look_up(int found)
{
    read_begin();
    lockval_might_lock(&table, LOCKVAL_MUTEX, LOCKVAL_WRITE);
    lockval_might_lock_nested(&row, LOCKVAL_MUTEX, LOCKVAL_WRITE, 1);
    if (!found) {
        pthread_mutex_lock(&table);
        pthread_mutex_unlock(&table);
    }
    read_end();
}

int main(void)
{
    /* Debugging aids of the program itself: the first is shown as held and not judged, the second is not watched at all. */
    static struct lockval_map trace = LOCKVAL_MAP_INIT("trace", NULL), probe = LOCKVAL_MAP_INIT("probe", NULL);

    lockval_set_class(&table, LOCKVAL_MUTEX, &table_key, "table");
    lockval_set_class(&row, LOCKVAL_MUTEX, &row_key, "row");
    lockval_set_novalidate_map(&trace);
    lockval_set_notrack_map(&probe);
    if (lockval_match_class(&table, LOCKVAL_MUTEX, &row_key) == 1 || lockval_match_class_map(&grace, &table_key) == 1)
        puts("the classes are mixed up");
    lockval_might_lock_map_nested(&grace, LOCKVAL_READ_RECURSIVE, 0);
    look_up(1);
    pthread_mutex_lock(&table);
    wait_for_readers(); /* the bug: a reader may be waiting for the table */
    pthread_mutex_unlock(&table);
    puts("done");
    return 0;
}
