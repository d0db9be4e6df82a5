/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_AUDIT_H
#define SIM_MM_AUDIT_H

/*
 * audit.h: the books of all pages, closed while the machine is at rest. Everybody who keeps pages enters what it keeps:
 * a place (a page must have exactly one) or a reference (a page's count must be exactly the sum). audit_end() compares.
 *
 *     audit_begin(&audit);
 *     ... X_audit(&audit) for every keeper X ...
 *     audit_end(&audit);
 */

struct page;

/* One page in the books. */
struct page_account {
    const char *place; /* where it was found: "free", "lru", "lru_add pagevec", "pipe"; null: nowhere yet */
    int references;    /* how many references were found */
};

struct page_audit {
    struct page_account *accounts; /* by pfn; owner thread */
};

void audit_begin(struct page_audit *audit);

/* @page is at @place. A second place is a broken invariant: the program ends with a message. */
void audit_place(struct page_audit *audit, const struct page *page, const char *place);

/* One reference to @page was found. */
void audit_reference(struct page_audit *audit, const struct page *page);

/* Compares the books with the pages and ends the program with a message where they differ. */
void audit_end(struct page_audit *audit);

#endif
