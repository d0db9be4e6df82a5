/* SPDX-License-Identifier: MIT */
#ifndef LOCKVAL_H
#define LOCKVAL_H

/*
 * lockval.h: optional annotations for programs that run under liblockval.so.
 *
 * lockval needs no annotation to watch pthread and C11 locks. This header is for what it cannot know by itself: locks
 * that a program builds from atomics or condition variables, names and classes that say more than a call site, waits for
 * an event that another thread brings about, and claims such as "this lock is held here".
 *
 * Every call is weak: a program that includes this header links and runs without the library, and then a call costs one
 * load and one branch and its arguments are not evaluated. With LOCKVAL_DISABLE defined before the include, every call
 * compiles to nothing. (A position-dependent executable, -no-pie, resolves weak symbols when it is linked: link it with
 * -Wl,-z,dynamic-undefined-weak and -fPIE objects, or with -Wl,--no-as-needed -llockval.)
 *
 * The smallest complete example, a lock made by hand:
 *
 *     static struct lockval_key gate_key;
 *     static struct lockval_map gate_map = LOCKVAL_MAP_INIT("gate", &gate_key);
 *
 *     void gate_lock(void)
 *     {
 *         lockval_acquire_map(&gate_map, LOCKVAL_WRITE, 0, 0, 0);   (about to wait: the order is judged here)
 *         wait_until_gate_is_mine();
 *         lockval_acquired_map(&gate_map);                          (it is held from here)
 *     }
 *
 *     void gate_unlock(void)
 *     {
 *         lockval_release_map(&gate_map);                           (before anybody else can have it)
 *         open_gate();
 *     }
 *
 * Words (all in docs/glossary.md). A *class* is a set of locks that follow one rule of order, named by a key or a name; an
 * *instance* is one lock. An *edge* A -> B is added when B is waited for while A is held. A closed path of edges that no
 * recursive reader breaks can deadlock, and is reported the first time it is seen.
 *
 * What is promised: no call changes errno, blocks on a lock of the program, allocates with malloc, or ends the program
 * (unless the option halt_on_error says so). Calls may be made from any thread, before main and after it, and, where
 * "signal handlers: yes" stands, from signal handlers. What is not promised: the layout of the structs below is private,
 * they are public only so that they can be static; initialise them with the macros or functions given.
 *
 * The model is the Linux kernel's lockdep (Documentation/locking/lockdep-design.rst); waits for events follow its
 * cross-release checks of 2017 (Documentation/locking/crossrelease.rst of that time).
 */

#define LOCKVAL_VERSION_MAJOR 0
#define LOCKVAL_VERSION_MINOR 1
#define LOCKVAL_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* How a lock is taken. The truth of the lock at hand: a reader is recursive when it may take the lock again although a
 * writer waits. */
enum lockval_mode {
    LOCKVAL_WRITE = 0,          /* exclusive */
    LOCKVAL_READ = 1,           /* shared, blocks behind a waiting writer */
    LOCKVAL_READ_RECURSIVE = 2, /* shared, passes a waiting writer */
    LOCKVAL_ANY = 3             /* only for questions: held in whatever mode */
};

/* How an acquisition may fail. */
enum lockval_flag {
    LOCKVAL_TRY = 1,  /* does not wait: no edge leads to it, but later locks get edges from it */
    LOCKVAL_TIMED = 2 /* gives up after a time: a cycle through it resolves itself */
};

/* What a pointer to a pthread or C11 lock points to. */
enum lockval_kind {
    LOCKVAL_MUTEX = 0,  /* pthread_mutex_t, mtx_t */
    LOCKVAL_RWLOCK = 1, /* pthread_rwlock_t */
    LOCKVAL_SPIN = 2    /* pthread_spinlock_t */
};

#define LOCKVAL_SUBCLASSES 8 /* subclasses are 0 to 7 */

/* A class key. Its address is the class: give it static storage, one for each set of locks that follow one rule, or register
 * it (lockval_register_key()). */
struct lockval_key {
    unsigned long lockval_private[2];
};
#define LOCKVAL_KEY_INIT { { 0, 0 } }

/* A map: what lockval knows of one lock. Embed it in a lock of your own, or use it bare, with no lock behind it, to say
 * "from here to there counts as holding X". */
struct lockval_map {
    const char *lockval_name;
    const struct lockval_key *lockval_key;
    unsigned long lockval_identity[2];
};
#define LOCKVAL_MAP_INIT(name, key) { (name), (key), { 0, 0 } }

/* An event that one thread waits for and another completes. */
struct lockval_event {
    struct lockval_map lockval_map;
    unsigned long lockval_generation;
    unsigned long lockval_waiters;
};
#define LOCKVAL_EVENT_INIT(name, key) { LOCKVAL_MAP_INIT(name, key), 0, 0 }

/* A context that can interrupt others, as an interrupt handler does; at most 8 are declared in a process. */
enum lockval_context_level {
    LOCKVAL_CONTEXT_HARD = 0, /* shown in the first pair of usage characters, with signal handlers */
    LOCKVAL_CONTEXT_SOFT = 1  /* shown in the second pair */
};

/* How a lock is waited for, and what may be waited for at a place. */
enum lockval_wait {
    LOCKVAL_WAIT_UNCHECKED = 0,
    LOCKVAL_WAIT_FREE = 1,   /* not at all, as at the beginning of a reader's section without a lock */
    LOCKVAL_WAIT_SPIN = 2,   /* spinning */
    LOCKVAL_WAIT_CONFIG = 3, /* spinning or sleeping, as the program is configured */
    LOCKVAL_WAIT_SLEEP = 4   /* sleeping */
};

/* The order of two locks of one class, of which the thread holds one and wants the other: less than 0 when that is right. And
 * what reports say of a lock, beside its name: at most @size bytes with the 0 at the end. */
typedef int (*lockval_cmp_fn)(const void *held, const void *wanted);
typedef void (*lockval_print_fn)(const void *lock, char *text, unsigned long size);

/* What a report callback is given; valid during the call only. */
struct lockval_report {
    unsigned long size;      /* of this struct, for later versions */
    const char *kind;        /* "circular", "recursive", "event", ...: docs/glossary.md */
    const char *verdict;     /* "guarded", "potential", "feasible", "misuse", "deadlock" */
    const char *fingerprint; /* the same for the same finding in another run or build */
    const char *text;        /* the whole text report */
};
typedef void (*lockval_report_fn)(const struct lockval_report *report, void *arg);

#ifndef LOCKVAL_DISABLE

#if defined(LOCKVAL_BUILD)
#define LOCKVAL_API __attribute__((visibility("default")))
#else
#define LOCKVAL_API __attribute__((weak))
#endif

/* ---- maps ---------------------------------------------------------------------------------------------------------- */

/*
 * Make @map a new instance of the class that @key names. @name is what reports call the class; it must outlive the map.
 * With a null @key the class is the name itself: all maps of that name are one class. With a null @name the class is
 * called by the symbol of the key. A static map needs LOCKVAL_MAP_INIT and no call.
 * Calling it on a held map is a finding (lifetime). Cost: a few stores. Signal handlers: yes.
 */
LOCKVAL_API void lockval_init_map(struct lockval_map *map, const char *name, const struct lockval_key *key);

/* @map belongs to the class of @key and @name from now on. If the calling thread holds it, as in lockval_set_class() below. */
LOCKVAL_API void lockval_set_class_map(struct lockval_map *map, const struct lockval_key *key, const char *name);

/*
 * The calling thread is about to wait for @map. Adds the edges from what it holds, and reports an order that can
 * deadlock, before the wait. @subclass 0 to 7 tells levels of one class apart ("parent before child"); @flags is 0 or of
 * enum lockval_flag; @nest is null, or a lock (map or pthread lock) that the thread holds and under which locks of this
 * class may be taken in any order.
 * With LOCKVAL_TRY call it after the try succeeded, together with lockval_acquired_map(), and not at all when it failed.
 * Cost: some tens of ns once the chain is known. Signal handlers: yes. Kernel: lock_acquire().
 */
LOCKVAL_API void lockval_acquire_map(struct lockval_map *map, enum lockval_mode mode, unsigned subclass, unsigned flags,
                                     const void *nest);

/*
 * The lock behind @map, which the last lockval_acquire_map() of this thread announced, is taken, and the thread will now wait
 * for it. Looks whether that wait closes a deadlock, and acts by option on_deadlock. Not needed where the wait is made of
 * pthread calls, which look by themselves; and not for locks that are waited for only a moment.
 * Cost: a look at what each thread holds; none when the thread holds nothing. Signal handlers: yes. Kernel: lock_contended().
 */
LOCKVAL_API void lockval_contended_map(struct lockval_map *map);

/* The wait that the last lockval_acquire_map() of this thread announced is over: @map is held. */
LOCKVAL_API void lockval_acquired_map(struct lockval_map *map);

/* The wait that the last lockval_acquire_map() announced was given up (a timeout): @map is not held. */
LOCKVAL_API void lockval_abandon_map(struct lockval_map *map);

/* The calling thread is about to release @map. Locks may be released in any order. Releasing what the thread does not
 * hold is a finding (unlock). Kernel: lock_release(). */
LOCKVAL_API void lockval_release_map(struct lockval_map *map);

/* @map, held for writing, is from now on held for reading (LOCKVAL_READ). A finding (unlock) when it is not held for
 * writing. Kernel: lock_downgrade(). */
LOCKVAL_API void lockval_downgrade_map(struct lockval_map *map);

/* The calling thread waits until nobody has @map in a mode that excludes @mode, and does not take it: the order is judged as
 * by lockval_acquire_map(), and nothing is held afterwards. Reports show sync(NAME). Kernel: lock_sync(). */
LOCKVAL_API void lockval_sync_map(struct lockval_map *map, enum lockval_mode mode, unsigned subclass, const void *nest);

/* As lockval_set_novalidate() and lockval_set_notrack(), below, for a map. One that is initialised anew must be exempted anew. */
LOCKVAL_API void lockval_set_novalidate_map(struct lockval_map *map);
LOCKVAL_API void lockval_set_notrack_map(struct lockval_map *map);

/* Is @map of the class of @key? 1 yes, 0 no, -1 when lockval is absent. */
LOCKVAL_API int lockval_match_class_map(const struct lockval_map *map, const struct lockval_key *key);

/* ---- keys that come and go ----------------------------------------------------------------------------------------- */

/* @key lies in memory that is given back one day. Without this call the program is told, once, that such a key is not static. A
 * key that is registered already is a finding (assert). Kernel: lockdep_register_key(). */
LOCKVAL_API void lockval_register_key(struct lockval_key *key);

/* @key is about to go away: its class is forgotten, with its subclasses and all that is known of their order, and the next key
 * at that place is another class. To take a lock of it after this is a finding (lifetime), until it is initialised anew. To
 * unregister what was not registered is one (assert). Kernel: lockdep_unregister_key(). */
LOCKVAL_API void lockval_unregister_key(struct lockval_key *key);

/* The same for all keys and static locks in @size bytes from @start, registered or not: for memory that the program loads and
 * unloads by itself. Modules that dlclose() unloads need no call, their classes stay for reports. Kernel:
 * lockdep_free_key_range(). */
LOCKVAL_API void lockval_free_key_range(const void *start, unsigned long size);

/* ---- pthread and C11 locks ----------------------------------------------------------------------------------------- */

/*
 * The lock at @lock, of @kind, belongs to the class of @key and @name (as in lockval_init_map()). Call it after the lock
 * was initialised and before it is used; a lock that is initialised anew must be named anew. A lock that the calling thread
 * holds is held as of the new class from here on, and the order is judged as if that lock, and those taken after it, were
 * taken now. Kernel: lockdep_set_class(), lock_set_class().
 * Classes with an explicit key follow the kernel's rule: two locks of one class may only be nested with a subclass or a
 * nest lock.
 */
LOCKVAL_API void lockval_set_class(void *lock, enum lockval_kind kind, const struct lockval_key *key, const char *name);

/* @lock is shown as held, but its order is not judged. */
LOCKVAL_API void lockval_set_novalidate(void *lock, enum lockval_kind kind);

/* @lock is not watched at all: for the inside of locks that are annotated as maps. */
LOCKVAL_API void lockval_set_notrack(void *lock, enum lockval_kind kind);

/* Acquisitions of @lock count as of @subclass (0 to 7) of its class from now on, wherever they say nothing else. If the calling
 * thread holds it, so does this acquisition. Kernel: lockdep_set_subclass(). */
LOCKVAL_API void lockval_set_subclass(void *lock, enum lockval_kind kind, unsigned subclass);
LOCKVAL_API void lockval_set_subclass_map(struct lockval_map *map, unsigned subclass);

/* Only this acquisition: @lock, a map or a pthread lock that the calling thread holds, is held as of @subclass from here on. A
 * finding (unlock) when it does not hold it. Kernel: lock_set_subclass(). */
LOCKVAL_API void lockval_set_held_subclass(const void *lock, unsigned subclass);

/*
 * The locks of the class of @lock are ordered by @cmp, instead of by the rule for its class: it is called for each lock of
 * the class that the thread holds when it wants another one, and a finding (recursive) is made when it returns 0 or more.
 * @print, which may be null, adds to the names of the two in the report. Both run in the middle of the acquisition, unwatched:
 * they must come back, take no lock, and look at nothing that may be gone. A null @cmp ends it. Call it after
 * lockval_set_class(). Kernel: lock_set_cmp_fn().
 */
LOCKVAL_API void lockval_set_order(void *lock, enum lockval_kind kind, lockval_cmp_fn cmp, lockval_print_fn print);
LOCKVAL_API void lockval_set_order_map(struct lockval_map *map, lockval_cmp_fn cmp, lockval_print_fn print);

/*
 * Wait types. The locks of the class of @lock are waited for as @outer (0: as @inner), and while one is held nothing that waits
 * longer than @inner may be taken, else there is a finding (wait-context). Without this call a spinlock counts as
 * LOCKVAL_WAIT_SPIN, every other pthread or C11 lock as LOCKVAL_WAIT_SLEEP and a map as unchecked, and is judged only against
 * locks and contexts of which the program said something, and against all locks with strict=1. Call it after
 * lockval_set_class(). Kernel: lockdep_init_map_wait().
 */
LOCKVAL_API void lockval_set_wait_type(void *lock, enum lockval_kind kind, enum lockval_wait outer,
                                       enum lockval_wait inner);
LOCKVAL_API void lockval_set_wait_type_map(struct lockval_map *map, enum lockval_wait outer, enum lockval_wait inner);

/* While @map is held, all that waits no longer than @inner may be taken, whatever was taken before. Kernel:
 * DEFINE_WAIT_OVERRIDE_MAP(). */
LOCKVAL_API void lockval_set_wait_override_map(struct lockval_map *map, enum lockval_wait inner);

/* Is @lock, of @kind, of the class of @key? 1 yes, 0 no, -1 when lockval is absent. */
LOCKVAL_API int lockval_match_class(void *lock, enum lockval_kind kind, const struct lockval_key *key);

/*
 * The calling thread's next acquisition of the pthread lock @lock counts as of @subclass. Call it right before the
 * pthread call; it is forgotten after that one, and when another lock is taken first.
 *
 *     lockval_next_subclass(&child->lock, 1);
 *     pthread_mutex_lock(&child->lock);
 */
LOCKVAL_API void lockval_next_subclass(const void *lock, unsigned subclass);

/* The same for a nest lock: @lock's class may be nested in any order, because @nest, which the thread holds, excludes
 * others. */
LOCKVAL_API void lockval_next_nest(const void *lock, const void *nest);

/* ---- events (completions) ------------------------------------------------------------------------------------------ */

/*
 * Waiting for an event while holding L means L -> event; what the completing thread acquired since that wait began means
 * event -> that lock. Such edges make findings of kind "event".
 *
 *     void completion_wait(struct completion *c)        void completion_signal(struct completion *c)
 *     {                                                 {
 *         lockval_begin_wait(&c->event);                    lockval_complete_event(&c->event);
 *         ... sleep until c->done ...                       c->done = 1; ... wake ...
 *         lockval_end_wait(&c->event);                  }
 *     }
 */
LOCKVAL_API void lockval_init_event(struct lockval_event *event, const char *name, const struct lockval_key *key);
LOCKVAL_API void lockval_begin_wait(struct lockval_event *event);
LOCKVAL_API void lockval_end_wait(struct lockval_event *event);
LOCKVAL_API void lockval_complete_event(struct lockval_event *event);

/* The thread begins a new piece of work: what it acquired before has no bearing on events that it completes from here
 * on. For the top of a worker's loop. */
LOCKVAL_API void lockval_cut_history(void);

/* ---- contexts ------------------------------------------------------------------------------------------------------ */

/* Declare a context. Returns its number, or -1 when there are already 8. @name must stay valid. */
LOCKVAL_API int lockval_declare_context(const char *name, enum lockval_context_level level);

/* The thread enters or leaves the context. Locks taken inside form chains of their own: no edge leads from what the
 * interrupted code holds. Entries nest. A lock taken inside, and held elsewhere, itself or over a chain of others, while the
 * context can interrupt is a finding (signal), unless it was taken by a trylock or with a timeout. */
LOCKVAL_API void lockval_enter_context(int context);
LOCKVAL_API void lockval_exit_context(int context);

/* From here on the context cannot interrupt this thread, or can again, which counts for what is held, too. Disables nest. A
 * context that is entered cannot interrupt itself, and a soft one nothing that is in a hard one or disables one. */
LOCKVAL_API void lockval_disable_context(int context);
LOCKVAL_API void lockval_enable_context(int context);

/* Inside of the context nothing that waits longer than @wait may be taken. Without this call that is LOCKVAL_WAIT_SPIN for a
 * hard and LOCKVAL_WAIT_CONFIG for a soft context, and counts only for locks that have a stated type. */
LOCKVAL_API void lockval_set_context_wait_type(int context, enum lockval_wait wait);

/* ---- questions and claims ------------------------------------------------------------------------------------------ */

/* Does the calling thread hold @lock (a map or a pthread lock) in @mode? 1 yes, 0 no, -1 unknown (lockval is absent or
 * off). LOCKVAL_READ is satisfied by either kind of reader, LOCKVAL_ANY by any mode. */
LOCKVAL_API int lockval_is_held(const void *lock, enum lockval_mode mode);

/* A finding (assert) unless the calling thread holds @lock in @mode. */
LOCKVAL_API void lockval_assert_held(const void *lock, enum lockval_mode mode);

/* A finding (assert) if the calling thread holds @lock. */
LOCKVAL_API void lockval_assert_not_held(const void *lock);

/* A finding (assert) if the calling thread holds any lock. */
LOCKVAL_API void lockval_assert_none_held(void);

/* A finding (assert) unless the calling thread is inside of the declared context, or if it is. */
LOCKVAL_API void lockval_assert_in_context(int context);
LOCKVAL_API void lockval_assert_not_in_context(int context);

/* A finding (assert) unless the declared context can interrupt the calling thread, or if it can. It cannot while it is
 * entered or disabled; a soft one neither while a hard one is. */
LOCKVAL_API void lockval_assert_context_enabled(int context);
LOCKVAL_API void lockval_assert_context_disabled(int context);

/* A finding (assert) unless @is_true; @claim says what should be. Evaluated only where the library is there. */
LOCKVAL_API void lockval_assert(int is_true, const char *claim);

/* How many locks the calling thread holds; -1 unknown (lockval is absent or off). */
LOCKVAL_API int lockval_depth(void);

/* Write to the log what the calling thread holds; what all threads hold. */
LOCKVAL_API void lockval_show_held(void);
LOCKVAL_API void lockval_show_all_held(void);

/* This code may take @lock in @mode although it does not now: the edges are recorded as if it did. */
LOCKVAL_API void lockval_might_lock(void *lock, enum lockval_kind kind, enum lockval_mode mode);
LOCKVAL_API void lockval_might_lock_map(struct lockval_map *map, enum lockval_mode mode);

/* The same for an acquisition with @subclass. */
LOCKVAL_API void lockval_might_lock_nested(void *lock, enum lockval_kind kind, enum lockval_mode mode,
                                           unsigned subclass);
LOCKVAL_API void lockval_might_lock_map_nested(struct lockval_map *map, enum lockval_mode mode, unsigned subclass);

/* @lock must stay held until it is unpinned with the cookie that is returned (never 0 under the library, 0 without it).
 * Releasing a pinned lock, or a wrong cookie, is a finding (assert). */
LOCKVAL_API unsigned lockval_pin(const void *lock);
LOCKVAL_API void lockval_unpin(const void *lock, unsigned cookie);

/* @lock was released and taken again while it was unpinned; from here on the pin of @cookie stands again. */
LOCKVAL_API void lockval_repin(const void *lock, unsigned cookie);

/* ---- the validator ------------------------------------------------------------------------------------------------- */

/* Stop and resume watching the calling thread. Calls nest. Locks must not be taken on one side and released on the
 * other. */
LOCKVAL_API void lockval_off(void);
LOCKVAL_API void lockval_on(void);

/* Call @fn for each finding, in the thread that made it, after the text was written; null ends it. The callback runs
 * unwatched: it may take locks, but the thread still holds what it held when the finding was made. Returns the function
 * that was set before. */
LOCKVAL_API lockval_report_fn lockval_set_report_callback(lockval_report_fn fn, void *arg);

/* How many findings this process made so far that count for the exit status (option fail_on). */
LOCKVAL_API unsigned lockval_count_findings(void);

/* The library's version, "0.1.0"; null when it is absent. */
LOCKVAL_API const char *lockval_version(void);

#if !defined(LOCKVAL_BUILD)
/* A macro of the same name asks first whether the library is there. */
#define LOCKVAL_CALL_(fn, args) ((fn) ? (fn)args : (void)0)
#define lockval_init_map(map, name, key) LOCKVAL_CALL_(lockval_init_map, (map, name, key))
#define lockval_set_class_map(map, key, name) LOCKVAL_CALL_(lockval_set_class_map, (map, key, name))
#define lockval_acquire_map(map, mode, subclass, flags, nest) \
    LOCKVAL_CALL_(lockval_acquire_map, (map, mode, subclass, flags, nest))
#define lockval_contended_map(map) LOCKVAL_CALL_(lockval_contended_map, (map))
#define lockval_acquired_map(map) LOCKVAL_CALL_(lockval_acquired_map, (map))
#define lockval_abandon_map(map) LOCKVAL_CALL_(lockval_abandon_map, (map))
#define lockval_release_map(map) LOCKVAL_CALL_(lockval_release_map, (map))
#define lockval_downgrade_map(map) LOCKVAL_CALL_(lockval_downgrade_map, (map))
#define lockval_sync_map(map, mode, subclass, nest) LOCKVAL_CALL_(lockval_sync_map, (map, mode, subclass, nest))
#define lockval_set_novalidate_map(map) LOCKVAL_CALL_(lockval_set_novalidate_map, (map))
#define lockval_set_notrack_map(map) LOCKVAL_CALL_(lockval_set_notrack_map, (map))
#define lockval_match_class_map(map, key) (lockval_match_class_map ? (lockval_match_class_map)(map, key) : -1)
#define lockval_register_key(key) LOCKVAL_CALL_(lockval_register_key, (key))
#define lockval_unregister_key(key) LOCKVAL_CALL_(lockval_unregister_key, (key))
#define lockval_free_key_range(start, size) LOCKVAL_CALL_(lockval_free_key_range, (start, size))
#define lockval_set_class(lock, kind, key, name) LOCKVAL_CALL_(lockval_set_class, (lock, kind, key, name))
#define lockval_set_novalidate(lock, kind) LOCKVAL_CALL_(lockval_set_novalidate, (lock, kind))
#define lockval_set_notrack(lock, kind) LOCKVAL_CALL_(lockval_set_notrack, (lock, kind))
#define lockval_set_subclass(lock, kind, subclass) LOCKVAL_CALL_(lockval_set_subclass, (lock, kind, subclass))
#define lockval_set_subclass_map(map, subclass) LOCKVAL_CALL_(lockval_set_subclass_map, (map, subclass))
#define lockval_set_held_subclass(lock, subclass) LOCKVAL_CALL_(lockval_set_held_subclass, (lock, subclass))
#define lockval_set_order(lock, kind, cmp, print) LOCKVAL_CALL_(lockval_set_order, (lock, kind, cmp, print))
#define lockval_set_order_map(map, cmp, print) LOCKVAL_CALL_(lockval_set_order_map, (map, cmp, print))
#define lockval_set_wait_type(lock, kind, outer, inner) LOCKVAL_CALL_(lockval_set_wait_type, (lock, kind, outer, inner))
#define lockval_set_wait_type_map(map, outer, inner) LOCKVAL_CALL_(lockval_set_wait_type_map, (map, outer, inner))
#define lockval_set_wait_override_map(map, inner) LOCKVAL_CALL_(lockval_set_wait_override_map, (map, inner))
#define lockval_match_class(lock, kind, key) (lockval_match_class ? (lockval_match_class)(lock, kind, key) : -1)
#define lockval_next_subclass(lock, subclass) LOCKVAL_CALL_(lockval_next_subclass, (lock, subclass))
#define lockval_next_nest(lock, nest) LOCKVAL_CALL_(lockval_next_nest, (lock, nest))
#define lockval_init_event(event, name, key) LOCKVAL_CALL_(lockval_init_event, (event, name, key))
#define lockval_begin_wait(event) LOCKVAL_CALL_(lockval_begin_wait, (event))
#define lockval_end_wait(event) LOCKVAL_CALL_(lockval_end_wait, (event))
#define lockval_complete_event(event) LOCKVAL_CALL_(lockval_complete_event, (event))
#define lockval_cut_history() LOCKVAL_CALL_(lockval_cut_history, ())
#define lockval_declare_context(name, level) (lockval_declare_context ? (lockval_declare_context)(name, level) : -1)
#define lockval_enter_context(context) LOCKVAL_CALL_(lockval_enter_context, (context))
#define lockval_exit_context(context) LOCKVAL_CALL_(lockval_exit_context, (context))
#define lockval_disable_context(context) LOCKVAL_CALL_(lockval_disable_context, (context))
#define lockval_enable_context(context) LOCKVAL_CALL_(lockval_enable_context, (context))
#define lockval_set_context_wait_type(context, wait) LOCKVAL_CALL_(lockval_set_context_wait_type, (context, wait))
#define lockval_is_held(lock, mode) (lockval_is_held ? (lockval_is_held)(lock, mode) : -1)
#define lockval_assert_held(lock, mode) LOCKVAL_CALL_(lockval_assert_held, (lock, mode))
#define lockval_assert_not_held(lock) LOCKVAL_CALL_(lockval_assert_not_held, (lock))
#define lockval_assert_none_held() LOCKVAL_CALL_(lockval_assert_none_held, ())
#define lockval_assert_in_context(context) LOCKVAL_CALL_(lockval_assert_in_context, (context))
#define lockval_assert_not_in_context(context) LOCKVAL_CALL_(lockval_assert_not_in_context, (context))
#define lockval_assert_context_enabled(context) LOCKVAL_CALL_(lockval_assert_context_enabled, (context))
#define lockval_assert_context_disabled(context) LOCKVAL_CALL_(lockval_assert_context_disabled, (context))
#define lockval_assert(is_true, claim) LOCKVAL_CALL_(lockval_assert, (is_true, claim))
#define lockval_depth() (lockval_depth ? (lockval_depth)() : -1)
#define lockval_show_held() LOCKVAL_CALL_(lockval_show_held, ())
#define lockval_show_all_held() LOCKVAL_CALL_(lockval_show_all_held, ())
#define lockval_might_lock(lock, kind, mode) LOCKVAL_CALL_(lockval_might_lock, (lock, kind, mode))
#define lockval_might_lock_map(map, mode) LOCKVAL_CALL_(lockval_might_lock_map, (map, mode))
#define lockval_might_lock_nested(lock, kind, mode, subclass) \
    LOCKVAL_CALL_(lockval_might_lock_nested, (lock, kind, mode, subclass))
#define lockval_might_lock_map_nested(map, mode, subclass) \
    LOCKVAL_CALL_(lockval_might_lock_map_nested, (map, mode, subclass))
#define lockval_pin(lock) (lockval_pin ? (lockval_pin)(lock) : 0u)
#define lockval_unpin(lock, cookie) LOCKVAL_CALL_(lockval_unpin, (lock, cookie))
#define lockval_repin(lock, cookie) LOCKVAL_CALL_(lockval_repin, (lock, cookie))
#define lockval_off() LOCKVAL_CALL_(lockval_off, ())
#define lockval_on() LOCKVAL_CALL_(lockval_on, ())
#define lockval_set_report_callback(fn, arg) \
    (lockval_set_report_callback ? (lockval_set_report_callback)(fn, arg) : (lockval_report_fn)0)
#define lockval_count_findings() (lockval_count_findings ? (lockval_count_findings)() : 0u)
#define lockval_version() (lockval_version ? (lockval_version)() : (const char *)0)
#endif

#else /* LOCKVAL_DISABLE: nothing is left of a call */

#define lockval_init_map(map, name, key) ((void)0)
#define lockval_set_class_map(map, key, name) ((void)0)
#define lockval_acquire_map(map, mode, subclass, flags, nest) ((void)0)
#define lockval_contended_map(map) ((void)0)
#define lockval_acquired_map(map) ((void)0)
#define lockval_abandon_map(map) ((void)0)
#define lockval_release_map(map) ((void)0)
#define lockval_downgrade_map(map) ((void)0)
#define lockval_sync_map(map, mode, subclass, nest) ((void)0)
#define lockval_set_novalidate_map(map) ((void)0)
#define lockval_set_notrack_map(map) ((void)0)
#define lockval_match_class_map(map, key) (-1)
#define lockval_register_key(key) ((void)0)
#define lockval_unregister_key(key) ((void)0)
#define lockval_free_key_range(start, size) ((void)0)
#define lockval_set_class(lock, kind, key, name) ((void)0)
#define lockval_set_novalidate(lock, kind) ((void)0)
#define lockval_set_notrack(lock, kind) ((void)0)
#define lockval_set_subclass(lock, kind, subclass) ((void)0)
#define lockval_set_subclass_map(map, subclass) ((void)0)
#define lockval_set_held_subclass(lock, subclass) ((void)0)
#define lockval_set_order(lock, kind, cmp, print) ((void)0)
#define lockval_set_order_map(map, cmp, print) ((void)0)
#define lockval_set_wait_type(lock, kind, outer, inner) ((void)0)
#define lockval_set_wait_type_map(map, outer, inner) ((void)0)
#define lockval_set_wait_override_map(map, inner) ((void)0)
#define lockval_match_class(lock, kind, key) (-1)
#define lockval_next_subclass(lock, subclass) ((void)0)
#define lockval_next_nest(lock, nest) ((void)0)
#define lockval_init_event(event, name, key) ((void)0)
#define lockval_begin_wait(event) ((void)0)
#define lockval_end_wait(event) ((void)0)
#define lockval_complete_event(event) ((void)0)
#define lockval_cut_history() ((void)0)
#define lockval_declare_context(name, level) (-1)
#define lockval_enter_context(context) ((void)0)
#define lockval_exit_context(context) ((void)0)
#define lockval_disable_context(context) ((void)0)
#define lockval_enable_context(context) ((void)0)
#define lockval_set_context_wait_type(context, wait) ((void)0)
#define lockval_is_held(lock, mode) (-1)
#define lockval_assert_held(lock, mode) ((void)0)
#define lockval_assert_not_held(lock) ((void)0)
#define lockval_assert_none_held() ((void)0)
#define lockval_assert_in_context(context) ((void)0)
#define lockval_assert_not_in_context(context) ((void)0)
#define lockval_assert_context_enabled(context) ((void)0)
#define lockval_assert_context_disabled(context) ((void)0)
#define lockval_assert(is_true, claim) ((void)0)
#define lockval_depth() (-1)
#define lockval_show_held() ((void)0)
#define lockval_show_all_held() ((void)0)
#define lockval_might_lock(lock, kind, mode) ((void)0)
#define lockval_might_lock_map(map, mode) ((void)0)
#define lockval_might_lock_nested(lock, kind, mode, subclass) ((void)0)
#define lockval_might_lock_map_nested(map, mode, subclass) ((void)0)
#define lockval_pin(lock) (0u)
#define lockval_unpin(lock, cookie) ((void)0)
#define lockval_repin(lock, cookie) ((void)0)
#define lockval_off() ((void)0)
#define lockval_on() ((void)0)
#define lockval_set_report_callback(fn, arg) ((lockval_report_fn)0)
#define lockval_count_findings() (0u)
#define lockval_version() ((const char *)0)

#endif

#ifdef __cplusplus
}
#endif

#endif
