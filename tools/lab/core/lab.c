/* SPDX-License-Identifier: MIT */
#include "core/lab.h"

#include <string.h>

#include "core/first.h"
#include "core/view.h"

#define OUTPUT ((size_t)512 * 1024)
#define EXPLORED ((size_t)96 * 1024 * 1024)

static struct {
    char text[LAB_TEXT], options[1024];
    char output[OUTPUT];
    struct lab_program program;
    struct lab_state state;
    bool loaded;
    bool exploring;
    struct lab_search search;
} lab;

static _Alignas(16) char explored[EXPLORED];

char *lab_text(void)
{
    return lab.text;
}

char *lab_options(void)
{
    return lab.options;
}

const char *lab_view(void)
{
    struct lv_text out;
    struct lv_json json;

    lv_text_init(&out, lab.output, sizeof(lab.output));
    lv_json_init(&json, &out);
    lv_json_begin_object(&json, NULL);
    lv_json_bool(&json, "ok", lab.loaded);
    if (lab.loaded) {
        lab_view_program(&json, &lab.program, lab.text);
        lab_view_state(&json, &lab.program, &lab.state);
        lab_view_watch(&json, (struct lab_watch *)lab_watch_now());
    }
    lv_json_end_object(&json);
    return out.cut ? "{\"ok\":false,\"line\":0,\"complaint\":\"there is too much to show\"}" : lab.output;
}

const char *lab_restart(void)
{
    lab_begin(&lab.program, &lab.state);
    lab_watch_begin(&lab.program, lab.text, lab.options);
    return lab_view();
}

const char *lab_load(void)
{
    char complaint[256];
    struct lv_text out;
    struct lv_json json;
    unsigned line;

    lab.exploring = false;
    lab.loaded = lab_program_read(&lab.program, lab.text, complaint, sizeof(complaint), &line);
    if (lab.loaded)
        return lab_restart();
    lv_text_init(&out, lab.output, sizeof(lab.output));
    lv_json_init(&json, &out);
    lv_json_begin_object(&json, NULL);
    lv_json_bool(&json, "ok", false);
    lv_json_int(&json, "line", line);
    lv_json_text(&json, "complaint", complaint);
    lv_json_end_object(&json);
    return lab.output;
}

const char *lab_play(unsigned thread, unsigned what)
{
    const struct lab_choice choice = { (uint8_t)thread, (uint8_t)what };
    struct lab_state before = lab.state;
    struct lab_did did;

    if (!lab.loaded || thread >= LAB_THREADS || what > UINT8_MAX || !lab_can(&lab.program, &lab.state, choice))
        return lab_view();
    lab_watch_before(&lab.program, &before, choice);
    did = lab_do(&lab.program, &lab.state, choice);
    lab_watch_after(&lab.program, &before, choice, &did);
    return lab_view();
}

const char *lab_explore(unsigned count)
{
    struct lv_text out;
    struct lv_json json;

    lv_text_init(&out, lab.output, sizeof(lab.output));
    lv_json_init(&json, &out);
    lv_json_begin_object(&json, NULL);
    lv_json_bool(&json, "ok", lab.loaded);
    if (lab.loaded) {
        if (!lab.exploring)
            lab_explore_begin(&lab.search, &lab.program, explored, sizeof(explored));
        lab_explore_go(&lab.search, count);
        lab.exploring = !lab.search.found.done;
        lab_view_found(&json, &lab.search.found);
    }
    lv_json_end_object(&json);
    return lab.output;
}

const char *lab_explore_all(void)
{
    lab.exploring = false;
    return lab_explore(UINT32_MAX);
}

/* The step of the first run that comes: of the first thread in its list that can go on, else whatever can happen. */
static bool next_choice(struct lab_choice *ret)
{
    struct lab_choice choices[LAB_CHOICES];

    for (uint8_t i = 0; i < lab.program.run_count; i++) {
        *ret = lab.program.runs[i];
        if (lab_can(&lab.program, &lab.state, *ret))
            return true;
    }
    if (lab_choices(&lab.program, &lab.state, choices) == 0)
        return false;
    *ret = choices[0];
    return true;
}

const char *lab_first_run(void)
{
    struct lab_choice choice;
    const char *said = lab_load();

    if (!lab.loaded)
        return said;
    while (next_choice(&choice))
        (void)lab_play(choice.thread, choice.what);
    return lab_view();
}
