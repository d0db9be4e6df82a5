/* SPDX-License-Identifier: MIT */
/* What a line of progress says, which words choose colours, and how a terminal is told from what is none. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "common/progress.h"
#include "common/terminal.h"

static void check_text(uint64_t done, uint64_t total, enum cli_progress_unit unit, int64_t elapsed_ms,
                       const char *wanted)
{
    const struct cli_progress progress = { .what = "work", .done = done, .total = total, .unit = unit };
    char *text = cli_progress_text(&progress, elapsed_ms);

    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(steps)
{
    check_text(0, 20, CLI_PROGRESS_STEPS, 0, "work: 0 of 20, 0.0 s");
    check_text(0, 20, CLI_PROGRESS_STEPS, 5000, "work: 0 of 20, 5.0 s");
    check_text(5, 20, CLI_PROGRESS_STEPS, 500, "work: 5 of 20, 0.5 s");
    check_text(5, 20, CLI_PROGRESS_STEPS, 5000, "work: 5 of 20, 5.0 s, about 16 s left");
    check_text(20, 20, CLI_PROGRESS_STEPS, 5000, "work: 20 of 20, 5.0 s");
    check_text(21, 20, CLI_PROGRESS_STEPS, 5000, "work: 21 of 20, 5.0 s");
    check_text(7, 0, CLI_PROGRESS_STEPS, 2500, "work: 7, 2.5 s");
}
END_TEST

START_TEST(bytes)
{
    check_text(1500000, 3000000, CLI_PROGRESS_BYTES, 2000, "work: 1.5 MB of 3.0 MB, 2.0 s, about 3 s left");
    check_text(1, 0, CLI_PROGRESS_BYTES, 0, "work: 0.0 MB, 0.0 s");
    check_text(1, UINT64_MAX, CLI_PROGRESS_STEPS, 0, "work: 1 of 18446744073709551615, 0.0 s");
}
END_TEST

/* What a terminal is not shows nothing, whatever is done. */
START_TEST(no_terminal)
{
    int before = dup(STDERR_FILENO), pipes[2];
    struct cli_progress progress;
    char byte;

    ck_assert_int_eq(pipe2(pipes, O_NONBLOCK), 0);
    ck_assert_int_ge(dup2(pipes[1], STDERR_FILENO), 0);
    cli_progress_begin(&progress, "work", 3, CLI_PROGRESS_STEPS);
    progress.begun_ms -= 60000;
    cli_progress_add(&progress, 1);
    cli_progress_at(&progress, 2);
    cli_progress_clear(&progress);
    cli_progress_end(&progress);
    (void)dup2(before, STDERR_FILENO);
    ck_assert_int_eq(progress.on, 0);
    ck_assert_int_eq((int)read(pipes[0], &byte, 1), -1);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    (void)close(before);
}
END_TEST

START_TEST(colours)
{
    enum cli_when when = CLI_ALWAYS;

    ck_assert(cli_when_of("auto", &when) && when == CLI_AUTO);
    ck_assert(cli_when_of("never", &when) && when == CLI_NEVER);
    ck_assert(cli_when_of("always", &when) && when == CLI_ALWAYS);
    ck_assert(!cli_when_of("", &when) && !cli_when_of("alway", &when) && !cli_when_of("AUTO", &when));
    ck_assert(when == CLI_ALWAYS);
    ck_assert(cli_colours(CLI_ALWAYS, -1) && !cli_colours(CLI_NEVER, STDOUT_FILENO) && !cli_colours(CLI_AUTO, -1));
    ck_assert_str_eq(cli_colour_begin(false, CLI_RED), "");
    ck_assert_str_eq(cli_colour_end(false, CLI_RED), "");
    ck_assert_str_eq(cli_colour_begin(true, CLI_PLAIN), "");
    ck_assert_str_eq(cli_colour_end(true, CLI_PLAIN), "");
    ck_assert_str_eq(cli_colour_begin(true, CLI_RED), "\033[1;31m");
    ck_assert_str_eq(cli_colour_end(true, CLI_RED), "\033[0m");
    ck_assert_uint_eq(cli_terminal_width(-1), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tcase = tcase_create("progress");

    tcase_add_test(tcase, steps);
    tcase_add_test(tcase, bytes);
    tcase_add_test(tcase, no_terminal);
    tcase_add_test(tcase, colours);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
