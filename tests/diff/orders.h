/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_COMMAND_ORDERS_H
#define LV_TESTS_COMMAND_ORDERS_H

/*
 * Merged records from a few words, for tests of what reads them. A word is
 *
 *     a              a class, of key "init:BUILD+0xa" and stable key "init:prog:a"
 *     a:rwlock       of another kind than mutex
 *     a:mutex:+.+.   of another usage than "....", and then of another standing: a:semaphore:....:event
 *     a>b            an edge, of the mode EN, with a witness; its classes are there, too
 *     a>b:SN,ER      of other modes
 *     a>b@t1,t2      seen in the tests t1 and t2; the witness is of the first
 *     !potential=a,b a circular finding of this verdict: a was held when b was taken, and b when a
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/model.h"

struct orders {
    struct rec_set *set;
    const char *build;
    char names[64][16];
    unsigned name_count, witness_count, run_count, finding_count; /* of names, at most 64 */
    char runs[64][32];
};

static inline void orders_line(struct orders *orders, const char *text)
{
    if (!rec_read_line(orders->set, "made", text, strlen(text))) {
        (void)fprintf(stderr, "not understood: %s\n", text);
        abort();
    }
}

#define ORDERS_LINE(orders, type, ...)                                                                         \
    do {                                                                                                       \
        char orders_text_[4096];                                                                               \
        int orders_at_ =                                                                                       \
            snprintf(orders_text_, sizeof(orders_text_), "{\"t\":\"%s\",\"pid\":0,\"run\":\"merged\",", type); \
        (void)snprintf(orders_text_ + orders_at_, sizeof(orders_text_) - (size_t)orders_at_, __VA_ARGS__);     \
        orders_line(orders, orders_text_);                                                                     \
    } while (0)

static inline unsigned orders_class(struct orders *orders, const char *name, const char *kind, const char *usage,
                                    const char *standing)
{
    unsigned id = 0;

    while (id < orders->name_count && strcmp(orders->names[id], name) != 0)
        id++;
    if (id == orders->name_count)
        (void)snprintf(orders->names[orders->name_count++], sizeof(orders->names[0]), "%s", name);
    else if (kind == NULL)
        return id + 1;
    ORDERS_LINE(orders, "class",
                "\"id\":%u,\"key\":\"init:%s+0x%s\",\"stable\":\"init:prog:%s\",\"name\":\"%s\",\"kind\":\"%s\","
                "\"origin\":\"o\",\"base\":0,\"subclass\":0,\"named\":false,\"wait\":[4,4],\"usage\":\"%s\","
                "\"standing\":\"%s\"}",
                id + 1, orders->build, name, name, name, kind != NULL ? kind : "mutex", usage != NULL ? usage : "....",
                standing != NULL ? standing : "lock");
    return id + 1;
}

/* ["t1","t2"] of "t1,t2" */
static inline void orders_quoted(const char *list, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "[\"");

    for (; *list != '\0' && at + 8 < size; list++) {
        if (*list == ',')
            at += (size_t)snprintf(out + at, size - at, "\",\"");
        else
            out[at++] = *list;
    }
    (void)snprintf(out + at, size - at, "\"]");
}

static inline unsigned orders_run(struct orders *orders, const char *test)
{
    unsigned id = 0;

    while (id < orders->run_count && strcmp(orders->runs[id], test) != 0)
        id++;
    if (id < orders->run_count)
        return id + 1;
    (void)snprintf(orders->runs[orders->run_count++], sizeof(orders->runs[0]), "%s", test);
    ORDERS_LINE(
        orders, "run",
        "\"id\":%u,\"of\":\"%u/%08x\",\"hash\":\"%016x\",\"program\":\"prog\",\"path\":\"/prog\",\"argv\":["
        "\"prog\",\"%s\"],\"test\":\"%s\",\"commit\":\"c0ffee\",\"host\":\"h\",\"start_ms\":1700000000000,\"forked\":"
        "false}",
        id + 1, 100 + id, id, id, test, test);
    return id + 1;
}

static inline void orders_edge(struct orders *orders, char *word, char *to)
{
    char *tests = strchr(to, '@'), *modes;
    char quoted[256], quoted_modes[128];
    unsigned a, b, run, witness = ++orders->witness_count;
    size_t count = 1;

    if (tests != NULL)
        *tests++ = '\0';
    modes = strchr(to, ':');
    if (modes != NULL)
        *modes++ = '\0';
    a = orders_class(orders, word, NULL, NULL, NULL);
    b = orders_class(orders, to, NULL, NULL, NULL);
    orders_quoted(tests != NULL ? tests : "t", quoted, sizeof(quoted));
    orders_quoted(modes != NULL ? modes : "EN", quoted_modes, sizeof(quoted_modes));
    for (const char *at = tests != NULL ? tests : ""; *at != '\0'; at++)
        count += *at == ',';
    if (tests != NULL)
        tests[strcspn(tests, ",")] = '\0';
    run = orders_run(orders, tests != NULL ? tests : "t");
    ORDERS_LINE(orders, "stack", "\"id\":%u,\"frames\":[{\"module\":1,\"offset\":\"0x%x\",\"name\":\"hold_%s+0x1\"}]}",
                witness * 2, witness * 2, word);
    ORDERS_LINE(orders, "stack", "\"id\":%u,\"frames\":[{\"module\":1,\"offset\":\"0x%x\",\"name\":\"take_%s+0x2\"}]}",
                witness * 2 + 1, witness * 2 + 1, to);
    ORDERS_LINE(
        orders, "witness",
        "\"id\":%u,\"thread\":1,\"of\":%u,\"wanted\":{\"class\":%u,\"instance\":%u,\"address\":\"0x20\",\"mode\":"
        "\"write\",\"flags\":[],\"stack\":%u},\"held\":[{\"class\":%u,\"instance\":%u,\"address\":\"0x10\",\"mode\":"
        "\"write\",\"flags\":[],\"stack\":%u}],\"left_out\":false}",
        witness, run, b, b, witness * 2 + 1, a, a, witness * 2);
    ORDERS_LINE(
        orders, "edge",
        "\"from\":%u,\"to\":%u,\"modes\":%s,\"witness\":%u,\"held\":0,\"seen\":{\"first\":1700000000000,\"last\":"
        "1700000100000,\"runs\":%zu,\"runs_exact\":true,\"sample\":[],\"tests\":%s,\"more_tests\":false,"
        "\"left_out\":false}}",
        a, b, quoted_modes, witness, count, quoted);
}

static inline void orders_finding(struct orders *orders, char *word)
{
    char *list = strchr(word, '='), *next, *first, edges[3000] = "";
    size_t at = 0;

    *list++ = '\0';
    first = list;
    for (char *name = list; name != NULL; name = next) {
        char copy[16], other[16];
        unsigned held, wanted;

        next = strchr(name, ',');
        (void)snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(name, ","), name);
        if (next != NULL)
            next++;
        (void)snprintf(other, sizeof(other), "%.*s", (int)strcspn(next != NULL ? next : first, ","),
                       next != NULL ? next : first);
        held = orders_class(orders, copy, NULL, NULL, NULL);
        wanted = orders_class(orders, other, NULL, NULL, NULL);
        at += (size_t)snprintf(
            edges + at, sizeof(edges) - at,
            "%s{\"kind\":\"lock\",\"thread\":{\"id\":1,\"tid\":7,\"name\":\"w\",\"start\":\"\"},\"held\":{"
            "\"class\":%u,\"instance\":1,\"address\":\"0x10\",\"mode\":\"write\",\"flags\":[],\"stack\":0,"
            "\"key\":\"init:%s+0x%s\",\"name\":\"%s\",\"site\":\"\"},\"wanted\":{\"class\":%u,\"instance\":"
            "1,\"address\":\"0x10\",\"mode\":\"write\",\"flags\":[],\"stack\":0,\"key\":\"init:%s+0x%s\","
            "\"name\":\"%s\",\"site\":\"\"}}",
            at == 0 ? "" : ",", held, orders->build, copy, copy, wanted, orders->build, other, other);
    }
    ORDERS_LINE(orders, "finding",
                "\"kind\":\"circular\",\"verdict\":\"%s\",\"reasons\":[\"different runs\"],\"fingerprint\":\"%s%010x\","
                "\"counts\":true,\"ms\":1,\"thread\":{\"id\":1,\"tid\":7,\"name\":\"w\",\"start\":\"\"},\"edges\":[%s],"
                "\"stack\":"
                "0,\"text\":\"T\"}",
                word + 1, orders->build, ++orders->finding_count, edges);
}

/* A merged record of these words; @build: six characters. rec_close() its set. */
static inline struct rec_process *orders_of(const char *build, const char *words)
{
    struct orders orders = { .set = rec_open(), .build = build };
    char *copy = strdup(words), *rest = copy, *word;

    ORDERS_LINE(&orders, "meta",
                "\"format\":1,\"version\":\"0\",\"program\":\"prog\",\"path\":\"/prog\",\"argv\":[],\"argv_cut\":false,"
                "\"cwd\":\"/\",\"ppid\":0,\"forked\":false,\"start_ms\":1700000000000,\"merged\":true,\"runs\":2,"
                "\"runs_exact\":true,\"sample\":[]}");
    ORDERS_LINE(
        &orders, "module",
        "\"id\":1,\"path\":\"/nowhere/prog\",\"name\":\"prog\",\"build_id\":\"%s\",\"load\":\"0x0\",\"start\":\"0x0\","
        "\"end\":\"0x0\",\"program\":true}",
        build);
    ORDERS_LINE(&orders, "thread", "\"id\":1,\"tid\":7,\"name\":\"w\",\"start\":\"\"}");
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        char *to = strchr(word, '>');

        if (*word == '!') {
            orders_finding(&orders, word);
        } else if (to != NULL) {
            *to = '\0';
            orders_edge(&orders, word, to + 1);
        } else {
            char *name = strsep(&word, ":"), *kind = strsep(&word, ":"), *usage = strsep(&word, ":");

            (void)orders_class(&orders, name, kind != NULL ? kind : "mutex", usage, word);
        }
    }
    free(copy);
    return orders.set->processes[0];
}

#endif
