/* SPDX-License-Identifier: MIT */
/* Whatever a program's names would come to be taken for, the policy lets it neither run nor ask a network. */

#include "page/frame.h"

#include <inttypes.h>

#include "page/assets.h"
#include "page/text.h"

void frame_begin(FILE *out, const char *what, const char *name, enum frame_kind kind)
{
    (void)fprintf(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'; "
        "script-src 'sha256-%s' 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"lockval %s\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>%s",
        page_style_hash, page_first_hash, kind == FRAME_SHEET ? page_sheet_hash : page_script_hash,
        LOCKVAL_VERSION_TEXT, what);
    page_text(out, name);
    (void)fputs("</title>\n<style>", out);
    (void)fwrite(page_style, 1, page_style_len, out);
    (void)fputs("</style>\n<script>", out);
    (void)fwrite(page_first, 1, page_first_len, out);
    (void)fputs("</script>\n</head>\n", out);
}

void frame_end(FILE *out, enum frame_kind kind)
{
    (void)fputs("<script>", out);
    if (kind == FRAME_SHEET)
        (void)fwrite(page_sheet, 1, page_sheet_len, out);
    else
        (void)fwrite(page_script, 1, page_script_len, out);
    (void)fputs("</script>\n</body>\n</html>\n", out);
}

void frame_begin_table(FILE *out, const char *id, const char *title, const char *const *heads, size_t head_count,
                       size_t rows)
{
    (void)fprintf(out,
                  "<section class=\"list sortable\" id=\"%s\"><h3>%s <span class=\"count\">%zu</span></h3>\n"
                  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><thead><tr>",
                  id, title, rows, title);
    for (size_t i = 0; i < head_count; i++)
        (void)fprintf(out, "<th scope=\"col\"%s>%s</th>", *heads[i] == '#' ? " class=\"n\"" : "",
                      heads[i] + (*heads[i] == '#'));
    (void)fputs("</tr></thead>\n<tbody>\n", out);
}

void frame_end_table(FILE *out)
{
    (void)fputs("</tbody></table></div></section>\n", out);
}

void frame_number(FILE *out, uint64_t number)
{
    (void)fprintf(out, "<td class=\"n\" data-v=\"%" PRIu64 "\">%" PRIu64 "</td>", number, number);
}
