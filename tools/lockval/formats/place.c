/* SPDX-License-Identifier: MIT */
/* Without symbols a frame has what the record says: a function's name at best. */

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

void place_of_frame(const struct format_input *input, const struct rec_frame *frame, struct place *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->frame = frame;
    ret->function = function_of(frame->name);
    ret->file = cli_strdup("");
    ret->inside = beneath(input, ret->file) != NULL;
}

void place_of_stack(const struct format_input *input, const struct rec_stack *stack, struct place *ret)
{
    struct place place;
    bool have = false;

    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        place_of_frame(input, &stack->frames[i], &place);
        if (!have || place.inside || (ret->file[0] == '\0' && place.file[0] != '\0')) {
            if (have)
                place_free(ret);
            *ret = place;
            have = true;
            if (place.inside)
                return;
        } else {
            place_free(&place);
        }
    }
    if (!have) {
        ret->function = cli_strdup("");
        ret->file = cli_strdup("");
    }
}

void place_free(struct place *place)
{
    free(place->function);
    free(place->file);
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
