/* SPDX-License-Identifier: MIT */
/* Which pages have locks, the table's instances by page, and memory that goes away with locks in it. */

#include "engine.h"

#include <pthread.h>

#include "engine/instances.h"
#include "engine/memory.h"

#define SITE ((uintptr_t)0x600000000000)
#define PAGE ((uintptr_t)4096)
#define MEMORY ((uintptr_t)0x700000000000)

static struct lv_object in_table(uintptr_t address)
{
    return (struct lv_object){ .address = address, .kind = LV_KIND_SPIN };
}

/* The identity of the lock in the table at @address, made if there is none. */
static uint64_t meet(uintptr_t address)
{
    const struct lv_object object = in_table(address);

    return lv_identity_find(&s->ctx, scenario_thread(s, 1), &object, SITE);
}

static uint64_t peek(uintptr_t address)
{
    const struct lv_object object = in_table(address);

    return lv_identity_peek(&s->ctx, &object);
}

static void retire(uintptr_t start, uintptr_t end)
{
    struct lv_locked locked = lv_context_lock(&s->ctx);

    lv_instances_retire(&s->ctx, start, end);
    lv_context_unlock(&s->ctx, &locked);
}

START_TEST(marks_by_page)
{
    const struct lv_pages *pages = &s->ctx.pages;

    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY, 1), 0);
    meet(MEMORY + PAGE + 100);
    ck_assert(pages->any);
    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY + PAGE, 1), LV_PAGE_TABLE);
    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY + 2 * PAGE - 1, 1), LV_PAGE_TABLE);
    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY, PAGE), 0);
    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY, PAGE + 1), LV_PAGE_TABLE);
    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY + 2 * PAGE, 100 * PAGE), 0);
    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY, 100 * PAGE), LV_PAGE_TABLE);
    ck_assert_uint_eq(lv_pages_marks(pages, MEMORY + PAGE, 0), 0);
    /* More pages than there are bytes: all of them may be meant. */
    ck_assert_uint_ne(lv_pages_marks(pages, MEMORY + 2 * PAGE, (uintptr_t)LV_PAGE_BYTES * PAGE + 1), 0);
}
END_TEST

/* The thread's own stack is not marked, and remembered. */
/* Every page of every range is looked at, at the ends of the ring of marks too. */
START_TEST(marks_of_many_pages)
{
    struct lv_pages *pages = &s->ctx.pages;

    for (uintptr_t at = 65500; at < 65600; at++) {
        uintptr_t page = MEMORY + at * PAGE;

        lv_pages_set(pages, page, at % 2 == 0 ? LV_PAGE_TABLE : LV_PAGE_INSIDE);
        for (uintptr_t first = 0; first < 20; first++) {
            for (uintptr_t behind = 0; behind < 20; behind++) {
                unsigned mark = lv_pages_mark(pages, page);

                ck_assert_uint_eq(lv_pages_marks(pages, page - first * PAGE, (first + behind + 1) * PAGE), mark);
                ck_assert_uint_eq(lv_pages_marks(pages, page - (first + 1) * PAGE, (first + 1) * PAGE), 0);
                ck_assert_uint_eq(lv_pages_marks(pages, page + PAGE, (behind + 1) * PAGE), 0);
            }
        }
        pages->mark[lv_pages_index(page)] = 0;
    }
}
END_TEST

START_TEST(marks_not_the_own_stack)
{
    struct lv_thread *t = scenario_thread(s, 1);
    uint64_t low;

    t->stack_start = MEMORY;
    t->stack_end = MEMORY + 8 * PAGE;
    meet(MEMORY + 3 * PAGE);
    low = meet(MEMORY + 2 * PAGE);
    meet(MEMORY + 5 * PAGE);
    ck_assert_uint_eq(lv_pages_marks(&s->ctx.pages, MEMORY, 8 * PAGE), 0);
    ck_assert_uint_eq(t->stack_lowest, MEMORY + 2 * PAGE);
    meet(MEMORY + 8 * PAGE);
    lv_lifetime_thread_end(&s->ctx, t, SITE);
    ck_assert_uint_eq(peek(MEMORY + 2 * PAGE), 0);
    ck_assert_uint_eq(peek(MEMORY + 5 * PAGE), 0);
    ck_assert_uint_ne(peek(MEMORY + 8 * PAGE), 0);
    ck_assert_uint_ne(meet(MEMORY + 2 * PAGE), low);
}
END_TEST

/* A lock on this thread's stack that another thread met first. */
START_TEST(retires_what_others_met_on_the_stack)
{
    struct lv_thread *t = scenario_thread(s, 2);

    t->stack_start = MEMORY;
    t->stack_end = MEMORY + 8 * PAGE;
    meet(MEMORY + PAGE);
    lv_lifetime_thread_end(&s->ctx, t, SITE);
    ck_assert_uint_eq(peek(MEMORY + PAGE), 0);
}
END_TEST

START_TEST(retires_a_range)
{
    /* Around the borders of the range, and on the pages within. */
    const uintptr_t gone[] = { MEMORY + 64, MEMORY + PAGE, MEMORY + PAGE + 4, MEMORY + 3 * PAGE - 4 };
    const uintptr_t stay[] = { MEMORY, MEMORY + 60, MEMORY + 3 * PAGE, MEMORY + 9 * PAGE };
    uint64_t words[LV_ARRAY_SIZE(stay)];

    for (size_t i = 0; i < LV_ARRAY_SIZE(gone); i++)
        meet(gone[i]);
    for (size_t i = 0; i < LV_ARRAY_SIZE(stay); i++)
        words[i] = meet(stay[i]);
    retire(MEMORY + 64, MEMORY + 3 * PAGE);
    for (size_t i = 0; i < LV_ARRAY_SIZE(gone); i++)
        ck_assert_uint_eq(peek(gone[i]), 0);
    for (size_t i = 0; i < LV_ARRAY_SIZE(stay); i++)
        ck_assert_uint_eq(meet(stay[i]), words[i]);
    ck_assert_uint_eq(s->ctx.counters.retired, LV_ARRAY_SIZE(gone));
    ck_assert_uint_eq(s->ctx.instance_of.live, LV_ARRAY_SIZE(stay));
    /* Nothing is found twice, and an empty range has nothing. */
    retire(MEMORY + 64, MEMORY + 3 * PAGE);
    retire(MEMORY, MEMORY);
    ck_assert_uint_eq(s->ctx.counters.retired, LV_ARRAY_SIZE(gone));
}
END_TEST

/* More pages than instances: the instances are walked instead. What is free there, or parked, is passed over. */
START_TEST(retires_a_very_large_range)
{
    const struct lv_object destroyed = in_table(MEMORY + 5 * PAGE);
    struct lv_locked locked;
    uint32_t parked;

    for (uintptr_t i = 0; i < 20; i++)
        meet(MEMORY + i * PAGE);
    lv_identity_forget(&s->ctx, scenario_thread(s, 1), &destroyed);
    locked = lv_context_lock(&s->ctx);
    parked = lv_instances_park(&s->ctx, MEMORY + 7 * PAGE, MEMORY + 8 * PAGE);
    lv_context_unlock(&s->ctx, &locked);
    ck_assert_uint_ne(parked, 0);
    retire(MEMORY, MEMORY + ((uintptr_t)1 << 40));
    ck_assert_uint_eq(s->ctx.counters.retired, 1 + 18);
    ck_assert_uint_eq(s->ctx.instance_of.live, 0);
    ck_assert_uint_eq(s->ctx.pages.first.live, 0);
    locked = lv_context_lock(&s->ctx);
    lv_instances_unpark(&s->ctx, parked, 0, 0);
    lv_context_unlock(&s->ctx, &locked);
    ck_assert_uint_ne(peek(MEMORY + 7 * PAGE), 0);
    ck_assert_uint_eq(s->ctx.instance_of.live, 1);
}
END_TEST

/* A parked lock is found by nobody, not by a thread's cache either; then it is what it was, or gone. */
START_TEST(parked)
{
    uint64_t kept = meet(MEMORY + 16), lost = meet(MEMORY + 32), other = meet(MEMORY + 64);
    struct lv_locked locked = lv_context_lock(&s->ctx);
    uint32_t list = lv_instances_park(&s->ctx, MEMORY, MEMORY + 64);

    lv_context_unlock(&s->ctx, &locked);
    ck_assert_uint_eq(peek(MEMORY + 16), 0);
    ck_assert_uint_eq(peek(MEMORY + 32), 0);
    ck_assert_uint_eq(meet(MEMORY + 64), other);
    locked = lv_context_lock(&s->ctx);
    for (uint32_t number = list, i = 0; i < 2; i++) {
        const struct lv_instance *record = lv_vec_at(&s->ctx.instances, number);
        uint64_t word = lv_instances_parked_word(record);

        ck_assert_uint_ne(number, 0);
        ck_assert(word == kept || word == lost);
        number = record->next;
    }
    lv_instances_unpark(&s->ctx, list, MEMORY + 32, MEMORY + 64);
    lv_context_unlock(&s->ctx, &locked);
    ck_assert_uint_eq(meet(MEMORY + 16), kept);
    ck_assert_uint_ne(meet(MEMORY + 32), lost);
}
END_TEST

/* A page full of locks, taken out in every order. */
START_TEST(lists_of_a_page)
{
    for (unsigned step = 1; step < 64; step += 2) {
        for (unsigned i = 0; i < 64; i++)
            meet(MEMORY + i * 4);
        for (unsigned i = 0; i < 64; i++) {
            const struct lv_object object = in_table(MEMORY + (uintptr_t)(i * step % 64) * 4);

            lv_identity_forget(&s->ctx, scenario_thread(s, 1), &object);
            if (i == 40)
                retire(MEMORY + 128, MEMORY + 192);
        }
        ck_assert_uint_eq(s->ctx.instance_of.live, 0);
        ck_assert_uint_eq(s->ctx.pages.first.live, 0);
    }
}
END_TEST

static bool may_be(uintptr_t start, uintptr_t end)
{
    return lv_instances_may_be_in(&s->ctx, start, end);
}

/* The look that takes no lock, at the borders of the range and of the pages. */
START_TEST(looks_for_locks_of_the_table)
{
    struct lv_locked locked;
    uint32_t first;

    ck_assert(!may_be(MEMORY, MEMORY + PAGE));
    meet(MEMORY + 64);
    meet(MEMORY + 2 * PAGE);
    ck_assert(may_be(MEMORY, MEMORY + PAGE));
    ck_assert(may_be(MEMORY + 64, MEMORY + 65));
    ck_assert(!may_be(MEMORY + 65, MEMORY + 2 * PAGE));
    ck_assert(!may_be(MEMORY, MEMORY + 64));
    ck_assert(!may_be(MEMORY + 64, MEMORY + 64));
    ck_assert(may_be(MEMORY + PAGE, MEMORY + 3 * PAGE));
    ck_assert(!may_be(MEMORY + 3 * PAGE, MEMORY + 5 * PAGE));
    ck_assert(may_be(MEMORY + 3 * PAGE, MEMORY + 1000 * PAGE)); /* too many pages to say */
    locked = lv_context_lock(&s->ctx);
    first = lv_instances_park(&s->ctx, MEMORY, MEMORY + PAGE);
    ck_assert(!may_be(MEMORY, MEMORY + PAGE));
    lv_instances_unpark(&s->ctx, first, 0, 0);
    lv_context_unlock(&s->ctx, &locked);
    ck_assert(may_be(MEMORY, MEMORY + PAGE));
    retire(MEMORY, MEMORY + PAGE);
    ck_assert(!may_be(MEMORY, MEMORY + PAGE));
    for (uintptr_t i = 0; i < 1000; i++)
        meet(MEMORY + i * 4);
    ck_assert(may_be(MEMORY + 4000, MEMORY + PAGE)); /* a list that is too long to say */
    s->ctx.pages.version++;                          /* it changes */
    ck_assert(may_be(MEMORY + 7 * PAGE, MEMORY + 8 * PAGE));
    s->ctx.pages.version++;
    ck_assert(!may_be(MEMORY + 7 * PAGE, MEMORY + 8 * PAGE));
}
END_TEST

enum {
    COMING = 20 /* locks that come and go on the page */
};

static bool enough; /* atomic */

/* Locks of the same page come and go, and with them the whole list and the places in it. */
static void *come_and_go(void *unused)
{
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
        struct lv_locked locked = lv_context_lock(&s->ctx);

        for (uintptr_t i = 0; i < COMING; i++)
            ck_assert_uint_ne(lv_instances_find_or_add(&s->ctx, MEMORY + 1024 + i * 4), 0);
        lv_context_unlock(&s->ctx, &locked);
        for (uintptr_t i = 0; i < COMING; i++) {
            locked = lv_context_lock(&s->ctx);
            lv_instances_forget(&s->ctx, MEMORY + 1024 + i * 7 % COMING * 4);
            lv_context_unlock(&s->ctx, &locked);
        }
        locked = lv_context_lock(&s->ctx);
        lv_instances_unpark(&s->ctx, lv_instances_park(&s->ctx, MEMORY, MEMORY + 128), 0, 0);
        lv_context_unlock(&s->ctx, &locked);
    }
    return unused;
}

/* A lock that stays is never missed, whatever happens around it; and what is said of memory without locks is no by and by. */
START_TEST(looks_while_locks_come_and_go)
{
    pthread_t thread;
    uint32_t none = 0;

    meet(MEMORY + 512);
    meet(MEMORY + 64);
    enough = false;
    ck_assert_int_eq(pthread_create(&thread, NULL, come_and_go, NULL), 0);
    for (int i = 0; i < 200000 || none == 0; i++) {
        ck_assert(may_be(MEMORY + 512, MEMORY + 516));
        none += !may_be(MEMORY + 2048, MEMORY + 2080);
    }
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(s->ctx.instance_of.live, 2);
}
END_TEST

/* A book of who holds what, for ctx->owner. */
static int owner_says;

static int owner(uintptr_t address, enum lv_kind kind, unsigned flags)
{
    (void)address;
    (void)flags;
    return kind == LV_KIND_MUTEX ? owner_says : -1;
}

/* Memory goes that cannot be read: the scenario's addresses are made up. */
static void unmap(struct lv_thread *t, uintptr_t start, size_t size)
{
    struct lv_memory memory;

    lv_memory_begin(&s->ctx, t, start, size, false, &memory);
    lv_memory_end(&s->ctx, t, &memory, start, size, SITE, "is unmapped");
}

START_TEST(unmapped_while_held)
{
    struct lv_object *a = scenario_object(s, "A", LV_KIND_MUTEX);
    struct lv_thread *t = scenario_thread(s, 1);

    s->ctx.owner = owner;
    owner_says = t->tid;
    write_lock(1, "A");
    write_lock(1, "B");
    unmap(t, a->address - 8, 8);
    scenario_expect_clean(s);
    ck_assert_uint_eq(t->depth, 2);
    unmap(t, a->address, 8);
    ck_assert_str_eq(scenario_expect(s, LV_FINDING_LIFETIME, LV_VERDICT_MISUSE)->detail,
                     "is unmapped while it is held");
    ck_assert_uint_eq(t->depth, 1);
    ck_assert_uint_eq(t->guard, 0);
}
END_TEST

/* The lock says that somebody else has it: no claim, but this thread does not hold it any more. */
START_TEST(unmapped_after_a_handoff)
{
    const struct lv_object *a = scenario_object(s, "A", LV_KIND_MUTEX);
    struct lv_thread *t = scenario_thread(s, 1);

    s->ctx.owner = owner;
    owner_says = 0;
    write_lock(1, "A");
    unmap(t, a->address, 8);
    ck_assert_uint_eq(t->depth, 0);
}
END_TEST

/* After lockval_off() locks end without a word. */
START_TEST(freed_unwatched)
{
    uint64_t word = meet(MEMORY);
    struct lv_thread *t = scenario_thread(s, 1);

    s->ctx.owner = owner;
    t->off = t->guard = 1;
    lv_memory_free(&s->ctx, t, MEMORY, 8, SITE);
    t->off = t->guard = 0;
    ck_assert_uint_ne(meet(MEMORY), word);
}
END_TEST

/* Another thread's lock: @mapped memory is searched, or the books of all are read. */
static void held_by_other(size_t size)
{
    struct lv_thread *holder = scenario_thread(s, 2);
    struct lv_memory memory;
    struct lv_object object = { .kind = LV_KIND_MUTEX };
    struct lv_acquisition a;
    uint64_t *words = calloc(1, size);

    ck_assert_ptr_nonnull(words);
    object.address = (uintptr_t)(words + 1);
    object.word = s->table ? NULL : words + 3;
    object.seal = words + 4;
    s->ctx.owner = owner;
    holder->tid = 4711;
    owner_says = holder->tid;
    ck_assert(lv_acquisition_set(&a, &object, lv_identity_find(&s->ctx, holder, &object, SITE), LV_WRITE, 0, SITE));
    lv_acquire(&s->ctx, holder, &a);
    lv_acquired(&s->ctx, holder, &a);
    lv_memory_begin(&s->ctx, scenario_thread(s, 1), (uintptr_t)words, size, true, &memory);
    ck_assert_uint_eq(memory.count, 1);
    lv_memory_end(&s->ctx, scenario_thread(s, 1), &memory, 0, 0, SITE, "is freed");
    scenario_expect_clean(s);
    owner_says = 0; /* it is let go at this moment */
    lv_memory_free(&s->ctx, scenario_thread(s, 1), (uintptr_t)words, size, SITE);
    scenario_expect_clean(s);
    owner_says = holder->tid;
    /* The lock in the table was retired just now, with nobody holding it. */
    if (!s->table) {
        lv_memory_free(&s->ctx, scenario_thread(s, 1), (uintptr_t)words, size, SITE);
        ck_assert_ptr_nonnull(
            strstr(scenario_expect(s, LV_FINDING_LIFETIME, LV_VERDICT_MISUSE)->detail, "another thread holds it"));
        ck_assert_uint_eq(holder->depth, 1);
    }
    free(words);
}

START_TEST(a_small_block_held_by_another)
{
    held_by_other(64);
}
END_TEST

START_TEST(a_large_block_held_by_another)
{
    held_by_other(64 * 1024);
}
END_TEST

/* What the parent's threads held when a child was forked is nobody's in the child. */
START_TEST(inherited)
{
    const struct lv_object *a = scenario_object(s, "A", LV_KIND_MUTEX);
    struct lv_thread *t = scenario_thread(s, 1);

    s->ctx.owner = owner;
    owner_says = t->tid;
    write_lock(1, "A");
    lv_thread_after_fork(&s->ctx, t);
    owner_says = t->tid;
    unmap(t, a->address, 8);
    ck_assert_uint_eq(t->depth, 0);
}
END_TEST

START_TEST(a_thread_ends)
{
    struct lv_thread *t = scenario_thread(s, 1);

    s->ctx.owner = owner;
    owner_says = t->tid;
    write_lock(1, "A");
    write_lock(1, "B");
    t->off = 1;
    lv_lifetime_thread_end(&s->ctx, t, SITE);
    scenario_expect_clean(s);
    ck_assert_uint_eq(t->depth, 0);
    t->off = 0;
    write_lock(1, "A");
    write_lock(1, "B");
    lv_lifetime_thread_end(&s->ctx, t, SITE);
    scenario_expect(s, LV_FINDING_LIFETIME, LV_VERDICT_MISUSE);
    scenario_expect(s, LV_FINDING_LIFETIME, LV_VERDICT_MISUSE);
    ck_assert_uint_eq(t->depth, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        marks_by_page,
        marks_of_many_pages,
        marks_not_the_own_stack,
        retires_what_others_met_on_the_stack,
        retires_a_range,
        retires_a_very_large_range,
        parked,
        lists_of_a_page,
        looks_for_locks_of_the_table,
        looks_while_locks_come_and_go,
        unmapped_while_held,
        unmapped_after_a_handoff,
        freed_unwatched,
        a_small_block_held_by_another,
        a_large_block_held_by_another,
        inherited,
        a_thread_ends,
    };

    return engine_run("memory", tests, LV_ARRAY_SIZE(tests));
}
