/* SPDX-License-Identifier: MIT */
/* One character after the other. What is no UTF-8 is taken for bytes. */

#include "common/visible.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"

enum {
    BYTES_BEGIN = 0xf700, /* a byte that was no UTF-8, as records have it */
    BYTES_END = 0xf7ff
};

/* The character at *@text, which moves behind it; a byte that begins none is itself, as records have it. */
static uint32_t next_character(const char **text)
{
    static const uint32_t lowest[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char *at = (const unsigned char *)*text;
    size_t more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc0 ? 1 : 0;
    uint32_t character = more == 0 ? at[0] : at[0] & (0x3fu >> more);
    size_t i = 1;

    for (; i <= more && (at[i] & 0xc0) == 0x80; i++)
        character = character << 6 | (at[i] & 0x3fu);
    if (at[0] >= 0x80 && (more == 0 || i <= more || at[0] >= 0xf8 || character < lowest[more] || character > 0x10ffff ||
                          (character >= 0xd800 && character < 0xe000))) {
        *text += 1;
        return BYTES_BEGIN + at[0];
    }
    *text += i;
    return character;
}

static int turns_direction(uint32_t character)
{
    return character == 0x200e || character == 0x200f || (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

/* What is shown of @character, which stands at @from and is @len bytes long; *ret_width characters wide. */
static void show(uint32_t character, const char *from, size_t len, char shown[CLI_VISIBLE_MAX], size_t *ret_width)
{
    *ret_width = 1;
    if (character >= BYTES_BEGIN && character <= BYTES_END)
        *ret_width = (size_t)snprintf(shown, CLI_VISIBLE_MAX, "\\x%02x", character - BYTES_BEGIN);
    else if (character == '\n' || character == '\t')
        (void)snprintf(shown, CLI_VISIBLE_MAX, "%c", (char)character);
    else if (character < 0x20 || character == 0x7f)
        *ret_width = (size_t)snprintf(shown, CLI_VISIBLE_MAX, "\\x%02x", character);
    else if ((character >= 0x80 && character < 0xa0) || turns_direction(character) || character == 0x2028 ||
             character == 0x2029 || (character & 0xfffe) == 0xfffe)
        *ret_width = (size_t)snprintf(shown, CLI_VISIBLE_MAX, "\\u%04x", character);
    else
        (void)snprintf(shown, CLI_VISIBLE_MAX, "%.*s", (int)len, from);
}

bool cli_visible_next(const char **text, char shown[CLI_VISIBLE_MAX], size_t *ret_width)
{
    const char *from = *text;
    uint32_t character;

    if (*from == '\0')
        return false;
    character = next_character(text);
    show(character, from, (size_t)(*text - from), shown, ret_width);
    return true;
}

char *cli_visible(const char *text)
{
    size_t size = strlen(text) * (CLI_VISIBLE_MAX - 1) + 1, width;
    char *visible = cli_alloc(size, 1), *end = visible;
    char shown[CLI_VISIBLE_MAX];

    while (cli_visible_next(&text, shown, &width))
        end = stpcpy(end, shown);
    return cli_realloc(visible, (size_t)(end - visible) + 1, 1);
}
