/* SPDX-License-Identifier: MIT */
#ifndef CLI_RECORD_READER_H
#define CLI_RECORD_READER_H

/*
 * Between the files that read a record: what a line's members are, and the structs that numbers stand for.
 */

#include "record/model.h"
#include "record/pool.h"

/* Of a process: number -> struct. */
struct rec_indexes {
    struct rec_index modules, classes, threads, stacks, witnesses, edges, runs;
    struct rec_index findings; /* by the pool's text of the fingerprint */
};

struct rec_books {
    struct rec_pool *pool;
    struct rec_index processes; /* by the pool's text "pid/run" */
};

/* A line that is read. */
struct rec_line {
    struct rec_process *process;
    struct rec_pool *pool;
    json_t *json;
};

/* Members of @object; what is missing or of another type is empty, 0, false. Addresses are texts in hexadecimal. */
const char *rec_text_member(const struct rec_line *line, const json_t *object, const char *member);
uint64_t rec_number_member(const json_t *object, const char *member);
uint64_t rec_address_member(const json_t *object, const char *member);
bool rec_bool_member(const json_t *object, const char *member);

/* The struct with the number @id of the line's process, made anew if there was none. Null if @id is 0. */
struct rec_module *rec_module_at(const struct rec_line *line, uint64_t id);
struct rec_class *rec_class_at(const struct rec_line *line, uint64_t id);
struct rec_thread *rec_thread_at(const struct rec_line *line, uint64_t id);
struct rec_stack *rec_stack_at(const struct rec_line *line, uint64_t id);
struct rec_witness *rec_witness_at(const struct rec_line *line, uint64_t id);

enum rec_mode rec_mode_of(const char *word);

unsigned rec_flags_of(const json_t *array);

/* A frame, of a stack or alone. */
struct rec_frame rec_frame_of(const struct rec_line *line, const json_t *json);

/* The lock that the object @json describes. */
struct rec_lock rec_lock_of(const struct rec_line *line, const json_t *json);
/* An array of locks. */
struct rec_lock *rec_locks_of(const struct rec_line *line, const json_t *array, size_t *ret_count);
/* A thread as findings have it: more may be known of it than of the process's, so what is there is filled in. Null: none. */
struct rec_thread *rec_thread_of(const struct rec_line *line, const json_t *json);

/* Of merged records: a place in the source, a list of them, and in which runs the line's class or edge was seen. */
struct rec_source rec_source_member(const struct rec_line *line, const json_t *object, const char *member);
const struct rec_source *rec_sources_of(const struct rec_line *line, const json_t *array, size_t *ret_count);
void rec_read_seen(const struct rec_line *line, struct rec_seen *seen);
struct rec_run *rec_run_at(const struct rec_line *line, uint64_t id);

/* What a merged record has more in its lines "class" and "meta". */
void rec_read_merged_class(const struct rec_line *line, struct rec_class *class);
void rec_read_merged_meta(const struct rec_line *line);

/* Take in a line of the type "run", "use", "finding", "chain", "lock_stat". */
void rec_read_run(const struct rec_line *line);
void rec_read_use(const struct rec_line *line);
void rec_read_finding(const struct rec_line *line);
void rec_read_chain(const struct rec_line *line);
void rec_read_lock_stat(const struct rec_line *line);

#endif
