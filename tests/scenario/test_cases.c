/* SPDX-License-Identifier: MIT */
/*
 * The rows of cases.tsv, one by one, on the whole core. Identities are kept inside the locks and, in a second round, in
 * the table.
 */

#include "scenario.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum {
    ROWS = 102, /* so that none gets lost */
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

/* A row under way. */
struct run {
    const struct row *row;
    struct scenario *s;
    unsigned thread;
    bool two_instances;
};

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
        return LV_READ_RECURSIVE;
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

        if (step[0] == '\0')
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
    if (strcmp(family, "double_unlock") == 0)
        return LV_FINDING_UNLOCK;
    if (strcmp(family, "init_held") == 0)
        return LV_FINDING_LIFETIME;
    if (strcmp(family, "AA") == 0 || strstr(family, "_AA") != NULL)
        return LV_FINDING_RECURSIVE;
    return LV_FINDING_CIRCULAR;
}

static void check_row(const struct row *row, const char *options)
{
    bool wanted = strcmp(row->expected, "report") == 0;
    size_t end = strlen(row->family) - 1;
    struct run run = { .row = row, .thread = 1 };
    const struct scenario_report *report;

    run.s = scenario_new(options);
    run.two_instances =
        strcmp(row->family, "AA") == 0 || (row->family[end] == 'B' && strstr(row->family, "_AA") != NULL);
    for (const char *class = "ABCDXYZ"; *class != '\0'; class ++) {
        const char name[2] = { *class, '\0' };

        scenario_class(run.s, name, SCENARIO_EXPLICIT);
    }
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
    check_row(&rows[_i], NULL);
}
END_TEST

START_TEST(identity_in_table)
{
    check_row(&rows[_i], "identity=table");
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
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
