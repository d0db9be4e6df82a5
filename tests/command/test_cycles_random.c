/* SPDX-License-Identifier: MIT */
/*
 * Random orders of several runs against an oracle that is written from the rules (tests/unit/oracle.h): each dependency that
 * closes a strong path must be in a circle that is no longer than its own shortest one, each circle must be one, and what stays guarded must be kept apart
 * in every way.
 * LOCKVAL_TEST_PROGRAMS says how many, LOCKVAL_TEST_SEED the first seed; a failure names the seed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/oracle.h"
#include "../unit/unit.h"
#include "base/hash.h"
#include "unions.h"

enum {
    PROGRAMS = 400,
    FEW = 6,
    MOST_TAKEN = 24
};

struct taken {
    struct lock locks[4];
    unsigned count, run;
};

static uint64_t random_state;

static unsigned below(unsigned limit)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(lv_hash_mix(random_state, 0) >> 33) % limit;
}

static struct lock random_lock(unsigned class, bool wanted)
{
    static const char *const words[] = { "write", "write", "write", "read", "read-recursive" };
    struct lock lock = { .mode = words[below(5)], .flag = "" };

    (void)snprintf(lock.name, sizeof(lock.name), "C%u", class);
    lock.class = class_of(lock.name);
    if (below(10) == 0)
        lock.flag = wanted ? "timed" : "try";
    return lock;
}

static unsigned long seed;

/* Is the circle of the finding one: edges that are there, each strong with the next? */
static void check_circle(const struct rec_finding *finding)
{
    for (size_t i = 0; i < finding->edge_count; i++) {
        const struct rec_step *step = &finding->edges[i], *next = &finding->edges[(i + 1) % finding->edge_count];

        ck_assert_msg(step->wanted.class == next->held.class, "seed %lu: no circle", seed);
        ck_assert_msg(edge_modes[step->held.class->id - 1][step->wanted.class->id - 1] != 0, "seed %lu: no edge", seed);
        ck_assert_msg(step->wanted.mode != REC_READ_RECURSIVE || next->held.mode == REC_WRITE, "seed %lu: not strong",
                      seed);
    }
}

static bool is_found(unsigned from, unsigned to, size_t length, bool timed)
{
    for (size_t i = 0; i < result.count; i++)
        if (result.findings[i]->edge_count <= length && has_edge(result.findings[i], from, to) &&
            (timed || result.findings[i]->verdict == REC_POTENTIAL))
            return true;
    return false;
}

static void check_edges(const struct oracle_graph *g, unsigned *ret_closing)
{
    *ret_closing = 0;
    for (unsigned from = 1; from <= class_count; from++) {
        for (unsigned to = 1; to <= class_count; to++) {
            for (unsigned bit = 1; bit <= LV_DEP_ALL; bit <<= 1) {
                unsigned untimed, any;

                if ((g->bits[from - 1][to - 1] & bit) == 0)
                    continue;
                untimed = bit <= LV_DEP_UNTIMED ? oracle_close(g, from - 1, to - 1, (uint8_t)bit, LV_DEP_UNTIMED) : 0;
                any = oracle_close(g, from - 1, to - 1, (uint8_t)bit, LV_DEP_ALL);
                *ret_closing += any != 0;
                if (untimed != 0)
                    ck_assert_msg(is_found(from, to, untimed + 1, false), "seed %lu: C%u -> C%u is in a circle of %u",
                                  seed, from, to, untimed + 1);
                else if (any != 0)
                    ck_assert_msg(is_found(from, to, any + 1, true), "seed %lu: C%u -> C%u is in a circle of %u", seed,
                                  from, to, any + 1);
            }
        }
    }
}

START_TEST(random_unions)
{
    unsigned long programs =
        getenv("LOCKVAL_TEST_PROGRAMS") != NULL ? strtoul(getenv("LOCKVAL_TEST_PROGRAMS"), NULL, 10) : PROGRAMS;
    unsigned long first = getenv("LOCKVAL_TEST_SEED") != NULL ? strtoul(getenv("LOCKVAL_TEST_SEED"), NULL, 10) : 1;
    unsigned closing, closed = 0, silent = 0;

    for (seed = first; seed < first + programs; seed++) {
        struct oracle_graph g = { .nodes = FEW };
        unsigned count = 3 + below(MOST_TAKEN - 3);

        random_state = seed;
        begin();
        for (unsigned i = 0; i < count; i++) {
            struct taken taken = { .count = 2 + below(3), .run = 1 + below(4) };
            unsigned used = 0;

            for (unsigned j = 0; j < taken.count; j++) {
                unsigned class = below(FEW);

                while ((used >> class & 1) != 0)
                    class = (class + 1) % FEW;
                used |= 1u << class;
                taken.locks[j] = random_lock(class, j + 1 == taken.count);
            }
            takes_these(taken.run, taken.locks, taken.count);
        }
        for (unsigned from = 0; from < class_count; from++)
            for (unsigned to = 0; to < class_count; to++)
                g.bits[from][to] = (uint8_t)edge_modes[from][to];
        look();
        for (size_t i = 0; i < result.count; i++)
            check_circle(result.findings[i]);
        check_edges(&g, &closing);
        closed += closing != 0;
        silent += closing == 0;
        ck_assert_msg((closing == 0) == (result.count == 0), "seed %lu: %zu findings", seed, result.count);
        end();
    }
    ck_assert_uint_gt(closed, programs / 10);
    ck_assert(programs < 100 || silent > programs / 50);
}
END_TEST

/* Could two acquisitions of these edges meet, as far as classes say? */
static bool can_meet(const struct taken *a, const struct taken *b)
{
    const struct lock *wants_a = &a->locks[a->count - 1], *wants_b = &b->locks[b->count - 1];

    if (strcmp(wants_a->flag, "timed") == 0 || strcmp(wants_b->flag, "timed") == 0)
        return false;
    for (unsigned i = 0; i + 1 < a->count; i++)
        for (unsigned j = 0; j + 1 < b->count; j++)
            if (a->locks[i].class == b->locks[j].class &&
                (strcmp(a->locks[i].mode, "write") == 0 || strcmp(b->locks[j].mode, "write") == 0))
                return false;
    return true;
}

/* Two locks and gates around them; a run says that the circle is guarded. It may stay so only if no two can meet. */
START_TEST(random_gates)
{
    unsigned stays = 0, falls = 0;

    for (seed = 1; seed <= PROGRAMS; seed++) {
        struct taken all[12];
        unsigned count = 2 + below(4);
        bool meet = false, both[2] = { false, false };

        random_state = seed * 77;
        begin();
        for (unsigned i = 0; i < count; i++) {
            struct taken *taken = &all[i];
            unsigned way = i < 2 ? i : below(2), gates = 1 + below(2);

            *taken = (struct taken){ .run = 1 + below(3) };
            for (unsigned j = 0; j < gates && (i != 0 || j == 0); j++) {
                taken->locks[taken->count] = random_lock(2 + (j == 0 && below(6) != 0 ? 0 : 1 + j), false);
                taken->locks[taken->count].flag = "";
                if (below(8) != 0)
                    taken->locks[taken->count].mode = "write";
                taken->count++;
            }
            taken->locks[taken->count++] = lock_of(way == 0 ? "C0" : "C1");
            taken->locks[taken->count++] = lock_of(way == 0 ? "C1" : "C0");
            both[way] = true;
            takes_these(taken->run, taken->locks, taken->count);
        }
        /* One that did nothing else, so that no acquisition is known to be its own. */
        finds(9, "guarded", "C0 C1");
        for (unsigned i = 0; i < count; i++)
            for (unsigned j = 0; j < count; j++)
                if (all[i].locks[all[i].count - 1].class != all[j].locks[all[j].count - 1].class)
                    meet |= can_meet(&all[i], &all[j]);
        ck_assert(both[0] && both[1]);
        look();
        for (size_t i = 0; i < result.count; i++) {
            if (!has_edge(result.findings[i], class_of("C0"), class_of("C1")) || result.findings[i]->edge_count != 2)
                continue;
            ck_assert_msg((result.findings[i]->verdict == REC_POTENTIAL) == meet, "seed %lu: %s", seed,
                          result.findings[i]->verdict_name);
            stays += !meet;
            falls += meet;
        }
        end();
    }
    ck_assert_uint_gt(stays, 20);
    ck_assert_uint_gt(falls, 20);
}
END_TEST

enum {
    CONTEXTS = 2
};

struct used {
    bool inside[CONTEXTS][FEW][2]; /* [1]: by a recursive reader */
    bool open[CONTEXTS][FEW][2];   /* [1]: shared */
};

/* Does a context that takes @inside, and can interrupt a holder of @open, close a strong path? */
static bool is_unsafe(const struct oracle_graph *g, const struct used *used, unsigned context, unsigned inside,
                      unsigned open)
{
    for (unsigned weak_inside = 0; weak_inside < 2; weak_inside++) {
        for (unsigned weak_open = 0; weak_open < 2; weak_open++) {
            uint8_t bit = (uint8_t)((weak_open != 0 ? 4u : 1u) << (weak_inside != 0 ? 0 : 1));

            if (!used->inside[context][inside][weak_inside] || !used->open[context][open][weak_open])
                continue;
            if ((inside == open && (weak_inside == 0 || weak_open == 0)) ||
                oracle_close(g, open, inside, bit, LV_DEP_UNTIMED) != 0)
                return true;
        }
    }
    return false;
}

static void use_at_random(struct used *used)
{
    static const char *const names[CONTEXTS] = { "irq", "soft" };
    static const char *const modes[] = { "", ":r", ":R" };

    for (unsigned i = 0; i < 6; i++) {
        unsigned class = below(FEW), context = below(CONTEXTS), mode = below(3);
        bool inside = below(2) == 0;
        char word[32];

        (void)snprintf(word, sizeof(word), "C%u%s", class, modes[mode]);
        uses(1 + below(3), inside ? "inside" : "open", word, names[context], "");
        if (inside)
            used->inside[context][class][mode == 2] = true;
        else
            used->open[context][class][mode != 0] = true;
    }
}

/* Each finding about a context is true; and what is taken in a context, and leads to what is unsafe there, has one. */
static void check_uses(const struct oracle_graph *g, const struct used *used, unsigned *ret_true)
{
    unsigned found[CONTEXTS][FEW] = { 0 };

    *ret_true = 0;
    for (size_t i = 0; i < result.count; i++) {
        const struct rec_finding *finding = result.findings[i];
        unsigned context = strcmp(finding->usage_state, "irq") == 0 ? 0 : 1, inside, open;

        if (strcmp(finding->kind, "signal") != 0)
            continue;
        inside = finding->usage_inside.lock.class->id - 1;
        open = finding->usage_open.lock.class->id - 1;
        ck_assert_msg(is_unsafe(g, used, context, inside, open), "seed %lu: C%u and C%u are safe", seed, inside, open);
        found[context][inside]++;
    }
    for (unsigned context = 0; context < CONTEXTS; context++) {
        for (unsigned inside = 0; inside < FEW; inside++) {
            bool unsafe = false;

            for (unsigned open = 0; open < FEW; open++)
                unsafe |= is_unsafe(g, used, context, inside, open);
            ck_assert_msg(!unsafe || found[context][inside] != 0, "seed %lu: C%u leads to what is unsafe", seed,
                          inside);
            *ret_true += unsafe;
        }
    }
}

START_TEST(random_contexts)
{
    unsigned unsafe, some = 0, none = 0;

    for (seed = 1; seed <= PROGRAMS; seed++) {
        struct oracle_graph g = { .nodes = FEW };
        struct used used = { 0 };

        random_state = seed * 131;
        begin();
        for (unsigned i = 0; i < FEW; i++) {
            char name[16];

            (void)snprintf(name, sizeof(name), "C%u", i);
            ck_assert_uint_eq(class_of(name), i + 1);
        }
        for (unsigned i = 0; i < 5; i++) {
            unsigned from = below(FEW), to = (from + 1 + below(FEW - 1)) % FEW;
            const struct lock locks[] = { random_lock(from, false), random_lock(to, true) };

            takes_these(1 + below(3), locks, 2);
        }
        use_at_random(&used);
        for (unsigned from = 0; from < FEW; from++)
            for (unsigned to = 0; to < FEW; to++)
                g.bits[from][to] = (uint8_t)edge_modes[from][to];
        look();
        check_uses(&g, &used, &unsafe);
        some += unsafe != 0;
        none += unsafe == 0;
        end();
    }
    ck_assert_uint_gt(some, PROGRAMS / 10);
    ck_assert_uint_gt(none, PROGRAMS / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random unions");
    TCase *tcase = tcase_create("runs");

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, random_unions);
    tcase_add_test(tcase, random_gates);
    tcase_add_test(tcase, random_contexts);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
