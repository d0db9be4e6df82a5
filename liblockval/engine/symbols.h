/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_SYMBOLS_H
#define LV_ENGINE_SYMBOLS_H

#include "engine/context.h"

/*
 * Symbols are read before the internal lock is taken for what needs them, so that other threads do not stop for it.
 * Everything that names an address works without these calls; then it reads the symbols under the lock.
 * Context: lock not held, guard held. Cost: reads a file the first time, else a look.
 */

/* Names in @module, which may be null, are going to be asked for. */
void lv_symbols_prepare(struct lv_context *ctx, const struct lv_module *module);

/* The names of the frames of @stack are. */
void lv_symbols_prepare_stack(struct lv_context *ctx, lv_stack_id stack);

#endif
