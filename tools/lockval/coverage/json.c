/* SPDX-License-Identifier: MIT */
/* One document; docs/coverage.md has its members. */

#include "coverage/forms.h"

#include <stdlib.h>

#include "base/types.h"
#include "common/memory.h"
#include "common/visible.h"
#include "formats/words.h"

static json_t *text(const char *of)
{
    json_t *json = json_string(of);
    char *visible;

    if (json != NULL)
        return json;
    visible = cli_visible(of);
    json = json_string(visible);
    free(visible);
    return json;
}

static void put(json_t *object, const char *member, json_t *value)
{
    (void)json_object_set_new(object, member, value);
}

static json_t *number(uint64_t of)
{
    return json_integer((json_int_t)of);
}

static void put_tests(json_t *object, const struct cover_tests *tests)
{
    json_t *names = json_array();

    for (size_t i = 0; i < tests->count; i++)
        (void)json_array_append_new(names, text(tests->list[i]->name));
    put(object, "tests", names);
    put(object, "more_tests", json_boolean(tests->more));
}

static json_t *edges_of(const struct cover_input *input)
{
    json_t *array = json_array();

    for (size_t i = 0; i < input->cover->edge_count; i++) {
        const struct cover_edge *edge = input->cover->edges[i];
        json_t *json = json_object();
        char *places = cover_places(input, edge->edge), *modes = words_modes(edge->edge->modes);

        put(json, "from", text(edge->edge->from->name));
        put(json, "from_key", text(edge->edge->from->key));
        put(json, "to", text(edge->edge->to->name));
        put(json, "to_key", text(edge->edge->to->key));
        put(json, "modes", text(modes));
        put(json, "places", text(places));
        put(json, "runs", number(edge->edge->seen.runs));
        put(json, "first_ms", number(edge->edge->seen.first_ms));
        put(json, "last_ms", number(edge->edge->seen.last_ms));
        put_tests(json, &edge->by);
        (void)json_array_append_new(array, json);
        free(places);
        free(modes);
    }
    return array;
}

static json_t *classes_of(const struct cover *cover)
{
    json_t *array = json_array();

    for (size_t i = 0; i < cover->class_count; i++) {
        const struct cover_class *class = cover->classes[i];
        json_t *json = json_object();

        put(json, "name", text(class->class->name));
        put(json, "key", text(class->class->key));
        put(json, "kind", text(class->class->kind));
        put(json, "standing", text(words_standing(class->class->standing)));
        put(json, "edges_in", number(class->in_count));
        put(json, "edges_out", number(class->out_count));
        put(json, "runs", number(class->class->seen.runs));
        put_tests(json, &class->by);
        (void)json_array_append_new(array, json);
    }
    return array;
}

static json_t *tests_of(const struct cover *cover)
{
    json_t *array = json_array();

    for (size_t i = 0; i < cover->test_count; i++) {
        const struct cover_test *test = cover->tests[i];
        json_t *json = json_object();

        put(json, "name", text(test->name));
        put(json, "classes", number(test->class_count));
        put(json, "edges", number(test->edge_count));
        put(json, "own_classes", number(test->own_classes));
        put(json, "own_edges", number(test->own_edges));
        put(json, "pick", test->pick != 0 ? number(test->pick) : json_null());
        put(json, "adds", number(test->gain));
        (void)json_array_append_new(array, json);
    }
    return array;
}

static json_t *apart_of(const struct cover *cover)
{
    json_t *array = json_array();

    for (size_t i = 0; i < cover->apart_count; i++) {
        const struct cover_apart *apart = &cover->apart[i];
        json_t *json = json_object();

        put(json, "one", text(apart->one->class->name));
        put(json, "one_key", text(apart->one->class->key));
        put(json, "other", text(apart->other->class->name));
        put(json, "other_key", text(apart->other->class->key));
        put(json, "shared", number(apart->shared));
        put(json, "shared_tests", number(apart->shared_tests));
        (void)json_array_append_new(array, json);
    }
    return array;
}

static json_t *summary_of(const struct cover *cover)
{
    json_t *json = json_object();

    put(json, "runs", number(cover->process->merged_runs));
    put(json, "runs_exact", json_boolean(cover->process->merged_runs_exact));
    put(json, "classes", number(cover->class_count));
    put(json, "edges", number(cover->edge_count));
    put(json, "tests", number(cover->test_count));
    put(json, "edges_of_no_test", number(cover->untested_edges));
    put(json, "edges_of_one_test", number(cover->single_edges));
    put(json, "classes_of_no_test", number(cover->untested_classes));
    put(json, "classes_of_one_test", number(cover->single_classes));
    put(json, "classes_alone", number(cover->lone_classes));
    put(json, "classes_apart", number(cover->apart_all));
    put(json, "classes_apart_exact", json_boolean(!cover->apart_cut));
    put(json, "tests_for_all_edges", number(cover->picked_count));
    put(json, "tests_without_own_edges", number(cover->idle_count));
    return json;
}

bool cover_print_json(FILE *out, const struct cover_input *input)
{
    json_t *json = json_object(), *notes = json_array();
    bool done;

    for (size_t i = 0; i < input->note_count; i++)
        (void)json_array_append_new(notes, text(input->notes[i]));
    put(json, "format", json_integer(1));
    put(json, "lockval", json_string(LOCKVAL_VERSION_TEXT));
    put(json, "by", json_string(input->cover->by_runs ? "run" : "test"));
    put(json, "summary", summary_of(input->cover));
    put(json, "edges", edges_of(input));
    put(json, "classes", classes_of(input->cover));
    put(json, "tests", tests_of(input->cover));
    put(json, "apart", apart_of(input->cover));
    put(json, "notes", notes);
    done = json_dumpf(json, out, JSON_INDENT(1)) == 0;
    (void)fputc('\n', out);
    json_decref(json);
    return done;
}
