/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_THREAD_H
#define LV_ENGINE_THREAD_H

/*
 * What is known of one thread: the locks it holds, the key of its chain, its private cache of validated chains, its
 * history of acquisitions for events. A state belongs to its thread alone; other threads may read the held stack, which
 * is why states are recycled and never unmapped.
 */

#include "base/hash.h"
#include "engine/blocked.h"
#include "engine/context.h"
#include "engine/handlers.h"

/* Who says that a lock may be taken while others of its class are held? */
enum lv_nested {
    LV_NESTED_NO,    /* the rule for its class */
    LV_NESTED_UNDER, /* a nest lock, or the class's comparison function: the order within its class was not looked at */
    LV_NESTED_MERGED /* a nest lock, and the entry stands for several locks: engine/nest.h */
};

/*
 * One held lock, a cache line. Entries are counted by the state's .depth. One further entry may be filled in already for
 * a lock that is being taken (engine/fast.h); in all others beyond, and in the one before the first, .address is 0.
 */
struct lv_held {
    uintptr_t address; /* atomic: read by other threads */
    lv_class_id class; /* with the subclass */
    lv_class_id base;
    uint32_t uid;
    lv_stack_id stack;
    union {
        struct {
            uint8_t mode;
            uint8_t flags;
            uint8_t kind;
            uint8_t nested : 2; /* enum lv_nested */
            bool earlier : 1;   /* .stack is that of an earlier acquisition from the same site */
            bool inherited : 1; /* held since before a fork: the lock names the parent's thread. A semaphore, also: it
                                   was kept when a lock was released that it was waited for under (engine/sem.h) */
            uint8_t level;      /* of the chain: how many contexts that begin one were entered when it was taken */
        };
        uint64_t how; /* all of these at once */
    };
    union {
        struct {
            uint32_t again; /* further acquisitions by the holder: recursive mutexes, readers, merged locks */
            uint32_t pins;  /* sum of pin cookies */
        };
        uint64_t more; /* 0: neither */
    };
    uint64_t key_before;
    uint64_t filter_before;
    uint64_t
        kin; /* says which locks of its class are held, this one the last: lv_kin_first() of a single one, or a hash */
};

/* A held lock as witnesses and findings keep it. */
static inline struct lv_held_record lv_held_record_of(const struct lv_held *h)
{
    return (struct lv_held_record){
        .address = h->address,
        .uid = h->uid,
        .class = h->class,
        .stack = h->stack,
        .mode = h->mode,
        .flags = h->flags,
        .kind = (unsigned)h->kind & 15u,
        .earlier = h->earlier,
        .level = h->level,
    };
}

/* An entry of the private cache: a chain that this thread took from one call site. */
struct lv_cache_slot {
    uint64_t tag;       /* chain, acquisition and site; 0: empty */
    uint64_t key_after; /* of the chain with the acquisition */
    lv_stack_id stack;  /* of the first acquisition from this site */
    uint32_t hits;
    uint64_t unused; /* no entry lies in two cache lines */
};

/* Make @slot another entry. Other threads may read it meanwhile (engine/counts.c): they see that its tag changes. */
static inline void lv_cache_set(struct lv_cache_slot *slot, uint64_t tag, uint64_t key_after, lv_stack_id stack,
                                uint32_t hits)
{
    __atomic_store_n(&slot->tag, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&slot->key_after, key_after, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->stack.v, stack.v, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->hits, hits, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->tag, tag, __ATOMIC_RELEASE);
}

/* The table identity of one address, checked against the shared record at every use. */
struct lv_known_instance {
    uint64_t key; /* lv_known_key(); 0: empty */
    uint64_t word;
    const struct lv_instance *record;
    uint64_t unused; /* no entry lies in two cache lines */
};

/* The class of the locks that one call makes, or takes first (engine/site.c). */
struct lv_known_site {
    uintptr_t site;
    uint32_t born; /* of the site's module */
    uint32_t what; /* origin and kind */
    lv_class_id class;
};

/* An acquisition that an event may later be made to depend on. */
struct lv_history_entry {
    uint64_t generation; /* event_generation at that time */
    struct lv_held_record record;
};

/* An acquisition between "about to wait" and "held" or "given up". */
struct lv_acquisition {
    uintptr_t address;
    uintptr_t site; /* return address of the call, in the program */
    lv_class_id base;
    lv_class_id class;
    uint32_t uid;
    uint8_t kind;
    uint8_t mode;
    uint8_t flags;
    bool nested;    /* .nest is held, or a comparison function was asked */
    bool reentrant; /* a recursive mutex, or a call that returns an error to its own holder */
    uintptr_t nest; /* address of a nest lock, or 0 */
    uint64_t key_after;
    bool earlier; /* .stack is that of an earlier acquisition from the same site */
    bool paired;  /* the chain has a pair of instances of one class in its key */
    lv_stack_id stack;
};

/* A context that is entered, and what it interrupted. */
struct lv_nest {
    struct lv_states in;
    uint64_t blocked;
    uint8_t state;
    uint8_t level;
    uint32_t known; /* .states_known */
};

enum {
    LV_NESTS = 24,    /* contexts entered at once that are told apart; what is entered beyond them counts as the last */
    LV_HISTORY = 256, /* entries of a thread's history */
    LV_KNOWN_SITES = 16,
    LV_KNOWN_FIRST = 64, /* slots of a new thread's cache of table identities */
    LV_KNOWN_LAST = 131072,
    LV_CACHE_FIRST = 256, /* slots of a new thread's cache */
    LV_CACHE_LAST = 32768,
    LV_HELD_FIRST = 32,
    LV_WAITED_AT = 8,
    LV_PENDING = 4 /* maps that may be waited for at once: by a lock made of others, by a signal handler */
};

struct lv_life;
struct lv_lockstat;

struct lv_thread {
    /* all fields: owner thread, unless they say something else */
    union {
        struct {
            uint32_t guard; /* not 0: inside the library, or told not to watch */
            bool next_set;  /* the next_ fields speak of the next acquisition of next_lock */
            bool measured;  /* .lockstat is not null; constant after init */
        };
        uint64_t attention; /* 0: none is set, so the fast path may be taken */
    };
    uint32_t depth;              /* atomic: stored with release after an entry is filled in, before one is changed */
    uint32_t capacity;           /* of held */
    struct lv_held *held;        /* atomic */
    uint64_t secret;             /* that of the validator for locks without flags; constant */
    uint64_t key_next;           /* of the chain with the lock that is being taken (engine/fast.h) */
    uint64_t key;                /* of the chain of what is held */
    uint64_t filter;             /* one bit for each held base class, by its id's low 6 bits */
    uint64_t context_key;        /* of .in and .open; goes into the key of every acquisition. 0: both are empty */
    uint64_t epoch;              /* atomic; goes into every tag: what was cached under another epoch is not found */
    uint64_t cache_mask;         /* atomic: stored with release after .cache */
    struct lv_cache_slot *cache; /* atomic; read by others, for its counts */
    uint64_t known_mask;         /* stored after .known */
    struct lv_known_instance *known;
    union {
        struct {
            uint8_t zero[4];
            uint8_t level; /* of the chain: contexts entered, without those that it goes on in */
        };
        uint64_t how; /* .level where struct lv_held has it */
    };
    uint8_t next_subclass;
    uintptr_t next_lock;
    uintptr_t next_nest;

    uint32_t cache_misses; /* since the cache last grew */
    uint32_t known_misses; /* entries of .known that were overwritten while of use, since it last grew */
    uint32_t off;          /* lockval_off() nesting */
    bool ever_off;         /* then a release without an acquisition proves nothing */
    lv_thread_id info;
    struct lv_segment segment; /* where the thread is in the order of threads */
    bool witnessed;            /* a witness names .info: a recycled state needs a new one */
    int tid;
    struct lv_handlers *handlers;              /* signal handlers that run; null: not known */
    struct lv_acquisition pending[LV_PENDING]; /* of maps, between acquire and acquired; .address 0: free */
    struct lv_states in;                       /* contexts that the thread runs inside of */
    struct lv_states open;                     /* contexts that could interrupt it now */
    uint64_t blocked;                          /* its signal mask */
    uint32_t states_known;                     /* the validator's .states_changed, as .open knows it */
    uint32_t nesting;                          /* contexts entered, however many */
    uint8_t disabled[LV_CONTEXTS];             /* how often each declared context is disabled */
    struct lv_nest nests[LV_NESTS];            /* of the contexts entered, outermost first */
    uint64_t saved_key[LV_NESTS];              /* of the chains that were interrupted, by level */
    struct lv_history_entry *history;          /* LV_HISTORY entries; null until an event exists */
    uint64_t history_head;                     /* entries written so far */
    uint64_t history_cut;                      /* entries before this one do not count */
    struct lv_known_site sites[LV_KNOWN_SITES];
    uint32_t uid; /* the last instance number that was given out of the state's block (engine/mint.c); not reset, */
    uint32_t uids_left;               /* and how many are left. Atomic: read by others, to count them */
    uintptr_t stack_start, stack_end; /* the thread's own stack; 0 and 0: not known */
    uintptr_t stack_lowest;           /* of the locks on it whose identity is in the table; 0: none */

    /* The wait on a condition variable that the thread is in; read by others. */
    struct {
        uintptr_t cond;   /* atomic: stored after the rest, cleared first; 0: none */
        uint32_t signals; /* of its place in the table, when the wait began */
        struct lv_held_record with;
    } waiting;
    struct lv_blocked blocked_on; /* the wait that the thread is in */
    uint64_t idle;                /* what it added to the validator's .idle, and did not take away yet */
    lv_stack_id
        waited_at[LV_WAITED_AT];  /* the last waits on condition variables: stacks of the locks taken again there */
    uint32_t waits;               /* such waits so far */
    struct lv_life *life;         /* engine/life.h; null: nobody can join the thread */
    struct lv_lockstat *lockstat; /* engine/lockstat.h; constant after init. Null: nothing is measured */
    uint64_t frees; /* blocks given back on marked pages; not reset: all states' are summed for the counters */

    bool used;                   /* lock */
    struct lv_thread *next;      /* constant after init: all states */
    struct lv_thread *next_free; /* lock */
};

/* A state for the calling thread, new or recycled; null without memory. The first for who holds the lock. Context: the
 * calling thread must be one that no hook watches meanwhile. */
struct lv_thread *lv_thread_new_locked(struct lv_context *ctx);
struct lv_thread *lv_thread_new(struct lv_context *ctx);

/* The thread is gone: what it still held is forgotten, and the state may be recycled. */
void lv_thread_free(struct lv_context *ctx, struct lv_thread *t);

/* In a forked child: @t is the only thread left. What the others held are orphans from now on (engine/orphan.h); with a null
 * @t, a thread that has no state or is not watched, it is forgotten only. */
void lv_thread_after_fork(struct lv_context *ctx, struct lv_thread *t);

/* The thread began with the function @start of the module that was born at @born: what it is called when the program gives
 * it no name of its own. Context: lock held. */
void lv_thread_set_start(struct lv_context *ctx, struct lv_thread *t, uintptr_t start, uint32_t born);

/* Look up the thread's name again. Context: lock held, called by the thread itself. */
void lv_thread_note_name(struct lv_context *ctx, struct lv_thread *t);

/* The same in two steps: lv_os_thread_name() before the lock is taken, and this under it. */
void lv_thread_set_name(struct lv_context *ctx, const struct lv_thread *t, const char name[16]);

/* Where the state of the thread @tid may be found. */
static inline struct lv_thread **lv_thread_place(struct lv_context *ctx, int tid)
{
    return &ctx->thread_at[(unsigned)tid % LV_THREAD_PLACES];
}

/* The key of the empty chain at context nesting @level. Not 0: the factors of a tag look random (engine/fast.h). */
static inline uint64_t lv_context_first_key(unsigned level)
{
    return lv_hash_mix(level, UINT64_C(0xc0dd));
}

/* Room for one more held lock. False without memory. */
bool lv_thread_grow_held(struct lv_context *ctx, struct lv_thread *t);

/* The lock that was taken with the stack @stack was given up, and taken again, by a wait on a condition variable. */
static inline void lv_thread_note_wait(struct lv_thread *t, lv_stack_id stack)
{
    if (t->waited_at[(t->waits - 1) % LV_WAITED_AT].v != stack.v)
        t->waited_at[t->waits++ % LV_WAITED_AT] = stack;
}

/* Remember @entry in .known, which becomes larger if others of use have to go for it too often. Context: guard held. */
void lv_thread_know(struct lv_context *ctx, struct lv_thread *t, const struct lv_known_instance *entry);

static inline uint64_t lv_known_key(uintptr_t address, enum lv_kind kind)
{
    return address ^ ((uint64_t)kind + 1) << 59;
}

static inline uint64_t lv_known_hash(uint64_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15) >> 40;
}

/* The entry of .known where the lock with this key is, if it is there. */
static inline struct lv_known_instance *lv_known_at(const struct lv_thread *t, uint64_t key)
{
    uint64_t mask = t->known_mask;

    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler that makes it larger stores the mask last */
    return &t->known[lv_known_hash(key) & mask];
}

/* The identity word that .known has for the lock with this key. False: it has none, or one that is another lock's by now. */
static inline bool lv_known_find(const struct lv_thread *t, uint64_t key, uint64_t *ret_word)
{
    const struct lv_known_instance *known = lv_known_at(t, key);
    const struct lv_instance *record = known->record;

    *ret_word = known->word;
    /* The key is read last: a signal handler that replaced the entry meanwhile left another one. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return LV_LIKELY(known->key == key) && __atomic_load_n(&record->word, __ATOMIC_ACQUIRE) == *ret_word;
}

/* Empty the cache, so that the next walk of each chain leaves evidence again. Context: any thread that holds the lock, or
 * the thread itself. */
void lv_thread_empty_cache(struct lv_thread *t);

#endif
