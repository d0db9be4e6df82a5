/* SPDX-License-Identifier: MIT */
#include "confirm/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"

int confirm_replay_save(const char *path, const struct confirm_record *record, const struct confirm_finding *finding,
                        const char *plan, char *const *program)
{
    json_t *arguments = json_array(), *all = json_object();
    FILE *file = fopen(path, "we");
    int error = file == NULL ? errno : 0;

    for (; *program != NULL; program++)
        if (json_array_append_new(arguments, json_string(*program)) != 0)
            error = EILSEQ; /* it is no UTF-8 */
    (void)json_object_set_new(all, "t", json_string("replay"));
    (void)json_object_set_new(all, "format", json_integer(1));
    (void)json_object_set(all, "finding", finding->from->line);
    (void)json_object_set_new(all, "classes", confirm_classes(finding));
    (void)json_object_set_new(all, "plan", json_string(plan));
    (void)json_object_set_new(all, "program", arguments);
    if (record->options != NULL)
        (void)json_object_set(all, "options", record->options);
    if (error == 0 && json_dumpf(all, file, JSON_INDENT(2)) != 0)
        error = errno != 0 ? errno : EIO;
    if (file != NULL && fclose(file) != 0 && error == 0)
        error = errno;
    json_decref(all);
    return error;
}

static char **program_of(const json_t *array)
{
    size_t count = json_array_size(array);
    char **program = cli_alloc(count + 1, sizeof(*program));

    for (size_t i = 0; i < count; i++) {
        const char *argument = json_string_value(json_array_get(array, i));

        program[i] = cli_strdup(argument != NULL ? argument : "");
    }
    return program;
}

bool confirm_replay_load(const char *path, struct confirm_replay *ret)
{
    json_error_t error;
    json_t *finding;

    *ret = (struct confirm_replay){ .all = json_load_file(path, 0, &error) };
    if (ret->all == NULL) {
        cli_complain("cannot read %s: %s", path, error.text);
        return false;
    }
    finding = json_object_get(ret->all, "finding");
    ret->plan = json_string_value(json_object_get(ret->all, "plan"));
    if (json_integer_value(json_object_get(ret->all, "format")) != 1 || !json_is_object(finding) || ret->plan == NULL) {
        cli_complain("%s is no replay file", path);
        json_decref(ret->all);
        return false;
    }
    ret->options = json_object_get(ret->all, "options");
    ret->program = program_of(json_object_get(ret->all, "program"));
    confirm_record_take(&ret->record, finding, json_object_get(ret->all, "classes"));
    return true;
}

void confirm_replay_free(struct confirm_replay *replay)
{
    for (char **argument = replay->program; *argument != NULL; argument++)
        free(*argument);
    free(replay->program);
    confirm_record_free(&replay->record);
    json_decref(replay->all);
}
