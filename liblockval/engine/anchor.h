/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ANCHOR_H
#define LV_ENGINE_ANCHOR_H

/*
 * Where a process that has the library keeps its validator, for a tool that reads the process's memory from outside
 * (tools/lockval/books.c; ADR 0034). The tool is built from the same headers; the anchor says whether the two agree.
 *
 * The anchor is found by an ELF note (name LV_ANCHOR_NOTE, type LV_ANCHOR_NOTE_TYPE) whose description is a 32-bit distance
 * from itself to the anchor: a note is in memory, also when the library is stripped, and exports no symbol.
 */

#include "engine/life.h"

#define LV_ANCHOR_NOTE "lockval"
#define LV_ANCHOR_MAGIC UINT64_C(0x726f68636e61766c)

enum {
    LV_ANCHOR_NOTE_TYPE = 1,
    /* Changes when what is read from outside comes to mean something else while it lies where it did. */
    LV_ANCHOR_MEANING = 1
};

/* Where a field lies, and how large it is. */
#define LV_ANCHOR_FIELD(type, field) \
    (uint64_t) offsetof(struct type, field) << 32 | sizeof(((struct type *)NULL)->field)

/* All that is read from outside. */
/* clang-format off */
#define LV_ANCHOR_LAYOUT \
    { \
        LV_ANCHOR_MEANING, LV_VEC_CHUNKS, LV_VEC_FIRST_BITS, LV_PENDING, LV_KIND__COUNT, LV_MODE__COUNT, \
        sizeof(struct lv_context), LV_ANCHOR_FIELD(lv_context, state), LV_ANCHOR_FIELD(lv_context, clock), \
        LV_ANCHOR_FIELD(lv_context, modules), LV_ANCHOR_FIELD(lv_context, classes), \
        LV_ANCHOR_FIELD(lv_context, stacks), LV_ANCHOR_FIELD(lv_context, thread_infos), \
        LV_ANCHOR_FIELD(lv_context, program), LV_ANCHOR_FIELD(lv_context, threads), \
        sizeof(struct lv_thread), LV_ANCHOR_FIELD(lv_thread, guard), LV_ANCHOR_FIELD(lv_thread, off), \
        LV_ANCHOR_FIELD(lv_thread, depth), LV_ANCHOR_FIELD(lv_thread, capacity), LV_ANCHOR_FIELD(lv_thread, held), \
        LV_ANCHOR_FIELD(lv_thread, info), LV_ANCHOR_FIELD(lv_thread, tid), LV_ANCHOR_FIELD(lv_thread, pending), \
        LV_ANCHOR_FIELD(lv_thread, blocked_on), LV_ANCHOR_FIELD(lv_thread, used), LV_ANCHOR_FIELD(lv_thread, next), \
        sizeof(struct lv_held), LV_ANCHOR_FIELD(lv_held, address), LV_ANCHOR_FIELD(lv_held, class), \
        LV_ANCHOR_FIELD(lv_held, uid), LV_ANCHOR_FIELD(lv_held, stack), LV_ANCHOR_FIELD(lv_held, how), \
        LV_ANCHOR_FIELD(lv_held, again), \
        sizeof(struct lv_acquisition), LV_ANCHOR_FIELD(lv_acquisition, address), \
        LV_ANCHOR_FIELD(lv_acquisition, class), LV_ANCHOR_FIELD(lv_acquisition, uid), \
        LV_ANCHOR_FIELD(lv_acquisition, stack), LV_ANCHOR_FIELD(lv_acquisition, kind), \
        LV_ANCHOR_FIELD(lv_acquisition, mode), LV_ANCHOR_FIELD(lv_acquisition, flags), \
        sizeof(struct lv_blocked), LV_ANCHOR_FIELD(lv_blocked, wait), LV_ANCHOR_FIELD(lv_blocked, number), LV_ANCHOR_FIELD(lv_blocked, timed), \
        LV_ANCHOR_FIELD(lv_blocked, shared), LV_ANCHOR_FIELD(lv_blocked, since), \
        LV_ANCHOR_FIELD(lv_blocked, wanted), LV_ANCHOR_FIELD(lv_blocked, with), LV_ANCHOR_FIELD(lv_blocked, life), \
        LV_ANCHOR_FIELD(lv_blocked, life_uid), \
        sizeof(struct lv_held_record), LV_ANCHOR_FIELD(lv_held_record, address), \
        LV_ANCHOR_FIELD(lv_held_record, class), LV_ANCHOR_FIELD(lv_held_record, uid), \
        LV_ANCHOR_FIELD(lv_held_record, stack), LV_ANCHOR_FIELD(lv_held_record, mode), \
        LV_ANCHOR_FIELD(lv_held_record, flags), \
        sizeof(struct lv_life), LV_ANCHOR_FIELD(lv_life, uid), LV_ANCHOR_FIELD(lv_life, t), \
        LV_ANCHOR_FIELD(lv_life, about), \
        sizeof(struct lv_thread_info), LV_ANCHOR_FIELD(lv_thread_info, tid), \
        LV_ANCHOR_FIELD(lv_thread_info, start), LV_ANCHOR_FIELD(lv_thread_info, name), \
        sizeof(struct lv_class), LV_ANCHOR_FIELD(lv_class, id), LV_ANCHOR_FIELD(lv_class, subclass), \
        LV_ANCHOR_FIELD(lv_class, key), LV_ANCHOR_FIELD(lv_class, version), \
        sizeof(struct lv_class_key), LV_ANCHOR_FIELD(lv_class_key, origin), LV_ANCHOR_FIELD(lv_class_key, kind), \
        LV_ANCHOR_FIELD(lv_class_key, module), LV_ANCHOR_FIELD(lv_class_key, place), \
        LV_ANCHOR_FIELD(lv_class_key, name), \
        sizeof(struct lv_classes), LV_ANCHOR_FIELD(lv_classes, all), \
        sizeof(struct lv_stacks), LV_ANCHOR_FIELD(lv_stacks, all), \
        sizeof(struct lv_vec), LV_ANCHOR_FIELD(lv_vec, elem_size), LV_ANCHOR_FIELD(lv_vec, count), \
        LV_ANCHOR_FIELD(lv_vec, chunk), \
        sizeof(struct lv_modules), LV_ANCHOR_FIELD(lv_modules, head), \
        sizeof(struct lv_module), LV_ANCHOR_FIELD(lv_module, start), LV_ANCHOR_FIELD(lv_module, end), \
        LV_ANCHOR_FIELD(lv_module, bias), LV_ANCHOR_FIELD(lv_module, name), LV_ANCHOR_FIELD(lv_module, born), \
        LV_ANCHOR_FIELD(lv_module, died), LV_ANCHOR_FIELD(lv_module, next), \
        sizeof(struct lv_stack), LV_ANCHOR_FIELD(lv_stack, count), LV_ANCHOR_FIELD(lv_stack, has_born), \
        offsetof(struct lv_stack, frames) \
    }
/* clang-format on */

enum {
    LV_ANCHOR_LAYOUT_MAX = 160
};

/* Constant. */
struct lv_anchor {
    uint64_t magic;
    char version[24]; /* of the library, for who finds that the rest does not agree */
    const struct lv_context *context;
    uint32_t layout_count;
    uint64_t layout[LV_ANCHOR_LAYOUT_MAX]; /* LV_ANCHOR_LAYOUT; 0 behind */
};

#endif
