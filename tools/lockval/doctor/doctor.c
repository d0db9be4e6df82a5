/* SPDX-License-Identifier: MIT */
/* lockval doctor: look at everything that lockval needs, and print it line by line. */

#define _GNU_SOURCE
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/command.h"
#include "common/memory.h"
#include "doctor/checks.h"

static const char *const state_names[] = { "ok", "warn", "bad" };

static char *print_to_memory(const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        return cli_strdup("");
    return text;
}

void doctor_add(struct doctor_checks *checks, enum doctor_state state, const char *name, const char *format, ...)
{
    struct doctor_check *check;
    va_list args;

    checks->all = cli_realloc(checks->all, checks->count + 1, sizeof(*checks->all));
    check = &checks->all[checks->count++];
    *check = (struct doctor_check){ .state = state, .name = name };
    va_start(args, format);
    check->text = print_to_memory(format, args);
    va_end(args);
}

void doctor_advise(struct doctor_checks *checks, const char *format, ...)
{
    struct doctor_check *last = &checks->all[checks->count - 1];
    va_list args;

    va_start(args, format);
    free(last->advice);
    last->advice = print_to_memory(format, args);
    va_end(args);
}

static size_t count_of(const struct doctor_checks *checks, enum doctor_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < checks->count; i++)
        count += checks->all[i].state == state;
    return count;
}

static void print_text(const struct doctor_checks *checks)
{
    (void)printf("lockval %s\n", LOCKVAL_VERSION_TEXT);
    for (size_t i = 0; i < checks->count; i++) {
        const struct doctor_check *check = &checks->all[i];

        (void)printf("  %-4s  %-11s %s\n", state_names[check->state], check->name, check->text);
        if (check->advice != NULL)
            (void)printf("        %-11s -> %s\n", "", check->advice);
    }
    (void)printf("%zu ok, %zu warn, %zu bad\n", count_of(checks, DOCTOR_OK), count_of(checks, DOCTOR_WARN),
                 count_of(checks, DOCTOR_BAD));
}

/* Text of files and of the environment is not always UTF-8. */
static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    char *plain;

    if (value != NULL)
        return value;
    plain = cli_strdup(text);
    for (char *p = plain; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    value = json_string(plain);
    free(plain);
    return value;
}

static void print_json(const struct doctor_checks *checks)
{
    json_t *list = json_array(), *all = json_object();

    for (size_t i = 0; i < checks->count; i++) {
        const struct doctor_check *check = &checks->all[i];
        json_t *object = json_object();

        (void)json_object_set_new(object, "name", json_string(check->name));
        (void)json_object_set_new(object, "state", json_string(state_names[check->state]));
        (void)json_object_set_new(object, "text", text_of(check->text));
        (void)json_object_set_new(object, "advice", check->advice != NULL ? text_of(check->advice) : json_null());
        (void)json_array_append_new(list, object);
    }
    (void)json_object_set_new(all, "version", json_string(LOCKVAL_VERSION_TEXT));
    (void)json_object_set_new(all, "works", json_boolean(count_of(checks, DOCTOR_BAD) == 0));
    (void)json_object_set_new(all, "checks", list);
    (void)json_dumpf(all, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(all);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
    struct doctor_checks checks = { 0 };
    bool json = false;
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option != 'j')
            return cli_usage_error(&cli_doctor, "the options are not understood");
        json = true;
    }
    if (argc - optind > 1)
        return cli_usage_error(&cli_doctor, "one program at a time, without its arguments");
    doctor_machine(&checks);
    doctor_library(&checks);
    doctor_tools(&checks);
    if (optind < argc)
        doctor_program(&checks, argv[optind]);
    if (json)
        print_json(&checks);
    else
        print_text(&checks);
    status = count_of(&checks, DOCTOR_BAD) != 0 ? CLI_FAILED : CLI_OK;
    for (size_t i = 0; i < checks.count; i++) {
        free(checks.all[i].text);
        free(checks.all[i].advice);
    }
    free(checks.all);
    return cli_finish(status);
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .arguments = "[--json] [PROGRAM]",
    .summary = "say what works here, and what of a program can be seen",
    .help =
        "Looks at the system, the library (which it loads into a tiny program), and the tools that some commands use; "
        "and at the\n"
        "file of PROGRAM, which is not run: can it be watched, has it debug info, has it locks that cannot be seen? "
        "Each line is ok,\n"
        "warn (something does less than it could) or bad (it does not work), and says what to do.\n\n"
        "      --json   one object: version, works, checks (name, state, text, advice or null)\n\n"
        "The exit status is 1 if something is bad, else 0; 2 for wrong arguments.\n",
    .run = run,
};
