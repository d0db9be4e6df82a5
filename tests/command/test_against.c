/* SPDX-License-Identifier: MIT */
/* Records that are held against a file of the lock order: what is found, in which words, and what is not. */

#define _GNU_SOURCE
#include "contract.h"

#include <unistd.h>

#include "base/hash.h"
#include "contract/against.h"

static char path[] = "/tmp/lockval-contract-XXXXXX";

static void put_file(const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void make_path(void)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
}

static void remove_path(void)
{
    (void)unlink(path);
}

static const char *const held_lines[] = {
    CLASS(1, "static:p:a", ""),
    CLASS(2, "static:p:b", ""),
    CLASS(3, "static:p:c", ""),
    "{\"t\":\"run\"," ALL ",\"id\":1,\"of\":\"77/abc\",\"hash\":\"0\",\"program\":\"server\",\"test\":\"login\"}",
    "{\"t\":\"thread\"," ALL ",\"id\":1,\"tid\":78,\"name\":\"worker\"}",
    "{\"t\":\"module\"," ALL ",\"id\":1,\"path\":\"/p\",\"name\":\"p\",\"build_id\":\"\"}",
    "{\"t\":\"stack\"," ALL ",\"id\":1,\"frames\":[{\"module\":1,\"offset\":\"0x5\",\"name\":\"take+0x5\"}]}",
    "{\"t\":\"witness\"," ALL ",\"id\":1,\"of\":1,\"thread\":1,\"wanted\":" LOCK(
        3, 5, ",\"stack\":1") ",\"held\":[" LOCK(1, 6, "") "," LOCK(2, 7, "") "]}",
    EDGE(2, 3, "EN", ",\"witness\":1,\"held\":1"),
    EDGE(1, 2, "EN", ",\"witness\":1,\"held\":0"),
    NULL
};

START_TEST(records_against_a_file)
{
    struct said said = said_of(held_lines);
    struct rec_process *process = said.set->processes[0];
    const struct rec_finding *finding;

    put_file("lockval-order 1\nlock a = static:p:a\nlock b = static:p:b\nlock c = static:p:c\nallow a -> b\n"
             "forbid b -> c # never\n");
    ck_assert_int_eq(contract_check(process, path), 1);
    ck_assert_uint_eq(process->finding_count, 1);
    finding = process->findings[0];
    ck_assert_str_eq(finding->kind, "order");
    ck_assert_str_eq(finding->verdict_name, "misuse");
    ck_assert_int_eq(finding->verdict, REC_MISUSE);
    ck_assert(finding->counts);
    ck_assert_uint_eq(finding->number, 1);
    ck_assert_ptr_eq(finding->process, process);
    ck_assert_str_eq(finding->run->test, "login");
    ck_assert_str_eq(finding->thread->name, "worker");
    ck_assert_str_eq(finding->against, path);
    ck_assert_uint_eq(finding->against_line, 6);
    ck_assert_uint_eq(finding->edge_count, 1);
    ck_assert_uint_eq(finding->edges[0].held.instance, 7);
    ck_assert_uint_eq(finding->edges[0].wanted.instance, 5);
    ck_assert_uint_eq(finding->held_count, 2);
    ck_assert_ptr_nonnull(strstr(finding->detail, ":6: forbid b -> c # never"));
    ck_assert_uint_eq(strtoull(finding->fingerprint, NULL, 16),
                      lv_expect_fingerprint(lv_hash_text(0, "static:p:b"), lv_hash_text(0, "static:p:c")));
    ck_assert_ptr_nonnull(strstr(finding->text, "WARNING: acquisition against the expected lock order\n"));
    ck_assert_ptr_nonnull(strstr(finding->text, "server[77]\n"));
    ck_assert_ptr_nonnull(strstr(finding->text, "worker/78 tried earlier to acquire lock:\n"));
    ck_assert_ptr_nonnull(strstr(finding->text, "(static:p:c){....}-{0:0}, at: take+0x5 (p)\n"));
    ck_assert_int_eq(contract_check(process, path), 0); /* they are known */
    ck_assert_uint_eq(process->finding_count, 1);
    said_close(&said);
}
END_TEST

/* A step over a lock between, which only levels, leaves and lines that forbid it are asked of. */
START_TEST(records_with_a_lock_between)
{
    struct said said = said_of(held_lines);
    struct rec_process *process = said.set->processes[0];

    put_file("lockval-order 1\nlevel 1\nlock c = static:p:c\nlevel 2\nlock a = static:p:a\n");
    ck_assert_int_eq(contract_check(process, path), 1);
    ck_assert_uint_eq(process->findings[0]->edges[0].held.instance, 6);
    ck_assert_ptr_nonnull(strstr(process->findings[0]->detail, "lower levels come first"));
    said_close(&said);
}
END_TEST

START_TEST(records_that_keep_it)
{
    struct said said = said_of(held_lines);
    char *text = updated(NULL, &said, NULL, NULL);

    put_file(text);
    ck_assert_int_eq(contract_check(said.set->processes[0], path), 0);
    put_file("lockval-order 1\nprogram client\nothers forbidden\n"); /* another's */
    ck_assert_int_eq(contract_check(said.set->processes[0], path), 0);
    put_file("lockval-order 1\nothers forbidden\n");
    ck_assert_int_eq(contract_check(said.set->processes[0], path), 2);
    put_file("lockval-order 1\nnonsense\n");
    ck_assert_int_eq(contract_check(said.set->processes[0], path), -1);
    ck_assert_int_eq(contract_check(said.set->processes[0], "/nowhere/x.order"), -1);
    free(text);
    said_close(&said);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("against");
    TCase *tcase = tcase_create("against");

    tcase_add_unchecked_fixture(tcase, make_path, remove_path);
    tcase_add_test(tcase, records_against_a_file);
    tcase_add_test(tcase, records_with_a_lock_between);
    tcase_add_test(tcase, records_that_keep_it);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
