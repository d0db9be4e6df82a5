/* SPDX-License-Identifier: MIT */
/*
 * The rules for contexts against the oracle, on random programs of threads that take locks in and out of contexts.
 *
 * What is true is worked out from the matrix: X is taken in a context, Y is held while it could interrupt, and the
 * dependency Y -> X that this makes closes a strong path. Every finding must be one of these. And in every step that makes
 * new ones true there is a finding about that context, or one that was made before; but for those from a class that
 * contradicts itself, which has its own.
 *
 * LOCKVAL_TEST_PROGRAMS says how many, LOCKVAL_TEST_SEED the first seed; a failure names the seed of its program.
 */

#include "oracle.h"
#include "scenario.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    PROGRAMS = 600,
    STEPS = 50,
    CLASSES = 5,
    THREADS = 3,
    NEST = 3,
    STATES = 4, /* SIGUSR1, SIGUSR2, a hard context, a soft one */
    HARD = 2,
    SOFT = 3
};

static const int signals[2] = { SIGUSR1, SIGUSR2 };
static const char *const state_names[STATES] = { "SIGUSR1", "SIGUSR2", "hard", "soft" };

struct held {
    unsigned class, level;
    enum lv_mode mode;
};

struct thread {
    unsigned in[NEST]; /* states entered */
    bool blocked_before[NEST][2];
    unsigned nesting;
    bool blocked[2];
    unsigned disabled[2];
    struct held held[CLASSES];
    unsigned depth;
};

struct program {
    unsigned long seed;
    unsigned step;
    uint64_t random;
    struct scenario *s;
    int contexts[2];
    struct thread threads[THREADS];
    struct oracle_graph graph;
    bool inside[STATES][CLASSES][2]; /* [1]: by a recursive reader */
    bool open[STATES][CLASSES][2];   /* [1]: shared */
    bool truth[STATES][CLASSES][CLASSES];
};

static unsigned below(struct program *p, unsigned limit)
{
    p->random += UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(lv_hash_mix(p->random, 0) >> 33) % limit;
}

static bool is_in(const struct thread *t, unsigned state)
{
    for (unsigned i = 0; i < t->nesting; i++)
        if (t->in[i] == state)
            return true;
    return false;
}

static bool is_open(const struct thread *t, unsigned state)
{
    bool hard_off = t->disabled[0] != 0 || is_in(t, HARD);

    if (state < 2)
        return !t->blocked[state];
    if (state == HARD)
        return !hard_off;
    return !hard_off && t->disabled[1] == 0 && !is_in(t, SOFT);
}

static void note_open(const struct thread *t, bool ret[STATES])
{
    for (unsigned i = 0; i < STATES; i++)
        ret[i] = is_open(t, i);
}

/* What is held is marked for what became open. */
static void mark_opened(struct program *p, const struct thread *t, const bool before[STATES])
{
    for (unsigned state = 0; state < STATES; state++)
        for (unsigned i = 0; !before[state] && is_open(t, state) && i < t->depth; i++)
            p->open[state][t->held[i].class][t->held[i].mode != LV_WRITE] = true;
}

/* Does what interrupts a holder of @y close a path from @x? */
static bool is_true(const struct program *p, unsigned state, unsigned x, unsigned y)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        bool recursive = (kind & 1) != 0, shared = (kind & 2) != 0;
        uint8_t bit = lv_dep_bit(shared ? LV_READ : LV_WRITE, recursive ? LV_READ_RECURSIVE : LV_WRITE, false);

        if (!p->inside[state][x][recursive] || !p->open[state][y][shared])
            continue;
        if ((x == y && !(recursive && shared)) || oracle_close(&p->graph, y, x, bit, LV_DEP_UNTIMED) != 0)
            return true;
    }
    return false;
}

/* Has it a finding of its own? */
static bool contradicts(const struct program *p, unsigned state, unsigned x)
{
    const bool *inside = p->inside[state][x], *open = p->open[state][x];

    return (inside[0] && (open[0] || open[1])) || (inside[1] && open[0]);
}

static unsigned state_of(const struct scenario_report *report)
{
    unsigned state = 0;

    while (state < STATES && strcmp(report->state, state_names[state]) != 0)
        state++;
    ck_assert_uint_lt(state, STATES);
    return state;
}

static unsigned class_of(const char *name)
{
    return (unsigned)(name[0] - 'A');
}

/* The edges of the finding lead from the class taken inside to the one held open, strongly. */
static void check_path(const struct program *p, const struct scenario_report *report)
{
    for (uint32_t i = 0; i < report->edge_count; i++) {
        const struct scenario_edge *edge = &report->edges[i], *next = &report->edges[(i + 1) % report->edge_count];
        uint8_t bit = lv_dep_bit(edge->held_mode, edge->wanted_mode, (edge->wanted_flags & LV_TIMED) != 0);

        ck_assert_msg(strcmp(edge->wanted, next->held) == 0, "seed %lu step %u: the path is open", p->seed, p->step);
        ck_assert_msg(edge->wanted_mode != LV_READ_RECURSIVE || next->held_mode == LV_WRITE,
                      "seed %lu step %u: the path is not strong at %s", p->seed, p->step, edge->wanted);
        ck_assert_msg(i == 0 || (p->graph.bits[class_of(edge->held)][class_of(edge->wanted)] & bit) != 0,
                      "seed %lu step %u: %s -> %s was never seen", p->seed, p->step, edge->held, edge->wanted);
    }
}

/* What the engine found since the last step. @dups: findings that it made before. */
static void compare(struct program *p, uint64_t dups)
{
    struct scenario *s = p->s;
    unsigned found[STATES] = { 0 };

    for (; s->report_read < s->report_count; s->report_read++) {
        const struct scenario_report *report = &s->reports[s->report_read];
        unsigned state, x, y;

        if (report->kind != LV_FINDING_SIGNAL)
            continue;
        state = state_of(report);
        x = class_of(report->edges[0].wanted);
        y = class_of(report->edges[0].held);
        found[state]++;
        ck_assert_msg(is_true(p, state, x, y), "seed %lu step %u: %s: %c to %c is not true", p->seed, p->step,
                      report->state, 'A' + x, 'A' + y);
        check_path(p, report);
    }
    for (unsigned state = 0; state < STATES; state++) {
        for (unsigned x = 0; x < CLASSES; x++) {
            for (unsigned y = 0; y < CLASSES; y++) {
                if (p->truth[state][x][y] || !is_true(p, state, x, y))
                    continue;
                p->truth[state][x][y] = true;
                ck_assert_msg((contradicts(p, state, x) && x != y) || found[state] != 0 || dups != 0,
                              "seed %lu step %u: %s: %c to %c was not found", p->seed, p->step, state_names[state],
                              'A' + x, 'A' + y);
            }
        }
    }
}

static void lock(struct program *p, unsigned thread)
{
    struct thread *t = &p->threads[thread];
    unsigned class = below(p, CLASSES), dice = below(p, 20);
    enum lv_mode mode = (enum lv_mode)below(p, LV_MODE__COUNT);
    unsigned flags = dice < 2 ? (unsigned)LV_TRY : dice == 2 ? (unsigned)LV_TIMED : 0;
    const char name[2] = { (char)('A' + class), '\0' };

    for (unsigned i = 0; i < t->depth; i++)
        if (t->held[i].class == class)
            return;
    for (unsigned state = 0; state < STATES; state++) {
        if (is_in(t, state) && flags == 0)
            p->inside[state][class][mode == LV_READ_RECURSIVE] = true;
        if (is_open(t, state))
            p->open[state][class][mode != LV_WRITE] = true;
    }
    for (unsigned i = 0; (flags & LV_TRY) == 0 && i < t->depth; i++)
        if (t->held[i].level == t->nesting)
            p->graph.bits[t->held[i].class][class] |= lv_dep_bit(t->held[i].mode, mode, (flags & LV_TIMED) != 0);
    scenario_lock(p->s, thread, name, mode, flags);
    t->held[t->depth++] = (struct held){ class, t->nesting, mode };
}

static void unlock(struct program *p, unsigned thread, unsigned number)
{
    struct thread *t = &p->threads[thread];
    const char name[2] = { (char)('A' + t->held[number].class), '\0' };

    scenario_unlock(p->s, thread, name);
    for (unsigned i = number; i + 1 < t->depth; i++)
        t->held[i] = t->held[i + 1];
    t->depth--;
}

static void tell_mask(struct program *p, unsigned thread)
{
    const struct thread *t = &p->threads[thread];

    lv_context_set_mask(&p->s->ctx, scenario_thread(p->s, thread),
                        (t->blocked[0] ? lv_signal_bit(SIGUSR1) : 0) | (t->blocked[1] ? lv_signal_bit(SIGUSR2) : 0));
}

static void enter(struct program *p, unsigned thread)
{
    struct thread *t = &p->threads[thread];
    unsigned state = below(p, STATES);

    if (t->nesting == NEST || !is_open(t, state))
        return;
    memcpy(t->blocked_before[t->nesting], t->blocked, sizeof(t->blocked));
    t->in[t->nesting++] = state;
    if (state >= 2) {
        lv_context_enter(&p->s->ctx, scenario_thread(p->s, thread), p->contexts[state - 2]);
        return;
    }
    lv_context_enter_signal(&p->s->ctx, scenario_thread(p->s, thread), signals[state]);
    t->blocked[state] = below(p, 8) != 0; /* or SA_NODEFER */
    t->blocked[1 - state] |= below(p, 2) != 0;
    tell_mask(p, thread);
}

/* A context gives back what it took. */
static void leave(struct program *p, unsigned thread)
{
    struct thread *t = &p->threads[thread];
    unsigned state;

    if (t->nesting == 0)
        return;
    for (unsigned i = t->depth; i-- > 0;)
        if (t->held[i].level == t->nesting)
            unlock(p, thread, i);
    state = t->in[--t->nesting];
    if (state >= 2) {
        lv_context_exit(&p->s->ctx, scenario_thread(p->s, thread), p->contexts[state - 2]);
        return;
    }
    lv_context_exit_signal(&p->s->ctx, scenario_thread(p->s, thread), signals[state]);
    memcpy(t->blocked, t->blocked_before[t->nesting], sizeof(t->blocked));
}

/* Block or unblock signals, disable or enable contexts. */
static void change(struct program *p, unsigned thread)
{
    struct thread *t = &p->threads[thread];
    unsigned which = below(p, 2);
    bool before[STATES];

    note_open(t, before);
    if (below(p, 2) != 0) {
        t->blocked[which] = !t->blocked[which];
        tell_mask(p, thread);
    } else if (t->disabled[which] != 0) {
        t->disabled[which]--;
        lv_context_enable(&p->s->ctx, scenario_thread(p->s, thread), p->contexts[which]);
    } else {
        t->disabled[which]++;
        lv_context_disable(&p->s->ctx, scenario_thread(p->s, thread), p->contexts[which]);
    }
    mark_opened(p, t, before);
}

static void run_step(struct program *p)
{
    unsigned thread = below(p, THREADS), dice = below(p, 20);
    uint64_t dups = p->s->ctx.counters.suppressed_dups;

    if (dice < 9)
        lock(p, thread);
    else if (dice < 13 && p->threads[thread].depth != 0)
        unlock(p, thread, below(p, p->threads[thread].depth));
    else if (dice < 15)
        enter(p, thread);
    else if (dice < 17)
        leave(p, thread);
    else
        change(p, thread);
    compare(p, p->s->ctx.counters.suppressed_dups - dups);
}

static void run_program(struct program *p)
{
    p->graph.nodes = CLASSES;
    p->contexts[0] = lv_context_declare(&p->s->ctx, state_names[HARD], 0);
    p->contexts[1] = lv_context_declare(&p->s->ctx, state_names[SOFT], 1);
    for (unsigned i = 0; i < 2; i++)
        lv_context_set_handled(&p->s->ctx, NULL, signals[i], true, 0x7000);
    for (unsigned i = 0; i < THREADS; i++)
        (void)lv_context_refresh(&p->s->ctx, scenario_thread(p->s, i));
    for (p->step = 0; p->step < STEPS; p->step++)
        run_step(p);
}

static unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 0) : otherwise;
}

START_TEST(random_programs)
{
    unsigned long first = number_of("LOCKVAL_TEST_SEED", 1), count = number_of("LOCKVAL_TEST_PROGRAMS", PROGRAMS);
    struct scenario *s = scenario_new(NULL);
    unsigned long findings = 0;

    for (unsigned long seed = first; seed < first + count; seed++) {
        struct program p = { .seed = seed, .random = seed * UINT64_C(0x2545f4914f6cdd1d), .s = s };

        scenario_restart(s, NULL);
        run_program(&p);
        findings += s->report_count;
    }
    ck_assert_msg(count < 10 || findings > count, "only %lu findings in %lu programs", findings, count);
    scenario_free(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("usage_differential");
    TCase *tcase = tcase_create("random");

    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, random_programs);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
