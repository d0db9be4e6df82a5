/* SPDX-License-Identifier: MIT */
/* The listing of all threads. */

#include "engine.h"
#include "engine/listing.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/lockval-test-listing.XXXXXX";
static char text[256 * 1024];

/* What the log got since the last call. */
static const char *log_text(void)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    size_t len = 0;
    ssize_t n;

    ck_assert_int_ge(fd, 0);
    while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    (void)close(fd);
    return text;
}

static void begin(void)
{
    char options[128];
    int fd = mkstemp(strcpy(path, "/tmp/lockval-test-listing.XXXXXX"));

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    (void)snprintf(options, sizeof(options), "log=%s", path);
    scenario_restart(s, options);
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    scenario_class(s, "B", SCENARIO_EXPLICIT);
}

static void end(void)
{
    (void)unlink(path);
}

static void expect_in(const char *wanted)
{
    ck_assert_msg(strstr(text, wanted) != NULL, "no '%s' in:\n%s", wanted, text);
}

static void expect_not_in(const char *unwanted)
{
    ck_assert_msg(strstr(text, unwanted) == NULL, "'%s' in:\n%s", unwanted, text);
}

static unsigned count_of(const char *word)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

/* Thread 2 has A and waits for B, which thread 1 has; thread 3 has nothing. */
static void make_threads(void)
{
    struct lv_held_record wanted;
    struct lv_blocked unused;

    write_lock(1, "B");
    write_lock(2, "A");
    (void)scenario_thread(s, 3);
    wanted = lv_held_record_of(&scenario_thread(s, 1)->held[0]);
    wanted.stack.v = 0;
    lv_blocked_begin_lock(scenario_thread(s, 2), &wanted, false, 0x7777, 0, &unused);
}

START_TEST(held_and_awaited)
{
    begin();
    make_threads();
    scenario_thread(s, 1)->guard++;
    lv_show_threads(&s->ctx, "SIGTERM", true);
    scenario_thread(s, 1)->guard--;
    (void)log_text();
    expect_in("\nShowing all threads of scenario[");
    expect_in("], at SIGTERM:\n\n");
    expect_in(" is trying to acquire lock:\n0x");
    expect_in(" (B){+.+.}-{4:4}, at: 0x7777\n  0x7777\nwhich is held by ");
    ck_assert_uint_eq(count_of("1 lock held by "), 2);
    ck_assert_uint_eq(count_of(" #0: 0x"), 2);
    ck_assert_uint_eq(count_of("no locks held by "), 2);
    expect_in(" (A){+.+.}-{4:4}, at: 0x");
    expect_in("\n=============================================\n");
    expect_not_in("without names");
    ck_assert_uint_eq(s->ctx.findings, 0);
    ck_assert_uint_eq(s->ctx.lock.word, 0);
    end();
}
END_TEST

/* A thread that the validator does not know may ask, too; nobody says on what occasion. */
START_TEST(by_a_stranger)
{
    begin();
    make_threads();
    lv_show_threads(&s->ctx, NULL, false);
    (void)log_text();
    expect_in("]:\n\n");
    expect_in(" (B){+.+.}-{4:4}, at: 0x7777\n");
    ck_assert_uint_eq(count_of("1 lock held by "), 2);
    end();
}
END_TEST

/* Somebody has the internal lock for good. */
START_TEST(without_the_internal_lock)
{
    begin();
    make_threads();
    lv_lock_take(&s->ctx.lock);
    lv_show_threads(&s->ctx, "SIGABRT", true);
    ck_assert_uint_eq(s->ctx.lock.word, 1);
    lv_lock_drop(&s->ctx.lock);
    (void)log_text();
    expect_in(", at SIGABRT:\n(without names: ");
    expect_in(" waits for lock 0x");
    ck_assert_uint_eq(count_of(" runs, holds 0x"), 1);
    ck_assert_uint_eq(count_of(", holds 0x"), 2);
    ck_assert_uint_eq(count_of(" runs\n"), 2);
    end();
}
END_TEST

/* Each wait has its words. */
START_TEST(all_ways_to_wait)
{
    static const char *const words[] = { " waits for the end of a thread", " waits on condition variable",
                                         " waits for semaphore", " waits at barrier", " waits for event" };
    struct lv_blocked what = { .wanted = { .address = 0x1230 }, .site = 0x8888 }, outer;

    begin();
    for (uint32_t wait = LV_WAITS_JOIN; wait <= LV_WAITS_EVENT; wait++) {
        what.wait = wait;
        lv_blocked_begin(scenario_thread(s, 1), &what, &outer);
        lv_show_threads(&s->ctx, NULL, false);
        lv_blocked_end(scenario_thread(s, 1), &outer);
        (void)log_text();
        expect_in(words[wait - LV_WAITS_JOIN]);
        expect_in(", for 0 ms:\n");
        expect_in("  0x8888\n");
    }
    lv_show_threads(&s->ctx, NULL, false);
    (void)log_text();
    expect_not_in(" wait");
    end();
}
END_TEST

/* More held locks than are kept, in more threads than one. */
START_TEST(many)
{
    char name[16];

    begin();
    for (unsigned thread = 1; thread <= 30; thread++) {
        for (unsigned i = 0; i < LV_STUCK_HELD + 4; i++) {
            (void)snprintf(name, sizeof(name), "%c%c%u", 'C' + i, 'A' + thread % 26, thread);
            write_lock(thread, name);
        }
    }
    lv_show_threads(&s->ctx, NULL, true);
    (void)log_text();
    ck_assert_uint_eq(count_of("20 locks held by "), 30);
    ck_assert_uint_eq(count_of(" (4 of them, the oldest, are not shown)\n"), 30);
    ck_assert_uint_eq(count_of(" #19: 0x"), 30);
    expect_not_in("cut here");
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        held_and_awaited, by_a_stranger, without_the_internal_lock, all_ways_to_wait, many,
    };

    return engine_run("listing", tests, LV_ARRAY_SIZE(tests));
}
