/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_WATCH_H
#define LV_ENGINE_WATCH_H

#include "engine/publish.h"
#include "engine/summary.h"
#include "engine/thread.h"

/*
 * Watch mode: a finding whose verdict is below `feasible` lacks evidence, which may still come. Its classes go under watch:
 * an acquisition of a watched class by a thread that holds a watched class takes the slow way, though its chain is known, and
 * leaves its instances, thread and stack as a witness. Findings whose edges have new witnesses, by watch or otherwise, are
 * judged again; a higher verdict *upgrades* the finding: one block on the log, and the exit status and the summary follow.
 *
 * The watch is bounded: for each class and thread, and for each class, by the number of acquisitions that told nothing new.
 * When the first class goes under watch all caches are emptied, once. Without a suspect there is one load on the slow way and
 * nothing on the fast one. Why so: docs/adr/0020-pairs-and-watch.md.
 */
enum {
    LV_WATCH_THREAD = 32,                          /* acquisitions of one class by one thread that tell nothing new */
    LV_WATCH_CLASS = 2048,                         /* acquisitions of one class by all threads that are looked at */
    LV_WATCH_WITNESSES = LV_EDGE_WITNESSES / 4 * 3 /* witnesses up to which an edge keeps what the watch sees */
};

void lv_watch_init(struct lv_context *ctx);

/* The finding @made was made now: may it be upgraded, then its classes go under watch. Context: lock held. */
void lv_watch_begin(struct lv_context *ctx, struct lv_made *made);

/* In a forked child: its parent's suspects are not its own. Context: lock held. */
void lv_watch_after_fork(struct lv_context *ctx);

bool lv_watch_wants_slow(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

/* Is @t's acquisition @a, on the slow way, to be looked at although its chain is known? Context: guard not held. */
static inline bool lv_watch_wants(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    return LV_UNLIKELY(__atomic_load_n(&ctx->watch.classes, __ATOMIC_RELAXED) != 0) && lv_watch_wants_slow(ctx, t, a);
}

/* The edge number @edge of the graph of classes has a new witness. Context: lock held. */
void lv_watch_note(struct lv_context *ctx, uint32_t edge);

/* The same for an edge in the graph of instances, if one got a witness (lv_pairs.news). Context: lock held. */
void lv_watch_note_pair(struct lv_context *ctx);

/* @a, which lv_watch_wants() wanted, was looked at. Context: lock held. */
void lv_watch_charge(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a);

/* Judge findings again that have new witnesses since the last call; upgrades are added to @findings. Returns whether there
 * was one. Context: lock held. */
bool lv_watch_judge(struct lv_context *ctx, const struct lv_thread *t, struct lv_findings *findings);

#endif
