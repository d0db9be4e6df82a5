/* SPDX-License-Identifier: MIT */
#ifndef CLI_CYCLES_FINDING_H
#define CLI_CYCLES_FINDING_H

/*
 * From what a rule of the library found in the order of many runs to a finding as the record has them, with a report.
 */

#include "check/finding.h"
#include "cycles/ground.h"

enum {
    CY_REASONS = 8
};

struct cy_reasons {
    size_t count;
    const char *text[CY_REASONS];
};

/* The fingerprint that a process gives a finding about the same classes: of kind and stable keys. */
const char *cy_fingerprint(const struct cy_ground *ground, const struct lv_finding *finding, const char *state);

/*
 * All but .counts and .number. @state is the context of the kind `signal`, null for others. The memory is the record's, and
 * @process is the one that @ground was made of.
 */
struct rec_finding *cy_finding_of(const struct cy_ground *ground, struct rec_process *process,
                                  const struct lv_finding *finding, const char *state, bool is_signal,
                                  enum rec_verdict verdict, const struct cy_reasons *reasons, const char *fingerprint);

/* How many runs its edges are from. */
size_t cy_count_runs(const struct cy_ground *ground, const struct lv_finding_edge *edges, size_t count);

/* The report of @finding, made of @from. */
const char *cy_report(const struct cy_ground *ground, const struct lv_finding *from, bool is_signal,
                      const struct rec_finding *finding);

#endif
