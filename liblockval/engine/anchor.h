/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ANCHOR_H
#define LV_ENGINE_ANCHOR_H

/*
 * Where a process that has the library keeps its validator, for a tool that reads the process's memory from outside
 * (ADR 0034). tools/lockval/threads/books.c is built from the same headers; the anchor says whether the two agree. tools/gdb is
 * not: it takes each field's place from here, by its name.
 *
 * The anchor is found by an ELF note (name LV_ANCHOR_NOTE, type LV_ANCHOR_NOTE_TYPE) whose description is a 32-bit distance
 * from itself to the anchor: a note is in memory, also when the library is stripped, and exports no symbol.
 */

#include "engine/identity.h"
#include "engine/life.h"

#define LV_ANCHOR_NOTE "lockval"
#define LV_ANCHOR_MAGIC UINT64_C(0x726f68636e61766c)

enum {
    LV_ANCHOR_NOTE_TYPE = 1,
    /* Changes when what is read from outside comes to mean something else under its name: also the numbers of an enum, the way to an
     * element of a struct lv_vec, the words and the seal of an identity. */
    LV_ANCHOR_MEANING = 1
};

/*
 * All that is read from outside. VALUE: a number that the reader has to agree with. STRUCT: how large it is. FIELD: where a field lies,
 * and how large it is. PLACE: where an array of no size of its own begins. Of struct lv_held and struct lv_held_record a few
 * bits are read besides: those of the byte before .level and behind it.
 */
/* clang-format off */
#define LV_ANCHOR_ALL(VALUE, STRUCT, FIELD, PLACE) \
    VALUE(LV_ANCHOR_MEANING) VALUE(LV_VEC_CHUNKS) VALUE(LV_VEC_FIRST_BITS) VALUE(LV_PENDING) VALUE(LV_KIND__COUNT) \
        VALUE(LV_MODE__COUNT) VALUE(LV_IDENTITY_CLASS_BITS) \
    STRUCT(lv_context) FIELD(lv_context, secret) FIELD(lv_context, inside) FIELD(lv_context, state) \
        FIELD(lv_context, clock) FIELD(lv_context, modules) FIELD(lv_context, classes) FIELD(lv_context, stacks) \
        FIELD(lv_context, thread_infos) FIELD(lv_context, instances) FIELD(lv_context, program) \
        FIELD(lv_context, threads) \
    STRUCT(lv_thread) FIELD(lv_thread, guard) FIELD(lv_thread, off) FIELD(lv_thread, depth) \
        FIELD(lv_thread, capacity) FIELD(lv_thread, held) FIELD(lv_thread, info) FIELD(lv_thread, tid) \
        FIELD(lv_thread, pending) FIELD(lv_thread, blocked_on) FIELD(lv_thread, used) FIELD(lv_thread, next) \
    STRUCT(lv_held) FIELD(lv_held, address) FIELD(lv_held, class) FIELD(lv_held, uid) FIELD(lv_held, stack) \
        FIELD(lv_held, how) FIELD(lv_held, again) FIELD(lv_held, mode) FIELD(lv_held, flags) FIELD(lv_held, kind) \
        FIELD(lv_held, level) \
    STRUCT(lv_acquisition) FIELD(lv_acquisition, address) FIELD(lv_acquisition, class) FIELD(lv_acquisition, uid) \
        FIELD(lv_acquisition, stack) FIELD(lv_acquisition, kind) FIELD(lv_acquisition, mode) \
        FIELD(lv_acquisition, flags) \
    STRUCT(lv_blocked) FIELD(lv_blocked, wait) FIELD(lv_blocked, number) FIELD(lv_blocked, timed) \
        FIELD(lv_blocked, shared) FIELD(lv_blocked, since) FIELD(lv_blocked, wanted) FIELD(lv_blocked, with) \
        FIELD(lv_blocked, life) FIELD(lv_blocked, life_uid) \
    STRUCT(lv_held_record) FIELD(lv_held_record, address) FIELD(lv_held_record, class) FIELD(lv_held_record, uid) \
        FIELD(lv_held_record, stack) FIELD(lv_held_record, mode) FIELD(lv_held_record, flags) \
        FIELD(lv_held_record, level) \
    STRUCT(lv_life) FIELD(lv_life, uid) FIELD(lv_life, t) FIELD(lv_life, about) \
    STRUCT(lv_thread_info) FIELD(lv_thread_info, tid) FIELD(lv_thread_info, start) FIELD(lv_thread_info, name) \
    STRUCT(lv_class) FIELD(lv_class, id) FIELD(lv_class, subclass) FIELD(lv_class, usage) FIELD(lv_class, instances) \
        FIELD(lv_class, standing) FIELD(lv_class, key) FIELD(lv_class, version) FIELD(lv_class, zapped) \
    STRUCT(lv_class_key) FIELD(lv_class_key, origin) FIELD(lv_class_key, kind) FIELD(lv_class_key, module) \
        FIELD(lv_class_key, place) FIELD(lv_class_key, name) \
    STRUCT(lv_classes) FIELD(lv_classes, all) \
    STRUCT(lv_stacks) FIELD(lv_stacks, all) \
    STRUCT(lv_vec) FIELD(lv_vec, elem_size) FIELD(lv_vec, count) FIELD(lv_vec, chunk) \
    STRUCT(lv_modules) FIELD(lv_modules, head) \
    STRUCT(lv_module) FIELD(lv_module, start) FIELD(lv_module, end) FIELD(lv_module, bias) FIELD(lv_module, name) \
        FIELD(lv_module, born) FIELD(lv_module, died) FIELD(lv_module, next) \
    STRUCT(lv_stack) FIELD(lv_stack, count) FIELD(lv_stack, has_born) PLACE(lv_stack, frames) \
    STRUCT(lv_inside) FIELD(lv_inside, word) FIELD(lv_inside, seal) \
    STRUCT(lv_instance) FIELD(lv_instance, address) FIELD(lv_instance, word)

#define LV_ANCHOR_OF_VALUE(value) value,
#define LV_ANCHOR_OF_STRUCT(type) sizeof(struct type),
#define LV_ANCHOR_OF_FIELD(type, field) (uint64_t)offsetof(struct type, field) << 32 | sizeof(((struct type *)NULL)->field),
#define LV_ANCHOR_OF_PLACE(type, field) offsetof(struct type, field),
#define LV_ANCHOR_LAYOUT \
    { LV_ANCHOR_ALL(LV_ANCHOR_OF_VALUE, LV_ANCHOR_OF_STRUCT, LV_ANCHOR_OF_FIELD, LV_ANCHOR_OF_PLACE) }

/* The names of these, in the same order, each with an end of line. */
#define LV_ANCHOR_NAME_OF(name) #name "\n"
#define LV_ANCHOR_NAME_OF_FIELD(type, field) #type "." #field "\n"
#define LV_ANCHOR_NAMES \
    LV_ANCHOR_ALL(LV_ANCHOR_NAME_OF, LV_ANCHOR_NAME_OF, LV_ANCHOR_NAME_OF_FIELD, LV_ANCHOR_NAME_OF_FIELD)
/* clang-format on */

enum {
    LV_ANCHOR_LAYOUT_MAX = 160,
    LV_ANCHOR_NAMES_MAX = 4096
};

/* Constant. */
struct lv_anchor {
    uint64_t magic;
    char version[24]; /* of the library, for who finds that the rest does not agree */
    uint32_t layout_count;
    uint32_t names_size; /* of .names, behind which .layout begins */
    const struct lv_context *context;
    char names[LV_ANCHOR_NAMES_MAX];       /* LV_ANCHOR_NAMES. Here, since a core may lack what was not written to */
    uint64_t layout[LV_ANCHOR_LAYOUT_MAX]; /* LV_ANCHOR_LAYOUT; 0 behind */
};

#endif
