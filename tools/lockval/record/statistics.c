/* SPDX-License-Identifier: MIT */
/* The lines that a process writes at its end: chains, and the statistics of its locks. */

#include "record/reader.h"

#include "common/memory.h"

static enum rec_mode mode_at(const json_t *array, size_t i)
{
    const char *word = json_string_value(json_array_get(array, i));

    return rec_mode_of(word != NULL ? word : "");
}

void rec_read_chain(const struct rec_line *line)
{
    const json_t *classes = json_object_get(line->json, "classes"), *modes = json_object_get(line->json, "modes");
    const json_t *flags = json_object_get(line->json, "flags");
    struct rec_chain *chain = rec_pool_take(line->pool, 1, sizeof(*chain));

    chain->id = (uint32_t)rec_number_member(line->json, "id");
    chain->level = (unsigned)rec_number_member(line->json, "level");
    chain->acquisitions = rec_number_member(line->json, "acquisitions");
    chain->count = json_array_size(classes);
    chain->links = rec_pool_take(line->pool, chain->count, sizeof(*chain->links));
    for (size_t i = 0; i < chain->count; i++) {
        json_int_t class = json_integer_value(json_array_get(classes, i));

        chain->links[i].class = rec_class_at(line, class > 0 ? (uint64_t) class : 0);
        chain->links[i].mode = mode_at(modes, i);
        chain->links[i].flags = rec_flags_of(json_array_get(flags, i));
        if (chain->links[i].class == NULL)
            return;
    }
    if (chain->count != 0)
        rec_append(&line->process->chains, &line->process->chain_count, chain);
}

static struct rec_times times_of(const json_t *json)
{
    return (struct rec_times){ .count = rec_number_member(json, "count"),
                               .min = rec_number_member(json, "min"),
                               .max = rec_number_member(json, "max"),
                               .total = rec_number_member(json, "total") };
}

void rec_read_lock_stat(const struct rec_line *line)
{
    const json_t *holders = json_object_get(line->json, "holders");
    struct rec_lock_stat *stat = rec_pool_take(line->pool, 1, sizeof(*stat));
    const char *mode = json_string_value(json_object_get(line->json, "mode"));

    stat->class = rec_class_at(line, rec_number_member(line->json, "class"));
    if (stat->class == NULL)
        return;
    stat->reads = rec_mode_of(mode != NULL ? mode : "") != REC_WRITE;
    stat->site = rec_frame_of(line, json_object_get(line->json, "site"));
    stat->acquisitions = rec_number_member(line->json, "acquisitions");
    stat->failed = rec_number_member(line->json, "failed");
    stat->wait = times_of(json_object_get(line->json, "wait"));
    stat->hold = times_of(json_object_get(line->json, "hold"));
    stat->holder_count = json_array_size(holders);
    stat->holders = rec_pool_take(line->pool, stat->holder_count, sizeof(*stat->holders));
    for (size_t i = 0; i < stat->holder_count; i++) {
        const json_t *holder = json_array_get(holders, i);

        stat->holders[i].site = rec_frame_of(line, json_object_get(holder, "site"));
        stat->holders[i].count = rec_number_member(holder, "count");
        stat->holders[i].total = rec_number_member(holder, "total");
    }
    rec_append(&line->process->lock_stats, &line->process->lock_stat_count, stat);
}
