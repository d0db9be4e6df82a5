/* SPDX-License-Identifier: MIT */
/*
 * The default action of every signal that may be asked for is to end the process. It is taken by the kernel, not by us: the
 * default is put back, the same signal is sent once more with all that was said of it, and comes as soon as this handler
 * returns. So exit status, core file and what a debugger sees are as they would have been. A fault needs no sending: it happens
 * again.
 *
 * While an ignored signal is answered the program may be interrupted in a call that no ignored signal interrupts:
 * SA_RESTART helps where the kernel can go on.
 */

#define _GNU_SOURCE
#include "process/dump.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#include "engine/listing.h"
#include "sys/rawcall.h"

enum {
    ROOM = 16 * 1024 /* of a signal stack on which a listing is made */
};

uint64_t lv_dump_signals;

/* What the program said besides SIG_DFL or SIG_IGN, where a function of ours stands for these. Atomic. */
static uint64_t said_flags[LV_SIGNALS + 1];
static uint64_t said_mask[LV_SIGNALS + 1];
static bool said_restorer[LV_SIGNALS + 1]; /* libc's is there, too */

/* ---- the listing ---- */

void lv_dump_say(int number)
{
    static const char no_room[] = "lockval: there is no room on the signal stack to list all threads\n";
    struct lv_context *ctx = &lv_process_context;
    size_t stack = lv_os_signal_stack();
    struct lv_thread *t = lv_self_known();
    int error = errno;
    char name[32];
    struct lv_text text;

    if (__atomic_load_n(&ctx->state, __ATOMIC_RELAXED) == LV_STATE_OFF)
        return;
    if (t != NULL)
        t->guard++;
    lv_text_init(&text, name, sizeof(name));
    lv_signal_name(number, &text);
    if (stack != 0 && stack < ROOM)
        lv_context_say(ctx, no_room, sizeof(no_room) - 1);
    else
        lv_show_threads(ctx, name, t != NULL);
    if (t != NULL)
        t->guard--;
    errno = error;
}

/* ---- in the place of the program's handlers ---- */

static void ignore(int number, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    if (lv_process_is_own())
        lv_dump_say(number);
}

/* Does what raised the signal happen again when the handler returns? */
static bool is_fault(int number, const siginfo_t *info)
{
    return info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL);
}

static void act_by_default(int number, siginfo_t *info, void *context)
{
    const struct sigaction by_default = { .sa_handler = SIG_DFL };
    struct sigaction now;
    int error = errno;

    (void)context;
    if (lv_process_is_own())
        lv_dump_say(number);
    /* The program may have got a handler meanwhile, which is to be called then. */
    if (lv_real.sigaction(number, NULL, &now) == 0 && now.sa_sigaction == act_by_default)
        (void)lv_real.sigaction(number, &by_default, NULL);
    if (!is_fault(number, info))
        (void)LV_SYSCALL(SYS_rt_tgsigqueueinfo, lv_os_pid(), lv_os_tid(), number, info);
    errno = error;
}

sighandler_t lv_dump_unwrap(sighandler_t installed)
{
    if ((uintptr_t)installed == (uintptr_t)act_by_default)
        return SIG_DFL;
    return (uintptr_t)installed == (uintptr_t)ignore ? SIG_IGN : installed;
}

void lv_dump_unwrap_action(int number, struct sigaction *action)
{
    sighandler_t handler = lv_dump_unwrap(action->sa_handler);
    uint64_t mask;

    if (handler == action->sa_handler)
        return;
    mask = __atomic_load_n(&said_mask[number], __ATOMIC_RELAXED);
    action->sa_handler = handler;
    action->sa_flags = (int)__atomic_load_n(&said_flags[number], __ATOMIC_RELAXED);
    memcpy(&action->sa_mask, &mask, sizeof(mask));
    if (!__atomic_load_n(&said_restorer[number], __ATOMIC_RELAXED))
        action->sa_restorer = NULL;
}

/* Another thread may install something at the same time: that stays, then. */
void lv_dump_settle(int number)
{
    struct sigaction front = { .sa_flags = SA_SIGINFO | SA_RESTART }, said, was;
    int error = errno;
    uint64_t mask;

    if (!lv_dump_is_wanted(number) || !lv_process_is_own())
        return;
    if (lv_real.sigaction(number, NULL, &said) == 0 && (said.sa_handler == SIG_DFL || said.sa_handler == SIG_IGN)) {
        memcpy(&mask, &said.sa_mask, sizeof(mask));
        __atomic_store_n(&said_flags[number], (uint64_t)(unsigned)said.sa_flags, __ATOMIC_RELAXED);
        __atomic_store_n(&said_mask[number], mask, __ATOMIC_RELAXED);
        __atomic_store_n(&said_restorer[number], said.sa_restorer != NULL, __ATOMIC_RELAXED);
        front.sa_sigaction = said.sa_handler == SIG_DFL ? act_by_default : ignore;
        memset(&front.sa_mask, 0xff, sizeof(front.sa_mask));
        if (lv_real.sigaction(number, &front, &was) == 0 && was.sa_handler != said.sa_handler)
            (void)lv_real.sigaction(number, &was, NULL);
    }
    errno = error;
}

/* ---- the option ---- */

/* The signals whose default action is something else than the end of the process; and those that cannot be caught. */
static bool ends_process(int number)
{
    switch (number) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGKILL:
        return false;
    default:
        return number < 32 || number >= SIGRTMIN;
    }
}

/* The signal that is called @word, which has @len letters, with or without SIG; 0: none. */
static int number_of(const char *word, size_t len)
{
    for (int number = 1; number <= LV_SIGNALS; number++) {
        char name[32];
        struct lv_text text;

        lv_text_init(&text, name, sizeof(name));
        lv_signal_name(number, &text);
        if ((text.len == len && memcmp(name, word, len) == 0) ||
            (text.len == len + 3 && memcmp(name, "SIG", 3) == 0 && memcmp(name + 3, word, len) == 0))
            return ends_process(number) ? number : 0;
    }
    return 0;
}

static void complain(const char *word, size_t len)
{
    char buf[256];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_text_printf(&text, "lockval: option 'dump_on_signal': '%.*s' is not the name of a signal that ends a process\n",
                   (int)(len < 60 ? len : 60), word);
    lv_context_say(&lv_process_context, buf, text.len);
}

void lv_dump_start(void)
{
    const char *word = lv_process_context.options.dump_on_signal;

    while (*word != '\0') {
        size_t len = strcspn(word, ",");
        int number = number_of(word, len);

        if (number != 0)
            lv_dump_signals |= lv_signal_bit(number);
        else if (len != 0)
            complain(word, len);
        word += len;
        word += *word == ',';
    }
    for (int number = 1; number <= LV_SIGNALS; number++)
        lv_dump_settle(number);
}
