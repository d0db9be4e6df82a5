/* SPDX-License-Identifier: MIT */
#ifndef CLI_MERGE_UNION_H
#define CLI_MERGE_UNION_H

/*
 * What many runs learned, put together: the content of a merged record (docs/record-format.md).
 *
 *     struct un_union *all = un_open();
 *
 *     for (each file) {
 *         struct rec_set *set = rec_open();
 *
 *         if (rec_read(set, file))
 *             un_add_set(all, set);
 *         rec_close(set);
 *     }
 *     un_write(all, out);
 *     un_close(all);
 *
 * Adding is associative, commutative and idempotent: the same runs give the same union to the byte, in whatever order, however
 * often, and whether they come as records of their own or merged before. So a fleet's records can be put together as a tree.
 *
 * A union refers to nothing of what was added: the sets can be closed. Its memory is that of the result.
 */

#include <stdbool.h>
#include <stdio.h>

#include "record/model.h"

struct un_union;

enum {
    UN_SHAPES = 16, /* witnesses of an edge that are kept, each of another shape */
    UN_SAMPLE = 16, /* hashes of runs that are kept of a class or an edge; as many are counted exactly */
    UN_RUNS = 64,   /* the same of the whole */
    UN_TESTS = 16,  /* names of tests that are kept of a class or an edge */
    UN_STABLES = 8  /* stable keys that are kept of a class */
};

/* Never null. */
struct un_union *un_open(void);
void un_close(struct un_union *all);

/* Add what @process learned, be it a run or itself merged. @process is a record as it was read: classes that were matched over
 * builds (rec_class.keys) are added as their first. */
void un_add(struct un_union *all, const struct rec_process *process);

/* The same, where classes of other builds were found to be the same: @same has, by the pointer of such a class, the class that stands
 * for all of them. The result is for looking at: it is not what the runs said. */
struct rec_index;
void un_add_matched(struct un_union *all, const struct rec_process *process, const struct rec_index *same);

/* Add all processes of @set. */
void un_add_set(struct un_union *all, const struct rec_set *set);

/* Note what the files that ran say of the places in @all: the functions and lines of its stacks, and where its classes are formed. Of
 * what is known already, and of files that are not there any more, nothing changes. */
struct sym_session;
void un_look_up(struct un_union *all, struct sym_session *symbols);

/* Write the merged record: the same bytes for the same content. False if the stream failed. */
bool un_write(const struct un_union *all, FILE *out);

/* The union as a set with one merged process, as if un_write()'s text had been read. The caller closes it. */
struct rec_set *un_read_back(const struct un_union *all, const char *file);

/* The identity of a class over runs: what a union takes for the same. Equal texts, the same class. */
const char *un_identity(const struct rec_class *class);

/* The hash by which a run is known, of the process it was or of a run of a merged record: 16 hexadecimal digits and a null. */
void un_run_hash(const struct rec_process *process, char ret_hash[17]);

#endif
