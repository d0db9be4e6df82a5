/* SPDX-License-Identifier: MIT */
/*
 * Random programs of several threads, each played twice on the core: by that many real threads at once, and by one that plays
 * them in turn. What is learned must be the same, however the threads met:
 *   - classes, their usage and, where the locks are known before, how many they have;
 *   - which chains are known, and of those without findings how often each was walked;
 *   - edges, between classes and between instances of one class, with the same dependency bits;
 *   - how many acquisitions made each edge, and, where none was lost, which threads are its witnesses; and every witness is
 *     an acquisition that its thread made;
 *   - findings: in a group of locks with one cycle the same fingerprint, in a group with many a finding or none.
 * What may differ: numbers, which of several cycles is reported and by whom, verdicts (they follow the evidence that there was
 * when the cycle closed), and which of many witnesses are kept.
 *
 *     concurrent [--programs N] [--seed S] [--threads T]
 *
 * The locks are names only, nobody waits for them: so threads meet wherever they can, and no program hangs. Nothing of what
 * a thread does depends on the others.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check/evidence.h"
#include "concurrent.h"
#include "engine/acquire.h"
#include "engine/publish.h"

enum {
    FOUND = 256,
    EDGES = 4096
};

#define MEMORY ((size_t)16 * 1024 * 1024)
#define OBJECTS ((uintptr_t)0x510000000000)
#define OBJECT_SIZE 64
#define SITES ((uintptr_t)0x540000000000)

#define MUST(condition)                           \
    do {                                          \
        if (!(condition))                         \
            fail(__FILE__, __LINE__, #condition); \
    } while (0)

struct found {
    char fingerprint[20];
    unsigned group;
    enum lv_finding_kind kind;
};

/* A program as it was played. */
struct run {
    struct lv_context ctx;
    char *memory;
    uint64_t words[LOCKS][2];
    struct lv_thread *thread[THREADS];
    uint64_t chain[THREADS][STEPS]; /* key of each acquisition's chain; 0: none */
    struct found found[FOUND];
    unsigned count;
};

static struct run together, alone;
static pthread_mutex_t found_lock = PTHREAD_MUTEX_INITIALIZER; /* of .found and .count */
static pthread_barrier_t begin;

static _Noreturn void fail(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: not so: %s\nconcurrent --programs 1 --seed %llu --threads %u\n", file, line, what,
                  (unsigned long long)program.seed, program.threads);
    exit(1);
}

/* ---- playing ------------------------------------------------------------------------------------------------------- */

static void note_finding(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    struct run *run = ctx->sink_arg;
    uintptr_t address = report->edge_count != 0 ? report->edges[0].held.address : report->subject.address;
    struct found found = { .kind = report->kind, .group = group_of((unsigned)((address - OBJECTS) / OBJECT_SIZE)) };

    MUST(strlen(text) == len);
    (void)snprintf(found.fingerprint, sizeof(found.fingerprint), "%s", report->fingerprint);
    pthread_mutex_lock(&found_lock);
    MUST(run->count < FOUND);
    run->found[run->count++] = found;
    pthread_mutex_unlock(&found_lock);
}

static void ignore(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    (void)ctx;
    (void)report;
    (void)text;
    (void)len;
}

static void start_run(struct run *run)
{
    char *memory = run->memory;
    struct lv_options options;

    if (memory == NULL) {
        memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        MUST(memory != MAP_FAILED);
    } else {
        MUST(run->ctx.arena.total == 0);
        memset(memory, 0, (size_t)(run->ctx.arena.at - memory));
    }
    memset(run, 0, sizeof(*run));
    run->memory = memory;
    lv_options_default(&options);
    options.identity = program.table ? LV_IDENTITY_TABLE : LV_IDENTITY_AUTO;
    run->ctx.arena.at = memory;
    run->ctx.arena.end = memory + MEMORY;
    run->ctx.sink = note_finding;
    run->ctx.upgraded = ignore;
    run->ctx.sink_arg = run;
    MUST(lv_context_init(&run->ctx, &options) == 0);
}

static struct lv_object object_of(struct run *run, unsigned lock)
{
    struct lv_object object = { .address = OBJECTS + lock * (uintptr_t)OBJECT_SIZE, .kind = kind_of(lock) };

    if (!program.table) {
        object.word = &run->words[lock][0];
        object.seal = &run->words[lock][1];
    }
    return object;
}

/* The first acquisition of a lock makes its class: it is from one place for all locks of the class. */
static uint64_t meet(struct run *run, struct lv_thread *t, unsigned lock)
{
    struct lv_object object = object_of(run, lock);

    return lv_identity_find(&run->ctx, t, &object, SITES + lock / INSTANCES);
}

static void play_step(struct run *run, unsigned thread, unsigned number)
{
    const struct step *step = &program.script[thread].step[number];
    struct lv_thread *t = run->thread[thread];
    struct lv_acquisition a = { 0 };
    struct lv_object object;
    uint64_t word;

    if (step->release) {
        const struct lv_held *h = &t->held[t->depth - 1];

        lv_release(&run->ctx, t, h->address, (enum lv_kind)h->kind, SITES);
        return;
    }
    word = meet(run, t, step->lock);
    object = object_of(run, step->lock);
    MUST(lv_acquisition_set(&a, &object, word, (enum lv_mode)step->mode, step->flags,
                            SITES + CLASSES + step->lock / INSTANCES * 2u + step->site));
    run->chain[thread][number] = (t->filter & lv_filter_bit(a.base)) == 0 ? lv_chain_taken(t, &a) : 0;
    lv_acquire(&run->ctx, t, &a);
    lv_acquired(&run->ctx, t, &a);
}

static void *play_thread(void *arg)
{
    unsigned thread = (unsigned)(uintptr_t)arg;

    together.thread[thread] = lv_thread_new(&together.ctx);
    MUST(together.thread[thread] != NULL);
    pthread_barrier_wait(&begin);
    for (unsigned i = 0; i < program.script[thread].count; i++) {
        if (program.script[thread].step[i].yield)
            sched_yield();
        play_step(&together, thread, i);
    }
    return NULL;
}

/* Half of the programs know all locks before. */
static void meet_all(struct run *run)
{
    struct lv_thread *t = lv_thread_new(&run->ctx);

    MUST(t != NULL);
    for (unsigned i = 0; program.known && i < program.groups * GROUP_CLASSES * INSTANCES; i++)
        (void)meet(run, t, i);
}

static void play_together(void)
{
    pthread_t thread[THREADS];

    start_run(&together);
    meet_all(&together);
    MUST(pthread_barrier_init(&begin, NULL, program.threads) == 0);
    for (unsigned i = 0; i < program.threads; i++)
        MUST(pthread_create(&thread[i], NULL, play_thread, (void *)(uintptr_t)i) == 0);
    for (unsigned i = 0; i < program.threads; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    MUST(pthread_barrier_destroy(&begin) == 0);
}

static void play_alone(void)
{
    start_run(&alone);
    meet_all(&alone);
    for (unsigned i = 0; i < program.threads; i++) {
        alone.thread[i] = lv_thread_new(&alone.ctx);
        MUST(alone.thread[i] != NULL);
    }
    for (unsigned i = 0; i < program.threads; i++)
        for (unsigned k = 0; k < program.script[i].count; k++)
            play_step(&alone, i, k);
}

/* ---- comparing ----------------------------------------------------------------------------------------------------- */

static uint64_t word_of(struct run *run, unsigned lock)
{
    struct lv_object object = object_of(run, lock);

    return lv_identity_peek(&run->ctx, &object);
}

/* The number of the class that the locks of @class have; 0: none was met. */
static lv_class_id class_of(struct run *run, unsigned class)
{
    lv_class_id id = { 0 };

    for (unsigned i = 0; i < INSTANCES; i++) {
        uint64_t word = word_of(run, class * INSTANCES + i);

        MUST(word == 0 || id.v == 0 || lv_identity_class(word).v == id.v);
        if (word != 0)
            id = lv_identity_class(word);
    }
    return id;
}

static void compare_classes(void)
{
    MUST(together.ctx.classes.all.count == alone.ctx.classes.all.count);
    for (unsigned i = 0; i < CLASSES; i++) {
        lv_class_id a = class_of(&together, i), b = class_of(&alone, i);
        const struct lv_class *one, *other;

        MUST((a.v == 0) == (b.v == 0));
        if (a.v == 0)
            continue;
        one = lv_classes_get(&together.ctx.classes, a);
        other = lv_classes_get(&alone.ctx.classes, b);
        MUST(one->usage == other->usage);
        /* A lock that two threads meet for the first time together counts twice: a gate of its class is then not certain. */
        MUST(program.known ? one->instances == other->instances : one->instances >= other->instances);
    }
}

/* A finding makes all threads walk anew, whenever it comes; and where classes have other numbers, other entries of the caches
 * make room for others. */
static void compare_chains(void)
{
    MUST(together.ctx.chains.count == alone.ctx.chains.count);
    for (unsigned i = 0; i < program.threads; i++) {
        for (unsigned k = 0; k < program.script[i].count; k++) {
            uint64_t a = together.chain[i][k], b = alone.chain[i][k];

            MUST((a == 0) == (b == 0));
            if (a == 0)
                continue;
            MUST(lv_chains_walkers(&together.ctx.chains, a) != 0);
            MUST(alone.count != 0 || !program.known ||
                 lv_chains_walkers(&together.ctx.chains, a) == lv_chains_walkers(&alone.ctx.chains, b));
        }
    }
}

/* Threads that are witnesses of the edge, one bit each. */
static uint32_t check_witnesses(struct run *run, const struct lv_digraph *graph, const struct lv_witnesses *witnesses,
                                const struct lv_edge *edge)
{
    uint32_t threads = 0;

    (void)graph;
    MUST(edge->witness_count != 0 && edge->witness_count <= LV_EDGE_WITNESSES);
    for (uint32_t i = 0; i < edge->witness_count; i++) {
        const struct lv_edge_witness *at = lv_edge_witness(edge, i);
        const struct lv_witness *witness = lv_witnesses_get(witnesses, at->id);
        const struct lv_edge_witness again = lv_evidence_in(witness, at->id, at->held);
        unsigned thread = 0;

        MUST(at->held < witness->held_count && memcmp(&again, at, sizeof(again)) == 0);
        MUST((at->bit & edge->bits) != 0);
        while (thread < program.threads && run->thread[thread]->info.v != witness->thread.v)
            thread++;
        MUST(thread < program.threads);
        threads |= UINT32_C(1) << thread;
    }
    return threads;
}

static void compare_edge(unsigned from, unsigned to, uint64_t *hits)
{
    struct lv_digraph *a = &together.ctx.graph, *b = &alone.ctx.graph;
    struct lv_edge_count count[2];
    uint32_t number[2], threads[2];
    const struct lv_edge *one, *other;

    for (unsigned i = 0; i < 2; i++) {
        struct run *run = i == 0 ? &together : &alone;

        count[i] = (struct lv_edge_count){ .from = class_of(run, from).v, .to = class_of(run, to).v };
        number[i] =
            count[i].from != 0 && count[i].to != 0 ? lv_digraph_find(i == 0 ? a : b, count[i].from, count[i].to) : 0;
    }
    MUST((number[0] == 0) == (number[1] == 0));
    if (number[0] == 0)
        return;
    one = lv_digraph_edge(a, number[0]);
    other = lv_digraph_edge(b, number[1]);
    MUST(one->bits == other->bits);
    threads[0] = check_witnesses(&together, a, &together.ctx.witnesses, one);
    threads[1] = check_witnesses(&alone, b, &alone.ctx.witnesses, other);
    /* Once a finding is watched, evidence that would not raise its verdict is left out (docs/adr/0020-pairs-and-watch.md). */
    MUST(alone.count != 0 || one->witness_lost || other->witness_lost || threads[0] == threads[1]);
    lv_counts_collect(&together.ctx, &count[0], 1);
    lv_counts_collect(&alone.ctx, &count[1], 1);
    MUST(count[0].hits == count[1].hits);
    *hits += count[0].hits;
}

static void compare_edges(void)
{
    uint64_t hits = 0;

    MUST(together.ctx.graph.live == alone.ctx.graph.live);
    for (unsigned i = 0; i < program.groups * GROUP_CLASSES; i++)
        for (unsigned k = 0; k < program.groups * GROUP_CLASSES; k++)
            if (i != k)
                compare_edge(i, k, &hits);
    MUST(hits != 0 || alone.ctx.graph.live == 0);
}

struct pair {
    uintptr_t from, to;
    uint64_t bits;
};

static int compare_pair(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct pair));
}

static unsigned pairs_of(struct run *run, struct pair *pairs)
{
    struct lv_pairs *store = &run->ctx.pairs;
    unsigned count = 0;

    for (uint32_t i = 1; i < store->order.edges.count; i++) {
        const struct lv_edge *edge = lv_digraph_edge(&store->order, i);

        if (edge->from == 0)
            continue;
        MUST(count < EDGES);
        (void)check_witnesses(run, &store->order, &store->witnesses, edge);
        pairs[count++] =
            (struct pair){ ((struct lv_pairs_instance *)lv_vec_at(&store->instances, edge->from))->address,
                           ((struct lv_pairs_instance *)lv_vec_at(&store->instances, edge->to))->address, edge->bits };
    }
    qsort(pairs, count, sizeof(*pairs), compare_pair);
    return count;
}

static void compare_pairs(void)
{
    static struct pair a[EDGES], b[EDGES];
    unsigned count = pairs_of(&together, a);

    MUST(count == pairs_of(&alone, b));
    MUST(memcmp(a, b, count * sizeof(a[0])) == 0);
}

static int compare_found(const void *a, const void *b)
{
    const struct found *one = a, *other = b;

    return one->group != other->group ? (one->group < other->group ? -1 : 1)
                                      : strcmp(one->fingerprint, other->fingerprint);
}

static bool is_ring(unsigned group)
{
    return program.group[group].kind == RING || program.group[group].kind == INSTANCES_RING;
}

static unsigned count_found(const struct run *run, unsigned group)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run->count; i++)
        count += run->found[i].group == group;
    return count;
}

static void compare_findings(void)
{
    qsort(together.found, together.count, sizeof(together.found[0]), compare_found);
    qsort(alone.found, alone.count, sizeof(alone.found[0]), compare_found);
    for (unsigned g = 0; g < program.groups; g++) {
        unsigned a = 0, b = 0, count = count_found(&alone, g);

        MUST((count_found(&together, g) != 0) == (count != 0));
        MUST((program.group[g].kind != ORDERED && program.group[g].kind != INSTANCES_ORDERED) || count == 0);
        MUST(!is_ring(g) || count != 0);
        if (!is_ring(g))
            continue;
        while (together.found[a].group != g)
            a++;
        while (alone.found[b].group != g)
            b++;
        MUST(count_found(&together, g) == count);
        for (unsigned i = 0; i < count; i++)
            /* Classes whose places have no names of their own are numbered as they are met. */
            MUST(!program.known || strcmp(together.found[a + i].fingerprint, alone.found[b + i].fingerprint) == 0);
    }
}

static void check_end(struct run *run)
{
    MUST(run->ctx.counters.dropped == 0 && run->ctx.state == LV_STATE_ON && run->ctx.lock.word == 0);
    for (unsigned i = 0; i < program.threads; i++)
        MUST(run->thread[i]->depth == 0 && run->thread[i]->guard == 0);
}

int main(int argc, char **argv)
{
    unsigned long programs = 2000, seed = 1, threads = 0;
    uint64_t edges = 0, findings = 0, locked = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--programs") == 0)
            programs = value;
        else if (strcmp(argv[i], "--seed") == 0)
            seed = value;
        else if (strcmp(argv[i], "--threads") == 0)
            threads = value;
    }
    if (threads > THREADS || threads == 1) {
        (void)fprintf(stderr, "usage: concurrent [--programs N] [--seed S] [--threads 2 to %d]\n", THREADS);
        return 2;
    }
    for (unsigned long i = 0; i < programs; i++) {
        make_program(seed + i, (unsigned)threads);
        play_together();
        play_alone();
        check_end(&together);
        check_end(&alone);
        compare_classes();
        compare_chains();
        compare_edges();
        compare_pairs();
        compare_findings();
        edges += alone.ctx.graph.live;
        findings += alone.count;
        locked += together.ctx.counters.locked_walks;
    }
    printf("%lu programs: %llu edges, %llu findings, %llu walks under the lock\n", programs, (unsigned long long)edges,
           (unsigned long long)findings, (unsigned long long)locked);
    return edges != 0 && findings != 0 ? 0 : 1;
}
