/* SPDX-License-Identifier: MIT */
/*
 * Where the places of a union stand in the source, while the files that ran are still there: a record of last month is to be read when
 * its build is gone. Each place is looked up once, in the union and not in what was added, so the cost is that of the result.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "merge/content.h"
#include "symbol/symbols.h"

struct looking {
    struct un_union *all;
    struct sym_session *symbols;
    struct rec_index modules; /* by the union's module: what the session knows it by */
};

static const struct rec_module *module_for(struct looking *l, const struct un_module *module)
{
    void **place = rec_index_at(&l->modules, (uint64_t)(uintptr_t)module);
    struct rec_module *made = *place;

    if (made == NULL) {
        made = *place = rec_pool_take(l->all->pool, 1, sizeof(*made));
        *made = (struct rec_module){ .known = true,
                                     .path = module->path,
                                     .name = module->name,
                                     .build_id = module->build_id,
                                     .program = module->program };
    }
    return made;
}

static struct rec_source source_of(const struct sym_frame *frame)
{
    return (struct rec_source){ .function = frame->function,
                                .file = frame->file,
                                .line = frame->line,
                                .from = frame->declared > 0 && frame->line >= frame->declared
                                            ? frame->line - frame->declared
                                            : -1 };
}

static void look_up_frame(struct looking *l, struct un_frame *frame)
{
    const struct sym_frames *frames;
    struct rec_source *lines;

    if (frame->module == NULL || frame->line_count != 0)
        return;
    frames = sym_look(l->symbols, module_for(l, frame->module), frame->offset, SYM_CALL);
    if (frames->count == 0 || *frames->frames[0].file == '\0')
        return;
    lines = cli_alloc(frames->count, sizeof(*lines));
    for (size_t i = 0; i < frames->count; i++) {
        lines[i] = source_of(&frames->frames[i]);
        lines[i].from = -1;
    }
    frame->line_count = frames->count;
    frame->lines = un_keep_lines(l->all, frames->count, lines);
    frame->lines_text = un_lines_text(l->all, frames->count, lines);
    free(lines);
}

/* Without debug information: the symbol, and the file where it is one that only its file sees. */
static bool by_symbol(struct looking *l, const struct rec_module *module, uint64_t offset,
                      const struct sym_frame *frame, struct rec_source *ret)
{
    struct sym_linked linked = sym_look_linked(l->symbols, module, offset);

    *ret = (struct rec_source){ .function = frame != NULL ? frame->function : linked.name,
                                .file = linked.file,
                                .from = -1 };
    return *ret->function != '\0';
}

static void look_up_class(struct looking *l, struct un_class *class)
{
    bool is_call = strncmp(class->key, "init:", 5) == 0 || strncmp(class->key, "lock:", 5) == 0;
    bool is_static = strncmp(class->key, "static:", 7) == 0;
    const char *plus = strrchr(class->key, '+');
    uint64_t offset = plus != NULL ? strtoull(plus + 1, NULL, 16) : 0;
    const struct sym_frame *frame = NULL;
    const struct rec_module *module;
    struct rec_source source;

    if (class->module == NULL || plus == NULL || *class->source_text != '\0' ||
        (!is_call && !is_static && strncmp(class->key, "join:", 5) != 0))
        return;
    module = module_for(l, class->module);
    if (!is_static)
        frame = sym_main(sym_look(l->symbols, module, offset, is_call ? SYM_CALL : SYM_EXACT));
    if (frame != NULL && *frame->file != '\0')
        source = source_of(frame);
    else if (!by_symbol(l, module, offset - is_call, frame, &source))
        return;
    source.more = is_call && sym_calls_again(l->symbols, module, offset);
    class->source = *un_keep_lines(l->all, 1, &source);
    class->source_text = un_lines_text(l->all, 1, &source);
}

void un_look_up(struct un_union *all, struct sym_session *symbols)
{
    struct looking l = { .all = all, .symbols = symbols };

    for (size_t i = 0; i < all->stack_count; i++)
        for (size_t k = 0; k < all->stacks[i]->count; k++)
            look_up_frame(&l, all->stacks[i]->frames[k]);
    for (size_t i = 0; i < all->class_count; i++)
        look_up_class(&l, all->classes[i]);
    rec_index_free(&l.modules);
}
