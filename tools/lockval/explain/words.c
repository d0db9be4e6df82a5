/* SPDX-License-Identifier: MIT */
#include "explain/words.h"

#include <string.h>

#include "base/types.h"

static const struct explain_word kinds[] = {
    { "circular",
      "Locks were taken in orders that do not go together. Somebody took one lock while holding another; others did it "
      "the other way round, perhaps over "
      "further locks. If these come at one time, each holds what the next one wants, and all wait for good.",
      "The acquisition that closed the circle, and the one that goes against most others: it is the odd one out. "
      "Choose one order for these locks and "
      "write it down.",
      "01-two-locks.md, 04-three-locks.md" },
    { "recursive",
      "A lock was taken by a thread that has it, or locks of one class were taken in orders that do not go together. A "
      "thread that waits for a lock "
      "that it holds itself waits for good.",
      "Who calls whom: a function that takes the lock, called by one that has it? Or two objects of one kind, whose "
      "order depends on the call?",
      "06-readers-and-writers.md, 08-nesting-in-one-class.md" },
    { "signal",
      "A lock is taken in a signal handler, and it, or one from which the order leads to it, is held where that signal "
      "can come. Then the handler waits "
      "for the code that it interrupted, in the same thread.",
      "Whether the handler needs the lock at all: mostly it can set a flag. Else block the signal while the lock is "
      "held.",
      "10-signal-handlers.md" },
    { "event",
      "A circle that passes through a wait for something: a thread's end, a completion. Who waits holds a lock that "
      "the other may need before it brings "
      "the event about.",
      "What is held at the wait. Mostly it can be let go before.", "11-waiting-for-events.md" },
    { "wait-context", "A lock that may sleep was taken where the program has said that nothing may sleep.",
      "The context that was entered, and why.", "10-signal-handlers.md" },
    { "deadlock", "It has happened: threads wait for each other, or for something that nobody is left to bring about.",
      "For each thread what it holds and what it waits for. The one that holds something while it waits for another "
      "kind of thing is the one to change.",
      "01-two-locks.md, 09-condition-variables.md" },
    { "unlock",
      "A lock was released by somebody who does not hold it, or in another mode than it was taken. What it protects "
      "may be in use.",
      "The path on which the lock is not taken, and the release all the same reached: an error path, mostly.",
      "01-two-locks.md" },
    { "lifetime",
      "A lock went while it was held: it was destroyed, made anew, freed, unmapped, or the thread that holds it has "
      "ended.",
      "Who holds it, by the second stack, and why that thread was not waited for.", "01-two-locks.md" },
    { "cond", "A condition variable was waited for without its mutex, or with two different ones at a time.",
      "Which mutex belongs to the condition.", "09-condition-variables.md" },
    { "fork",
      "A forked child takes a lock that another thread of its parent held at the fork. That thread is not there to "
      "release it.",
      "What the child does between fork and exec: only what a signal handler may do.", "10-signal-handlers.md" },
    { "assert", "The program claims something about its locks by an annotation, and it is not so.",
      "The claim, and the call that breaks it.", "12-verdicts.md" },
    { "order",
      "An acquisition is against the lock order that the program is held to (expect=), whether it can hang or not.",
      "The line of the file that is named. Either the code is wrong, or the file is to be changed, by review.",
      "05-reading-the-graph.md" },
};

static const struct explain_word verdicts[] = {
    { "guarded",
      "The order is wrong, and every way in which it was seen is kept from hanging: by a lock that all hold, by "
      "threads that come one after another, by "
      "a time limit. A note; it makes no run fail.",
      "What keeps it from hanging, and whether that is meant to stay.", "12-verdicts.md" },
    { "potential",
      "The rule is broken between the classes of locks. For a hang something was not seen: the same locks, different "
      "threads, a writer, one run that does "
      "it all. The reasons say what.",
      "The reasons. Mostly production does what the test does not.",
      "02-without-a-hang.md, 03-classes-and-instances.md" },
    { "feasible",
      "There is evidence for a hang: different threads, the very same locks, and nothing that keeps them apart.",
      "Mend it. lockval confirm tries to make it happen.", "12-verdicts.md" },
    { "misuse", "A lock was used in a way that POSIX, or an annotation of the program, forbids.", NULL,
      "12-verdicts.md" },
    { "deadlock", "It happened in this run.", NULL, "09-condition-variables.md" },
};

static const struct explain_word *find(const struct explain_word *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

const struct explain_word *explain_kind(const char *name)
{
    return find(kinds, LV_ARRAY_SIZE(kinds), name);
}

const struct explain_word *explain_verdict(const char *name)
{
    return find(verdicts, LV_ARRAY_SIZE(verdicts), name);
}

const struct explain_word *explain_word_at(size_t i)
{
    if (i < LV_ARRAY_SIZE(kinds))
        return &kinds[i];
    i -= LV_ARRAY_SIZE(kinds);
    return i < LV_ARRAY_SIZE(verdicts) ? &verdicts[i] : NULL;
}
