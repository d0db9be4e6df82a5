/* SPDX-License-Identifier: MIT */

/*
 * The words for kinds of findings and locks, verdicts and signals, the same in the text report, the record and suppressions. They are
 * switches, not tables of pointers: such a table would need relocation and so be writable data; and the compiler
 * names a case that is missing.
 */

#include "report/report.h"

#include <signal.h>

const char *lv_finding_kind_name(enum lv_finding_kind kind)
{
    switch (kind) {
    case LV_FINDING_CIRCULAR:
        return "circular";
    case LV_FINDING_RECURSIVE:
        return "recursive";
    case LV_FINDING_EVENT:
        return "event";
    case LV_FINDING_SIGNAL:
        return "signal";
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
    case LV_FINDING_WAIT_CONTEXT:
        return "wait-context";
    case LV_FINDING_ORDER:
        return "order";
    case LV_FINDING_DEADLOCK:
        return "deadlock";
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

const char *lv_kind_name(enum lv_kind kind)
{
    switch (kind) {
    case LV_KIND_MUTEX:
        return "mutex";
    case LV_KIND_RWLOCK:
        return "rwlock";
    case LV_KIND_SPIN:
        return "spinlock";
    case LV_KIND_SEM:
        return "semaphore";
    case LV_KIND_ONCE:
        return "once";
    case LV_KIND_GUARD:
        return "guard";
    case LV_KIND_FILE:
        return "file";
    case LV_KIND_MAP:
        return "map";
    case LV_KIND_EVENT:
        return "event";
    case LV_KIND__COUNT:
        break;
    }
    return "?";
}

static const char *standard_signal(int number)
{
    switch (number) {
    case SIGHUP:
        return "SIGHUP";
    case SIGINT:
        return "SIGINT";
    case SIGQUIT:
        return "SIGQUIT";
    case SIGILL:
        return "SIGILL";
    case SIGTRAP:
        return "SIGTRAP";
    case SIGABRT:
        return "SIGABRT";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGKILL:
        return "SIGKILL";
    case SIGUSR1:
        return "SIGUSR1";
    case SIGSEGV:
        return "SIGSEGV";
    case SIGUSR2:
        return "SIGUSR2";
    case SIGPIPE:
        return "SIGPIPE";
    case SIGALRM:
        return "SIGALRM";
    case SIGTERM:
        return "SIGTERM";
    case SIGSTKFLT:
        return "SIGSTKFLT";
    case SIGCHLD:
        return "SIGCHLD";
    case SIGCONT:
        return "SIGCONT";
    case SIGSTOP:
        return "SIGSTOP";
    case SIGTSTP:
        return "SIGTSTP";
    case SIGTTIN:
        return "SIGTTIN";
    case SIGTTOU:
        return "SIGTTOU";
    case SIGURG:
        return "SIGURG";
    case SIGXCPU:
        return "SIGXCPU";
    case SIGXFSZ:
        return "SIGXFSZ";
    case SIGVTALRM:
        return "SIGVTALRM";
    case SIGPROF:
        return "SIGPROF";
    case SIGWINCH:
        return "SIGWINCH";
    case SIGIO:
        return "SIGIO";
    case SIGPWR:
        return "SIGPWR";
    case SIGSYS:
        return "SIGSYS";
    default:
        return NULL;
    }
}

/* glibc keeps the kernel's first two for itself. */
#define FIRST_REALTIME 34
#define LAST_REALTIME 64

void lv_signal_name(int number, struct lv_text *out)
{
    const char *name = standard_signal(number);

    if (name != NULL)
        lv_text_puts(out, name);
    else if (number == FIRST_REALTIME)
        lv_text_puts(out, "SIGRTMIN");
    else if (number > FIRST_REALTIME && number <= LAST_REALTIME)
        lv_text_printf(out, "SIGRTMIN+%d", number - FIRST_REALTIME);
    else
        lv_text_printf(out, "%d", number);
}
