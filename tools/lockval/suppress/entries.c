/* SPDX-License-Identifier: MIT */
/*
 * The library's own parser and its rule for kinds. What it looks at in a report stands in the record: names, keys, frames with the
 * names that it had.
 */

#define _GNU_SOURCE
#include "suppress/entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"

enum {
    COMPLAINTS = 16384
};

/* The whole file. Null: it cannot be read. */
static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0, got;

    *ret_size = 0;
    if (file == NULL)
        return NULL;
    do {
        room = room == 0 ? 4096 : room * 2;
        text = cli_realloc(text, room, 1);
        got = fread(text + *ret_size, 1, room - *ret_size, file);
        *ret_size += got;
    } while (*ret_size == room);
    if (ferror(file)) {
        free(text);
        text = NULL;
    }
    (void)fclose(file);
    return text;
}

struct entries *entries_of(const char *path, const char *text, size_t size)
{
    struct entries *ret = cli_alloc(1, sizeof(*ret));
    char *said = cli_alloc(COMPLAINTS, 1);
    struct lv_suppressions all = { 0 };
    struct lv_text complaints;

    lv_text_init(&complaints, said, COMPLAINTS);
    lv_suppressions_parse(&all, path, text, size, &ret->arena, &complaints);
    (void)fputs(said, stderr);
    ret->wrong = complaints.len != 0;
    for (const struct lv_suppression *from = all.first; from != NULL; from = from->next) {
        ret->entries = cli_realloc(ret->entries, ret->count + 1, sizeof(*ret->entries));
        ret->entries[ret->count++] = (struct entry){ from, from->text, from->line };
    }
    free(said);
    return ret;
}

struct entries *entries_read(const char *path)
{
    size_t size;
    char *text = read_file(path, &size);
    struct entries *ret = NULL;

    if (text != NULL)
        ret = entries_of(path, text, size);
    else
        cli_complain("cannot read %s: %s", path, strerror(errno));
    free(text);
    return ret;
}

void entries_free(struct entries *entries)
{
    free(entries->entries);
    free(entries);
}

/* ---- matching ---- */

static bool matches_stack(const char *pattern, const struct rec_stack *stack)
{
    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        const struct rec_frame *frame = &stack->frames[i];
        const char *plus = strstr(frame->name, "+0x");
        char *function;
        bool matches;

        if (frame->module != NULL && lv_pattern_matches(pattern, frame->module->name))
            return true;
        if (plus == NULL)
            continue;
        function = cli_printf("%.*s", (int)(plus - frame->name), frame->name);
        matches = lv_pattern_matches(pattern, function);
        free(function);
        if (matches)
            return true;
    }
    return false;
}

static bool matches_one(const char *pattern, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lv_pattern_matches(pattern, texts[i]))
            return true;
    return false;
}

/* A class of a merged record may have had several keys. */
static bool matches_class(const char *pattern, const struct rec_class *class)
{
    return class != NULL &&
           (lv_pattern_matches(pattern, class->stable) || matches_one(pattern, class->keys, class->key_count) ||
            matches_one(pattern, class->stables, class->stable_count));
}

static bool matches_lock(const char *pattern, const struct rec_lock *lock)
{
    return lv_pattern_matches(pattern, rec_lock_name(lock)) || lv_pattern_matches(pattern, rec_lock_key(lock)) ||
           matches_class(pattern, lock->class) || matches_stack(pattern, lock->stack);
}

static bool matches_stuck(const char *pattern, const struct rec_stuck *stuck)
{
    if (matches_lock(pattern, &stuck->wanted) || (stuck->has_with && matches_lock(pattern, &stuck->with)))
        return true;
    for (size_t i = 0; i < stuck->held_count; i++)
        if (matches_lock(pattern, &stuck->held[i]))
            return true;
    return false;
}

static bool is_for(const struct entry *entry, const struct rec_finding *finding)
{
    enum lv_verdict verdict = finding->verdict == REC_DEADLOCK ? LV_VERDICT_DEADLOCK : LV_VERDICT_POTENTIAL;

    for (int kind = 0; kind < LV_FINDING__COUNT; kind++)
        if (strcmp(finding->kind, lv_finding_kind_name((enum lv_finding_kind)kind)) == 0)
            return lv_suppression_is_for(entry->from, (enum lv_finding_kind)kind, verdict);
    return false;
}

static bool pattern_matches(const char *pattern, const struct rec_finding *finding)
{
    for (size_t i = 0; i < finding->edge_count; i++)
        if (matches_lock(pattern, &finding->edges[i].held) || matches_lock(pattern, &finding->edges[i].wanted))
            return true;
    for (size_t i = 0; i < finding->stuck_count; i++)
        if (matches_stuck(pattern, &finding->stuck[i]))
            return true;
    return (finding->has_subject && matches_lock(pattern, &finding->subject)) ||
           (finding->holder.thread != NULL && matches_lock(pattern, &finding->holder.lock)) ||
           (finding->usage_state[0] != '\0' &&
            (matches_lock(pattern, &finding->usage_inside.lock) || matches_lock(pattern, &finding->usage_open.lock))) ||
           matches_stack(pattern, finding->stack);
}

bool entry_matches(const struct entry *entry, const struct rec_finding *finding)
{
    if (!is_for(entry, finding))
        return false;
    for (const char *pattern = NULL; (pattern = lv_suppression_next(entry->from, pattern)) != NULL;)
        if (!pattern_matches(pattern, finding))
            return false;
    return true;
}
