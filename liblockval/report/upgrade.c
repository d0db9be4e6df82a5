/* SPDX-License-Identifier: MIT */
/* What is said when better evidence makes a finding's verdict higher: a block of a few lines, since the report was written
 * before. It begins no line like a report does, so whoever counts reports does not count it. */

#include "report/report.h"
#include "report/scenario.h"

static const char *site_of(const struct lv_report_lock *lock)
{
    return lv_scenario_word(lock->stack.count != 0 && lock->stack.frames != NULL ? lock->stack.frames[0] : NULL);
}

/* "a -> b -> a" */
static void put_cycle(const struct lv_report *report, struct lv_text *out)
{
    lv_text_printf(out, "  %s  ", lv_finding_kind_name(report->kind));
    for (uint32_t i = 0; i <= report->edge_count; i++)
        lv_text_printf(out, "%s%s", i != 0 ? " -> " : "",
                       lv_scenario_class(&report->edges[i % report->edge_count].wanted));
    lv_text_putc(out, '\n');
}

void lv_report_upgrade(const struct lv_report *report, enum lv_verdict before, struct lv_text *out)
{
    lv_text_printf(out, "\nlockval: finding %s is upgraded: %s -> %s\n", lv_scenario_word(report->fingerprint),
                   lv_verdict_name(before), lv_verdict_name(report->verdict));
    if (report->edge_count != 0)
        put_cycle(report, out);
    for (uint32_t i = 0; i < report->reason_count; i++)
        lv_text_printf(out, "  %s\n", lv_scenario_word(report->reasons[i]));
    for (uint32_t i = 0; i < report->edge_count; i++) {
        const struct lv_report_edge *edge = &report->edges[i];

        lv_text_printf(out, "  %s/%d: 0x%lx (%s) at %s\n", lv_scenario_word(edge->thread.name), edge->thread.tid,
                       (unsigned long)edge->wanted.address, lv_scenario_class(&edge->wanted), site_of(&edge->wanted));
        lv_text_printf(out, "    while holding 0x%lx (%s), taken at %s\n", (unsigned long)edge->held.address,
                       lv_scenario_class(&edge->held), site_of(&edge->held));
    }
}
