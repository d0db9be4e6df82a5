/* SPDX-License-Identifier: MIT */
/* Layout and words are lockdep's, but for the sentence that says what is not allowed, and by what. */

#include "report/wait_context.h"

#include "report/scenario.h"

const char lv_wait_context_headline[] = "[ BUG: Invalid wait context ]";

void lv_wait_context_text(const struct lv_report *report, struct lv_text *out)
{
    lv_put_thread(out, &report->thread);
    lv_text_puts(out, " is trying to lock:\n");
    lv_put_lock_at(out, &report->subject, lv_frame_at(&report->backtrace, 0));
    lv_put_handler(out, report);
    lv_text_printf(out, "%s\n", lv_scenario_word(report->detail));
    lv_text_puts(out, "other info that might help us debug this:\n");
    lv_text_printf(out, "context-{%u:%u}\n", report->wait_context, report->wait_context);
}
