/* SPDX-License-Identifier: MIT */
/* What the engine puts into the record, and when. tests/record holds the form of the lines; here it is their number, order
 * and numbers. */

#include "engine/record.h"

#include "engine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];
static char text[16 << 20]; /* of the file */

static const char *read_record(void)
{
    int fd = open(path, O_RDONLY);
    ssize_t len;

    ck_assert_int_ge(fd, 0);
    len = read(fd, text, sizeof(text) - 1);
    ck_assert_int_ge(len, 0);
    ck_assert_int_lt(len, (ssize_t)sizeof(text) - 1);
    text[len] = '\0';
    (void)close(fd);
    return text;
}

/* How many lines have @what and, unless it is null, @also. */
static unsigned count(const char *what, const char *also)
{
    unsigned n = 0;

    (void)read_record();
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        n += strstr(line, what) != NULL && (also == NULL || strstr(line, also) != NULL);
    return n;
}

static void begin(void)
{
    char options[128];

    (void)snprintf(path, sizeof(path), "/tmp/lockval-record-%d", (int)getpid());
    (void)unlink(path);
    (void)snprintf(options, sizeof(options), "log=none:record=%s", path);
    scenario_restart(s, options);
    lv_recorder_start(&s->ctx);
}

static void end(void)
{
    (void)unlink(path);
}

START_TEST(nothing_without_the_option)
{
    scenario_restart(s, "log=none");
    lv_recorder_start(&s->ctx);
    scenario_chain(s, 1, "A B");
    ck_assert(!s->ctx.recorder.on);
    ck_assert_ptr_null(s->ctx.recorder.spare);
    lv_recorder_end(&s->ctx, 0);
    ck_assert(!s->ctx.recorder.ended);
}
END_TEST

START_TEST(an_edge_and_what_it_names)
{
    begin();
    ck_assert_uint_eq(count("\"t\":\"meta\"", NULL), 1);
    scenario_chain(s, 1, "A B");
    ck_assert_uint_eq(count("\"t\":\"class\"", NULL), 2);
    ck_assert_uint_eq(count("\"t\":\"edge\"", "\"from\":1,\"to\":2,\"modes\":[\"EN\"],\"witness\":1,\"held\":0"), 1);
    ck_assert_uint_eq(count("\"t\":\"witness\"", "\"id\":1"), 1);
    ck_assert_uint_eq(count("\"t\":\"thread\"", "\"id\":1"), 1);
    ck_assert_uint_eq(count("\"t\":\"stack\"", NULL), 2);
    /* Known by now. */
    scenario_chain(s, 1, "A B");
    ck_assert_uint_eq(count("\"t\":\"edge\"", NULL), 1);
    end();
}
END_TEST

START_TEST(another_mode_and_another_thread)
{
    begin();
    scenario_chain(s, 1, "A B");
    write_lock(1, "A");
    read_lock(1, "B");
    unlock(1, "B");
    unlock(1, "A");
    ck_assert_uint_eq(count("\"t\":\"edge\"", "\"modes\":[\"ER\",\"EN\"],\"witness\":2"), 1);
    scenario_chain(s, 2, "A B");
    ck_assert_uint_eq(count("\"t\":\"edge\"", "\"witness\":3"), 1);
    ck_assert_uint_eq(count("\"t\":\"thread\"", NULL), 2);
    end();
}
END_TEST

START_TEST(one_witness_of_many_edges)
{
    begin();
    /* A trylock does not link older ones: the last acquisition makes both edges by itself. */
    write_lock(1, "A");
    scenario_lock(s, 1, "B", LV_WRITE, LV_TRY);
    write_lock(1, "C");
    ck_assert_uint_eq(count("\"t\":\"witness\"", NULL), 1);
    ck_assert_uint_eq(count("\"t\":\"edge\"", "\"witness\":1,\"held\":0"), 1);
    ck_assert_uint_eq(count("\"t\":\"edge\"", "\"witness\":1,\"held\":1"), 1);
    end();
}
END_TEST

START_TEST(a_finding_and_its_end)
{
    begin();
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE);
    ck_assert_uint_eq(count("\"t\":\"finding\"", "\"kind\":\"circular\",\"verdict\":\"feasible\""), 1);
    ck_assert_uint_eq(count("\"t\":\"end\"", NULL), 0);
    lv_recorder_end(&s->ctx, 66);
    lv_recorder_end(&s->ctx, 0);
    ck_assert_uint_eq(count("\"t\":\"end\"", "\"status\":66,"), 1);
    ck_assert_uint_eq(count("\"t\":\"end\"", NULL), 1);
    ck_assert_uint_eq(count("\"t\":\"stat\"", "\"acquisitions\":1,\"chains\":1"), 2);
    end();
}
END_TEST

/* Better evidence comes: a second line with the same fingerprint. */
START_TEST(an_upgrade_is_a_further_line)
{
    const char *first, *second;

    begin();
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL);
    scenario_chain(s, 2, "B A");
    scenario_expect_upgrade(s, LV_VERDICT_FEASIBLE);
    ck_assert_uint_eq(count("\"t\":\"finding\"", NULL), 2);
    ck_assert_uint_eq(count("\"t\":\"finding\"", "\"verdict\":\"feasible\",\"before\":\"potential\""), 1);
    (void)read_record();
    first = strstr(text, "\"fingerprint\":\"");
    second = strstr(first + 1, "\"fingerprint\":\"");
    ck_assert_int_eq(strncmp(first, second, 32), 0);
    end();
}
END_TEST

START_TEST(a_subclass_comes_after_its_base)
{
    begin();
    write_lock(1, "A");
    scenario_lock_sub(s, 1, "B", 1);
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"base\":0,\"subclass\":0"), 2);
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"id\":3,"), 1);
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"base\":2,\"subclass\":1"), 1);
    end();
}
END_TEST

START_TEST(a_semaphore_shows_what_it_is)
{
    begin();
    scenario_sem_wait(s, 1, "S", 0);
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"standing\":\"candidate\""), 1);
    scenario_sem_post(s, 1, "S");
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"standing\":\"lock\""), 1);
    scenario_sem_wait(s, 1, "T", 0);
    scenario_sem_post(s, 2, "T");
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"standing\":\"event\""), 1);
    end();
}
END_TEST

/* What a class was used for, the first time that it shows. */
START_TEST(uses_in_contexts)
{
    struct lv_thread *t;
    int irq;

    begin();
    t = scenario_thread(s, 1);
    irq = lv_context_declare(&s->ctx, "irq", 0);
    write_lock(1, "A");
    unlock(1, "A");
    ck_assert_uint_eq(count("\"t\":\"use\"", NULL), 1);
    ck_assert_uint_eq(
        count("\"side\":\"open\",\"weak\":false,\"contexts\":[{\"name\":\"irq\",\"handler\":\"\"}]", NULL), 1);
    lv_context_enter(&s->ctx, t, irq);
    read_lock(1, "B");
    unlock(1, "B");
    lv_context_exit(&s->ctx, t, irq);
    ck_assert_uint_eq(count("\"t\":\"use\"", "\"side\":\"inside\",\"weak\":true"), 1);
    /* The handler of a signal has a place. */
    s->ctx.handler[SIGUSR1 - 1] = 0x7100;
    lv_context_set_handled(&s->ctx, t, SIGUSR1, true, 0x7000);
    write_lock(1, "A");
    unlock(1, "A");
    ck_assert_uint_eq(count("\"t\":\"use\"", "[{\"name\":\"SIGUSR1\",\"handler\":\"?+0x7100\"}]"), 1);
    /* Nothing new. */
    write_lock(1, "A");
    unlock(1, "A");
    ck_assert_uint_eq(count("\"t\":\"use\"", NULL), 3);
    end();
}
END_TEST

/* What a forked child needs of what its parent wrote is written again, under other numbers. */
START_TEST(a_forked_child)
{
    struct lv_locked locked;

    begin();
    scenario_chain(s, 1, "A B");
    locked = lv_context_lock(&s->ctx);
    lv_recorder_after_fork(&s->ctx);
    lv_context_unlock(&s->ctx, &locked);
    ck_assert_uint_eq(count("\"t\":\"meta\"", NULL), 1);
    scenario_chain(s, 1, "B C");
    ck_assert_uint_eq(count("\"t\":\"meta\"", "\"forked\":true"), 1);
    ck_assert_uint_eq(count("\"t\":\"class\"", NULL), 4);
    ck_assert_uint_eq(count("\"t\":\"edge\"", "\"from\":3,\"to\":4,"), 1);
    ck_assert_uint_eq(count("\"t\":\"witness\"", "\"id\":2,\"thread\":2,"), 1);
    lv_recorder_end(&s->ctx, 0);
    /* A -> B is the parent's to count. */
    ck_assert_uint_eq(count("\"t\":\"stat\"", NULL), 1);
    end();
}
END_TEST

/* Only the process itself writes: not a child that shares its memory, or was made behind its back. */
START_TEST(a_child_that_nobody_told_of)
{
    int status;
    pid_t pid;

    begin();
    scenario_chain(s, 1, "A B");
    pid = fork();
    if (pid == 0) {
        scenario_chain(s, 1, "C D");
        lv_recorder_end(&s->ctx, 0);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(count("\"t\":\"class\"", NULL), 2);
    ck_assert_uint_eq(count("\"t\":\"end\"", NULL), 0);
    scenario_chain(s, 1, "A E");
    ck_assert_uint_eq(count("\"t\":\"class\"", NULL), 3);
    end();
}
END_TEST

/* A number of the tables that is given out again is another number here. */
START_TEST(a_class_with_the_number_of_another)
{
    struct lv_class_key key = { .origin = LV_CLASS_NAME, .kind = LV_KIND_MAP, .name = "first" };
    struct lv_batch *batch = NULL;
    lv_class_id first, second;
    uint32_t number;

    begin();
    first = lv_classes_find_or_add(&s->ctx.classes, &key);
    number = lv_record_class(&s->ctx, &batch, first);
    ck_assert_uint_eq(lv_record_class(&s->ctx, &batch, first), number);
    lv_classes_zap(&s->ctx.classes, first);
    lv_classes_reuse(&s->ctx.classes);
    key.name = "second";
    second = lv_classes_find_or_add(&s->ctx.classes, &key);
    ck_assert_uint_eq(first.v, second.v);
    ck_assert_uint_eq(lv_record_class(&s->ctx, &batch, second), number + 1);
    lv_batch_send(&s->ctx, &batch);
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"key\":\"name:first\""), 1);
    ck_assert_uint_eq(count("\"t\":\"class\"", "\"key\":\"name:second\""), 1);
    end();
}
END_TEST

/* Lines that are larger than any block, and many small ones around them, in order. */
START_TEST(lines_of_any_size)
{
    static char large[5 << 20];
    struct lv_batch *batch = NULL;
    char *at;

    begin();
    memset(large, 'x', sizeof(large) - 1);
    ck_assert(lv_batch_need(&s->ctx, &batch));
    for (unsigned i = 0; i < 3000; i++) {
        const struct lv_record_thread line = { i + 1, (int)i, i == 1000 ? large : "name", "" };

        LV_BATCH_LINE(&s->ctx, batch, lv_record_put_thread, &line);
    }
    lv_batch_send(&s->ctx, &batch);
    ck_assert_uint_eq(s->ctx.recorder.lost, 0);
    (void)read_record();
    at = strchr(text, '\n') + 1; /* behind meta */
    for (unsigned i = 0; i < 3000; i++) {
        char wanted[64];

        (void)snprintf(wanted, sizeof(wanted), "\"id\":%u,\"tid\":%u,\"name\":\"%c", i + 1, i, i == 1000 ? 'x' : 'n');
        ck_assert_int_eq(strncmp(at, "{\"t\":\"thread\"", 13), 0);
        ck_assert_ptr_nonnull(strstr(at, wanted));
        ck_assert(strstr(at, wanted) < at + 80);
        at = strchr(at, '\n') + 1;
    }
    ck_assert_str_eq(at, "");
    end();
}
END_TEST

START_TEST(memory_of_a_batch)
{
    struct lv_batch *batch = NULL;
    struct lv_batch_mark mark;
    char *first, *second;
    struct lv_text t;

    begin();
    ck_assert(lv_batch_need(&s->ctx, &batch));
    first = lv_batch_alloc(batch, 100);
    mark = lv_batch_mark(batch);
    for (unsigned i = 0; i < 100; i++) {
        char *p = lv_batch_alloc(batch, 10000);

        ck_assert_ptr_nonnull(p);
        ck_assert_int_eq(p[0] | p[9999], 0);
        memset(p, 'p', 10000);
    }
    ck_assert_ptr_nonnull(lv_batch_alloc(batch, 1 << 20));
    lv_batch_forget(batch, mark);
    second = lv_batch_alloc(batch, 100);
    ck_assert_ptr_eq(second, first + 112);
    ck_assert_int_eq(second[0] | second[99], 0);
    t = lv_batch_begin_text(batch);
    lv_text_repeat(&t, 'x', 10000);
    ck_assert_uint_eq(strlen(lv_batch_text(batch, &t)), LV_BATCH_TEXT - 1);
    lv_batch_send(&s->ctx, &batch);
    ck_assert_ptr_null(batch);
    end();
}
END_TEST

/* It cannot be written: it is tried once, and what comes later costs nothing. */
START_TEST(given_up_once)
{
    scenario_restart(s, "log=none:record=/there/is/no/such/folder/x");
    lv_recorder_start(&s->ctx);
    ck_assert(!s->ctx.recorder.on);
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE);
    lv_recorder_end(&s->ctx, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_without_the_option,
        an_edge_and_what_it_names,
        another_mode_and_another_thread,
        one_witness_of_many_edges,
        a_finding_and_its_end,
        an_upgrade_is_a_further_line,
        a_subclass_comes_after_its_base,
        a_semaphore_shows_what_it_is,
        uses_in_contexts,
        a_forked_child,
        a_child_that_nobody_told_of,
        a_class_with_the_number_of_another,
        lines_of_any_size,
        memory_of_a_batch,
        given_up_once,
    };

    return engine_run("record", tests, sizeof(tests) / sizeof(tests[0]));
}
