/* SPDX-License-Identifier: MIT */
/* Thread states, and what happens when much of anything comes: threads, locks, classes, depth; and no memory. */

#include "base/hash.h"
#include "engine.h"
#include "engine/cache.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CIRCULAR LV_FINDING_CIRCULAR
#define POTENTIAL LV_VERDICT_POTENTIAL
#define FEASIBLE LV_VERDICT_FEASIBLE

static const struct lv_thread_info *info_of(const struct lv_thread *t)
{
    return lv_vec_at(&s->ctx.thread_infos, t->info.v);
}

/* ---- states -------------------------------------------------------------------------------------------------------- */

START_TEST(a_state_is_recycled)
{
    struct lv_thread *t = lv_thread_new(&s->ctx);

    ck_assert(t->used);
    ck_assert_int_eq(info_of(t)->tid, getpid());
    s->threads[1] = t;
    write_lock(1, "A");
    read_lock(1, "B");
    t->off = 3;
    t->ever_off = true;
    lv_thread_free(&s->ctx, t);
    ck_assert(!t->used);
    ck_assert_ptr_eq(lv_thread_new(&s->ctx), t);
    ck_assert(t->used);
    ck_assert_uint_eq(t->depth, 0);
    ck_assert_uint_eq(t->key, lv_context_first_key(0));
    ck_assert_uint_eq(t->filter, 0);
    ck_assert_uint_eq(t->off, 0);
    ck_assert(!t->ever_off);
    unlock(1, "A");
    scenario_expect(s, LV_FINDING_UNLOCK, LV_VERDICT_MISUSE);
}
END_TEST

/* Evidence keeps speaking of the thread that left it. */
START_TEST(a_witness_keeps_its_thread)
{
    struct lv_thread *t = scenario_thread(s, 1);
    uint32_t id = t->info.v;
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    lv_thread_free(&s->ctx, t);
    ck_assert_ptr_eq(lv_thread_new(&s->ctx), t);
    ck_assert_uint_ne(t->info.v, id);
    scenario_chain(s, 1, "B A");
    report = scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_ptr_nonnull(strstr(report->reasons, "2 acquisitions by 2 threads"));
}
END_TEST

START_TEST(short_threads_need_no_memory)
{
    uint32_t infos;
    size_t total;

    lv_thread_free(&s->ctx, lv_thread_new(&s->ctx));
    infos = s->ctx.thread_infos.count;
    total = s->ctx.arena.total;
    for (unsigned i = 0; i < 10000; i++)
        lv_thread_free(&s->ctx, lv_thread_new(&s->ctx));
    ck_assert_uint_eq(s->ctx.thread_infos.count, infos);
    ck_assert_uint_eq(s->ctx.arena.total, total);
}
END_TEST

START_TEST(many_threads_at_once)
{
    enum {
        COUNT = 500
    };
    static struct lv_thread *t[COUNT];

    for (unsigned i = 0; i < COUNT; i++) {
        t[i] = lv_thread_new(&s->ctx);
        ck_assert_ptr_nonnull(t[i]);
        for (unsigned j = 0; j < i; j++)
            ck_assert_ptr_ne(t[i], t[j]);
    }
    for (unsigned i = 0; i < COUNT; i++)
        lv_thread_free(&s->ctx, t[i]);
}
END_TEST

/* What a forked child does first. The parent's other threads do not exist there. */
static void check_child(void)
{
    struct lv_thread *t = scenario_thread(s, 1), *other = scenario_thread(s, 2);

    lv_thread_after_fork(&s->ctx, t);
    ck_assert_int_eq(info_of(t)->tid, getpid());
    ck_assert_uint_eq(t->depth, 1);
    ck_assert_uint_eq(other->depth, 0);
    ck_assert(!other->used);
    ck_assert(lv_thread_new(&s->ctx) != t);
    unlock(1, "A");
    scenario_chain(s, 1, "D C");
    scenario_expect(s, CIRCULAR, POTENTIAL);
    scenario_expect_clean(s);
}

START_TEST(fork_leaves_one_thread)
{
    int status;
    pid_t pid;

    write_lock(1, "A");
    write_lock(2, "B");
    scenario_chain(s, 2, "C D");
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        check_child();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(scenario_thread(s, 2)->depth, 1);
}
END_TEST

/* ---- much of everything -------------------------------------------------------------------------------------------- */

/* The lock number @i of @kinds sites, at an address of its own; its words, if any, are in @words. */
static struct lv_object object_number(unsigned i, uint64_t words[2])
{
    struct lv_object object = { .address = 0x700000000000 + i * (uintptr_t)64, .kind = LV_KIND_MUTEX };

    if (!s->table) {
        object.word = &words[0];
        object.seal = &words[1];
    }
    return object;
}

static void take(struct lv_thread *t, const struct lv_object *object, uintptr_t init_site)
{
    struct lv_acquisition a;

    if (lv_identity_peek(&s->ctx, object) == 0)
        lv_identity_init(&s->ctx, t, object, init_site);
    ck_assert(lv_acquisition_set(&a, object, lv_identity_find(&s->ctx, t, object, 0x1000), LV_WRITE, 0, 0x1000));
    lv_acquire(&s->ctx, t, &a);
    lv_acquired(&s->ctx, t, &a);
}

/* @count locks held at once, each of its own class or all of one, twice. */
static void hold_many(unsigned count, bool one_class)
{
    uint64_t(*words)[2] = calloc(count, sizeof(*words));
    struct lv_thread *t = scenario_thread(s, 1);

    ck_assert_ptr_nonnull(words);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < count; i++) {
            const struct lv_object object = object_number(i, words[i]);

            take(t, &object, 0x600000000000 + (one_class ? 0 : i * (uintptr_t)16));
        }
        ck_assert_uint_eq(t->depth, count);
        for (unsigned i = count; i-- > 0;) {
            const struct lv_object object = object_number(i, words[i]);

            lv_release(&s->ctx, t, object.address, object.kind, 0x1000);
        }
        ck_assert_uint_eq(t->depth, 0);
        ck_assert_uint_eq(t->key, lv_context_first_key(0));
    }
    ck_assert_int_eq(s->ctx.state, LV_STATE_ON);
    free(words);
}

START_TEST(ten_thousand_held_at_once)
{
    hold_many(10000, false);
    ck_assert_uint_lt(s->ctx.arena.total, (size_t)128 * 1024 * 1024);
}
END_TEST

/* All buckets of a hash table, say. The order of instances must not need the square of them. */
START_TEST(ten_thousand_of_one_class_held_at_once)
{
    hold_many(10000, true);
    ck_assert_uint_lt(s->ctx.pairs.order.edges.count, 10001);
    ck_assert_uint_lt(s->ctx.arena.total, (size_t)128 * 1024 * 1024);
}
END_TEST

/* A finding by a thread that holds more than a report has room for. */
START_TEST(finding_with_very_many_held)
{
    enum {
        COUNT = 3000
    };
    static uint64_t words[COUNT][2];
    struct lv_thread *t = scenario_thread(s, 1);

    scenario_chain(s, 2, "A B");
    write_lock(1, "B");
    for (unsigned i = 0; i < COUNT; i++) {
        const struct lv_object object = object_number(i, words[i]);

        take(t, &object, 0x600000000000 + i * (uintptr_t)16);
    }
    write_lock(1, "A");
    ck_assert_uint_eq(scenario_expect(s, CIRCULAR, POTENTIAL)->edge_count, COUNT + 2);
}
END_TEST

/* Trylocks and readers leave an edge from each held lock: a witness keeps the youngest, and another one the older. */
START_TEST(edges_from_locks_far_down)
{
    char name[16];

    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "%c%c", (char)('A' + i / 10), (char)('a' + i % 10));
        scenario_lock(s, 1, name, LV_WRITE, LV_TRY);
    }
    write_lock(1, "Z");
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "%c%c", (char)('A' + i / 10), (char)('a' + i % 10));
        write_lock(2, "Z");
        write_lock(2, name);
        unlock(2, name);
        unlock(2, "Z");
        (void)scenario_expect(s, CIRCULAR, POTENTIAL);
        ck_assert_str_eq(s->reports[0].edges[1].held, name);
        s->report_count = s->report_read = 0;
    }
}
END_TEST

START_TEST(two_hundred_thousand_instances)
{
    enum {
        COUNT = 200000
    };
    uint64_t(*words)[2] = calloc(COUNT, sizeof(*words));
    struct lv_thread *t = scenario_thread(s, 1);
    uint64_t walks = 0;

    ck_assert_ptr_nonnull(words);
    for (unsigned round = 0; round < 2; round++) {
        walks = s->ctx.counters.slow_walks;
        for (unsigned i = 0; i < COUNT; i++) {
            const struct lv_object object = object_number(i, words[i]);

            take(t, &object, 0x600000000000);
            lv_release(&s->ctx, t, object.address, object.kind, 0x1000);
        }
    }
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
    ck_assert_uint_eq(s->ctx.chains.count, 1);
    free(words);
}
END_TEST

/* Locks that come and go, as those on the stack: nothing grows. */
START_TEST(locks_that_come_and_go)
{
    struct lv_thread *t = scenario_thread(s, 1);
    uint64_t words[2];
    size_t total = 0;

    for (unsigned i = 0; i < 100000; i++) {
        const struct lv_object object = object_number(i % 30000, words);

        memset(words, 0, sizeof(words));
        lv_identity_init(&s->ctx, t, &object, 0x600000000000);
        take(t, &object, 0);
        lv_release(&s->ctx, t, object.address, object.kind, 0x1000);
        lv_identity_forget(&s->ctx, t, &object);
        if (i == 10000) /* after as many pages as the table of pages has room for */
            total = (size_t)(s->ctx.arena.at - s->memory) + s->ctx.arena.total;
    }
    ck_assert_uint_eq((size_t)(s->ctx.arena.at - s->memory) + s->ctx.arena.total, total);
}
END_TEST

START_TEST(the_cache_grows_with_its_misses)
{
    enum {
        CHAINS = 2000
    };
    struct lv_thread *t = scenario_thread(s, 1);
    uint64_t walks;

    ck_assert_uint_eq(t->cache_mask + 1, LV_CACHE_FIRST);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < CHAINS; i++) {
            s->site = 0x1000 + i * (uintptr_t)16;
            write_lock(1, "A");
            unlock(1, "A");
        }
    }
    ck_assert_uint_gt(t->cache_mask + 1, CHAINS);
    walks = s->ctx.counters.slow_walks;
    for (unsigned i = 0; i < CHAINS; i++) {
        s->site = 0x1000 + i * (uintptr_t)16;
        write_lock(1, "A");
        unlock(1, "A");
    }
    ck_assert_uint_lt(s->ctx.counters.slow_walks - walks, CHAINS / 2);
    ck_assert_uint_eq(s->ctx.chains.count, 1);
}
END_TEST

static struct lv_cache_slot *place_of(const struct lv_thread *t, uint64_t tag)
{
    return &t->cache[tag & t->cache_mask];
}

static void add_tag(struct lv_thread *t, uint64_t tag)
{
    t->guard++;
    lv_cache_add(&s->ctx, t, tag, tag ^ 1, (lv_stack_id){ tag & 8 });
    t->guard--;
}

/* These have all their places in common: about 8, and about 0 where the higher bits of the tag say. */
static uint64_t crowded(uint64_t i)
{
    return i << 40 | 8;
}

START_TEST(chains_of_one_place_lie_beside_each_other)
{
    struct lv_thread *t = scenario_thread(s, 1);
    lv_stack_id stack;
    uint64_t key, missing = 0;

    for (uint64_t i = 1; i <= 8; i++)
        add_tag(t, crowded(i));
    add_tag(t, crowded(8)); /* again */
    for (uint64_t i = 1; i <= 8; i++) {
        ck_assert(lv_cache_has(t, crowded(i)));
        ck_assert(lv_cache_hit_beside(&s->ctx, t, crowded(i), &stack, &key));
        ck_assert_uint_eq(key, crowded(i) ^ 1);
        ck_assert_uint_eq(stack.v, 8);
    }
    ck_assert(!lv_cache_hit_beside(&s->ctx, t, crowded(9), &stack, &key));
    /* The last one has the place itself, and its hits went on. */
    ck_assert_uint_eq(place_of(t, 8)->tag, crowded(8));
    ck_assert_uint_eq(place_of(t, 8)->hits, 3);
    /* One more than there is room for. */
    add_tag(t, crowded(9));
    ck_assert_uint_eq(place_of(t, 8)->tag, crowded(9));
    for (uint64_t i = 1; i <= 9; i++)
        missing += !lv_cache_has(t, crowded(i));
    ck_assert_uint_eq(missing, 1);
    /* Neighbours are left alone. */
    for (uint64_t place = 0; place <= t->cache_mask; place++)
        ck_assert(t->cache[place].tag == 0 || (place & ~UINT64_C(3)) == 8 || place < 4);
}
END_TEST

START_TEST(a_larger_cache_has_all_that_the_smaller_had)
{
    struct lv_thread *t = scenario_thread(s, 1);
    uint64_t key, size = t->cache_mask + 1;
    lv_stack_id stack;

    /* Such that some go into either half, by either of their groups. */
    for (uint64_t i = 1; i <= 8; i++)
        add_tag(t, crowded(i) | (i & 1) << 8 | (i & 2) << 39);
    while (t->cache_mask + 1 == size)
        for (uint64_t i = 1; i <= 8; i++)
            ck_assert(lv_cache_hit_beside(&s->ctx, t, crowded(i) | (i & 1) << 8 | (i & 2) << 39, &stack, &key) ||
                      place_of(t, crowded(i))->tag != 0);
    for (uint64_t i = 1; i <= 8; i++)
        ck_assert(lv_cache_has(t, crowded(i) | (i & 1) << 8 | (i & 2) << 39));
}
END_TEST

/* As many chains as fill a quarter of the largest cache: with one group for each chain some are thrown out. */
START_TEST(thousands_of_chains_stay)
{
    enum {
        CHAINS = LV_CACHE_LAST / 4
    };
    struct lv_thread *t = scenario_thread(s, 1);
    uint64_t evicted = 0;

    for (unsigned round = 0; round < 12; round++)
        for (uint64_t i = 1; i <= CHAINS; i++)
            if (!lv_cache_has(t, lv_hash_mix(i, 1))) {
                evicted += round == 11;
                add_tag(t, lv_hash_mix(i, 1));
            } else {
                uint64_t key;
                lv_stack_id stack;

                ck_assert(lv_cache_hit_beside(&s->ctx, t, lv_hash_mix(i, 1), &stack, &key));
            }
    ck_assert_uint_eq(t->cache_mask + 1, LV_CACHE_LAST);
    ck_assert_uint_eq(evicted, 0);
}
END_TEST

START_TEST(the_cache_grows_until_chains_lie_apart)
{
    struct lv_thread *t = scenario_thread(s, 1);
    const uint64_t a = UINT64_C(1) << 40 | 5, b = UINT64_C(2) << 40 | 4096 | 5, c = UINT64_C(3) << 40 | 5;
    uint64_t looks = 0, key;
    lv_stack_id stack;

    add_tag(t, a);
    add_tag(t, b);
    while (place_of(t, a)->tag != a || place_of(t, b)->tag != b) {
        ck_assert(lv_cache_hit_beside(&s->ctx, t, a, &stack, &key));
        ck_assert_uint_lt(++looks, 20000);
    }
    ck_assert_uint_eq(t->cache_mask + 1, 8192);
    /* These never do. */
    add_tag(t, c);
    for (looks = 0; looks < UINT64_C(4) * LV_CACHE_LAST; looks++)
        ck_assert(lv_cache_hit_beside(&s->ctx, t, looks % 2 != 0 ? a : c, &stack, &key));
    ck_assert_uint_eq(t->cache_mask + 1, LV_CACHE_LAST);
}
END_TEST

START_TEST(an_emptied_cache_leaves_evidence_again)
{
    uint64_t walks;

    scenario_chain(s, 1, "A B");
    walks = s->ctx.counters.locked_walks;
    lv_thread_empty_cache(scenario_thread(s, 1));
    scenario_chain(s, 1, "A B");
    ck_assert_uint_eq(s->ctx.counters.locked_walks, walks + 2);
}
END_TEST

/* ---- no memory ----------------------------------------------------------------------------------------------------- */

/* A child that has @bytes left, and locks and releases much of everything. */
static void run_out(size_t bytes)
{
    lv_event_state state = 0;
    char name[16];

    scenario_chain(s, 1, "A B");
    (void)scenario_thread(s, 2);
    s->ctx.arena.end = s->ctx.arena.at + (bytes & ~(size_t)15);
    s->ctx.arena.limit = 1;
    s->ctx.sink = lv_context_write_log;
    for (unsigned i = 0; i < 400; i++) {
        (void)snprintf(name, sizeof(name), "%c%c%u", (char)('A' + i % 20), (char)('a' + i / 20), i % 3);
        write_lock(1, name);
        write_lock(1, "A");
        write_lock(1, "A");
        scenario_wait(s, 1, "E", &state);
        unlock(1, "A");
        unlock(1, "A");
        lv_event_end_wait(&state);
        if (i % 40 != 0)
            unlock(1, name);
        scenario_lock_sub(s, 2, name, i % 8);
        scenario_lock_sub(s, 2, "A", 1);
        unlock(2, "A");
        unlock(2, name);
        scenario_complete(s, 2, "E", &state);
        (void)lv_thread_new(&s->ctx);
    }
    scenario_chain(s, 1, "A B");
}

/* Degraded is said once, nothing crashes, and the guard and the lock are free. */
START_TEST(memory_runs_out)
{
    static const char said[] = "out of memory";

    for (size_t bytes = 0; bytes < 400000; bytes += bytes < 20000 ? 400 : 20000) {
        char text[262144];
        const char *first;
        size_t len = 0;
        int ends[2], status;
        ssize_t n;
        pid_t pid;

        ck_assert_int_eq(pipe(ends), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            (void)dup2(ends[1], 2);
            (void)close(ends[0]);
            run_out(bytes);
            _exit(s->ctx.state == LV_STATE_DEGRADED && s->threads[1]->guard == 0 && s->threads[2]->guard == 0 &&
                          s->ctx.lock.word == 0
                      ? 0
                      : 1);
        }
        (void)close(ends[1]);
        while ((n = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
            len += (size_t)n;
        text[len] = '\0';
        (void)close(ends[0]);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x with %zu bytes: %s", (unsigned)status,
                      bytes, text);
        first = strstr(text, said);
        ck_assert_msg(first != NULL, "nothing is said with %zu bytes", bytes);
        ck_assert_msg(strstr(first + 1, said) == NULL, "it is said again with %zu bytes", bytes);
    }
}
END_TEST

/* What was learned before is still checked: a deadlock with oneself needs no memory. */
START_TEST(degraded_still_sees_a_self_deadlock)
{
    write_lock(1, "A");
    s->ctx.arena.at = s->ctx.arena.end;
    s->ctx.arena.limit = 1;
    lv_context_degrade(&s->ctx);
    (void)scenario_begin(s, 1, "A", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    unlock(1, "A");
    scenario_chain(s, 1, "B A");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_state_is_recycled,
        a_witness_keeps_its_thread,
        short_threads_need_no_memory,
        many_threads_at_once,
        fork_leaves_one_thread,
        ten_thousand_held_at_once,
        ten_thousand_of_one_class_held_at_once,
        finding_with_very_many_held,
        edges_from_locks_far_down,
        two_hundred_thousand_instances,
        locks_that_come_and_go,
        the_cache_grows_with_its_misses,
        chains_of_one_place_lie_beside_each_other,
        a_larger_cache_has_all_that_the_smaller_had,
        thousands_of_chains_stay,
        the_cache_grows_until_chains_lie_apart,
        an_emptied_cache_leaves_evidence_again,
        memory_runs_out,
        degraded_still_sees_a_self_deadlock,
    };

    return engine_run("thread", tests, LV_ARRAY_SIZE(tests));
}
