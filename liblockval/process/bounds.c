/* SPDX-License-Identifier: MIT */
/*
 * pthread_getattr_np would know, but calls malloc. What counts is that the bounds are never too wide: memory beyond them is
 * somebody else's. glibc on x86-64 puts a thread's descriptor, which pthread_self() points at, into the last page of the
 * mapping that it makes for the stack, so top and size are exact. Elsewhere the top is the outermost frame, and an eighth
 * of the size is left out at the bottom for what lies above that frame.
 */

#include "process/bounds.h"

#include <sys/auxv.h>

#include "process/layout.h"

enum {
    MAIN_STACK = 64 << 20 /* the kernel keeps at least 128 MiB below the top of the first stack free */
};
#define PAGE ((uintptr_t)4096)

struct lv_stack_wish lv_bounds_wish(const pthread_attr_t *attr)
{
    struct lv_stack_wish wish = { 0, 0 };
    pthread_attr_t defaults;
    void *start = NULL;

    if (attr == NULL) {
        /* glibc answers with the default size when none was set. */
        if (pthread_attr_init(&defaults) == 0) {
            (void)pthread_attr_getstacksize(&defaults, &wish.size);
            (void)pthread_attr_destroy(&defaults);
        }
        return wish;
    }
    if (pthread_attr_getstack(attr, &start, &wish.size) != 0)
        wish.size = 0;
    /* Without a place of its own the "place" ends at 0. */
    else if ((uintptr_t)start + wish.size != 0)
        wish.start = (uintptr_t)start;
    if (wish.start == 0)
        (void)pthread_attr_getstacksize(attr, &wish.size);
    return wish;
}

void lv_bounds_note(struct lv_thread *t, const struct lv_stack_wish *wish, uintptr_t frame)
{
    uintptr_t self = (uintptr_t)pthread_self();

    if (wish->size == 0)
        return;
    if (wish->start != 0) {
        t->stack_start = wish->start;
        t->stack_end = wish->start + wish->size;
    } else if (LV_LAYOUT_KNOWN && self > frame && self - frame < wish->size) {
        t->stack_end = (self + PAGE) & ~(PAGE - 1);
        t->stack_start = t->stack_end - wish->size;
    } else {
        t->stack_end = frame;
        t->stack_start = frame - (wish->size - wish->size / 8);
    }
}

void lv_bounds_note_main(struct lv_thread *t)
{
    /* The kernel puts these bytes between the first frame and the environment. */
    uintptr_t top = getauxval(AT_RANDOM), here = (uintptr_t)__builtin_frame_address(0);

    if (top <= here || top - here > MAIN_STACK)
        return;
    t->stack_end = top;
    t->stack_start = top - MAIN_STACK;
}
