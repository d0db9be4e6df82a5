/* SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/*
 * How far long work has come: a line on stderr, if that is a terminal, which is drawn anew a few times in a second and erased in
 * the end. Work that is done at once shows nothing.
 *
 *     cli_progress_begin(&progress, "reading run.jsonl", size, CLI_PROGRESS_BYTES);
 *     while (...)
 *         cli_progress_add(&progress, got);
 *     cli_progress_end(&progress);
 */

#include <stdbool.h>
#include <stdint.h>

enum cli_progress_unit {
    CLI_PROGRESS_STEPS,
    CLI_PROGRESS_BYTES
};

struct cli_progress {
    const char *what;
    uint64_t done, total; /* total: 0 is not known */
    enum cli_progress_unit unit;
    int64_t begun_ms, drawn_ms;
    bool on, drawn;
};

/* Never show any. */
void cli_progress_quiet(void);

/* @what must live until the end. */
void cli_progress_begin(struct cli_progress *progress, const char *what, uint64_t total, enum cli_progress_unit unit);
void cli_progress_add(struct cli_progress *progress, uint64_t more);

/* The same work has come as far as @done; draws even if nothing has changed, for who waits. */
void cli_progress_at(struct cli_progress *progress, uint64_t done);

/* Take the line away, if there is one, before something else is printed: it comes back with the next step. */
void cli_progress_clear(struct cli_progress *progress);
void cli_progress_end(struct cli_progress *progress);

/* What the line says after @elapsed_ms, in memory to free. */
char *cli_progress_text(const struct cli_progress *progress, int64_t elapsed_ms);

#endif
