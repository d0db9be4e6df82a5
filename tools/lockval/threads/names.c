/* SPDX-License-Identifier: MIT */
/* Names of classes are made when they are first asked for, and kept. */

#define _GNU_SOURCE
#include "threads/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mangled.h"
#include "base/text.h"
#include "common/memory.h"

struct named_class {
    uint32_t number;
    char *name;
};

struct cli_names {
    const struct cli_books_of *books;
    struct cli_symbols *symbols;
    struct named_class *classes;
    size_t count;
};

static const char *const kinds[LV_KIND__COUNT] = { "mutex", "rwlock", "spinlock", "semaphore", "once",
                                                   "guard", "file",   "map",      "event" };

const char *cli_names_kind(enum lv_kind kind)
{
    return (unsigned)kind < LV_KIND__COUNT ? kinds[kind] : "lock";
}

const char *cli_names_mode(enum lv_mode mode)
{
    static const char *const modes[LV_MODE__COUNT] = { "write", "read", "recursive read" };

    return (unsigned)mode < LV_MODE__COUNT ? modes[mode] : "?";
}

struct cli_names *cli_names_open(const struct cli_books_of *books, struct cli_symbols *symbols)
{
    struct cli_names *names = cli_alloc(1, sizeof(*names));

    *names = (struct cli_names){ .books = books, .symbols = symbols };
    return names;
}

void cli_names_close(struct cli_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->classes[i].name);
    free(names->classes);
    free(names);
}

/* Without the module's name behind a symbol's. */
static char *short_place(const struct cli_symbol *symbol)
{
    const char *start = symbol->function != NULL ? symbol->function : symbol->module;

    if (start == NULL)
        return cli_printf("0x%" PRIx64, symbol->offset);
    if (symbol->function != NULL && symbol->offset == 0)
        return cli_strdup(start);
    return cli_printf("%s+0x%" PRIx64, start, symbol->offset);
}

char *cli_names_place(const struct cli_symbol *symbol)
{
    char *place = short_place(symbol), *whole;

    if (symbol->function == NULL || symbol->module == NULL)
        return place;
    whole = cli_printf("%s (%s)", place, symbol->module);
    free(place);
    return whole;
}

/* A guard is called after its variable; null: it is none, or that is not read. */
static char *guard_name(const struct lv_class *class, const struct cli_symbol *symbol)
{
    char buf[256];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    if (class->key.kind != LV_KIND_GUARD || symbol->function == NULL || symbol->offset != 0 ||
        !lv_mangled_guard(symbol->function, &text))
        return NULL;
    return cli_printf("guard@%s", buf);
}

/* Of a class that has no text for a name. */
static char *name_by_place(const struct cli_names *names, const struct lv_class *class)
{
    bool is_call = class->key.origin == LV_CLASS_INIT || class->key.origin == LV_CLASS_LOCK;
    char *module_name = NULL, *place, *name;
    struct cli_symbol symbol = { .offset = class->key.place };
    struct lv_module module;

    if (class->key.module == NULL) {
        /* An absolute address, in no module. */
    } else if (!cli_books_module(names->books, class->key.module, &module)) {
        return cli_strdup("?");
    } else if (module.died == 0) {
        cli_symbols_name(names->symbols, module.bias + class->key.place, is_call, &symbol);
    } else {
        symbol.module = module_name = cli_victim_text(names->books->victim, (uintptr_t)module.name);
    }
    name = guard_name(class, &symbol);
    if (name == NULL) {
        place = short_place(&symbol);
        name = cli_printf("%s%s%s", is_call ? cli_names_kind(class->key.kind) : "",
                          is_call                              ? "@"
                          : class->key.origin == LV_CLASS_JOIN ? "join of "
                                                               : "",
                          place);
        free(place);
    }
    free(module_name);
    return name;
}

static char *make_name(const struct cli_names *names, uint32_t number)
{
    struct lv_class class;
    char *text, *name;

    if (names->books == NULL || !cli_books_class(names->books, number, &class))
        return cli_strdup("?");
    if (class.key.name != NULL) {
        text = cli_victim_text(names->books->victim, (uintptr_t) class.key.name);
        name = class.version > 1 ? cli_printf("%s#%" PRIu32, text != NULL ? text : "?", class.version)
                                 : cli_strdup(text != NULL ? text : "?");
        free(text);
    } else {
        name = name_by_place(names, &class);
    }
    if (class.subclass != 0) {
        text = name;
        name = cli_printf("%s/%u", text, (unsigned)class.subclass);
        free(text);
    }
    return name;
}

const char *cli_names_class(struct cli_names *names, uint32_t number)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->classes[i].number == number)
            return names->classes[i].name;
    names->classes = cli_realloc(names->classes, names->count + 1, sizeof(*names->classes));
    names->classes[names->count] = (struct named_class){ number, make_name(names, number) };
    return names->classes[names->count++].name;
}

/* A thread that the program gave no name has the program's; it is called by its start function then. */
char *cli_names_thread(struct cli_names *names, const struct cli_book_thread *thread)
{
    char *program = cli_victim_text(names->books->victim, (uintptr_t)names->books->context->program);
    bool unnamed = program != NULL && strncmp(thread->name, program, sizeof(thread->name) - 1) == 0;
    struct cli_symbol symbol;

    free(program);
    if (thread->start != 0 && unnamed) {
        cli_symbols_name(names->symbols, thread->start, false, &symbol);
        if (symbol.function != NULL)
            return cli_strdup(symbol.function);
    }
    return cli_strdup(thread->name);
}
