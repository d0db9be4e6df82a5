/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_EXPECT_H
#define LV_CHECK_EXPECT_H

/*
 * The lock order that a program is expected to keep, as a file says it (docs/lock-order.md), and what it says of an acquisition.
 * Used by the library (engine/expect.h) and by the command; knows locks by their keys, and no class, thread or graph.
 *
 *     lockval-order 1
 *     rule edges
 *     level 1
 *       lock journal = static:server:journal
 *     level 2
 *       lock pool = init:server:pool_new:mutex:1
 *     leaf pool                # nothing is taken while it is held
 *     allow journal -> pool
 *
 * Each thing that is read has the number of its line, so that who writes the file anew can keep the lines, with their comments,
 * that still hold. Numbers of locks, keys and terms begin with 1; 0 is none, and as a lock one that the file does not name.
 */

#include "base/text.h"
#include "graph/digraph.h"
#include "graph/table.h"
#include "graph/vec.h"

enum {
    LV_EXPECT_VERSION = 1,
    LV_EXPECT_NO_LEVEL = -1,
    LV_EXPECT_LEVEL_MOST = 1000000,
    LV_EXPECT_ANY_KIND = -1
};

#define LV_EXPECT_ANY UINT32_MAX /* as the number of a lock: whichever, a "*" in the file */

/* By what a lock is known. */
struct lv_expect_key {
    const char *text;
    bool pattern;  /* * and ? stand for others */
    uint32_t lock; /* whose it is */
};

struct lv_expect_lock {
    const char *name;
    uint32_t line;
    const char *comment;           /* empty: none */
    int kind;                      /* enum lv_kind; LV_EXPECT_ANY_KIND */
    int level;                     /* LV_EXPECT_NO_LEVEL */
    uint32_t first_key, key_count; /* its keys, one behind the other */
    uint32_t leaf, nest;           /* terms that say so; 0: none does */
    uint32_t twin; /* the next of those that cannot be told from it by the key, in a ring; itself: there are none */
    bool vague;    /* a twin has the same pattern: which of them a lock is, is never known */
    bool met;      /* owner's lock: a class was found to be it */
};

enum lv_expect_what {
    LV_EXPECT_ALLOW,
    LV_EXPECT_FORBID,
    LV_EXPECT_LEAF, /* of .from */
    LV_EXPECT_NEST
};

/* A line that allows or forbids. */
struct lv_expect_term {
    enum lv_expect_what what;
    uint32_t line;
    const char *comment; /* why; empty: it does not say */
    uint32_t from, to;   /* locks, or LV_EXPECT_ANY */
    uint8_t modes;       /* LV_DEP_ bits, those with a time limit in the high half */
    uint32_t next;       /* another one with the same .from and .to */
    bool met;            /* owner's lock: it allowed or forbade something */
};

enum lv_expect_rule {
    LV_EXPECT_EDGES, /* what is listed, and nothing else */
    LV_EXPECT_LEVELS /* also each step from a lower to a higher level */
};

struct lv_expect {
    struct lv_arena *arena;
    const char *from; /* the file's name */
    enum lv_expect_rule rule;
    bool others_forbidden;                                       /* locks that are not named */
    bool nesting_forbidden;                                      /* two of one lock at once */
    uint32_t version_line, rule_line, others_line, nesting_line; /* 0: no line says it */
    struct lv_vec locks, keys, terms;                            /* number 0 is not used */
    struct lv_vec programs;                                      /* const char *: patterns; none: all programs */
    struct lv_table by_name, by_key, by_ends;                    /* constant after the file was read */
    bool any_pattern;
};

/*
 * Read the @size bytes at @text, from the file @from (kept). What is wrong goes to @complaints, a line each with file and line; of
 * very many some are named, and the others counted. Texts are copied into @arena, which is the owner's from then on.
 * Returns 0, or how many things are wrong: then nothing else may be asked of @ret; or -ENOMEM.
 */
int lv_expect_parse(struct lv_expect *ret, const char *from, const char *text, size_t size, struct lv_arena *arena,
                    struct lv_text *complaints) LV_MUST_CHECK;

/* Is it the order of the program with this name? */
bool lv_expect_is_for(const struct lv_expect *expect, const char *program);

static inline struct lv_expect_lock *lv_expect_lock(const struct lv_expect *expect, uint32_t number)
{
    return lv_vec_at(&expect->locks, number);
}

static inline struct lv_expect_term *lv_expect_term(const struct lv_expect *expect, uint32_t number)
{
    return lv_vec_at(&expect->terms, number);
}

static inline struct lv_expect_key *lv_expect_key(const struct lv_expect *expect, uint32_t number)
{
    return lv_vec_at(&expect->keys, number);
}

/* The lock with this name; 0: there is none. */
uint32_t lv_expect_named(const struct lv_expect *expect, const char *name);

/* A class, as it is looked up. */
struct lv_expect_class {
    enum lv_kind kind;
    unsigned subclass;       /* 0: none. The keys end with it then, "/1" */
    const char *const *keys; /* by which it is known, the most certain first: the key, the stable one */
    uint32_t key_count;
};

/* Which lock of the file the class is; 0: none. Of the keys the first counts that stands in the file as it is, then the first
 * pattern of the file that matches one. A class with a subclass that is not named itself is the lock that its base class is.
 * @ret_key, if not null, is the number of the key in the file. */
uint32_t lv_expect_find(const struct lv_expect *expect, const struct lv_expect_class *class, uint32_t *ret_key);

/* Does a key tell locks apart by nothing but the order in which one run of the program met them? ("init:...:mutex:2") Where a
 * function has several, it may be another one in another run. */
bool lv_expect_is_numbered(const char *key);

/* One side of an acquisition that is asked about. */
struct lv_expect_side {
    uint32_t lock; /* lv_expect_find(); 0: the file does not name it */
    bool doubt;    /* it may be any of the lock's twins */
};

/* .to was waited for while .from was held. */
struct lv_expect_asked {
    struct lv_expect_side from, to;
    uint8_t bits;    /* LV_DEP_: how. Of several each has to be allowed */
    bool same_class; /* both are of one class */
    bool
        indirect; /* there is a lock between: .from was held when that was taken, and that when .to was. Only lines that forbid
                      it, leaves and levels are asked then: without the lock between there would be no edge */
};

enum lv_expect_why {
    LV_EXPECT_FITS,
    LV_EXPECT_FORBIDDEN, /* .term says so */
    LV_EXPECT_IS_LEAF,   /* .term: what is held is a leaf */
    LV_EXPECT_DOWN,      /* from a higher level to a lower one */
    LV_EXPECT_UNLISTED,  /* nothing allows it */
    LV_EXPECT_MODE,      /* .term allows it in another mode */
    LV_EXPECT_NESTED,    /* two locks of one, where nothing lets them nest */
    LV_EXPECT_UNNAMED    /* the file does not name one of the locks, and forbids those */
};

struct lv_expect_answer {
    enum lv_expect_why why;
    uint32_t line;     /* of the file, where that stands */
    uint32_t term;     /* 0: it is no term */
    uint32_t from, to; /* as which locks they were judged */
    uint8_t bits;
};

/*
 * Judge @asked. A line with both names counts before one with a *, and of either a line that forbids before one that allows; `leaf`
 * is one that forbids, and `nest` one that allows. What no line speaks of is a matter of the rule. Where a side is in doubt it fits
 * if it does for any of the twins. Notes which terms were met. Cost: O(1), with doubt by the number of twins on both sides.
 * Returns whether it fits; if not, @ret is filled in.
 */
bool lv_expect_judge(const struct lv_expect *expect, const struct lv_expect_asked *asked, struct lv_expect_answer *ret);

/* What is wrong, in a line: "locks.order:17: leaf pool: nothing is taken while it is held # why". */
void lv_expect_put_answer(const struct lv_expect *expect, const struct lv_expect_answer *answer, struct lv_text *out);

/* The fingerprint of a finding of the kind `order`, from lv_hash_text(0, stable key) of what was held and of what was wanted. */
uint64_t lv_expect_fingerprint(uint64_t held, uint64_t wanted);

/* ---- for who writes such files ---- */

/* @word as it stands in a file, in quotes where it must be. */
void lv_expect_put_word(struct lv_text *out, const char *word);

/* "[SR, ENt]"; nothing for all modes. */
void lv_expect_put_modes(struct lv_text *out, uint8_t modes);

/* A term as a line, without its comment: "allow journal -> pool [EN]". */
void lv_expect_put_term(const struct lv_expect *expect, const struct lv_expect_term *term, struct lv_text *out);

#endif
