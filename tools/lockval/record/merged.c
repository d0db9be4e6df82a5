/* SPDX-License-Identifier: MIT */
/*
 * What only a merged record has: the runs that went into it, where and when things were seen, and what was known of the source.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "record/reader.h"

/* A list of texts. */
static const char **texts_of(const struct rec_line *line, const json_t *array, size_t *ret_count)
{
    size_t count = json_array_size(array);
    const char **texts = rec_pool_take(line->pool, count, sizeof(*texts));

    for (size_t i = 0; i < count; i++)
        texts[i] = rec_pool_text(line->pool, json_string_value(json_array_get(array, i)));
    *ret_count = count;
    return texts;
}

static struct rec_source source_of(const struct rec_line *line, const json_t *json)
{
    const json_t *from = json_object_get(json, "from");

    return (struct rec_source){ .function = rec_text_member(line, json, "function"),
                                .file = rec_text_member(line, json, "file"),
                                .line = (int)rec_number_member(json, "line"),
                                .from = json_is_integer(from) ? (int)json_integer_value(from) : -1,
                                .more = rec_bool_member(json, "more") };
}

struct rec_source rec_source_member(const struct rec_line *line, const json_t *object, const char *member)
{
    return source_of(line, json_object_get(object, member));
}

const struct rec_source *rec_sources_of(const struct rec_line *line, const json_t *array, size_t *ret_count)
{
    size_t count = json_array_size(array);
    struct rec_source *sources = rec_pool_take(line->pool, count, sizeof(*sources));

    for (size_t i = 0; i < count; i++)
        sources[i] = source_of(line, json_array_get(array, i));
    *ret_count = count;
    return sources;
}

void rec_read_seen(const struct rec_line *line, struct rec_seen *seen)
{
    const json_t *json = json_object_get(line->json, "seen");

    if (!json_is_object(json))
        return;
    seen->first_ms = rec_number_member(json, "first");
    seen->last_ms = rec_number_member(json, "last");
    seen->runs = rec_number_member(json, "runs");
    seen->runs_exact = rec_bool_member(json, "runs_exact");
    seen->sample = texts_of(line, json_object_get(json, "sample"), &seen->sample_count);
    seen->tests = texts_of(line, json_object_get(json, "tests"), &seen->test_count);
    seen->more_tests = rec_bool_member(json, "more_tests");
    seen->left_out = rec_bool_member(json, "left_out");
}

void rec_read_merged_class(const struct rec_line *line, struct rec_class *class)
{
    rec_read_seen(line, &class->seen);
    class->source = rec_source_member(line, line->json, "source");
    class->keys = texts_of(line, json_object_get(line->json, "keys"), &class->key_count);
    class->nests = rec_bool_member(line->json, "nests");
    class->stables = texts_of(line, json_object_get(line->json, "stables"), &class->stable_count);
}

void rec_read_merged_meta(const struct rec_line *line)
{
    struct rec_process *process = line->process;

    process->merged = rec_bool_member(line->json, "merged");
    if (!process->merged)
        return;
    process->merged_runs = rec_number_member(line->json, "runs");
    process->merged_runs_exact = rec_bool_member(line->json, "runs_exact");
    process->sample = texts_of(line, json_object_get(line->json, "sample"), &process->sample_count);
}

struct rec_run *rec_run_at(const struct rec_line *line, uint64_t id)
{
    struct rec_run *run;
    void **place;

    if (id == 0 || id > UINT32_MAX)
        return NULL;
    place = rec_index_at(&line->process->indexes->runs, id);
    if (*place != NULL)
        return *place;
    run = *place = rec_pool_take(line->pool, 1, sizeof(*run));
    run->id = (uint32_t)id;
    run->of = run->hash = run->program = run->path = run->test = run->commit = run->host = "";
    rec_append(&line->process->runs, &line->process->run_count, run);
    return run;
}

void rec_read_run(const struct rec_line *line)
{
    struct rec_run *run = rec_run_at(line, rec_number_member(line->json, "id"));

    if (run == NULL || run->known)
        return;
    run->known = true;
    run->of = rec_text_member(line, line->json, "of");
    run->hash = rec_text_member(line, line->json, "hash");
    run->program = rec_text_member(line, line->json, "program");
    run->path = rec_text_member(line, line->json, "path");
    run->argv = texts_of(line, json_object_get(line->json, "argv"), &run->argc);
    run->test = rec_text_member(line, line->json, "test");
    run->commit = rec_text_member(line, line->json, "commit");
    run->host = rec_text_member(line, line->json, "host");
    run->start_ms = rec_number_member(line->json, "start_ms");
    run->forked = rec_bool_member(line->json, "forked");
}

enum {
    ARGUMENTS = 80 /* characters of a line; longer ones are cut */
};

static char *append(char *text, const char *before, const char *more, const char *behind)
{
    char *longer = cli_printf("%s%s%s%s", text, before, more, behind);

    free(text);
    return longer;
}

char *rec_run_words(const struct rec_run *run)
{
    time_t seconds = (time_t)(run->start_ms / 1000);
    char *text = cli_strdup(run->program[0] != '\0' ? run->program : "?");
    struct tm parts;
    char when[64];

    for (size_t i = 1; i < run->argc; i++) {
        if (strlen(text) + strlen(run->argv[i]) > ARGUMENTS) {
            text = append(text, " ", "...", "");
            break;
        }
        text = append(text, " ", run->argv[i], "");
    }
    if (run->test[0] != '\0')
        text = append(text, " (test ", run->test, ")");
    if (run->commit[0] != '\0')
        text = append(text, ", commit ", run->commit, "");
    if (run->host[0] != '\0')
        text = append(text, ", on ", run->host, "");
    if (run->start_ms != 0 && gmtime_r(&seconds, &parts) != NULL &&
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &parts) != 0)
        text = append(text, ", ", when, "");
    return text;
}

uint64_t rec_more_runs(const struct rec_finding *finding, size_t named)
{
    uint64_t also = finding->also_count;

    if (finding->seen.runs > also + 1)
        also = finding->seen.runs - 1;
    if (named > finding->also_count)
        named = finding->also_count;
    return also - named;
}

bool rec_is_merged(const char *path)
{
    FILE *file = strcmp(path, "-") != 0 ? fopen(path, "re") : NULL;
    char *text = NULL;
    size_t size = 0;
    json_t *json;
    bool merged;

    if (file == NULL)
        return false;
    json = getline(&text, &size, file) > 0 ? json_loads(text, 0, NULL) : NULL;
    merged = json_is_true(json_object_get(json, "merged"));
    json_decref(json);
    free(text);
    (void)fclose(file);
    return merged;
}
