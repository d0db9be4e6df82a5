/* SPDX-License-Identifier: MIT */
/* A frame of the record is one line or, with inlined functions, several. */

#define _GNU_SOURCE
#include "symbol/frames.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static void add_line(struct sym_stack *stack, struct sym_line line)
{
    if ((stack->count & (stack->count - 1)) == 0)
        stack->lines = cli_realloc(stack->lines, stack->count == 0 ? 1 : stack->count * 2, sizeof(*stack->lines));
    stack->lines[stack->count++] = line;
}

/* What the record has for a name is "function+0x12". */
static struct sym_line line_of_record(const struct rec_frame *frame)
{
    const char *plus = strrchr(frame->name, '+');
    struct sym_line line = { .function = "", .file = "", .source = "", .frame = frame };

    if (plus != NULL)
        line.offset = strtoull(plus + 1, NULL, 16);
    return line;
}

static void add_frame(struct sym_session *session, const struct rec_frame *frame, struct sym_stack *stack)
{
    const struct sym_frames *frames =
        session != NULL ? sym_look(session, frame->module, frame->offset, SYM_CALL) : NULL;

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
                                           .offset = at->inlined ? 0 : frames->offset,
                                           .size = at->inlined ? 0 : frames->size,
                                           .frame = frame });
    }
}

static bool is_runtime(const struct rec_module *module)
{
    static const char *const names[] = { "libc.so", "libpthread.so", "ld-linux", "libstdc++.so", "liblockval.so" };

    for (size_t i = 0; module != NULL && i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(module->name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* From the outer end as long as it is the runtime's, or the program's entry. */
static void mark_outer(struct sym_stack *stack)
{
    for (size_t i = stack->count; i-- > 1;) {
        struct sym_line *line = &stack->lines[i];

        if (!is_runtime(line->frame->module) && strcmp(line->function, "_start") != 0 &&
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
    mark_outer(&ret);
    return ret;
}

struct sym_stack sym_top_of(struct sym_session *session, const struct rec_stack *stack)
{
    struct sym_stack ret = { 0 };

    if (stack != NULL && stack->count != 0)
        add_frame(session, &stack->frames[0], &ret);
    if (ret.count > 1)
        ret.count = 1;
    return ret;
}

void sym_stack_free(struct sym_stack *stack)
{
    free(stack->lines);
    *stack = (struct sym_stack){ 0 };
}
