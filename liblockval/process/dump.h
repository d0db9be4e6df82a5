/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_DUMP_H
#define LV_PROCESS_DUMP_H

/*
 * Option dump_on_signal: when one of its signals comes, all threads are listed on the log (engine/listing.h), and then
 * happens what would have happened: the program's handler is called, or the default action is taken, or nothing.
 *
 *     the program has a handler    its trampoline (process/signals.c) lists first
 *     it has none                  a function of ours is installed in the place of SIG_DFL, another one in that of SIG_IGN
 *
 * So the kernel's word stays the only truth about what is installed. The program is shown what it installed itself.
 *
 * Context of all calls: any thread, any handler. They leave errno alone.
 */

#include <signal.h>

#include "process/self.h"

/* Read the option, and stand before what is installed. Once, when the validator was started. */
void lv_dump_start(void);

/* Signals that the option names. Constant once started. */
extern uint64_t lv_dump_signals LV_HIDDEN;

static inline bool lv_dump_is_wanted(int number)
{
    return number > 0 && number <= LV_SIGNALS && (lv_dump_signals >> (number - 1) & 1) != 0;
}

/* The signal @number came: list all threads. */
void lv_dump_say(int number);

/* The program may have changed what is installed for @number: stand before it again. Nothing in a child of vfork, which has
 * handlers of its own and its parent's memory. Cost: nothing for other signals; a few system calls. */
void lv_dump_settle(int number);

/* What the program installed, where @installed stands for it; anything else is returned as it is. */
sighandler_t lv_dump_unwrap(sighandler_t installed);

/* The same for all that sigaction says of @number. */
void lv_dump_unwrap_action(int number, struct sigaction *action);

#endif
