/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LISTING_H
#define LV_ENGINE_LISTING_H

#include "engine/thread.h"

/*
 * All threads, as text on the log: what each waits for, since when, who keeps it from it, and what it holds, with the stacks of
 * these calls. It is what their books say at that moment, while they run. Threads of which nothing is known are named at
 * the end.
 *
 * @why: the occasion, "SIGTERM"; null: none. @registered: the calling thread has a state, and its guard is held.
 *
 * Context: any thread, and a signal handler anywhere: in the middle of this library, and where the internal lock is held by a
 * thread that does not give it back. Then, and without memory, the listing has no names of locks, and says so.
 * Cost: some mappings, whose size is linear in what is shown; the first look-up in a module reads its symbols.
 */
void lv_show_threads(struct lv_context *ctx, const char *why, bool registered);

#endif
