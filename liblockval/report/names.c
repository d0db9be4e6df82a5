/* SPDX-License-Identifier: MIT */

/*
 * The words for finding kinds and verdicts, the same in the text report, the record and suppressions. They are
 * switches, not tables of pointers: such a table would need relocation and so be writable data; and the compiler
 * names a case that is missing.
 */

#include "report/report.h"

const char *lv_finding_kind_name(enum lv_finding_kind kind)
{
    switch (kind) {
    case LV_FINDING_CIRCULAR:
        return "circular";
    case LV_FINDING_RECURSIVE:
        return "recursive";
    case LV_FINDING_EVENT:
        return "event";
    case LV_FINDING_UNLOCK:
        return "unlock";
    case LV_FINDING_LIFETIME:
        return "lifetime";
    case LV_FINDING_COND:
        return "cond";
    case LV_FINDING_FORK:
        return "fork";
    case LV_FINDING_ASSERT:
        return "assert";
    case LV_FINDING__COUNT:
        break;
    }
    return "?";
}

const char *lv_verdict_name(enum lv_verdict verdict)
{
    switch (verdict) {
    case LV_VERDICT_GUARDED:
        return "guarded";
    case LV_VERDICT_POTENTIAL:
        return "potential";
    case LV_VERDICT_FEASIBLE:
        return "feasible";
    case LV_VERDICT_MISUSE:
        return "misuse";
    case LV_VERDICT_DEADLOCK:
        return "deadlock";
    case LV_VERDICT_NEVER:
        return "never";
    }
    return "?";
}
