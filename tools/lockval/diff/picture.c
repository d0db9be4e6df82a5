/* SPDX-License-Identifier: MIT */
/* Chosen by a mark for each class. */

#include "diff/picture.h"

#include <stdlib.h>

#include "common/memory.h"
#include "diff/words.h"

struct picture picture_of(const struct diff *diff)
{
    bool *in = cli_alloc(diff->class_count + 1, sizeof(*in));
    struct picture picture = { .classes = cli_alloc(diff->class_count + 1, sizeof(struct diff_class *)),
                               .edges = cli_alloc(diff->edge_count + 1, sizeof(struct diff_edge *)) };

    for (size_t i = 0; i < diff->class_count; i++)
        in[i] = diff->classes[i]->state != DIFF_SAME;
    for (size_t i = 0; i < diff->edge_count; i++)
        if (diff->edges[i]->state != DIFF_SAME)
            in[diff->edges[i]->from->number] = in[diff->edges[i]->to->number] = true;
    for (size_t i = 0; i < diff->class_count; i++)
        if (in[i])
            picture.classes[picture.class_count++] = diff->classes[i];
    for (size_t i = 0; i < diff->edge_count; i++)
        if (in[diff->edges[i]->from->number] && in[diff->edges[i]->to->number])
            picture.edges[picture.edge_count++] = diff->edges[i];
    free(in);
    return picture;
}

void picture_free(struct picture *picture)
{
    free(picture->classes);
    free(picture->edges);
}

char *picture_label(const struct diff_edge *edge)
{
    char *modes =
        edge->state == DIFF_CHANGED ? diff_mode_changes(edge) : words_modes(edge->old_modes | edge->new_modes);
    char *label = edge->state == DIFF_SAME ? cli_strdup(modes)
                                           : cli_printf("%c %s%s", diff_sign(edge->state), modes,
                                                        edge->finding_count != 0 ? ", circle" : "");

    free(modes);
    return label;
}
