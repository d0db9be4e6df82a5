/* SPDX-License-Identifier: MIT */
/* The fast path: when it is taken, that it leaves what the general way leaves, and signal handlers in the middle of it. */

#include "engine.h"

#include <stdio.h>

#include "engine/fast.h"

/* The state of thread 1. */
static struct lv_thread *thread(void)
{
    return scenario_thread(s, 1);
}

/* The first half of the fast path, for the lock @name as a writer. */
static bool begin(const char *name)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_MUTEX);
    uint64_t word;
    bool known = object->word != NULL ? lv_fast_word(thread(), object->address, object->word, object->seal, &word)
                                      : lv_fast_known(thread(), object->address, object->kind, &word);

    return known && lv_fast_begin(thread(), object->address, word, object->kind, LV_WRITE, 0, s->site);
}

static bool end(const char *name)
{
    return lv_fast_end(&s->ctx, thread(), scenario_object(s, name, LV_KIND_MUTEX)->address);
}

static const struct lv_held *place(ptrdiff_t number)
{
    return &thread()->held[number];
}

/* Nothing is held, and nothing is left of what was. */
static void check_empty(void)
{
    ck_assert_uint_eq(thread()->depth, 0);
    ck_assert_uint_eq(thread()->key, lv_context_first_key(0));
    ck_assert_uint_eq(thread()->filter, 0);
    for (ptrdiff_t i = -1; i <= (ptrdiff_t)thread()->capacity; i++)
        ck_assert_uint_eq(place(i)->address, 0);
}

/* A chain is walked the general way first, and then it is not. */
START_TEST(known_chains_take_it)
{
    s->site = 0x1000;
    for (unsigned i = 0; i < 4; i++)
        scenario_chain(s, 1, "A B C D");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, 4);
    ck_assert_uint_eq(s->fast_locks, 6); /* every second one of three rounds */
    ck_assert(begin("A") && end("A"));
    ck_assert(!begin("D"));
    scenario_unlock(s, 1, "A");
    check_empty();
}
END_TEST

/* Both ways leave the same entry, but for where the stack is from. */
START_TEST(same_entry)
{
    struct lv_held general, fast;
    uint64_t key;

    s->site = 0x1000;
    scenario_chain(s, 1, "X A");
    write_lock(1, "X");
    (void)scenario_begin(s, 1, "A", LV_WRITE, 0);
    s->taken = 0; /* the general way */
    write_lock(1, "A");
    general = *place(1);
    key = thread()->key;
    scenario_unlock(s, 1, "A");
    ck_assert(begin("A") && end("A"));
    fast = *place(1);
    ck_assert_uint_eq(thread()->key, key);
    ck_assert_mem_eq(&fast, &general, sizeof(fast));
    scenario_unlock(s, 1, "A");
    scenario_unlock(s, 1, "X");
    check_empty();
}
END_TEST

/* Locks of one class: each order of them is judged once, and is known then, whatever is nested how deep. */
START_TEST(kin_are_told_apart)
{
    uint64_t walks;

    s->site = 0x1000;
    for (unsigned i = 0; i < 20; i++)
        scenario_chain(s, 1, "A1 A2 A3");
    walks = s->ctx.counters.slow_walks;
    scenario_chain(s, 1, "A1 A2 A3");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, walks);
    write_lock(1, "A1");
    ck_assert(!begin("A3")); /* without A2 between */
    ck_assert(!begin("A1"));
    write_lock(1, "A3");
    unlock(1, "A3");
    unlock(1, "A1");
    walks = s->ctx.counters.slow_walks;
    scenario_chain(s, 1, "A2 A1");
    ck_assert_uint_gt(s->ctx.counters.slow_walks, walks);
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_POTENTIAL);
    check_empty();
}
END_TEST

/* What is known of three is not lost when the one between is released first, nor taken for what is known of another two. */
START_TEST(kin_out_of_order)
{
    s->site = 0x1000;
    for (unsigned i = 0; i < 20; i++) {
        scenario_chain(s, 1, "A1 A2 A3");
        scenario_chain(s, 1, "A1 A3 A4");
    }
    write_lock(1, "A1");
    write_lock(1, "A2");
    write_lock(1, "A3");
    unlock(1, "A2");
    ck_assert(begin("A4") && end("A4"));
    unlock(1, "A1");
    ck_assert(!begin("A1"));
    unlock(1, "A4");
    unlock(1, "A3");
    check_empty();
}
END_TEST

/* The same lock, held as of another subclass, among others of its class that are known in this order. */
START_TEST(held_as_of_a_subclass)
{
    s->site = 0x1000;
    for (unsigned i = 0; i < 20; i++) {
        scenario_lock_sub(s, 1, "A1", 1);
        write_lock(1, "A2");
        write_lock(1, "A3");
        unlock(1, "A3");
        unlock(1, "A2");
        unlock(1, "A1");
    }
    scenario_lock_sub(s, 1, "A3", 1);
    write_lock(1, "A2");
    ck_assert(!begin("A3"));
    unlock(1, "A2");
    unlock(1, "A3");
    check_empty();
}
END_TEST

/* What was said of the next acquisition, and a lock whose order is not judged, go the general way. */
START_TEST(what_is_special_does_not)
{
    const struct lv_object *object;
    lv_class_id class;

    s->site = 0x1000;
    scenario_chain(s, 1, "A");
    lv_acquire_next(thread(), scenario_object(s, "A", LV_KIND_MUTEX)->address, 1, 0);
    ck_assert_uint_ne(thread()->attention, 0);
    write_lock(1, "A");
    ck_assert_uint_eq(thread()->attention, 0);
    ck_assert_uint_ne(place(0)->class.v, place(0)->base.v);
    unlock(1, "A");
    thread()->guard++;
    ck_assert_uint_ne(thread()->attention, 0);
    thread()->guard--;

    object = scenario_object(s, "A", LV_KIND_MUTEX);
    class = lv_identity_class(lv_identity_peek(&s->ctx, object));
    ck_assert_uint_ne(lv_identity_rekey(&s->ctx, thread(), object, class, LV_IDENTITY_UNCHECKED), 0);
    ck_assert(!begin("A"));
}
END_TEST

/* ---- a signal handler between the halves --------------------------------------------------------------------------- */

START_TEST(handler_takes_and_releases)
{
    s->site = 0x1000;
    scenario_chain(s, 1, "A");
    scenario_chain(s, 1, "B");
    ck_assert(begin("A"));
    scenario_chain(s, 1, "B");
    ck_assert(!end("A"));
    check_empty();
}
END_TEST

/* The very lock, by a trylock that succeeds before the interrupted call does. */
START_TEST(handler_takes_and_releases_the_same)
{
    s->site = 0x1000;
    scenario_chain(s, 1, "A");
    ck_assert(begin("A"));
    scenario_lock(s, 1, "A", LV_WRITE, LV_TRY);
    unlock(1, "A");
    ck_assert(!end("A"));
    check_empty();
}
END_TEST

START_TEST(handler_keeps_a_lock)
{
    s->site = 0x1000;
    scenario_chain(s, 1, "A");
    ck_assert(begin("A"));
    write_lock(1, "B");
    ck_assert(!end("A"));
    ck_assert_uint_eq(thread()->depth, 1);
    unlock(1, "B");
    check_empty();
}
END_TEST

START_TEST(handler_releases_a_lock)
{
    s->site = 0x1000;
    scenario_chain(s, 1, "X A");
    write_lock(1, "X");
    ck_assert(begin("A"));
    unlock(1, "X");
    ck_assert(!end("A"));
    __atomic_store_n(&thread()->held[1].address, 0, __ATOMIC_RELAXED);
    check_empty();
}
END_TEST

/* It goes on holding so much that the entry would lie behind the last one that there is room for. */
START_TEST(handler_fills_the_stack)
{
    char name[8];

    s->site = 0x1000;
    scenario_chain(s, 1, "A");
    ck_assert(begin("A"));
    for (unsigned i = 0; i < LV_HELD_FIRST; i++) {
        (void)snprintf(name, sizeof(name), "L%u", i);
        write_lock(1, name);
    }
    ck_assert_uint_eq(thread()->depth, thread()->capacity);
    ck_assert(!begin("A"));
    ck_assert(!end("A"));
    for (unsigned i = LV_HELD_FIRST; i-- > 0;) {
        (void)snprintf(name, sizeof(name), "L%u", i);
        unlock(1, name);
    }
    check_empty();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        known_chains_take_it,       same_entry,
        kin_are_told_apart,         kin_out_of_order,
        held_as_of_a_subclass,      what_is_special_does_not,
        handler_takes_and_releases, handler_takes_and_releases_the_same,
        handler_keeps_a_lock,       handler_releases_a_lock,
        handler_fills_the_stack,
    };

    return engine_run("fast", tests, LV_ARRAY_SIZE(tests));
}
