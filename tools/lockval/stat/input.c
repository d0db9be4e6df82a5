/* SPDX-License-Identifier: MIT */
/* Reading, and the words for places. */

#define _GNU_SOURCE
#include "stat/input.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "symbol/readable.h"

struct rec_set *stat_read(const struct cli_command *command, int count, char *const *paths, int *ret_status)
{
    struct rec_set *set;

    *ret_status = CLI_OK;
    if (count == 0) {
        *ret_status = cli_usage_error(command, "the record is missing");
        return NULL;
    }
    set = rec_open();
    for (int i = 0; i < count; i++)
        if (!rec_read(set, paths[i]))
            *ret_status = CLI_FAILED;
    if (set->process_count != 0)
        return set;
    rec_close(set);
    return NULL;
}

int stat_main(const struct cli_command *command, int argc, char **argv,
              void (*print)(const struct rec_set *set, bool json))
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
    struct rec_set *set;
    bool json = false;
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return cli_usage_error(command, "the options are not understood");
        json = true;
    }
    set = stat_read(command, argc - optind, argv + optind, &status);
    if (set == NULL)
        return status;
    if (!json)
        sym_readable_names(set);
    print(set, json);
    rec_close(set);
    return cli_finish(status);
}

void stat_print_json(json_t *json)
{
    (void)json_dumpf(json, stdout, JSON_INDENT(1));
    (void)putchar('\n');
    json_decref(json);
}

json_t *stat_json_text(const char *text)
{
    json_t *json = json_string(text);
    char *copy;

    if (json != NULL)
        return json;
    copy = cli_strdup(text);
    for (char *c = copy; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = json_string(copy);
    free(copy);
    return json;
}

const struct sym_frame *stat_site_frame(struct sym_session *symbols, const struct rec_frame *site)
{
    const struct sym_frames *known;
    size_t i = 0;

    if (symbols == NULL || site->module == NULL)
        return NULL;
    known = sym_look(symbols, site->module, site->offset, SYM_CALL);
    while (i + 1 < known->count && known->frames[i].inlined && strncmp(known->frames[i].file, "/usr/", 5) == 0)
        i++;
    return i < known->count ? &known->frames[i] : NULL;
}

static char *with_file(struct sym_session *symbols, const struct sym_frame *frame, char *text)
{
    char *longer;

    if (frame == NULL || frame->line == 0 || frame->file[0] == '\0')
        return text;
    longer = cli_printf("%s %s:%d", text, sym_short_file(symbols, frame->file), frame->line);
    free(text);
    return longer;
}

char *stat_site_text(struct sym_session *symbols, const struct rec_frame *site)
{
    const struct sym_frame *frame = stat_site_frame(symbols, site);
    const char *module;

    if (!stat_site_is_known(site))
        return cli_strdup("(not known)");
    if (site->module == NULL)
        return cli_printf("0x%" PRIx64, site->offset);
    module = site->module->name;
    if (frame != NULL && frame->function[0] != '\0')
        return with_file(symbols, frame, cli_printf("%s (%s)", frame->function, module));
    if (site->name[0] != '\0')
        return with_file(symbols, frame, cli_printf("%s (%s)", site->name, module));
    return with_file(symbols, frame, cli_printf("%s+0x%" PRIx64, module, site->offset));
}
