/* SPDX-License-Identifier: MIT */
/*
 * The few things that exist once a process: the validator, each thread's pointer to its state, and whether the validator
 * was started. A thread gets its state at its first hook and gives it back from a destructor of thread-specific data,
 * in the last round of destructors, so that locks taken by the program's own destructors are still seen.
 */

#include "process/self.h"

#include <errno.h>
#include <limits.h>
#include <sys/single_threaded.h>

#include "engine/lifetime.h"
#include "engine/lockstat_sum.h"
#include "engine/publish.h"
#include "engine/stall.h"
#include "engine/summary.h"
#include "engine/suppress.h"
#include "process/bounds.h"
#include "process/dump.h"
#include "process/layout.h"
#include "process/signals.h"
#include "process/start.h"

struct lv_context lv_process_context;

struct lv_thread lv_self_unborn = { .guard = 1 };

__thread struct lv_thread *lv_self_state __attribute__((tls_model("initial-exec"))) = &lv_self_unborn;

__thread struct lv_handlers lv_self_handlers __attribute__((tls_model("initial-exec")));

/* Stands for "not watched": at the start and the end of a thread, while its state is made, or for good. Its guard is
 * never 0 and nothing of it is ever written. */
static struct lv_thread nobody = { .guard = 1 };

/* The same, while libunwind is tried out: the mutexes released now are its, and are noted. */
static struct lv_thread noting = { .guard = 1 };

static enum {
    NOT_STARTED,
    STARTING,
    STARTED
} started; /* written by the first thread, before there are others */

static pthread_key_t exit_key; /* constant once started */
static pid_t process;          /* of this context: changes in a forked child, where there is one thread */
static __thread unsigned exit_round __attribute__((tls_model("initial-exec"))); /* rounds of destructors so far */

struct lv_thread *lv_self_known(void)
{
    struct lv_thread *t = lv_self_state;

    return t != &nobody && t != &noting && t != &lv_self_unborn ? t : NULL;
}

/* Will other destructors run after this one? */
static bool has_values(void)
{
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++)
        if (key != exit_key && pthread_getspecific(key) != NULL)
            return true;
    return false;
}

static void thread_exit(void *state)
{
    struct lv_thread *t = state;
    bool last; /* others may be left in waits, and nothing of the program runs here any more */

    if (++exit_round < PTHREAD_DESTRUCTOR_ITERATIONS) {
        (void)pthread_setspecific(exit_key, t);
        return;
    }
    last = lv_stall_may_be_left(&lv_process_context) && !has_values();
    if (t->guard == t->off && __atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) != LV_STATE_OFF)
        lv_lifetime_thread_end(&lv_process_context, t, LV_CALL_SITE);
    if (t->guard == t->off && t->depth == 0 && last)
        lv_stall_look(&lv_process_context, t, LV_CALL_SITE);
    lv_self_state = &nobody;
    lv_thread_free(&lv_process_context, t);
}

/*
 * libunwind takes mutexes of its own, also at moments when the internal lock is not held: whenever the program unwinds. A
 * child that is forked at that moment would never get them, and libunwind has no handlers for fork. So its mutexes are
 * noted as it is tried out at start, and are held across fork as the internal lock is, but for those that the program's
 * handlers hold already.
 */
enum {
    OWN_MUTEXES = 16
};
static pthread_mutex_t
    *own_mutex[OWN_MUTEXES];              /* protected by the internal lock; before it exists, one thread writes */
static bool own_mutex_taken[OWN_MUTEXES]; /* internal lock: by us, across fork */

void lv_process_unwatched_unlock(pthread_mutex_t *mutex)
{
    if (lv_self_state != &noting)
        return;
    for (size_t i = 0; i < OWN_MUTEXES && own_mutex[i] != mutex; i++) {
        if (own_mutex[i] == NULL) {
            own_mutex[i] = mutex;
            return;
        }
    }
}

/* False: another thread has it, and @lock does not wait. */
static bool take_own_mutex(size_t i, int (*lock)(pthread_mutex_t *))
{
    int r;

    own_mutex_taken[i] = false;
    if (lv_mutex_is_owner(own_mutex[i], lv_os_tid()))
        return true;
    r = lock(own_mutex[i]);
    own_mutex_taken[i] = r == 0;
    return r != EBUSY;
}

static void drop_own_mutexes(void)
{
    for (size_t i = 0; i < OWN_MUTEXES && own_mutex[i] != NULL; i++) {
        if (own_mutex_taken[i])
            (void)lv_real.pthread_mutex_unlock(own_mutex[i]);
        own_mutex_taken[i] = false;
    }
}

/* The order in which the libraries nest them is theirs to know: wait for one only while none is held. */
static void take_own_mutexes(void)
{
    size_t awaited = 0, i = 0;

    while (own_mutex[awaited] != NULL) {
        (void)take_own_mutex(awaited, lv_real.pthread_mutex_lock);
        for (i = 0; i < OWN_MUTEXES && own_mutex[i] != NULL; i++)
            if (i != awaited && !take_own_mutex(i, lv_real.pthread_mutex_trylock))
                break;
        if (i == OWN_MUTEXES || own_mutex[i] == NULL)
            return;
        drop_own_mutexes();
        awaited = i;
    }
}

/*
 * Fork: the internal lock is held across it, so that the child finds the tables whole. Handlers of others that were
 * registered before ours run between ours: the thread is not watched meanwhile, or their locks would wait for the
 * internal lock that this very thread holds.
 */
static struct lv_locked forking;       /* the internal lock across fork: held by the forking thread */
static struct lv_thread *forking_self; /* its state; protected by that lock */

/*
 * libc's lock of its list of streams. Whoever has it (fflush(NULL)) waits for each stream, and whoever has a stream may
 * wait for the internal lock; libc's fork takes it after our handler. So it is taken before the internal lock here, where
 * there are other threads. libc's own fork takes it once more and, in the child, makes it new; if it saw one thread only,
 * it does not, and we do.
 */
extern void _IO_list_lock(void) __attribute__((weak));
extern void _IO_list_unlock(void) __attribute__((weak));
extern void _IO_list_resetlock(void) __attribute__((weak));

static bool streams_taken; /* internal lock: by us, across fork */

static bool take_streams(void)
{
    if (_IO_list_lock == NULL || _IO_list_unlock == NULL || _IO_list_resetlock == NULL || __libc_single_threaded)
        return false;
    _IO_list_lock();
    return true;
}

/* Where nothing is watched nothing has to be whole, and the locks may be held by threads that this process has not. */
static bool is_off(void)
{
    return __atomic_load_n(&lv_process_context.state, __ATOMIC_RELAXED) == LV_STATE_OFF;
}

static void before_fork(void)
{
    struct lv_thread *self = lv_self_state;
    bool streams;

    if (is_off())
        return;
    lv_self_state = &nobody;
    streams = take_streams();
    forking = lv_context_lock(&lv_process_context);
    forking_self = self;
    streams_taken = streams;
    take_own_mutexes();
}

static void after_fork_parent(void)
{
    struct lv_locked locked = forking;
    struct lv_thread *self = forking_self;
    bool streams = streams_taken;

    if (is_off())
        return;
    drop_own_mutexes();
    lv_context_unlock(&lv_process_context, &locked);
    if (streams)
        _IO_list_unlock();
    lv_self_state = self;
}

/*
 * What the child does not hold although its parent's thread did: locks that are shared between processes stay the parent's,
 * and the child waits for them as it would for a stranger's; mutexes that a handler of fork which ran before ours has
 * initialised anew.
 */
static void forget_locks(struct lv_context *ctx, struct lv_thread *t)
{
    for (uint32_t i = t->depth; i-- > 0;) {
        struct lv_held *h = &t->held[i];
        bool lost = h->kind == LV_KIND_MUTEX && !h->inherited && ctx->is_lost != NULL &&
                    ctx->is_lost(LV_KIND_MUTEX, h->address, t->tid);

        if (lost || lv_lock_is_shared(h->address, h->kind))
            lv_held_remove(t, h);
    }
}

static void after_fork_child(void)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_locked locked = forking;
    struct lv_thread *t;

    if (is_off()) {
        lv_process_stop_watching();
        return;
    }
    process = lv_os_pid();
    ctx->findings = ctx->counted = ctx->suppressed = 0;
    lv_suppress_after_fork(ctx);
    ctx->lockstat_said = false;
    lv_made_after_fork(ctx);
    lv_recorder_after_fork(ctx);
    lv_table_init(&ctx->found, &ctx->arena);
    if (!ctx->options.follow_children)
        ctx->state = LV_STATE_OFF;
    drop_own_mutexes();
    if (streams_taken)
        _IO_list_resetlock();
    lv_context_unlock(ctx, &locked);
    lv_self_state = forking_self;
    t = lv_self_known();
    lv_self_state = &nobody;
    if (ctx->state == LV_STATE_OFF)
        return;
    if (t != NULL) {
        forget_locks(ctx, t);
        lv_signals_forked(t);
    }
    lv_thread_after_fork(ctx, t);
    lv_self_state = forking_self;
}

static bool start_context(void)
{
    bool made;

    lv_self_state = &noting;
    made = lv_start_context(&lv_process_context);
    lv_self_state = &nobody;
    return made;
}

void lv_process_start(void)
{
    if (started != NOT_STARTED)
        return;
    started = STARTING;
    /* Before all else: what is registered first runs last before fork, when nobody takes a lock any more. To look up the
     * real functions may call malloc, and some allocator's first call registers handlers of its own. */
    (void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
    lv_real_resolve();
    lv_self_state = &nobody;
    process = lv_os_pid();
    if (pthread_key_create(&exit_key, thread_exit) == 0 && start_context())
        lv_self_state = &lv_self_unborn;
    else
        lv_process_context.state = LV_STATE_OFF;
    started = STARTED;
    if (lv_process_context.state != LV_STATE_OFF)
        lv_dump_start();
    lv_signals_start();
}

bool lv_process_is_started(void)
{
    return started == STARTED;
}

struct lv_thread *lv_self_new(void)
{
    return lv_self_begin(NULL, NULL);
}

struct lv_thread *lv_self_begin(void (*take_in)(struct lv_context *ctx, struct lv_thread *t, void *arg), void *arg)
{
    struct lv_context *ctx = &lv_process_context;
    struct lv_locked locked;
    struct lv_thread *t;

    if (started != STARTED) {
        lv_process_start();
        if (started != STARTED)
            return NULL;
    }
    lv_self_state = &nobody;
    if (is_off())
        return NULL;
    locked = lv_context_lock(ctx);
    t = lv_thread_new_locked(ctx);
    if (t != NULL && take_in != NULL)
        take_in(ctx, t, arg);
    lv_context_unlock(ctx, &locked);
    if (t == NULL)
        return NULL;
    t->handlers = &lv_self_handlers;
    (void)pthread_setspecific(exit_key, t);
    if (t->tid == process)
        lv_bounds_note_main(t);
    lv_signals_begin(t, locked.mask.bits);
    lv_self_state = t;
    return t;
}

struct lv_thread *lv_self_any(void)
{
    if (!lv_self_is_born())
        (void)lv_self_new();
    return lv_self_known();
}

void lv_self_jumped(uint32_t inside)
{
    struct lv_thread *t = lv_self_known();

    if (t == NULL)
        return;
    t->guard = inside + t->off;
    if (inside != 0)
        return; /* what the handler interrupted that is jumped to will go on */
    t->guard++;
    lv_held_mend(t);
    t->guard--;
}

void lv_process_stop_watching(void)
{
    __atomic_store_n(&lv_process_context.state, LV_STATE_OFF, __ATOMIC_RELAXED);
    lv_process_context.lock = (struct lv_lock){ 0 };
    lv_self_state = &nobody;
}

bool lv_process_is_own(void)
{
    return process == lv_os_pid();
}

void lv_process_say_summary(void)
{
    struct lv_thread *t = lv_self_known();

    if (!lv_process_is_own())
        return;
    if (t != NULL)
        t->guard++;
    lv_summary_say(&lv_process_context, t != NULL);
    if (t != NULL)
        t->guard--;
}

void lv_process_end_record(int status)
{
    struct lv_thread *t = lv_self_known();

    if (t != NULL)
        t->guard++;
    lv_recorder_end(&lv_process_context, status);
    if (lv_process_context.options.lock_stat && lv_process_context.options.record[0] == '\0' && lv_process_is_own())
        lv_lockstat_say(&lv_process_context);
    if (t != NULL)
        t->guard--;
}

int lv_process_exit_status(int status)
{
    return lv_process_is_own() ? lv_exit_status(&lv_process_context, status) : status;
}
