/* SPDX-License-Identifier: MIT */
/*
 * Contexts that the program declares. What is expected of the usage characters: the first pair is the hard level (write,
 * read), the second the soft one; '.' neither, '-' used in the context, '+' used while it was enabled, '?' both.
 *
 * expect no-edge-across: signal potential
 * expect interrupted: signal potential | inconsistent \{IN-irq-W\} -> \{irq-ON-W\} usage
 * expect let-in: signal potential | can be interrupted by irq from now on, and holds
 * expect inversion: signal potential | WARNING: possible irq lock inversion dependency detected
 * expect safe-to-unsafe: signal potential | WARNING: irq-safe -> irq-unsafe lock order detected
 * expect kept-out: clean
 * expect tried-inside: clean
 * expect readers: clean
 * expect two-of-a-class: signal potential | different instances: 1 of 1 classes
 * expect edges-inside: circular potential
 * expect back-outside: circular potential
 * expect nested: circular potential
 * expect usage-in-hard: circular potential | \(map_a\)\{-\.\.\.\}
 * expect usage-in-soft: circular potential | \(map_a\)\{\.\.-\.\}
 * expect usage-enabled: circular potential | \(map_a\)\{\+\.\+\.\}
 * expect usage-both: signal potential, circular potential | \(map_a\)\{\?\.\+\.\}
 * expect usage-read: circular potential | \(map_a\)\{\.-\.\.\}
 * expect usage-disabled: circular potential | \(map_a\)\{\.\.\.\.\}
 * expect disable-nests: circular potential | \(map_a\)\{\.\.\.\.\}
 * expect enable-while-held: circular potential | \(map_a\)\{\+\.\+\.\}
 * expect eight: clean
 * expect unknown: clean
 */

#include "api.h"

#include <stddef.h>

static struct lockval_key key_a, key_b, key_c;
static struct lockval_map map_a = LOCKVAL_MAP_INIT("map_a", &key_a);
static struct lockval_map map_b = LOCKVAL_MAP_INIT("map_b", &key_b);
static struct lockval_map map_c = LOCKVAL_MAP_INIT("map_c", &key_c);

static int declare(const char *name, enum lockval_context_level level)
{
    (void)name;
    (void)level;
    return lockval_declare_context(name, level);
}

static void use(struct lockval_map *map)
{
    take(map);
    drop(map);
}

static void use_inside(struct lockval_map *map, int context)
{
    lockval_enter_context(context);
    use(map);
    lockval_exit_context(context);
    (void)context;
}

/* A finding about the context; but none of order, since no edge leads from map_a. */
static void no_edge_across(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    take(&map_a);
    lockval_enter_context(irq);
    use(&map_b);
    lockval_exit_context(irq);
    drop(&map_a);
    lockval_disable_context(irq);
    nest(&map_b, &map_a);
    lockval_enable_context(irq);
    (void)irq;
}

/* Used in the context, and outside of it while it could interrupt. */
static void interrupted(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    use_inside(&map_a, irq);
    use(&map_a);
    use(&map_a);
    (void)irq;
}

/* The context can interrupt when the lock is held already. */
static void let_in(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    use_inside(&map_a, irq);
    lockval_disable_context(irq);
    take(&map_a);
    lockval_enable_context(irq);
    drop(&map_a);
    (void)irq;
}

static void inversion(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    lockval_disable_context(irq);
    nest(&map_a, &map_b);
    lockval_enable_context(irq);
    use(&map_b);
    use_inside(&map_a, irq);
    (void)irq;
}

static void safe_to_unsafe(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    use(&map_b);
    use_inside(&map_a, irq);
    lockval_disable_context(irq);
    nest(&map_a, &map_b);
    lockval_enable_context(irq);
    (void)irq;
}

/* Whoever holds a lock of the context keeps it out; what comes after such a lock, too. */
static void kept_out(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    use_inside(&map_a, irq);
    lockval_disable_context(irq);
    nest(&map_a, &map_b);
    nest(&map_c, &map_a);
    lockval_enable_context(irq);
    use(&map_c);
    (void)irq;
}

/* A trylock does not wait for what it interrupted. */
static void tried_inside(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    use(&map_a);
    lockval_enter_context(irq);
    lockval_acquire_map(&map_a, LOCKVAL_WRITE, LOCKVAL_TRY, 0, NULL);
    lockval_acquired_map(&map_a);
    drop(&map_a);
    lockval_exit_context(irq);
    (void)irq;
}

static void readers(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    take_as(&map_a, LOCKVAL_READ);
    drop(&map_a);
    lockval_enter_context(irq);
    take_as(&map_a, LOCKVAL_READ_RECURSIVE);
    drop(&map_a);
    lockval_exit_context(irq);
    (void)irq;
}

static void edges_inside(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    lockval_enter_context(irq);
    nest(&map_a, &map_b);
    lockval_exit_context(irq);
    lockval_disable_context(irq);
    nest(&map_b, &map_a);
    lockval_enable_context(irq);
    (void)irq;
}

/* Another lock of the class, so that nothing hangs this time, and nothing is taken twice. */
static void two_of_a_class(void)
{
    struct lockval_map other = LOCKVAL_MAP_INIT("map_a", &key_a);
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    take(&map_a);
    lockval_enter_context(irq);
    use(&other);
    lockval_exit_context(irq);
    drop(&map_a);
    (void)irq;
}

/* After the exit, the chain of what was held before goes on. */
static void back_outside(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    take(&map_a);
    lockval_enter_context(irq);
    lockval_exit_context(irq);
    use(&map_b);
    drop(&map_a);
    nest(&map_b, &map_a);
    (void)irq;
}

static void nested(void)
{
    int soft = declare("softirq", LOCKVAL_CONTEXT_SOFT), hard = declare("hardirq", LOCKVAL_CONTEXT_HARD);

    lockval_enter_context(soft);
    take(&map_a);
    lockval_enter_context(hard);
    use(&map_b);
    lockval_exit_context(hard);
    use(&map_c);
    drop(&map_a);
    lockval_exit_context(soft);
    lockval_disable_context(hard);
    nest(&map_c, &map_a);
    lockval_enable_context(hard);
    (void)soft;
    (void)hard;
}

/* A report that shows map_a: its own order against map_b is wrong. Both levels are off, so that this adds no usage. */
static void show_usage(int context, int hard)
{
    lockval_disable_context(context);
    lockval_disable_context(hard);
    nest(&map_a, &map_b);
    nest(&map_b, &map_a);
    lockval_enable_context(hard);
    lockval_enable_context(context);
    (void)context;
    (void)hard;
}

static void usage_in(enum lockval_context_level level, enum lockval_mode mode)
{
    int context = declare("irq", level), hard = declare("hard", LOCKVAL_CONTEXT_HARD);

    lockval_disable_context(hard);
    lockval_enter_context(context);
    take_as(&map_a, mode);
    drop(&map_a);
    lockval_exit_context(context);
    lockval_enable_context(hard);
    show_usage(context, hard);
    (void)context;
    (void)hard;
}

static void usage_in_hard(void)
{
    usage_in(LOCKVAL_CONTEXT_HARD, LOCKVAL_WRITE);
}

static void usage_in_soft(void)
{
    usage_in(LOCKVAL_CONTEXT_SOFT, LOCKVAL_WRITE);
}

static void usage_read(void)
{
    usage_in(LOCKVAL_CONTEXT_HARD, LOCKVAL_READ);
}

static void usage_enabled(void)
{
    int hard = declare("hard", LOCKVAL_CONTEXT_HARD);

    use(&map_a);
    show_usage(hard, hard);
    (void)hard;
}

static void usage_both(void)
{
    int hard = declare("hard", LOCKVAL_CONTEXT_HARD);

    lockval_enter_context(hard);
    use(&map_a);
    lockval_exit_context(hard);
    use(&map_a);
    show_usage(hard, hard);
    (void)hard;
}

static void usage_disabled(void)
{
    int hard = declare("hard", LOCKVAL_CONTEXT_HARD);

    show_usage(hard, hard);
    (void)hard;
}

/* Disabled twice and enabled once: still disabled; and what the hard level is not, the soft one is not either. */
static void disable_nests(void)
{
    int hard = declare("hard", LOCKVAL_CONTEXT_HARD);

    lockval_disable_context(hard);
    lockval_disable_context(hard);
    lockval_enable_context(hard);
    use(&map_a);
    lockval_enable_context(hard);
    show_usage(hard, hard);
    (void)hard;
}

static void enable_while_held(void)
{
    int hard = declare("hard", LOCKVAL_CONTEXT_HARD);

    lockval_disable_context(hard);
    take(&map_a);
    lockval_enable_context(hard);
    drop(&map_a);
    show_usage(hard, hard);
    (void)hard;
}

static void eight(void)
{
    static const char *const names[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8" };

    for (int i = 0; i < 8; i++)
        api_require(declare(names[i], LOCKVAL_CONTEXT_SOFT) == i, "eight contexts are declared and numbered");
    api_require(declare(names[8], LOCKVAL_CONTEXT_SOFT) == -1, "a ninth is refused");
}

/* Numbers that no declaration returned are ignored, and so are exits and enables without their beginning. */
static void unknown(void)
{
    int irq = declare("irq", LOCKVAL_CONTEXT_HARD);

    lockval_enter_context(-1);
    lockval_exit_context(-1);
    lockval_enter_context(7);
    lockval_exit_context(7);
    lockval_exit_context(irq);
    lockval_enable_context(irq);
    nest(&map_a, &map_b);
    (void)irq;
}

static const struct api_case cases[] = {
    { "no-edge-across", no_edge_across },
    { "edges-inside", edges_inside },
    { "interrupted", interrupted },
    { "let-in", let_in },
    { "inversion", inversion },
    { "safe-to-unsafe", safe_to_unsafe },
    { "kept-out", kept_out },
    { "tried-inside", tried_inside },
    { "readers", readers },
    { "two-of-a-class", two_of_a_class },
    { "back-outside", back_outside },
    { "nested", nested },
    { "usage-in-hard", usage_in_hard },
    { "usage-in-soft", usage_in_soft },
    { "usage-enabled", usage_enabled },
    { "usage-both", usage_both },
    { "usage-read", usage_read },
    { "usage-disabled", usage_disabled },
    { "disable-nests", disable_nests },
    { "enable-while-held", enable_while_held },
    { "eight", eight },
    { "unknown", unknown },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
