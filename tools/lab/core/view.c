/* SPDX-License-Identifier: MIT */
#include "core/view.h"

#include <string.h>

#include "engine/resolve.h"
#include "engine/usage.h"

static const char *mode_name(enum lv_mode mode)
{
    return mode == LV_WRITE ? "write" : mode == LV_READ ? "read" : "read-recursive";
}

/* A pair of numbers. */
static void view_choice(struct lv_json *json, struct lab_choice choice)
{
    lv_json_begin_list(json, NULL);
    lv_json_int(json, NULL, choice.thread);
    lv_json_int(json, NULL, choice.what);
    lv_json_end_list(json);
}

/* ---- the program --------------------------------------------------------------------------------------------------- */

static void view_sequence(struct lv_json *json, const struct lab_sequence *s, const char *text)
{
    lv_json_begin_object(json, NULL);
    lv_json_text(json, "name", s->name);
    lv_json_begin_list(json, "steps");
    for (uint8_t i = 0; i < s->count; i++) {
        char step[3 * LAB_NAME];

        lab_step_text(text, &s->steps[i], step, sizeof(step));
        lv_json_begin_object(json, NULL);
        lv_json_text(json, "text", step);
        lv_json_int(json, "from", s->steps[i].from);
        lv_json_int(json, "to", s->steps[i].to);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
    lv_json_end_object(json);
}

void lab_view_program(struct lv_json *json, const struct lab_program *p, const char *text)
{
    static const char *const kinds[] = { "mutex", "recursive", "rwlock", "strict", "queued", "event", "cond", "flag" };

    lv_json_begin_list(json, "threads");
    for (uint8_t i = 0; i < p->thread_count; i++)
        view_sequence(json, &p->sequences[i], text);
    lv_json_end_list(json);
    lv_json_begin_list(json, "contexts");
    for (uint8_t i = 0; i < p->context_count; i++) {
        lv_json_begin_object(json, NULL);
        lv_json_text(json, "name", p->contexts[i].name);
        lv_json_bool(json, "soft", p->contexts[i].soft);
        lv_json_int(json, "sequence", p->contexts[i].interrupts ? p->contexts[i].sequence : -1);
        lv_json_begin_list(json, "handler");
        if (p->contexts[i].interrupts)
            view_sequence(json, &p->sequences[p->contexts[i].sequence], text);
        lv_json_end_list(json);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
    lv_json_begin_list(json, "locks");
    for (uint8_t i = 0; i < p->lock_count; i++) {
        lv_json_begin_object(json, NULL);
        lv_json_text(json, "name", p->locks[i].name);
        lv_json_text(json, "class", p->locks[i].class);
        lv_json_text(json, "kind", kinds[p->locks[i].kind]);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
    lv_json_begin_list(json, "runs");
    for (uint8_t i = 0; i < p->run_count; i++)
        view_choice(json, p->runs[i]);
    lv_json_end_list(json);
}

/* ---- the state ----------------------------------------------------------------------------------------------------- */

static void view_thread(struct lv_json *json, const struct lab_program *p, const struct lab_state *state,
                        unsigned thread)
{
    const struct lab_thread_state *t = &state->threads[thread];

    lv_json_begin_object(json, NULL);
    lv_json_text(json, "state", t->depth == 0 ? "ended" : !t->begun ? "unborn" : t->waits ? "waits" : "ready");
    lv_json_begin_list(json, "frames");
    for (uint8_t i = 0; i < t->depth; i++) {
        lv_json_begin_object(json, NULL);
        lv_json_int(json, "sequence", t->frames[i].sequence);
        lv_json_int(json, "next", t->frames[i].next);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
    lv_json_begin_list(json, "holds");
    for (uint8_t i = 0; i < p->lock_count; i++) {
        const struct lab_lock_state *l = &state->locks[i];

        if (l->writer == thread + 1 || l->readers[thread] != 0)
            lv_json_int(json, NULL, i);
    }
    lv_json_end_list(json);
    lv_json_end_object(json);
}

void lab_view_state(struct lv_json *json, const struct lab_program *p, const struct lab_state *state)
{
    struct lab_choice choices[LAB_CHOICES];
    unsigned count = lab_choices(p, state, choices);

    lv_json_begin_list(json, "now");
    for (uint8_t i = 0; i < p->thread_count; i++)
        view_thread(json, p, state, i);
    lv_json_end_list(json);
    lv_json_begin_list(json, "choices");
    for (unsigned i = 0; i < count; i++)
        view_choice(json, choices[i]);
    lv_json_end_list(json);
    lv_json_bool(json, "over", lab_is_over(p, state));
    lv_json_bool(json, "hangs", count == 0 && !lab_is_over(p, state));
}

/* ---- what is known ------------------------------------------------------------------------------------------------- */

static void view_held(struct lv_json *json, const struct lab_watch *watch)
{
    lv_json_begin_list(json, "held");
    for (unsigned i = 0; i < LAB_THREADS; i++) {
        const struct lv_thread *t = watch->threads[i];

        if (t == NULL)
            continue;
        for (uint32_t k = 0; k < t->depth; k++) {
            lv_json_begin_object(json, NULL);
            lv_json_int(json, "thread", i);
            lv_json_int(json, "class", t->held[k].class.v);
            lv_json_hex(json, "address", t->held[k].address);
            lv_json_text(json, "mode", mode_name((enum lv_mode)t->held[k].mode));
            lv_json_end_object(json);
        }
    }
    lv_json_end_list(json);
}

static void view_classes(struct lv_json *json, const struct lab_watch *watch)
{
    lv_json_begin_list(json, "classes");
    for (uint32_t i = 1; i < watch->ctx.classes.all.count; i++) {
        const struct lv_class *class = lv_classes_get(&watch->ctx.classes, (lv_class_id){ i });
        char name[64], usage[5];
        struct lv_text text;

        lv_text_init(&text, name, sizeof(name));
        lv_class_name(class, &text);
        lv_usage_chars(class->usage, usage);
        lv_json_begin_object(json, NULL);
        lv_json_int(json, "id", i);
        lv_json_text(json, "name", name);
        lv_json_text(json, "usage", usage);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
}

static void view_edges(struct lv_json *json, const struct lab_watch *watch)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    const struct lv_digraph *graph = &watch->ctx.graph;

    lv_json_begin_list(json, "edges");
    for (uint32_t i = 1; i < graph->edges.count; i++) {
        const struct lv_edge *edge = lv_digraph_edge(graph, i);

        if (edge->from == 0)
            continue;
        lv_json_begin_object(json, NULL);
        lv_json_int(json, "from", edge->from);
        lv_json_int(json, "to", edge->to);
        lv_json_begin_list(json, "modes");
        for (unsigned bit = 0; bit < LV_ARRAY_SIZE(words); bit++)
            if ((edge->bits & 1u << bit) != 0)
                lv_json_text(json, NULL, words[bit]);
        lv_json_end_list(json);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
}

static void view_chains(struct lv_json *json, const struct lab_watch *watch)
{
    lv_json_begin_list(json, "chains");
    for (uint32_t i = 0; i < watch->chain_count; i++) {
        lv_json_begin_object(json, NULL);
        lv_json_begin_list(json, "classes");
        for (uint8_t k = 0; k < watch->chains[i].count; k++)
            lv_json_int(json, NULL, watch->chains[i].classes[k]);
        lv_json_end_list(json);
        lv_json_int(json, "walks", watch->chains[i].walks);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
    lv_json_int(json, "chain", (int64_t)watch->last_chain - 1);
    lv_json_bool(json, "known", watch->last_was_known);
}

static void view_findings(struct lv_json *json, const struct lab_watch *watch)
{
    lv_json_begin_list(json, "findings");
    for (uint32_t i = 0; i < watch->finding_count; i++) {
        const struct lab_finding *finding = &watch->findings[i];

        lv_json_begin_object(json, NULL);
        lv_json_text(json, "kind", lv_finding_kind_name(finding->kind));
        lv_json_text(json, "verdict", lv_verdict_name(finding->verdict));
        lv_json_text(json, "fingerprint", finding->fingerprint);
        lv_json_text(json, "reasons", finding->reasons);
        lv_json_text(json, "cycle", finding->cycle);
        lv_json_text(json, "text", finding->text);
        lv_json_text(json, "upgrade", finding->upgrade);
        lv_json_end_object(json);
    }
    lv_json_end_list(json);
    lv_json_int(json, "more", watch->finding_more);
}

void lab_view_watch(struct lv_json *json, struct lab_watch *watch)
{
    lv_json_bool(json, "failed", watch->failed || watch->ctx.state != LV_STATE_ON);
    if (watch->failed)
        return;
    view_held(json, watch);
    view_classes(json, watch);
    view_edges(json, watch);
    view_chains(json, watch);
    view_findings(json, watch);
}

/* ---- what can happen ----------------------------------------------------------------------------------------------- */

void lab_view_found(struct lv_json *json, const struct lab_found *found)
{
    struct lv_text text;
    char ways[32];

    lv_text_init(&text, ways, sizeof(ways));
    lv_text_printf(&text, "%lu", found->ways < 4e9 ? (unsigned long)found->ways : 4000000000UL);
    lv_json_bool(json, "done", found->done);
    lv_json_int(json, "states", found->states);
    lv_json_text(json, "ways", ways);
    lv_json_bool(json, "many", found->ways >= 4e9);
    lv_json_bool(json, "complete", found->complete);
    lv_json_int(json, "hangs", found->hangs);
    lv_json_begin_list(json, "way");
    for (uint32_t i = 0; i < found->way_length; i++)
        view_choice(json, found->way[i]);
    lv_json_end_list(json);
}
