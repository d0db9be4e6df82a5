/* SPDX-License-Identifier: MIT */
#ifndef CLI_RECORD_MODEL_H
#define CLI_RECORD_MODEL_H

/*
 * What a record says (docs/record-format.md), connected: where a line has a number, here is a pointer. One struct for each kind
 * of line, with the members' names.
 *
 *     struct rec_set *set = rec_open();
 *
 *     if (rec_read(set, "run.jsonl"))
 *         for (size_t i = 0; i < set->process_count; i++)
 *             print(set->processes[i]);
 *     rec_close(set);
 *
 * All that is in a set lives until rec_close(). Texts are never null: what a line does not have is empty. Equal texts of a set
 * are the same pointer. A pointer to something that the record refers to and does not have (a line is torn or lost) leads to a struct whose
 * .known is false and whose number is right; a pointer is null where the record refers to nothing.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rec_mode {
    REC_WRITE,
    REC_READ,
    REC_READ_RECURSIVE
};

/* From the lowest on. A verdict that the command does not know is REC_VERDICT_OTHER. */
enum rec_verdict {
    REC_VERDICT_OTHER,
    REC_GUARDED,
    REC_POTENTIAL,
    REC_FEASIBLE,
    REC_MISUSE,
    REC_DEADLOCK
};

enum rec_standing {
    REC_IS_LOCK,
    REC_IS_CANDIDATE,
    REC_IS_EVENT
};

/* Flags of a lock. */
enum {
    REC_TRY = 1,
    REC_TIMED = 2,
    REC_UNCHECKED = 4,
    REC_SYNC = 8
};

/* Modes of an edge: bit 0 to 3 as in the list, shifted by 4 with a time limit. */
enum {
    REC_ER = 1,
    REC_EN = 2,
    REC_SR = 4,
    REC_SN = 8,
    REC_TIMED_SHIFT = 4
};

struct rec_process;

/* Where something stands in the source. */
struct rec_source {
    const char *function; /* empty: not known */
    const char *file;
    int line;  /* 0: not known */
    int from;  /* the same, counted from the line where the function is declared; -1: not known. Of classes only */
    bool more; /* of a class: the function has such calls at other lines as well */
};

/* A run whose record went into a merged one. A run is one process's record. */
struct rec_run {
    uint32_t id;
    bool known;
    const char *of;   /* "<pid>/<run>" of its record */
    const char *hash; /* 16 hexadecimal digits: which run it is, among all there are */
    const char *program, *path;
    size_t argc;
    const char **argv;
    const char *test, *commit, *host; /* empty: not known */
    uint64_t start_ms;
    bool forked;
};

/* Of a class or an edge of a merged record: in which runs it was seen. */
struct rec_seen {
    uint64_t first_ms, last_ms; /* milliseconds since 1970, when those runs began */
    uint64_t runs;              /* how many */
    bool runs_exact;            /* false: .runs is estimated */
    size_t sample_count;
    const char **sample; /* the smallest of their hashes, in order */
    size_t test_count;
    const char **tests; /* names of tests, in order */
    bool more_tests;    /* there were others */
    bool left_out;      /* an edge: not all kinds of its witnesses were kept */
};

struct rec_module {
    uint32_t id;
    bool known;
    const char *path;
    const char *name;
    const char *build_id; /* hexadecimal; empty: it has none */
    uint64_t load, start, end;
    bool program;
};

struct rec_thread {
    uint32_t id;
    bool known;
    int64_t tid;
    const char *name;
    const char *shown; /* what findings call it, as reports do; empty: none speaks of it */
    const char *start; /* a place; empty: not known */
};

struct rec_frame {
    struct rec_module *module;      /* null: outside of all */
    uint64_t offset;                /* a return address within the module; without one, the address itself */
    const char *name;               /* "function+0x41"; may be empty */
    size_t line_count;              /* what was known of the source when the record was merged */
    const struct rec_source *lines; /* what is inlined first */
};

struct rec_stack {
    uint32_t id;
    bool known;
    size_t count;
    struct rec_frame *frames; /* innermost first */
};

struct rec_class {
    uint32_t id;
    bool known;
    struct rec_process *process;
    const char *key;
    const char *stable;
    const char *name;
    const char *kind; /* of its locks */
    const char *origin;
    struct rec_class *base; /* null: it is no class of a subclass */
    unsigned subclass;
    bool named;
    unsigned wait_outer, wait_inner;
    const char *usage; /* four characters */
    enum rec_standing standing;
    struct rec_seen seen;     /* this and the following: in merged records */
    struct rec_source source; /* of the call or variable by which it was formed */
    size_t key_count;         /* the keys of all classes that were found to be this one; 0: .key alone */
    const char **keys;
    size_t stable_count; /* all stable keys that it had in its runs; 0: .stable alone */
    const char **stables;
    bool nests; /* a thread held two of it at once; a run says that by its chains */
};

/* A lock: an object, in a witness or in a finding. */
struct rec_lock {
    struct rec_class *class; /* null: none is known */
    uint64_t instance;       /* 0: not known */
    uint64_t address;
    enum rec_mode mode;
    unsigned flags;
    struct rec_stack *stack; /* null: none */
    bool earlier;            /* the stack is that of an earlier acquisition from the same call */
    const char *key; /* these three in findings only: rec_lock_name() and rec_lock_key() look at the class as well */
    const char *name;
    const char *site;
};

struct rec_witness {
    uint32_t id;
    bool known;
    struct rec_thread *thread;
    struct rec_lock wanted;
    size_t held_count;
    struct rec_lock *held; /* oldest first */
    bool left_out;
    struct rec_run *run; /* null: the record is not a merged one */
};

/* That @held[.held] of the witness was held when what it wants was wanted. */
struct rec_evidence {
    struct rec_witness *witness;
    size_t held;
};

struct rec_edge {
    struct rec_class *from, *to;
    unsigned modes;
    size_t evidence_count;
    struct rec_evidence *evidence;
    uint64_t acquisitions, chains; /* 0 until the process ended; in a merged record the largest of one run */
    struct rec_seen seen;          /* in merged records */
};

/* What can interrupt a thread. */
struct rec_context {
    const char *name;    /* of the signal, or as the program declared it */
    const char *handler; /* a place: the function that handles the signal; empty: a declared context, or not known */
};

/* A class was used in contexts, or held while they could interrupt. */
struct rec_use {
    struct rec_class *class;
    bool inside, weak;
    size_t context_count;
    const struct rec_context *contexts;
    struct rec_thread *thread; /* null: not known */
    struct rec_lock lock;
    struct rec_stack *at; /* of the call that let the contexts interrupt; null: the acquisition itself */
    struct rec_run *run;  /* null: the record is not a merged one */
};

/* A lock of a chain. */
struct rec_link {
    struct rec_class *class;
    enum rec_mode mode;
    unsigned flags;
};

/* What was held and taken, in order: the last one was taken. */
struct rec_chain {
    uint32_t id;
    size_t count; /* never 0 */
    struct rec_link *links;
    unsigned level;
    uint64_t acquisitions;
};

/* Nanoseconds; all 0 where .count is. */
struct rec_times {
    uint64_t count, min, max, total;
};

struct rec_holder {
    struct rec_frame site; /* without module and offset: not known */
    uint64_t count, total;
};

/* What the option lock_stat counted of a class, in one mode, at one call. */
struct rec_lock_stat {
    struct rec_class *class;
    bool reads;
    struct rec_frame site;
    uint64_t acquisitions, failed;
    struct rec_times wait, hold;
    size_t holder_count;
    struct rec_holder *holders;
};

enum rec_step_kind {
    REC_STEP_LOCK,
    REC_STEP_WAIT,
    REC_STEP_INTERRUPT,
    REC_STEP_COMPLETE,
    REC_STEP_END
};

struct rec_step {
    enum rec_step_kind kind;
    struct rec_thread *thread;
    struct rec_lock held, wanted;
    struct rec_run *run; /* null: the record is not a merged one, or no run is known to have done it */
};

/* A thread with a lock, of a finding. */
struct rec_side {
    struct rec_thread *thread; /* null: there is none */
    struct rec_lock lock;
    bool waits;
    struct rec_run *run; /* as of a step */
};

struct rec_stuck {
    struct rec_thread *thread;
    const char *waits; /* lock, join, cond, sem, barrier, event */
    bool timed, last;
    int64_t waited_ms; /* -1: not known */
    struct rec_lock wanted;
    bool has_with;
    struct rec_lock with;
    struct rec_thread *joined; /* null: it joins none */
    long blocker;              /* in the list, from 0; -1: none of them */
    enum rec_mode blocker_mode;
    bool blocker_queued;
    size_t held_count;
    struct rec_lock *held;
    uint32_t left_out;
};

struct rec_finding {
    unsigned number; /* in its process, from 1 on, as they came first */
    struct rec_process *process;
    const char *kind; /* words of the format: compare with strcmp, or by pointer within a set */
    enum rec_verdict verdict;
    const char *verdict_name;
    const char *before; /* the verdict that it had before it was upgraded last; empty: never */
    size_t reason_count;
    const char **reasons;
    const char *fingerprint;
    bool counts;
    uint64_t ms;
    struct rec_thread *thread;
    struct rec_run *run; /* null: the record is not a merged one, or no run made it by itself */
    size_t also_count;   /* other runs that made it, of those that the record has */
    struct rec_run **also;
    struct rec_seen seen; /* in merged records: which runs made it, with this verdict */

    size_t edge_count; /* of an order: each wants what the next holds, the last what the first holds */
    struct rec_step *edges;
    size_t acquisition_count; /* the same with as few acquisitions as close it; without them in the record, the edges */
    struct rec_step *acquisitions;

    size_t held_count; /* what .thread held, oldest first */
    struct rec_lock *held;

    bool has_subject;
    struct rec_lock subject;
    const char *detail;
    struct rec_stack *stack; /* null: none */
    struct rec_side holder;
    const char *usage_state; /* kind signal: which signal or context; empty: another kind */
    struct rec_side usage_inside, usage_open;

    size_t stuck_count; /* kind deadlock */
    struct rec_stuck *stuck;
    size_t circle;
    const char *predicted_kind, *predicted_verdict, *predicted_fingerprint; /* empty: it was not */

    const char
        *against; /* kind order: the file of the expected order that it is against, and the line; empty: another kind */
    uint32_t against_line;

    const char *suppressed_by; /* the entry that suppresses it, "kind:pattern"; empty: it is shown */
    const char *suppressed_from, *suppressed_reason;
    uint32_t suppressed_line;

    const char *text;   /* the report of the library; after an upgrade, what it said then */
    const char *report; /* the report as it was said first */
    json_t *line;       /* the line itself, as it was said last */
};

struct rec_process {
    struct rec_set *set;
    const char *file; /* that it was read from first */
    int64_t pid;
    const char *run;

    bool has_meta; /* these need the line `meta` */
    unsigned format;
    const char *version;
    const char *program, *path, *cwd;
    size_t argc;
    const char **argv;
    bool argv_cut;
    int64_t ppid;
    bool forked;
    uint64_t start_ms;
    const char *test, *commit, *host; /* empty: not known */
    json_t *options;                  /* an object of texts; null without meta and in a merged record */

    bool merged;          /* what many runs learned, as one process that there never was; .pid is 0 */
    uint64_t merged_runs; /* how many runs went into it */
    bool merged_runs_exact;
    size_t sample_count;
    const char **sample; /* the smallest of their hashes, in order */
    size_t run_count;    /* those that witnesses and findings are of */
    struct rec_run **runs;

    size_t module_count, class_count, thread_count, stack_count, witness_count, edge_count, finding_count;
    struct rec_module **modules; /* all in the order in which the record spoke of them first */
    struct rec_class **classes;
    struct rec_thread **threads;
    struct rec_stack **stacks;
    struct rec_witness **witnesses;
    struct rec_edge **edges;
    struct rec_finding **findings;
    size_t use_count;
    struct rec_use **uses;
    size_t chain_count, lock_stat_count; /* 0 until the process ended, as are these */
    struct rec_chain **chains;
    struct rec_lock_stat **lock_stats;

    json_t *end; /* the line; null: it was killed, crashed, became another program, or runs yet */

    struct rec_indexes *indexes; /* for the reader */
};

struct rec_set {
    size_t process_count;
    struct rec_process **processes; /* in the order in which they were read */
    size_t lines;                   /* that were understood */
    size_t bad_lines;               /* that are no JSON object, or lack what every line has */
    size_t unknown_lines;           /* of a type that the command does not know */
    unsigned newest_format;

    struct rec_books *books; /* for the reader */
};

/* Never null. */
struct rec_set *rec_open(void);
void rec_close(struct rec_set *set);

/* Add the record in the file @path, "-" is stdin. Lines that are not understood are counted and left out. Returns false, after a
 * complaint, if the file cannot be read or has no line of a record; what was read before stays. */
bool rec_read(struct rec_set *set, const char *path);

/* Does the file at @path begin as a merged record does? */
bool rec_is_merged(const char *path);

/* Add one line. Returns false if it was not understood. */
bool rec_read_line(struct rec_set *set, const char *file, const char *text, size_t len);

/* The one of @process with this number, or null. */
struct rec_class *rec_class(const struct rec_process *process, uint32_t id);
struct rec_stack *rec_stack(const struct rec_process *process, uint32_t id);
/* From one class to the other, or null. */
struct rec_edge *rec_edge(const struct rec_process *process, const struct rec_class *from, const struct rec_class *to);

/* What the class of @lock is called, and its key: empty where nothing is known. */
const char *rec_lock_name(const struct rec_lock *lock);
const char *rec_lock_key(const struct rec_lock *lock);

/* The words of the format; back: the enum, REC_VERDICT_OTHER for an unknown word. */
const char *rec_mode_name(enum rec_mode mode);
const char *rec_verdict_name(enum rec_verdict verdict);
enum rec_verdict rec_verdict_of(const char *word);
const char *rec_step_kind_name(enum rec_step_kind kind);

/* How many runs made @finding besides .run and the first @named of .also, as far as that is known. */
uint64_t rec_more_runs(const struct rec_finding *finding, size_t named);

/* Which run that is, in a line: "PROGRAM ARGUMENTS (test NAME), commit ID, on HOST, 2026-11-29 05:04:01"; memory to free. */
char *rec_run_words(const struct rec_run *run);

/* "a -> b -> a" of an order of locks, empty for other findings; memory to free. Subclasses are in the names. */
char *rec_cycle(const struct rec_finding *finding);

/* Findings of all processes, worst verdict first, in the order in which they were made within one verdict. Returns an array of
 * *ret_count pointers, to free. */
struct rec_finding **rec_sorted_findings(const struct rec_set *set, size_t *ret_count);

#endif
