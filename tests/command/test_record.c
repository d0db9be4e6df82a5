/* SPDX-License-Identifier: MIT */
/* The model of a record (tools/lockval/record/model.h): lines in any order, torn, of several processes, and nonsense. */

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../unit/random.h"
#include "../unit/unit.h"
#include "base/types.h"
#include "record/model.h"
#include "record/pool.h"

#define HEAD(type) "{\"t\":\"" type "\",\"pid\":7,\"run\":\"0000000a\","
#define OTHER(type) "{\"t\":\"" type "\",\"pid\":7,\"run\":\"0000000b\","
#define LOCK(class, instance, stack, told)                                                                         \
    "{\"class\":" class ",\"instance\":" instance ",\"address\":\"0x10\",\"mode\":\"read\",\"flags\":[\"timed\"]," \
                        "\"stack\":" stack ",\"earlier\":true" told "}"
#define TOLD(name) ",\"key\":\"name:" name "\",\"name\":\"" name "\",\"site\":\"aa+0x5\""
#define THREAD "{\"id\":3,\"tid\":8,\"name\":\"worker\",\"start\":\"aa+0x9\"}"
#define STEP(held, wanted)                      \
    "{\"kind\":\"complete\",\"thread\":" THREAD \
    ",\"held\":" LOCK("1", "11", "5", TOLD(held)) ",\"wanted\":" LOCK("2", "12", "0", TOLD(wanted)) "}"
#define FINDING(kind, verdict, print, more)                                                                          \
    HEAD("finding")                                                                                                  \
    "\"kind\":\"" kind "\",\"verdict\":\"" verdict "\",\"fingerprint\":\"" print "\",\"reasons\":[\"why\",\"and\"]," \
    "\"counts\":true,\"ms\":4,\"thread\":" THREAD ",\"stack\":5,\"text\":\"T\"" more "}"

/* A whole record. What refers comes before what is referred to. */
static const char *const lines[] = {
    HEAD("edge") "\"from\":1,\"to\":2,\"modes\":[\"SN\",\"ERt\"],\"witness\":9,\"held\":0}",
    HEAD("edge") "\"from\":1,\"to\":2,\"modes\":[\"SN\",\"EN\"],\"witness\":10,\"held\":1}",
    HEAD("edge") "\"from\":1,\"to\":2,\"modes\":[\"SN\"],\"witness\":9,\"held\":0}",
    HEAD("witness") "\"id\":9,\"thread\":3,\"wanted\":" LOCK("2", "12", "5", "") ",\"held\":[" LOCK(
        "1", "11", "6", "") "],"
                            "\"left_out\":false}",
    FINDING("event", "potential", "0123456789abcdef", ",\"edges\":[" STEP("a", "b") "," STEP("b", "a") "]"),
    HEAD("stack") "\"id\":5,\"frames\":[{\"module\":1,\"offset\":\"0x44\",\"name\":\"f+0x4\"},{\"module\":0,\"offset\":"
                  "\"0x55\"}]}",
    HEAD("class") "\"id\":1,\"key\":\"name:a\",\"stable\":\"name:a\",\"name\":\"a\",\"kind\":\"mutex\",\"origin\":"
                  "\"o\",\"base\":0,"
                  "\"subclass\":0,\"named\":true,\"wait\":[4,3],\"usage\":\"+.+.\",\"standing\":\"candidate\"}",
    HEAD("class") "\"id\":1,\"key\":\"name:a\",\"stable\":\"name:a\",\"name\":\"a\",\"kind\":\"mutex\",\"origin\":"
                  "\"o\",\"base\":0,"
                  "\"subclass\":0,\"named\":true,\"wait\":[4,3],\"usage\":\"+-+-\",\"standing\":\"event\"}",
    HEAD("class") "\"id\":2,\"key\":\"name:b/1\",\"stable\":\"name:b/1\",\"name\":\"b/"
                  "1\",\"kind\":\"mutex\",\"origin\":\"o\",\"base\":4,"
                  "\"subclass\":1,\"named\":true,\"wait\":[0,0],\"usage\":\"....\",\"standing\":\"lock\"}",
    HEAD("module") "\"id\":1,\"path\":\"/x/"
                   "prog\",\"name\":\"prog\",\"build_id\":\"aa\",\"load\":\"0x1000\",\"start\":\"0x1000\","
                   "\"end\":\"0x9000\",\"program\":true}",
    FINDING("event", "feasible", "0123456789abcdef",
            ",\"before\":\"potential\",\"edges\":[" STEP("a", "b") "," STEP("b", "a") "],"
                                                                                      "\"acquisitions\":[" STEP(
                                                                                          "a", "a") "]"),
    FINDING(
        "deadlock", "deadlock", "00000000000000dd",
        ",\"circle\":1,\"stuck\":[{\"thread\":" THREAD ",\"waits\":\"lock\",\"timed\":false,"
        "\"last\":true,\"waited_ms\":3,\"wanted\":" LOCK("2", "12", "5", TOLD("b")) ",\"blocker\":0,\"held\":[" LOCK(
            "1", "11", "5", TOLD("a")) "],\"left_out\":2}]"),
    FINDING("deadlock", "deadlock", "00000000000000dd",
            ",\"circle\":0,\"stuck\":[{\"thread\":" THREAD ",\"waits\":\"join\",\"blocker\":99}]"),
    HEAD("stat") "\"from\":1,\"to\":2,\"acquisitions\":900,\"chains\":3}",
    HEAD("chain") "\"id\":1,\"classes\":[1,2],\"modes\":[\"read\",\"write\"],\"flags\":[[],[\"try\"]],\"level\":1,"
                  "\"acquisitions\":7}",
    HEAD("chain") "\"id\":2,\"classes\":[],\"modes\":[]}",
    HEAD("chain") "\"id\":3,\"classes\":[1,0],\"modes\":\"write\"}",
    HEAD("lock_stat") "\"class\":2,\"mode\":\"read\",\"site\":{\"module\":1,\"offset\":\"0x10\",\"name\":\"f+0x2\"},"
                      "\"acquisitions\":5,\"failed\":1,\"wait\":{\"count\":2,\"min\":3,\"max\":4,\"total\":7},"
                      "\"hold\":{\"count\":0},\"holders\":[{\"site\":{\"module\":0,\"offset\":\"0x0\"},"
                      "\"count\":2,\"total\":7}]}",
    HEAD("lock_stat") "\"mode\":\"read\"}",
    HEAD("weather") "\"sun\":true}",
    HEAD("meta") "\"format\":1,\"version\":\"0.1.0\",\"program\":\"prog\",\"path\":\"/x/"
                 "prog\",\"argv\":[\"prog\",\"-x\"],\"argv_cut\":false,"
                 "\"cwd\":\"/\",\"ppid\":6,\"forked\":true,\"start_ms\":12345,\"options\":{\"record\":\"r\"}}",
    HEAD("end") "\"status\":66}",
    OTHER("class") "\"id\":1,\"name\":\"elsewhere\"}",
};

static struct rec_set *read_all(const char *const *texts, size_t count)
{
    struct rec_set *set = rec_open();

    for (size_t i = 0; i < count; i++)
        (void)rec_read_line(set, "here", texts[i], strlen(texts[i]));
    return set;
}

START_TEST(numbers_become_pointers)
{
    struct rec_set *set = read_all(lines, LV_ARRAY_SIZE(lines));
    const struct rec_process *process = set->processes[0];
    const struct rec_class *a = rec_class(process, 1), *b = rec_class(process, 2);
    const struct rec_edge *edge = rec_edge(process, a, b);

    ck_assert_uint_eq(set->process_count, 2);
    ck_assert_uint_eq(set->unknown_lines, 1);
    ck_assert_uint_eq(set->bad_lines, 0);
    ck_assert_str_eq(set->processes[1]->classes[0]->name, "elsewhere");
    ck_assert_uint_eq(process->class_count, 3); /* and 4, which is only referred to */
    ck_assert_str_eq(a->usage, "+-+-");
    ck_assert_int_eq(a->standing, REC_IS_EVENT);
    ck_assert_uint_eq(a->wait_inner, 3);
    ck_assert_ptr_eq(b->base, rec_class(process, 4));
    ck_assert(!b->base->known);
    ck_assert_ptr_nonnull(edge);
    ck_assert_ptr_null(rec_edge(process, b, a));
    ck_assert_uint_eq(edge->modes, REC_SN | REC_EN | REC_ER << REC_TIMED_SHIFT);
    ck_assert_uint_eq(edge->acquisitions, 900);
    ck_assert_uint_eq(edge->evidence_count, 2);
    ck_assert_ptr_eq(edge->evidence[0].witness->wanted.class, b);
    ck_assert_str_eq(rec_lock_name(&edge->evidence[0].witness->wanted), "b/1");
    ck_assert_str_eq(rec_lock_key(&edge->evidence[0].witness->held[0]), "name:a");
    ck_assert(!edge->evidence[1].witness->known);
    ck_assert_ptr_eq(edge->evidence[0].witness->wanted.stack, rec_stack(process, 5));
    ck_assert_str_eq(rec_stack(process, 5)->frames[0].module->name, "prog");
    ck_assert_ptr_null(rec_stack(process, 5)->frames[1].module);
    ck_assert(!rec_stack(process, 6)->known);
    ck_assert_uint_eq(edge->evidence[0].witness->wanted.flags, REC_TIMED);
    ck_assert_str_eq(edge->evidence[0].witness->thread->name, "worker");
    ck_assert(process->has_meta && process->forked);
    ck_assert_str_eq(process->argv[1], "-x");
    ck_assert_int_eq(json_integer_value(json_object_get(process->end, "status")), 66);
    rec_close(set);
}
END_TEST

START_TEST(statistics)
{
    struct rec_set *set = read_all(lines, LV_ARRAY_SIZE(lines));
    const struct rec_process *process = set->processes[0];
    const struct rec_chain *chain = process->chains[0];
    const struct rec_lock_stat *stat = process->lock_stats[0];

    ck_assert_uint_eq(process->chain_count, 1); /* one without a lock is none */
    ck_assert_uint_eq(chain->count, 2);
    ck_assert_ptr_eq(chain->links[0].class, rec_class(process, 1));
    ck_assert_int_eq(chain->links[0].mode, REC_READ);
    ck_assert_uint_eq(chain->links[0].flags, 0);
    ck_assert_uint_eq(chain->links[1].flags, REC_TRY);
    ck_assert_uint_eq(chain->level, 1);
    ck_assert_uint_eq(chain->acquisitions, 7);
    ck_assert_uint_eq(process->lock_stat_count, 1); /* nor is one without a class */
    ck_assert_ptr_eq(stat->class, rec_class(process, 2));
    ck_assert(stat->reads);
    ck_assert_uint_eq(stat->site.offset, 0x10);
    ck_assert_str_eq(stat->site.name, "f+0x2");
    ck_assert_uint_eq(stat->wait.max, 4);
    ck_assert_uint_eq(stat->hold.total, 0);
    ck_assert_uint_eq(stat->holder_count, 1);
    ck_assert_ptr_null(stat->holders[0].site.module);
    ck_assert_uint_eq(stat->holders[0].total, 7);
    rec_close(set);
}
END_TEST

START_TEST(findings)
{
    struct rec_set *set = read_all(lines, LV_ARRAY_SIZE(lines));
    const struct rec_process *process = set->processes[0];
    struct rec_finding **sorted;
    size_t count;
    char *cycle;

    ck_assert_uint_eq(process->finding_count, 3);
    ck_assert_uint_eq(process->findings[0]->number, 1);
    ck_assert_int_eq(process->findings[0]->verdict, REC_FEASIBLE);
    ck_assert_str_eq(process->findings[0]->before, "potential");
    ck_assert_uint_eq(process->findings[0]->acquisition_count, 1);
    ck_assert_int_eq(process->findings[0]->edges[1].kind, REC_STEP_COMPLETE);
    ck_assert_uint_eq(process->findings[0]->reason_count, 2);
    cycle = rec_cycle(process->findings[0]);
    ck_assert_str_eq(cycle, "a -> b -> a");
    free(cycle);
    ck_assert_uint_eq(process->findings[1]->circle, 1);
    ck_assert_int_eq(process->findings[1]->stuck[0].blocker, 0);
    ck_assert_uint_eq(process->findings[1]->stuck[0].left_out, 2);
    ck_assert_int_eq(process->findings[1]->stuck[0].waited_ms, 3);
    ck_assert_int_eq(process->findings[2]->stuck[0].blocker, -1); /* there is no such thread */
    ck_assert_int_eq(process->findings[2]->stuck[0].waited_ms, -1);
    sorted = rec_sorted_findings(set, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_ptr_eq(sorted[0], process->findings[1]);
    ck_assert_ptr_eq(sorted[1], process->findings[2]);
    ck_assert_ptr_eq(sorted[2], process->findings[0]);
    free(sorted);
    rec_close(set);
}
END_TEST

/* Without acquisitions the edges are them. */
START_TEST(edges_stand_for_acquisitions)
{
    struct rec_set *set = read_all(&lines[4], 1);
    const struct rec_finding *finding = set->processes[0]->findings[0];

    ck_assert_uint_eq(finding->acquisition_count, 2);
    ck_assert_ptr_eq(finding->acquisitions, finding->edges);
    ck_assert(!set->processes[0]->has_meta);
    ck_assert_ptr_null(set->processes[0]->end);
    rec_close(set);
}
END_TEST

#define MERGED(type) "{\"t\":\"" type "\",\"pid\":0,\"run\":\"merged\","
#define SEEN                                                                                                         \
    "\"seen\":{\"first\":5,\"last\":9,\"runs\":2,\"runs_exact\":true,\"sample\":[\"aa\",\"bb\"],\"tests\":[\"t1\"]," \
    "\"more_tests\":true,\"left_out\":true}"

START_TEST(merged)
{
    static const char *const texts[] = {
        MERGED("witness") "\"id\":3,\"of\":4,\"held\":[]}",
        MERGED("meta") "\"format\":1,\"merged\":true,\"runs\":2,\"runs_exact\":true,\"sample\":[\"aa\"]}",
        MERGED("run") "\"id\":4,\"of\":\"7/0000000a\",\"hash\":\"aa\",\"program\":\"prog\",\"argv\":[\"prog\",\"x\"],"
                      "\"test\":\"t1\",\"commit\":\"c\",\"host\":\"h\",\"start_ms\":5,\"forked\":true}",
        MERGED("class") "\"id\":1,\"key\":\"static:aa+0x1\",\"stables\":[\"s\"],\"keys\":[\"k\",\"l\"],"
                        "\"source\":{\"function\":\"f\",\"file\":\"a.c\",\"line\":8,\"from\":3}," SEEN "}",
        MERGED("class") "\"id\":2}",
        MERGED("edge") "\"from\":1,\"to\":2,\"modes\":[\"EN\"],\"witness\":3,\"held\":0," SEEN "}",
        MERGED("edge") "\"from\":1,\"to\":2,\"modes\":[\"EN\"],\"witness\":4,\"held\":0}",
        MERGED("stack") "\"id\":9,\"frames\":[{\"module\":1,\"offset\":\"0x4\",\"lines\":[{\"function\":\"g\","
                        "\"file\":\"b.c\",\"line\":4},{\"function\":\"f\"}]}]}",
        MERGED("finding") "\"kind\":\"circular\",\"fingerprint\":\"0\",\"of\":4," SEEN "}",
        MERGED("finding") "\"kind\":\"circular\",\"fingerprint\":\"0\",\"of\":5,\"edges\":[{\"kind\":\"lock\"}]}",
    };
    struct rec_set *set = read_all(texts, LV_ARRAY_SIZE(texts));
    const struct rec_process *process = set->processes[0];
    const struct rec_class *class = rec_class(process, 1);
    const struct rec_edge *edge = process->edges[0];
    const struct rec_frame *frame = &rec_stack(process, 9)->frames[0];

    ck_assert(process->merged && process->merged_runs_exact);
    ck_assert_uint_eq(process->merged_runs, 2);
    ck_assert_str_eq(process->sample[0], "aa");
    ck_assert_uint_eq(process->run_count, 2);
    ck_assert_uint_eq(process->finding_count, 2);
    ck_assert_uint_eq(process->findings[0]->seen.sample_count, 2);
    ck_assert_ptr_eq(process->findings[1]->edges[0].run, process->findings[1]->run);
    ck_assert_ptr_eq(edge->evidence[0].witness->run, process->runs[0]);
    ck_assert_ptr_eq(process->findings[0]->run, process->runs[0]);
    ck_assert_ptr_null(edge->evidence[1].witness->run);
    ck_assert(process->runs[0]->known && process->runs[0]->forked);
    ck_assert_str_eq(process->runs[0]->argv[1], "x");
    ck_assert_str_eq(process->runs[0]->test, "t1");
    ck_assert_str_eq(process->runs[0]->host, "h");
    ck_assert_uint_eq(edge->seen.last_ms, 9);
    ck_assert_uint_eq(edge->seen.sample_count, 2);
    ck_assert_str_eq(edge->seen.tests[0], "t1");
    ck_assert(edge->seen.more_tests && edge->seen.left_out);
    ck_assert_str_eq(class->keys[1], "l");
    ck_assert_str_eq(class->stables[0], "s");
    ck_assert_int_eq(class->source.from, 3);
    ck_assert_int_eq(rec_class(process, 2)->source.from, -1);
    ck_assert_str_eq(rec_class(process, 2)->source.file, "");
    ck_assert_uint_eq(rec_class(process, 2)->seen.runs, 0);
    ck_assert_uint_eq(frame->line_count, 2);
    ck_assert_str_eq(frame->lines[1].function, "f");
    ck_assert_int_eq(frame->lines[0].line, 4);
    rec_close(set);
}
END_TEST

START_TEST(uses)
{
    static const char *const texts[] = {
        MERGED("use") "\"class\":2,\"side\":\"inside\",\"weak\":true,\"contexts\":[{\"name\":\"SIGUSR1\",\"handler\":"
                      "\"aa+0x5\"},"
                      "{\"name\":\"irq\",\"handler\":\"\"}],\"thread\":3,\"lock\":{\"class\":2,\"mode\":\"read-"
                      "recursive\"},"
                      "\"at\":0,\"of\":4}",
        MERGED("use") "\"class\":1,\"side\":\"open\",\"at\":6}",
        MERGED("use") "\"class\":0,\"side\":\"open\",\"contexts\":{}}",
    };
    struct rec_set *set = read_all(texts, LV_ARRAY_SIZE(texts));
    const struct rec_process *process = set->processes[0];
    const struct rec_use *inside = process->uses[0], *open = process->uses[1];

    ck_assert_uint_eq(process->use_count, 2);
    ck_assert(inside->inside && inside->weak);
    ck_assert_uint_eq(inside->class->id, 2);
    ck_assert_uint_eq(inside->context_count, 2);
    ck_assert_str_eq(inside->contexts[0].name, "SIGUSR1");
    ck_assert_str_eq(inside->contexts[0].handler, "aa+0x5");
    ck_assert_str_eq(inside->contexts[1].handler, "");
    ck_assert_uint_eq(inside->thread->id, 3);
    ck_assert_int_eq(inside->lock.mode, REC_READ_RECURSIVE);
    ck_assert_ptr_null(inside->at);
    ck_assert_uint_eq(inside->run->id, 4);
    ck_assert(!open->inside && !open->weak);
    ck_assert_uint_eq(open->context_count, 0);
    ck_assert_ptr_null(open->thread);
    ck_assert_uint_eq(open->at->id, 6);
    rec_close(set);
}
END_TEST

START_TEST(what_is_no_line)
{
    static const char *const texts[] = {
        "", "x", "[]", "{}", "{\"t\":1,\"pid\":1}", "{\"t\":\"end\"}", "{\"t\":\"end\",\"pid\":7,\"ru"
    };
    struct rec_set *set = read_all(texts, LV_ARRAY_SIZE(texts));

    ck_assert_uint_eq(set->bad_lines, LV_ARRAY_SIZE(texts));
    ck_assert_uint_eq(set->lines, 0);
    ck_assert_uint_eq(set->process_count, 0);
    rec_close(set);
}
END_TEST

START_TEST(files)
{
    char path[] = "/tmp/lockval-record-XXXXXX";
    int fd = mkstemp(path);
    struct rec_set *set = rec_open();

    ck_assert_int_ge(fd, 0);
    ck_assert(!rec_read(set, path)); /* empty */
    for (size_t i = 0; i < LV_ARRAY_SIZE(lines); i++)
        ck_assert_int_gt(dprintf(fd, "%s\n", lines[i]), 0);
    ck_assert_int_gt(dprintf(fd, "%.40s", lines[0]), 0); /* torn */
    (void)close(fd);
    ck_assert(rec_read(set, path));
    ck_assert_uint_eq(set->bad_lines, 1);
    ck_assert_uint_eq(set->lines, LV_ARRAY_SIZE(lines));
    ck_assert_str_eq(set->processes[0]->file, path);
    (void)unlink(path);
    ck_assert(!rec_read(set, path));
    ck_assert(!rec_read(set, "/"));
    rec_close(set);
}
END_TEST

/* Look at everything that is there, so that a sanitizer sees what is no memory. */
static size_t weigh(const struct rec_set *set)
{
    size_t weight = 0;

    for (size_t i = 0; i < set->process_count; i++) {
        const struct rec_process *process = set->processes[i];

        for (size_t j = 0; j < process->class_count; j++)
            weight += strlen(process->classes[j]->name) + strlen(process->classes[j]->usage);
        for (size_t j = 0; j < process->edge_count; j++)
            for (size_t k = 0; k < process->edges[j]->evidence_count; k++)
                weight += process->edges[j]->evidence[k].witness->held_count;
        for (size_t j = 0; j < process->stack_count; j++)
            for (size_t k = 0; k < process->stacks[j]->count; k++)
                weight += strlen(process->stacks[j]->frames[k].name);
        for (size_t j = 0; j < process->finding_count; j++) {
            char *cycle = rec_cycle(process->findings[j]);

            weight += strlen(cycle) + strlen(process->findings[j]->detail) + process->findings[j]->stuck_count;
            free(cycle);
        }
    }
    return weight;
}

/* Members and values of lines are exchanged at random; nothing may break. */
START_TEST(nonsense)
{
    static const char *const values[] = {
        "0", "-1", "4294967296", "null", "\"x\"", "[]", "{}", "[[1]]", "true", "1e9"
    };
    struct random random = { number_of("LOCKVAL_TEST_SEED", 1) };
    unsigned long rounds = number_of("LOCKVAL_TEST_ROUNDS", 3000), understood = 0;
    size_t weight = 0;

    for (unsigned long round = 0; round < rounds; round++) {
        struct rec_set *set = rec_open();

        for (unsigned i = 0; i < 12; i++) {
            char text[2048];
            const char *from = lines[below(&random, LV_ARRAY_SIZE(lines))], *colon = from;
            int len;

            for (unsigned skip = 2 + below(&random, 14); skip != 0 && strchr(colon + 1, ':') != NULL; skip--)
                colon = strchr(colon + 1, ':');
            if (chance(&random, 50))
                len = snprintf(text, sizeof(text), "%s", from);
            else
                len = snprintf(text, sizeof(text), "%.*s:%s%s", (int)(colon - from), from,
                               values[below(&random, LV_ARRAY_SIZE(values))], colon + 1 + strcspn(colon + 1, ",}"));
            understood += rec_read_line(set, "random", text, (size_t)len);
        }
        weight += weigh(set);
        rec_close(set);
    }
    ck_assert_uint_gt(understood, rounds);
    ck_assert_uint_gt(weight, 0);
}
END_TEST

START_TEST(many_texts_and_numbers)
{
    struct rec_pool *pool = rec_pool_open();
    struct rec_index index = { 0 };
    const char *first[5000];
    char text[32];

    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof(text), "text %u", i);
        first[i] = rec_pool_text(pool, text);
        *rec_index_at(&index, i * UINT64_C(0x100000000)) = (void *)(uintptr_t)first[i];
    }
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof(text), "text %u", i);
        ck_assert_ptr_eq(rec_pool_text(pool, text), first[i]);
        ck_assert_ptr_eq(rec_index_find(&index, i * UINT64_C(0x100000000)), first[i]);
    }
    ck_assert_ptr_null(rec_index_find(&index, 3));
    ck_assert_str_eq(rec_pool_text(pool, NULL), "");
    rec_index_free(&index);
    rec_pool_close(pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, numbers_become_pointers);
    tcase_add_test(tcase, statistics);
    tcase_add_test(tcase, findings);
    tcase_add_test(tcase, edges_stand_for_acquisitions);
    tcase_add_test(tcase, merged);
    tcase_add_test(tcase, uses);
    tcase_add_test(tcase, what_is_no_line);
    tcase_add_test(tcase, files);
    tcase_add_test(tcase, nonsense);
    tcase_add_test(tcase, many_texts_and_numbers);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
