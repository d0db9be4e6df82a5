/* SPDX-License-Identifier: MIT */
/*
 * The constructor, and what is arranged for the end of the process.
 *
 * Exit status: libc's exit() ends with an _exit of its own that no hook sees. But exit handlers run in reverse order of
 * their registration, the oldest last, and this constructor runs before libc registers the loader's own handler, which
 * runs all destructors. So our handler comes after every handler of the program and every destructor; there it calls
 * exit() again with the status that findings ask for: glibc goes on with what is left of the same list (handlers that
 * libraries registered whose constructors ran before this one) and ends with the new status. quick_exit() likewise.
 */

#define _GNU_SOURCE
#include "process/start.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/expect.h"
#include "engine/publish.h"
#include "engine/steer.h"
#include "engine/suppress.h"
#include "process/environment.h"
#include "process/guards.h"
#include "process/jumps.h"
#include "process/layout.h"
#include "process/masks.h"
#include "process/self.h"
#include "process/signals.h"
#include "process/stats.h"
#include "sys/unwind.h"

/* Where the library lies that @code is of. Empty: in the program itself. */
static struct lv_range range_of(uintptr_t code)
{
    struct dl_find_object object;

    if (_dl_find_object((void *)code, &object) != 0 || object.dlfo_link_map->l_name[0] == '\0')
        return (struct lv_range){ 0, 0 };
    return (struct lv_range){ (uintptr_t)object.dlfo_map_start, (uintptr_t)object.dlfo_map_end };
}

/* Where this library's code lies, and that of libunwind. Either may be a part of the program itself, whose locks do count. */
static void find_own_code(struct lv_context *ctx)
{
    ctx->own = range_of(lv_unwind_code());
    ctx->self = range_of((uintptr_t)find_own_code);
}

/* exit() and quick_exit() are short: they end with the call that runs the handlers, so this many bytes hold it. */
enum {
    EXIT_CODE = 32
};

static void find_exit_code(struct lv_context *ctx)
{
    static const char *const names[LV_ENDING_RANGES] = { "exit", "quick_exit" };

    for (size_t i = 0; i < LV_ENDING_RANGES; i++) {
        uintptr_t start = lv_real_code(names[i]);

        ctx->ending[i] = (struct lv_range){ start, start != 0 ? start + EXIT_CODE : 0 };
    }
}

/* The state keeps deferred cancellation out, should libunwind come to a point of it. The type comes last when
 * all is undone: a thread that is cancelled by its change ends with PTHREAD_CANCELED, which not every glibc does for the
 * state's. */
static int hold_cancel(void)
{
    int state = PTHREAD_CANCEL_ENABLE, type = PTHREAD_CANCEL_DEFERRED;

    (void)pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state << 1 | type;
}

static void allow_cancel(int held)
{
    int old;

    (void)pthread_setcancelstate(held >> 1, &old);
}

static void cancel_at_once(int held)
{
    int old;

    if ((held & 1) != PTHREAD_CANCEL_DEFERRED)
        (void)pthread_setcanceltype(held & 1, &old);
}

_Static_assert((PTHREAD_CANCEL_ENABLE | PTHREAD_CANCEL_DISABLE | PTHREAD_CANCEL_DEFERRED |
                PTHREAD_CANCEL_ASYNCHRONOUS) == 1,
               "a bit each");

bool lv_start_context(struct lv_context *ctx)
{
    char said[8192];
    struct lv_options options;
    struct lv_text text;

    lv_text_init(&text, said, sizeof(said));
    lv_options_default(&options);
    lv_options_parse(&options, lv_environment_options(), &text);
    if (options.help)
        lv_options_help(&options, &text);
    ctx->program = program_invocation_short_name;
    ctx->version = LOCKVAL_VERSION_TEXT;
    ctx->hold_cancel = hold_cancel;
    ctx->allow_cancel = allow_cancel;
    ctx->cancel_at_once = cancel_at_once;
    ctx->settle = lv_masks_settle;
    ctx->task = lv_task_look;
    ctx->handles = lv_signals_are_handled;
    lv_unwind_init();
    find_own_code(ctx);
    find_exit_code(ctx);
    /* The loader binds libunwind's calls at their first use, which takes some kilobytes of stack: this thread's has room. */
    (void)lv_unwind_try();
    lv_jumps_start();
    lv_layout_test(ctx, options.identity == LV_IDENTITY_TABLE);
    if (lv_context_init(ctx, &options) < 0)
        return false;
    lv_findings_reserve(ctx);
    lv_recorder_start(ctx);
    lv_steer_load(ctx, &text);
    lv_suppress_load(ctx, &text);
    lv_expect_load(ctx, &text);
    if (text.len != 0)
        lv_context_say(ctx, said, text.len);
    return true;
}

static void at_exit(int status, void *unused)
{
    int wanted = lv_process_exit_status(status);

    (void)unused;
    lv_process_say_summary();
    lv_process_end_record(wanted & 0xff);
    if (lv_process_context.options.stats)
        lv_stats_say(&lv_process_context);
    if (wanted != status)
        exit(wanted);
}

static void at_quick_exit_last(void)
{
    int wanted = lv_process_exit_status(0);

    lv_process_say_summary();
    lv_process_end_record(wanted != 0 ? wanted : -1);
    if (lv_process_context.options.stats)
        lv_stats_say(&lv_process_context);
    if (wanted != 0)
        quick_exit(wanted);
}

__attribute__((constructor(101))) static void construct(void)
{
    lv_process_start();
    lv_guards_start();
    if (lv_process_context.state == LV_STATE_OFF)
        return;
    /* So that the first thread has one before it runs any signal handler: a child that is forked there is in no handler's
     * context, and a state that is made later would be. */
    (void)lv_self_any();
    if (!lv_process_context.options.follow_children)
        lv_environment_hide();
    (void)on_exit(at_exit, NULL);
    (void)at_quick_exit(at_quick_exit_last);
}
