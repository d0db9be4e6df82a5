/* SPDX-License-Identifier: MIT */
/* The entries are constant after the start; they are looked through only when a finding was made. */

#include "engine/suppress.h"

#include <string.h>

#include "check/finding.h"
#include "engine/resolve.h"

enum {
    KEY_MOST = 1024,
    LINE_MOST = 8192 /* of what is said of an entry; a path is shorter than half of it */
};

static void load_file(struct lv_context *ctx, const char *path, struct lv_text *complaints)
{
    const void *data = NULL;
    int64_t size = lv_os_map_file(path, &data);

    if (size < 0) {
        lv_text_printf(complaints, "lockval: option 'suppressions': %s cannot be read\n", path);
        return;
    }
    if (size == 0)
        return;
    lv_suppressions_parse(&ctx->suppressions, path, data, (size_t)size, &ctx->arena, complaints);
    lv_os_unmap((void *)(uintptr_t)data, (size_t)size);
}

void lv_suppress_load(struct lv_context *ctx, struct lv_text *complaints)
{
    size_t size = strlen(ctx->options.suppressions) + 1;
    char *paths = lv_arena_alloc(&ctx->arena, size);

    if (paths != NULL) {
        memcpy(paths, ctx->options.suppressions, size);
        for (char *path = paths, *next; path != NULL; path = next) {
            next = strchr(path, ',');
            if (next != NULL)
                *next++ = '\0';
            if (*path != '\0' && strcmp(path, "none") != 0)
                load_file(ctx, path, complaints);
        }
    }
    if (ctx->options.known_findings)
        return;
    lv_suppressions_parse(&ctx->suppressions, "built in", lv_suppress_builtin, strlen(lv_suppress_builtin), &ctx->arena,
                          complaints);
}

static bool matches_class(struct lv_context *ctx, const char *pattern, lv_class_id id)
{
    struct lv_class *class;
    char key[KEY_MOST];
    struct lv_text text;

    if (id.v == 0)
        return false;
    class = lv_classes_get(&ctx->classes, id);
    lv_text_init(&text, key, sizeof(key));
    lv_class_run_key(class, &text);
    if (lv_pattern_matches(pattern, key))
        return true;
    lv_text_init(&text, key, sizeof(key));
    lv_class_stable_key(ctx, class, &text);
    return lv_pattern_matches(pattern, key);
}

static bool matches_keys(struct lv_context *ctx, const char *pattern, const struct lv_finding *finding)
{
    for (uint32_t i = 0; i < finding->edge_count; i++)
        if (matches_class(ctx, pattern, finding->edges[i].held.class) ||
            matches_class(ctx, pattern, finding->edges[i].wanted.class))
            return true;
    for (uint32_t i = 0; i < finding->stuck_count; i++) {
        const struct lv_stuck *stuck = &finding->stuck[i];

        if (matches_class(ctx, pattern, stuck->wanted.class) || matches_class(ctx, pattern, stuck->with.class))
            return true;
        for (uint32_t j = 0; j < stuck->held_count; j++)
            if (matches_class(ctx, pattern, stuck->held[j].class))
                return true;
    }
    return matches_class(ctx, pattern, finding->subject.class) || matches_class(ctx, pattern, finding->holder.class) ||
           matches_class(ctx, pattern, finding->inside.record.class) ||
           matches_class(ctx, pattern, finding->open.record.class);
}

static bool matches_all(struct lv_context *ctx, const struct lv_suppression *entry, const struct lv_finding *finding,
                        const struct lv_report *report)
{
    for (const char *pattern = NULL; (pattern = lv_suppression_next(entry, pattern)) != NULL;)
        if (!lv_pattern_matches_report(pattern, report) && !matches_keys(ctx, pattern, finding))
            return false;
    return true;
}

const struct lv_suppression *lv_suppress_find(struct lv_context *ctx, const struct lv_finding *finding,
                                              const struct lv_report *report)
{
    for (struct lv_suppression *entry = ctx->suppressions.first; entry != NULL; entry = entry->next) {
        if (!lv_suppression_is_for(entry, finding->kind, finding->verdict))
            continue;
        if (matches_all(ctx, entry, finding, report)) {
            (void)__atomic_fetch_add(&entry->matched, 1, __ATOMIC_RELAXED);
            return entry;
        }
    }
    return NULL;
}

void lv_suppress_after_fork(struct lv_context *ctx)
{
    for (struct lv_suppression *entry = ctx->suppressions.first; entry != NULL; entry = entry->next)
        entry->matched = 0;
}

static bool is_built_in(const struct lv_suppression *entry)
{
    return strcmp(entry->from, "built in") == 0;
}

void lv_suppress_stats(struct lv_context *ctx)
{
    char *buf = lv_os_map(LINE_MOST); /* whoever calls exit may have a small stack */

    if (buf == NULL)
        return;
    for (const struct lv_suppression *entry = ctx->suppressions.first; entry != NULL; entry = entry->next) {
        uint32_t matched = __atomic_load_n(&entry->matched, __ATOMIC_RELAXED);
        struct lv_text text;

        lv_text_init(&text, buf, LINE_MOST);
        if (matched != 0)
            lv_text_printf(&text, "  suppressed %u by %.1000s (%s:%u)\n", matched, entry->text, entry->from,
                           entry->line);
        else if (!is_built_in(entry))
            lv_text_printf(&text, "  unused suppression %.1000s (%s:%u)\n", entry->text, entry->from, entry->line);
        if (text.len != 0)
            lv_context_say(ctx, buf, text.len);
    }
    lv_os_unmap(buf, LINE_MOST);
}
