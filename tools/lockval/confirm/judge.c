/* SPDX-License-Identifier: MIT */
#include "confirm/judge.h"

#include <string.h>

/* Edge number i of the report leads from class i - 1 to class i of the ring: what edge i wants. */
static const char *class_at(const struct confirm_finding *reported, size_t i)
{
    return reported->edges[i % reported->edge_count].wanted.key;
}

static bool holds(const struct confirm_stuck *stuck, const char *key)
{
    for (size_t i = 0; i < stuck->held_count; i++)
        if (strcmp(stuck->held[i].key, key) == 0)
            return true;
    return false;
}

/*
 * From the class at @at, which @stuck holds, to the one that it waits for: how far is it? 0: it cannot be walked. The whole ring is
 * walked by a thread that waits for a lock of the class that it holds: then all classes between are held, or there are none.
 */
static size_t walk(const struct confirm_finding *reported, const struct confirm_stuck *stuck, size_t at)
{
    for (size_t far = 1; far <= reported->edge_count; far++) {
        if (strcmp(class_at(reported, at + far), stuck->wanted) == 0)
            return far;
        if (!holds(stuck, class_at(reported, at + far)))
            return 0;
    }
    return 0;
}

/* Thread number @i of the circle holds nothing of it: the one before waits behind this one, a writer, for a lock that both
 * want. */
static bool is_between(const struct confirm_finding *deadlock, size_t i)
{
    return deadlock->circle > 1 && deadlock->stuck[(i + deadlock->circle - 1) % deadlock->circle].behind_writer;
}

/* Once around, beginning with the first thread, which waits for the class at @start. */
static bool goes_around(const struct confirm_finding *reported, const struct confirm_finding *deadlock, size_t start)
{
    size_t at = start, all = 0;

    for (size_t i = 1; i <= deadlock->circle; i++) {
        const struct confirm_stuck *stuck = &deadlock->stuck[i % deadlock->circle];
        size_t far;

        if (is_between(deadlock, i % deadlock->circle)) {
            if (strcmp(class_at(reported, at), stuck->wanted) != 0)
                return false;
            continue;
        }
        far = walk(reported, stuck, at);
        if (far == 0)
            return false;
        at = (at + far) % reported->edge_count;
        all += far;
    }
    return all == reported->edge_count && at == start;
}

static bool is_one_class(const struct confirm_finding *reported)
{
    for (size_t i = 0; i < reported->edge_count; i++)
        if (strcmp(class_at(reported, i), class_at(reported, 0)) != 0)
            return false;
    return true;
}

/* Of instances of one class any number may close the circle. */
static bool is_circle_in_class(const struct confirm_finding *deadlock, const char *key)
{
    for (size_t i = 0; i < deadlock->circle; i++)
        if (strcmp(deadlock->stuck[i].wanted, key) != 0 ||
            (!is_between(deadlock, i) && !holds(&deadlock->stuck[i], key)))
            return false;
    return deadlock->circle != 0;
}

static bool is_held_by_any(const struct confirm_finding *deadlock, const char *key)
{
    for (size_t i = 0; i < deadlock->stuck_count; i++)
        if (holds(&deadlock->stuck[i], key))
            return true;
    return false;
}

/*
 * Is @stuck in the middle of the acquisition @step, or past it and stuck further on? A map that stands for what another thread
 * does is let go before that is waited for as an event; then that thread has it.
 */
static bool is_in(const struct confirm_finding *deadlock, const struct confirm_stuck *stuck,
                  const struct confirm_step *step)
{
    if (strcmp(stuck->wanted, step->wanted.key) == 0)
        return step->kind == REC_STEP_COMPLETE || step->kind == REC_STEP_END || holds(stuck, step->held.key);
    return step->kind == REC_STEP_LOCK && holds(stuck, step->held.key) &&
           (holds(stuck, step->wanted.key) ||
            (strcmp(stuck->waits, "event") == 0 && is_held_by_any(deadlock, step->wanted.key)));
}

/* Each acquisition of the report is one that a thread is stuck in, and they are of more than one thread. */
static bool are_all_in(const struct confirm_finding *reported, const struct confirm_finding *deadlock)
{
    size_t first = 0;
    bool several = false;

    for (size_t i = 0; i < reported->step_count; i++) {
        size_t at = 0;

        while (at < deadlock->stuck_count && !is_in(deadlock, &deadlock->stuck[at], &reported->steps[i]))
            at++;
        if (at == deadlock->stuck_count || *reported->steps[i].wanted.key == '\0')
            return false;
        several |= i != 0 && at != first;
        first = i == 0 ? at : first;
    }
    return several;
}

static bool passes_event(const struct confirm_finding *reported)
{
    for (size_t i = 0; i < reported->edge_count; i++)
        if (reported->edges[i].kind != REC_STEP_LOCK)
            return true;
    return false;
}

bool confirm_is_it(const struct confirm_finding *reported, const struct confirm_finding *deadlock)
{
    if (strcmp(deadlock->kind, "deadlock") != 0 || strcmp(deadlock->verdict, "deadlock") != 0 ||
        reported->edge_count == 0 || deadlock->stuck_count == 0)
        return false;
    if (deadlock->circle == 0)
        return passes_event(reported) && are_all_in(reported, deadlock);
    if (is_one_class(reported))
        return is_circle_in_class(deadlock, class_at(reported, 0));
    for (size_t i = 0; i < reported->edge_count; i++)
        if (*deadlock->stuck[0].wanted != '\0' && strcmp(class_at(reported, i), deadlock->stuck[0].wanted) == 0 &&
            goes_around(reported, deadlock, i))
            return true;
    return false;
}
