/* SPDX-License-Identifier: MIT */
/* Files of the lock order, written and brought up to date: what they look like, what of them stays, and what is said. */

#include "contract.h"

static const char head[] =
    "lockval-order 1\n"
    "# The order of locks, as runs showed it: lockval order keeps what is written here, and adds to it.\n"
    "rule edges\n"
    "others allowed\n";

/* After @lines the file @before (null: none) must be @after, and stay so. Returns what was said; to free. */
static struct contract_changes check(const char *before, const char *const *lines, const struct contract_update *update,
                                     const char *after)
{
    struct said said = said_of(lines);
    struct contract_changes changes;
    char *text = updated(before, &said, update, &changes), *again;

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, after);
    again = updated(text, &said, update, NULL);
    ck_assert_str_eq(again, after);
    for (size_t i = 0; i < changes.count; i++) /* their steps are gone with the record */
        changes.list[i].step = NULL;
    free(again);
    free(text);
    said_close(&said);
    return changes;
}

static void check_only(const char *before, const char *const *lines, const struct contract_update *update,
                       const char *after)
{
    struct contract_changes changes = check(before, lines, update, after);

    contract_changes_free(&changes);
}

static char *with_head(const char *rest)
{
    return cli_printf("%s%s", head, rest);
}

#define ABC CLASS(1, "static:p:a", ""), CLASS(2, "static:p:b", ""), CLASS(3, "static:p:c", "")

static const char abc[] = "\n"
                          "level 1\n"
                          "  lock static:p:a = static:p:a\n"
                          "\n"
                          "level 2\n"
                          "  lock static:p:b = static:p:b\n"
                          "\n"
                          "level 3\n"
                          "  lock static:p:c = static:p:c\n"
                          "\n"
                          "# What may be taken while what is held.\n"
                          "allow static:p:a -> static:p:b\n"
                          "allow static:p:a -> static:p:c\n"
                          "allow static:p:b -> static:p:c\n"
                          "\n"
                          "# Nothing was taken while these were held.\n"
                          "leaf static:p:c  # seen\n";

START_TEST(a_new_file)
{
    char *wanted = with_head(abc);

    check_only(NULL,
               (const char *const[]){ ABC, EDGE(2, 3, "EN", ""), EDGE(1, 3, "EN", ""), EDGE(1, 2, "SN", ""), NULL },
               NULL, wanted);
    free(wanted);
    check_only(NULL, (const char *const[]){ NULL }, NULL, head);
}
END_TEST

/* Names that need quotes, and names that two have. */
START_TEST(names)
{
    check_only(
        NULL,
        (const char *const[]){
            "{\"t\":\"class\"," ALL
            ",\"id\":1,\"key\":\"k\",\"stable\":\"name:my lock\",\"name\":\"my lock\",\"kind\":\"mutex\"}",
            "{\"t\":\"class\"," ALL ",\"id\":2,\"key\":\"l\",\"stable\":\"name:*\",\"name\":\"*\",\"kind\":\"mutex\"}",
            "{\"t\":\"class\"," ALL
            ",\"id\":3,\"key\":\"m\",\"stable\":\"static:p:x\",\"name\":\"x\",\"kind\":\"mutex\"}",
            "{\"t\":\"class\"," ALL
            ",\"id\":4,\"key\":\"n\",\"stable\":\"static:q:x\",\"name\":\"x\",\"kind\":\"mutex\"}",
            "{\"t\":\"class\"," ALL
            ",\"id\":5,\"key\":\"o\",\"stable\":\"init:p:f:mutex:1\",\"name\":\"mutex@f+0x2b\",\"kind\":\"mutex\"}",
            "{\"t\":\"class\"," ALL
            ",\"id\":6,\"key\":\"p\",\"stable\":\"init:p:f:mutex:2\",\"name\":\"mutex@f+0x3c\",\"kind\":\"mutex\"}",
            "{\"t\":\"class\"," ALL
            ",\"id\":7,\"key\":\"q\",\"stable\":\"init:p:f:mutex:1/2\",\"name\":\"mutex@f+0x2b/2\",\"kind\":\"mutex\"}",
            "{\"t\":\"class\"," ALL
            ",\"id\":8,\"key\":\"r\",\"stable\":\"static:p:table+0x28\",\"name\":\"table+0x28\",\"kind\":\"mutex\"}",
            EDGE(1, 2, "EN", ""), NULL },
        NULL,
        "lockval-order 1\n"
        "# The order of locks, as runs showed it: lockval order keeps what is written here, and adds to it.\n"
        "rule edges\n"
        "others allowed\n"
        "\n"
        "level 1\n"
        "  lock mutex@f = init:p:f:mutex:1\n"
        "  lock mutex@f#2 = init:p:f:mutex:2\n"
        "  lock mutex@f/2 = init:p:f:mutex:1/2\n"
        "  lock \"my lock\" = \"name:my lock\"\n"
        "  lock table+0x28 = static:p:table+0x28\n"
        "  lock x = static:p:x\n"
        "  lock x#2 = static:q:x\n"
        "\n"
        "level 2\n"
        "  lock \"*\" = \"name:*\"\n"
        "\n"
        "# What may be taken while what is held.\n"
        "allow \"my lock\" -> \"*\"\n"
        "\n"
        "# Nothing was taken while these were held.\n"
        "leaf mutex@f  # seen\n"
        "leaf mutex@f#2  # seen\n"
        "leaf mutex@f/2  # seen\n"
        "leaf table+0x28  # seen\n"
        "leaf x  # seen\n"
        "leaf x#2  # seen\n"
        "leaf \"*\"  # seen\n");
}
END_TEST

/* A person's file: names, blanks, comments, the order of its lines, tabs. */
#define OWN                                               \
    "# ours\n"                                            \
    "lockval-order 1 # one\n"                             \
    "program \"p\"\n"                                     \
    "\n"                                                  \
    "level 1  # outer\n"                                  \
    "\tlock   second\t=  static:p:b   # why # it is so\n" \
    "\tlock first = static:p:a\n"                         \
    "# between\n"                                         \
    "allow first -> second # because\n"                   \
    "   # at the end\n"

START_TEST(what_a_person_wrote_stays)
{
    struct contract_changes changes = check(
        OWN, (const char *const[]){ ABC, EDGE(1, 2, "EN", ""), EDGE(2, 3, "EN", ""), EDGE(1, 3, "EN", ""), NULL }, NULL,
        "# ours\n"
        "lockval-order 1 # one\n"
        "program \"p\"\n"
        "\n"
        "level 1  # outer\n"
        "\tlock first = static:p:a\n"
        "\n"
        "level 2\n"
        "\tlock   second\t=  static:p:b   # why # it is so\n"
        "\n"
        "level 3\n"
        "  lock static:p:c = static:p:c\n"
        "# between\n"
        "allow first -> second # because\n"
        "allow first -> static:p:c\n"
        "allow second -> static:p:c\n"
        "   # at the end\n"
        "\n"
        "# Nothing was taken while these were held.\n"
        "leaf static:p:c  # seen\n");

    ck_assert_uint_eq(changes.count, 5);
    ck_assert_uint_eq(changes.against, 0);
    ck_assert_str_eq(changes.list[0].text, "lock second: to level 2, was on 1");
    ck_assert_int_eq(changes.list[0].mark, '~');
    ck_assert_str_eq(changes.list[1].text, "lock static:p:c = static:p:c, on level 3");
    ck_assert_str_eq(changes.list[2].text, "allow first -> static:p:c");
    ck_assert_int_eq(changes.list[2].mark, '+');
    contract_changes_free(&changes);
}
END_TEST

/* A leaf that no person wrote goes when something is taken under it; what a person wrote stays, and the step is said. */
START_TEST(leaves_and_rules)
{
    static const char order[] = "lockval-order 1\n"
                                "lock a = static:p:a\n"
                                "lock b = static:p:b\n"
                                "lock c = static:p:c\n"
                                "leaf b # seen\n"
                                "leaf c # by design\n"
                                "forbid a -> c # never\n"
                                "allow a -> b [SN]\n";
    struct contract_changes changes = check(order,
                                            (const char *const[]){ ABC, EDGE(2, 3, "EN", ""), EDGE(3, 1, "EN", ""),
                                                                   EDGE(1, 3, "EN", ""), EDGE(1, 2, "EN", ""), NULL },
                                            NULL,
                                            "lockval-order 1\n"
                                            "lock a = static:p:a\n"
                                            "lock b = static:p:b\n"
                                            "lock c = static:p:c\n"
                                            "leaf c # by design\n"
                                            "forbid a -> c # never\n"
                                            "allow a -> b [SN]\n"
                                            "allow b -> c\n");

    ck_assert_uint_eq(changes.against, 3);
    ck_assert_uint_eq(changes.count, 5);
    ck_assert_int_eq(changes.list[0].mark, '-');
    ck_assert_str_eq(changes.list[0].text, "leaf b");
    ck_assert_int_eq(changes.list[1].mark, '+');
    ck_assert_str_eq(changes.list[2].text, "static:p:a -> static:p:b: allow a -> b [SN], and this is [EN]");
    ck_assert_str_eq(changes.list[3].text, "static:p:a -> static:p:c: forbid a -> c # never");
    ck_assert_str_eq(changes.list[4].text,
                     "static:p:c -> static:p:a: leaf c: nothing is taken while it is held # by design");
    contract_changes_free(&changes);
}
END_TEST

START_TEST(lines_with_stars)
{
    static const char order[] = "lockval-order 1\n"
                                "level 1\n"
                                "lock a = static:p:a\n"
                                "level 2\n"
                                "lock b = static:p:b\n"
                                "level 3\n"
                                "lock others = static:p:c* | static:q:*\n"
                                "allow * -> others\n"
                                "forbid b -> *\n"
                                "allow b -> others\n";
    struct contract_changes changes = check(
        order, (const char *const[]){ ABC, EDGE(1, 3, "EN", ""), EDGE(2, 3, "EN", ""), EDGE(2, 1, "EN", ""), NULL },
        NULL, order);

    ck_assert_uint_eq(changes.count, 1);
    ck_assert_uint_eq(changes.against, 1);
    contract_changes_free(&changes);
}
END_TEST

/* With levels as the rule they are a person's: a step down gets a line, and a new lock a level. */
START_TEST(levels_as_the_rule)
{
    static const char order[] = "lockval-order 1\n"
                                "rule levels\n"
                                "level 3\n"
                                "  lock a = static:p:a\n"
                                "level 7\n"
                                "  lock b = static:p:b\n";

    check_only(order, (const char *const[]){ ABC, EDGE(1, 2, "EN", ""), NULL }, NULL,
               "lockval-order 1\n"
               "rule levels\n"
               "\n"
               "level 1\n"
               "  lock static:p:c = static:p:c\n"
               "level 3\n"
               "  lock a = static:p:a\n"
               "level 7\n"
               "  lock b = static:p:b\n"
               "\n"
               "# Nothing was taken while these were held.\n"
               "leaf static:p:c  # seen\n");
    check_only(order, (const char *const[]){ ABC, EDGE(2, 1, "EN", ""), EDGE(1, 3, "EN", ""), NULL }, NULL,
               "lockval-order 1\n"
               "rule levels\n"
               "level 3\n"
               "  lock a = static:p:a\n"
               "\n"
               "level 4\n"
               "  lock static:p:c = static:p:c\n"
               "level 7\n"
               "  lock b = static:p:b\n"
               "\n"
               "# What may be taken while what is held.\n"
               "allow b -> a\n"
               "\n"
               "# Nothing was taken while these were held.\n"
               "leaf static:p:c  # seen\n");
    check_only(order, (const char *const[]){ ABC, EDGE(2, 1, "EN", ""), NULL },
               &(struct contract_update){ .relevel = true },
               "lockval-order 1\n"
               "rule levels\n"
               "\n"
               "level 1\n"
               "  lock b = static:p:b\n"
               "  lock static:p:c = static:p:c\n"
               "\n"
               "level 2\n"
               "  lock a = static:p:a\n"
               "\n"
               "# Nothing was taken while these were held.\n"
               "leaf static:p:c  # seen\n");
}
END_TEST

START_TEST(circles)
{
    char *before = with_head("\n"
                             "level 1\n"
                             "  # circle: x -> y -> x\n"
                             "  # circle of friends\n"
                             "  lock static:p:a = static:p:a\n"
                             "  # circle: static:p:a -> static:p:b -> static:p:a\n"
                             "  lock static:p:b = static:p:b\n"
                             "\n"
                             "# What may be taken while what is held.\n"
                             "allow static:p:a -> static:p:b\n");
    char *after = with_head("\n"
                            "level 1\n"
                            "  # circle of friends\n"
                            "  lock static:p:a = static:p:a\n"
                            "  # circle: static:p:a -> static:p:b -> static:p:a\n"
                            "  lock static:p:b = static:p:b\n"
                            "\n"
                            "# What may be taken while what is held.\n"
                            "allow static:p:a -> static:p:b\n"
                            "allow static:p:b -> static:p:a\n");

    check_only(before,
               (const char *const[]){ CLASS(1, "static:p:a", ""), CLASS(2, "static:p:b", ""), EDGE(1, 2, "EN", ""),
                                      EDGE(2, 1, "EN", ""), NULL },
               NULL, after);
    free(before);
    free(after);
    after = with_head("\n"
                      "level 1\n"
                      "  # circle: static:p:a -> static:p:b -> static:p:c -> static:p:a\n"
                      "  lock static:p:a = static:p:a\n"
                      "  lock static:p:b = static:p:b\n"
                      "  lock static:p:c = static:p:c\n"
                      "\n"
                      "# What may be taken while what is held.\n"
                      "allow static:p:a -> static:p:b\n"
                      "allow static:p:b -> static:p:c\n"
                      "allow static:p:c -> static:p:a\n");
    check_only(NULL,
               (const char *const[]){ ABC, EDGE(1, 2, "EN", ""), EDGE(2, 3, "EN", ""), EDGE(3, 1, "EN", ""), NULL },
               NULL, after);
    free(after);
}
END_TEST

/* What no run shows goes, but for what somebody wrote a comment to, and what such a line names. */
START_TEST(pruning)
{
    static const char order[] = "lockval-order 1\n"
                                "level 1\n"
                                "  lock a = static:p:a\n"
                                "  lock gone = static:p:gone\n"
                                "\n"
                                "level 2\n"
                                "  lock b = static:p:b\n"
                                "  lock kept = static:p:kept # some day\n"
                                "\n"
                                "level 3\n"
                                "  lock empty = static:p:empty\n"
                                "  lock named = static:p:named\n"
                                "\n"
                                "level 4\n"
                                "  lock last = static:p:last\n"
                                "allow a -> b\n"
                                "allow gone -> b\n"
                                "allow a -> kept # soon\n"
                                "allow * -> b\n"
                                "forbid b -> named\n"
                                "leaf last # seen\n"
                                "leaf b # seen\n"
                                "nest a\n"
                                "nest named\n";

    check_only(
        order,
        (const char *const[]){ CLASS(1, "static:p:a", ""), CLASS(2, "static:p:b", ""), EDGE(1, 2, "EN", ""), NULL },
        &(struct contract_update){ .prune = true },
        "lockval-order 1\n"
        "level 1\n"
        "  lock a = static:p:a\n"
        "\n"
        "level 2\n"
        "  lock b = static:p:b\n"
        "  lock kept = static:p:kept # some day\n"
        "\n"
        "level 3\n"
        "  lock named = static:p:named\n"
        "allow a -> b\n"
        "allow a -> kept # soon\n"
        "allow * -> b\n"
        "forbid b -> named\n"
        "leaf b # seen\n");
    check_only(
        order,
        (const char *const[]){ CLASS(1, "static:p:a", ""), CLASS(2, "static:p:b", ""), EDGE(1, 2, "EN", ""), NULL },
        NULL, order);
}
END_TEST

/* Builds were matched: the lock has two stable keys now. One that another class has, too, is no key for it. */
START_TEST(keys_of_other_builds)
{
    check_only("lockval-order 1\n"
               "lock a = static:p:a  # first\n"
               "lock b = static:p:b\n",
               (const char *const[]){
                   CLASS(1, "static:p:a", ",\"stables\":[\"static:p:a\",\"static:p:renamed\",\"static:p:both\"]"),
                   CLASS(2, "static:p:b", ",\"stables\":[\"static:p:b\",\"static:p:both\"]"), NULL },
               NULL,
               "lockval-order 1\n"
               "lock a = static:p:a | static:p:renamed  # first\n"
               "lock b = static:p:b\n");
    /* runs number them in different ways: it is not known which is which */
    check_only(
        "lockval-order 1\n",
        (const char *const[]){ CLASS(1, "init:p:f:mutex:1", ",\"stables\":[\"init:p:f:mutex:1\",\"init:p:f:mutex:2\"]"),
                               CLASS(2, "init:p:f:mutex:1", ",\"stables\":[\"init:p:f:mutex:1\",\"init:p:f:mutex:2\"]"),
                               CLASS(3, "init:p:f:mutex:3", ""), EDGE(1, 2, "EN", ""), NULL },
        NULL,
        "lockval-order 1\n"
        "\n"
        "level 1\n"
        "  lock init:p:f:mutex:1 = init:p:f:mutex:*\n"
        "  lock init:p:f:mutex:3 = init:p:f:mutex:*\n"
        "\n"
        "level 2\n"
        "  lock init:p:f:mutex:1#2 = init:p:f:mutex:*\n"
        "\n"
        "# What may be taken while what is held.\n"
        "allow init:p:f:mutex:1 -> init:p:f:mutex:1#2\n");
    /* some stand in the file by their numbers */
    check_only("lockval-order 1\nlock a = init:p:f:mutex:2\n",
               (const char *const[]){ CLASS(1, "init:p:f:mutex:1", ",\"key\":\"id+0x20\""),
                                      CLASS(2, "init:p:f:mutex:2", ",\"key\":\"id+0x10\""), EDGE(1, 2, "EN", ""),
                                      NULL },
               NULL,
               "lockval-order 1\n"
               "lock a = init:p:f:mutex:2\n"
               "lock init:p:f:mutex:1 = init:p:f:mutex:1\n"
               "\n"
               "# What may be taken while what is held.\n"
               "allow init:p:f:mutex:1 -> a\n");
}
END_TEST

#define WITNESS(wanted, held) \
    "{\"t\":\"witness\"," ALL ",\"id\":1,\"thread\":1,\"wanted\":" wanted ",\"held\":[" held "]}"

/* Two of one lock: by a witness, by a chain, and where both are classes of one lock of the file. */
START_TEST(nesting)
{
    static const char order[] = "lockval-order 1\nlock a = static:p:a\nlock b = static:p:b\nallow a -> b\n";
    static const char nested[] = "lockval-order 1\nlock a = static:p:a\nlock b = static:p:b\nallow a -> b\n"
                                 "\n# Two of one of these may be held at once.\nnest a\n";
    static const char two[] = CLASS(1, "static:p:a", ""), other[] = CLASS(2, "static:p:b", ""),
                      edge[] = EDGE(1, 2, "EN", ",\"witness\":1,\"held\":0");

    check_only(
        order,
        (const char *const[]){ two, other, edge, WITNESS(LOCK(2, 5, ""), LOCK(1, 6, "") "," LOCK(1, 7, "")), NULL },
        NULL, nested);
    check_only(
        order,
        (const char *const[]){ two, other, edge, WITNESS(LOCK(2, 5, ""), LOCK(1, 6, "") "," LOCK(1, 6, "")), NULL },
        NULL, order);
    check_only(order,
               (const char *const[]){ two, other, edge,
                                      WITNESS(LOCK(2, 5, ""), LOCK(1, 6, "") "," LOCK(1, 7, ",\"flags\":[\"try\"]")),
                                      NULL },
               NULL, order);
    check_only(
        order,
        (const char *const[]){
            two, other, "{\"t\":\"chain\"," ALL ",\"id\":1,\"classes\":[1,1],\"modes\":[\"write\",\"write\"]}", NULL },
        NULL, nested);
    check_only(order, (const char *const[]){ CLASS(1, "static:p:a", ",\"nests\":true"), other, NULL }, NULL, nested);
    check_only("lockval-order 1\nnesting forbidden\nlock a = static:p:*\n",
               (const char *const[]){ two, other, EDGE(1, 2, "EN", ""), NULL }, NULL,
               "lockval-order 1\nnesting forbidden\nlock a = static:p:*\n\n# Two of one of these may be held at "
               "once.\nnest a\n");
}
END_TEST

/* What a thread held besides, by way of a lock that the file does not speak of, is held against levels and rules. */
START_TEST(indirect_steps)
{
    static const char order[] =
        "lockval-order 1\nrule levels\nlevel 1\nlock a = static:p:a\nlevel 2\nlock b = static:p:b\n";
    static const char *const lines[] = { ABC, EDGE(2, 3, "EN", ",\"witness\":1,\"held\":0"),
                                         EDGE(3, 1, "EN", ",\"witness\":1,\"held\":1"),
                                         WITNESS(LOCK(1, 5, ""), LOCK(2, 6, "") "," LOCK(3, 7, "")), NULL };

    check_only(order, lines, NULL,
               "lockval-order 1\nrule levels\nlevel 1\nlock a = static:p:a\nlevel 2\nlock b = static:p:b\n"
               "\n"
               "level 3\n"
               "  lock static:p:c = static:p:c\n"
               "\n"
               "# What may be taken while what is held.\n"
               "allow b -> a\n"
               "allow static:p:c -> a\n");
}
END_TEST

/* Waits for events are steps, and so is what is taken until they are completed; semaphores that are none are no locks. An event is no leaf. */
START_TEST(what_is_no_step)
{
    check_only(
        "lockval-order 1\n",
        (const char *const[]){ CLASS(1, "static:p:a", ""),
                               "{\"t\":\"class\"," ALL
                               ",\"id\":2,\"key\":\"e\",\"stable\":\"name:e\",\"name\":\"e\",\"kind\":\"event\"}",
                               "{\"t\":\"class\"," ALL
                               ",\"id\":3,\"key\":\"s\",\"stable\":\"name:s\",\"name\":\"s\",\"kind\":\"semaphore\","
                               "\"standing\":\"event\"}",
                               EDGE(1, 2, "EN", ""), EDGE(2, 4, "EN", ""), CLASS(4, "static:p:d", ""),
                               EDGE(1, 3, "EN", ""), EDGE(1, 9, "EN", ""), NULL },
        NULL,
        "lockval-order 1\n"
        "\n"
        "level 1\n"
        "  lock static:p:a = static:p:a\n"
        "\n"
        "level 2\n"
        "  lock e = name:e\n"
        "\n"
        "level 3\n"
        "  lock static:p:d = static:p:d\n"
        "\n"
        "# What may be taken while what is held.\n"
        "allow static:p:a -> e\n"
        "allow e -> static:p:d\n"
        "\n"
        "# Nothing was taken while these were held.\n"
        "leaf static:p:d  # seen\n");
}
END_TEST

/* Only what the file's programs did counts. */
START_TEST(programs)
{
    static const char order[] = "lockval-order 1\nprogram server*\n";
    static const char *const lines[] = { ABC,
                                         "{\"t\":\"run\"," ALL ",\"id\":1,\"hash\":\"0\",\"program\":\"client\"}",
                                         "{\"t\":\"run\"," ALL ",\"id\":2,\"hash\":\"1\",\"program\":\"server2\"}",
                                         "{\"t\":\"witness\"," ALL ",\"id\":1,\"of\":1,\"thread\":1,\"wanted\":" LOCK(
                                             2, 5, "") ",\"held\":[" LOCK(1, 6, "") "]}",
                                         "{\"t\":\"witness\"," ALL ",\"id\":2,\"of\":2,\"thread\":1,\"wanted\":" LOCK(
                                             3, 5, "") ",\"held\":[" LOCK(2, 6, "") "]}",
                                         EDGE(1, 2, "EN", ",\"witness\":1,\"held\":0"),
                                         EDGE(2, 3, "EN", ",\"witness\":2,\"held\":0"),
                                         NULL };

    check_only(order, lines, NULL,
               "lockval-order 1\nprogram server*\n\nlevel 1\n  lock static:p:b = static:p:b\n\nlevel 2\n  lock "
               "static:p:c = static:p:c\n"
               "\n# What may be taken while what is held.\nallow static:p:b -> static:p:c\n"
               "\n# Nothing was taken while these were held.\nleaf static:p:c  # seen\n");
}
END_TEST

START_TEST(a_wrong_file)
{
    struct said said = said_of((const char *const[]){ ABC, NULL });

    (void)fflush(stderr);
    ck_assert_ptr_null(updated("lockval-order 1\nallow a -> b\n", &said, NULL, NULL));
    ck_assert_ptr_null(updated("something else\n", &said, NULL, NULL));
    ck_assert_ptr_null(updated("lockval-order 2\n", &said, NULL, NULL));
    said_close(&said);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contract");
    TCase *tcase = tcase_create("contract");

    tcase_add_test(tcase, a_new_file);
    tcase_add_test(tcase, names);
    tcase_add_test(tcase, what_a_person_wrote_stays);
    tcase_add_test(tcase, leaves_and_rules);
    tcase_add_test(tcase, lines_with_stars);
    tcase_add_test(tcase, levels_as_the_rule);
    tcase_add_test(tcase, circles);
    tcase_add_test(tcase, pruning);
    tcase_add_test(tcase, keys_of_other_builds);
    tcase_add_test(tcase, nesting);
    tcase_add_test(tcase, indirect_steps);
    tcase_add_test(tcase, what_is_no_step);
    tcase_add_test(tcase, programs);
    tcase_add_test(tcase, a_wrong_file);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
