/* SPDX-License-Identifier: MIT */
/* One document; docs/diff.md has its members. */

#include "diff/words.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/types.h"
#include "common/memory.h"
#include "common/visible.h"
#include "symbol/frames.h"

/* What is no UTF-8 (paths may be) is made visible. */
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

static json_t *text_and_free(char *of)
{
    json_t *json = text(of);

    free(of);
    return json;
}

static json_t *number(uint64_t of)
{
    return json_integer((json_int_t)of);
}

static json_t *modes(unsigned of)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    json_t *array = json_array();

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if ((of >> i & 1) != 0)
            (void)json_array_append_new(array, json_string(words[i]));
    return array;
}

/* ---- what is said of several things ---- */

static json_t *run_of(const struct rec_run *run)
{
    json_t *json;

    if (run == NULL || !run->known)
        return json_null();
    json = json_object();
    put(json, "of", text(run->of));
    put(json, "hash", text(run->hash));
    put(json, "program", text(run->program));
    put(json, "test", text(run->test));
    put(json, "commit", text(run->commit));
    put(json, "host", text(run->host));
    put(json, "start_ms", number(run->start_ms));
    return json;
}

static json_t *seen_of(const struct rec_seen *seen)
{
    json_t *json = json_object(), *tests = json_array();

    for (size_t i = 0; i < seen->test_count; i++)
        (void)json_array_append_new(tests, text(seen->tests[i]));
    put(json, "runs", number(seen->runs));
    put(json, "runs_exact", json_boolean(seen->runs_exact));
    put(json, "first_ms", number(seen->first_ms));
    put(json, "last_ms", number(seen->last_ms));
    put(json, "tests", tests);
    put(json, "more_tests", json_boolean(seen->more_tests));
    return json;
}

/* ---- classes ---- */

static json_t *class_of(const struct rec_class *class)
{
    json_t *json = json_object(), *keys = json_array(), *source = json_null();

    for (size_t i = 0; i < class->key_count; i++)
        (void)json_array_append_new(keys, text(class->keys[i]));
    if (class->key_count == 0)
        (void)json_array_append_new(keys, text(class->key));
    if (class->source.file != NULL && *class->source.file != '\0') {
        source = json_object();
        put(source, "function", text(class->source.function != NULL ? class->source.function : ""));
        put(source, "file", text(class->source.file));
        put(source, "line", json_integer(class->source.line));
    }
    put(json, "name", text(class->name));
    put(json, "keys", keys);
    put(json, "stable", text(class->stable));
    put(json, "kind", text(class->kind));
    put(json, "standing", text(words_standing(class->standing)));
    put(json, "usage", text(class->usage));
    put(json, "wait", json_pack("[ii]", (int)class->wait_outer, (int)class->wait_inner));
    put(json, "source", source);
    put(json, "seen", seen_of(&class->seen));
    return json;
}

static json_t *class_change(const struct diff_class *class)
{
    static const char *const words[] = { "kind", "standing", "usage", "wait" };
    json_t *json = json_object(), *changed = json_array();

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if ((class->changed >> i & 1) != 0)
            (void)json_array_append_new(changed, json_string(words[i]));
    put(json, "changed", changed);
    put(json, "old", class_of(class->old));
    put(json, "new", class_of(class->new));
    return json;
}

static json_t *classes_of(const struct diff *diff)
{
    json_t *json = json_object(), *added = json_array(), *removed = json_array(), *changed = json_array(),
           *renamed = json_array();

    for (size_t i = 0; i < diff->class_count; i++) {
        const struct diff_class *class = diff->classes[i];

        if (class->state == DIFF_ADDED)
            (void)json_array_append_new(added, class_of(class->new));
        else if (class->state == DIFF_REMOVED)
            (void)json_array_append_new(removed, class_of(class->old));
        else if (class->state == DIFF_CHANGED)
            (void)json_array_append_new(changed, class_change(class));
        if (class->renamed)
            (void)json_array_append_new(
                renamed, json_pack("{so so}", "old", text(class->old->name), "new", text(class->new->name)));
    }
    put(json, "added", added);
    put(json, "removed", removed);
    put(json, "changed", changed);
    put(json, "renamed", renamed);
    return json;
}

/* ---- edges ---- */

static json_t *frame_of(const struct sym_line *line)
{
    json_t *json = json_object();
    char *offset = cli_printf("0x%" PRIx64, line->frame->offset);

    put(json, "function", text(line->function));
    put(json, "file", text(line->file));
    put(json, "line", json_integer(line->line));
    put(json, "module", text(line->frame->module != NULL ? line->frame->module->name : ""));
    put(json, "offset", text(offset));
    put(json, "name", text(line->frame->name));
    free(offset);
    return json;
}

static json_t *side_of(const struct diff_side *side, const struct rec_lock *lock)
{
    struct sym_stack stack = sym_stack_of(side->symbols, lock->stack);
    json_t *json = json_object(), *frames = json_array();

    for (size_t i = 0; i < stack.count; i++)
        (void)json_array_append_new(frames, frame_of(&stack.lines[i]));
    sym_stack_free(&stack);
    put(json, "mode", text(rec_mode_name(lock->mode)));
    put(json, "place", text_and_free(words_place(side->symbols, lock->stack, NULL)));
    put(json, "stack", frames);
    return json;
}

static json_t *witness_of(const struct diff_side *side, const struct rec_edge *edge)
{
    const struct rec_evidence *evidence = words_evidence(edge);
    const struct rec_witness *witness;
    json_t *json;

    if (evidence == NULL)
        return json_null();
    witness = evidence->witness;
    json = json_object();
    put(json, "thread", text(witness->thread != NULL ? witness->thread->name : ""));
    put(json, "held", side_of(side, words_held(evidence)));
    put(json, "wanted", side_of(side, &witness->wanted));
    put(json, "run", run_of(witness->run));
    return json;
}

static json_t *edge_of(const struct diff_input *input, const struct diff_edge *edge)
{
    const struct rec_edge *shown = diff_edge_shown(edge);
    json_t *json = json_object();

    put(json, "from", text(edge->from->name));
    put(json, "from_key", text(shown->from->key));
    put(json, "to", text(edge->to->name));
    put(json, "to_key", text(shown->to->key));
    if (edge->state == DIFF_CHANGED) {
        put(json, "added_modes", modes(edge->new_modes & ~edge->old_modes));
        put(json, "removed_modes", modes(edge->old_modes & ~edge->new_modes));
    } else {
        put(json, "implied", json_boolean(edge->implied));
    }
    put(json, "modes", modes(edge->new != NULL ? edge->new_modes : edge->old_modes));
    put(json, "findings", number(edge->finding_count));
    put(json, "seen", seen_of(&shown->seen));
    put(json, "witness", witness_of(diff_side_of(input, edge->state), shown));
    return json;
}

static json_t *edges_of(const struct diff_input *input)
{
    const struct diff *diff = input->diff;
    json_t *json = json_object(), *added = json_array(), *removed = json_array(), *changed = json_array();

    for (size_t i = 0; i < diff->edge_count; i++) {
        json_t *const lists[] = { NULL, added, removed, changed };

        if (diff->edges[i]->state != DIFF_SAME)
            (void)json_array_append_new(lists[diff->edges[i]->state], edge_of(input, diff->edges[i]));
    }
    put(json, "added", added);
    put(json, "removed", removed);
    put(json, "changed", changed);
    return json;
}

/* ---- findings ---- */

static json_t *finding_of(const struct diff_finding *finding)
{
    const struct rec_finding *shown = diff_finding_shown(finding);
    json_t *json = json_object(), *reasons = json_array();

    for (size_t i = 0; i < shown->reason_count; i++)
        (void)json_array_append_new(reasons, text(shown->reasons[i]));
    put(json, "kind", text(shown->kind));
    put(json, "verdict", text(shown->verdict_name));
    if (finding->state == DIFF_CHANGED)
        put(json, "old_verdict", text(finding->old->verdict_name));
    put(json, "reasons", reasons);
    put(json, "fingerprint", text(shown->fingerprint));
    put(json, "about", text_and_free(words_about(shown)));
    put(json, "suppressed", json_boolean(*shown->suppressed_by != '\0'));
    put(json, "run", run_of(shown->run));
    return json;
}

static json_t *findings_of(const struct diff *diff)
{
    json_t *json = json_object(), *new = json_array(), *gone = json_array(), *changed = json_array();

    for (size_t i = 0; i < diff->finding_count; i++) {
        json_t *const lists[] = { NULL, new, gone, changed };

        if (diff->findings[i]->state != DIFF_SAME)
            (void)json_array_append_new(lists[diff->findings[i]->state], finding_of(diff->findings[i]));
    }
    put(json, "new", new);
    put(json, "gone", gone);
    put(json, "changed", changed);
    return json;
}

/* ---- the whole ---- */

static json_t *order_of(const struct diff_side *side)
{
    const struct rec_process *process = side->process;
    json_t *json = json_object(), *paths = json_array();

    for (size_t i = 0; i < side->path_count; i++)
        (void)json_array_append_new(paths, text(side->paths[i]));
    put(json, "paths", paths);
    put(json, "runs", number(process->merged_runs));
    put(json, "runs_exact", json_boolean(process->merged_runs_exact));
    put(json, "classes", number(process->class_count));
    put(json, "edges", number(process->edge_count));
    put(json, "findings", number(process->finding_count));
    return json;
}

static bool print(FILE *out, const struct diff_input *input)
{
    json_t *json = json_object(), *notes = json_array();
    bool done;

    for (size_t i = 0; i < input->note_count; i++)
        (void)json_array_append_new(notes, text(input->notes[i]));
    put(json, "format", json_integer(1));
    put(json, "lockval", json_string(LOCKVAL_VERSION_TEXT));
    put(json, "equal", json_boolean(diff_is_empty(input->diff)));
    put(json, "summary", text_and_free(diff_summary(input->diff)));
    put(json, "old", order_of(&input->old));
    put(json, "new", order_of(&input->new));
    put(json, "findings", findings_of(input->diff));
    put(json, "edges", edges_of(input));
    put(json, "classes", classes_of(input->diff));
    put(json, "notes", notes);
    put(json, "left_out", number(input->diff->left_out));
    done = json_dumpf(json, out, JSON_INDENT(1)) == 0;
    (void)fputc('\n', out);
    json_decref(json);
    return done;
}

const struct diff_form diff_form_json = {
    .name = "json",
    .summary = "one document, for programs",
    .print = print,
};
