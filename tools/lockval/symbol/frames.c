/* SPDX-License-Identifier: MIT */
/* A frame of the record is one line or, with inlined functions, several. */

#define _GNU_SOURCE
#include "symbol/frames.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "engine/wrappers.h"

static void add_line(struct sym_stack *stack, struct sym_line line)
{
    if ((stack->count & (stack->count - 1)) == 0)
        stack->lines = cli_realloc(stack->lines, stack->count == 0 ? 1 : stack->count * 2, sizeof(*stack->lines));
    stack->lines[stack->count++] = line;
}

/* What the record has for a name is "function+0x12", by the linker's name. */
static struct sym_line line_of_record(const struct rec_frame *frame)
{
    const char *plus = strrchr(frame->name, '+');
    struct sym_line line = { .function = "", .file = "", .source = "", .frame = frame };
    char *symbol;

    if (plus == NULL)
        return line;
    line.offset = strtoull(plus + 1, NULL, 16);
    symbol = cli_printf("%.*s", (int)(plus - frame->name), frame->name);
    line.wrapper = lv_wrappers_look(symbol) == LV_WRAPPER_KNOWN;
    free(symbol);
    return line;
}

/* What was known of the frame when the record was merged. */
static void add_stored(const struct rec_frame *frame, struct sym_stack *stack)
{
    for (size_t i = 0; i < frame->line_count; i++) {
        const struct rec_source *source = &frame->lines[i];
        bool last = i + 1 == frame->line_count;
        struct sym_line line = line_of_record(frame);

        line.function = source->function;
        line.file = source->file;
        line.line = source->line;
        line.inlined = !last;
        line.offset = last ? line.offset : 0;
        line.wrapper = lv_wrappers_look(source->function) == LV_WRAPPER_KNOWN;
        add_line(stack, line);
    }
}

static void add_frame(struct sym_session *session, const struct rec_frame *frame, struct sym_stack *stack)
{
    const struct sym_frames *frames =
        session != NULL ? sym_look(session, frame->module, frame->offset, SYM_CALL) : NULL;

    if (frame->line_count != 0 && (frames == NULL || frames->count == 0 || *frames->frames[0].file == '\0')) {
        add_stored(frame, stack);
        return;
    }
    if (frames == NULL || frames->count == 0) {
        add_line(stack, line_of_record(frame));
        return;
    }
    for (size_t i = 0; i < frames->count; i++) {
        const struct sym_frame *at = &frames->frames[i];
        const char *source = sym_source(session, frame->module, at->file, at->line);

        add_line(stack, (struct sym_line){ .function = at->function,
                                           .file = sym_short_file(session, at->file),
                                           .source = source != NULL ? source : "",
                                           .line = at->line,
                                           .column = at->column,
                                           .inlined = at->inlined,
                                           .library = at->library,
                                           .wrapper = at->wrapper,
                                           .offset = at->inlined ? 0 : frames->offset,
                                           .size = at->inlined ? 0 : frames->size,
                                           .frame = frame });
    }
}

/* A wrapper is one only as long as all that are deeper are, too; what is the library's own is so everywhere. Nothing is left of
 * a stack in which all are: then none is. */
static void mark_inner(struct sym_stack *stack)
{
    bool inner = true;

    for (size_t i = 0; i < stack->count; i++) {
        struct sym_line *line = &stack->lines[i];

        inner = inner && (line->wrapper || sym_is_runtime(line->frame->module));
        line->wrapper = inner || line->library;
    }
    for (size_t i = 0; inner && i < stack->count; i++)
        stack->lines[i].wrapper = false;
}

/* From the outer end as long as it is the runtime's, or the program's entry. */
static void mark_outer(struct sym_stack *stack)
{
    for (size_t i = stack->count; i-- > 1;) {
        struct sym_line *line = &stack->lines[i];

        if (!line->library && !sym_is_runtime(line->frame->module) && strcmp(line->function, "_start") != 0 &&
            strncmp(line->frame->name, "_start+", 7) != 0)
            break;
        line->outer = true;
    }
}

struct sym_stack sym_stack_of(struct sym_session *session, const struct rec_stack *stack)
{
    struct sym_stack ret = { 0 };

    for (size_t i = 0; stack != NULL && i < stack->count; i++)
        add_frame(session, &stack->frames[i], &ret);
    mark_inner(&ret);
    mark_outer(&ret);
    return ret;
}

struct sym_stack sym_top_of(struct sym_session *session, const struct rec_stack *stack)
{
    struct sym_stack ret = sym_stack_of(session, stack);

    for (size_t i = 0; i < ret.count; i++)
        if (!ret.lines[i].wrapper) {
            ret.lines[0] = ret.lines[i];
            break;
        }
    if (ret.count > 1)
        ret.count = 1;
    return ret;
}

void sym_stack_free(struct sym_stack *stack)
{
    free(stack->lines);
    *stack = (struct sym_stack){ 0 };
}
