/* SPDX-License-Identifier: MIT */
/*
 * One row of a table of lock orders (../scenario/cases.tsv), with the locks that libc has (row_locks.h). run.py starts one
 * process for each row.
 *
 *     row FAMILY KIND ORDER STEPS [probe] [signals]
 *
 * A sequence E1, E2, E3 is run by a thread of its own, in the row's order; all are there from before the first step until
 * after the last, so that nothing but their turns says which comes first.
 *
 * hardirq( ... ) and softirq( ... ) are declared contexts of lockval.h. With "signals" they are handlers of SIGUSR1 and
 * SIGUSR2, and hardirq-off and softirq-off block these. As in the kernel, what is soft cannot interrupt what is hard, nor
 * come while that is off.
 *
 * With "probe", no acquisition waits: one that would wait for good is named on stdout, and the row ends there. So the
 * runner learns, without the library, which rows really hang.
 */

#include "row_locks.h"

#include <sched.h>

enum {
    SEQUENCES = 3
};

enum level {
    LEVEL_HARD,
    LEVEL_SOFT
};

static bool by_signals;
static enum level irq_level; /* of "irq(" and "irq-off" */
static int context[2];       /* the declared ones, by level */
static const int signals[2] = { SIGUSR1, SIGUSR2 };

/* What the handler is to do: steps, up to the closing bracket. Set by the thread that raises the signal. */
static const char *volatile handler_steps;

static unsigned turn; /* the number of the sequence's place in the order; atomic */

/* ---- words --------------------------------------------------------------------------------------------------------- */

/* The step at @text: "+A:w", "irq(", ... Compared up to its end. */
static bool is_step(const char *text, const char *step)
{
    size_t len = strlen(step);

    return strncmp(text, step, len) == 0 && (text[len] == ' ' || text[len] == '\0');
}

static const char *next_step(const char *text)
{
    text += strcspn(text, " ");
    return text + strspn(text, " ");
}

/* ---- contexts ------------------------------------------------------------------------------------------------------ */

static const char *run_steps(const char *step);

static void handle(int number)
{
    (void)number;
    handler_steps = run_steps(handler_steps);
}

static void install(void)
{
    for (int level = LEVEL_HARD; level <= LEVEL_SOFT; level++) {
        struct sigaction action = { .sa_handler = handle };

        sigemptyset(&action.sa_mask);
        if (level == LEVEL_HARD)
            sigaddset(&action.sa_mask, signals[LEVEL_SOFT]);
        MUST(sigaction(signals[level], &action, NULL) == 0);
    }
}

/* Run the steps behind the opening bracket at @step inside of a context. Returns the closing bracket. */
static const char *interrupt(const char *step, enum level level)
{
    step = next_step(step);
    row_locks.in_contexts++;
    if (by_signals) {
        handler_steps = step;
        MUST(raise(signals[level]) == 0);
        step = handler_steps;
    } else {
        lockval_enter_context(context[level]);
        step = run_steps(step);
        lockval_exit_context(context[level]);
    }
    row_locks.in_contexts--;
    MUST(*step == ')');
    return step;
}

static void mask(enum level level, bool off)
{
    sigset_t set;

    if (!by_signals) {
        if (off)
            lockval_disable_context(context[level]);
        else
            lockval_enable_context(context[level]);
        return;
    }
    sigemptyset(&set);
    sigaddset(&set, signals[LEVEL_SOFT]);
    if (level == LEVEL_HARD)
        sigaddset(&set, signals[LEVEL_HARD]);
    MUST(pthread_sigmask(off ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) == 0);
}

/* ---- steps --------------------------------------------------------------------------------------------------------- */

/* One step, or a bracket with all that is in it. Returns its last word. */
static const char *run_step(const char *step)
{
    if (step[0] == '+') {
        row_locks_take(step);
    } else if (step[0] == '-') {
        row_locks_release(step);
    } else if (is_step(step, "init")) {
        step = next_step(step);
        row_locks_init_again(step);
    } else if (is_step(step, "irq(")) {
        step = interrupt(step, irq_level);
    } else if (is_step(step, "hardirq(")) {
        step = interrupt(step, LEVEL_HARD);
    } else if (is_step(step, "softirq(")) {
        step = interrupt(step, LEVEL_SOFT);
    } else if (is_step(step, "irq-off") || is_step(step, "irq-on")) {
        mask(irq_level, is_step(step, "irq-off"));
    } else {
        MUST(is_step(step, "hardirq-off") || is_step(step, "hardirq-on"));
        mask(LEVEL_HARD, is_step(step, "hardirq-off"));
    }
    return step;
}

/* Run "+A +B -B -A", up to the end, a closing bracket, or the next sequence. Returns that. */
static const char *run_steps(const char *step)
{
    for (; *step != '\0' && *step != ')' && *step != ';'; step = next_step(step))
        step = run_step(step);
    return step;
}

/* ---- sequences ----------------------------------------------------------------------------------------------------- */

struct sequence {
    pthread_t thread;
    const char *steps;
    unsigned place; /* in the order, from 0 */
};

static void wait_turn(unsigned place)
{
    while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) < place)
        (void)sched_yield();
}

static void *run_sequence(void *arg)
{
    const struct sequence *sequence = arg;

    wait_turn(sequence->place);
    (void)run_steps(sequence->steps);
    __atomic_store_n(&turn, sequence->place + 1, __ATOMIC_SEQ_CST);
    wait_turn(SEQUENCES);
    return NULL;
}

/* Run "E1: ... ; E2: ... ; E3: ..." in @order. */
static void run_sequences(const char *steps, const char *order)
{
    struct sequence sequences[SEQUENCES] = { { .steps = NULL } };
    unsigned count = (unsigned)strlen(order);

    MUST(count <= SEQUENCES);
    for (unsigned i = 0; i < count; i++) {
        char name[] = { 'E', order[i], ':', '\0' };
        const char *found = strstr(steps, name);

        MUST(found != NULL);
        sequences[i].steps = next_step(found);
        sequences[i].place = i;
    }
    for (unsigned i = 0; i < count; i++)
        MUST(pthread_create(&sequences[i].thread, NULL, run_sequence, &sequences[i]) == 0);
    wait_turn(count);
    __atomic_store_n(&turn, SEQUENCES, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < count; i++)
        MUST(pthread_join(sequences[i].thread, NULL) == 0);
}

/* "AA", "..._AA1B": X taken while it is held is a second lock of its class. */
static bool has_two_instances(const char *family)
{
    return strcmp(family, "AA") == 0 || (strstr(family, "_AA") != NULL && family[strlen(family) - 1] == 'B');
}

int main(int argc, char **argv)
{
    const char *family, *order, *steps;

    MUST(argc >= 5);
    family = argv[1];
    order = argv[3];
    steps = argv[4];
    row_locks.family = family;
    row_locks.kind = argv[2];
    row_locks.two_instances = has_two_instances(family);
    for (int i = 5; i < argc; i++) {
        row_locks.probing = row_locks.probing || strcmp(argv[i], "probe") == 0;
        by_signals = by_signals || strcmp(argv[i], "signals") == 0;
    }
    irq_level = strstr(family, "_soft") != NULL ? LEVEL_SOFT : LEVEL_HARD;
    row_locks_make(steps);
    if (by_signals) {
        install();
    } else {
        context[LEVEL_HARD] = lockval_declare_context("hardirq", LOCKVAL_CONTEXT_HARD);
        context[LEVEL_SOFT] = lockval_declare_context("softirq", LOCKVAL_CONTEXT_SOFT);
    }
    if (order[0] == '\0')
        (void)run_steps(steps);
    else
        run_sequences(steps, order);
    puts("done");
    return 0;
}
