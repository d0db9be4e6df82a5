/* SPDX-License-Identifier: MIT */
/* What differs between two lock orders (tools/lockval/diff/compare.h). */

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "../unit/random.h"
#include "../unit/unit.h"
#include "base/types.h"
#include "diff/compare.h"
#include "orders.h"

/* "+a ~b:kind -c | +a>b -b>c*[EN]": all that differs, in the order of the diff. * is implied, ! is in a finding, [..] are modes that came and
 * went. */
static char *told(const struct diff *diff)
{
    static const char signs[] = " +-~";
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (size_t i = 0; i < diff->class_count; i++) {
        const struct diff_class *class = diff->classes[i];

        if (class->state == DIFF_SAME)
            continue;
        (void)fprintf(out, "%c%s", signs[class->state], class->name);
        if (class->state == DIFF_CHANGED)
            (void)fprintf(out, ":%u", class->changed);
        (void)fputc(' ', out);
    }
    for (size_t i = 0; i < diff->edge_count; i++) {
        const struct diff_edge *edge = diff->edges[i];

        if (edge->state == DIFF_SAME)
            continue;
        (void)fprintf(out, "%c%s>%s%s%s", signs[edge->state], edge->from->name, edge->to->name,
                      edge->implied ? "*" : "", edge->finding_count != 0 ? "!" : "");
        if (edge->state == DIFF_CHANGED)
            (void)fprintf(out, "[+%x-%x]", edge->new_modes & ~edge->old_modes, edge->old_modes & ~edge->new_modes);
        (void)fputc(' ', out);
    }
    for (size_t i = 0; i < diff->finding_count; i++) {
        const struct diff_finding *finding = diff->findings[i];
        char *cycle = rec_cycle(diff_finding_shown(finding));

        if (finding->state != DIFF_SAME)
            (void)fprintf(out, "%c(%s %s) ", signs[finding->state], diff_finding_shown(finding)->verdict_name, cycle);
        free(cycle);
    }
    (void)fclose(out);
    return text;
}

static void differs(const char *old_words, const char *new_words, const char *wanted)
{
    struct rec_process *old = orders_of("b00001", old_words), *new = orders_of("b00001", new_words);
    struct diff *diff = diff_of(old, new, NULL);
    char *text = told(diff);

    ck_assert_str_eq(text, wanted);
    ck_assert_int_eq(diff_is_empty(diff), *wanted == '\0');
    free(text);
    diff_free(diff);
    rec_close(old->set);
    rec_close(new->set);
}

START_TEST(nothing_differs)
{
    differs("", "", "");
    differs("a b>c a>b:EN,SR", "b>c a a>b:SR,EN", "");
    differs("a>b b>a !potential=a,b", "b>a a>b !potential=b,a", ""); /* the same circle from another class on */
    differs("a>b@t1", "a>b@t2,t3", "");                              /* who saw it is no part of the order */
}
END_TEST

START_TEST(classes)
{
    differs("a", "b", "-a +b ");
    differs("", "lock_2 lock_10 lock_9", "+lock_2 +lock_9 +lock_10 ");
    differs("a b c d", "a:rwlock b:mutex:+.+. c:mutex:....:event d:spinlock:-.-.:candidate", "~a:1 ~b:4 ~c:2 ~d:7 ");
}
END_TEST

START_TEST(edges)
{
    differs("a>b", "b>a", "-a>b +b>a ");
    differs("a>b:EN", "a>b:EN,SN", "~a>b[+8-0] ");
    differs("a>b:ER", "a>b:EN", "~a>b[+2-1] ");
    differs("a>b:EN", "a>b:ENt", "~a>b[+20-2] ");
    differs("a>b", "a>b b>c", "+c +b>c ");
}
END_TEST

/* What leads from one to the other in the other order already is no news of the order, however long the way; its own two ends are no way. */
START_TEST(implied)
{
    differs("a>b b>c c>d", "a>b b>c c>d a>d a>c", "+a>c* +a>d* ");
    differs("a>b b>c a>c", "a>b b>c", "-a>c* ");
    differs("a>b b>c a>c", "a>c", "-b -a>b -b>c ");
    differs("a>b c>b", "a>b c>b a>c", "+a>c ");
    differs("a>b b>a b>c", "a>b b>a b>c a>a", "+a>a* "); /* a leads to itself over b */
}
END_TEST

START_TEST(findings)
{
    differs("a>b", "a>b b>a !potential=a,b", "+b>a! +(potential a -> b -> a) ");
    differs("a>b b>a !potential=a,b", "a>b", "-b>a! -(potential a -> b -> a) ");
    differs("a>b b>a !potential=a,b", "a>b b>a !feasible=b,a", "~(feasible b -> a -> b) ");
    differs("a>b b>c c>a !potential=a,b,c", "a>b b>c c>a !potential=a,c,b",
            "+(potential a -> c -> b -> a) -(potential a -> b -> c -> a) "); /* the other way round is another */
    differs("a>b b>a:ER", "a>b b>a:ER,EN !potential=a,b", "~b>a![+2-0] +(potential a -> b -> a) ");
    differs("a b c d", "a b c d !guarded=a,b !feasible=c,d", "+(feasible c -> d -> c) +(guarded a -> b -> a) ");
}
END_TEST

/* Of several findings that are one the worst counts. */
START_TEST(findings_that_are_one)
{
    differs("a b !potential=a,b", "a b !potential=a,b !feasible=b,a", "~(feasible b -> a -> b) ");
    differs("a b !feasible=b,a !potential=a,b", "a b !feasible=a,b", "");
}
END_TEST

/* ---- builds ---- */

#define CLASS(id, keys)                                                                                            \
    "{\"t\":\"class\",\"pid\":0,\"run\":\"merged\",\"id\":" id ",\"key\":\"init:b00001+0x" id "\",\"name\":\"x\"," \
    "\"keys\":[" keys "],\"kind\":\"mutex\",\"usage\":\"....\",\"standing\":\"lock\"}"

START_TEST(other_build)
{
    struct rec_process *old = orders_of("b00001", "a>b c !potential=a,b"),
                       *new = orders_of("b00002", "a>b d b>d !potential=b,a");
    struct rec_set *set = rec_open();
    struct diff *diff = diff_of(old, new, NULL);
    char *text = told(diff);
    static const char *const lines[] = { CLASS("1", "\"init:b00001+0xa\",\"init:b00002+0xa\""),
                                         CLASS("2", "\"init:b00001+0xb\",\"init:b00002+0xb\""),
                                         CLASS("3", "\"init:b00001+0xc\",\"init:b00002+0xd\"") };

    ck_assert_uint_eq(diff->classes_by.same, 0); /* without a match, nothing is the same */
    free(text);
    diff_free(diff);
    for (size_t i = 0; i < LV_ARRAY_SIZE(lines); i++)
        ck_assert(rec_read_line(set, "both", lines[i], strlen(lines[i])));
    diff = diff_of(old, new, set->processes[0]);
    text = told(diff);
    ck_assert_str_eq(text, "+b>d ");
    ck_assert_uint_eq(diff->renamed_count, 1);
    ck_assert_uint_eq(diff->findings_by.same, 1); /* of another fingerprint, and the same circle */
    free(text);
    diff_free(diff);
    rec_close(set);
    rec_close(old->set);
    rec_close(new->set);
}
END_TEST

/* A class whose line is lost. */
START_TEST(lost_classes)
{
    static const char text[] = "{\"t\":\"edge\",\"pid\":0,\"run\":\"merged\",\"from\":1,\"to\":77,\"modes\":[\"EN\"]}";
    struct rec_process *old = orders_of("b00001", "a>b"), *new = orders_of("b00001", "a>b");
    struct diff *diff;

    ck_assert(rec_read_line(new->set, "made", text, strlen(text)));
    diff = diff_of(old, new, NULL);
    ck_assert(diff_is_empty(diff));
    ck_assert_uint_eq(diff->left_out, 1);
    diff_free(diff);
    rec_close(old->set);
    rec_close(new->set);
}
END_TEST

/* ---- at random ---- */

static char *random_words(struct random *random)
{
    static const char *const kinds[] = { "mutex", "rwlock" };
    static const char *const modes[] = { "EN", "ER", "SN", "EN,SR" };
    static const char *const verdicts[] = { "potential", "feasible", "guarded" };
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (unsigned i = 0; i < 7; i++)
        if (chance(random, 70))
            (void)fprintf(out, "%c:%s:%s ", (char)('a' + i), kinds[below(random, 2)],
                          chance(random, 80) ? "...." : "+.+.");
    for (unsigned i = below(random, 14); i != 0; i--)
        (void)fprintf(out, "%c>%c:%s ", (char)('a' + below(random, 7)), (char)('a' + below(random, 7)),
                      modes[below(random, 4)]);
    for (unsigned i = below(random, 4); i != 0; i--)
        (void)fprintf(out, "!%s=%c,%c ", verdicts[below(random, 3)], (char)('a' + below(random, 3)),
                      (char)('d' + below(random, 3)));
    (void)fclose(out);
    return text;
}

static void check_counts(const struct diff_counts *counts, size_t count)
{
    ck_assert_uint_eq(counts->same + counts->added + counts->removed + counts->changed, count);
}

static enum diff_state mirrored(enum diff_state state)
{
    return state == DIFF_ADDED ? DIFF_REMOVED : state == DIFF_REMOVED ? DIFF_ADDED : state;
}

/* All of @diff is in @other the other way round. */
static void check_mirror(const struct diff *diff, const struct diff *other)
{
    size_t found = 0;

    ck_assert_uint_eq(diff->class_count, other->class_count);
    ck_assert_uint_eq(diff->edge_count, other->edge_count);
    ck_assert_uint_eq(diff->finding_count, other->finding_count);
    for (size_t i = 0; i < diff->class_count; i++) {
        ck_assert_int_eq(diff->classes[i]->state, mirrored(other->classes[i]->state));
        ck_assert_ptr_eq(diff->classes[i]->old, other->classes[i]->new);
        ck_assert_uint_eq(diff->classes[i]->changed, other->classes[i]->changed);
    }
    for (size_t i = 0; i < diff->edge_count; i++) {
        ck_assert_int_eq(diff->edges[i]->state, mirrored(other->edges[i]->state));
        ck_assert_ptr_eq(diff->edges[i]->new, other->edges[i]->old);
        ck_assert_uint_eq(diff->edges[i]->new_modes, other->edges[i]->old_modes);
        ck_assert_int_eq(diff->edges[i]->implied, other->edges[i]->implied);
        ck_assert_uint_eq(diff->edges[i]->finding_count, other->edges[i]->finding_count);
    }
    for (size_t i = 0; i < diff->finding_count; i++)
        for (size_t j = 0; j < other->finding_count; j++)
            found += diff->findings[i]->old == other->findings[j]->new &&
                     diff->findings[i]->new == other->findings[j]->old &&
                     diff->findings[i]->state == mirrored(other->findings[j]->state);
    ck_assert_uint_eq(found, diff->finding_count);
}

static void check_pair(const char *old_words, const char *new_words)
{
    char *joined = NULL;
    struct rec_process *old = orders_of("b00001", old_words), *new = orders_of("b00001", new_words), *all;
    struct diff *diff = diff_of(old, new, NULL), *other = diff_of(new, old, NULL), *itself = diff_of(old, old, NULL),
                *more;

    check_counts(&diff->classes_by, diff->class_count);
    check_counts(&diff->edges_by, diff->edge_count);
    check_counts(&diff->findings_by, diff->finding_count);
    ck_assert(diff_is_empty(itself));
    check_mirror(diff, other);
    ck_assert_int_ge(asprintf(&joined, "%s %s", old_words, new_words), 0);
    all = orders_of("b00001", joined);
    more = diff_of(old, all, NULL);
    ck_assert_uint_eq(more->classes_by.removed + more->edges_by.removed + more->findings_by.removed, 0);
    for (size_t i = 0; i < more->edge_count; i++)
        ck_assert_uint_eq(more->edges[i]->old_modes & ~more->edges[i]->new_modes, 0);
    free(joined);
    diff_free(diff);
    diff_free(other);
    diff_free(itself);
    diff_free(more);
    rec_close(old->set);
    rec_close(new->set);
    rec_close(all->set);
}

START_TEST(at_random)
{
    struct random random = { .state = 11 };

    for (unsigned long i = number_of("LOCKVAL_TEST_ORDERS", 400); i != 0; i--) {
        char *old_words = random_words(&random), *new_words = random_words(&random);

        check_pair(old_words, new_words);
        free(old_words);
        free(new_words);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("Differences of lock orders");
    TCase *given = tcase_create("given"), *random = tcase_create("random");

    tcase_add_test(given, nothing_differs);
    tcase_add_test(given, classes);
    tcase_add_test(given, edges);
    tcase_add_test(given, implied);
    tcase_add_test(given, findings);
    tcase_add_test(given, findings_that_are_one);
    tcase_add_test(given, other_build);
    tcase_add_test(given, lost_classes);
    tcase_add_test(random, at_random);
    tcase_set_timeout(random, 60);
    suite_add_tcase(suite, given);
    suite_add_tcase(suite, random);
    return unit_run(suite);
}
