/* SPDX-License-Identifier: MIT */
/*
 * The layout of the kernel's lockdep (Linux 6.x), line for line, for who knows it by heart and for scripts that parse it. What a
 * process does not have, a report of the kernel does: the number of the processor and the user's are always 0, and the place of
 * the taint says "Not tainted". A kind of finding that the kernel does not know is printed in the same frame, with lockval's words.
 */

#include "formats/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/visible.h"
#include "formats/lockdep_parts.h"

/* ---- a circle ---- */

/* Of the edges @n leads to the class that is #n in the report; edge 0 is the new one. */
static void print_chain(struct lockdep *to, const struct rec_finding *finding)
{
    for (size_t n = finding->edge_count; n-- > 0;) {
        const struct rec_step *edge = &finding->edges[n];

        (void)fprintf(to->out, "\n-> #%zu (", n);
        lockdep_class(to, &edge->wanted);
        (void)fputs(":\n", to->out);
        lockdep_stack(to, edge->wanted.stack, 7);
    }
}

static const char *verb_of(const struct rec_lock *lock)
{
    if ((lock->flags & REC_SYNC) != 0)
        return "sync";
    return lock->mode == REC_WRITE ? "lock" : "rlock";
}

static void left(struct lockdep *to, const char *verb, const char *name)
{
    (void)fprintf(to->out, "  %s(%s);\n", verb, name);
}

static void right(struct lockdep *to, const char *verb, const char *name)
{
    (void)fprintf(to->out, "                               %s(%s);\n", verb, name);
}

/* How @finding's new edge holds the class it leads from: the one that the old edges end with. */
static bool is_release(const struct rec_finding *finding)
{
    return finding->edges[0].kind == REC_STEP_COMPLETE || finding->edges[0].kind == REC_STEP_END;
}

/* The two columns. They leave out all but one of the classes between: lockdep does. */
static void print_scenario(struct lockdep *to, const struct rec_finding *finding)
{
    const struct rec_lock *held = &finding->edges[0].held, *new = &finding->edges[0].wanted;
    const struct rec_lock *last = &finding->edges[finding->edge_count - 1].wanted;
    /* The class before the held one on the way from the new one to it. */
    const struct rec_lock *parent = &finding->edges[finding->edge_count - 1].held;
    const char *held_name = rec_lock_name(held), *new_name = rec_lock_name(new), *parent_name = rec_lock_name(parent);
    bool release = is_release(finding);

    if (strcmp(parent_name, new_name) != 0)
        (void)fprintf(to->out, "Chain exists of:\n  %s --> %s --> %s\n\n", new_name, parent_name, held_name);
    (void)fprintf(to->out, " Possible unsafe locking scenario%s\n\n", release ? " by crosslock:" : ":");
    (void)fputs("       CPU0                    CPU1\n       ----                    ----\n", to->out);
    if (release) {
        left(to, "lock", parent_name);
        left(to, "lock", held_name);
        right(to, "lock", new_name);
        right(to, "unlock", held_name);
    } else {
        left(to, held->mode == REC_WRITE ? "lock" : "rlock", held_name);
        right(to, "lock", parent_name);
        right(to, verb_of(last), held_name);
        left(to, verb_of(new), new_name);
    }
    (void)fputs("\n *** DEADLOCK ***\n\n", to->out);
}

static void print_circular(struct lockdep *to, const struct rec_finding *finding)
{
    lockdep_headline(to, finding, 54, "WARNING: possible circular locking dependency detected");
    lockdep_task(to, finding->thread);
    (void)fputs(" is trying to acquire lock:\n", to->out);
    lockdep_lock(to, &finding->edges[0].wanted);
    (void)fprintf(to->out, "\n%s\n",
                  is_release(finding) ? "but now in release context of a crosslock acquired at the following:"
                                      : "but task is already holding lock:");
    lockdep_lock(to, &finding->edges[0].held);
    (void)fputs(
        "\nwhich lock already depends on the new lock.\n\n\nthe existing dependency chain (in reverse order) is:\n",
        to->out);
    print_chain(to, finding);
    (void)fputs("\nother info that might help us debug this:\n\n", to->out);
    print_scenario(to, finding);
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

/* ---- the others ---- */

static void print_recursive(struct lockdep *to, const struct rec_finding *finding)
{
    const struct rec_step *edge = &finding->edges[0];

    lockdep_headline(to, finding, 44, "WARNING: possible recursive locking detected");
    lockdep_task(to, finding->thread);
    (void)fputs(" is trying to acquire lock:\n", to->out);
    lockdep_lock(to, &edge->wanted);
    (void)fputs("\nbut task is already holding lock:\n", to->out);
    lockdep_lock(to, &edge->held);
    (void)fputs("\nother info that might help us debug this:\n Possible unsafe locking scenario:\n\n       CPU0\n"
                "       ----\n",
                to->out);
    left(to, edge->held.mode == REC_WRITE ? "lock" : "rlock", rec_lock_name(&edge->held));
    left(to, verb_of(&edge->wanted), rec_lock_name(&edge->wanted));
    (void)fputs("\n *** DEADLOCK ***\n\n May be due to missing lock nesting notation\n\n", to->out);
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

/* "IN-SIGUSR1-W": taken inside of the context; "SIGUSR1-ON-W": held while it could interrupt. */
static void print_states(struct lockdep *to, const struct rec_finding *finding, bool new_is_inside)
{
    char inside[160], open[160];

    (void)snprintf(inside, sizeof(inside), "IN-%s-%c", finding->usage_state,
                   finding->usage_inside.lock.mode == REC_WRITE ? 'W' : 'R');
    (void)snprintf(open, sizeof(open), "%s-ON-%c", finding->usage_state,
                   finding->usage_open.lock.mode == REC_WRITE ? 'W' : 'R');
    (void)fprintf(to->out, "inconsistent {%s} -> {%s} usage.\n", new_is_inside ? open : inside,
                  new_is_inside ? inside : open);
    lockdep_task(to, finding->thread);
    (void)fprintf(to->out, " [HC%d[%d]:SC0[0]:HE%d:SE1] takes:\n", new_is_inside, new_is_inside, !new_is_inside);
    lockdep_lock(to, new_is_inside ? &finding->usage_inside.lock : &finding->usage_open.lock);
    (void)fprintf(to->out, "{%s} state was registered at:\n", new_is_inside ? open : inside);
    lockdep_stack(to, new_is_inside ? finding->usage_open.lock.stack : finding->usage_inside.lock.stack, 2);
}

static bool same_class(const struct rec_side *a, const struct rec_side *b)
{
    return a->lock.class != NULL && a->lock.class == b->lock.class;
}

static void print_interrupt_table(struct lockdep *to, const char *unsafe, const char *middle, const char *safe)
{
    (void)fputs(" Possible interrupt unsafe locking scenario:\n\n       CPU0                    CPU1\n"
                "       ----                    ----\n",
                to->out);
    left(to, "lock", unsafe);
    (void)fputs("                               local_irq_disable();\n", to->out);
    right(to, "lock", safe);
    right(to, "lock", middle);
    (void)fputs("  <Interrupt>\n    lock(", to->out);
    (void)fprintf(to->out, "%s);\n\n *** DEADLOCK ***\n\n", safe);
}

/* "SAFE --> MIDDLE --> UNSAFE", and who could do what. */
static void print_interrupts(struct lockdep *to, const struct rec_finding *finding)
{
    const char *safe = rec_lock_name(&finding->usage_inside.lock), *unsafe = rec_lock_name(&finding->usage_open.lock);
    const char *middle = finding->edge_count > 2 ? rec_lock_name(&finding->edges[1].wanted) : unsafe;

    (void)fputs("\nother info that might help us debug this:\n\n", to->out);
    if (middle != unsafe)
        (void)fprintf(to->out, "Chain exists of:\n  %s --> %s --> %s\n\n", safe, middle, unsafe);
    print_interrupt_table(to, unsafe, middle, safe);
    lockdep_held(to, finding);
}

/* The classes on the way from the lock that the handler takes to the one that is open to it. */
static void print_way(struct lockdep *to, const struct rec_finding *finding)
{
    for (size_t i = 1; i < finding->edge_count; i++) {
        const struct rec_lock *wanted = &finding->edges[i].wanted;

        (void)fprintf(to->out, "%*s-> (", (int)i, "");
        lockdep_class(to, wanted);
        (void)fprintf(to->out, " ops: 0 {\n%*s }\n%*s ... key      at: [<%016" PRIx64 ">] %s\n%*s ... acquired at:\n",
                      (int)i, "", (int)i, "", UINT64_C(0), rec_lock_key(wanted), (int)i, "");
        lockdep_stack(to, wanted->stack, (int)i + 3);
        (void)fputc('\n', to->out);
    }
}

/* A lock that a handler takes leads to one that is held where the handler can come, by an edge that is new. */
static void print_bad_dependency(struct lockdep *to, const struct rec_finding *finding, const struct rec_step *edge)
{
    const struct rec_lock *safe = &finding->usage_inside.lock, *unsafe = &finding->usage_open.lock;
    const char *state = finding->usage_state;
    char title[200];

    (void)snprintf(title, sizeof(title), "WARNING: %s-safe -> %s-unsafe lock order detected", state, state);
    lockdep_headline(to, finding, 53, title);
    lockdep_task(to, finding->thread);
    (void)fputs(" [HC0[0]:SC0[0]:HE1:SE1] is trying to acquire:\n", to->out);
    lockdep_lock(to, &edge->wanted);
    (void)fputs("\nand this task is already holding:\n", to->out);
    lockdep_lock(to, &edge->held);
    (void)fputs("which would create a new lock dependency:\n (", to->out);
    lockdep_class(to, &edge->held);
    (void)fputs(" -> (", to->out);
    lockdep_class(to, &edge->wanted);
    (void)fprintf(to->out, "\n\nbut this new dependency connects a %s-irq-safe lock:\n (", state);
    lockdep_class(to, safe);
    (void)fprintf(to->out, "\n\n... which became %s-irq-safe at:\n", state);
    lockdep_stack(to, safe->stack, 2);
    (void)fprintf(to->out, "\nto a %s-irq-unsafe lock:\n (", state);
    lockdep_class(to, unsafe);
    (void)fprintf(to->out, "\n\n... which became %s-irq-unsafe at:\n...", state);
    lockdep_stack(to, unsafe->stack, 2);
    print_interrupts(to, finding);
    (void)fprintf(to->out, "\nthe dependencies between %s-irq-safe lock and the holding lock:\n", state);
    print_way(to, finding);
    lockdep_backtrace(to, finding);
}

/* The same, known by a use of one of the locks that is new. */
static void print_inversion(struct lockdep *to, const struct rec_finding *finding)
{
    bool became_safe = finding->thread == finding->usage_inside.thread;
    const struct rec_lock *changed = became_safe ? &finding->usage_inside.lock : &finding->usage_open.lock;
    const struct rec_lock *other = became_safe ? &finding->usage_open.lock : &finding->usage_inside.lock;

    lockdep_headline(to, finding, 56, "WARNING: possible irq lock inversion dependency detected");
    lockdep_task(to, finding->thread);
    (void)fputs(" just changed the state of lock:\n", to->out);
    lockdep_lock(to, changed);
    (void)fprintf(to->out,
                  became_safe ? "but this lock took another, %s-unsafe lock in the past:\n ("
                              : "but this lock was taken by another, %s-safe lock in the past:\n (",
                  finding->usage_state);
    lockdep_class(to, other);
    (void)fputs("\n\n\nand interrupts could create inverse lock ordering between them.\n\n", to->out);
    print_interrupts(to, finding);
    (void)fputs("\nthe shortest dependencies between 2nd lock and 1st lock:\n", to->out);
    print_way(to, finding);
    lockdep_backtrace(to, finding);
}

static void print_signal(struct lockdep *to, const struct rec_finding *finding)
{
    bool new_is_inside = finding->thread == finding->usage_inside.thread;

    if (!same_class(&finding->usage_inside, &finding->usage_open)) {
        for (size_t i = 1; i < finding->edge_count; i++) {
            if (finding->edges[i].wanted.stack == finding->stack) {
                print_bad_dependency(to, finding, &finding->edges[i]);
                return;
            }
        }
        print_inversion(to, finding);
        return;
    }
    lockdep_headline(to, finding, 32, "WARNING: inconsistent lock state");
    print_states(to, finding, new_is_inside);
    (void)fprintf(to->out,
                  "\nother info that might help us debug this:\n Possible unsafe locking scenario:\n\n"
                  "       CPU0\n       ----\n  lock(%s);\n  <Interrupt>\n    lock(%s);\n\n *** DEADLOCK ***\n\n",
                  rec_lock_name(&finding->usage_open.lock), rec_lock_name(&finding->usage_inside.lock));
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

static void print_unlock(struct lockdep *to, const struct rec_finding *finding)
{
    lockdep_headline(to, finding, 37, "WARNING: bad unlock balance detected!");
    lockdep_task(to, finding->thread);
    (void)fprintf(to->out, " is trying to release lock (%s) at:\n", rec_lock_name(&finding->subject));
    lockdep_first_frame(to, finding->stack);
    (void)fputs("but there are no more locks to release!\n\nother info that might help us debug this:\n", to->out);
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

static void print_lifetime(struct lockdep *to, const struct rec_finding *finding)
{
    if (finding->detail[0] != '\0' && strstr(finding->detail, "thread ends") != NULL) {
        char title[160];

        (void)snprintf(title, sizeof(title), "WARNING: %s/%" PRId64 " still has locks held!",
                       finding->thread != NULL ? finding->thread->name : "?",
                       finding->thread != NULL ? finding->thread->tid : 0);
        lockdep_headline(to, finding, 36, title);
    } else {
        lockdep_headline(to, finding, 25, "WARNING: held lock freed!");
        lockdep_task(to, finding->thread);
        (void)fprintf(to->out, " is freeing memory %016" PRIx64 "-%016" PRIx64 ", with a lock still held there!\n",
                      finding->subject.address, finding->subject.address);
        lockdep_lock(to, &finding->subject);
    }
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

static void print_wait_context(struct lockdep *to, const struct rec_finding *finding)
{
    const char *context = strstr(finding->text, "\ncontext-{");

    lockdep_headline(to, finding, 29, "[ BUG: Invalid wait context ]");
    lockdep_task(to, finding->thread);
    (void)fputs(" is trying to lock:\n", to->out);
    lockdep_lock(to, &finding->subject);
    (void)fputs("other info that might help us debug this:\n", to->out);
    if (context != NULL) /* only the report of the library has it */
        (void)fprintf(to->out, "%.*s\n", (int)strcspn(context + 1, "\n"), context + 1);
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

/* As the list of all locks that the kernel prints with a hung task. */
static void print_stuck(struct lockdep *to, const struct rec_finding *finding)
{
    for (size_t i = 0; i < finding->stuck_count; i++) {
        const struct rec_stuck *stuck = &finding->stuck[i];

        (void)fputs("INFO: task ", to->out);
        if (stuck->thread != NULL)
            (void)fprintf(to->out, "%s:%" PRId64, stuck->thread->name, stuck->thread->tid);
        (void)fprintf(to->out, " blocked for more than %" PRId64 " seconds.\n",
                      stuck->waited_ms >= 0 ? stuck->waited_ms / 1000 : 0);
        (void)fputs("Call Trace:\n <TASK>\n", to->out);
        lockdep_stack(to, stuck->wanted.stack, 1);
        (void)fputs(" </TASK>\n", to->out);
    }
    (void)fputs("\nShowing all locks held in the system:\n", to->out);
    for (size_t i = 0; i < finding->stuck_count; i++)
        if (finding->stuck[i].held_count != 0)
            lockdep_held_by(to, finding->stuck[i].thread, finding->stuck[i].held, finding->stuck[i].held_count);
    (void)fputs("\n=============================================\n\n", to->out);
}

/* What the kernel has no report for. */
static void print_other(struct lockdep *to, const struct rec_finding *finding)
{
    char title[80];

    (void)snprintf(title, sizeof(title), "WARNING: %s", finding->kind);
    lockdep_headline(to, finding, (int)strlen(title), title);
    lockdep_task(to, finding->thread);
    (void)fprintf(to->out, ": %s\n", finding->detail);
    if (finding->has_subject)
        lockdep_lock(to, &finding->subject);
    (void)fputs("\nother info that might help us debug this:\n", to->out);
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

/* As for a circle, without one: the file of the order stands for the dependency that would close it. */
static void print_order(struct lockdep *to, const struct rec_finding *finding)
{
    static const char title[] = "WARNING: acquisition against the expected lock order";

    lockdep_headline(to, finding, (int)strlen(title), title);
    lockdep_task(to, finding->edges[0].thread);
    (void)fputs(" is trying to acquire lock:\n", to->out);
    lockdep_lock(to, &finding->edges[0].wanted);
    (void)fprintf(to->out, "\n%s\n",
                  is_release(finding) ? "but now in release context of a crosslock acquired at the following:"
                                      : "but task is already holding lock:");
    lockdep_lock(to, &finding->edges[0].held);
    (void)fprintf(to->out,
                  "\nwhich is against the lock order that is expected:\n  %s\n\n"
                  "other info that might help us debug this:\n",
                  finding->detail);
    lockdep_held(to, finding);
    lockdep_backtrace(to, finding);
}

static void print_finding(struct lockdep *to, const struct rec_finding *finding)
{
    if (finding->stuck_count != 0)
        print_stuck(to, finding);
    else if (finding->usage_state[0] != '\0')
        print_signal(to, finding);
    else if (strcmp(finding->kind, "recursive") == 0 && finding->edge_count == 1)
        print_recursive(to, finding);
    else if (strcmp(finding->kind, "order") == 0 && finding->edge_count != 0)
        print_order(to, finding);
    else if (finding->edge_count != 0)
        print_circular(to, finding);
    else if (strcmp(finding->kind, "unlock") == 0)
        print_unlock(to, finding);
    else if (strcmp(finding->kind, "lifetime") == 0)
        print_lifetime(to, finding);
    else if (strcmp(finding->kind, "wait-context") == 0)
        print_wait_context(to, finding);
    else
        print_other(to, finding);
}

static bool print(FILE *out, const struct format_input *input)
{
    struct lockdep to = { .input = input };
    char *text = NULL, *visible;
    size_t size;

    to.out = open_memstream(&text, &size);
    if (to.out == NULL)
        return false;
    for (size_t i = 0; i < input->finding_count; i++)
        print_finding(&to, input->findings[i]);
    if (fclose(to.out) != 0) {
        free(text);
        return false;
    }
    visible = cli_visible(text);
    (void)fputs(visible, out);
    free(visible);
    free(text);
    return true;
}

const struct format format_lockdep = {
    .name = "lockdep",
    .summary = "the layout of the kernel's lockdep, for who knows it by heart",
    .print = print,
    .exact = true,
};
