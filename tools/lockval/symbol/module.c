/* SPDX-License-Identifier: MIT */
/*
 * A session of libdwfl for each file, in which the file lies at its own addresses, so that offsets of the record are addresses of
 * the session.
 */

#define _GNU_SOURCE
#include "symbol/module.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "symbol/demangle.h"

/* ---- files ---- */

static bool has_build_id(Dwfl_Module *module, const char *wanted)
{
    const unsigned char *bits;
    GElf_Addr address;
    int len = dwfl_module_build_id(module, &bits, &address);
    char byte[3];

    if (len < 0 || strlen(wanted) != (size_t)len * 2)
        return false;
    for (int i = 0; i < len; i++) {
        static const char digits[] = "0123456789abcdef";

        byte[0] = digits[bits[i] >> 4];
        byte[1] = digits[bits[i] & 15];
        if (memcmp(byte, wanted + 2 * i, 2) != 0)
            return false;
    }
    return true;
}

/* Report the file @path to the session. Null: it cannot be read, or is no program. */
static Dwfl_Module *report(struct sym_module *module, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    Dwfl_Module *found = NULL;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        dwfl_report_begin(module->dwfl);
        found = dwfl_report_elf(module->dwfl, path, path, fd, 0, true);
        module->changed = st.st_mtime;
    }
    if (found == NULL)
        (void)close(fd);
    (void)dwfl_report_end(module->dwfl, NULL, NULL);
    return found;
}

/* The file that debug information of the build @build_id lies in, where packages put it. Memory to free. */
static char *debug_file(const char *build_id, const char *folders)
{
    const char *at = folders != NULL ? folders : "/usr/lib/debug";
    char *path;

    while (*at != '\0') {
        size_t len = strcspn(at, ":");

        path = cli_printf("%.*s/.build-id/%.2s/%s.debug", (int)len, at, build_id, build_id + 2);
        if (len != 0 && access(path, R_OK) == 0)
            return path;
        free(path);
        at += len + (at[len] == ':');
    }
    return NULL;
}

static const Dwfl_Callbacks callbacks_without_path = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

static Dwfl *begin(char **debug_path)
{
    static Dwfl_Callbacks with_path;

    if (*debug_path == NULL)
        return dwfl_begin(&callbacks_without_path);
    with_path = callbacks_without_path;
    with_path.debuginfo_path = debug_path;
    return dwfl_begin(&with_path);
}

void sym_module_open(struct sym_module *ret, const struct rec_module *module, char **debug_path)
{
    char *other = NULL;

    *ret = (struct sym_module){ .dwfl = begin(debug_path) };
    if (ret->dwfl == NULL || !module->known || *module->path == '\0') {
        ret->problem = "its file is not known";
        return;
    }
    ret->module = report(ret, module->path);
    if (ret->module != NULL && (*module->build_id == '\0' || has_build_id(ret->module, module->build_id)))
        return;
    ret->problem = ret->module != NULL               ? "the file is not the one that ran"
                   : access(module->path, F_OK) != 0 ? "the file is not there"
                                                     : "the file cannot be read";
    ret->module = NULL;
    if (strlen(module->build_id) < 4)
        return;
    other = debug_file(module->build_id, *debug_path);
    if (other == NULL)
        return;
    ret->module = report(ret, other);
    if (ret->module != NULL && !has_build_id(ret->module, module->build_id))
        ret->module = NULL;
    if (ret->module != NULL)
        ret->problem = NULL;
    free(other);
}

void sym_module_close(struct sym_module *module)
{
    free(module->spans);
    if (module->dwfl != NULL)
        dwfl_end(module->dwfl);
    rec_index_free(&module->known);
}

/* ---- units ---- */

/*
 * Which unit of the debug information an address belongs to. elfutils looks for that in .debug_aranges only, which clang does not write;
 * the units themselves always say what they cover.
 */
struct sym_span {
    Dwarf_Addr start, end, bias;
    Dwarf_Off unit; /* of its entry */
    Dwarf *dwarf;
};

static int compare_spans(const void *a, const void *b)
{
    const struct sym_span *left = a, *right = b;

    return left->start < right->start ? -1 : left->start > right->start;
}

static void make_spans(struct sym_module *module)
{
    Dwarf_Die *unit = NULL;
    Dwarf_Addr bias, base, start, end;
    ptrdiff_t at;

    while ((unit = dwfl_module_nextcu(module->module, unit, &bias)) != NULL) {
        for (at = 0; (at = dwarf_ranges(unit, at, &base, &start, &end)) > 0;) {
            if ((module->span_count & (module->span_count - 1)) == 0)
                module->spans = cli_realloc(module->spans, module->span_count == 0 ? 1 : module->span_count * 2,
                                            sizeof(*module->spans));
            module->spans[module->span_count++] =
                (struct sym_span){ start + bias, end + bias, bias, dwarf_dieoffset(unit), dwarf_cu_getdwarf(unit->cu) };
        }
    }
    if (module->span_count != 0)
        qsort(module->spans, module->span_count, sizeof(*module->spans), compare_spans);
}

/* The unit of @address in *ret_unit. False: there is none. */
static bool find_unit(const struct sym_module *module, Dwarf_Addr address, Dwarf_Die *ret_unit, Dwarf_Addr *ret_bias)
{
    size_t low = 0, high = module->span_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (module->spans[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || module->spans[low - 1].end <= address)
        return false;
    *ret_bias = module->spans[low - 1].bias;
    return dwarf_offdie(module->spans[low - 1].dwarf, module->spans[low - 1].unit, ret_unit) != NULL;
}

/* ---- places ---- */

struct looking {
    struct rec_pool *pool;
    struct sym_frame frames[32]; /* of more that are inlined into each other the outer ones are left out */
    size_t count;
};

static void add_frame(struct looking *looking, struct sym_frame frame)
{
    if (looking->count < sizeof(looking->frames) / sizeof(looking->frames[0]))
        looking->frames[looking->count++] = frame;
}

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

/* What the function of the entry @die is called. */
static const char *name_of(struct looking *looking, Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    const char *linkage = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
    const char *name = dwarf_diename(die), *ret;
    char *readable;

    if (linkage == NULL)
        return rec_pool_text(looking->pool, name);
    readable = sym_demangle(linkage);
    ret = rec_pool_text(looking->pool, readable != NULL ? readable : name);
    free(readable);
    return ret;
}

static int number_attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;

    return dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &value) == 0 && value <= INT32_MAX ? (int)value
                                                                                                           : 0;
}

/* Where the inlined function of @die is called. */
static void call_place(struct looking *looking, Dwarf_Die *unit, Dwarf_Die *die, struct sym_frame *ret)
{
    Dwarf_Files *files;
    size_t count;
    int number = number_attribute(die, DW_AT_call_file);
    const char *file = NULL;

    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && number >= 0 && (size_t)number < count)
        file = dwarf_filesrc(files, (size_t)number, NULL, NULL);
    ret->file = whole_path(looking->pool, folder_of(unit), file);
    ret->line = number_attribute(die, DW_AT_call_line);
    ret->column = number_attribute(die, DW_AT_call_column);
}

/* The functions around @address, as far as debug information has them: all but the outermost are inlined. @at: where it stands;
 * afterwards where the outermost that was met does. */
static void add_scopes(struct looking *looking, Dwarf_Die *unit, Dwarf_Addr address, struct sym_frame *at)
{
    Dwarf_Die *scopes = NULL, *around = NULL;
    int count = dwarf_getscopes(unit, address, &scopes);
    bool done = false;

    if (count > 0)
        count = dwarf_getscopes_die(&scopes[0], &around);
    for (int i = 0; i < count && !done; i++) {
        int tag = dwarf_tag(&around[i]);

        if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
            continue;
        at->function = name_of(looking, &around[i]);
        at->inlined = tag == DW_TAG_inlined_subroutine;
        done = !at->inlined;
        add_frame(looking, *at);
        if (at->inlined)
            call_place(looking, unit, &around[i], at);
    }
    free(around);
    free(scopes);
}

/* "name@VERSION" without the version. */
static const char *bare_name(struct rec_pool *pool, const char *name)
{
    char *bare = cli_printf("%.*s", (int)strcspn(name, "@"), name);
    const char *ret = rec_pool_text(pool, bare);

    free(bare);
    return ret;
}

/* What the compiler splits off a function ("main.cold", "take.part.0") is that function to a reader. */
static const char *readable_name(struct rec_pool *pool, const char *symbol)
{
    char *whole = cli_printf("%.*s", (int)(1 + strcspn(symbol + 1, ".")), symbol);
    char *readable = sym_demangle(whole);
    const char *ret = rec_pool_text(pool, readable != NULL ? readable : whole);

    free(readable);
    free(whole);
    return ret;
}

/* Where @address stands by the table of lines. */
static void source_place(struct looking *looking, Dwarf_Die *unit, Dwarf_Addr address, struct sym_frame *ret)
{
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);

    if (line == NULL)
        return;
    ret->file = whole_path(looking->pool, folder_of(unit), dwarf_linesrc(line, NULL, NULL));
    (void)dwarf_lineno(line, &ret->line);
    (void)dwarf_linecol(line, &ret->column);
}

/* The symbol's name of the function that is not inlined has all that its own entry may lack. */
static void add_symbol(struct looking *looking, const struct sym_module *module, uint64_t address, struct sym_frame at,
                       struct sym_frames *ret)
{
    GElf_Off offset = 0;
    GElf_Sym symbol = { 0 };
    const char *name = dwfl_module_addrinfo(module->module, address, &offset, &symbol, NULL, NULL, NULL);
    struct sym_frame *outermost;

    if (name == NULL || *name == '\0')
        return;
    if (looking->count == 0 || looking->frames[looking->count - 1].inlined) {
        at.inlined = false;
        add_frame(looking, at);
    }
    outermost = &looking->frames[looking->count - 1];
    outermost->symbol = bare_name(looking->pool, name);
    outermost->function = readable_name(looking->pool, outermost->symbol);
    ret->offset = offset;
    ret->size = symbol.st_size;
}

struct sym_frames *sym_module_look(struct sym_module *module, uint64_t address, struct rec_pool *pool)
{
    struct looking looking = { .pool = pool };
    struct sym_frames *ret = rec_pool_take(pool, 1, sizeof(*ret));
    struct sym_frame at = { .function = "", .symbol = "", .file = "" }, *frames;
    Dwarf_Addr bias = 0;
    Dwarf_Die unit;

    if (module->module == NULL)
        return ret;
    if (!module->has_spans) {
        module->has_spans = true;
        make_spans(module);
    }
    if (find_unit(module, address, &unit, &bias)) {
        source_place(&looking, &unit, address - bias, &at);
        add_scopes(&looking, &unit, address - bias, &at);
    }
    add_symbol(&looking, module, address, at, ret);
    frames = rec_pool_take(pool, looking.count, sizeof(*frames));
    memcpy(frames, looking.frames, looking.count * sizeof(*frames));
    ret->frames = frames;
    ret->count = looking.count;
    return ret;
}
