/* SPDX-License-Identifier: MIT */
/* The anchor of the process's validator, and the note that leads to it. */

#include "engine/anchor.h"
#include "process/self.h"

extern const struct lv_anchor lv_anchor LV_HIDDEN;

enum {
    LAYOUT_COUNT = sizeof((const uint64_t[])LV_ANCHOR_LAYOUT) / sizeof(uint64_t)
};

_Static_assert((int)LAYOUT_COUNT <= (int)LV_ANCHOR_LAYOUT_MAX, "the anchor has room for the layout");
_Static_assert(sizeof(LV_ANCHOR_NAMES) <= (size_t)LV_ANCHOR_NAMES_MAX, "and for the names");

/* Nothing but the note refers to it, which the compiler does not see. */
__attribute__((used)) const struct lv_anchor lv_anchor = {
    .magic = LV_ANCHOR_MAGIC,
    .version = LOCKVAL_VERSION_TEXT,
    .layout_count = LAYOUT_COUNT,
    .names_size = LV_ANCHOR_NAMES_MAX,
    .context = &lv_process_context,
    .names = LV_ANCHOR_NAMES,
    .layout = LV_ANCHOR_LAYOUT,
};

__asm__(".pushsection .note.lockval, \"a\", %note\n"
        "    .balign 4\n"
        "    .long 8\n" /* the name's bytes */
        "    .long 4\n" /* the description's */
        "    .long 1\n" /* LV_ANCHOR_NOTE_TYPE */
        "    .asciz \"" LV_ANCHOR_NOTE "\"\n"
        "    .long lv_anchor - .\n"
        ".popsection\n");
