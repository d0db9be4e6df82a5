/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_FINDING_H
#define CLI_PAGE_FINDING_H

/*
 * One finding, with all that is known of it.
 */

#include "page/drawing.h"
#include "page/parts.h"

/* What a kind of finding means, in a few words. */
const char *finding_headline(const struct rec_finding *finding);

/* The locks it is about, "a \u2192 b \u2192 a"; memory to free. */
char *finding_title(const struct rec_finding *finding);

/* Does the record say that it was suppressed? */
bool finding_is_suppressed(const struct rec_finding *finding);

/* The class names of its verdict, for colours: one of the words of the format. */
const char *finding_verdict_class(const struct rec_finding *finding);

/* As an article. @number: from 1 on, as `lockval report --finding` counts. @drawing: laid out, or null. */
void finding_put(struct page *page, const struct rec_finding *finding, size_t number, const struct drawing *drawing);

#endif
