/* SPDX-License-Identifier: MIT */
/* Programs that the command starts and stays with: tools/lockval/common/child.h. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "base/types.h"
#include "common/child.h"
#include "common/memory.h"
#include "common/preload.h"

enum {
    LONG_MS = 30000
};

static const struct cli_child_how quiet = { .in = CLI_CHILD_NULL, .out = CLI_CHILD_NULL, .err = CLI_CHILD_SAME };

static void start(struct cli_child *child, const struct cli_child_how *how, const char *script)
{
    char *const argv[] = { "sh", "-c", (char *)script, NULL };

    ck_assert_int_eq(cli_child_start(child, how, argv), 0);
}

/* One line from @fd, without its end. */
static void read_line(int fd, char *line, size_t size)
{
    size_t len = 0;

    while (len + 1 < size && read(fd, line + len, 1) == 1 && line[len] != '\n')
        len++;
    line[len] = '\0';
}

START_TEST(test_status)
{
    struct cli_child child;
    int which;

    start(&child, &quiet, "exit 7");
    ck_assert_int_eq(cli_child_wait(&child, 1, LONG_MS, &which), CLI_CHILD_ENDED);
    ck_assert_int_eq(which, 0);
    ck_assert(child.ended && WIFEXITED(child.status));
    ck_assert_int_eq(WEXITSTATUS(child.status), 7);
    cli_child_end(&child);
    ck_assert(child.ended && child.pid == 0 && WEXITSTATUS(child.status) == 7);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);

    start(&child, &quiet, "kill -USR1 $$");
    ck_assert_int_eq(cli_child_wait(&child, 1, LONG_MS, &which), CLI_CHILD_ENDED);
    ck_assert(WIFSIGNALED(child.status));
    ck_assert_int_eq(WTERMSIG(child.status), SIGUSR1);
    cli_child_end(&child);
}
END_TEST

START_TEST(test_cannot_start)
{
    char *const none[] = { "/no/such/program", NULL };
    char *const folder[] = { "/", NULL };
    struct cli_child child;

    ck_assert_int_eq(cli_child_start(&child, &quiet, none), ENOENT);
    ck_assert(child.pid == 0);
    ck_assert_int_eq(cli_child_start(&child, &quiet, folder), EACCES);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(test_timeout)
{
    struct cli_child child;
    int which;

    start(&child, &quiet, "exec sleep 1000");
    ck_assert_int_eq(cli_child_wait(&child, 1, 20, &which), CLI_CHILD_TIMEOUT);
    ck_assert(!child.ended);
    cli_child_end(&child);
    ck_assert(WIFSIGNALED(child.status));
    ck_assert_int_eq(WTERMSIG(child.status), SIGKILL);
    ck_assert_int_eq(cli_child_wait(&child, 1, LONG_MS, &which), CLI_CHILD_TIMEOUT);
}
END_TEST

START_TEST(test_several)
{
    struct cli_child children[3];
    int which, seen = 0;

    start(&children[0], &quiet, "exec sleep 1000");
    start(&children[1], &quiet, "exit 1");
    start(&children[2], &quiet, "exit 2");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(cli_child_wait(children, 3, LONG_MS, &which), CLI_CHILD_ENDED);
        ck_assert_int_eq(WEXITSTATUS(children[which].status), which);
        seen |= 1 << which;
    }
    ck_assert_int_eq(seen, 6);
    for (int i = 0; i < 3; i++)
        cli_child_end(&children[i]);
}
END_TEST

/* What the child leaves behind goes with it. */
START_TEST(test_group)
{
    struct cli_child_how how = quiet;
    struct cli_child child;
    int out[2], which;
    char line[64];

    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    how.out = out[1];
    start(&child, &how, "sleep 1000 & echo started");
    (void)close(out[1]);
    read_line(out[0], line, sizeof(line));
    ck_assert_str_eq(line, "started");
    ck_assert_int_eq(cli_child_wait(&child, 1, LONG_MS, &which), CLI_CHILD_ENDED);
    cli_child_end(&child);
    /* The end of the pipe comes when nobody has its other end any more. */
    ck_assert_int_eq(read(out[0], line, 1), 0);
    (void)close(out[0]);
}
END_TEST

/* The signals that are followed reach the child, and not the command. */
START_TEST(test_signals)
{
    struct cli_child_how how = quiet;
    struct cli_child child;
    int out[2], which;
    char line[64];

    ck_assert(cli_children_begin());
    ck_assert(cli_children_begin());
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    how.out = out[1];
    start(&child, &how, "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.01; done");
    (void)close(out[1]);
    read_line(out[0], line, sizeof(line));
    ck_assert_str_eq(line, "ready");
    ck_assert_int_eq(cli_children_signal(), 0);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    ck_assert_int_eq(cli_child_wait(&child, 1, LONG_MS, &which), CLI_CHILD_SIGNAL);
    ck_assert_int_eq(which, SIGTERM);
    ck_assert_int_eq(cli_children_signal(), SIGTERM);
    ck_assert_int_eq(cli_child_wait(&child, 1, LONG_MS, &which), CLI_CHILD_ENDED);
    ck_assert_int_eq(WEXITSTATUS(child.status), 9);
    read_line(out[0], line, sizeof(line));
    ck_assert_str_eq(line, "got");
    cli_child_end(&child);
    (void)close(out[0]);
}
END_TEST

START_TEST(test_die)
{
    (void)cli_children_begin();
    cli_children_die(SIGTERM);
}
END_TEST

START_TEST(test_preload)
{
    struct cli_child_how how = quiet;
    struct cli_child child;
    char line[4096], *library = cli_library_path(), *wanted;
    int out[2];

    ck_assert_ptr_nonnull(library); /* the test lies as deep in the build tree as the command does */
    ck_assert_int_eq(setenv("LOCKVAL_OPTIONS", "stats=0", 1), 0);
    ck_assert_int_eq(setenv("LD_PRELOAD", "libdl.so.2", 1), 0);
    how.library = library;
    how.options = "exitcode=1";
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    how.out = out[1];
    start(&child, &how, "echo \"$LD_PRELOAD $LOCKVAL_OPTIONS\"");
    (void)close(out[1]);
    read_line(out[0], line, sizeof(line));
    wanted = cli_printf("%s:libdl.so.2 stats=0:exitcode=1", library);
    ck_assert_str_eq(line, wanted);
    ck_assert_str_eq(getenv("LOCKVAL_OPTIONS"), "stats=0");
    cli_child_end(&child);
    (void)close(out[0]);
    free(wanted);
    free(library);
}
END_TEST

START_TEST(test_preload_values)
{
    static const char *const cases[][2] = {
        { NULL, "/l.so" },
        { "", "/l.so" },
        { "a.so", "/l.so:a.so" },
        { " a.so:: b.so ", "/l.so:a.so:b.so" },
        { "/x/liblockval.so.0:a.so", "/l.so:a.so" },
        { "a.so:libasan.so.8", "libasan.so.8:/l.so:a.so" },
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(cases); i++) {
        char *value = cli_preload_value(cases[i][0], "/l.so");

        ck_assert_str_eq(value, cases[i][1]);
        free(value);
    }
}
END_TEST

START_TEST(test_options)
{
    char *options = NULL;

    ck_assert(cli_options_add(&options, "log", "/a"));
    ck_assert(cli_options_add(&options, "x", "a:b"));
    ck_assert(cli_options_add(&options, "y", "it's:b"));
    ck_assert(!cli_options_add(&options, "z", "it's:\"b"));
    ck_assert_str_eq(options, "log=/a:x='a:b':y=\"it's:b\"");
    free(options);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("child");
    TCase *tests = tcase_create("child"), *deadly = tcase_create("deadly");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_status);
    tcase_add_test(tests, test_cannot_start);
    tcase_add_test(tests, test_timeout);
    tcase_add_test(tests, test_several);
    tcase_add_test(tests, test_group);
    tcase_add_test(tests, test_signals);
    tcase_add_test(tests, test_preload);
    tcase_add_test(tests, test_preload_values);
    tcase_add_test(tests, test_options);
    suite_add_tcase(suite, tests);
    tcase_add_test_raise_signal(deadly, test_die, SIGTERM);
    suite_add_tcase(suite, deadly);
    return unit_run(suite);
}
