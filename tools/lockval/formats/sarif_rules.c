/* SPDX-License-Identifier: MIT */
/*
 * All kinds are written, whatever was found: a reader that compares two runs sees that a rule was applied and found nothing.
 */

#include "formats/sarif_rules.h"

#include <string.h>

#include "base/types.h"

struct rule {
    const char *kind;
    const char *name; /* as SARIF wants names: one word, capitals inside */
    const char *level;
    const char *summary; /* a sentence */
    const char *help;    /* what it means, and what to do */
};

static const struct rule rules[] = {
    { "circular", "CircularLockOrder", "warning", "Locks are taken in orders that contradict each other.",
      "Threads that walk these orders at once can wait for each other for ever. Take the locks in one order "
      "everywhere: "
      "the order that was seen more often and from more places is mostly the one that is meant. Where an order has to "
      "stay, try the second lock instead of waiting for it, and let go of the first when that fails, or hold a common "
      "lock around both." },
    { "recursive", "LockTakenTwice", "warning", "A lock, or a lock of the same class, is taken while it is held.",
      "A thread that takes a normal mutex again waits for itself. Two locks of one class need an order among "
      "themselves, by address or by rank, which all threads keep." },
    { "event", "CircularWaitForEvent", "warning",
      "A lock is held in a wait for an event which needs that lock before it comes.",
      "Who waits for a thread to end, or for an event, holds a lock that the other side takes before it comes to that. "
      "Let go of the lock before the wait." },
    { "signal", "LockUnsafeInSignalHandler", "warning",
      "A signal handler takes a lock that can be held where the signal comes.",
      "The handler runs on top of the holder, and waits for it for ever. Block the signal while the lock is held, or "
      "have the handler only note what is to be done." },
    { "wait-context", "InvalidWait", "warning", "A lock that sleeps is waited for where nothing may sleep.",
      "Under a spinlock, or in a context that must not sleep, only locks that spin may be taken. Take the sleeping "
      "lock "
      "first, or outside." },
    { "deadlock", "Deadlock", "error", "Threads wait for each other, and none can go on.",
      "It happened in this run. The threads, what each holds and what each waits for are listed; the first to look at "
      "is the one that takes its locks in another order than the others." },
    { "unlock", "LockNotHeld", "error", "A lock is released by a thread that does not hold it.",
      "For most kinds of locks that is undefined: two threads may be inside at once afterwards. Release it in the "
      "thread "
      "that took it; what is handed from thread to thread is a semaphore." },
    { "lifetime", "HeldLockDestroyed", "error",
      "A lock is destroyed, made anew, freed or left behind while it is held.",
      "Its holder will release memory that is something else by then, and who waits for it waits for ever. Release it "
      "first, and free what it lies in when nobody can reach it." },
    { "cond", "ConditionWithoutMutex", "error",
      "A condition variable is waited on without its mutex, or with two mutexes at once.",
      "What the wait is for can change unseen between the look and the wait. Hold the one mutex that guards the "
      "condition in all waits on it." },
    { "fork", "LockHeldAtFork", "error", "A forked child takes a lock that another thread held at the fork.",
      "That thread does not exist in the child, so nobody will release the lock. Between fork and exec call only what "
      "is "
      "safe in signal handlers, or take the lock around the fork by pthread_atfork." },
    { "order", "AgainstExpectedOrder", "error",
      "Locks are taken against the lock order that the program is expected to keep.",
      "The file of the order, which the option expect names, does not allow this step, whether it can hang or not. "
      "Take the "
      "locks in the order that is written down; where the new step is meant, allow it there, so that it is reviewed." },
    { "assert", "ClaimNotTrue", "error", "A claim of the program about what is held is not true.",
      "The call is annotated with what its caller must hold, or must not. Either the caller or the claim is wrong." },
};

json_t *sarif_rules(void)
{
    json_t *array = json_array();

    for (size_t i = 0; i < LV_ARRAY_SIZE(rules); i++) {
        const struct rule *rule = &rules[i];

        (void)json_array_append_new(
            array,
            json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:[s,s], s:s, s:s}}", "id", rule->kind, "name",
                      rule->name, "shortDescription", "text", rule->summary, "fullDescription", "text", rule->summary,
                      "help", "text", rule->help, "defaultConfiguration", "level", rule->level, "properties", "tags",
                      "concurrency", "correctness", "precision", "high", "problem.severity", rule->level));
    }
    return array;
}

int sarif_rule_index(const char *kind)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(rules); i++)
        if (strcmp(rules[i].kind, kind) == 0)
            return (int)i;
    return -1;
}

const char *sarif_level(enum rec_verdict verdict)
{
    switch (verdict) {
    case REC_DEADLOCK:
    case REC_FEASIBLE:
    case REC_MISUSE:
        return "error";
    case REC_GUARDED:
        return "note";
    case REC_POTENTIAL:
    case REC_VERDICT_OTHER:
        break;
    }
    return "warning";
}
