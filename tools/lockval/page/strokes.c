/* SPDX-License-Identifier: MIT */
/* Curves come as they are; a head points the way that the curve ends. */

#include "page/strokes.h"

#include <math.h>

#define HEAD 8.0 /* of an arrow */

static void put_head(FILE *out, const double *tip, const double *before)
{
    double dx = tip[0] - before[0], dy = tip[1] - before[1], len = sqrt(dx * dx + dy * dy);

    if (len < 0.01)
        return;
    dx *= HEAD / len;
    dy *= HEAD / len;
    (void)fprintf(out, "<path class=\"head\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\"/>", tip[0], tip[1],
                  tip[0] - dx - dy * 0.45, tip[1] - dy + dx * 0.45, tip[0] - dx + dy * 0.45, tip[1] - dy - dx * 0.45);
}

void strokes_arrow(FILE *out, const struct layout_arrow *at)
{
    if (at->point_count < 4)
        return;
    (void)fprintf(out, "<path class=\"line\" d=\"M%.1f %.1fC", at->points[0], at->points[1]);
    for (size_t i = 1; i < at->point_count; i++)
        (void)fprintf(out, "%s%.1f %.1f", i == 1 ? "" : " ", at->points[i * 2], at->points[i * 2 + 1]);
    (void)fputs("\"/>", out);
    put_head(out, at->points + at->point_count * 2 - 2, at->points + at->point_count * 2 - 4);
}
