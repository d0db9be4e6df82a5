/* SPDX-License-Identifier: MIT */
/*
 * A small part of the Itanium ABI's mangling, for names that lie in plain namespaces, classes and functions. The runtime's
 * own demangler calls malloc.
 *
 *     _ZGV <variable>             of a namespace or class: 4pool, N3app4poolE
 *     _ZGV Z <function> E <name>  of a function, whose types stand behind its name
 *
 * Where a function's types end is not known without reading all of them. But the variable's name is at the end of the
 * symbol, so it is looked for behind each E, the last one first.
 */

#include "base/mangled.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip(const char *p, const char *any)
{
    while (*p != '\0' && strchr(any, *p) != NULL)
        p++;
    return p;
}

/* A length and as many characters. Returns their number, and moves *@p behind them; 0: there is none. */
static size_t read_name(const char **p, const char **ret_name)
{
    size_t size = 0;
    const char *s = *p;

    while (is_digit(*s) && size < 10000)
        size = size * 10 + (size_t)(*s++ - '0');
    if (size == 0 || strnlen(s, size) != size)
        return 0;
    *ret_name = s;
    *p = s + size;
    return size;
}

static void put_name(struct lv_text *out, const char *name, size_t size)
{
    if (strncmp(name, "_GLOBAL__N", 10) == 0)
        lv_text_puts(out, "(anonymous namespace)");
    else
        lv_text_printf(out, "%.*s", (int)size, name);
}

/* The last name of a symbol, behind which only the how-manyth it is of its function may stand. */
static bool is_last(const char *p, const char **ret_name, size_t *ret_size)
{
    p += *p == 'L';
    *ret_size = read_name(&p, ret_name);
    return *ret_size != 0 && *skip(p, "_0123456789") == '\0' && (*p == '\0' || *p == '_');
}

/* Names in each other, up to the first thing that is none. Returns where that is. */
static const char *put_names(const char *p, struct lv_text *out)
{
    bool nested = *p == 'N', first = true;
    const char *name;
    size_t size;

    p += nested;
    if (nested)
        p = skip(p, "rVKRO");
    for (;; first = false) {
        p += *p == 'L';
        if (first && strncmp(p, "St", 2) == 0) {
            p += 2;
            lv_text_puts(out, "std");
            nested |= is_digit(*p);
        } else {
            size = read_name(&p, &name);
            if (size == 0)
                break;
            if (!first)
                lv_text_puts(out, "::");
            put_name(out, name, size);
        }
        if (!nested)
            return p;
    }
    if (*p != 'E' || first)
        lv_text_puts(out, first ? "..." : "::...");
    return p;
}

bool lv_mangled_guard(const char *symbol, struct lv_text *out)
{
    const char *p = symbol + 4, *name = NULL;
    size_t size = 0;

    if (strncmp(symbol, "_ZGV", 4) != 0)
        return false;
    if (*p != 'Z') {
        if (!is_digit(*p) && *p != 'N' && *p != 'L' && *p != 'S')
            return false;
        (void)put_names(p, out);
        return true;
    }
    for (const char *e = p + strlen(p); size == 0 && e-- > p;)
        if (*e == 'E' && !is_last(e + 1, &name, &size))
            size = 0;
    if (size == 0)
        return false;
    (void)put_names(p + 1, out);
    lv_text_puts(out, "::");
    put_name(out, name, size);
    return true;
}
