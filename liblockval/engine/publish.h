/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_PUBLISH_H
#define LV_ENGINE_PUBLISH_H

#include "check/finding.h"
#include "engine/holder.h"

/*
 * From findings to the world, in two steps: under the internal lock a finding is compared with those made before and copied
 * into memory of its own; after the lock was dropped it is resolved and rendered, and handed to the sink and the callback.
 * So neither names nor a slow reader of the log hold up other threads.
 */
struct lv_publication;
struct lv_batch;

struct lv_findings {
    struct lv_publication *first, *last;
    struct lv_batch *batch; /* lines of the record that were made with them; null: none */
};

static inline void lv_findings_init(struct lv_findings *findings)
{
    findings->first = findings->last = NULL;
    findings->batch = NULL;
}

/* Keep memory for a finding that is made when there is none. Once, at start. */
void lv_findings_reserve(struct lv_context *ctx);

/* Take @finding, made by @t now, unless it was made before. Context: lock held. */
void lv_findings_add(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                     const struct lv_finding *finding);

/* The verdict of @made, which was @before, is higher now, as the acquisition that @t makes shows. Context: lock held. */
void lv_findings_upgrade(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                         struct lv_made *made, enum lv_verdict before);

/* Hand out what was taken and count it. May end the program (halt_on_error). Context: lock not held, guard held. */
void lv_findings_publish(struct lv_context *ctx, struct lv_findings *findings);

/* A finding about one lock (unlock, lifetime, assert), made and published in one go. @detail is a sentence that follows
 * the lock's line. Context: lock not held. */
void lv_finding_about(struct lv_context *ctx, struct lv_thread *t, enum lv_finding_kind kind,
                      const struct lv_held_record *subject, uintptr_t site, const char *detail);

/* The same, with the acquisition of another thread that holds the lock (engine/holder.h) shown as well. @holder may be
 * empty. */
void lv_finding_about_held(struct lv_context *ctx, struct lv_thread *t, enum lv_finding_kind kind,
                           const struct lv_held_record *subject, const struct lv_holder *holder, uintptr_t site,
                           const char *detail);

/* A finding without edges that is filled in but for .at, made and published in one go. Where it has no .identity, that is
 * its kind, the subject's class and @site; of threads that are stuck it is what they wait for, whoever they are.
 * Context: lock not held. */
void lv_finding_publish(struct lv_context *ctx, struct lv_thread *t, struct lv_finding *finding, uintptr_t site);

/* The exit status that findings ask for, or @status itself. */
int lv_exit_status(const struct lv_context *ctx, int status);

#endif
