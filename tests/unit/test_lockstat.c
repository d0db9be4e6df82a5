/* SPDX-License-Identifier: MIT */
/* Lock statistics: what a thread counts, where it is kept, what becomes of it; and the kernel's layout. */

#include "engine.h"

#include <stdio.h>

#include "engine/lockstat.h"
#include "report/lockstat.h"

static void measured(void)
{
    scenario_restart(s, "lock_stat=1");
    s->site = 0x1000;
}

static const struct lv_lockstat *of(unsigned thread)
{
    return scenario_thread(s, thread)->lockstat;
}

/* The point of the thread for the class of @name, at @site. */
static struct lv_lockstat_point *point(unsigned thread, const char *name, uintptr_t site, bool reads)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_MUTEX);
    lv_class_id class = lv_identity_class(lv_identity_peek(&s->ctx, object));
    struct lv_lockstat_point *p = of(thread)->points;

    while (p != NULL && (p->class.v != class.v || p->site != site || p->reads != reads))
        p = p->next;
    return p;
}

/* The sum over all points of the thread. */
static uint64_t acquisitions(unsigned thread)
{
    uint64_t sum = 0;

    for (const struct lv_lockstat_point *p = of(thread)->points; p != NULL; p = p->next)
        sum += p->acquisitions;
    return sum;
}

static uint64_t holds(unsigned thread)
{
    uint64_t sum = 0;

    for (const struct lv_lockstat_point *p = of(thread)->points; p != NULL; p = p->next)
        sum += p->hold.count;
    return sum;
}

START_TEST(nothing_without_the_option)
{
    write_lock(1, "A");
    ck_assert_ptr_null(of(1));
    ck_assert(!scenario_thread(s, 1)->measured);
    unlock(1, "A");
}
END_TEST

START_TEST(by_class_mode_and_site)
{
    measured();
    for (int i = 0; i < 3; i++) {
        write_lock(1, "A");
        unlock(1, "A");
        read_lock(1, "R");
        unlock(1, "R");
        s->site += 0x10;
    }
    write_lock(1, "B");
    ck_assert_uint_ne(scenario_thread(s, 1)->attention, 0);
    ck_assert_uint_eq(point(1, "A", 0x1000, false)->acquisitions, 1);
    ck_assert_uint_eq(point(1, "A", 0x1020, false)->hold.count, 1);
    ck_assert_uint_eq(point(1, "R", 0x1010, true)->acquisitions, 1);
    ck_assert_ptr_null(point(1, "R", 0x1010, false));
    ck_assert_uint_eq(point(1, "B", 0x1030, false)->acquisitions, 1);
    ck_assert_uint_eq(point(1, "B", 0x1030, false)->hold.count, 0);
    unlock(1, "B");
    ck_assert_uint_eq(holds(1), 7);
    ck_assert_uint_eq(of(1)->hold_count, 0);
}
END_TEST

/* More places than the table begins with, and more locks held at once. */
START_TEST(tables_grow)
{
    char name[16];

    measured();
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 1000; i++) {
            s->site = 0x1000 + 4 * i;
            write_lock(1, "A");
            unlock(1, "A");
        }
    }
    ck_assert_uint_eq(acquisitions(1), 2000);
    ck_assert_uint_eq(point(1, "A", 0x1000 + 4 * 777, false)->acquisitions, 2);
    ck_assert_uint_ge(of(1)->mask + 1, 1024);
    s->site = 0x9000;
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "L%d", i);
        write_lock(1, name);
    }
    ck_assert_uint_eq(of(1)->hold_count, 100);
    for (int i = 0; i < 100; i++) { /* the oldest first */
        (void)snprintf(name, sizeof(name), "L%d", i);
        unlock(1, name);
    }
    ck_assert_uint_eq(of(1)->hold_count, 0);
    ck_assert_uint_eq(holds(1), 2100);
}
END_TEST

/* Who waits counts the holder's site, also when it gives up, and also for a reader among several. */
START_TEST(waits_and_holders)
{
    struct lv_acquisition a;
    const struct lv_lockstat_point *p;

    measured();
    write_lock(1, "A");
    s->site = 0x2000;
    a = scenario_begin(s, 2, "A", LV_WRITE, LV_TIMED);
    lv_lockstat_contended(&s->ctx, scenario_thread(s, 2), &a, lv_clock_ticks(), true);
    lv_lockstat_failed(&s->ctx, scenario_thread(s, 2), &a);
    a = scenario_begin(s, 2, "A", LV_WRITE, 0);
    lv_lockstat_contended(&s->ctx, scenario_thread(s, 2), &a, lv_clock_ticks(), true);
    unlock(1, "A");
    lv_acquired(&s->ctx, scenario_thread(s, 2), &a);
    p = point(2, "A", 0x2000, false);
    ck_assert_uint_eq(p->acquisitions, 1);
    ck_assert_uint_eq(p->failed, 1);
    ck_assert_uint_eq(p->wait.count, 2);
    ck_assert_uint_le(p->wait.min, p->wait.max);
    ck_assert_uint_ge(p->wait.total, p->wait.max);
    ck_assert_ptr_nonnull(p->meetings);
    ck_assert_uint_eq(p->meetings->count, 2);
    ck_assert_ptr_null(p->meetings->next);
    unlock(2, "A");
    a = scenario_begin(s, 2, "B", LV_WRITE, 0);
    lv_lockstat_contended(&s->ctx, scenario_thread(s, 2), &a, lv_clock_ticks(), false); /* nobody has it */
    lv_acquired(&s->ctx, scenario_thread(s, 2), &a);
    ck_assert_uint_eq(point(2, "B", 0x2000, false)->wait.count, 0);
    a = scenario_begin(s, 1, "B", LV_WRITE, 0);
    lv_lockstat_contended(&s->ctx, scenario_thread(s, 1), &a, lv_clock_ticks(), false);
    unlock(2, "B");
    lv_acquired(&s->ctx, scenario_thread(s, 1), &a);
    ck_assert_uint_eq(point(1, "B", 0x2000, false)->wait.count, 1);
    unlock(1, "B");
}
END_TEST

/* A handler that waits, too, in the middle of a wait; and waits that were left by jumps. */
START_TEST(waits_in_waits)
{
    struct lv_thread *t;
    struct lv_acquisition a, b;
    char name[16];

    measured();
    t = scenario_thread(s, 1);
    a = scenario_begin(s, 1, "A", LV_WRITE, 0);
    lv_lockstat_contended(&s->ctx, t, &a, lv_clock_ticks(), true);
    b = scenario_begin(s, 1, "B", LV_WRITE, 0);
    lv_lockstat_contended(&s->ctx, t, &b, lv_clock_ticks(), true);
    lv_acquired(&s->ctx, t, &b);
    lv_release(&s->ctx, t, b.address, LV_KIND_MUTEX, 0x1000);
    lv_acquired(&s->ctx, t, &a);
    ck_assert_uint_eq(point(1, "A", 0x1000, false)->wait.count, 1);
    ck_assert_uint_eq(point(1, "B", 0x1000, false)->wait.count, 1);
    unlock(1, "A");
    for (int i = 0; i < 2 * LV_LOCKSTAT_WAITS; i++) {
        (void)snprintf(name, sizeof(name), "J%d", i);
        b = scenario_begin(s, 1, name, LV_WRITE, 0);
        lv_lockstat_contended(&s->ctx, t, &b, lv_clock_ticks(), true);
    }
    lv_acquired(&s->ctx, t, &b); /* the last one is still known */
    ck_assert_uint_eq(point(1, name, 0x1000, false)->wait.count, 1);
    lv_release(&s->ctx, t, b.address, LV_KIND_MUTEX, 0x1000);
}
END_TEST

/* What leaves the books without a release has no time, and does not stay. */
START_TEST(locks_that_are_lost)
{
    char name[16];

    measured();
    for (int i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof(name), "L%d", i);
        write_lock(1, name);
        ck_assert(lv_held_drop(scenario_thread(s, 1), scenario_object(s, name, LV_KIND_MUTEX)->address));
    }
    ck_assert_uint_le(of(1)->hold_count, 1);
    write_lock(1, "A");
    unlock(1, "A");
    ck_assert_uint_eq(holds(1), 1);
    ck_assert_uint_eq(acquisitions(1), 201);
}
END_TEST

/* A state keeps its numbers for the next thread; a forked child begins at zero, and a lock held over the fork has no time there. */
START_TEST(threads_and_children)
{
    struct lv_thread *t;
    struct lv_locked locked;

    measured();
    write_lock(1, "A");
    t = scenario_thread(s, 1);
    lv_thread_free(&s->ctx, t);
    ck_assert_ptr_eq(lv_thread_new(&s->ctx), t);
    ck_assert_uint_eq(t->lockstat->hold_count, 0);
    ck_assert_uint_eq(acquisitions(1), 1);
    write_lock(1, "B");
    locked = lv_context_lock(&s->ctx);
    lv_lockstat_after_fork(&s->ctx);
    lv_context_unlock(&s->ctx, &locked);
    unlock(1, "B");
    ck_assert_uint_eq(acquisitions(1) + holds(1), 0);
    write_lock(1, "B");
    unlock(1, "B");
    ck_assert_uint_eq(acquisitions(1), 1);
    ck_assert_uint_eq(holds(1), 1);
}
END_TEST

/* Points of classes whose numbers are given to others are used again. */
START_TEST(zapped_classes)
{
    struct lv_locked locked;
    lv_class_id class;
    uint32_t count = 0;

    measured();
    for (int i = 0; i < 3; i++) {
        write_lock(1, "A");
        unlock(1, "A");
    }
    write_lock(1, "B");
    unlock(1, "B");
    class = point(1, "A", 0x1000, false)->class;
    locked = lv_context_lock(&s->ctx);
    lv_classes_get(&s->ctx.classes, class)->zapped = true;
    lv_lockstat_zap(&s->ctx);
    lv_classes_get(&s->ctx.classes, class)->zapped = false;
    lv_context_unlock(&s->ctx, &locked);
    ck_assert_uint_eq(s->ctx.lockstat_gone.acquisitions, 3);
    ck_assert_ptr_null(point(1, "A", 0x1000, false));
    ck_assert_uint_eq(acquisitions(1), 1);
    write_lock(1, "C");
    unlock(1, "C");
    write_lock(1, "B");
    unlock(1, "B");
    for (const struct lv_lockstat_point *p = of(1)->points; p != NULL; p = p->next)
        count++;
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(point(1, "B", 0x1000, false)->acquisitions, 2);
    ck_assert_uint_eq(point(1, "C", 0x1000, false)->acquisitions, 1);
}
END_TEST

/* Without memory something is not counted, and nothing else changes. */
START_TEST(no_memory)
{
    char name[16];

    measured();
    write_lock(1, "A");
    unlock(1, "A");
    s->ctx.arena.fail_from = s->ctx.arena.count + 1;
    s->ctx.arena.fail_to = UINT32_MAX;
    for (unsigned i = 0; i < 100; i++) {
        s->site = 0x2000 + i;
        write_lock(1, "A");
        ck_assert_uint_eq(scenario_thread(s, 1)->depth, 1);
        unlock(1, "A");
        ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
    }
    s->ctx.arena.fail_from = 0;
    ck_assert_uint_lt(acquisitions(1), 101);
    ck_assert_uint_eq(acquisitions(1), holds(1));
    (void)snprintf(name, sizeof(name), "A");
    s->site = 0x1000;
    write_lock(1, name);
    unlock(1, name);
    ck_assert_uint_eq(point(1, "A", 0x1000, false)->acquisitions, 2);
}
END_TEST

/* Facts about the kernel's layout: the columns, microseconds with two digits, dashes under the name, dots behind a class. */
START_TEST(layout)
{
    static const struct lv_lockstat_place waiter = { "f+0x1 (p)", 0x1234, 3 }, holder = { "g+0x2 (p)", 0x5678, 3 };
    struct lv_lockstat_class class = {
        .name = "lock",
        .write = { .acquisitions = 10, .wait = { 3, 1005, 2994, 6000 }, .hold = { 10, 0, 99, 100 } },
        .waiter_count = 1,
        .holder_count = 1,
        .waiters = &waiter,
        .holders = &holder,
    };
    char buf[8192], wanted[8192], line[256];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_lockstat_put_class(&class, &text);
    (void)snprintf(wanted, sizeof(wanted),
                   "%39s: %14s %14d %14s %14s %14s %14s %14s %14d %14s %14s %14s %14s\n%40s\n%40s %14d %29s %s\n%40s\n"
                   "%40s %14d %29s %s\n\n",
                   "lock", "-", 3, "1.01", "2.99", "6.00", "2.00", "-", 10, "0.00", "0.10", "0.10", "0.01", "----",
                   "lock", 3, "[<0000000000001234>]", "f+0x1 (p)", "----", "lock", 3, "[<0000000000005678>]",
                   "g+0x2 (p)");
    memset(line, '.', 221);
    line[221] = '\0';
    (void)snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "%s\n\n", line);
    ck_assert_str_eq(buf, wanted);

    class.read.acquisitions = 1;
    class.waiter_count = class.holder_count = 0;
    lv_text_init(&text, buf, sizeof(buf));
    lv_lockstat_put_class(&class, &text);
    ck_assert_ptr_nonnull(strstr(buf, " lock-W: "));
    ck_assert_ptr_nonnull(strstr(buf, " lock-R: "));
    ck_assert_ptr_null(strstr(buf, "...."));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_without_the_option, by_class_mode_and_site, tables_grow,    waits_and_holders, waits_in_waits,
        locks_that_are_lost,        threads_and_children,   zapped_classes, no_memory,         layout,
    };

    return engine_run("lock statistics", tests, sizeof(tests) / sizeof(tests[0]));
}
