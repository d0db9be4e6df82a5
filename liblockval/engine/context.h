/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_CONTEXT_H
#define LV_ENGINE_CONTEXT_H

/*
 * The validator: one struct that owns all shared state. The library has one (interpose/self.c); tests make as many as
 * they like. Everything marked "lock" is written with the internal lock held, which is the last lock taken by anybody:
 * nothing of the program is called or waited for under it.
 */

#include "base/states.h"
#include "check/nesting.h"
#include "check/suppress.h"
#include "engine/counts.h"
#include "engine/pages.h"
#include "engine/recorder.h"
#include "graph/chains.h"
#include "graph/classes.h"
#include "graph/stacks.h"
#include "graph/uses.h"
#include "sys/clock.h"
#include "sys/lock.h"
#include "sys/os.h"
#include "sys/tasks.h"

struct lv_blocked;
struct lv_thread;
struct lv_held;
struct lv_life;
struct lv_birth;
struct lv_made;
struct lv_steer;
struct lv_expect;

enum {
    LV_WAIT_PLACES = 256, /* places of the table of waits on condition variables */
    LV_ENDING_RANGES = 2,
    LV_THREAD_PLACES = 256 /* by a thread's number */
};

/* Addresses from start up to end. */
struct lv_range {
    uintptr_t start, end;
};

enum lv_state {
    LV_STATE_ON,
    LV_STATE_DEGRADED, /* memory ran out: known chains are followed, new ones are not learned */
    LV_STATE_OFF       /* nothing is watched (a forked child with follow_children=0) */
};

/* A thread that existed: what witnesses and reports need after it is gone. */
struct lv_thread_info {
    int tid;
    uintptr_t start;      /* the function it began with; 0: the main thread, or not known */
    uint32_t start_born;  /* lock; the number of that function's module */
    char name[16];        /* lock; as it was when the thread last came the slow way */
    uint32_t record;      /* lock; number in the record; 0: it was never written, */
    uint32_t record_name; /* lock; else what stands for the name that was written */
};

/* A lock whose identity is kept in the table (engine/identity.c). */
struct lv_instance {
    uintptr_t address; /* atomic, lock for writing; of a free record: the next free one's number */
    uint64_t word;     /* atomic; 0: free. Changes whenever the record is given to another instance */
    uint32_t next;     /* atomic, lock for writing: on the same page, or parked together; 0: none */
    uint32_t prev;     /* lock */
};

/* Where in an object of a kind its identity lies, from the object's address; a seal at 0: none was met. */
struct lv_inside {
    uint16_t word, seal;
};

/* What the owner of a lock is asked for with. */
enum lv_owner_flag {
    LV_OWNER_MAPPED = 1,     /* the lock's memory can be read */
    LV_OWNER_NOT_ROBUST = 2, /* a robust mutex is nobody's: its holder may end */
    LV_OWNER_NOT_SPIN = 4,   /* so is a spinlock: it does not say whether it is shared with other processes */
    LV_OWNER_NOT_SHARED = 8  /* so is what says that it is shared, as every robust mutex of glibc does */
};

struct lv_counters {
    uint64_t slow_walks;      /* acquisitions that were not in the thread's cache */
    uint64_t locked_walks;    /* of these, those that took the internal lock */
    uint64_t dropped;         /* acquisitions not judged because memory ran out */
    uint64_t suppressed_dups; /* findings that were made before */
    uint64_t retired;         /* lock: instances in the table whose life ended */

    uint64_t looks_asked;  /* atomic: how often the kernel was asked whether all threads sleep, */
    uint64_t looks_paused; /* atomic: and how often a thread that looks paused */

    uint64_t handlers_unwatched; /* atomic: signal handlers that interrupted the library itself */
    uint64_t handlers_unknown;   /* atomic: installed when there was no trampoline left */
    uint64_t handlers_changing;  /* atomic: signals that are not judged, as they get another handler again and again */
};

/* Of classes whose numbers are other classes' by now (engine/lockstat.h). */
struct lv_lockstat_gone {
    uint64_t acquisitions, contentions;
};

/* The waits on condition variables that hash to one place (engine/waits.h). */
struct lv_wait_place {
    uint32_t waiters;  /* atomic */
    uint32_t signals;  /* atomic: changes when waiters are woken */
    uint32_t sleepers; /* atomic: threads that wait, with whatever mutex (engine/stall.h), */
    uint32_t due;      /* atomic: and how many of them are about to be woken, */
    uint64_t waked;    /* atomic: of lv_clock_ticks(), when that was said last */
    uint64_t pair;     /* atomic: condition variable and mutex of the wait that came last */
    uintptr_t cond;    /* atomic: what the sleepers wait on; UINTPTR_MAX: not all on the same; 0: not known */
};

/* Classes under watch (engine/watch.h). */
struct lv_watch {
    uint32_t classes;     /* atomic, written under the lock: classes under watch */
    uint32_t open;        /* lock: findings that may be upgraded */
    bool dirty;           /* lock: some of them have new witnesses */
    bool news;            /* lock: the acquisition that is looked at left one */
    struct lv_table used; /* class and thread -> acquisitions looked at; lock for writing */
};

struct lv_context {
    struct lv_options options;                /* constant after init */
    uint64_t secret[2];                       /* constant after init: seals identities */
    bool events_in_use;                       /* atomic: acquisitions go to the threads' histories */
    bool identity_inside[LV_KIND__COUNT];     /* constant after init: is there room inside locks of this kind? */
    struct lv_inside inside[LV_KIND__COUNT];  /* atomic: noted with the first lock of the kind */
    bool memcheck;                            /* constant after init: valgrind runs the process */
    struct lv_range ending[LV_ENDING_RANGES]; /* constant after init: code of exit() and quick_exit() */
    struct lv_range self; /* constant after init: this library, if it is one of its own; else empty */
    struct lv_range own;  /* constant after init: code of libunwind, or empty */
    const char *program;  /* constant after init */
    const char *version;  /* constant after init */

    struct lv_lock lock;
    enum lv_state state; /* atomic */

    struct lv_arena arena; /* lock */
    struct lv_modules modules;
    uint32_t unloads_settled; /* lock: engine/unload.c, the modules' sequence number up to which all was forgotten */
    struct lv_classes classes;
    struct lv_digraph graph;
    struct lv_pairs pairs;
    struct lv_chains chains;
    struct lv_stacks stacks;
    struct lv_counts counts;
    struct lv_witnesses witnesses;
    struct lv_witness
        *scratch; /* lock: an acquisition that may become a witness; room for LV_WITNESS_HELD held locks */
    struct lv_uses uses;
    struct lv_order order;       /* lock */
    struct lv_vec thread_infos;  /* struct lv_thread_info; number 0 is not used */
    struct lv_vec instances;     /* struct lv_instance; number 0 is not used */
    struct lv_table instance_of; /* address -> number in instances */
    struct lv_pages pages;       /* the same by page, and the filter for memory that is given back */
    uint32_t free_instance;      /* lock: first free record, linked through .address; 0: none */
    struct lv_vec orphans;       /* engine/orphan.c; number 0 is not used */
    struct lv_table orphan_at;   /* address -> number in orphans */
    struct lv_table sites;       /* engine/site.c: hash of frames -> class */
    struct lv_vec lives;         /* engine/life.h: struct lv_life; number 0 is not used */
    struct lv_table life_of;     /* a thread's handle -> number in lives */
    struct lv_table ends;        /* engine/join.c: start function and class that was taken -> class of the end */
    uint32_t free_life;          /* lock: first free one; 0: none */
    struct lv_life *unborn;      /* lock: lives of threads that have not begun */
    uint32_t life_chunks;        /* lock: chunks that lives have */
    uint64_t lives_made;         /* lock */
    bool stranger_cancelled;     /* atomic: a thread without a life was cancelled */
    struct lv_table keys;        /* engine/zap.c: addresses of registered keys; lock for writing */
    bool key_noticed;            /* atomic: it was said that a key is neither static nor registered */
    struct lv_vec wakes;         /* engine/wake.h: struct lv_wake; number 0 is not used */
    struct lv_table wake_of;     /* an event's uid -> number in wakes */
    uint32_t free_wake;          /* lock: first free one; 0: none */
    struct lv_table found;       /* findings made: identity -> 1 */
    struct lv_thread *threads;   /* lock for writing: all thread states, in use or free; none ever leaves */
    uint32_t thread_count;       /* lock: of these */
    uint32_t threads_used;       /* atomic, written under the lock: in use */
    uint32_t births;             /* atomic, written under the lock: threads that are being made, or have not begun */
    struct lv_thread *thread_at[LV_THREAD_PLACES]; /* atomic: the last one in use with such a number */
    struct lv_thread *looker; /* atomic: the thread that looks whether it is in a circle (engine/looker.h) */
    uint32_t stall_looks;  /* atomic: how often a thread began to look whether all wait; the last one goes on looking */
    uint64_t idle;         /* atomic: engine/stall.h */
    bool ended_holding;    /* atomic: a thread ended that held a lock */
    struct lv_clock clock; /* constant after init: a moment, to tell time by */
    struct lv_thread *free_threads; /* lock */
    struct lv_birth *free_births;   /* lock: process/birth.c */
    struct lv_counters counters;
    struct lv_lockstat_gone lockstat_gone; /* lock */
    int64_t began_ns;                      /* constant after init: of lv_clock_ns(), at .clock.ticks */
    bool lockstat_said;                    /* atomic: the table stands in the log */

    uint32_t next_uid;         /* atomic */
    uint64_t event_generation; /* atomic: how many waits for events began */

    struct lv_wait_place waits[LV_WAIT_PLACES];

    uint32_t context_count;                /* lock */
    const char *context_name[LV_CONTEXTS]; /* lock */
    uint8_t context_level[LV_CONTEXTS];    /* lock; constant once declared */
    uint8_t context_wait[LV_CONTEXTS];     /* lock; how it may be waited inside: check/wait.h. 0: the level's own */
    uint32_t states_changed;    /* atomic: how often a context was declared, or a signal got or lost a handler */
    uint32_t signals_forgotten; /* atomic: how often a signal got another handler, and all that was known of it went */
    uint64_t handled;           /* atomic: signals that have a handler */
    uintptr_t handler_site[LV_SIGNALS]; /* atomic: the call that installed it, or the last one */
    uintptr_t handler[LV_SIGNALS];      /* atomic: its function, or the last one; 0: not known */

    void *reserve; /* lock: memory for one publication when there is no other; null: it is in use, or there is none */
    struct lv_recorder recorder;
    struct lv_watch watch;
    struct lv_steer *steer;   /* constant after start; null: no plan (engine/steer.h) */
    struct lv_vec made;       /* lock: struct lv_made (engine/summary.h), for the summary at exit */
    bool summary_said;        /* atomic */
    struct lv_expect *expect; /* constant after start, but for what was met; null: no file (engine/expect.h) */
    struct lv_suppressions suppressions; /* constant after start, but for counts (engine/suppress.h) */

    uint32_t findings;    /* atomic: all */
    uint32_t suppressed;  /* atomic: those of them that an entry suppresses */
    uint32_t unpublished; /* atomic: findings that were taken and are not handed out yet */
    bool stuck_for_good;  /* atomic: a circle of threads was reported that nothing broke */
    uint32_t counted;     /* atomic: those at or above fail_on */

    /* Is the lock at this address, which the thread @tid took, no longer its own? Reads the lock itself, safely; false for
     * kinds that cannot be asked. Null: none can. Constant after init. */
    bool (*is_lost)(enum lv_kind kind, uintptr_t address, int tid);

    /* Does one look at all @count locks, no more than LV_WITNESS_HELD, say that none is lost? False: they have to be asked one by one. Null: they
     * always have. Constant after init. */
    bool (*none_lost)(const struct lv_held *const *held, uint32_t count, int tid);

    /* Does the lock itself agree that the thread @tid (0: some thread) has it as @record says? Reads it safely; yes where
     * it cannot be asked. Null: locks cannot be asked. Constant after init. */
    bool (*agrees)(const struct lv_held_record *record, int tid);

    /* Who holds the lock of @kind at @address now, by the lock's own word: the thread's number, -1 for somebody whom it
     * does not name, 0 for nobody, or where no claim may be made (process-shared, elided, unreadable). @flags is of enum
     * lv_owner_flag. Null: locks cannot be asked. Constant after init. */
    int (*owner)(uintptr_t address, enum lv_kind kind, unsigned flags);

    /* Does the calling thread's state say what is true of its signal mask and its handlers? What does not is put right, and
     * true is returned. Null: nobody knows more. Constant after init. */
    bool (*settle)(struct lv_context *ctx, struct lv_thread *t);

    /* Keep the calling thread from being cancelled, and let it be again as the value returned says. A thread that is
     * cancelled at any instruction would leave the internal lock taken. The last is for a thread that may be cancelled at
     * any instruction, and may end it: it is called when signals are no longer blocked. Null: nobody is cancelled. Constant
     * after init. */
    int (*hold_cancel)(void);
    void (*allow_cancel)(int held);
    void (*cancel_at_once)(int held);

    /* In which system call does the thread @tid sleep (sys/tasks.h)? Null: nobody can tell. Constant after init. */
    int (*task)(int tid, struct lv_task_sleep *ret);

    /* Does the kernel know a handler of a signal that others send, whoever installed it? Null: only .handled is known. Constant
     * after init. */
    bool (*handles)(void);

    /* Would a wait for this semaphore or barrier be over now? @begun: the thread waits already, else it is about to. True
     * also where that cannot be told. Null: it never can. Constant after init. */
    bool (*may_pass)(const struct lv_blocked *on, bool begun);

    /* Where finished reports go; called without the internal lock. Constant after init but for the callback. */
    void (*sink)(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len);
    void *sink_arg;
    void (*upgraded)(struct lv_context *ctx, const struct lv_report *report, const char *text,
                     size_t len); /* the same for upgrades */
    void (*callback)(const struct lv_report *report, const char *text,
                     void *arg); /* constant once callback_arg is set */
    void *callback_arg;          /* atomic, written under the lock; null: no callback */
};

/* Does the kernel's rule hold for nesting in @class? Else the order of its instances is learned. */
static inline bool lv_context_has_class_rule(const struct lv_context *ctx, lv_class_id class)
{
    return ctx->options.strict || lv_classes_get(&ctx->classes, class)->explicit_key;
}

/* What the rules read. Context: lock held. */
static inline struct lv_check lv_context_check(struct lv_context *ctx)
{
    return (struct lv_check){
        .arena = &ctx->arena,
        .graph = &ctx->graph,
        .witnesses = &ctx->witnesses,
        .classes = &ctx->classes,
        .order = &ctx->order,
        .strict = ctx->options.strict,
        .incomplete = __atomic_load_n(&ctx->state, __ATOMIC_RELAXED) != LV_STATE_ON,
    };
}

/* Set up @ctx (zeroed memory) with @options. Returns 0 or -ENOMEM. */
int lv_context_init(struct lv_context *ctx, const struct lv_options *options) LV_MUST_CHECK;

/* The default sink: text to where option log says. */
void lv_context_write_log(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len);

/* Does somebody else print the findings, who reads the record (option told_by)? Context: any thread. */
bool lv_context_is_told(const struct lv_context *ctx);

/* Write a line or more to the log, for messages that are no findings. */
void lv_context_say(struct lv_context *ctx, const char *text, size_t len);

/* Take and drop the internal lock, with all signals blocked in between, so that no handler runs while its own thread
 * holds it. Whoever drops it after memory ran out says so. */
struct lv_locked {
    struct lv_os_sigmask mask;
    int cancel;
};
struct lv_locked lv_context_lock(struct lv_context *ctx);
void lv_context_unlock(struct lv_context *ctx, struct lv_locked *locked);

/* The same for a signal handler that must not wait for good: false, and nothing is held, when the lock is not free within
 * @patience milliseconds, about. */
bool lv_context_try_lock(struct lv_context *ctx, unsigned patience, struct lv_locked *ret);

/* Memory ran out: say so once and go on with what is known. Context: any thread, lock not held. */
void lv_context_degrade(struct lv_context *ctx);

#endif
