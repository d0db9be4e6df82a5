/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_CLASSES_H
#define LV_GRAPH_CLASSES_H

#include "graph/table.h"
#include "graph/vec.h"
#include "sys/modules.h"

/*
 * Lock classes: who belongs to one, what it is called, in which contexts it was used. A class is found by its origin:
 *
 *     STATIC  a lock in a module's data that no call initialised: module and offset of the lock
 *     INIT    the call site of an init function: module and offset of the site
 *     LOCK    the site of the first acquisition of a lock that was never initialised by a call (std::mutex, a static
 *             initialiser on heap or stack)
 *     NAME    lockval.h: the address of a key, or, without one, the text of the name
 *     JOIN    the end of threads that begin in one function: module and offset of the function. There are many of one key,
 *             which engine/join.c tells apart
 *
 * The class that a lock belongs to is its *base* class (subclass 0); acquisitions with a subclass count for a class of
 * their own, which the base class knows.
 */
enum lv_class_origin {
    LV_CLASS_STATIC,
    LV_CLASS_INIT,
    LV_CLASS_LOCK,
    LV_CLASS_NAME,
    LV_CLASS_JOIN
};

/*
 * Is a class one of locks at all? Only a semaphore leaves it open: made with the value 1 it may be a lock or a signal from
 * one thread to another, and its use shows which (engine/sem.h).
 */
enum lv_class_standing {
    LV_CLASS_IS_LOCK,      /* its order is judged */
    LV_CLASS_IS_CANDIDATE, /* not known yet: what is learned of its order is kept, and not judged */
    LV_CLASS_IS_EVENT      /* for good: its order says nothing, and its semaphores are not followed */
};

/* Usage bits of one context level, twice: lowest four bits for the hard level, the next four for the soft one. */
enum lv_usage {
    LV_USED_IN = 1,      /* taken for writing inside such a context */
    LV_USED_IN_READ = 2, /* the same for reading */
    LV_ENABLED = 4,      /* held for writing while such a context could interrupt */
    LV_ENABLED_READ = 8,
    LV_USAGE_LEVEL_BITS = 4
};

struct lv_class_key {
    enum lv_class_origin origin;
    enum lv_kind kind;
    const struct lv_module *module; /* STATIC, INIT, LOCK, and NAME with a key in a module's data; may be null */
    uintptr_t place;                /* offset in module, absolute address without one; NAME: address of the key, or 0 */
    const char *name;               /* NAME: its text, may be null when there is a key */
};

/* The order of a class's locks as the program defines it. Constant once a class names it. */
struct lv_class_order {
    int (*compare)(const void *held, const void *wanted);     /* less than 0: this order is right */
    void (*print)(const void *lock, char *text, size_t size); /* null: nothing is to be said of a lock */
};

struct lv_class {
    lv_class_id id;
    lv_class_id base; /* itself for subclass 0 */
    uint8_t subclass;
    bool explicit_key;   /* named through lockval.h: the kernel's rule for nesting in one class holds */
    bool orphans;        /* base class only; set in a forked child's first thread: some are held by nobody there */
    uint8_t usage;       /* owner's lock */
    uint32_t uses;       /* owner's lock; graph/uses.h: the latest, 0: none */
    uint32_t instances;  /* of a base class: locks that ever were of it; atomic, stops at LV_CLASS_MANY */
    bool watch_begun;    /* owner's lock: it is, or was, under watch (engine/watch.h) */
    uint16_t watch_left; /* atomic, written under the owner's lock: acquisitions that are still looked at */
    uint8_t pairs_epoch; /* atomic, written under the owner's lock: check/pairs.h */
    uint32_t steered;    /* atomic, written under the owner's lock: engine/steer.c; 0: not asked yet */
    uint8_t standing;    /* of a base class: atomic, written under the owner's lock; ask lv_class_standing() */
    uint8_t wait_outer; /* owner's lock, these four: check/wait.h. What the program said; a kind's own are not stored */
    uint8_t wait_inner;
    bool wait_stated;
    bool wait_override;
    const struct lv_class_order *order; /* base class only; atomic, written under the owner's lock; null: none */
    struct lv_class_key key;            /* name is a copy of our own */
    uintptr_t wrapper; /* owner's lock: INIT, LOCK: return address in the wrapper before the site, 0: there is none */
    uint32_t wrapper_born; /* owner's lock: the number of its module */
    uint32_t ways;         /* owner's lock: INIT, LOCK: distinct ways, through wrappers, from the site to the lock */
    uint32_t version;      /* the how-manyth class of this name, from 1 on */
    bool zapped;           /* atomic, written under the owner's lock: its key is gone, and so is what was known of it */
    bool kept;             /* owner's lock: a finding names it, so that its number is never used again */
    bool reused;           /* constant once the class is found: the number was another class's before, */
    uint32_t first_uid;    /* and locks of an older instance number than this, of the base class's, were that class's */
    uint32_t name_room;    /* owner's lock: size of the memory at .key.name */
    uint32_t next_zapped;  /* owner's lock */
    uint32_t expect;  /* atomic, written under the owner's lock: engine/expect.c; 0: not asked yet */
    uint32_t ordinal; /* the how-manyth class of this origin, kind and function; for the stable key. 0: not asked yet */
    struct {
        uint32_t number;                   /* in the record; 0: it was never written */
        uint8_t usage, standing;           /* as they were when it was written last */
    } record;                              /* owner's lock */
    lv_class_id subclasses[LV_SUBCLASSES]; /* base class only; atomic, written under the owner's lock; [0] is itself */
};

enum {
    LV_CLASS_MANY = 2,
    LV_CLASSES_BATCH = 1024 /* zapped classes whose numbers are used again together */
};

/* One more lock is of the class @base. Context: any thread. */
static inline void lv_class_count_instance(struct lv_class *base)
{
    if (__atomic_load_n(&base->instances, __ATOMIC_RELAXED) < LV_CLASS_MANY)
        __atomic_fetch_add(&base->instances, 1, __ATOMIC_RELAXED);
}

struct lv_classes {
    struct lv_arena *arena;
    struct lv_vec all; /* struct lv_class; number 0 is not used */
    struct lv_table by_key;
    struct lv_table names; /* hash of a name -> how many classes have it */
    const uint32_t *uids; /* constant after init: the last instance number that was given out, atomic; null: none are */
    uint32_t zapped;      /* first zapped class, linked through .next_zapped; 0: none */
    uint32_t zapped_count; /* of these */
    uint32_t spare;        /* the same of those whose numbers may be used again */
    bool any_zapped;       /* atomic: some class ever was */
};

int lv_classes_init(struct lv_classes *classes, struct lv_arena *arena) LV_MUST_CHECK;

/* The class @id. Context: any thread. */
static inline struct lv_class *lv_classes_get(const struct lv_classes *classes, lv_class_id id)
{
    return lv_vec_at(&classes->all, id.v);
}

/* Is the lock with the instance number @uid, whose identity names the class @id, of a class that was zapped? Of what was taken
 * with a subclass, ask for the base. Context: any thread. */
static inline bool lv_class_is_gone(const struct lv_classes *classes, lv_class_id id, uint32_t uid)
{
    const struct lv_class *class;

    if (LV_LIKELY(!__atomic_load_n(&classes->any_zapped, __ATOMIC_RELAXED)) || id.v == 0)
        return false;
    class = lv_classes_get(classes, id);
    return __atomic_load_n(&class->zapped, __ATOMIC_RELAXED) ||
           (class->reused && (int32_t)(uid - class->first_uid) < 0);
}

/*
 * Zap the class @id: it is found no more by its key, and the next class of that key is another one. Its number is used again
 * only after lv_classes_reuse(). What else is known by that number is the caller's to forget. Context: owner's lock held.
 */
void lv_classes_zap(struct lv_classes *classes, lv_class_id id);

/* The numbers of all zapped classes that no finding names may be used again: nobody knows anything by them. Context: owner's
 * lock held. */
void lv_classes_reuse(struct lv_classes *classes);

/* What the class @base, and with it its subclasses, is found to be. Context: any thread. */
static inline enum lv_class_standing lv_class_standing(const struct lv_classes *classes, lv_class_id base)
{
    return (enum lv_class_standing)__atomic_load_n(&lv_classes_get(classes, base)->standing, __ATOMIC_RELAXED);
}

/* Context: owner's lock held. */
void lv_class_set_standing(struct lv_classes *classes, lv_class_id base, enum lv_class_standing standing);

/* The base class of @key, or id 0. Context: any registered thread. */
lv_class_id lv_classes_find(const struct lv_classes *classes, const struct lv_class_key *key);

/* The base class of @key, added if it is new. Id 0 without memory. Context: owner's lock held. */
lv_class_id lv_classes_find_or_add(struct lv_classes *classes, const struct lv_class_key *key);

/* A new base class of @key, which is not found by it. Id 0 without memory. Context: owner's lock held. */
lv_class_id lv_classes_add(struct lv_classes *classes, const struct lv_class_key *key);

/* The class of @base's locks when they are taken with @subclass. Id 0 without memory. Context: owner's lock held. */
lv_class_id lv_classes_subclass(struct lv_classes *classes, lv_class_id base, unsigned subclass);

#endif
