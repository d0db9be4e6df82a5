/* SPDX-License-Identifier: MIT */
/*
 * Circles over runs: which merged records have findings, and which verdict those get. A record is told acquisition by
 * acquisition, as runs would have it merged.
 *
 * Then random ones against an oracle that is written from the rules (tests/unit/oracle.h): each dependency that closes a strong
 * path must have one of its shortest circles, each circle must be one, and what stays guarded must be kept apart in every way.
 * LOCKVAL_TEST_PROGRAMS says how many, LOCKVAL_TEST_SEED the first seed; a failure names the seed.
 */

#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/oracle.h"
#include "../unit/unit.h"
#include "base/hash.h"
#include "cycles/circles.h"
#include "cycles/result.h"

enum {
    CLASSES = 32,
    NESTED = 8
};

/* ---- records ---- */

struct lock {
    char name[16];
    const char *mode;
    const char *flag; /* empty: none */
    unsigned class;
};

static struct rec_set *set;
static char names[CLASSES][16];
static const char *kinds[CLASSES], *standings[CLASSES];
static unsigned class_count, numbers;
static unsigned edge_modes[CLASSES][CLASSES];

static void line(const char *format, ...)
{
    char text[4096];
    va_list args;
    int len;

    len = snprintf(text, sizeof(text), "{\"pid\":0,\"run\":\"merged\",\"t\":");
    va_start(args, format);
    len += vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    ck_assert_int_lt(len, (int)sizeof(text) - 2);
    (void)strcat(text, "}");
    ck_assert(rec_read_line(set, "merged", text, strlen(text)));
}

static void begin(void)
{
    set = rec_open();
    class_count = numbers = 0;
    memset(edge_modes, 0, sizeof(edge_modes));
    line("\"meta\",\"format\":1,\"merged\":true,\"runs\":3,\"runs_exact\":true");
}

/* The class @name; a new one gets what it is from its first letter: S is a semaphore, Q one that is not known yet, V one that is an
 * event, E an event, J the end of a thread. "A/1" is a subclass of A. */
static unsigned class_of(const char *name)
{
    const char *slash = strchr(name, '/');
    unsigned base = 0, number;

    for (unsigned i = 0; i < class_count; i++)
        if (strcmp(names[i], name) == 0)
            return i + 1;
    if (slash != NULL) {
        char plain[16];

        (void)snprintf(plain, sizeof(plain), "%.*s", (int)(slash - name), name);
        base = class_of(plain);
    }
    number = ++class_count;
    ck_assert_uint_le(number, CLASSES);
    (void)snprintf(names[number - 1], sizeof(names[0]), "%s", name);
    kinds[number - 1] = strchr("SQV", name[0]) != NULL  ? "semaphore"
                        : strchr("EJ", name[0]) != NULL ? "event"
                                                        : "mutex";
    standings[number - 1] = name[0] == 'Q' ? "candidate" : name[0] == 'V' ? "event" : "lock";
    line("\"class\",\"id\":%u,\"key\":\"%s:aa+0x%x\",\"stable\":\"static:p:%s\",\"name\":\"%s\",\"kind\":\"%s\","
         "\"base\":%u,"
         "\"subclass\":%d,\"standing\":\"%s\",\"usage\":\"....\",\"origin\":\"static (p)\"",
         number, name[0] == 'J' ? "join" : "static", number, name, name, kinds[number - 1], base,
         slash != NULL ? atoi(slash + 1) : 0, standings[number - 1]);
    return number;
}

static void run_line(unsigned run)
{
    line("\"run\",\"id\":%u,\"of\":\"%u/"
         "0000000a\",\"hash\":\"%016x\",\"program\":\"p\",\"argv\":[\"p\",\"%u\"],\"test\":\"t%u\","
         "\"commit\":\"c%u\",\"host\":\"h\",\"start_ms\":%u",
         run, run, run, run, run, run, run * 1000);
}

/* "A:r!try": r a reader, R a recursive one. */
static struct lock lock_of(const char *word)
{
    struct lock lock = { .mode = "write", .flag = "" };
    const char *flag = strchr(word, '!'), *mode = strchr(word, ':');
    size_t len = strcspn(word, ":!");

    (void)snprintf(lock.name, sizeof(lock.name), "%.*s", (int)len, word);
    if (mode != NULL)
        lock.mode = mode[1] == 'R' ? "read-recursive" : "read";
    if (flag != NULL)
        lock.flag = flag + 1;
    lock.class = class_of(lock.name);
    return lock;
}

static char *put_lock(const struct lock *lock, char *to)
{
    return to + sprintf(to, "{\"class\":%u,\"instance\":%u,\"mode\":\"%s\",\"flags\":[%s%s%s],\"stack\":0}",
                        lock->class, lock->class, lock->mode, lock->flag[0] != '\0' ? "\"" : "", lock->flag,
                        lock->flag[0] != '\0' ? "\"" : "");
}

static unsigned dep_bit(const struct lock *held, const struct lock *wanted)
{
    unsigned bit = (strcmp(held->mode, "write") == 0 ? 1u : 4u)
                   << (strcmp(wanted->mode, "read-recursive") == 0 ? 0 : 1);

    return strcmp(wanted->flag, "timed") == 0 ? bit << 4 : bit;
}

static void edge_line(unsigned from, unsigned to, unsigned witness, unsigned held)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    char modes[128] = "";

    for (unsigned i = 0; i < 8; i++)
        if ((edge_modes[from - 1][to - 1] >> i & 1) != 0)
            (void)sprintf(modes + strlen(modes), "%s\"%s\"", modes[0] != '\0' ? "," : "", words[i]);
    line("\"edge\",\"from\":%u,\"to\":%u,\"modes\":[%s],\"witness\":%u,\"held\":%u", from, to, modes, witness, held);
}

static void takes_these(unsigned run, const struct lock *locks, unsigned count)
{
    char text[2048] = "", *to = text;
    char wanted[256];
    unsigned number = ++numbers;

    run_line(run);
    for (unsigned i = 0; i + 1 < count; i++) {
        if (i != 0)
            *to++ = ',';
        to = put_lock(&locks[i], to);
    }
    (void)put_lock(&locks[count - 1], wanted);
    line("\"thread\",\"id\":%u,\"tid\":%u,\"name\":\"t%u\",\"start\":\"\"", number, number, number);
    line("\"witness\",\"id\":%u,\"of\":%u,\"thread\":%u,\"wanted\":%s,\"held\":[%s],\"left_out\":false", number, run,
         number, wanted, text);
    for (unsigned i = count - 1; i-- > 0;) {
        unsigned from = locks[i].class, to_class = locks[count - 1].class;

        edge_modes[from - 1][to_class - 1] |= dep_bit(&locks[i], &locks[count - 1]);
        edge_line(from, to_class, number, i);
        if (strcmp(locks[i].flag, "try") != 0)
            break;
    }
}

/* In @run a thread wanted the last of these locks while it held the others. */
static void takes(unsigned run, const char *text)
{
    struct lock locks[NESTED];
    char *copy = strdup(text), *rest = copy;
    unsigned count = 0;

    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        locks[count++] = lock_of(word);
    takes_these(run, locks, count);
    free(copy);
}

/* @run found the circle of these classes by itself. */
static void finds(unsigned run, const char *verdict, const char *text)
{
    char edges[4096] = "", *copy = strdup(text), *rest = copy;
    unsigned classes[NESTED], count = 0;

    run_line(run);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        classes[count++] = class_of(word);
    for (unsigned i = 0; i < count; i++)
        (void)sprintf(edges + strlen(edges),
                      "%s{\"kind\":\"lock\",\"thread\":{\"id\":1,\"tid\":1,\"name\":\"t1\",\"start\":\"\"},\"held\":{"
                      "\"class\":%u},"
                      "\"wanted\":{\"class\":%u}}",
                      i != 0 ? "," : "", classes[i], classes[(i + 1) % count]);
    line("\"finding\",\"kind\":\"circular\",\"verdict\":\"%s\",\"reasons\":[\"as it "
         "said\"],\"fingerprint\":\"%016x\",\"of\":%u,"
         "\"edges\":[%s],\"counts\":true,\"held\":[],\"stack\":0,\"text\":\"report\"",
         verdict, 0x1000u + run, run, edges);
    free(copy);
}

static void uses(unsigned run, const char *side, const char *word, const char *context, const char *handler)
{
    struct lock lock = lock_of(word);
    char text[256];
    bool weak =
        strcmp(side, "inside") == 0 ? strcmp(lock.mode, "read-recursive") == 0 : strcmp(lock.mode, "write") != 0;

    run_line(run);
    (void)put_lock(&lock, text);
    line("\"use\",\"class\":%u,\"side\":\"%s\",\"weak\":%s,\"contexts\":[{\"name\":\"%s\",\"handler\":\"%s\"}],"
         "\"thread\":0,"
         "\"lock\":%s,\"at\":0,\"of\":%u",
         lock.class, side, weak ? "true" : "false", context, handler, text, run);
}

/* ---- what comes of them ---- */

static struct cy_result result;

static void look(void)
{
    const struct cy_options options = { .most = 0, .fail_on = REC_POTENTIAL };

    ck_assert(cy_look(set->processes[0], &options, &result));
}

static void end(void)
{
    rec_close(set);
}

static bool says(const struct rec_finding *finding, const char *reason)
{
    for (size_t i = 0; i < finding->reason_count; i++)
        if (strstr(finding->reasons[i], reason) != NULL)
            return true;
    return false;
}

/* The record ends here, and has this one finding. */
static const struct rec_finding *expect(const char *kind, enum rec_verdict verdict, size_t edges)
{
    look();
    ck_assert_uint_eq(result.count, 1);
    ck_assert_str_eq(result.findings[0]->kind, kind);
    ck_assert_str_eq(result.findings[0]->verdict_name, rec_verdict_name(verdict));
    ck_assert_uint_eq(result.findings[0]->edge_count, edges);
    ck_assert_int_eq(result.findings[0]->counts, verdict >= REC_POTENTIAL);
    return result.findings[0];
}

static void expect_nothing(void)
{
    look();
    ck_assert_uint_eq(result.count, 0);
    end();
}

START_TEST(two_runs)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A B");
    takes(2, "B A");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "different runs: 2 acquisitions in 2 runs"));
    for (size_t i = 0; i < 2; i++) {
        bool a = strcmp(rec_lock_name(&finding->edges[i].held), "A") == 0;

        ck_assert_uint_eq(finding->edges[i].run->id, a ? 1 : 2);
        ck_assert_str_eq(finding->edges[i].run->test, a ? "t1" : "t2");
    }
    ck_assert_ptr_nonnull(strstr(finding->text, "is p 2 (test t2), commit c2, on h"));
    end();

    begin();
    takes(1, "A B");
    takes(2, "A B");
    takes(3, "B C");
    expect_nothing();
}
END_TEST

START_TEST(longer_circles)
{
    begin();
    takes(1, "A B");
    takes(2, "B C");
    takes(3, "C A");
    ck_assert(says(expect("circular", REC_POTENTIAL, 3), "3 acquisitions in 3 runs"));
    end();

    /* What two edges close by themselves does not hide behind a longer one. */
    begin();
    takes(1, "A B");
    takes(1, "B C");
    takes(2, "C A");
    takes(3, "B A");
    look();
    ck_assert_uint_eq(result.count, 2);
    ck_assert_uint_eq(result.findings[0]->edge_count + result.findings[1]->edge_count, 5);
    end();

    /* Two parts that have nothing to do with each other. */
    begin();
    takes(1, "A B");
    takes(2, "B A");
    takes(1, "B C");
    takes(1, "C D");
    takes(2, "D C");
    look();
    ck_assert_uint_eq(result.count, 2);
    end();
}
END_TEST

START_TEST(gates_of_one_run)
{
    const struct rec_finding *finding;

    /* The run saw it whole, and others saw what it saw. */
    begin();
    takes(1, "G A B");
    takes(2, "G B A");
    finds(1, "guarded", "A B");
    finding = expect("circular", REC_GUARDED, 2);
    ck_assert_str_eq(finding->fingerprint, "0000000000001001");
    ck_assert_uint_eq(finding->run->id, 1);
    end();

    /* With more locks around it. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "H G A B");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_GUARDED, 2);
    end();

    /* Another run does without the gate: the finding is still the same one. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "A B");
    finds(1, "guarded", "A B");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "judged it guarded"));
    ck_assert_str_eq(finding->fingerprint, "0000000000001001");
    ck_assert_ptr_null(finding->run);
    end();

    /* Readers of the gate do not keep each other out. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "G:r A B");
    takes(3, "G:r B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* No run saw the whole, so nobody knows whether the gate is one lock. */
    begin();
    takes(1, "G A B");
    takes(2, "G B A");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "gate lock of another run"));
    end();

    /* Two gates, each in its run, and none in both. */
    begin();
    takes(1, "G A B");
    takes(1, "G B A");
    takes(2, "H A B");
    takes(2, "H B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(order_of_threads_of_one_run)
{
    /* Only the run knows what kept the two apart. */
    begin();
    takes(1, "A B");
    takes(1, "B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_GUARDED, 2);
    end();

    /* One acquisition may stand for several edges: without the gate at its end, two are enough. */
    begin();
    takes(1, "G A B");
    takes(1, "G C A");
    takes(2, "A B C");
    finds(1, "guarded", "A B C");
    (void)expect("circular", REC_POTENTIAL, 3);
    end();

    begin();
    takes(1, "A B");
    takes(1, "B A");
    takes(2, "C B A");
    finds(1, "guarded", "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(findings_of_runs)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A B");
    takes(1, "B A");
    finds(1, "potential", "A B");
    finds(2, "feasible", "B A");
    finding = expect("circular", REC_FEASIBLE, 2);
    ck_assert_uint_eq(finding->run->id, 2);
    ck_assert_uint_eq(finding->also_count, 1);
    ck_assert_uint_eq(finding->also[0]->id, 1);
    end();

    /* Not of one run: the other has one more circle. */
    begin();
    takes(1, "A B");
    takes(1, "B A");
    takes(2, "B C");
    takes(3, "C B");
    finds(1, "feasible", "A B");
    look();
    ck_assert_uint_eq(result.count, 2);
    ck_assert_uint_eq(result.made, 1);
    end();

    /* A run that did not judge, as its memory ran out. */
    begin();
    takes(1, "A B");
    takes(1, "B A");
    ck_assert(says(expect("circular", REC_POTENTIAL, 2), "one run made all 2 acquisitions"));
    end();
}
END_TEST

START_TEST(modes)
{
    /* A recursive reader passes what is only held shared. */
    begin();
    takes(1, "A:r B:R");
    takes(2, "B:r A:R");
    expect_nothing();

    begin();
    takes(1, "A:r B");
    takes(2, "B A:R");
    expect_nothing();

    begin();
    takes(1, "A B");
    takes(2, "B A:R");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* Blocking readers wait behind a writer. */
    begin();
    takes(1, "A:r B:r");
    takes(2, "B:r A:r");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* Each way by itself closes nothing, both together do not either; a third run does. */
    begin();
    takes(1, "A:r B");
    takes(1, "B A:R");
    takes(2, "A C");
    expect_nothing();

    begin();
    takes(1, "A:r B");
    takes(1, "B A:R");
    takes(2, "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(trylocks_and_timeouts)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A B!timed");
    takes(2, "B A");
    finding = expect("circular", REC_GUARDED, 2);
    ck_assert(says(finding, "timed: "));
    end();

    /* And without a timeout in a third run. */
    begin();
    takes(1, "A B!timed");
    takes(2, "B A");
    takes(3, "A B");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    /* A lock that was tried is held. */
    begin();
    takes(1, "A B!try C");
    takes(2, "C A");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();
}
END_TEST

START_TEST(semaphores_and_events)
{
    const struct rec_finding *finding;

    begin();
    takes(1, "A S");
    takes(2, "S A");
    finding = expect("circular", REC_POTENTIAL, 2);
    ck_assert(says(finding, "a semaphore counts as a lock here"));
    end();

    begin();
    takes(1, "A Q");
    takes(2, "Q A");
    expect_nothing();

    begin();
    takes(1, "A V");
    takes(2, "V A");
    expect_nothing();

    /* Through a candidate no path leads. */
    begin();
    takes(1, "A Q");
    takes(2, "Q B");
    takes(3, "B A");
    expect_nothing();

    begin();
    takes(1, "A E");
    takes(2, "E A");
    finding = expect("event", REC_POTENTIAL, 2);
    ck_assert(says(finding, "wait for an event"));
    end();

    begin();
    takes(1, "A J");
    takes(2, "J A");
    ck_assert(says(expect("event", REC_POTENTIAL, 2), "through a join"));
    end();
}
END_TEST

START_TEST(subclasses)
{
    begin();
    takes(1, "A A/1");
    takes(2, "A A/1");
    expect_nothing();

    begin();
    takes(1, "A A/1");
    takes(2, "A/1 A");
    (void)expect("circular", REC_POTENTIAL, 2);
    end();

    begin();
    takes(1, "A/1 B");
    takes(2, "B A/2");
    expect_nothing();
}
END_TEST

START_TEST(contexts)
{
    const struct rec_finding *finding;

    /* One class, in a handler here, and where it can come there. */
    begin();
    uses(1, "inside", "A", "SIGALRM", "aa+0x1");
    uses(2, "open", "A", "SIGALRM", "aa+0x1");
    finding = expect("signal", REC_POTENTIAL, 1);
    ck_assert_str_eq(finding->usage_state, "SIGALRM");
    ck_assert_uint_eq(finding->usage_inside.run->id, 1);
    ck_assert_uint_eq(finding->usage_open.run->id, 2);
    ck_assert(says(finding, "different runs: one ran the context"));
    end();

    /* Another signal, another handler, only one side. */
    begin();
    uses(1, "inside", "A", "SIGALRM", "aa+0x1");
    uses(2, "open", "A", "SIGUSR1", "aa+0x1");
    uses(2, "open", "A", "SIGALRM", "aa+0x2");
    uses(3, "inside", "B", "irq", "");
    expect_nothing();

    /* Readers that do each other no harm. */
    begin();
    uses(1, "inside", "A:R", "irq", "");
    uses(2, "open", "A:r", "irq", "");
    expect_nothing();

    /* Over locks that a third run took. */
    begin();
    uses(1, "inside", "A", "irq", "");
    takes(2, "A B");
    takes(3, "B C");
    uses(3, "open", "C", "irq", "");
    finding = expect("signal", REC_POTENTIAL, 3);
    ck_assert_str_eq(rec_lock_name(&finding->usage_open.lock), "C");
    ck_assert_uint_eq(finding->edges[1].run->id, 2);
    end();

    /* The other way round, and by an acquisition that gives up. */
    begin();
    uses(1, "inside", "A", "irq", "");
    uses(3, "open", "C", "irq", "");
    takes(2, "C A");
    expect_nothing();

    begin();
    uses(1, "inside", "A", "irq", "");
    uses(3, "open", "C", "irq", "");
    takes(2, "A C!timed");
    expect_nothing();

    /* Of a semaphore that may be none nothing is said. */
    begin();
    uses(1, "inside", "Q", "irq", "");
    uses(2, "open", "Q", "irq", "");
    expect_nothing();
}
END_TEST

/* More contexts than one process can have. */
START_TEST(many_contexts)
{
    begin();
    for (unsigned i = 0; i < 200; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "context %u", i);
        uses(1, "inside", "A", name, "");
        if (i % 100 == 7)
            uses(2, "open", "A", name, "");
    }
    look();
    ck_assert_uint_eq(result.count, 2);
    end();
}
END_TEST

START_TEST(a_part_with_many_circles)
{
    const struct cy_options options = { .most = 3, .fail_on = REC_FEASIBLE };
    char text[16];

    begin();
    for (unsigned i = 0; i < 12; i++) {
        for (unsigned j = 0; j < 12; j++) {
            (void)snprintf(text, sizeof(text), "C%u C%u", i, j);
            if (i != j)
                takes(1 + i % 3, text);
        }
    }
    ck_assert(cy_look(set->processes[0], &options, &result));
    ck_assert_uint_eq(result.count, 3);
    ck_assert_uint_gt(result.left_out, 100);
    ck_assert(!result.findings[0]->counts);
    end();
}
END_TEST

/* ---- random ones ---- */

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

static bool has_edge(const struct rec_finding *finding, unsigned from, unsigned to)
{
    for (size_t i = 0; i < finding->edge_count; i++)
        if (finding->edges[i].held.class->id == from && finding->edges[i].wanted.class->id == to)
            return true;
    return false;
}

static bool is_found(unsigned from, unsigned to, size_t length, bool timed)
{
    for (size_t i = 0; i < result.count; i++)
        if (result.findings[i]->edge_count == length && has_edge(result.findings[i], from, to) &&
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

int main(void)
{
    Suite *suite = suite_create("cycles");
    TCase *tcase = tcase_create("runs");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, two_runs);
    tcase_add_test(tcase, longer_circles);
    tcase_add_test(tcase, gates_of_one_run);
    tcase_add_test(tcase, order_of_threads_of_one_run);
    tcase_add_test(tcase, findings_of_runs);
    tcase_add_test(tcase, modes);
    tcase_add_test(tcase, trylocks_and_timeouts);
    tcase_add_test(tcase, semaphores_and_events);
    tcase_add_test(tcase, subclasses);
    tcase_add_test(tcase, contexts);
    tcase_add_test(tcase, many_contexts);
    tcase_add_test(tcase, a_part_with_many_circles);
    tcase_add_test(tcase, random_unions);
    tcase_add_test(tcase, random_gates);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
