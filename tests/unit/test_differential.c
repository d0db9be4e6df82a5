/* SPDX-License-Identifier: MIT */
/*
 * The engine and the search against the oracle, on random programs and random graphs.
 *
 * LOCKVAL_TEST_PROGRAMS and LOCKVAL_TEST_GRAPHS say how many, LOCKVAL_TEST_SEED the first seed. A failure names the seed
 * of its program: with that one as the first and 1 as the number, it alone runs again.
 */

#include "oracle.h"
#include "random.h"
#include "scenario.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum {
    PROGRAMS = 12000,
    GRAPHS = 20000,
    GRAPH_NODES = 12
};

/* A program under way. */
struct program {
    unsigned long seed;
    unsigned step;
    struct random random;
    unsigned classes, instances, threads;
    unsigned readers, tries, unchecked; /* percent */
    struct scenario *s;
    struct oracle oracle;
};

static void name_lock(unsigned class, unsigned instance, char name[SCENARIO_NAME])
{
    (void)snprintf(name, SCENARIO_NAME, "%c%u", (char)('A' + class), instance);
}

/* The oracle's node of a lock that a report names. */
static unsigned class_number(const char *name)
{
    return (unsigned)(name[0] - 'A');
}

static bool edge_is_timed(const struct scenario_edge *edge)
{
    return (edge->wanted_flags & LV_TIMED) != 0;
}

/* A reported cycle is closed, strong, made of dependencies that exist, and what is timed
 * cannot hang. */
static void check_cycle(const struct program *p, const struct scenario_report *report)
{
    for (uint32_t i = 0; i < report->edge_count; i++) {
        const struct scenario_edge *edge = &report->edges[i], *next = &report->edges[(i + 1) % report->edge_count];
        uint8_t bit = lv_dep_bit(edge->held_mode, edge->wanted_mode, edge_is_timed(edge));
        unsigned from = class_number(edge->held), to = class_number(edge->wanted);

        ck_assert_msg((p->oracle.all_classes.bits[from][to] & bit) != 0, "seed %lu step %u: %s -> %s was never seen",
                      p->seed, p->step, edge->held, edge->wanted);
        ck_assert_msg(to == class_number(next->held), "seed %lu step %u: the cycle is open", p->seed, p->step);
        ck_assert_msg(edge->wanted_mode != LV_READ_RECURSIVE || next->held_mode == LV_WRITE,
                      "seed %lu step %u: the cycle is not strong at %s", p->seed, p->step, edge->wanted);
        ck_assert_msg(!edge_is_timed(edge) || report->verdict <= LV_VERDICT_POTENTIAL,
                      "seed %lu step %u: the cycle is timed", p->seed, p->step);
    }
}

/* The oracle knows two verdicts of a cycle: every way round it is timed, or not. */
static enum lv_verdict verdict_by_time(const struct scenario_report *report)
{
    if (report->kind == LV_FINDING_RECURSIVE && report->edge_count == 1)
        return report->verdict;
    return strstr(report->reasons, "so the cycle resolves itself") != NULL ? LV_VERDICT_GUARDED : LV_VERDICT_POTENTIAL;
}

/* Is it the finding about two locks of a class with an explicit key? */
static bool is_nesting(const struct program *p, const struct scenario_report *report)
{
    const struct scenario_edge *edge = &report->edges[0];

    return report->kind == LV_FINDING_RECURSIVE && p->oracle.explicit_class[class_number(edge->held)] &&
           edge->held_address != edge->wanted_address;
}

/* What the engine found since the last step is what the oracle expects. */
static void compare(struct program *p, struct oracle_counts expected, uint64_t dups)
{
    struct scenario *s = p->s;
    unsigned circular = 0, wanted = 0, nested = 0;

    for (; s->report_read < s->report_count; s->report_read++) {
        const struct scenario_report *report = &s->reports[s->report_read];
        unsigned *count = is_nesting(p, report)                 ? &expected.nested
                          : report->kind == LV_FINDING_CIRCULAR ? &expected.circular[verdict_by_time(report)]
                                                                : &expected.recursive[verdict_by_time(report)];

        if (*count == 0 && dups == 0)
            ck_abort_msg("seed %lu step %u: %s (%s) is not expected", p->seed, p->step,
                         lv_finding_kind_name(report->kind), lv_verdict_name(report->verdict));
        *count -= *count != 0;
        nested += is_nesting(p, report);
        if (report->kind != LV_FINDING_CIRCULAR)
            continue;
        check_cycle(p, report);
        if (dups == 0)
            ck_assert_msg((expected.shortest >> 5 * circular & 31) == report->edge_count,
                          "seed %lu step %u: a cycle of %u edges, the shortest has %u", p->seed, p->step,
                          report->edge_count, expected.shortest >> 5 * circular & 31);
        circular++;
    }
    for (unsigned i = 0; i < LV_VERDICT_NEVER; i++)
        wanted += expected.circular[i] + expected.recursive[i];
    ck_assert_msg(wanted <= dups && dups <= wanted + expected.nested, "seed %lu step %u: %u findings are missing",
                  p->seed, p->step, wanted);
    ck_assert_msg(nested != 0 || !expected.nested_first, "seed %lu step %u: the nesting in one class was not found",
                  p->seed, p->step);
    s->report_count = s->report_read = 0;
}

static struct oracle_held random_lock(struct program *p)
{
    struct random *random = &p->random;
    struct oracle_held lock = { .class = below(random, p->classes) };

    lock.instance = lock.class * p->instances + below(random, p->instances);
    if (chance(random, p->readers))
        lock.mode = chance(random, 50) ? LV_READ : LV_READ_RECURSIVE;
    if (chance(random, p->tries))
        lock.flags = chance(random, 50) ? LV_TRY : LV_TIMED;
    if (chance(random, p->unchecked))
        lock.flags |= LV_UNCHECKED;
    return lock;
}

static void acquire(struct program *p, unsigned thread)
{
    struct oracle_held lock = random_lock(p);
    uint64_t dups = p->s->ctx.counters.suppressed_dups;
    char name[SCENARIO_NAME];

    name_lock(lock.class, lock.instance, name);
    /* Findings are compared before they are told from those made before. */
    lv_table_init(&p->s->ctx.found, &p->s->ctx.arena);
    p->s->site = 0x1000 + below(&p->random, 3) * UINT64_C(16);
    scenario_lock(p->s, thread + 1, name, (enum lv_mode)lock.mode, lock.flags);
    compare(p, oracle_acquire(&p->oracle, thread, lock), p->s->ctx.counters.suppressed_dups - dups);
}

static void release(struct program *p, unsigned thread)
{
    unsigned depth = p->oracle.depth[thread];
    unsigned at = chance(&p->random, 30) ? below(&p->random, depth) : depth - 1;
    const struct oracle_held *h = &p->oracle.held[thread][at];
    char name[SCENARIO_NAME];

    name_lock(h->class, h->instance, name);
    scenario_unlock(p->s, thread + 1, name);
    oracle_release(&p->oracle, thread, h->instance);
}

/* Direct dependencies say as much as all of them. */
static void check_reach(const struct program *p)
{
    const struct oracle *o = &p->oracle;

    for (unsigned i = 0; i < 2; i++) {
        uint8_t mask = i != 0 ? LV_DEP_ALL : LV_DEP_UNTIMED;

        ck_assert_msg(oracle_same_reach(&o->classes, &o->all_classes, mask),
                      "seed %lu: direct dependencies of classes lose something", p->seed);
        ck_assert_msg(oracle_same_reach(&o->instances, &o->all_instances, mask),
                      "seed %lu: direct dependencies of instances lose something", p->seed);
    }
}

static void set_up(struct program *p, struct scenario *s, unsigned long seed)
{
    struct random *random = &p->random;

    *p = (struct program){ .seed = seed, .random = { seed }, .s = s };
    scenario_restart(s, seed % 2 != 0 ? "identity=table" : NULL);
    p->classes = 2 + below(random, 7);
    p->instances = 1 + below(random, ORACLE_NODES / p->classes < 3 ? ORACLE_NODES / p->classes : 3);
    p->threads = 1 + below(random, 3);
    p->readers = below(random, 4) * 30;
    p->tries = below(random, 3) * 20;
    p->unchecked = below(random, 3) == 0 ? 10 : 0;
    p->oracle.classes.nodes = p->oracle.all_classes.nodes = p->classes;
    p->oracle.instances.nodes = p->oracle.all_instances.nodes = p->classes * p->instances;
    for (unsigned i = 0; i < p->classes; i++) {
        char name[2] = { (char)('A' + i), '\0' };

        p->oracle.explicit_class[i] = chance(random, 30);
        scenario_class(s, name, p->oracle.explicit_class[i] ? SCENARIO_EXPLICIT : SCENARIO_GUESSED);
    }
}

START_TEST(programs)
{
    unsigned long first = number_of("LOCKVAL_TEST_SEED", 1);
    unsigned long count = number_of("LOCKVAL_TEST_PROGRAMS", PROGRAMS);
    struct scenario *s = scenario_new(NULL);
    static struct program p;

    for (unsigned long seed = first; seed < first + count; seed++) {
        unsigned steps;

        set_up(&p, s, seed);
        steps = 10 + below(&p.random, 90);
        for (p.step = 0; p.step < steps; p.step++) {
            unsigned thread = below(&p.random, p.threads);
            unsigned depth = p.oracle.depth[thread];

            if (depth != 0 && (depth == 5 || chance(&p.random, 45)))
                release(&p, thread);
            else
                acquire(&p, thread);
        }
        check_reach(&p);
    }
    scenario_free(s);
}
END_TEST

/* One graph: dependencies come one by one, and each is asked whether it closes a path. */
static void run_graph(unsigned long seed)
{
    static char memory[256 * 1024] __attribute__((aligned(16)));
    struct lv_arena arena = { .at = memory, .end = memory + sizeof(memory) };
    struct random random = { seed };
    struct oracle_graph oracle = { .nodes = 2 + below(&random, GRAPH_NODES - 1) };
    unsigned count = 1 + below(&random, 40);
    bool timed = chance(&random, 50);
    struct lv_digraph g;

    memset(memory, 0, sizeof(memory));
    ck_assert_int_eq(lv_digraph_init(&g, &arena), 0);
    for (unsigned i = 0; i < count; i++) {
        unsigned from = below(&random, oracle.nodes), to = (from + 1 + below(&random, oracle.nodes - 1)) % oracle.nodes;
        uint8_t bit = (uint8_t)(1u << below(&random, timed ? 8 : 4));
        uint8_t mask = chance(&random, 50) ? LV_DEP_UNTIMED : LV_DEP_ALL;
        uint8_t fresh = bit & (uint8_t)~oracle.bits[from][to];
        uint32_t edge;
        int length;

        ck_assert_int_eq(lv_digraph_add(&g, from, to, bit, &edge), fresh);
        oracle.bits[from][to] |= bit;
        length = lv_digraph_close(&g, from, to, bit, mask);
        ck_assert_msg(length == (int)oracle_close(&oracle, from, to, bit, mask), "seed %lu, edge %u: %d, not %u", seed,
                      i, length, oracle_close(&oracle, from, to, bit, mask));
        for (int at = 0; at < length; at++) {
            const struct lv_edge *step = lv_digraph_edge(&g, g.path[at].edge);

            ck_assert_uint_eq(step->from, at == 0 ? to : lv_digraph_edge(&g, g.path[at - 1].edge)->to);
            ck_assert_uint_ne(g.path[at].bits, 0);
            ck_assert_uint_eq(g.path[at].bits & ~(oracle.bits[step->from][step->to] & mask), 0);
        }
        if (length > 0)
            ck_assert_uint_eq(lv_digraph_edge(&g, g.path[length - 1].edge)->to, from);
    }
}

START_TEST(graphs)
{
    unsigned long first = number_of("LOCKVAL_TEST_SEED", 1);
    unsigned long count = number_of("LOCKVAL_TEST_GRAPHS", GRAPHS);

    for (unsigned long seed = first; seed < first + count; seed++)
        run_graph(seed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("differential");
    TCase *tcase = tcase_create("differential");

    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, graphs);
    tcase_add_test(tcase, programs);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
