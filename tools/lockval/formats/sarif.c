/* SPDX-License-Identifier: MIT */
/*
 * SARIF 2.1.0, which code hosts show beside the lines of a change. A record has a finding once for each process that made it;
 * here they are one result, by the fingerprint, with the number of times. The interleaving that would hang is a code flow: a
 * thread flow for each thread, and the order in which they would have to come.
 */

#include "formats/format.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "formats/place.h"
#include "formats/sarif_rules.h"
#include "formats/sites.h"

static const char root_id[] = "SRCROOT";

/* What a text with links may not have as itself: brackets begin links, and a backslash is for them. Memory to free. */
static char *unlinked(const char *text)
{
    char *result = cli_alloc(2 * strlen(text) + 1, 1), *to = result;

    for (; *text != '\0'; text++) {
        if (strchr("[]\\", *text) != NULL)
            *to++ = '\\';
        *to++ = *text;
    }
    *to = '\0';
    return result;
}

/* {"text": @text}; takes the text. */
static json_t *message_of(char *text)
{
    json_t *json = json_pack("{s:s}", "text", text);

    free(text);
    return json;
}

/* ---- places ---- */

static json_t *physical_of(const struct format_input *input, const struct place *place)
{
    const struct rec_module *module = place->frame->module;
    json_t *artifact = json_object(), *physical = json_object();
    const char *path = place->file[0] != '\0' ? place->file : module != NULL ? module->path : "";
    bool relative;

    if (path[0] != '\0') {
        char *uri = place_uri(input, path, &relative);

        (void)json_object_set_new(artifact, "uri", json_string(uri));
        if (relative && input->root != NULL)
            (void)json_object_set_new(artifact, "uriBaseId", json_string(root_id));
        free(uri);
        (void)json_object_set_new(physical, "artifactLocation", artifact);
    } else {
        json_decref(artifact);
    }
    if (place->file[0] != '\0' && place->line != 0) {
        json_t *region = json_pack("{s:i}", "startLine", place->line);

        if (place->column != 0)
            (void)json_object_set_new(region, "startColumn", json_integer(place->column));
        (void)json_object_set_new(physical, "region", region);
    } else {
        /* No line is known: the place in the program is. */
        (void)json_object_set_new(physical, "address",
                                  json_pack("{s:I}", module != NULL ? "relativeAddress" : "absoluteAddress",
                                            (json_int_t)place->frame->offset));
    }
    return physical;
}

/* Takes @text; null: no message. */
static json_t *location_of(const struct format_input *input, const struct place *place, char *text)
{
    json_t *json = json_object();

    if (place->frame != NULL)
        (void)json_object_set_new(json, "physicalLocation", physical_of(input, place));
    if (place->function[0] != '\0')
        (void)json_object_set_new(json, "logicalLocations",
                                  json_pack("[{s:s, s:s}]", "fullyQualifiedName", place->function, "kind", "function"));
    if (text != NULL)
        (void)json_object_set_new(json, "message", message_of(text));
    return json;
}

static json_t *location_of_site(const struct format_input *input, const struct site *site)
{
    struct places places = places_of(input, site->stack);
    json_t *json = location_of(input, places_best(&places), cli_strdup(site->text));

    places_free(&places);
    return json;
}

/* "file.c:31", "function", or "?": memory to free. */
static char *short_place(const struct format_input *input, const struct site *site)
{
    struct places places = places_of(input, site->stack);
    const struct place *place = places_best(&places);
    const char *slash = strrchr(place->file, '/');
    char *text;

    if (place->line != 0)
        text = cli_printf("%s:%d", slash != NULL ? slash + 1 : place->file, place->line);
    else
        text = cli_strdup(place->function[0] != '\0' ? place->function : "?");
    places_free(&places);
    return text;
}

static json_t *stack_of(const struct format_input *input, const struct site *site)
{
    json_t *frames = json_array();
    struct places places = places_of(input, site->stack);

    for (size_t i = 0; i < places.count; i++) {
        const struct rec_module *module = places.list[i].frame->module;
        json_t *json = json_pack("{s:o}", "location", location_of(input, &places.list[i], NULL));

        if (module != NULL)
            (void)json_object_set_new(json, "module", json_string(module->name));
        (void)json_array_append_new(frames, json);
    }
    places_free(&places);
    return json_pack("{s:o, s:o}", "message", message_of(cli_strdup(site->text)), "frames", frames);
}

/* ---- a result ---- */

static void append(char **text, char *more)
{
    char *longer = cli_printf("%s%s", *text, more);

    free(*text);
    free(more);
    *text = longer;
}

/* A sentence for each site, with a link to its place: the numbers are those of the related locations. */
static char *text_of(const struct format_input *input, const struct rec_finding *finding, const struct sites *sites)
{
    char *text = unlinked(sites->summary), *reasons = sites_reasons(finding), *escaped = unlinked(reasons);

    text[0] = (char)toupper((unsigned char)text[0]);
    append(&text, cli_printf(" (%s%s%s).", finding->verdict_name, escaped[0] != '\0' ? ": " : "", escaped));
    for (size_t i = 0; i < sites->count; i++) {
        char *said = unlinked(sites->list[i].text), *where = short_place(input, &sites->list[i]),
             *label = unlinked(where);

        append(&text, cli_printf(" %s at [%s](%zu).", said, label, i + 1));
        free(said);
        free(where);
        free(label);
    }
    free(reasons);
    free(escaped);
    return text;
}

/* The interleaving: each thread's way, and the moment of each step. */
static json_t *code_flow_of(const struct format_input *input, const struct sites *sites)
{
    json_t *threads = json_array();

    for (size_t column = 0; column < sites->columns; column++) {
        json_t *steps = json_array();
        const char *name = NULL;

        for (size_t i = 0; i < sites->count; i++) {
            const struct site *site = &sites->list[i];

            if (site->column != column)
                continue;
            name = sites_thread_name(site->thread);
            (void)json_array_append_new(steps, json_pack("{s:o, s:I, s:s}", "location", location_of_site(input, site),
                                                         "executionOrder", (json_int_t)site->moment, "importance",
                                                         "essential"));
        }
        if (name == NULL) {
            json_decref(steps);
            continue;
        }
        (void)json_array_append_new(threads,
                                    json_pack("{s:o, s:o, s:o}", "id", json_sprintf("%zu: %s", column + 1, name),
                                              "message", message_of(cli_strdup(name)), "locations", steps));
    }
    return json_pack("{s:o, s:o}", "message", message_of(cli_strdup("The steps that would hang.")), "threadFlows",
                     threads);
}

/* Append @item, which is taken, unless it is there: SARIF wants the items of such a list to differ. */
static void append_new(json_t *array, json_t *item)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (json_equal(json_array_get(array, i), item)) {
            json_decref(item);
            return;
        }
    }
    (void)json_array_append_new(array, item);
}

/* The entry, and the line of the file that it stands in. */
static json_t *suppression_of(const struct format_input *input, const struct rec_finding *finding)
{
    json_t *json =
        json_pack("{s:s, s:o}", "kind", "external", "justification",
                  json_sprintf("%s%s%s", finding->suppressed_by, finding->suppressed_reason[0] != '\0' ? ": " : "",
                               finding->suppressed_reason));

    if (finding->suppressed_line != 0 && finding->suppressed_from[0] != '\0') {
        bool relative;
        char *uri = place_uri(input, finding->suppressed_from, &relative);

        (void)json_object_set_new(json, "location",
                                  json_pack("{s:{s:{s:s}, s:{s:i}}}", "physicalLocation", "artifactLocation", "uri",
                                            uri, "region", "startLine", (int)finding->suppressed_line));
        free(uri);
    }
    return json;
}

/* In which runs of a merged record that was; null: it is none. */
static json_t *runs_of(const struct rec_finding *finding)
{
    json_t *runs = json_array();

    for (size_t i = 0; i < finding->acquisition_count + 2; i++) {
        const struct rec_run *run = i < finding->acquisition_count    ? finding->acquisitions[i].run
                                    : i == finding->acquisition_count ? finding->usage_inside.run
                                                                      : finding->usage_open.run;
        char *words = finding->run == NULL && run != NULL ? rec_run_words(run) : NULL;

        if (words != NULL)
            append_new(runs, json_string(words));
        free(words);
    }
    for (size_t i = 0; finding->run != NULL && i <= finding->also_count; i++) {
        char *words = rec_run_words(i == 0 ? finding->run : finding->also[i - 1]);

        append_new(runs, json_string(words));
        free(words);
    }
    if (json_array_size(runs) != 0)
        return runs;
    json_decref(runs);
    return NULL;
}

/* The line of the expected order that a step is against. */
static json_t *against_of(const struct format_input *input, const struct rec_finding *finding)
{
    bool relative;
    char *uri = place_uri(input, finding->against, &relative);
    json_t *json = json_pack("{s:{s:{s:s}, s:{s:i}}, s:o}", "physicalLocation", "artifactLocation", "uri", uri,
                             "region", "startLine", finding->against_line != 0 ? (int)finding->against_line : 1,
                             "message", message_of(cli_strdup("The expected order.")));

    free(uri);
    return json;
}

static json_t *result_of(const struct format_input *input, const struct rec_finding *finding, size_t times)
{
    struct sites sites;
    json_t *related = json_array(), *stacks = json_array(), *result, *runs;
    int rule = sarif_rule_index(finding->kind);

    sites_init(&sites, finding);
    for (size_t i = 0; i < sites.count; i++) {
        json_t *location = location_of_site(input, &sites.list[i]);

        (void)json_object_set_new(location, "id", json_integer((json_int_t)i + 1));
        (void)json_array_append_new(related, location);
        if (sites.list[i].stack != NULL && sites.list[i].stack->count != 0)
            append_new(stacks, stack_of(input, &sites.list[i]));
    }
    if (finding->against[0] != '\0')
        (void)json_array_append_new(related, against_of(input, finding));
    result = json_pack("{s:s, s:s, s:o, s:[o], s:o, s:{s:s}, s:I, s:{s:s, s:s, s:s, s:b}}", "ruleId", finding->kind,
                       "level", sarif_level(finding->verdict), "message", message_of(text_of(input, finding, &sites)),
                       "locations", location_of_site(input, &sites.list[sites.main < sites.count ? sites.main : 0]),
                       "relatedLocations", related, "partialFingerprints", "lockval/v1", finding->fingerprint,
                       "occurrenceCount", (json_int_t)times, "properties", "verdict", finding->verdict_name, "program",
                       finding->process->program, "report", finding->text, "counts", (int)finding->counts);
    runs = runs_of(finding);
    if (runs != NULL)
        (void)json_object_set_new(json_object_get(result, "properties"), "runs", runs);
    if (rule >= 0)
        (void)json_object_set_new(result, "ruleIndex", json_integer(rule));
    if (json_array_size(stacks) != 0)
        (void)json_object_set_new(result, "stacks", stacks);
    else
        json_decref(stacks);
    if (finding->suppressed_by[0] != '\0')
        (void)json_object_set_new(result, "suppressions", json_pack("[o]", suppression_of(input, finding)));
    if (sites.columns != 0)
        (void)json_object_set_new(result, "codeFlows", json_pack("[o]", code_flow_of(input, &sites)));
    sites_free(&sites);
    return result;
}

/* How often the finding number @at was made, if it is the first of its fingerprint; else 0. The worst verdict comes first. */
static size_t times_of(const struct format_input *input, size_t at)
{
    const char *fingerprint = input->findings[at]->fingerprint;
    size_t times = 0;

    for (size_t i = 0; i < input->finding_count; i++) {
        if (strcmp(input->findings[i]->fingerprint, fingerprint) != 0)
            continue;
        if (i < at)
            return 0;
        times++;
    }
    return times;
}

/* ---- the run ---- */

/* Whether the program succeeded is its own affair, and what its exit status says. */
static json_t *invocation_of(const struct rec_process *process)
{
    json_t *arguments = json_array(), *json;
    json_t *status = process->end != NULL ? json_object_get(process->end, "status") : NULL;
    time_t started = (time_t)(process->start_ms / 1000);
    struct tm parts;
    char text[64];

    for (size_t i = 1; i < process->argc; i++)
        (void)json_array_append_new(arguments, json_string(process->argv[i]));
    json = json_pack("{s:b, s:o, s:I}", "executionSuccessful", 1, "arguments", arguments, "processId",
                     (json_int_t)process->pid);
    if (process->path[0] == '/') {
        const struct format_input none = { 0 };
        bool relative;
        char *uri = place_uri(&none, process->path, &relative);

        (void)json_object_set_new(json, "executableLocation", json_pack("{s:s}", "uri", uri));
        free(uri);
    }
    if (json_is_integer(status))
        (void)json_object_set(json, "exitCode", status);
    if (process->has_meta && gmtime_r(&started, &parts) != NULL &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) != 0)
        (void)json_object_set_new(json, "startTimeUtc", json_string(text));
    return json;
}

static bool print(FILE *out, const struct format_input *input)
{
    json_t *results = json_array(), *invocations = json_array(), *run, *log;
    bool done;

    for (size_t i = 0; i < input->finding_count; i++) {
        size_t times = times_of(input, i);

        if (times != 0)
            (void)json_array_append_new(results, result_of(input, input->findings[i], times));
    }
    for (size_t i = 0; i < input->set->process_count; i++)
        (void)json_array_append_new(invocations, invocation_of(input->set->processes[i]));
    run = json_pack("{s:{s:{s:s, s:s, s:s, s:o}}, s:o, s:o, s:s, s:o}", "tool", "driver", "name", "lockval", "version",
                    LOCKVAL_VERSION_TEXT, "semanticVersion", LOCKVAL_VERSION_TEXT, "rules", sarif_rules(),
                    "invocations", invocations, "results", results, "columnKind", "utf16CodeUnits", "automationDetails",
                    json_pack("{s:s}", "id", "lockval/"));
    if (input->root != NULL) {
        const struct format_input none = { 0 };
        bool relative;
        char *uri = place_uri(&none, input->root, &relative);

        (void)json_object_set_new(run, "originalUriBaseIds",
                                  json_pack("{s:{s:o}}", root_id, "uri",
                                            json_sprintf("%s%s", uri, strcmp(input->root, "/") == 0 ? "" : "/")));
        free(uri);
    }
    log = json_pack("{s:s, s:s, s:[o]}", "$schema", "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
                    "runs", run);
    done = log != NULL && json_dumpf(log, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0;
    (void)fputc('\n', out);
    json_decref(log);
    return done || ferror(out);
}

const struct format format_sarif = {
    .name = "sarif",
    .summary = "SARIF 2.1.0, which code hosts show beside the lines",
    .print = print,
};
