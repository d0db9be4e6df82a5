/* SPDX-License-Identifier: MIT */
/* Stacks of records as lines: of this program itself, whose functions are called like wrappers and like others. It is linked
 * without a build-id. */

#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "symbol/frames.h"

/* Functions to be named; none is called, but each must differ from the others. */
#define FUNCTION(name, number)                                       \
    __attribute__((noinline, used)) static int name(volatile int *x) \
    {                                                                \
        *x += number;                                                \
        return *x * number;                                          \
    }
FUNCTION(my_mutex_lock, 3)
FUNCTION(take_account, 5)
FUNCTION(work, 7)
FUNCTION(house_grab, 11)

static uintptr_t load_address(void)
{
    return _r_debug.r_map->l_addr;
}

static char program[4096];

static void find_program(void)
{
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

    ck_assert_int_gt(len, 0);
    program[len] = '\0';
}

static struct rec_set *set;
static struct sym_session *session;

static void add(const char *line)
{
    ck_assert_msg(rec_read_line(set, "test", line, strlen(line)), "%s", line);
}

static long long now_ms(void)
{
    return (long long)time(NULL) * 1000;
}

/* A record whose process began at @start_ms, with the option wrappers=@wrappers, and this program as module 1 with @build_id. */
static void begin(long long start_ms, const char *wrappers, const char *build_id)
{
    char line[8192];

    find_program();
    set = rec_open();
    (void)snprintf(
        line, sizeof(line),
        "{\"t\":\"meta\",\"pid\":1,\"run\":\"0\",\"format\":1,\"program\":\"p\",\"path\":\"p\",\"start_ms\":%lld,"
        "\"options\":{\"wrappers\":\"%s\"}}",
        start_ms, wrappers);
    add(line);
    (void)snprintf(
        line, sizeof(line),
        "{\"t\":\"module\",\"pid\":1,\"run\":\"0\",\"id\":1,\"path\":\"%s\",\"name\":\"p\",\"build_id\":\"%s\","
        "\"load\":\"0x0\",\"start\":\"0x0\",\"end\":\"0x0\",\"program\":true}",
        program, build_id);
    add(line);
    add("{\"t\":\"module\",\"pid\":1,\"run\":\"0\",\"id\":2,\"path\":\"/nowhere/"
        "libc.so.6\",\"name\":\"libc.so.6\",\"build_id\":\"\","
        "\"load\":\"0x0\",\"start\":\"0x0\",\"end\":\"0x0\",\"program\":false}");
    session = sym_open(&(struct sym_options){ .set = set });
}

static void end(void)
{
    sym_close(session);
    rec_close(set);
}

/* The stack 1 of the functions @at, and of two frames of libc. */
static struct sym_stack stack_of(struct sym_session *asked, int (*const *at)(volatile int *), size_t count, bool outer)
{
    char line[4096];
    size_t len = (size_t)snprintf(line, sizeof(line), "{\"t\":\"stack\",\"pid\":1,\"run\":\"0\",\"id\":1,\"frames\":[");

    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(line + len, sizeof(line) - len, "%s{\"module\":1,\"offset\":\"0x%lx\",\"name\":\"\"}",
                                i != 0 ? "," : "", (unsigned long)((uintptr_t)at[i] - load_address() + 4));
    if (outer)
        len += (size_t)snprintf(line + len, sizeof(line) - len,
                                ",{\"module\":2,\"offset\":\"0x100\",\"name\":\"start_thread+0x12\"},"
                                "{\"module\":2,\"offset\":\"0x200\",\"name\":\"clone3+0x34\"}");
    (void)snprintf(line + len, sizeof(line) - len, "]}");
    add(line);
    return sym_stack_of(asked, rec_stack(set->processes[0], 1));
}

START_TEST(marks)
{
    int (*const at[])(volatile int *) = { my_mutex_lock, take_account, my_mutex_lock, work };
    struct sym_stack stack;

    begin(now_ms(), "", "");
    stack = stack_of(session, at, 4, true);
    ck_assert_uint_eq(stack.count, 6);
    ck_assert_str_eq(stack.lines[0].function, "my_mutex_lock");
    ck_assert_str_eq(stack.lines[1].function, "take_account");
    ck_assert_str_eq(stack.lines[3].function, "work");
    ck_assert(stack.lines[0].wrapper);
    for (size_t i = 1; i < 6; i++) /* what is called so further out is no wrapper */
        ck_assert(!stack.lines[i].wrapper);
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(stack.lines[i].outer, i >= 4);
    ck_assert_uint_eq(stack.lines[4].offset, 0x12);
    ck_assert_str_eq(stack.lines[4].function, "");
    sym_stack_free(&stack);
    stack = sym_top_of(session, rec_stack(set->processes[0], 1));
    ck_assert_uint_eq(stack.count, 1);
    ck_assert_str_eq(stack.lines[0].function, "take_account");
    sym_stack_free(&stack);
    end();
}
END_TEST

START_TEST(only_wrappers)
{
    int (*const at[])(volatile int *) = { my_mutex_lock };
    struct sym_stack stack;

    begin(now_ms(), "", "");
    stack = stack_of(session, at, 1, false);
    ck_assert_uint_eq(stack.count, 1);
    ck_assert(!stack.lines[0].wrapper);
    ck_assert(!stack.lines[0].outer);
    sym_stack_free(&stack);
    stack = sym_top_of(session, NULL);
    ck_assert_uint_eq(stack.count, 0);
    sym_stack_free(&stack);
    end();
}
END_TEST

START_TEST(option)
{
    int (*const at[])(volatile int *) = { house_grab, work };
    struct sym_stack stack;

    for (int given = 0; given < 2; given++) {
        begin(now_ms(), given ? "none*,house_*" : "", "");
        stack = stack_of(session, at, 2, false);
        ck_assert_int_eq(stack.lines[0].wrapper, given);
        ck_assert(!stack.lines[1].wrapper);
        sym_stack_free(&stack);
        end();
    }
}
END_TEST

START_TEST(without_symbols)
{
    int (*const at[])(volatile int *) = { my_mutex_lock, work };
    struct sym_stack stack;

    begin(now_ms(), "", "");
    stack = stack_of(NULL, at, 2, true);
    ck_assert_uint_eq(stack.count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(stack.lines[i].function, "");
    ck_assert_str_eq(stack.lines[2].frame->name, "start_thread+0x12");
    ck_assert(stack.lines[3].outer);
    sym_stack_free(&stack);
    end();
}
END_TEST

/* A file without a build-id is the one that ran unless it was written since; the one with another build-id never is. */
START_TEST(another_file)
{
    char copy[] = "/tmp/lockval-frames-XXXXXX";
    int fd = mkstemp(copy);
    struct rec_module module = { .id = 3, .known = true, .path = copy, .name = "copy", .build_id = "" };

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "text", 4), 4);
    ck_assert_int_eq(close(fd), 0);
    begin(now_ms(), "", "0123456789abcdef0123456789abcdef01234567");
    ck_assert_str_eq(sym_problem(session, set->processes[0]->modules[0]), "the file is not the one that ran");
    ck_assert_str_eq(sym_problem(session, &module), "the file cannot be read");
    ck_assert_str_eq(sym_problem(session, NULL), "it is in no module");
    ck_assert_int_eq(unlink(copy), 0);
    ck_assert_str_eq(sym_problem(session, set->processes[0]->modules[1]), "the file is not there");
    end();
    begin(1000, "", "");
    ck_assert_str_eq(sym_problem(session, set->processes[0]->modules[0]), "the file is not the one that ran");
    end();
    begin(now_ms(), "", "");
    ck_assert_ptr_null(sym_problem(session, set->processes[0]->modules[0]));
    end();
}
END_TEST

START_TEST(places)
{
    const struct sym_frames *frames;
    char place[256];

    begin(now_ms(), "", "");
    (void)snprintf(place, sizeof(place), "p+0x%lx", (unsigned long)((uintptr_t)take_account - load_address()));
    frames = sym_look_place(session, set->processes[0], place, SYM_EXACT);
    ck_assert_uint_eq(frames->count, 1);
    ck_assert_str_eq(frames->frames[0].symbol, "take_account");
    ck_assert_ptr_eq(sym_main(frames), &frames->frames[0]);
    ck_assert_uint_eq(frames->offset, 0);
    ck_assert_uint_eq(sym_look_place(session, set->processes[0], "?+0x12", SYM_EXACT)->count, 0);
    ck_assert_uint_eq(sym_look_place(session, set->processes[0], "", SYM_EXACT)->count, 0);
    ck_assert_uint_eq(sym_look_place(session, set->processes[0], "p", SYM_EXACT)->count, 0);
    ck_assert_ptr_null(sym_main(sym_look_place(session, set->processes[0], "", SYM_EXACT)));
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frames");
    TCase *tc = tcase_create("frames");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, marks);
    tcase_add_test(tc, only_wrappers);
    tcase_add_test(tc, option);
    tcase_add_test(tc, without_symbols);
    tcase_add_test(tc, another_file);
    tcase_add_test(tc, places);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
