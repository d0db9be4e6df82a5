/* SPDX-License-Identifier: MIT */
/* The page is made in page/; here is where the formats know it. */

#include "formats/format.h"

#include "page/page.h"

static bool print(FILE *out, const struct format_input *input)
{
    size_t all = 0;
    struct page_options options = { .findings = input->findings, .finding_count = input->finding_count };

    for (size_t i = 0; i < input->set->process_count; i++)
        all += input->set->processes[i]->finding_count;
    options.left_out = all - input->finding_count;
    return page_write(out, input->set, input->symbols, &options);
}

const struct format format_html = {
    .name = "html",
    .summary = "a page to look at: findings step by step, the graph of classes, tables; one file that needs no other",
    .print = print,
};
