/* SPDX-License-Identifier: MIT */
/*
 * The rows of cases.tsv, one by one, on the whole core. Identities are kept inside the locks and, in a second round, in
 * the table. Contexts are declared ones and, in two more rounds, the handlers of SIGUSR1 (hard) and SIGUSR2 (soft), whose
 * masks say that what is soft interrupts nothing hard.
 */

#include "scenario.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS = 315, /* so that none gets lost */
    COLUMNS = 5,
    SEQUENCES = 3
};

/* One row; the texts lie in the file's memory. */
struct row {
    char *family, *kind, *order, *expected, *steps;
};

/* Read once by main(), constant in the tests. */
static struct row rows[ROWS];
static unsigned row_count;

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
        return NULL;
    (void)fclose(file);
    return text;
}

/* Split @line at its tabs. Returns how many columns it has. */
static unsigned split(char *line, char *column[COLUMNS])
{
    unsigned count = 0;

    for (char *rest = line, *next; (next = strsep(&rest, "\t")) != NULL; count++)
        if (count < COLUMNS)
            column[count] = next;
    return count;
}

/* False: the file is not what it should be. */
static bool read_rows(const char *path)
{
    char *rest = read_file(path), *column[COLUMNS];
    bool heading = true;

    if (rest == NULL)
        return false;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (split(line, column) != COLUMNS)
            return false;
        if (heading) {
            heading = false;
            continue;
        }
        if (row_count < ROWS)
            rows[row_count] = (struct row){ column[0], column[1], column[2], column[3], column[4] };
        row_count++;
    }
    return true;
}

enum level {
    HARD,
    SOFT,
    LEVELS
};

/* What the contexts of a row are. */
enum way {
    DECLARED,
    SIGNALS
};

/* A row under way. */
struct run {
    const struct row *row;
    struct scenario *s;
    unsigned thread;
    bool two_instances;
    enum way way;
    int context[LEVELS];
    unsigned off[LEVELS];      /* how often the level is kept out */
    enum level inside[LEVELS]; /* contexts entered, outermost first */
    unsigned depth;
};

static const int signals[LEVELS] = { SIGUSR1, SIGUSR2 };

/* What is blocked now: in a handler its own signal, and the soft one wherever the hard one is. */
static void set_mask(const struct run *run)
{
    bool hard = run->off[HARD] != 0, soft = run->off[SOFT] != 0;

    for (unsigned i = 0; i < run->depth; i++) {
        hard |= run->inside[i] == HARD;
        soft |= run->inside[i] == SOFT;
    }
    soft |= hard;
    lv_context_set_mask(&run->s->ctx, scenario_thread(run->s, run->thread),
                        (hard ? lv_signal_bit(SIGUSR1) : 0) | (soft ? lv_signal_bit(SIGUSR2) : 0));
}

static void enter(struct run *run, enum level level)
{
    struct lv_thread *t = scenario_thread(run->s, run->thread);

    ck_assert_uint_lt(run->depth, LEVELS);
    run->inside[run->depth++] = level;
    if (run->way == DECLARED) {
        lv_context_enter(&run->s->ctx, t, run->context[level]);
    } else {
        lv_context_enter_signal(&run->s->ctx, t, signals[level]);
        set_mask(run);
    }
}

static void leave(struct run *run)
{
    struct lv_thread *t = scenario_thread(run->s, run->thread);
    enum level level;

    ck_assert_uint_gt(run->depth, 0);
    level = run->inside[--run->depth];
    if (run->way == DECLARED) {
        lv_context_exit(&run->s->ctx, t, run->context[level]);
    } else {
        lv_context_exit_signal(&run->s->ctx, t, signals[level]);
        set_mask(run);
    }
}

static void keep_out(struct run *run, enum level level, bool off)
{
    struct lv_thread *t = scenario_thread(run->s, run->thread);

    run->off[level] += off ? 1u : -1u;
    if (run->way == SIGNALS)
        set_mask(run);
    else if (off)
        lv_context_disable(&run->s->ctx, t, run->context[level]);
    else
        lv_context_enable(&run->s->ctx, t, run->context[level]);
}

/* Which level a step that begins with "irq", "hardirq" or "softirq" means; *ret_rest is what follows. */
static bool is_about_irq(const struct run *run, const char *step, enum level *ret_level, const char **ret_rest)
{
    *ret_level = strstr(run->row->family, "_soft") != NULL || strncmp(step, "soft", 4) == 0 ? SOFT : HARD;
    if (strncmp(step, "hard", 4) == 0 || strncmp(step, "soft", 4) == 0)
        step += 4;
    *ret_rest = step + 3;
    return strncmp(step, "irq", 3) == 0;
}

/* A step about contexts. False: it is about a lock. */
static bool context_step(struct run *run, const char *step)
{
    enum level level;
    const char *rest;

    if (strcmp(step, ")") == 0) {
        leave(run);
        return true;
    }
    if (!is_about_irq(run, step, &level, &rest))
        return false;
    if (strcmp(rest, "(") == 0)
        enter(run, level);
    else if (strcmp(rest, "-off") == 0)
        keep_out(run, level, true);
    else if (strcmp(rest, "-on") == 0)
        keep_out(run, level, false);
    else
        ck_abort_msg("step %s", step);
    return true;
}

static enum lv_mode mode_of_kind(const struct run *run)
{
    const char *kind = run->row->kind;

    if (strcmp(kind, "rwlock:r") == 0)
        return LV_READ_RECURSIVE;
    if (strcmp(kind, "rwsem:r") == 0)
        return LV_READ;
    ck_assert_msg(strcmp(kind, "spin") == 0 || strcmp(kind, "mutex") == 0 || strcmp(kind, "pi-mutex") == 0 ||
                      strcmp(kind, "rwlock:w") == 0 || strcmp(kind, "rwsem:w") == 0 || strcmp(kind, "as written") == 0,
                  "kind %s", kind);
    return LV_WRITE;
}

/* The mode that a step's mark says, "" for none. */
static enum lv_mode mode_of(const struct run *run, const char *mark)
{
    if (mark[0] == '\0')
        return mode_of_kind(run);
    if (strcmp(mark, ":w") == 0)
        return LV_WRITE;
    if (strcmp(mark, ":r") == 0)
        return strncmp(run->row->family, "queued_", 7) == 0 && run->depth == 0 ? LV_READ : LV_READ_RECURSIVE;
    ck_assert_str_eq(mark, ":nr");
    return LV_READ;
}

static void init_again(struct run *run, const char *name)
{
    const struct lv_object *object = scenario_object(run->s, name, LV_KIND_MUTEX);
    const struct lv_class_key key = { .origin = LV_CLASS_NAME, .kind = object->kind, .name = name };
    struct lv_thread *t = scenario_thread(run->s, run->thread);

    lv_lifetime_init(&run->s->ctx, t, object->address, object->kind, 0x1000);
    lv_identity_set(&run->s->ctx, t, object, &key, 0);
}

static void take(struct run *run, const char *name, const char *mark)
{
    const struct lv_object *object = scenario_object(run->s, name, LV_KIND_MUTEX);
    bool held = lv_held_find(scenario_thread(run->s, run->thread), object->address) != NULL;
    char second[SCENARIO_NAME];

    (void)snprintf(second, sizeof(second), "%s2", name);
    scenario_lock(run->s, run->thread, held && run->two_instances ? second : name, mode_of(run, mark), 0);
}

/* Run "+A +B -B -A". */
static void run_steps(struct run *run, const char *steps)
{
    char copy[256], *rest = copy;
    bool init = false;

    ck_assert_uint_lt(strlen(steps), sizeof(copy));
    (void)snprintf(copy, sizeof(copy), "%s", steps);
    for (char *step; (step = strsep(&rest, " ")) != NULL;) {
        char name[2] = { step[0] != '\0' ? step[1] : '\0', '\0' };

        if (step[0] == '\0' || context_step(run, step))
            continue;
        if (init) {
            init_again(run, step);
            init = false;
        } else if (strcmp(step, "init") == 0) {
            init = true;
        } else if (step[0] == '+') {
            take(run, name, step + 2);
        } else {
            ck_assert_msg(step[0] == '-' && step[2] == '\0', "step %s", step);
            scenario_unlock(run->s, run->thread, name);
        }
    }
}

/* Run "E1: ... ; E2: ... ; E3: ..." in the row's order, each by a thread of its own; or the one sequence. */
static void run_row(struct run *run)
{
    char copy[512], *sequence[SEQUENCES] = { NULL }, *rest = copy;

    if (run->row->order[0] == '\0') {
        run_steps(run, run->row->steps);
        return;
    }
    (void)snprintf(copy, sizeof(copy), "%s", run->row->steps);
    for (char *next; (next = strsep(&rest, ";")) != NULL;) {
        unsigned number;

        next += strspn(next, " ");
        number = (unsigned)(next[1] - '1');
        ck_assert_msg(next[0] == 'E' && number < SEQUENCES && next[2] == ':', "sequence %s", next);
        sequence[number] = next + 3;
    }
    for (const char *digit = run->row->order; *digit != '\0'; digit++) {
        unsigned number = (unsigned)(*digit - '1');

        ck_assert_msg(number < SEQUENCES && sequence[number] != NULL, "order %s", run->row->order);
        run->thread = number + 1;
        run_steps(run, sequence[number]);
    }
}

static enum lv_finding_kind kind_of(const char *family)
{
    if (strcmp(family, "queued_read_lock_hardirq_RE_Er") == 0)
        return LV_FINDING_CIRCULAR;
    if (strcmp(family, "double_unlock") == 0)
        return LV_FINDING_UNLOCK;
    if (strcmp(family, "init_held") == 0)
        return LV_FINDING_LIFETIME;
    if (strcmp(family, "AA") == 0 || strstr(family, "_AA") != NULL)
        return LV_FINDING_RECURSIVE;
    return strstr(family, "irq") != NULL ? LV_FINDING_SIGNAL : LV_FINDING_CIRCULAR;
}

static void set_up_contexts(struct run *run)
{
    if (run->way == DECLARED) {
        run->context[HARD] = lv_context_declare(&run->s->ctx, "hard", 0);
        run->context[SOFT] = lv_context_declare(&run->s->ctx, "soft", 1);
        return;
    }
    for (unsigned i = 0; i < LEVELS; i++)
        lv_context_set_handled(&run->s->ctx, scenario_thread(run->s, 1), signals[i], true, 0x7000 + i);
}

static void check_row(const struct row *row, const char *options, enum way way)
{
    bool wanted = strcmp(row->expected, "report") == 0;
    size_t end = strlen(row->family) - 1;
    struct run run = { .row = row, .thread = 1, .way = way };
    const struct scenario_report *report;

    run.s = scenario_new(options);
    run.two_instances =
        strcmp(row->family, "AA") == 0 || (row->family[end] == 'B' && strstr(row->family, "_AA") != NULL);
    for (const char *class = "ABCDXYZ"; *class != '\0'; class ++) {
        const char name[2] = { *class, '\0' };

        scenario_class(run.s, name, SCENARIO_EXPLICIT);
    }
    set_up_contexts(&run);
    run_row(&run);
    report = &run.s->reports[0];
    ck_assert_msg(wanted || strcmp(row->expected, "clean") == 0, "%s: expected %s", row->family, row->expected);
    ck_assert_msg((run.s->report_count != 0) == wanted, "%s %s %s: %u findings, expected %s", row->family, row->kind,
                  row->order, run.s->report_count, row->expected);
    ck_assert_msg(!wanted || report->kind == kind_of(row->family), "%s %s %s: found %s", row->family, row->kind,
                  row->order, lv_finding_kind_name(report->kind));
    ck_assert_msg(run.s->report_count <= 1, "%s %s %s: found more than once", row->family, row->kind, row->order);
    scenario_free(run.s);
}

START_TEST(every_row_was_read)
{
    ck_assert_uint_eq(row_count, ROWS);
}
END_TEST

START_TEST(identity_inside)
{
    check_row(&rows[_i], NULL, DECLARED);
}
END_TEST

START_TEST(signals_identity_inside)
{
    check_row(&rows[_i], NULL, SIGNALS);
}
END_TEST

START_TEST(signals_identity_in_table)
{
    check_row(&rows[_i], "identity=table", SIGNALS);
}
END_TEST

START_TEST(identity_in_table)
{
    check_row(&rows[_i], "identity=table", DECLARED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cases");
    TCase *tcase = tcase_create("cases");
    const char *folder = getenv("LOCKVAL_TEST_DATA");
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/cases.tsv", folder != NULL ? folder : ".");
    if (!read_rows(path)) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        return EXIT_FAILURE;
    }
    tcase_add_test(tcase, every_row_was_read);
    tcase_add_loop_test(tcase, identity_inside, 0, (int)(row_count < ROWS ? row_count : ROWS));
    tcase_add_loop_test(tcase, identity_in_table, 0, (int)(row_count < ROWS ? row_count : ROWS));
    tcase_add_loop_test(tcase, signals_identity_inside, 0, (int)(row_count < ROWS ? row_count : ROWS));
    tcase_add_loop_test(tcase, signals_identity_in_table, 0, (int)(row_count < ROWS ? row_count : ROWS));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
