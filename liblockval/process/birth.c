/* SPDX-License-Identifier: MIT */
/* Births are recycled through a list under the internal lock: at most as many exist as threads were ever being started
 * at one moment. */

#include "process/birth.h"

#include "engine/life.h"
#include "engine/order.h"
#include "process/bounds.h"
#include "process/self.h"

struct lv_birth {
    void *(*start)(void *);
    void *arg;
    struct lv_stack_wish stack;
    struct lv_segment segment; /* the thread's first */
    struct lv_life *life;      /* null: nothing is known of the thread when it is joined */
    uint64_t life_uid;
    uint32_t born;              /* the module of the start function */
    struct lv_birth *next_free; /* lock */
};

struct lv_birth *lv_birth_new(struct lv_context *ctx, struct lv_thread *parent, void *(*start)(void *), void *arg)
{
    bool joins = (ctx->options.events & LV_EVENTS_JOIN) != 0;
    struct lv_locked locked;
    struct lv_birth *birth;

    parent->guard++;
    locked = lv_context_lock(ctx);
    birth = ctx->free_births;
    if (birth != NULL)
        ctx->free_births = birth->next_free;
    else
        birth = lv_arena_alloc(&ctx->arena, sizeof(*birth));
    if (birth != NULL) {
        __atomic_fetch_add(&ctx->births, 1, __ATOMIC_RELAXED);
        birth->life = lv_life_new(ctx, (uintptr_t)start, joins);
        birth->life_uid = birth->life != NULL ? birth->life->uid : 0;
        birth->born = birth->life != NULL ? birth->life->born : LV_BORN_NONE;
        birth->segment = lv_order_make_thread(parent);
    }
    lv_context_unlock(ctx, &locked);
    parent->guard--;
    if (birth != NULL) {
        birth->start = start;
        birth->arg = arg;
        birth->stack = (struct lv_stack_wish){ 0, 0 };
    }
    return birth;
}

struct lv_name_wish lv_birth_name_wish(const struct lv_birth *birth)
{
    return (struct lv_name_wish){ birth->life, birth->life_uid };
}

/* Memory on the thread's own stack stays while it is in the call. */
static int read_handle(const struct lv_thread *parent, const pthread_t *thread, uintptr_t *ret)
{
    uintptr_t at = (uintptr_t)thread;

    if (at < parent->stack_start || at + sizeof(*thread) > parent->stack_end)
        return lv_os_read_memory(at, ret, sizeof(*ret));
    *ret = (uintptr_t)*thread;
    return 0;
}

/* A thread that has begun has named itself, and may have freed the memory that @thread points to. */
void lv_birth_named(struct lv_thread *parent, const struct lv_name_wish *wish, const pthread_t *thread)
{
    uintptr_t handle;

    if (wish->life != NULL && !__atomic_load_n(&wish->life->begun, __ATOMIC_RELAXED) &&
        read_handle(parent, thread, &handle) == 0)
        lv_life_name(wish->life, wish->uid, handle);
}

void lv_birth_note_stack(struct lv_birth *birth, const pthread_attr_t *attr)
{
    int detached = PTHREAD_CREATE_JOINABLE;

    birth->stack = lv_bounds_wish(attr);
    if (birth->life != NULL && attr != NULL && pthread_attr_getdetachstate(attr, &detached) == 0)
        birth->life->detached = detached == PTHREAD_CREATE_DETACHED;
}

/* The thread of @birth has begun, and has its state. A child that was forked by a signal handler while its thread made
 * another has no births to count. Context: lock held. */
static void recycle(struct lv_context *ctx, struct lv_birth *birth)
{
    if (ctx->births != 0)
        __atomic_fetch_sub(&ctx->births, 1, __ATOMIC_RELAXED);
    birth->next_free = ctx->free_births;
    ctx->free_births = birth;
}

void lv_birth_drop(struct lv_birth *birth)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_locked locked = lv_context_lock(ctx);

    if (birth->life != NULL)
        lv_life_recycle(ctx, birth->life);
    recycle(ctx, birth);
    lv_context_unlock(ctx, &locked);
}

/* A thread that begins. */
struct beginner {
    struct lv_birth mine;   /* what the birth said */
    struct lv_birth *birth; /* null: taken in, and another thread's by now */
};

/* Take the birth in. @t may be null. Context: lock held. */
static void take_in(struct lv_context *ctx, struct lv_thread *t, void *arg)
{
    struct beginner *beginner = arg;
    const struct lv_birth *mine = &beginner->mine;

    recycle(ctx, beginner->birth);
    beginner->birth = NULL;
    if (t == NULL)
        return;
    if (mine->life != NULL)
        lv_life_begin_locked(ctx, t, mine->life, (uintptr_t)pthread_self());
    lv_thread_set_start(ctx, t, (uintptr_t)mine->start, mine->born);
    t->segment = mine->segment;
}

/* The same for a thread that has its state already, since a signal handler took a lock before, or gets none. */
static void take_in_late(struct lv_thread *t, struct beginner *beginner)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_locked locked;

    if (t != NULL)
        t->guard++;
    locked = lv_context_lock(ctx);
    take_in(ctx, t, beginner);
    lv_context_unlock(ctx, &locked);
    if (t != NULL)
        t->guard--;
}

/* The new thread takes the birth's contents and introduces itself: it gets its state and its life at once, as each time that
 * the internal lock is taken costs two system calls. */
static struct lv_birth begin(struct lv_birth *birth)
{
    struct beginner beginner = { *birth, birth };
    struct lv_thread *t = lv_self_is_born() ? lv_self() : lv_self_begin(take_in, &beginner);

    if (beginner.birth != NULL)
        take_in_late(t, &beginner);
    if (t != NULL)
        lv_bounds_note(t, &beginner.mine.stack, (uintptr_t)__builtin_frame_address(0));
    return beginner.mine;
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
