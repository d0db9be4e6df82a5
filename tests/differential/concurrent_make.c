/* SPDX-License-Identifier: MIT */
/*
 * The locks are in groups, each of some classes with some locks, and a thread takes those of a later group only under those of an
 * earlier one: so what can be found in a group is known from how its own locks are taken. Half of the programs have
 * nothing to find.
 */

#include "concurrent.h"

#include <string.h>

enum {
    HELD = 8
};

struct program program;

static uint64_t state;

static unsigned pick(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % below;
}

static void take(struct thread_script *script, unsigned group, unsigned class, unsigned instance)
{
    struct step *step = &script->step[script->count++];
    bool ring = program.group[group].kind == RING || program.group[group].kind == INSTANCES_RING;

    *step = (struct step){ .lock = (uint16_t)lock_number(group, class, instance), .yield = pick(8) == 0 };
    step->mode = (uint8_t)(is_rwlock(step->lock) ? pick(3) : LV_WRITE);
    step->site = (uint8_t)pick(2);
    if (!ring && pick(6) == 0)
        step->flags = (uint8_t)(pick(2) != 0 ? LV_TRY : LV_TIMED);
}

static unsigned any_instance(unsigned group)
{
    return pick(program.group[group].instances);
}

/* Up to three locks of @group, as its kind has it. Returns how many. */
static unsigned take_some(struct thread_script *script, unsigned group)
{
    const struct group *g = &program.group[group];
    unsigned count = 1 + pick(3), first = pick(g->classes), from;

    switch (g->kind) {
    case RING:
        take(script, group, first, any_instance(group));
        take(script, group, (first + 1) % g->classes, any_instance(group));
        return 2;
    case INSTANCES_RING:
        from = pick(INSTANCES);
        take(script, group, 0, from);
        take(script, group, 0, (from + 1) % INSTANCES);
        return 2;
    case INSTANCES_ORDERED:
        from = pick(INSTANCES - 1);
        take(script, group, 0, from);
        take(script, group, 0, from + 1 + pick(INSTANCES - 1 - from));
        return 2;
    case ORDERED:
        from = 0;
        for (unsigned class = first; class < g->classes && from < count; class += 1 + pick(2), from++)
            take(script, group, class, any_instance(group));
        return from;
    default:
        for (from = 0; from < count; from++)
            take(script, group, (first + from * (1 + pick(2))) % g->classes, any_instance(group));
        return from;
    }
}

static void release(struct thread_script *script, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        script->step[script->count++] = (struct step){ .release = true };
}

/* Locks of some groups, those of a later group under those of an earlier. */
static void nest_some(struct thread_script *script)
{
    unsigned held = 0;

    for (unsigned group = pick(program.groups); group < program.groups && held <= HELD - 3; group += 1 + pick(3))
        held += take_some(script, group);
    release(script, held);
}

/* Every cycle of a ring is complete, whoever makes the edges; and blocks in both modes of its locks. */
static void close_ring(unsigned group)
{
    const struct group *g = &program.group[group];
    unsigned length = g->kind == RING ? g->classes : INSTANCES;

    for (unsigned i = 0; i < length; i++) {
        struct thread_script *script = &program.script[pick(program.threads)];
        unsigned next = (i + 1) % length;

        take(script, group, g->kind == RING ? i : 0, g->kind == RING ? any_instance(group) : i);
        take(script, group, g->kind == RING ? next : 0, g->kind == RING ? any_instance(group) : next);
        script->step[script->count - 1].mode = script->step[script->count - 2].mode = LV_WRITE;
        release(script, 2);
    }
}

void make_program(uint64_t seed, unsigned threads)
{
    bool clean = seed % 2 == 0; /* there is nothing to find */

    memset(&program, 0, sizeof(program));
    program.seed = seed;
    state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < 8; i++)
        (void)pick(2);
    program.threads = threads != 0 ? threads : 2 + pick(7);
    program.groups = 1 + pick(GROUPS);
    program.table = pick(4) == 0;
    program.known = pick(2) == 0;
    for (unsigned i = 0; i < program.groups; i++)
        program.group[i] = (struct group){ clean ? (pick(2) == 0 ? ORDERED : INSTANCES_ORDERED) : pick(KINDS),
                                           2 + pick(GROUP_CLASSES - 1), 1 + pick(INSTANCES) };
    for (unsigned i = 0; i < program.groups; i++)
        if (program.group[i].kind == RING || program.group[i].kind == INSTANCES_RING)
            close_ring(i);
    for (unsigned i = 0; i < program.threads; i++)
        while (program.script[i].count + 3 * HELD < STEPS / (1 + seed % 4))
            nest_some(&program.script[i]);
    /* Half of the programs have threads that do the same: all learn one chain at once. */
    for (unsigned i = 1; pick(2) == 0 && i < program.threads; i++)
        if (program.group[0].kind != RING && program.group[0].kind != INSTANCES_RING && program.groups == 1)
            program.script[i] = program.script[0];
}
