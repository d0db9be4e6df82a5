/* SPDX-License-Identifier: MIT */
/*
 * Lines are those of the debug information. Names of functions are the linker's where there is a symbol, since a unit need not have
 * them; of what is inlined it has the only ones.
 */

#define _GNU_SOURCE
#include "symbol/module.h"

#include <ctype.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "engine/wrappers.h"
#include "symbol/demangle.h"

struct looking {
    struct rec_pool *pool;
    const char *wrappers;
    struct sym_frame *frames;
    size_t count;
};

/* ---- paths ---- */

/* @file of a unit that was compiled in @folder: the whole path, without "." and "..", which need not be the file's only name. */
static const char *whole_path(struct rec_pool *pool, const char *folder, const char *file)
{
    char *path, *to;
    const char *ret;

    if (file == NULL)
        return "";
    path = file[0] == '/' || folder == NULL || folder[0] != '/' ? cli_strdup(file) : cli_printf("%s/%s", folder, file);
    to = path;
    for (const char *at = path; *at != '\0';) {
        size_t len = strcspn(at, "/");

        if (len == 2 && memcmp(at, "..", 2) == 0 && to - path > 1 && path[0] == '/') {
            for (to--; to > path && to[-1] != '/';)
                to--;
        } else if (len != 0 && !(len == 1 && *at == '.')) {
            memmove(to, at, len);
            to += len;
            if (at[len] == '/')
                *to++ = '/';
        } else if (at == path && len == 0) {
            *to++ = '/';
        }
        at += len + (at[len] == '/');
    }
    *to = '\0';
    ret = rec_pool_text(pool, path);
    free(path);
    return ret;
}

static const char *folder_of(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;

    return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

/* ---- names ---- */

/* "name@VERSION" without the version. */
static const char *bare_name(struct rec_pool *pool, const char *name)
{
    char *bare = cli_printf("%.*s", (int)strcspn(name, "@"), name);
    const char *ret = rec_pool_text(pool, bare);

    free(bare);
    return ret;
}

/* How long is @symbol without what the compiler puts behind the name of a part or a copy of a function: "main.cold",
 * "take.part.0", "take.llvm.12", "local.7"? Other dots are the name's own. */
static size_t whole_len(const char *symbol)
{
    static const char *const marks[] = { "cold", "part.", "constprop.", "isra.", "lto_priv.", "llvm.", "localalias" };
    const char *dot = symbol;

    while (*dot != '\0' && (dot = strchr(dot + 1, '.')) != NULL) {
        if (isdigit((unsigned char)dot[1]) && dot[1 + strspn(dot + 1, "0123456789")] == '\0')
            return (size_t)(dot - symbol);
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
            if (strncmp(dot + 1, marks[i], strlen(marks[i])) == 0)
                return (size_t)(dot - symbol);
    }
    return strlen(symbol);
}

/* Names of Rust end in a hash of their own: "::h" and 16 digits. */
static void cut_hash(char *readable)
{
    size_t len = strlen(readable);

    if (len > 19 && memcmp(readable + len - 19, "::h", 3) == 0 && strspn(readable + len - 16, "0123456789abcdef") == 16)
        readable[len - 19] = '\0';
}

static const char *readable_name(struct rec_pool *pool, const char *symbol)
{
    char *whole = cli_printf("%.*s", (int)whole_len(symbol), symbol);
    char *readable = sym_demangle(whole);
    const char *ret;

    if (readable != NULL)
        cut_hash(readable);
    ret = rec_pool_text(pool, readable != NULL ? readable : whole);
    free(readable);
    free(whole);
    return ret;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Is @file a header of a C++ library? Some compilers have those of a machine beside the others. */
static bool is_header(const char *file)
{
    const char *include = strstr(file, "/include/");

    return include != NULL && strstr(include, "/c++/") != NULL;
}

/* What a name or a source says of whose @frame is; @symbol is the linker's name, or what there is. */
void sym_module_judge(const char *wrappers, struct sym_frame *frame, const char *symbol)
{
    const char *name = frame->function;

    frame->library = begins(name, "std::") || begins(name, "__gnu_cxx::") || begins(name, "__gthread_") ||
                     begins(name, "__cxxabiv1::") || is_header(frame->file) || begins(symbol, "_ZSt") ||
                     begins(symbol, "_ZNSt") || begins(symbol, "_ZNKSt");
    frame->wrapper = frame->library || lv_wrappers_look(symbol) == LV_WRAPPER_KNOWN ||
                     (lv_wrappers_look(symbol) == LV_WRAPPER_NO && lv_wrappers_match(wrappers, symbol));
}

/* What the function of the entry @die is called. */
static void name_it(const struct looking *looking, Dwarf_Die *die, struct sym_frame *ret)
{
    Dwarf_Attribute attribute;
    const char *linkage = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
    const char *name = dwarf_diename(die);

    if (linkage == NULL)
        linkage = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute));
    /* C has linker's names here, too, where a declaration asked for another one. */
    if (linkage != NULL && (name == NULL || begins(linkage, "_Z")))
        ret->function = readable_name(looking->pool, linkage);
    else
        ret->function = rec_pool_text(looking->pool, name);
    sym_module_judge(looking->wrappers, ret, linkage != NULL ? linkage : ret->function);
}

/* ---- places ---- */

static int number_attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;

    return dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &value) == 0 && value <= INT32_MAX ? (int)value
                                                                                                           : 0;
}

/* Where the inlined function of @die is called. */
static void call_place(const struct looking *looking, struct sym_scopes *at, Dwarf_Die *die, struct sym_frame *ret)
{
    Dwarf_Files *files;
    size_t count;
    int number = number_attribute(die, DW_AT_call_file);
    const char *file = NULL;

    if (dwarf_getsrcfiles(&at->inner, &files, &count) == 0 && number >= 0 && (size_t)number < count)
        file = dwarf_filesrc(files, (size_t)number, NULL, NULL);
    ret->file = whole_path(looking->pool, folder_of(&at->unit), file);
    ret->line = number_attribute(die, DW_AT_call_line);
    ret->column = number_attribute(die, DW_AT_call_column);
}

/* Where the address stands by the table of lines. */
static void source_place(const struct looking *looking, struct sym_scopes *at, struct sym_frame *ret)
{
    Dwarf_Line *line = dwarf_getsrc_die(&at->unit, at->address);

    if (line == NULL)
        return;
    ret->file = whole_path(looking->pool, folder_of(&at->unit), dwarf_linesrc(line, NULL, NULL));
    (void)dwarf_lineno(line, &ret->line);
    (void)dwarf_linecol(line, &ret->column);
}

/* The functions around the address, innermost first. @place: where it stands. */
static void add_scopes(struct looking *looking, struct sym_scopes *at, struct sym_frame place)
{
    for (size_t i = at->count; i-- > 0;) {
        Dwarf_Die die = at->scopes[i];

        place.inlined = i != 0;
        place.declared = number_attribute(&die, DW_AT_decl_line);
        name_it(looking, &die, &place);
        looking->frames[looking->count++] = place;
        if (place.inlined)
            call_place(looking, at, &die, &place);
    }
}

void sym_module_ask(struct sym_module *module)
{
    if (module->asked)
        return;
    module->asked = true;
    sym_table_read(&module->table, module->module);
    module->units = sym_units_open(module->module);
}

struct sym_frames *sym_module_look(struct sym_module *module, uint64_t address, const char *wrappers,
                                   struct rec_pool *pool)
{
    struct sym_frames *ret = rec_pool_take(pool, 1, sizeof(*ret));
    struct looking looking = { .pool = pool, .wrappers = wrappers };
    struct sym_frame place = { .function = "", .symbol = "", .file = "" };
    const struct sym_entry *entry;
    struct sym_scopes at;

    if (module->module == NULL)
        return ret;
    sym_module_ask(module);
    if (sym_units_find(module->units, address, &at))
        source_place(&looking, &at, &place);
    entry = sym_table_find(&module->table, address);
    looking.frames = rec_pool_take(pool, at.count + (at.count == 0 && entry != NULL), sizeof(*looking.frames));
    add_scopes(&looking, &at, place);
    if (entry != NULL) {
        struct sym_frame *outermost;

        if (looking.count == 0)
            looking.frames[looking.count++] = place;
        outermost = &looking.frames[looking.count - 1];
        outermost->symbol = bare_name(pool, entry->name);
        outermost->function = readable_name(pool, outermost->symbol);
        sym_module_judge(looking.wrappers, outermost, outermost->symbol);
        ret->offset = address - entry->start;
        ret->size = entry->size;
    }
    ret->frames = looking.frames;
    ret->count = looking.count;
    return ret;
}
