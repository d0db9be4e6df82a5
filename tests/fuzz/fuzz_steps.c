/* SPDX-License-Identifier: MIT */
/*
 * A stream of bytes as a program of the core, for libFuzzer. Nothing here knows what ought to be found; it holds what is true
 * of every stream:
 *   - nothing crashes or does what C leaves undefined, and every report's text is as long as it says;
 *   - a thread's held stack has what was taken and not released, in that order, and its filter fits;
 *   - when all is released and left, key and filter are those of a new thread;
 *   - the same stream once more makes no new finding, unless semaphores are in it, whose standing changes with their use;
 *   - if locks are only taken in the order of their classes (the first byte says so), there is no finding at all.
 *
 * A step is two bytes: thread and what; the lock and how. script/fuzz builds and runs it.
 */

#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS = 3,
    CLASSES = 5,
    INSTANCES = 2,
    EVENTS = 2,
    HELD = 24,
    LEVELS = 4,
    STEPS = 200
};

enum flavour {
    ORDERED = 1, /* by class, downwards never */
    TABLE = 2,
    STRICT = 4,
    EXPLICIT = 8 /* the first two classes */
};

/* What a thread should hold. */
struct model {
    unsigned lock[HELD]; /* class * INSTANCES + instance */
    unsigned again[HELD];
    unsigned depth;
    unsigned entered[LEVELS], level;
    unsigned disabled[2];
};

static struct {
    struct scenario *s;
    unsigned flavour;
    unsigned findings;
    struct model model[THREADS];
    lv_event_state events[EVENTS];
    bool sems; /* there was a semaphore */
    bool talk; /* say what is done and found */
} fuzz;

#define HOLDS(condition)                                                                         \
    do {                                                                                         \
        if (!(condition)) {                                                                      \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                             \
        }                                                                                        \
    } while (0)

static void say(const char *form, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *form, ...)
{
    va_list args;

    if (!fuzz.talk)
        return;
    va_start(args, form);
    (void)vfprintf(stderr, form, args);
    va_end(args);
}

static void count_finding(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    (void)ctx;
    HOLDS(strlen(text) == len && len != 0);
    HOLDS(report->verdict < LV_VERDICT_NEVER);
    fuzz.findings++;
    say("%s\n", text);
}

static void name_lock(unsigned lock, char name[SCENARIO_NAME])
{
    (void)snprintf(name, SCENARIO_NAME, "%c%u", (char)('A' + lock / INSTANCES), lock % INSTANCES);
}

static struct lv_thread *thread_of(unsigned thread)
{
    return scenario_thread(fuzz.s, thread + 1);
}

static unsigned find(const struct model *m, unsigned lock)
{
    unsigned i = m->depth;

    while (i > 0 && m->lock[i - 1] != lock)
        i--;
    return i;
}

/* In the order of classes, a lock is above all that is held. */
static bool is_in_order(const struct model *m, unsigned lock)
{
    for (unsigned i = 0; i < m->depth; i++)
        if (m->lock[i] / INSTANCES >= lock / INSTANCES)
            return false;
    return true;
}

static void take(unsigned thread, unsigned lock, unsigned how, bool got)
{
    static const enum lv_mode modes[] = { LV_WRITE, LV_READ, LV_READ_RECURSIVE, LV_WRITE };
    static const unsigned flags[] = { 0, LV_TRY, LV_TIMED, LV_UNCHECKED };
    struct model *m = &fuzz.model[thread];
    unsigned at = find(m, lock);
    /* Under a nest lock, locks of a class with a rule would become one entry. */
    bool rule = (fuzz.flavour & STRICT) != 0 || ((fuzz.flavour & EXPLICIT) != 0 && lock / INSTANCES < 2);
    bool nest = m->depth != 0 && !rule;
    char name[SCENARIO_NAME];

    if (m->depth == HELD || ((fuzz.flavour & ORDERED) != 0 && !is_in_order(m, lock)))
        return;
    name_lock(lock, name);
    fuzz.s->site = (how & 1) != 0 ? 0x1000 + (how >> 5) * UINT64_C(16) : 0;
    if ((how & 2) != 0 && (fuzz.flavour & ORDERED) == 0)
        say("%u subclass %u, nest lock: %d\n", thread, how >> 6, nest);
    if ((how & 2) != 0 && (fuzz.flavour & ORDERED) == 0)
        lv_acquire_next(thread_of(thread), scenario_object(fuzz.s, name, LV_KIND_MUTEX)->address, how >> 6,
                        nest ? thread_of(thread)->held[0].address : 0);
    say("%u %s %s %c flags %u%s\n", thread, got ? "lock" : "want", name, "wrRw"[how >> 2 & 3], flags[how >> 4 & 3],
        (how & 0xc0) == 0xc0 ? " again" : "");
    if (!got) {
        (void)scenario_begin(fuzz.s, thread + 1, name, modes[how >> 2 & 3], flags[how >> 4 & 3]);
    } else if ((how & 0xc0) == 0xc0) {
        scenario_lock_reentrant(fuzz.s, thread + 1, name);
    } else {
        scenario_lock(fuzz.s, thread + 1, name, modes[how >> 2 & 3], flags[how >> 4 & 3]);
    }
    fuzz.s->site = 0;
    if (got && at != 0) {
        m->again[at - 1]++;
    } else if (got) {
        m->lock[m->depth] = lock;
        m->again[m->depth++] = 0;
    }
}

static void release(unsigned thread, unsigned lock)
{
    struct model *m = &fuzz.model[thread];
    unsigned at = find(m, lock);
    char name[SCENARIO_NAME];

    if (at == 0 && (fuzz.flavour & ORDERED) != 0)
        return;
    name_lock(lock, name);
    say("%u unlock %s\n", thread, name);
    scenario_unlock(fuzz.s, thread + 1, name);
    if (at == 0)
        return;
    if (m->again[at - 1] != 0) {
        m->again[at - 1]--;
        return;
    }
    for (m->depth--; at <= m->depth; at++) {
        m->lock[at - 1] = m->lock[at];
        m->again[at - 1] = m->again[at];
    }
}

static void downgrade(unsigned thread, unsigned lock)
{
    char name[SCENARIO_NAME];

    name_lock(lock, name);
    say("%u downgrade %s\n", thread, name);
    (void)lv_downgrade(thread_of(thread), scenario_object(fuzz.s, name, LV_KIND_MUTEX)->address);
}

static void enter(unsigned thread, unsigned context)
{
    struct model *m = &fuzz.model[thread];

    if (m->level == LEVELS)
        return;
    say("%u enter %u\n", thread, context);
    lv_context_enter(&fuzz.s->ctx, thread_of(thread), (int)context);
    m->entered[m->level++] = context;
}

static void leave(unsigned thread)
{
    struct model *m = &fuzz.model[thread];

    if (m->level == 0)
        return;
    m->level--;
    say("%u exit %u\n", thread, m->entered[m->level]);
    lv_context_exit(&fuzz.s->ctx, thread_of(thread), (int)m->entered[m->level]);
}

static void disable(unsigned thread, unsigned context)
{
    struct model *m = &fuzz.model[thread];

    if (m->disabled[context] == LEVELS)
        return;
    say("%u disable %u\n", thread, context);
    lv_context_disable(&fuzz.s->ctx, thread_of(thread), (int)context);
    m->disabled[context]++;
}

static void enable(unsigned thread, unsigned context)
{
    struct model *m = &fuzz.model[thread];

    if (m->disabled[context] == 0)
        return;
    say("%u enable %u\n", thread, context);
    lv_context_enable(&fuzz.s->ctx, thread_of(thread), (int)context);
    m->disabled[context]--;
}

static void event(unsigned thread, unsigned number, unsigned how)
{
    const char *name = number == 0 ? "X" : "Y";

    static const char *const words[] = { "wait", "woken", "complete", "cut" };

    say("%u %s %s\n", thread, words[how & 3], name);
    switch (how & 3) {
    case 0:
        scenario_wait(fuzz.s, thread + 1, name, &fuzz.events[number]);
        break;
    case 1:
        lv_event_end_wait(&fuzz.events[number]);
        break;
    case 2:
        scenario_complete(fuzz.s, thread + 1, name, &fuzz.events[number]);
        break;
    default:
        lv_history_cut(thread_of(thread));
    }
}

static void sem(unsigned thread, unsigned number, unsigned how)
{
    const char *name = number == 0 ? "P" : "Q";

    fuzz.sems |= (how & 1) == 0;
    say("%u %s %s%s\n", thread, (how & 1) == 0 ? "sem wait" : "post", name, (how & 2) != 0 ? " timed" : "");
    if ((how & 1) == 0 && thread_of(thread)->depth < HELD)
        scenario_sem_wait(fuzz.s, thread + 1, name, (how & 2) != 0 ? LV_TIMED : 0);
    else
        scenario_sem_post(fuzz.s, thread + 1, name);
}

/* A thread's stack is as the model has it; semaphores, which the library drops when it sees that they are none, aside. */
static void check(unsigned thread)
{
    const struct model *m = &fuzz.model[thread];
    const struct lv_thread *t = thread_of(thread);
    uint64_t filter = 0;
    unsigned locks = 0;

    HOLDS(t->guard == 0);
    for (unsigned i = 0; i < t->depth; i++) {
        char name[SCENARIO_NAME];

        HOLDS(t->held[i].filter_before == filter);
        filter |= lv_filter_bit(t->held[i].base);
        if (t->held[i].kind == LV_KIND_SEM)
            continue;
        HOLDS(locks < m->depth);
        name_lock(m->lock[locks], name);
        HOLDS(t->held[i].address == scenario_object(fuzz.s, name, LV_KIND_MUTEX)->address);
        HOLDS(t->held[i].again == m->again[locks]);
        locks++;
    }
    HOLDS(locks == m->depth);
    HOLDS(t->filter == filter);
}

/* In the order of classes there are locks only: contexts, events, semaphores have rules of their own. */
static void run_step(const uint8_t step[2])
{
    unsigned thread = step[0] % THREADS, what = step[0] / THREADS % 16;
    unsigned lock = step[1] % (CLASSES * INSTANCES);

    if (what < 6)
        take(thread, lock, (unsigned)(step[1] * 0x9d) & 0xff, true);
    else if (what < 7)
        take(thread, lock, (unsigned)(step[1] * 0x9d) & 0xff, false);
    else if (what < 10 && fuzz.model[thread].depth != 0)
        release(thread, fuzz.model[thread].lock[fuzz.model[thread].depth - 1]);
    else if (what < 11)
        release(thread, lock);
    else if (what < 12)
        downgrade(thread, lock);
    else if ((fuzz.flavour & ORDERED) != 0)
        return;
    else if (what < 13)
        (step[1] & 2) != 0 ? enter(thread, step[1] & 1) : leave(thread);
    else if (what < 14)
        (step[1] & 2) != 0 ? disable(thread, step[1] & 1) : enable(thread, step[1] & 1);
    else if (what < 15)
        event(thread, step[1] >> 2 & 1, step[1]);
    else if (fuzz.model[thread].level == 0) /* a post in another context gives nothing back */
        sem(thread, step[1] >> 2 & 1, step[1]);
    check(thread);
}

static void run(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 1 < size && i / 2 < STEPS; i += 2)
        run_step(data + i);
}

/* Release everything, leave every context, end every wait. */
static void wind_up(void)
{
    for (unsigned thread = 0; thread < THREADS; thread++) {
        struct model *m = &fuzz.model[thread];
        const struct lv_thread *t = thread_of(thread);

        while (m->depth != 0) {
            release(thread, m->lock[m->depth - 1]);
            check(thread);
        }
        while (m->level != 0)
            leave(thread);
        for (unsigned i = 0; i < 2; i++)
            while (m->disabled[i] != 0)
                enable(thread, i);
        sem(thread, 0, 1);
        sem(thread, 1, 1);
        HOLDS(t->depth == 0 && t->filter == 0 && t->key == lv_context_first_key(0));
        lv_history_cut(thread_of(thread));
    }
    for (unsigned i = 0; i < EVENTS; i++)
        while ((fuzz.events[i] & 0xffff) != 0)
            lv_event_end_wait(&fuzz.events[i]);
}

static void begin(unsigned flavour)
{
    char options[64];

    if (fuzz.s == NULL)
        fuzz.s = scenario_new(NULL);
    (void)snprintf(options, sizeof(options), "identity=%s:strict=%d", (flavour & TABLE) != 0 ? "table" : "auto",
                   (flavour & STRICT) != 0);
    scenario_restart(fuzz.s, options);
    fuzz.s->ctx.sink = count_finding;
    fuzz.flavour = flavour;
    fuzz.findings = 0;
    fuzz.sems = false;
    memset(fuzz.model, 0, sizeof(fuzz.model));
    memset(fuzz.events, 0, sizeof(fuzz.events));
    HOLDS(lv_context_declare(&fuzz.s->ctx, "hard", 0) == 0 && lv_context_declare(&fuzz.s->ctx, "soft", 1) == 1);
    if ((flavour & EXPLICIT) != 0) {
        scenario_class(fuzz.s, "A", SCENARIO_EXPLICIT);
        scenario_class(fuzz.s, "B", SCENARIO_EXPLICIT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned found;

    if (size < 3)
        return 0;
    fuzz.talk = getenv("FUZZ_TALK") != NULL;
    begin(data[0]);
    run(data + 1, size - 1);
    wind_up();
    found = fuzz.findings;
    HOLDS(found == 0 || (fuzz.flavour & ORDERED) == 0);
    say("---- once more\n");
    run(data + 1, size - 1);
    wind_up();
    HOLDS(fuzz.findings == found || fuzz.sems);
    return 0;
}
