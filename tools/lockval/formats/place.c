/* SPDX-License-Identifier: MIT */
/* Without symbols a frame has what the record says: a function's name at best. Paths are those of the compiler, which may have
 * gone up and down. */

#include "formats/place.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* "function+0x41" without what is behind the function. */
static char *function_of(const char *name)
{
    const char *plus = strrchr(name, '+');

    return plus != NULL && strncmp(plus, "+0x", 3) == 0 ? cli_printf("%.*s", (int)(plus - name), name)
                                                        : cli_strdup(name);
}

/* The part of @path beneath the root of the sources, or null. */
static const char *beneath(const struct format_input *input, const char *path)
{
    size_t len = input->root != NULL ? strlen(input->root) : 0;

    if (len == 0)
        return NULL;
    if (input->root[len - 1] == '/') /* the root of all */
        len--;
    if (strncmp(path, input->root, len) != 0 || path[len] != '/')
        return NULL;
    return path + len + 1;
}

/* @path without "." and ".." in it, as far as that can be told from its text. Memory to free. */
static char *normal(const char *path)
{
    char *result = cli_alloc(strlen(path) + 1, 1), *to = result;
    const char *at = path;

    while (*at != '\0') {
        size_t len = strcspn(at, "/");
        char *last = to;

        if (len == 2 && strncmp(at, "..", 2) == 0 && to != result) {
            /* back to behind the slash before the last name, if there is one that is no ".." itself */
            for (last = to - 1; last != result && last[-1] != '/'; last--)
                ;
            if (last < to - 1 && strncmp(last, "../", 3) != 0) {
                to = last;
                at += len + (at[len] == '/');
                continue;
            }
        }
        if (!(len == 1 && *at == '.') && (len != 0 || at == path)) {
            memcpy(to, at, len);
            to += len;
            if (at[len] == '/')
                *to++ = '/';
        }
        at += len + (at[len] == '/');
    }
    *to = '\0';
    return result;
}

/* Names in a program's file are bytes; what is no UTF-8 has no place in the forms that are made of this. */
static void clean(char *text)
{
    json_t *json = json_string(text);

    if (json == NULL)
        for (; *text != '\0'; text++)
            if ((unsigned char)*text >= 0x80)
                *text = '?';
    json_decref(json);
}

static void add(const struct format_input *input, struct places *places, struct place place)
{
    clean(place.function);
    clean(place.file);
    places->list = cli_realloc(places->list, places->count + 1, sizeof(*places->list));
    place.inside = beneath(input, place.file);
    places->list[places->count++] = place;
}

struct places places_of(const struct format_input *input, const struct rec_stack *stack)
{
    struct places places = { 0 };

    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        const struct rec_frame *frame = &stack->frames[i];
        const struct sym_frames *known = input->symbols != NULL ? sym_look_frame(input->symbols, frame) : NULL;

        for (size_t j = 0; known != NULL && j < known->count; j++) {
            const struct sym_frame *at = &known->frames[j];

            add(input, &places,
                (struct place){ .frame = frame,
                                .function = cli_strdup(at->function),
                                .file = normal(at->file),
                                .line = at->line,
                                .column = at->column,
                                .wrapper = at->wrapper });
        }
        if (known == NULL || known->count == 0)
            add(input, &places,
                (struct place){ .frame = frame, .function = function_of(frame->name), .file = cli_strdup("") });
    }
    return places;
}

/* libc begins every stack, and its lines say nothing of the program. */
static bool is_libc(const struct rec_module *module)
{
    return module != NULL && strncmp(module->name, "libc.so", 7) == 0;
}

const struct place *places_best(const struct places *places)
{
    static char nothing[] = "";
    static const struct place nowhere = { .function = nothing, .file = nothing };
    const struct place *best = places->count != 0 ? &places->list[0] : &nowhere;

    for (size_t i = 0; i < places->count; i++) {
        if (places->list[i].inside)
            return &places->list[i];
        if (places->list[i].file[0] != '\0' && !is_libc(places->list[i].frame->module) &&
            (best->file[0] == '\0' || (best->wrapper && !places->list[i].wrapper)))
            best = &places->list[i];
    }
    return best;
}

void places_free(struct places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        free(places->list[i].function);
        free(places->list[i].file);
    }
    free(places->list);
}

char *place_text(const struct place *place)
{
    if (place->line == 0)
        return cli_strdup(place->function);
    return cli_printf("%s:%d", place->inside != NULL ? place->inside : place->file, place->line);
}

char *place_uri(const struct format_input *input, const char *path, bool *ret_relative)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *inside = beneath(input, path);
    const char *begin = inside == NULL && path[0] == '/' ? "file://" : "";
    char *uri, *to;

    *ret_relative = inside != NULL || path[0] != '/';
    if (inside != NULL)
        path = inside;
    uri = cli_alloc(strlen(begin) + 3 * strlen(path) + 1, 1);
    to = uri + strlen(strcpy(uri, begin));
    for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++) {
        if ((*at < 0x80 && isalnum(*at)) || strchr("/-._~+@", *at) != NULL) {
            *to++ = (char)*at;
        } else {
            *to++ = '%';
            *to++ = digits[*at >> 4];
            *to++ = digits[*at & 15];
        }
    }
    *to = '\0';
    return uri;
}
