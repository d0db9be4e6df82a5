/* SPDX-License-Identifier: MIT */
/*
 * Files of the lock order, made of random unions and brought up to date with others, after a person changed them at random. Held against
 * a table of what was done: what a union shows fits the file that was made of it, what none shows does not, and nothing that somebody
 * wrote is lost.
 *
 * LOCKVAL_TEST_CONTRACTS says how many, LOCKVAL_TEST_SEED the first seed; a failure names its own.
 */

#include "../unit/random.h"
#include "contract.h"

enum {
    CONTRACTS = 400,
    CLASSES = 7
};

/* Who was taken while who was held, by the numbers of classes, in which modes (bits of an edge). */
struct done {
    bool there[CLASSES];
    unsigned modes[CLASSES][CLASSES];
};

static unsigned long seed;

#define CHECK(condition, text) ck_assert_msg(condition, "seed %lu: %s\n%s", seed, #condition, text)

/* ---- unions ---- */

static const char *const mode_names[] = { "ER", "EN", "SR", "SN" };

static void make_done(struct random *random, struct done *done)
{
    unsigned density = 5 + below(random, 40);

    memset(done, 0, sizeof(*done));
    for (unsigned i = 0; i < CLASSES; i++)
        done->there[i] = chance(random, 80);
    for (unsigned i = 0; i < CLASSES; i++)
        for (unsigned j = 0; j < CLASSES; j++)
            if (i != j && done->there[i] && done->there[j] && chance(random, density))
                done->modes[i][j] = 1u << below(random, 4);
}

/* Names with all that a file has to quote. */
static const char *const stables[CLASSES] = { "static:p:a", "name:b lock",      "name:#c", "name:d -> e",
                                              "static:q:a", "static:p:f(int*)", "name:*" };

static struct said said_of_done(const struct done *done)
{
    struct said said = said_open();
    char line[512];

    said_line(&said, META);
    for (unsigned i = 0; i < CLASSES; i++) {
        if (!done->there[i])
            continue;
        (void)snprintf(line, sizeof(line),
                       "{\"t\":\"class\"," ALL
                       ",\"id\":%u,\"key\":\"k%u\",\"stable\":\"%s\",\"name\":\"%s\",\"kind\":\"mutex\"}",
                       i + 1, i, stables[i], strchr(stables[i], ':') + (i % 2));
        said_line(&said, line);
        for (unsigned j = 0; j < CLASSES; j++)
            for (unsigned mode = 0; mode < 4; mode++)
                if ((done->modes[i][j] & 1u << mode) != 0) {
                    (void)snprintf(line, sizeof(line),
                                   "{\"t\":\"edge\"," ALL ",\"from\":%u,\"to\":%u,\"modes\":[\"%s\"]}", i + 1, j + 1,
                                   mode_names[mode]);
                    said_line(&said, line);
                }
    }
    said_end(&said);
    return said;
}

static void unite(struct done *into, const struct done *other)
{
    for (unsigned i = 0; i < CLASSES; i++) {
        into->there[i] |= other->there[i];
        for (unsigned j = 0; j < CLASSES; j++)
            into->modes[i][j] |= other->modes[i][j];
    }
}

/* ---- what the library would say ---- */

struct judge {
    struct lv_arena arena;
    struct lv_expect expect;
};

static struct judge *judge_of(const char *text)
{
    struct judge *judge = cli_alloc(1, sizeof(*judge));
    char said[4096] = "";
    struct lv_text complaints;

    lv_text_init(&complaints, said, sizeof(said));
    CHECK(lv_expect_parse(&judge->expect, "test", text, strlen(text), &judge->arena, &complaints) == 0, said);
    return judge;
}

static uint32_t lock_of(const struct judge *judge, unsigned class)
{
    const struct lv_expect_class asked = { .kind = LV_KIND_MUTEX, .keys = &stables[class], .key_count = 1 };

    return lv_expect_find(&judge->expect, &asked, NULL);
}

static enum lv_expect_why why(const struct judge *judge, unsigned from, unsigned to, unsigned bits)
{
    const struct lv_expect_asked asked = { .from = { lock_of(judge, from), false },
                                           .to = { lock_of(judge, to), false },
                                           .bits = (uint8_t)bits };
    struct lv_expect_answer answer = { .why = LV_EXPECT_FITS };

    return lv_expect_judge(&judge->expect, &asked, &answer) ? LV_EXPECT_FITS : answer.why;
}

/* What @done has fits, unless a person said no (@no); of all others, what was never done (@ever) does not. */
static void check_fits(const char *text, const struct done *done, const struct done *ever, bool no[CLASSES][CLASSES])
{
    struct judge *judge = judge_of(text);
    bool levels = judge->expect.rule == LV_EXPECT_LEVELS;

    for (unsigned i = 0; i < CLASSES; i++)
        for (unsigned j = 0; j < CLASSES; j++) {
            enum lv_expect_why answer;

            if (i == j || lock_of(judge, i) == 0 || lock_of(judge, j) == 0)
                continue;
            answer = why(judge, i, j, done->modes[i][j] != 0 ? done->modes[i][j] : LV_DEP_EN);
            if (no[i][j])
                CHECK(answer == LV_EXPECT_FORBIDDEN, text);
            else if (done->modes[i][j] != 0)
                CHECK(answer == LV_EXPECT_FITS, text);
            else if (ever->modes[i][j] == 0 && !levels)
                CHECK(answer != LV_EXPECT_FITS, text);
        }
    for (unsigned i = 0; i < CLASSES; i++)
        CHECK(!done->there[i] || lock_of(judge, i) != 0, text);
    free(judge);
}

/* With the levels of the file nothing that is allowed goes up, but in circles: there they are one. */
static void check_levels(const char *text, const struct done *done, bool no[CLASSES][CLASSES])
{
    struct judge *judge = judge_of(text);
    bool reach[CLASSES][CLASSES];

    for (unsigned i = 0; i < CLASSES; i++)
        for (unsigned j = 0; j < CLASSES; j++)
            reach[i][j] = done->modes[i][j] != 0 && !no[i][j];
    for (unsigned k = 0; k < CLASSES; k++)
        for (unsigned i = 0; i < CLASSES; i++)
            for (unsigned j = 0; j < CLASSES; j++)
                reach[i][j] |= reach[i][k] && reach[k][j];
    for (unsigned i = 0; i < CLASSES; i++)
        for (unsigned j = 0; j < CLASSES; j++) {
            int from, to;

            if (i == j || !reach[i][j])
                continue;
            from = lv_expect_lock(&judge->expect, lock_of(judge, i))->level;
            to = lv_expect_lock(&judge->expect, lock_of(judge, j))->level;
            CHECK(reach[j][i] ? from == to : from < to, text);
        }
    free(judge);
}

/* ---- a person ---- */

static bool has_comment(const char *line, size_t len)
{
    char *copy = cli_printf("%.*s", (int)len, line);
    bool has = strchr(copy + contract_line_words(copy), '#') != NULL;

    free(copy);
    return has;
}

/* Comments and blanks at random places, and a line that forbids something, where the file names both. Memory to free. */
static char *edited(struct random *random, const char *text, bool no[CLASSES][CLASSES])
{
    struct judge *judge = judge_of(text);
    size_t room = 4 * strlen(text) + 4096, len = 0;
    char *out = cli_alloc(room, 1);
    unsigned from = below(random, CLASSES), to = below(random, CLASSES), number = 0;

    for (const char *at = text; *at != '\0';) {
        size_t line = strcspn(at, "\n");

        if (chance(random, 10))
            len += (size_t)snprintf(out + len, room - len, "%s# note %u\n", chance(random, 50) ? "  " : "", number++);
        len += (size_t)snprintf(out + len, room - len, "%.*s", (int)line, at);
        if (chance(random, 10) && !has_comment(at, line))
            len += (size_t)snprintf(out + len, room - len, "\t # said %u", number++);
        len += (size_t)snprintf(out + len, room - len, "\n");
        at += line + (at[line] == '\n');
    }
    if (from != to && lock_of(judge, from) != 0 && lock_of(judge, to) != 0 &&
        why(judge, from, to, LV_DEP_EN) == LV_EXPECT_UNLISTED) {
        char *one = contract_word(lv_expect_lock(&judge->expect, lock_of(judge, from))->name);
        char *other = contract_word(lv_expect_lock(&judge->expect, lock_of(judge, to))->name);

        len += (size_t)snprintf(out + len, room - len, "forbid %s -> %s # never\n", one, other);
        no[from][to] = true;
        free(one);
        free(other);
    }
    free(judge);
    return out;
}

/* Each comment, and each line that a person added, is there afterwards, as often as before. */
static void check_kept(const char *before, const char *after)
{
    char *left = cli_strdup(after);

    for (const char *at = before; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        char *line = cli_printf("%.*s", (int)len, at), *comment = strchr(line + contract_line_words(line), '#'), *found;

        at += len + (at[len] == '\n');
        if (comment == NULL || strncmp(comment, CONTRACT_CIRCLE, strlen(CONTRACT_CIRCLE)) == 0 ||
            strcmp(comment, "# " CONTRACT_SEEN) == 0) {
            free(line);
            continue;
        }
        found = strstr(left, comment);
        CHECK(found != NULL, comment);
        memset(found, '@', strlen(comment));
        free(line);
    }
    free(left);
}

/* ---- all of it ---- */

static char *update(const char *text, const struct done *done, bool prune)
{
    const struct contract_update how = { .prune = prune };
    struct said said = said_of_done(done);
    char *after = updated(text, &said, &how, NULL), *again;

    CHECK(after != NULL, text != NULL ? text : "");
    again = updated(after, &said, &how, NULL);
    CHECK(strcmp(after, again) == 0, after);
    free(again);
    said_close(&said);
    return after;
}

static char *with_rule(const char *text)
{
    const char *rule = strstr(text, "rule edges");

    return cli_printf("%.*srule levels%s", (int)(rule - text), text, rule + strlen("rule edges"));
}

static void try_one(struct random *random)
{
    bool no[CLASSES][CLASSES] = { { false } };
    struct done first, second, both;
    char *text, *mine, *later;

    make_done(random, &first);
    make_done(random, &second);
    both = first;
    unite(&both, &second);

    text = update(NULL, &first, false);
    check_fits(text, &first, &first, no);
    check_levels(text, &first, no);

    mine = edited(random, text, no);
    free(text);
    text = update(mine, &first, false);
    CHECK(strcmp(text, mine) == 0, mine); /* nothing is new */
    free(text);
    if (chance(random, 30)) {
        text = with_rule(mine);
        free(mine);
        mine = text;
    }
    text = update(mine, &second, false);
    check_kept(mine, text);
    check_fits(text, &both, &both, no);
    if (strstr(text, "rule edges") != NULL)
        check_levels(text, &both, no);
    later = update(text, &both, false); /* all of it was there already, in two parts */
    CHECK(strcmp(later, text) == 0, text);
    free(later);

    later = update(text, &second, true);
    check_kept(mine, later);
    check_fits(later, &second, &both, no);
    free(later);
    free(text);
    free(mine);
}

START_TEST(random_contracts)
{
    unsigned long count = number_of("LOCKVAL_TEST_CONTRACTS", CONTRACTS), start = number_of("LOCKVAL_TEST_SEED", 1);

    for (seed = start; seed < start + count; seed++) {
        struct random random = { seed };

        try_one(&random);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contract_random");
    TCase *tcase = tcase_create("random");

    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, random_contracts);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
