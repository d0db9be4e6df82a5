/* SPDX-License-Identifier: MIT */
/* Stacks and frames are many times the same: each is put once, and referred to by number. */

#include "page/data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    WITNESS_FRAMES = 6
};

struct data {
    struct page *page;
    struct rec_pool *pool;
    struct rec_index stacks, frames; /* to their numbers, from 1 on */
    size_t stack_count, frame_count;
    FILE *stack_list, *frame_list;
    char *stack_text, *frame_text;
    size_t stack_len, frame_len;
};

/* ---- stacks ---- */

static char *frame_text(struct page *page, const struct rec_frame *frame)
{
    const struct sym_frames *found = page->symbols != NULL ? sym_look_frame(page->symbols, frame) : NULL;
    const char *module = frame->module != NULL ? frame->module->name : "";
    const struct sym_frame *at = found != NULL && found->count != 0 ? sym_main(found) : NULL;

    if (at == NULL && found != NULL && found->count != 0)
        at = &found->frames[0];
    if (at != NULL && *at->function != '\0') {
        if (*at->file != '\0')
            return cli_printf("%s\t%s:%d", at->function, sym_short_file(page->symbols, at->file), at->line);
        return cli_printf("%s\t%s", at->function, module);
    }
    if (*frame->name != '\0')
        return cli_printf("%s\t%s", frame->name, module);
    return cli_printf("+0x%" PRIx64 "\t%s", frame->offset, module);
}

static size_t number_of_frame(struct data *data, const struct rec_frame *frame)
{
    char *text = frame_text(data->page, frame);
    void **place = rec_index_at(&data->frames, (uint64_t)(uintptr_t)rec_pool_text(data->pool, text));

    if (*place == NULL) {
        (void)fputs(data->frame_count == 0 ? "" : ",", data->frame_list);
        page_json(data->frame_list, text);
        *place = (void *)(uintptr_t)++data->frame_count;
    }
    free(text);
    return (size_t)(uintptr_t)*place;
}

/* From 1 on; 0: there is none. */
static size_t number_of_stack(struct data *data, const struct rec_stack *stack)
{
    void **place;

    if (stack == NULL || !stack->known)
        return 0;
    place = rec_index_at(&data->stacks, (uint64_t)(uintptr_t)stack);
    if (*place != NULL)
        return (size_t)(uintptr_t)*place;
    (void)fputs(data->stack_count == 0 ? "[" : ",[", data->stack_list);
    for (size_t i = 0; i < stack->count && i < WITNESS_FRAMES; i++)
        (void)fprintf(data->stack_list, "%s%zu", i == 0 ? "" : ",", number_of_frame(data, &stack->frames[i]) - 1);
    (void)fputc(']', data->stack_list);
    *place = (void *)(uintptr_t)++data->stack_count;
    return data->stack_count;
}

/* ---- classes and edges ---- */

static void put_node(const struct data *data, const struct graph_node *node, const struct layout_node *at)
{
    FILE *out = data->page->out;
    static const char *const standings[] = { "", "candidate", "event" };
    const struct rec_class *class = node->class;
    const char *texts[] = { node->name,
                            class != NULL ? class->key : "",
                            node->key,
                            class != NULL ? class->kind : "",
                            class != NULL ? class->usage : "",
                            class != NULL ? class->origin : "",
                            class != NULL ? standings[class->standing] : "" };

    (void)fputc('[', out);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        page_json(out, texts[i]);
        (void)fputc(',', out);
    }
    (void)fprintf(out, "%zu,%zu,%u,%zu,%u,%u,%.0f,%.0f,%.0f,%" PRIu64 ",%zu]", node->group, node->circle,
                  node->finding_count, node->process_count, class != NULL ? class->wait_outer : 0,
                  class != NULL ? class->wait_inner : 0, at->x, at->y, at->width, node->acquisitions, node->chains);
}

static void put_witness(struct data *data, const struct rec_edge *edge)
{
    const struct rec_evidence *evidence = edge != NULL && edge->evidence_count != 0 ? &edge->evidence[0] : NULL;
    FILE *out = data->page->out;
    char *thread;

    if (evidence == NULL || !evidence->witness->known || evidence->held >= evidence->witness->held_count) {
        (void)fputs("0", out);
        return;
    }
    thread = page_thread_text(evidence->witness->thread);
    (void)fputc('[', out);
    page_json(out, thread);
    (void)fprintf(out, ",%zu,%zu]", number_of_stack(data, evidence->witness->held[evidence->held].stack),
                  number_of_stack(data, evidence->witness->wanted.stack));
    free(thread);
}

static void put_points(FILE *out, const struct layout_arrow *arrow)
{
    (void)fputc('[', out);
    for (size_t i = 0; arrow != NULL && i < arrow->point_count * 2; i++)
        (void)fprintf(out, "%s%.0f", i == 0 ? "" : ",", arrow->points[i]);
    (void)fputc(']', out);
}

static void put_arrows(struct data *data, const struct map *map)
{
    const struct graph *graph = data->page->graph;
    FILE *out = data->page->out;
    const struct layout_arrow **laid = cli_alloc(graph->arrow_count + 1, sizeof(*laid));
    bool curved = strcmp(map->engine, "dot") == 0;

    for (size_t i = 0; i < map->classes.arrow_count; i++)
        laid[map->arrow_of[i]] = &map->classes.arrows[i];
    for (size_t i = 0; i < graph->arrow_count; i++) {
        const struct graph_arrow *arrow = graph->arrows[i];

        (void)fprintf(out, "%s[%zu,%zu,%u,%" PRIu64 ",%" PRIu64 ",%d,%u,", i == 0 ? "" : ",\n", arrow->from->number,
                      arrow->to->number, arrow->modes, arrow->acquisitions, arrow->chains, arrow->implied,
                      arrow->finding_count);
        page_json(out, arrow->kind);
        (void)fputc(',', out);
        put_witness(data, arrow->edge);
        (void)fputc(',', out);
        put_points(out, curved ? laid[i] : NULL);
        (void)fputc(']', out);
    }
    free(laid);
}

static void put_groups(const struct data *data, const struct map *map)
{
    const struct graph *graph = data->page->graph;
    FILE *out = data->page->out;

    for (size_t i = 0; i < graph->group_count; i++) {
        const struct layout_node *at = &map->groups.nodes[i];

        (void)fputs(i == 0 ? "[" : ",[", out);
        page_json(out, graph->groups[i]);
        (void)fprintf(out, ",%.0f,%.0f,%.0f]", at->x, at->y, at->width);
    }
}

void data_put(struct page *page, const struct map *map)
{
    struct data data = { .page = page, .pool = rec_pool_open() };
    FILE *out = page->out;

    data.stack_list = open_memstream(&data.stack_text, &data.stack_len);
    data.frame_list = open_memstream(&data.frame_text, &data.frame_len);
    if (data.stack_list == NULL || data.frame_list == NULL)
        return;
    (void)fputs("<script type=\"application/json\" id=\"data\">{\"engine\":", out);
    page_json(out, map->engine);
    (void)fprintf(out, ",\"size\":[%.0f,%.0f],\"groupSize\":[%.0f,%.0f],\n\"groups\":[", map->classes.width,
                  map->classes.height, map->groups.width, map->groups.height);
    put_groups(&data, map);
    (void)fputs("],\n\"classes\":[", out);
    for (size_t i = 0; i < page->graph->node_count; i++) {
        (void)fputs(i == 0 ? "" : ",\n", out);
        put_node(&data, page->graph->nodes[i], &map->classes.nodes[i]);
    }
    (void)fputs("],\n\"edges\":[", out);
    put_arrows(&data, map);
    (void)fclose(data.stack_list);
    (void)fclose(data.frame_list);
    (void)fprintf(out, "],\n\"stacks\":[%s],\n\"frames\":[%s]}</script>\n", data.stack_text, data.frame_text);
    free(data.stack_text);
    free(data.frame_text);
    rec_index_free(&data.stacks);
    rec_index_free(&data.frames);
    rec_pool_close(data.pool);
}
