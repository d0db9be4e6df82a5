/* SPDX-License-Identifier: MIT */
/*
 * A lock with readers, a writer that can become a reader, a try and a timeout. What the calls below leave out is the lock
 * itself: struct shared is as simple as it can be, for one thread.
 * Under lockval: clean.
 */

#include <lockval.h>
#include <stdbool.h>
#include <stdio.h>

struct shared {
    int readers; /* -1: a writer */
    struct lockval_map map;
};

static struct lockval_key shared_key;

static void shared_init(struct shared *s)
{
    s->readers = 0;
    lockval_init_map(&s->map, "shared", &shared_key);
}

static bool shared_try_write(struct shared *s)
{
    if (s->readers != 0)
        return false; /* a try that failed says nothing */
    s->readers = -1;
    lockval_acquire_map(&s->map, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    lockval_acquired_map(&s->map);
    return true;
}

/* Gives up when the time is over; without a second thread it is over at once. */
static bool shared_timed_read(struct shared *s)
{
    lockval_acquire_map(&s->map, LOCKVAL_READ, 0, LOCKVAL_TIMED, NULL);
    if (s->readers < 0) {
        lockval_abandon_map(&s->map);
        return false;
    }
    s->readers++;
    lockval_acquired_map(&s->map);
    return true;
}

static void shared_downgrade(struct shared *s)
{
    lockval_downgrade_map(&s->map);
    s->readers = 1;
}

static void shared_unlock(struct shared *s)
{
    lockval_release_map(&s->map);
    s->readers = s->readers < 0 ? 0 : s->readers - 1;
}

/* Writes only now and then; what holds when it writes shall always hold. */
static void flush(struct shared *s, bool dirty)
{
    lockval_might_lock_map(&s->map, LOCKVAL_WRITE);
    if (dirty && shared_try_write(s)) {
        puts("flushed");
        shared_unlock(s);
    }
}

int main(void)
{
    struct shared table, log;

    shared_init(&table);
    shared_init(&log);
    if (shared_try_write(&table)) {
        printf("another writer: %s\n", shared_try_write(&table) ? "yes" : "no");
        shared_downgrade(&table);
        shared_unlock(&table);
    }
    if (shared_timed_read(&table)) {
        puts("read");
        shared_unlock(&table);
    }
    flush(&log, false);
    flush(&log, true);
    return 0;
}
