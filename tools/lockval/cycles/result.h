/* SPDX-License-Identifier: MIT */
#ifndef CLI_CYCLES_RESULT_H
#define CLI_CYCLES_RESULT_H

/*
 * What all runs of a merged record come to together: the findings that they made by themselves, each once, and what no run could
 * see, since one run did one half of it and another run the other. These are findings as any other (record/model.h), of the
 * merged process, so that all formats print them.
 *
 * A circle of several runs is `potential` at most. Gates and the order of threads are judged within one run: where a run saw a
 * circle whole and judged it guarded, it stays so as long as no other run did a part of it in another way. Rules and reasons:
 * docs/adr/0045-cycles-of-many-runs.md.
 */

#include "record/model.h"

struct cy_options {
    size_t most;              /* circles of a connected part; 0: all */
    enum rec_verdict fail_on; /* findings from this verdict on count */
    bool never;               /* none counts */
};

struct cy_result {
    size_t count; /* of all findings, in the order of their fingerprints */
    struct rec_finding **findings;
    size_t made;     /* of these, that runs made by themselves */
    size_t left_out; /* edges that close circles which are not shown, as there are too many */
};

/* Find out, and put the findings in the place of those that @process has. Returns false after a complaint. */
bool cy_look(struct rec_process *process, const struct cy_options *options, struct cy_result *ret);

#endif
