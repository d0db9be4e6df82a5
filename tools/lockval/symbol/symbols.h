/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_SYMBOLS_H
#define CLI_SYMBOL_SYMBOLS_H

/*
 * What the places of a record are called, and where they stand in the source: from the files that ran, their separate debug
 * files (.gnu_debuglink, build-ids), or a debuginfod server, by elfutils. The programs need not run any more.
 *
 *     struct sym_session *symbols = sym_open(&(struct sym_options){ 0 });
 *     const struct sym_frames *frames = sym_look(symbols, frame->module, frame->offset, SYM_CALL);
 *
 * A file that is another one than ran, by its build-id, is never asked: its lines would be wrong. Of what is not known there is
 * less, not a guess. Texts and frames live as long as the session.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/model.h"

struct sym_session;

struct sym_options {
    const char *const *source_dirs; /* folders in which sources are looked for, too; null ends them. May be null */
    const char *debug_path;         /* folders of debug files, as in elfutils (":" between them); null: the usual */
    const struct rec_set *set;      /* the records, which must live longer; null: see below. More may be read into it */
};

/* One function at a place. */
struct sym_frame {
    const char *function; /* demangled; empty: not known */
    const char *symbol;   /* the linker's name; empty: it is inlined, or not known */
    const char *file;     /* of the source; empty: not known */
    int line, column;     /* 0: not known */
    int declared;         /* the line of the function's declaration; 0: not known */
    bool inlined;         /* into the next one */
    bool library;         /* of the C++ library's, so that a reader can do without it wherever it stands */
    bool
        wrapper; /* that, or a function which only stands between its caller and a lock, if it is among the innermost */
};

/* What stands at a place: functions that are inlined there, innermost first, and at last the one that they are in. */
struct sym_frames {
    size_t count; /* 0: nothing is known */
    const struct sym_frame *frames;
    uint64_t offset; /* from the start of that one, and its size; 0 and 0: not known */
    uint64_t size;
};

enum sym_kind {
    SYM_EXACT, /* an instruction or a variable */
    SYM_CALL   /* a return address: what stands before it is meant */
};

/*
 * Never null. DEBUGINFOD_URLS in the environment, as it was when the command began, says whether servers are asked; each for 10
 * seconds, if DEBUGINFOD_TIMEOUT does not say otherwise, and none any more once one did not answer.
 *
 * By the set it is known when a process began, so that a file without a build-id which was written since is not asked, and
 * what its option `wrappers` said. Without a set such a file is taken for the one that ran.
 */
struct sym_session *sym_open(const struct sym_options *options);
void sym_close(struct sym_session *session);

/* What is at @offset of @module (null: no module). Never null. Cost: a search the first time, then a look into a table. */
const struct sym_frames *sym_look(struct sym_session *session, const struct rec_module *module, uint64_t offset,
                                  enum sym_kind kind);

/* What is at the return address @frame: of the file that ran, or, where that is gone, what the record was given when it was merged.
 * Never null. */
const struct sym_frames *sym_look_frame(struct sym_session *session, const struct rec_frame *frame);

/* @lines of a record as frames: innermost first. They must live as long as the session. */
const struct sym_frames *sym_look_stored(struct sym_session *session, const struct rec_source *lines, size_t count);

/* A variable or function by the linker's symbols, which need no debug information. */
struct sym_linked {
    const char *name; /* as the program has it: "lock" of "lock.3"; empty: not known, or several have it */
    const char *file; /* name of the source file whose own it is; empty: others see it, or not known */
};

/* What covers @offset of @module. */
struct sym_linked sym_look_linked(struct sym_session *session, const struct rec_module *module, uint64_t offset);

/* Does the function that returns to @offset call the same function at other lines, too? A function is that of the source, where
 * that is known. False where it is not known. Cost: a walk over its instructions. */
bool sym_calls_again(struct sym_session *session, const struct rec_module *module, uint64_t offset);

/* The same for a place of the format, "<build-id>+0x<offset>", of @process. */
const struct sym_frames *sym_look_place(struct sym_session *session, const struct rec_process *process,
                                        const char *place, enum sym_kind kind);

/* The innermost one that is no wrapper, or null: all are, or nothing is known. */
const struct sym_frame *sym_main(const struct sym_frames *frames);

/* Is @module one of the C and C++ runtime, or the library itself? What stands in these is nothing of the program's own. */
bool sym_is_runtime(const struct rec_module *module);

/* Why nothing is to be learned of @module, in words; null: it can be asked. */
const char *sym_problem(struct sym_session *session, const struct rec_module *module);

/* The line @line of the source @file, without blanks around; null: it is not there, or the source is newer than @module, so
 * that the line may be another one by now. */
const char *sym_source(struct sym_session *session, const struct rec_module *module, const char *file, int line);

/* @file as a reader wants it: below the current folder without the way to it. */
const char *sym_short_file(struct sym_session *session, const char *file);

#endif
