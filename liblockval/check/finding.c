/* SPDX-License-Identifier: MIT */
/* The words for reasons stand here and nowhere else. */

#include "check/finding.h"

void lv_finding_add_reason(struct lv_finding *finding, struct lv_reason reason)
{
    for (uint32_t i = 0; i < finding->reason_count; i++)
        if (finding->reasons[i].what == reason.what && finding->reasons[i].a == reason.a &&
            finding->reasons[i].b == reason.b)
            return;
    if (finding->reason_count < LV_FINDING_REASONS)
        finding->reasons[finding->reason_count++] = reason;
}

uint32_t lv_finding_count_threads(const struct lv_finding_edge *edges, uint32_t count)
{
    uint32_t distinct = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = 0;

        while (j < i && edges[j].thread.v != edges[i].thread.v)
            j++;
        distinct += j == i;
    }
    return distinct;
}

enum lv_reason_names lv_reason_names(const struct lv_reason *reason)
{
    switch ((unsigned)reason->what) {
    case LV_REASON_GATE:
        return LV_REASON_NAMES_CLASS;
    case LV_REASON_CREATED:
    case LV_REASON_JOINED:
    case LV_REASON_JOINED_CREATED:
    case LV_REASON_CREATED_JOINED:
        return LV_REASON_NAMES_THREADS;
    default:
        return LV_REASON_NAMES_NOTHING;
    }
}

static void put_meet(uint32_t count, struct lv_text *out)
{
    lv_text_printf(out, "%u acquisitions by %u threads, the same ", count, count);
    if (count == 2)
        lv_text_puts(out, "two");
    else
        lv_text_printf(out, "%u", count);
    lv_text_puts(out, " locks, no lock in common,");
}

void lv_reason_text(const struct lv_reason *reason, const char *a, const char *b, struct lv_text *out)
{
    a = a != NULL ? a : "?";
    b = b != NULL ? b : "?";
    switch (reason->what) {
    case LV_REASON_ACQUISITIONS:
        lv_text_printf(out, "%u acquisitions by %u threads", reason->a, reason->b);
        break;
    case LV_REASON_ONE_THREAD:
        lv_text_printf(out, "one thread made all %u acquisitions", reason->a);
        break;
    case LV_REASON_DIFFERENT_INSTANCES:
        lv_text_printf(out, "different instances: %u of %u classes met in different locks", reason->a, reason->b);
        break;
    case LV_REASON_SAME_INSTANCES:
        lv_text_puts(out, "the same locks in every class");
        break;
    case LV_REASON_MEET:
        put_meet(reason->a, out);
        break;
    case LV_REASON_UNORDERED:
        lv_text_puts(out, "not ordered by thread create or join");
        break;
    case LV_REASON_FEW_THREADS:
        lv_text_printf(out, "%u threads for %u acquisitions", reason->b, reason->a);
        break;
    case LV_REASON_NO_WRITER:
        lv_text_puts(out, "no writer seen: a reader waits for another only behind a writer that waits");
        break;
    case LV_REASON_FORKED:
        lv_text_puts(out, "different processes: one side was taken before the fork, in the parent");
        break;
    case LV_REASON_GATE:
        lv_text_printf(out, "gate lock: %s acquisitions hold (%s), so they cannot meet",
                       reason->b == 2 ? "both" : "two of the", a);
        break;
    case LV_REASON_CREATED:
        lv_text_printf(out, "ordered by thread create: what %s did came before %s was created", a, b);
        break;
    case LV_REASON_JOINED:
        lv_text_printf(out, "ordered by thread join: %s was joined before what %s did", a, b);
        break;
    case LV_REASON_JOINED_CREATED:
        lv_text_printf(out, "ordered by thread join and create: %s was joined before %s was created", a, b);
        break;
    case LV_REASON_CREATED_JOINED:
        lv_text_printf(out, "ordered by thread create and join: what %s did came before what %s did", a, b);
        break;
    case LV_REASON_LOST:
        lv_text_puts(out, "witnesses incomplete: more acquisitions made this order than are kept");
        break;
    case LV_REASON_LEFT_OUT:
        lv_text_printf(out, "witnesses incomplete: more than %u locks were held at once", reason->a);
        break;
    case LV_REASON_GATE_CLASS:
        lv_text_puts(out,
                     "witnesses incomplete: there are more locks of the gate's class, and another may have been held");
        break;
    case LV_REASON_CUT:
        lv_text_puts(out, "witnesses incomplete: there are too many to try them all");
        break;
    case LV_REASON_STRICT:
        lv_text_puts(out, "strict: gate locks, threads and their order were not judged");
        break;
    case LV_REASON_ONE_TIMED:
        lv_text_puts(out, "timed: one of the acquisitions gives up after a time");
        break;
    case LV_REASON_TIMED:
        lv_text_puts(out, "timed: an acquisition in the cycle gives up after a time, so the cycle resolves itself");
        break;
    case LV_REASON_JOIN:
        lv_text_puts(out, "the cycle passes through a join: the joined thread could be late with what it takes");
        break;
    case LV_REASON_EVENT:
        lv_text_puts(out, "the cycle passes through a wait for an event");
        break;
    case LV_REASON_SEMAPHORE:
        lv_text_puts(out, "a semaphore counts as a lock here: who waited for it posted it, and nobody else did");
        break;
    case LV_REASON_SAME_LOCK:
        lv_text_puts(out, "the thread holds the very lock that it waits for");
        break;
    case LV_REASON_RETURNS_ERROR:
        lv_text_puts(out, "the call returns EDEADLK instead of waiting; other systems wait for ever");
        break;
    case LV_REASON_ONE_CLASS:
        lv_text_puts(out, "two locks of one class, nested without a subclass or nest lock that orders them");
        break;
    case LV_REASON_READER_AGAIN:
        lv_text_puts(out, "a reader that does not pass waiting writers reads again: stuck once a writer comes between");
        break;
    case LV_REASON_INSTANCE_CYCLE:
        lv_text_printf(out, "%u locks of one class were taken in a circle", reason->a);
        break;
    case LV_REASON_FORGOTTEN:
        lv_text_printf(out,
                       "witnesses incomplete: more locks of the class were nested than are kept, and the orders seen "
                       "before were forgotten (%u %s)",
                       reason->a, reason->a == 1 ? "time" : "times");
        break;
    case LV_REASON_ORPHAN:
        lv_text_puts(out, "the thread that holds it does not exist in this process: nobody will release it");
        break;
    case LV_REASON_GIVES_UP:
        lv_text_puts(out, "timed: the call gives up after a time");
        break;
    case LV_REASON_COMPARED:
        lv_text_printf(
            out, "the comparison function of the class returned %d for the held lock and this one, not less than 0",
            (int)reason->a);
        break;
    case LV_REASON_WAIT_TYPES:
        lv_text_puts(out, "the wait types say so: the thread would wait where it must not, whoever holds the lock");
        break;
    case LV_REASON_IN_ONE_THREAD:
        lv_text_puts(out,
                     "one thread did both: it ran this context, and could be interrupted by it while it held a lock");
        break;
    case LV_REASON_IN_TWO_THREADS:
        lv_text_puts(out, "one thread ran the context, another could be interrupted by it while it held a lock");
        break;
    case LV_REASON_IN_SAME_LOCKS:
        lv_text_puts(out, "the same lock in every class; gate locks and the order of threads were not judged");
        break;
    case LV_REASON_STUCK:
        if (reason->a == 1)
            lv_text_puts(out, "the thread waits for itself");
        else
            lv_text_printf(out, "%u threads wait for each other, in this run, now", reason->a);
        break;
    case LV_REASON_ALL_WAIT:
        if (reason->a == 1)
            lv_text_puts(out, "the only thread of the process waits, and nothing is left that could wake it");
        else
            lv_text_printf(out, "all %u threads of the process wait, and nothing is left that could wake one",
                           reason->a);
        break;
    case LV_REASON_EXPECTED:
        lv_text_puts(out, "the lock order that is expected says so, whether it can hang or not");
        break;
    case LV_REASON_MISUSE:
        lv_text_puts(out, "seen in this run, in this thread");
        break;
    }
}
