/* SPDX-License-Identifier: MIT */
/* Births are recycled through a list under the internal lock: at most as many exist as threads were ever being started
 * at one moment. */

#include "process/birth.h"

#include "process/bounds.h"
#include "process/self.h"

struct lv_birth {
    void *(*start)(void *);
    void *arg;
    struct lv_stack_wish stack;
    struct lv_birth *next_free; /* lock */
};

struct lv_birth *lv_birth_new(struct lv_context *ctx, struct lv_thread *parent, void *(*start)(void *), void *arg)
{
    struct lv_locked locked;
    struct lv_birth *birth;

    parent->guard++;
    locked = lv_context_lock(ctx);
    birth = ctx->free_births;
    if (birth != NULL)
        ctx->free_births = birth->next_free;
    else
        birth = lv_arena_alloc(&ctx->arena, sizeof(*birth));
    lv_context_unlock(ctx, &locked);
    parent->guard--;
    if (birth != NULL) {
        birth->start = start;
        birth->arg = arg;
        birth->stack = (struct lv_stack_wish){ 0, 0 };
    }
    return birth;
}

void lv_birth_note_stack(struct lv_birth *birth, const pthread_attr_t *attr)
{
    birth->stack = lv_bounds_wish(attr);
}

void lv_birth_drop(struct lv_birth *birth)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_locked locked = lv_context_lock(ctx);

    birth->next_free = ctx->free_births;
    ctx->free_births = birth;
    lv_context_unlock(ctx, &locked);
}

/* The new thread takes the birth's contents and introduces itself. */
static struct lv_birth begin(struct lv_birth *birth)
{
    struct lv_birth mine = *birth;
    struct lv_thread *t = lv_self();

    lv_birth_drop(birth);
    if (t != NULL) {
        lv_thread_set_start(&lv_process_context, t, (uintptr_t)mine.start);
        lv_bounds_note(t, &mine.stack, (uintptr_t)__builtin_frame_address(0));
    }
    return mine;
}

void *lv_birth_run(void *birth)
{
    struct lv_birth mine = begin(birth);

    return mine.start(mine.arg);
}

int lv_birth_run_c11(void *birth)
{
    struct lv_birth mine = begin(birth);

    return ((int (*)(void *))(void (*)(void))mine.start)(mine.arg);
}
