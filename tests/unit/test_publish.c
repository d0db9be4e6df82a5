/* SPDX-License-Identifier: MIT */
/* From a finding to the world: once each, to sink, callback and log, counted for the exit status. */

#include "engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CIRCULAR LV_FINDING_CIRCULAR
#define POTENTIAL LV_VERDICT_POTENTIAL
#define FEASIBLE LV_VERDICT_FEASIBLE

static unsigned callbacks;
static char callback_text[65536];

static void callback(const struct lv_report *report, const char *text, void *arg)
{
    ck_assert_ptr_eq(arg, &callbacks);
    ck_assert_int_eq(report->kind, CIRCULAR);
    ck_assert_uint_lt(strlen(text), sizeof(callback_text));
    memcpy(callback_text, text, strlen(text) + 1);
    callbacks++;
}

static void make_finding(const char *one, const char *other)
{
    char names[64];

    (void)snprintf(names, sizeof(names), "%s %s", one, other);
    scenario_chain(s, 1, names);
    (void)snprintf(names, sizeof(names), "%s %s", other, one);
    scenario_chain(s, 2, names);
}

START_TEST(the_callback_is_told)
{
    callbacks = 0;
    s->ctx.callback = callback;
    s->ctx.callback_arg = &callbacks;
    make_finding("A", "B");
    scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_uint_eq(callbacks, 1);
    ck_assert_ptr_nonnull(strstr(callback_text, "possible circular locking dependency detected"));
    ck_assert_ptr_nonnull(strstr(callback_text, "scenario["));
}
END_TEST

START_TEST(the_guard_is_held_while_findings_go_out)
{
    make_finding("A", "B");
    scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_uint_eq(scenario_thread(s, 1)->guard, 0);
    ck_assert_uint_eq(scenario_thread(s, 2)->guard, 0);
    ck_assert_uint_eq(s->ctx.lock.word, 0);
}
END_TEST

START_TEST(counts_and_exit_status)
{
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 3);
    make_finding("A", "B");
    scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_uint_eq(s->ctx.findings, 1);
    ck_assert_uint_eq(s->ctx.counted, 1);
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 66);
}
END_TEST

START_TEST(fail_on)
{
    scenario_restart(s, "fail_on=misuse");
    make_finding("A", "B");
    scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_uint_eq(s->ctx.findings, 1);
    ck_assert_uint_eq(s->ctx.counted, 0);
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 3);
    unlock(1, "A");
    scenario_expect(s, LV_FINDING_UNLOCK, LV_VERDICT_MISUSE);
    ck_assert_uint_eq(s->ctx.counted, 1);
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 66);
}
END_TEST

START_TEST(fail_on_never)
{
    scenario_restart(s, "fail_on=never");
    write_lock(1, "A");
    write_lock(1, "A");
    scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 3);
}
END_TEST

START_TEST(exitcode_0_leaves_the_status)
{
    scenario_restart(s, "exitcode=0");
    make_finding("A", "B");
    scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_int_eq(lv_exit_status(&s->ctx, 3), 3);
}
END_TEST

/* The same finding in another process has the same fingerprint, in whatever order its locks were met. */
START_TEST(fingerprints)
{
    char first[20];

    scenario_class(s, "A", SCENARIO_EXPLICIT);
    scenario_class(s, "B", SCENARIO_EXPLICIT);
    make_finding("A", "B");
    memcpy(first, scenario_expect(s, CIRCULAR, FEASIBLE)->fingerprint, sizeof(first));
    ck_assert_uint_eq(strlen(first), 16);
    scenario_restart(s, NULL);
    scenario_class(s, "C", SCENARIO_EXPLICIT);
    scenario_class(s, "B", SCENARIO_EXPLICIT);
    scenario_class(s, "A", SCENARIO_EXPLICIT);
    make_finding("C", "A");
    ck_assert_str_ne(scenario_expect(s, CIRCULAR, FEASIBLE)->fingerprint, first);
    make_finding("B", "A");
    ck_assert_str_eq(scenario_expect(s, CIRCULAR, FEASIBLE)->fingerprint, first);
}
END_TEST

/* Misuse at two places of the program is two findings. */
START_TEST(misuse_by_site)
{
    s->site = 0x1000;
    unlock(1, "A");
    scenario_expect(s, LV_FINDING_UNLOCK, LV_VERDICT_MISUSE);
    unlock(1, "A");
    scenario_expect_clean(s);
    s->site = 0x2000;
    unlock(1, "A");
    scenario_expect(s, LV_FINDING_UNLOCK, LV_VERDICT_MISUSE);
}
END_TEST

START_TEST(what_the_thread_holds_is_in_the_report)
{
    const struct scenario_report *report;

    scenario_chain(s, 1, "A B");
    write_lock(2, "X");
    write_lock(2, "Y");
    write_lock(2, "B");
    (void)scenario_begin(s, 2, "A", LV_WRITE, 0);
    report = scenario_expect(s, CIRCULAR, FEASIBLE);
    ck_assert_uint_eq(report->held_count, 3);
}
END_TEST

/* A long cycle, with everything that belongs to it. */
START_TEST(long_cycle)
{
    const struct scenario_report *report;

    for (char c = 'A'; c < 'Z'; c++) {
        const char pair[] = { c, ' ', (char)(c + 1), '\0' };

        scenario_chain(s, (unsigned)(c - 'A') % 10 + 1, pair);
    }
    scenario_chain(s, 11, "Z A");
    report = scenario_expect(s, CIRCULAR, POTENTIAL);
    ck_assert_uint_eq(report->edge_count, 26);
}
END_TEST

/* The rest needs the default sink. */
static void read_all(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    ck_assert_int_ge(fd, 0);
    n = read(fd, buf, size - 1);
    ck_assert_int_gt(n, 0);
    buf[n] = '\0';
    (void)close(fd);
}

START_TEST(log_to_a_file)
{
    char path[] = "/tmp/lockval-test-publish.XXXXXX", options[128], text[65536];
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    (void)snprintf(options, sizeof(options), "log=%s", path);
    scenario_restart(s, options);
    s->ctx.sink = lv_context_write_log;
    make_finding("A", "B");
    make_finding("C", "D");
    read_all(path, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "possible circular locking dependency detected"));
    ck_assert_ptr_nonnull(strstr(strstr(text, "dependency detected") + 1, "dependency detected"));
    (void)close(fd);
    (void)unlink(path);
}
END_TEST

/* Each report in the log ends with the command that has more; what the record has of it does not. */
START_TEST(hint)
{
    char record[] = "/tmp/lockval-test-publish.XXXXXX", log[] = "/tmp/lockval-test-publish.XXXXXX";
    char options[128], text[65536], said[128], *end;
    int fd = mkstemp(record), log_fd = mkstemp(log);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge(log_fd, 0);
    for (int with = 0; with < 2; with++) {
        (void)snprintf(options, sizeof(options), with ? "log=%s:record=%s" : "log=%s", log, record);
        scenario_restart(s, options);
        s->ctx.sink = lv_context_write_log;
        lv_recorder_start(&s->ctx);
        ck_assert_int_eq(ftruncate(log_fd, 0), 0);
        make_finding("A", "B");
        make_finding("C", "D");
        read_all(log, text, sizeof(text));
        (void)snprintf(said, sizeof(said), "\nin plain words: lockval explain %s\n", with ? record : "circular");
        end = strstr(text, said);
        ck_assert_ptr_nonnull(end);
        ck_assert(end < strstr(strstr(text, "WARNING: ") + 1, "WARNING: "));
        ck_assert_str_eq(text + strlen(text) - strlen(said), said);
    }
    read_all(record, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "dependency detected"));
    ck_assert_ptr_null(strstr(text, "plain words"));
    lv_recorder_end(&s->ctx, 0);
    (void)close(fd);
    (void)close(log_fd);
    (void)unlink(record);
    (void)unlink(log);
}
END_TEST

/* Run @body in a child with stderr in a pipe. Returns its wait status. */
static int run_child(void (*body)(void), char *text, size_t size)
{
    int ends[2], status;
    size_t len = 0;
    ssize_t n;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)dup2(ends[1], 2);
        (void)close(ends[0]);
        body();
        _exit(0);
    }
    (void)close(ends[1]);
    while (len < size - 1 && (n = read(ends[0], text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    (void)close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void find_two(void)
{
    s->ctx.sink = lv_context_write_log;
    make_finding("A", "B");
    make_finding("C", "D");
}

START_TEST(log_to_stderr)
{
    char text[65536];
    int status = run_child(find_two, text, sizeof(text));

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_ptr_nonnull(strstr(text, "possible circular locking dependency detected"));
}
END_TEST

START_TEST(log_to_nowhere)
{
    char text[65536];

    scenario_restart(s, "log=none");
    (void)run_child(find_two, text, sizeof(text));
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(log_that_cannot_be_opened)
{
    char text[65536];

    scenario_restart(s, "log=/nonexistent/log");
    (void)run_child(find_two, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "possible circular locking dependency detected"));
}
END_TEST

START_TEST(halt_on_error)
{
    char text[65536];
    const char *first;
    int status;

    scenario_restart(s, "halt_on_error=1");
    status = run_child(find_two, text, sizeof(text));
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 66);
    first = strstr(text, "dependency detected");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "dependency detected"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_callback_is_told,
        the_guard_is_held_while_findings_go_out,
        counts_and_exit_status,
        fail_on,
        fail_on_never,
        exitcode_0_leaves_the_status,
        fingerprints,
        misuse_by_site,
        what_the_thread_holds_is_in_the_report,
        long_cycle,
        log_to_a_file,
        hint,
        log_to_stderr,
        log_to_nowhere,
        log_that_cannot_be_opened,
        halt_on_error,
    };

    return engine_run("publish", tests, LV_ARRAY_SIZE(tests));
}
