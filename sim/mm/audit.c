/* SPDX-License-Identifier: MIT */
/*
 * audit.c: compares what the keepers of pages say with what the pages say. It only ever runs while no other thread uses
 * the mm, so it needs no lock; it looks at the structures themselves and trusts no counter that they keep on the side.
 */
#include "mm/audit.h"

#include <stdlib.h>

#include "kernel/check.h"
#include "mm/page.h"

void audit_begin(struct page_audit *audit)
{
    audit->accounts = calloc(page_total(), sizeof(*audit->accounts));
    SIM_CHECK(audit->accounts, "out of memory");
}

void audit_place(struct page_audit *audit, const struct page *page, const char *place)
{
    struct page_account *account = &audit->accounts[page_to_pfn(page)];

    SIM_CHECK(!account->place, "page %u is in two places: %s and %s", page_to_pfn(page), account->place, place);
    account->place = place;
}

void audit_reference(struct page_audit *audit, const struct page *page)
{
    audit->accounts[page_to_pfn(page)].references++;
}

void audit_end(struct page_audit *audit)
{
    for (unsigned pfn = 0; pfn < page_total(); pfn++) {
        struct page *page = page_from_pfn(pfn);
        const struct page_account *account = &audit->accounts[pfn];

        SIM_CHECK(account->place, "page %u is lost: count %d, on no list", pfn, page_count(page));
        SIM_CHECK(page_count(page) == account->references, "page %u (%s) has count %d, but %d references exist", pfn,
                  account->place, page_count(page), account->references);
    }
    free(audit->accounts);
    audit->accounts = NULL;
}
