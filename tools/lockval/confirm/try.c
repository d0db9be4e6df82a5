/* SPDX-License-Identifier: MIT */
/*
 * The folder of a try has the plan, the record of the run, and what the library says of the steering. It is removed when
 * the try is over, whatever came of it.
 */

#define _GNU_SOURCE
#include "confirm/try.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/types.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/preload.h"
#include "confirm/judge.h"

static const char *const files[] = { "plan", "record", "report" };

int64_t confirm_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *path_in(const struct confirm_try *try, const char *name)
{
    return cli_printf("%s/%s", try->folder, name);
}

static void remove_folder(struct confirm_try *try)
{
    for (size_t i = 0; try->folder != NULL && i < LV_ARRAY_SIZE(files); i++) {
        char *path = path_in(try, files[i]);

        (void)unlink(path);
        free(path);
    }
    if (try->folder != NULL)
        (void)rmdir(try->folder);
    free(try->folder);
    free(try->way.plan);
    free(try->way.words);
    *try = (struct confirm_try){ .number = 0 };
}

static int make_folder(struct confirm_try *try)
{
    const char *where = getenv("TMPDIR");

    try->folder = cli_printf("%s/lockval-confirm-XXXXXX", where != NULL && *where != '\0' ? where : "/tmp");
    if (mkdtemp(try->folder) != NULL)
        return 0;
    free(try->folder);
    try->folder = NULL;
    return errno;
}

static int write_plan(const struct confirm_try *try)
{
    char *path = path_in(try, "plan"), *report = path_in(try, "report");
    char *plan = confirm_plan_again(try->way.plan, report);
    FILE *file = fopen(path, "we");
    int error = file == NULL || fputs(plan, file) == EOF ? errno : 0;

    if (file != NULL && fclose(file) != 0 && error == 0)
        error = errno;
    free(plan);
    free(report);
    free(path);
    return error;
}

/* Options that decide what a class is, and what is an order, are those of the recorded run. */
static void add_recorded(char **options, const json_t *recorded)
{
    static const char *const names[] = { "events", "wrappers", "strict" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(names); i++) {
        const json_t *value = json_object_get(recorded, names[i]);

        if (json_is_string(value))
            (void)cli_options_add(options, names[i], json_string_value(value));
        else if (json_is_integer(value) || json_is_boolean(value))
            (void)cli_options_add(options, names[i], json_integer_value(value) != 0 || json_is_true(value) ? "1" : "0");
    }
}

/* Those of the recorded run first, then what holds in any case. */
static char *options_for(const struct confirm_try *try, const struct confirm_setup *setup)
{
    char *record = path_in(try, "record"), *plan = path_in(try, "plan"), *options = NULL;

    add_recorded(&options, setup->options);
    (void)cli_options_add(&options, "record", record);
    (void)cli_options_add(&options, "steer", plan);
    (void)cli_options_add(&options, "on_deadlock", "exit");
    (void)cli_options_add(&options, "halt_on_error", "0");
    (void)cli_options_add(&options, "log", "none");
    free(record);
    free(plan);
    return options;
}

int confirm_try_begin(struct confirm_try *try, struct cli_child *child, const struct confirm_setup *setup,
                      struct confirm_way way, unsigned number, int timeout_ms)
{
    int output = setup->show ? CLI_CHILD_SAME : CLI_CHILD_NULL, error;
    struct cli_child_how how = { .library = setup->library, .in = CLI_CHILD_NULL, .out = output, .err = output };
    char *options;

    *try = (struct confirm_try){ .number = number, .way = way, .begun_ms = confirm_now_ms() };
    try->until_ms = try->begun_ms + timeout_ms;
    error = make_folder(try);
    if (error == 0)
        error = write_plan(try);
    if (error != 0) {
        cli_complain("cannot write the plan of a run: %s", strerror(error));
        remove_folder(try);
        return error;
    }
    options = options_for(try, setup);
    how.options = options;
    error = cli_child_start(child, &how, setup->program);
    free(options);
    if (error == 0)
        return 0;
    cli_complain("cannot run %s: %s", setup->program[0], strerror(error));
    remove_folder(try);
    return error;
}

void confirm_try_drop(struct confirm_try *try, struct cli_child *child)
{
    cli_child_end(child);
    remove_folder(try);
}

/* ---- what came of it ---- */

static json_int_t number_of(const json_t *line, const char *member)
{
    return json_integer_value(json_object_get(line, member));
}

/* Add to @role the last line of the process @pid about it. */
static void add_line(struct confirm_role *role, const json_t *line)
{
    role->gates = role->reached == 0 ? json_object_get(line, "gates") : NULL;
    role->reached += number_of(line, "reached");
    role->held += number_of(line, "held");
    role->expired += number_of(line, "expired");
    role->met += number_of(line, "met");
}

/* Is there a later line of that process about that role? Its counts hold then. */
static bool is_outdone(const json_t *lines, size_t at)
{
    const json_t *line = json_array_get(lines, at);

    for (size_t i = at + 1; i < json_array_size(lines); i++) {
        const json_t *later = json_array_get(lines, i);

        if (number_of(later, "pid") == number_of(line, "pid") && number_of(later, "role") == number_of(line, "role"))
            return true;
    }
    return false;
}

static void read_report(struct confirm_outcome *outcome, FILE *file)
{
    char *text = NULL;
    size_t size = 0, i;
    ssize_t len;
    json_t *line;

    while (file != NULL && (len = getline(&text, &size, file)) > 0) {
        line = json_loadb(text, (size_t)len, 0, NULL);
        if (number_of(line, "role") >= 0 && number_of(line, "role") < (json_int_t)outcome->role_count)
            (void)json_array_append(outcome->lines, line);
        json_decref(line);
    }
    free(text);
    json_array_foreach(outcome->lines, i, line)
    {
        struct confirm_role *role = &outcome->roles[number_of(line, "role")];
        const char *what = json_string_value(json_object_get(line, "what"));

        if (!is_outdone(outcome->lines, i))
            add_line(role, line);
        if (what != NULL && (strcmp(what, "met") == 0 || (strcmp(what, "expired") == 0 && number_of(line, "met") == 0)))
            role->last = line;
    }
}

static void read_record(struct confirm_outcome *outcome, const struct confirm_finding *finding, FILE *file)
{
    if (file == NULL)
        return;
    confirm_record_free(&outcome->record);
    confirm_record_read(&outcome->record, file);
    outcome->watched = outcome->record.any;
    for (size_t i = 0; i < outcome->record.count && outcome->deadlock == NULL; i++)
        if (confirm_is_it(finding, &outcome->record.findings[i]))
            outcome->deadlock = &outcome->record.findings[i];
}

static FILE *open_in(const struct confirm_try *try, const char *name)
{
    char *path = path_in(try, name);
    FILE *file = fopen(path, "re");

    free(path);
    return file;
}

void confirm_try_end(struct confirm_try *try, struct cli_child *child, const struct confirm_finding *finding,
                     bool timed_out, struct confirm_outcome *ret)
{
    FILE *record, *report;

    cli_child_end(child);
    *ret = (struct confirm_outcome){ .timed_out = timed_out,
                                     .seconds = (double)(confirm_now_ms() - try->begun_ms) / 1000,
                                     .role_count = finding->step_count,
                                     .roles = cli_alloc(finding->step_count + 1, sizeof(*ret->roles)),
                                     .lines = json_array() };
    record = open_in(try, "record");
    report = open_in(try, "report");
    read_record(ret, finding, record);
    read_report(ret, report);
    ret->hung = timed_out && ret->role_count != 0 && ret->roles[0].met != 0;
    if (record != NULL)
        (void)fclose(record);
    if (report != NULL)
        (void)fclose(report);
    remove_folder(try);
}

void confirm_outcome_free(struct confirm_outcome *outcome)
{
    confirm_record_free(&outcome->record);
    json_decref(outcome->lines);
    free(outcome->roles);
}
