/* SPDX-License-Identifier: MIT */
/*
 * The library writes a frame as "function+0x41 (module)", or "module+0x4a10" where it had no symbols. The record has the
 * same frames as module and offset, in stacks, and their names only where the library had them at hand when it wrote them. A stack of
 * a report is that stack of the finding of which every frame can be the one that stands there. A single place is the first frame of one of these
 * stacks, or where a class is from.
 */

#define _GNU_SOURCE
#include "formats/text_frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "common/terminal.h"
#include "symbol/demangle.h"
#include "symbol/symbols.h"

struct text_frames {
    const struct text_style *style;
    const struct format_input *input;
    const struct rec_finding *finding;
    const struct rec_stack **stacks; /* that the finding refers to */
    size_t count;
};

/* ---- the stacks of a finding ---- */

static void add(struct text_frames *frames, const struct rec_stack *stack)
{
    if (stack == NULL || stack->count == 0)
        return;
    frames->stacks = cli_realloc(frames->stacks, frames->count + 1, sizeof(struct rec_stack *));
    frames->stacks[frames->count++] = stack;
}

static void add_steps(struct text_frames *frames, const struct rec_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(frames, steps[i].wanted.stack);
        add(frames, steps[i].held.stack);
    }
}

static void add_locks(struct text_frames *frames, const struct rec_lock *locks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(frames, locks[i].stack);
}

struct text_frames *text_frames_open(const struct text_style *style, const struct format_input *input,
                                     const struct rec_finding *finding)
{
    struct text_frames *frames = cli_alloc(1, sizeof(*frames));

    *frames = (struct text_frames){ .style = style, .input = input, .finding = finding };
    add(frames, finding->stack);
    add_steps(frames, finding->edges, finding->edge_count);
    add_steps(frames, finding->acquisitions, finding->acquisition_count);
    add_locks(frames, finding->held, finding->held_count);
    add(frames, finding->subject.stack);
    add(frames, finding->holder.lock.stack);
    add(frames, finding->usage_inside.lock.stack);
    add(frames, finding->usage_open.lock.stack);
    for (size_t i = 0; i < finding->stuck_count; i++) {
        add(frames, finding->stuck[i].wanted.stack);
        add(frames, finding->stuck[i].with.stack);
        add_locks(frames, finding->stuck[i].held, finding->stuck[i].held_count);
    }
    /* Behind the finding's own: of the same token, theirs comes first. */
    for (size_t i = 0; i < finding->process->stack_count; i++)
        add(frames, finding->process->stacks[i]);
    return frames;
}

void text_frames_close(struct text_frames *frames)
{
    free(frames->stacks);
    free(frames);
}

/* ---- frames as texts ---- */

static size_t hex_len(const char *text, size_t len)
{
    size_t count = 0;

    while (count < len && strchr("0123456789abcdef", text[count]) != NULL)
        count++;
    return count;
}

/* Does a frame begin at @text, and how long is it? 0: none. The name has no blank in it. */
static size_t frame_len(const char *text, size_t len)
{
    size_t name = 0, at;

    while (name < len && text[name] != ' ')
        name++;
    for (at = name; at >= 3; at--) /* the last "+0x" */
        if (memcmp(text + at - 3, "+0x", 3) == 0)
            break;
    if (at < 3 && name > 2 && memcmp(text, "0x", 2) == 0 && hex_len(text + 2, name - 2) == name - 2)
        return name; /* outside of all modules */
    if (at < 4 || hex_len(text + at, name - at) == 0)
        return 0;
    at += hex_len(text + at, name - at);
    if (at == name && at + 2 < len && memcmp(text + at, " (", 2) == 0) {
        const char *end = memchr(text + at, ')', len - at);

        if (end != NULL)
            at = (size_t)(end - text) + 1;
    }
    return at;
}

static size_t indent_of(const char *line, size_t len)
{
    size_t indent = 0;

    while (indent < len && line[indent] == ' ')
        indent++;
    return indent;
}

bool text_frames_is_one(const char *line, size_t len)
{
    size_t indent = indent_of(line, len);

    return indent != 0 && indent < len && frame_len(line + indent, len - indent) == len - indent;
}

/* Is @text the hexadecimal @number behind the @prefix of @prefix_len characters and @between? */
static bool is_number(const char *text, size_t len, const char *prefix, size_t prefix_len, const char *between,
                      uint64_t number)
{
    char rest[32];
    int rest_len;

    if (len <= prefix_len || memcmp(text, prefix, prefix_len) != 0)
        return false;
    rest_len = snprintf(rest, sizeof(rest), "%s0x%" PRIx64, between, number);
    return len - prefix_len == (size_t)rest_len && memcmp(text + prefix_len, rest, (size_t)rest_len) == 0;
}

static bool is_text(const char *wanted, const char *text, size_t len)
{
    return strlen(wanted) == len && memcmp(wanted, text, len) == 0;
}

/* Can @text be the frame? */
static bool is_frame(const struct rec_frame *frame, const char *text, size_t len)
{
    const char *module = frame->module != NULL ? frame->module->name : "";
    size_t module_len = strlen(module), behind = module_len + 3;

    if (frame->module == NULL)
        return is_number(text, len, "", 0, "", frame->offset);
    if (len > behind && text[len - 1] == ')' && memcmp(text + len - behind, " (", 2) == 0 &&
        memcmp(text + len - 1 - module_len, module, module_len) == 0)
        return frame->name[0] == '\0' || is_text(frame->name, text, len - behind);
    return is_number(text, len, module, module_len, "+", frame->offset);
}

/* ---- frames in the words of the symbols ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Does the function only stand between the program and a lock? */
static bool is_wrapper(const struct sym_frame *frame, const struct rec_module *module)
{
    if (module != NULL && (begins(module->name, "liblockval.so") || begins(module->name, "libstdc++.so") ||
                           begins(module->name, "libc++.so")))
        return true;
    return frame != NULL && (begins(frame->function, "std::") || begins(frame->function, "__gnu_cxx::") ||
                             begins(frame->function, "__gthread_") || strstr(frame->file, "/include/c++/") != NULL);
}

/* Is it what a program or thread begins in, before its own code? */
static bool is_outer(const struct rec_frame *frame)
{
    return (frame->module != NULL && begins(frame->module->name, "libc.so")) || begins(frame->name, "_start+");
}

static const struct sym_frames *look(const struct format_input *input, const struct rec_frame *frame)
{
    static const struct sym_frames none;

    return input->symbols != NULL ? sym_look_frame(input->symbols, frame) : &none;
}

static void put_place(const struct text_frames *frames, FILE *out, const struct sym_frame *sym)
{
    bool on = frames->style->colours;

    (void)fputs(sym->function[0] != '\0' ? sym->function : "?", out);
    if (sym->file[0] == '\0')
        return;
    (void)fprintf(out, "  %s%s:%d%s", cli_colour_begin(on, CLI_CYAN), sym_short_file(frames->input->symbols, sym->file),
                  sym->line, cli_colour_end(on, CLI_CYAN));
}

/* The innermost function at the place that is no wrapper; null: there is none, or no file of it is known. */
static const struct sym_frame *main_of(const struct sym_frames *found, const struct rec_module *module)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->frames[i].file[0] != '\0' && !is_wrapper(&found->frames[i], module))
            return &found->frames[i];
    return NULL;
}

static void put_source(const struct text_frames *frames, FILE *out, size_t indent, const struct rec_frame *frame,
                       const struct sym_frame *sym)
{
    const char *text = sym_source(frames->input->symbols, frame->module, sym->file, sym->line);
    bool on = frames->style->colours;

    if (text != NULL)
        (void)fprintf(out, "%*s%s%d | %s%s\n", (int)indent + 4, "", cli_colour_begin(on, CLI_FAINT), sym->line, text,
                      cli_colour_end(on, CLI_FAINT));
}

/* All functions at one place, one a line. Returns how many were printed. */
static unsigned put_frame(const struct text_frames *frames, FILE *out, size_t indent, const struct rec_frame *frame,
                          const char *line, bool *sourced)
{
    const struct sym_frames *found = look(frames->input, frame);
    unsigned printed = 0;

    if (found->count == 0 || (found->count == 1 && found->frames[0].file[0] == '\0')) {
        if (!frames->style->frames && is_wrapper(found->count != 0 ? found->frames : NULL, frame->module))
            return 0;
        if (found->count != 0 && found->frames[0].function[0] != '\0' && frame->module != NULL)
            (void)fprintf(out, "%*s%s+0x%" PRIx64 " (%s)\n", (int)indent, "", found->frames[0].function, found->offset,
                          frame->module->name);
        else
            (void)fprintf(out, "%s\n", line);
        return 1;
    }
    for (size_t i = 0; i < found->count; i++) {
        const struct sym_frame *sym = &found->frames[i];

        if (!frames->style->frames && is_wrapper(sym, frame->module))
            continue;
        (void)fprintf(out, "%*s", (int)indent, "");
        put_place(frames, out, sym);
        (void)fprintf(out, "%s\n", sym->inlined ? " (inlined)" : "");
        printed++;
        if (!*sourced && sym->file[0] != '\0') {
            put_source(frames, out, indent, frame, sym);
            *sourced = true;
        }
    }
    return printed;
}

static const struct rec_stack *find_stack(const struct text_frames *frames, char *const *lines, size_t count,
                                          size_t indent)
{
    for (size_t i = 0; i < frames->count; i++) {
        const struct rec_stack *stack = frames->stacks[i];
        size_t j = 0;

        if (stack->count != count)
            continue;
        while (j < count && is_frame(&stack->frames[j], lines[j] + indent, strlen(lines[j]) - indent))
            j++;
        if (j == count)
            return stack;
    }
    return NULL;
}

void text_frames_stack(struct text_frames *frames, FILE *out, char *const *lines, size_t count)
{
    size_t indent = indent_of(lines[0], strlen(lines[0])), shown = count;
    const struct rec_stack *stack = frames->input->symbols != NULL ? find_stack(frames, lines, count, indent) : NULL;
    unsigned printed = 0;
    bool sourced = false;

    if (stack != NULL && !frames->style->frames)
        while (shown > 1 && is_outer(&stack->frames[shown - 1]))
            shown--;
    for (size_t i = 0; stack != NULL && i < shown; i++)
        printed += put_frame(frames, out, indent, &stack->frames[i], lines[i], &sourced);
    for (size_t i = 0; printed == 0 && i < count; i++)
        (void)fprintf(out, "%s\n", lines[i]);
}

/* ---- single places ---- */

/* The record's frame that is written as @text, with its module or, in advice, without; null: there is none. The first of a
 * stack is the most likely one. */
static const struct rec_frame *find_frame(const struct text_frames *frames, const char *text, size_t len)
{
    for (size_t i = 0; i < frames->count; i++) {
        const struct rec_frame *frame = &frames->stacks[i]->frames[0];

        if (is_frame(frame, text, len) || is_text(frame->name, text, len))
            return frame;
    }
    for (size_t i = 0; i < frames->count; i++)
        for (size_t j = 1; j < frames->stacks[i]->count; j++)
            if (frames->stacks[i]->frames[j].name[0] != '\0' && is_frame(&frames->stacks[i]->frames[j], text, len))
                return &frames->stacks[i]->frames[j];
    return NULL;
}

/* The same of where a class was made: the place is in its key. */
static const struct sym_frame *find_origin(const struct text_frames *frames, const char *text, size_t len)
{
    const struct rec_process *process = frames->finding->process;
    char *token = cli_printf("%.*s", (int)len, text);
    const struct sym_frame *found = NULL;

    for (size_t i = 0; i < process->class_count && found == NULL; i++) {
        const struct rec_class *class = process->classes[i];
        const char *place = strchr(class->key, ':');

        if (place != NULL && (begins(class->key, "init:") || begins(class->key, "lock:")) &&
            strstr(class->origin, token) != NULL)
            found = main_of(sym_look_place(frames->input->symbols, process, place + 1, SYM_CALL), NULL);
        if (found == NULL && class->source.line != 0 && strstr(class->origin, token) != NULL)
            found = main_of(sym_look_stored(frames->input->symbols, &class->source, 1), NULL);
    }
    free(token);
    return found;
}

/* What stands at a place that is written as @text; null: not known. */
static const struct sym_frame *find_place(const struct text_frames *frames, const char *text, size_t len)
{
    const struct rec_frame *frame = find_frame(frames, text, len);

    if (frame == NULL)
        return find_origin(frames, text, len);
    return main_of(look(frames->input, frame), frame->module);
}

/* The innermost function of the program in @stack, below those that only wrap locks; null: none is known. */
static const struct sym_frame *main_of_stack(const struct format_input *input, const struct rec_stack *stack)
{
    for (size_t i = 0; input->symbols != NULL && stack != NULL && i < stack->count && !is_outer(&stack->frames[i]);
         i++) {
        const struct sym_frame *sym = main_of(look(input, &stack->frames[i]), stack->frames[i].module);

        if (sym != NULL)
            return sym;
    }
    return NULL;
}

/* Is @lock the one at @address that was taken in the frame which is written as @text? */
static bool is_taken_at(const struct rec_lock *lock, uint64_t address, const char *text, size_t len)
{
    return lock->address == address && lock->stack != NULL && lock->stack->count != 0 &&
           is_frame(&lock->stack->frames[0], text, len);
}

/*
 * A line of a lock, "0x55d0 (name){+.+.}-{4:4}, at: function+0x12 (module)", has one frame of its stack, which may be a wrapper that
 * all locks have: which lock it is says whose stack goes on from there.
 */
static const struct sym_frame *find_taken(const struct text_frames *frames, const char *line, const char *text,
                                          size_t len)
{
    const struct rec_finding *finding = frames->finding;
    const char *number = strstr(line, "0x");
    uint64_t address = number != NULL && number < text ? strtoull(number, NULL, 16) : 0;

    if (address == 0 || text - line < 4 || strncmp(text - 4, "at: ", 4) != 0)
        return NULL;
    if (finding->edge_count != 0 && is_taken_at(&finding->edges[0].wanted, address, text, len))
        return main_of_stack(frames->input, finding->edges[0].wanted.stack);
    for (size_t i = 0; i < finding->held_count; i++)
        if (is_taken_at(&finding->held[i], address, text, len))
            return main_of_stack(frames->input, finding->held[i].stack);
    if (finding->has_subject && is_taken_at(&finding->subject, address, text, len))
        return main_of_stack(frames->input, finding->subject.stack);
    return NULL;
}

/* The @len bytes at @text, with C++'s names readable. Where columns are drawn each step keeps its width, and its name if that gets longer. */
static void put_readable(FILE *out, const char *text, size_t len)
{
    char *part = cli_printf("%.*s", (int)len, text);

    for (char *at = part, *next; *at != '\0'; at = next) {
        char *end = strstr(at, ");"), *readable, kept;

        next = end != NULL ? end + 2 : at + strlen(at);
        kept = *next;
        *next = '\0';
        readable = sym_readable(at);
        if (end == NULL)
            (void)fputs(readable, out);
        else if (strlen(readable) > (size_t)(next - at))
            (void)fputs(at, out);
        else
            (void)fprintf(out, "%s%*s", readable, kept != '\0' ? (int)((size_t)(next - at) - strlen(readable)) : 0, "");
        free(readable);
        *next = kept;
    }
    free(part);
}

void text_frames_line(struct text_frames *frames, FILE *out, const char *line)
{
    const char *at = line, *plain = line; /* what is not printed yet */

    while (frames->input->symbols != NULL && *at != '\0') {
        size_t len = frame_len(at, strlen(at));
        const struct sym_frame *sym = NULL;

        if (len != 0 && (at == line || at[-1] == ' ' || at[-1] == '(') && memchr(at, '+', len) != NULL) {
            sym = find_place(frames, at, len);
            if (sym == NULL)
                sym = find_taken(frames, line, at, len);
        }
        if (sym != NULL) {
            put_readable(out, plain, (size_t)(at - plain));
            put_place(frames, out, sym);
            at += len;
            plain = at;
        } else {
            at++;
        }
    }
    if (frames->input->symbols != NULL)
        put_readable(out, plain, strlen(plain));
    else
        (void)fputs(plain, out);
}

char *text_frames_site(const struct format_input *input, const struct rec_stack *stack)
{
    const struct sym_frame *sym = main_of_stack(input, stack);

    if (sym != NULL)
        return cli_printf("%s:%d", sym_short_file(input->symbols, sym->file), sym->line);
    if (stack == NULL || stack->count == 0 || stack->frames[0].name[0] == '\0')
        return NULL;
    return cli_strdup(stack->frames[0].name);
}
