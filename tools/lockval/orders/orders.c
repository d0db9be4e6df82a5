/* SPDX-License-Identifier: MIT */
/* Records, merged records and stores, put together in memory. */

#define _GNU_SOURCE
#include "orders/orders.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "common/command.h"
#include "common/memory.h"
#include "merge/union.h"
#include "orders/builds.h"
#include "store/db.h"

static bool fits(const char *glob, const char *text)
{
    return glob == NULL || fnmatch(glob, text, 0) == 0;
}

/* Does the run count? What a merged record says cannot be taken apart. */
static bool is_wanted(const struct or_options *options, const struct rec_process *process)
{
    return process->merged || (fits(options->program, process->program) && fits(options->test, process->test) &&
                               fits(options->commit, process->commit));
}

static bool has_filter(const struct or_options *options)
{
    return options->program != NULL || options->test != NULL || options->commit != NULL;
}

static struct or_order *order_of(struct rec_set *set)
{
    struct or_order *order = cli_alloc(1, sizeof(*order));

    order->set = set;
    order->process = set->processes[0];
    return order;
}

/* One merged record is what is asked for already. Null: @path is something else, and nothing was said. */
static struct or_order *take_merged(const struct or_options *options, const char *path)
{
    struct rec_set *set;

    if (has_filter(options) || !rec_is_merged(path))
        return NULL;
    set = rec_open();
    if (rec_read(set, path) && set->process_count == 1 && set->processes[0]->merged)
        return order_of(set);
    rec_close(set);
    return NULL;
}

static bool add(const struct or_options *options, struct un_union *all, const char *path)
{
    const struct db_filter filter = { .program = options->program, .test = options->test, .commit = options->commit };
    struct rec_set *set;
    bool done;

    if (db_is(path))
        return db_load(path, &filter, all);
    set = rec_open();
    done = rec_read(set, path);
    for (size_t i = 0; done && i < set->process_count; i++) {
        if (set->processes[i]->merged && has_filter(options)) {
            cli_complain("%s is a merged record: which of it is of which run is not in it", path);
            done = false;
        } else if (is_wanted(options, set->processes[i])) {
            un_add(all, set->processes[i]);
        }
    }
    rec_close(set);
    return done;
}

static struct or_order *put_together(const struct or_options *options, const char *const *paths, size_t count)
{
    struct un_union *all = un_open();
    struct or_order *order = NULL;
    bool done = true;

    for (size_t i = 0; i < count && done; i++)
        done = add(options, all, paths[i]);
    if (done)
        order = order_of(un_read_back(all, count == 1 ? paths[0] : "records"));
    un_close(all);
    return order;
}

struct or_order *or_load(const struct or_options *options, const char *const *paths, size_t count)
{
    struct or_order *order = count == 1 ? take_merged(options, paths[0]) : NULL;

    if (order == NULL)
        order = put_together(options, paths, count);
    if (order == NULL || or_match_builds(options, order))
        return order;
    or_close(order);
    return NULL;
}

void or_close(struct or_order *order)
{
    for (size_t i = 0; i < order->note_count; i++)
        free((void *)order->notes[i].text);
    free(order->notes);
    rec_close(order->set);
    free(order);
}

void or_say_notes(const struct or_order *order, size_t most)
{
    for (size_t i = 0; i < order->note_count && (most == 0 || i < most); i++)
        cli_complain("%s", order->notes[i].text);
    if (most != 0 && order->note_count > most)
        cli_complain("and %zu more of the kind", order->note_count - most);
}
