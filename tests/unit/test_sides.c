/* SPDX-License-Identifier: MIT */
/* The other thread's side: who holds a lock, what a forked child finds held, who waits on a condition variable. */

#include "engine.h"

#include "engine/holder.h"
#include "engine/orphan.h"
#include "engine/waits.h"

#include <stdio.h>
#include <sys/mman.h>

#define MISUSE LV_VERDICT_MISUSE

static uintptr_t address_of(const char *name)
{
    return scenario_object(s, name, LV_KIND_MUTEX)->address;
}

static bool find(unsigned but, const char *name, struct lv_holder *ret)
{
    return lv_holder_find(&s->ctx, scenario_thread(s, but), address_of(name), 0, ret);
}

/* What the lock answers when it is asked: it has been let go. */
static bool disagree(const struct lv_held_record *record, int tid)
{
    (void)record;
    (void)tid;
    return false;
}

/* ---- who holds it -------------------------------------------------------------------------------------------------- */

START_TEST(holder)
{
    struct lv_holder found;

    write_lock(1, "B");
    write_lock(1, "A");
    write_lock(1, "C");
    ck_assert(find(2, "A", &found));
    ck_assert_uint_eq(found.record.address, address_of("A"));
    ck_assert_uint_eq(found.record.stack.v, scenario_thread(s, 1)->held[1].stack.v);
    ck_assert_uint_eq(found.thread.v, scenario_thread(s, 1)->info.v);
    ck_assert(lv_holder_find(&s->ctx, scenario_thread(s, 2), address_of("A"), found.record.uid, &found));
    ck_assert(!lv_holder_find(&s->ctx, scenario_thread(s, 2), address_of("A"), found.record.uid + 1, &found));
    ck_assert_uint_eq(found.record.class.v, 0);
}
END_TEST

START_TEST(no_holder)
{
    struct lv_holder found;

    write_lock(1, "A");
    ck_assert(!find(1, "A", &found)); /* itself does not count */
    ck_assert(!find(2, "B", &found));
    unlock(1, "A");
    ck_assert(!find(2, "A", &found));
    ck_assert_uint_eq(found.record.class.v, 0);
}
END_TEST

/* Books that the lock itself does not confirm. */
START_TEST(holder_that_let_go)
{
    struct lv_holder found;

    write_lock(1, "A");
    s->ctx.agrees = disagree;
    ck_assert(!find(2, "A", &found));
}
END_TEST

/* More than the first array of a thread's books has room for. */
START_TEST(holder_of_many)
{
    struct lv_holder found;
    char name[16];

    for (int i = 0; i < 3 * LV_HELD_FIRST; i++) {
        (void)snprintf(name, sizeof(name), "L%d", i);
        write_lock(1, name);
    }
    ck_assert(find(2, "L0", &found));
    ck_assert(find(2, "L40", &found));
    ck_assert_uint_eq(found.record.address, address_of("L40"));
}
END_TEST

/* The name of a thread that was shown stays its own when its state is used again. */
START_TEST(holder_that_ended)
{
    struct lv_thread *t = scenario_thread(s, 1), *next;
    struct lv_holder found;

    write_lock(1, "A");
    ck_assert(find(2, "A", &found));
    lv_thread_free(&s->ctx, t);
    next = lv_thread_new(&s->ctx);
    ck_assert_ptr_eq(next, t);
    ck_assert_uint_ne(next->info.v, found.thread.v);
}
END_TEST

START_TEST(unlock_shows_the_holder)
{
    const struct scenario_report *report;

    write_lock(1, "A");
    unlock(2, "A");
    report = scenario_expect(s, LV_FINDING_UNLOCK, MISUSE);
    ck_assert_str_eq(report->subject, "A");
    ck_assert_str_eq(report->holder, "A");
    ck_assert(!report->holder_waits);
}
END_TEST

static void release_unheld(unsigned thread, const char *name, uintptr_t site, enum lv_unheld says)
{
    const struct lv_acquisition what = { .address = address_of(name), .kind = LV_KIND_MUTEX, .site = site };

    lv_release_unheld(&s->ctx, scenario_thread(s, thread), &what, says);
}

/* A lock that somebody has, whom no books know: it was taken where no hook sees it. */
START_TEST(unlock_of_what_is_taken)
{
    const struct scenario_report *report;

    release_unheld(1, "A", 0x1000, LV_UNHELD_TAKEN);
    scenario_expect_clean(s);
    release_unheld(1, "A", 0x1000, LV_UNHELD_FREE);
    report = scenario_expect(s, LV_FINDING_UNLOCK, MISUSE);
    ck_assert_str_eq(report->detail, "is being released, but nobody holds it");
    ck_assert_str_eq(report->holder, "");
    write_lock(2, "A");
    release_unheld(1, "A", 0x2000, LV_UNHELD_TAKEN);
    report = scenario_expect(s, LV_FINDING_UNLOCK, MISUSE);
    ck_assert_str_eq(report->holder, "A");
}
END_TEST

/* ---- forked children ----------------------------------------------------------------------------------------------- */

/* The locks lie at addresses of no memory: put some there, private or shared. */
static void put_memory(int how)
{
    void *page = (void *)(address_of("A") & ~(uintptr_t)4095);

    ck_assert_ptr_eq(mmap(page, 4096, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), page);
}

static void take_memory(void)
{
    ck_assert_int_eq(munmap((void *)(address_of("A") & ~(uintptr_t)4095), 4096), 0);
}

/* Thread 1 goes on in the child. */
static void fork_here(void)
{
    put_memory(MAP_PRIVATE);
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 1));
}

START_TEST(orphan)
{
    const struct scenario_report *report;
    int tid;

    write_lock(2, "B");
    write_lock(2, "A");
    tid = scenario_thread(s, 2)->tid;
    fork_here();
    scenario_begin(s, 1, "A", LV_WRITE, 0);
    report = scenario_expect(s, LV_FINDING_FORK, MISUSE);
    ck_assert_str_eq(report->subject, "A");
    ck_assert_str_eq(report->holder, "A");
    ck_assert_int_eq(report->holder_tid, tid);
    ck_assert_str_eq(report->reasons,
                     "the thread that holds it does not exist in this process: nobody will release it\n");
    scenario_begin(s, 1, "A", LV_WRITE, 0); /* once */
    scenario_expect_clean(s);
    scenario_begin(s, 1, "B", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    take_memory();
}
END_TEST

START_TEST(no_orphan)
{
    write_lock(1, "A");
    write_lock(2, "B");
    unlock(2, "B");
    fork_here();
    unlock(1, "A");
    scenario_chain(s, 1, "A B C");
    scenario_chain(s, 1, "A B C");
    take_memory();
}
END_TEST

/* An acquisition of the class is looked at each time, from a place that was passed before too. */
START_TEST(orphan_of_a_known_chain)
{
    s->site = 0x540000001000;
    for (int i = 0; i < 5; i++)
        scenario_chain(s, 1, "A");
    write_lock(2, "A1");
    fork_here();
    for (int i = 0; i < 5; i++)
        scenario_chain(s, 1, "A");
    scenario_expect_clean(s);
    scenario_begin(s, 1, "A1", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    take_memory();
}
END_TEST

/* Other classes are known again after the first time. */
START_TEST(orphans_slow_their_class_only)
{
    uint64_t slow;

    write_lock(2, "A1");
    fork_here();
    scenario_chain(s, 1, "B");
    scenario_chain(s, 1, "A");
    slow = s->ctx.counters.slow_walks;
    scenario_chain(s, 1, "B");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, slow);
    scenario_chain(s, 1, "A");
    ck_assert_uint_eq(s->ctx.counters.slow_walks, slow + 1);
    take_memory();
}
END_TEST

/* By the same call, so that the class is the same, and the instance is another. */
START_TEST(orphan_made_anew)
{
    const struct lv_object *object = scenario_object(s, "A", LV_KIND_MUTEX);

    lv_identity_init(&s->ctx, scenario_thread(s, 2), object, 0x530000001000);
    write_lock(2, "A");
    fork_here();
    lv_identity_init(&s->ctx, scenario_thread(s, 1), object, 0x530000001000);
    scenario_chain(s, 1, "A");
    take_memory();
}
END_TEST

/* Seen without its holder once, it is none any more, whoever has the lock later. */
START_TEST(orphan_that_is_over)
{
    write_lock(2, "A");
    fork_here();
    s->ctx.agrees = disagree;
    scenario_chain(s, 1, "A");
    s->ctx.agrees = NULL;
    scenario_chain(s, 1, "A");
    take_memory();
}
END_TEST

START_TEST(orphan_tried_and_timed)
{
    const struct scenario_report *report;

    write_lock(2, "A");
    fork_here();
    scenario_begin(s, 1, "A", LV_WRITE, LV_TRY);
    scenario_expect_clean(s);
    scenario_begin(s, 1, "A", LV_WRITE, LV_TIMED);
    report = scenario_expect(s, LV_FINDING_FORK, LV_VERDICT_GUARDED);
    ck_assert_ptr_nonnull(strstr(report->reasons, "gives up"));
    scenario_begin(s, 1, "A", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    take_memory();
}
END_TEST

/* Readers do not wait for readers. One of several holders is enough to wait for. */
START_TEST(orphan_read)
{
    read_lock(2, "A");
    read_lock(3, "A");
    write_lock(2, "B");
    fork_here();
    scenario_begin(s, 1, "A", LV_READ_RECURSIVE, 0);
    scenario_expect_clean(s);
    scenario_begin(s, 1, "A", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    scenario_begin(s, 1, "B", LV_READ_RECURSIVE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    take_memory();
}
END_TEST

static unsigned asked;

static bool disagree_first(const struct lv_held_record *record, int tid)
{
    (void)record;
    (void)tid;
    return asked++ != 0;
}

/* One reader of two let go. */
START_TEST(orphan_of_several)
{
    read_lock(2, "A");
    read_lock(3, "A");
    fork_here();
    asked = 0;
    s->ctx.agrees = disagree_first;
    scenario_begin(s, 1, "A", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    ck_assert_uint_eq(asked, 2);
    take_memory();
}
END_TEST

/* The holder lives in the parent, which shares the memory. */
START_TEST(orphan_in_shared_memory)
{
    write_lock(2, "A");
    put_memory(MAP_SHARED);
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 1));
    scenario_begin(s, 1, "A", LV_WRITE, 0);
    take_memory();
}
END_TEST

/* Maps are the program's own: what it did with them in the child is not known. */
START_TEST(maps_are_no_orphans)
{
    struct lv_object *object = scenario_object(s, "A", LV_KIND_MAP);
    struct lv_thread *t = scenario_thread(s, 2);
    struct lv_acquisition a;

    ck_assert(lv_acquisition_set(&a, object, lv_identity_find(&s->ctx, t, object, 0x1000), LV_WRITE, 0, 0x1000));
    lv_acquire(&s->ctx, t, &a);
    lv_acquired(&s->ctx, t, &a);
    fork_here();
    lv_acquire(&s->ctx, scenario_thread(s, 1), &a);
    take_memory();
}
END_TEST

/* A child of the child. */
START_TEST(orphan_for_generations)
{
    write_lock(2, "A");
    write_lock(1, "B");
    fork_here();
    write_lock(4, "C");
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 4));
    scenario_begin(s, 4, "A", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    scenario_begin(s, 4, "B", LV_WRITE, 0);
    scenario_expect(s, LV_FINDING_FORK, MISUSE);
    unlock(4, "C");
    take_memory();
}
END_TEST

/* ---- waits --------------------------------------------------------------------------------------------------------- */

#define COND ((uintptr_t)0x560000000000)

/* The thread waits on number @cond with the mutex @name. */
static void wait_on(unsigned thread, unsigned cond, const char *name)
{
    struct lv_thread *t = scenario_thread(s, thread);
    struct lv_acquisition again;
    struct lv_held_record held;

    write_lock(thread, name);
    held = lv_held_record_of(&t->held[0]);
    unlock(thread, name);
    again = scenario_begin(s, thread, name, LV_WRITE, 0);
    ck_assert(lv_wait_begin(&s->ctx, t, COND + cond * 64, &held, &again));
}

static void come_back(unsigned thread)
{
    lv_wait_end(&s->ctx, scenario_thread(s, thread));
}

START_TEST(two_mutexes)
{
    const struct scenario_report *report;

    wait_on(1, 0, "A");
    wait_on(2, 0, "B");
    report = scenario_expect(s, LV_FINDING_COND, MISUSE);
    ck_assert_str_eq(report->subject, "B");
    ck_assert_str_eq(report->holder, "A");
    ck_assert(report->holder_waits);
    wait_on(3, 0, "A"); /* the same finding from the other side */
    wait_on(4, 0, "B");
}
END_TEST

START_TEST(one_mutex_at_a_time)
{
    wait_on(1, 0, "A");
    wait_on(2, 0, "A");
    wait_on(3, 1, "B");
    wait_on(4, 1, "B");
    come_back(1);
    come_back(2);
    wait_on(1, 0, "C");
    come_back(1);
    come_back(3);
    come_back(4);
    wait_on(1, 1, "A");
}
END_TEST

/* Two instances of one class are two mutexes. */
START_TEST(two_mutexes_of_one_class)
{
    wait_on(1, 0, "A1");
    wait_on(2, 0, "A2");
    scenario_expect(s, LV_FINDING_COND, MISUSE);
}
END_TEST

/* Waits that were woken, though not over, bind no more; those that began since do. */
START_TEST(woken)
{
    wait_on(1, 0, "A");
    lv_wait_signalled(&s->ctx, COND);
    wait_on(2, 0, "B");
    scenario_expect_clean(s);
    wait_on(3, 0, "A");
    scenario_expect(s, LV_FINDING_COND, MISUSE);
}
END_TEST

/* Condition variables without number: they share the places of the table, and nothing else. */
START_TEST(shared_places)
{
    char name[16];

    for (unsigned i = 0; i < 14; i++) {
        for (unsigned k = 0; k < 200; k++) {
            (void)snprintf(name, sizeof(name), "L%u", k);
            wait_on(1 + i, i * 200 + k, name);
            if (k != 199)
                come_back(1 + i);
        }
    }
    scenario_expect_clean(s);
    wait_on(15, 199, "M");
    scenario_expect(s, LV_FINDING_COND, MISUSE);
}
END_TEST

START_TEST(waits_end_with_their_threads)
{
    wait_on(1, 0, "A");
    lv_thread_free(&s->ctx, scenario_thread(s, 1));
    wait_on(2, 0, "B");
    scenario_expect_clean(s);
    come_back(2);
    for (size_t i = 0; i < LV_WAIT_PLACES; i++)
        ck_assert_uint_eq(s->ctx.waits[i].waiters, 0);
}
END_TEST

/* In a child only the thread's own wait is left, which a signal handler that forked had interrupted. */
START_TEST(waits_and_fork)
{
    wait_on(1, 0, "A");
    wait_on(2, 1, "B");
    lv_thread_after_fork(&s->ctx, scenario_thread(s, 1));
    wait_on(3, 1, "C");
    scenario_expect_clean(s);
    wait_on(4, 0, "D");
    scenario_expect(s, LV_FINDING_COND, MISUSE);
    come_back(1);
    come_back(3);
    come_back(4);
    for (size_t i = 0; i < LV_WAIT_PLACES; i++)
        ck_assert_uint_eq(s->ctx.waits[i].waiters, 0);
}
END_TEST

/* A handler that waits while its thread waits: the first wait is the one that counts. */
START_TEST(wait_in_a_wait)
{
    struct lv_thread *t = scenario_thread(s, 1);
    struct lv_acquisition again;
    struct lv_held_record held;

    wait_on(1, 0, "A");
    write_lock(1, "B");
    held = lv_held_record_of(&t->held[0]);
    again = scenario_begin(s, 1, "C", LV_WRITE, 0);
    ck_assert(!lv_wait_begin(&s->ctx, t, COND + 64, &held, &again));
    unlock(1, "B");
    wait_on(2, 1, "D");
    scenario_expect_clean(s);
    wait_on(3, 0, "B");
    scenario_expect(s, LV_FINDING_COND, MISUSE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        holder,
        no_holder,
        holder_that_let_go,
        holder_of_many,
        holder_that_ended,
        unlock_shows_the_holder,
        unlock_of_what_is_taken,
        orphan,
        no_orphan,
        orphan_of_a_known_chain,
        orphans_slow_their_class_only,
        orphan_made_anew,
        orphan_that_is_over,
        orphan_tried_and_timed,
        orphan_read,
        orphan_of_several,
        orphan_in_shared_memory,
        maps_are_no_orphans,
        orphan_for_generations,
        two_mutexes,
        one_mutex_at_a_time,
        two_mutexes_of_one_class,
        woken,
        shared_places,
        waits_end_with_their_threads,
        waits_and_fork,
        wait_in_a_wait,
    };

    return engine_run("sides", tests, LV_ARRAY_SIZE(tests));
}
