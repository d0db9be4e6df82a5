/* SPDX-License-Identifier: MIT */
/* The sources of classes are looked up here if they were not when the records were merged; where all is of one build, nobody asks. */

#define _GNU_SOURCE
#include "orders/builds.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "match/match.h"
#include "merge/union.h"
#include "symbol/symbols.h"

/* Are there two files of one name, by their build-ids or, without, by their paths? */
static bool has_builds(const struct rec_process *process)
{
    for (size_t i = 0; i < process->module_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(process->modules[i]->name, process->modules[k]->name) == 0)
                return true;
    return false;
}

/* The same order from a union, with @same (null: each class is its own), and with the sources that can be found. */
static void make_anew(struct or_order *order, const struct rec_index *same)
{
    struct un_union *all = un_open();
    struct rec_set *set;

    if (same != NULL) {
        un_add_matched(all, order->process, same);
    } else {
        struct sym_session *symbols = sym_open(&(struct sym_options){ 0 });

        un_add(all, order->process);
        un_look_up(all, symbols);
        sym_close(symbols);
    }
    set = un_read_back(all, order->process->file);
    un_close(all);
    rec_close(order->set);
    order->set = set;
    order->process = set->processes[0];
}

bool or_match_builds(const struct or_options *options, struct or_order *order)
{
    struct mt_renames *renames = NULL;
    struct mt_result result;

    if (options->renames != NULL) {
        renames = mt_renames_read(options->renames);
        if (renames == NULL)
            return false;
    }
    if (options->no_match || (!has_builds(order->process) && renames == NULL)) {
        mt_renames_free(renames);
        return true;
    }
    make_anew(order, NULL);
    mt_match(order->process, renames, &result);
    order->note_count = result.note_count;
    order->notes = cli_alloc(result.note_count + 1, sizeof(*order->notes));
    for (size_t i = 0; i < result.note_count; i++)
        order->notes[i].text = cli_strdup(result.notes[i]);
    if (result.matched != 0)
        make_anew(order, &result.same);
    mt_free(&result);
    mt_renames_free(renames);
    return true;
}
