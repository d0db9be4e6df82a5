/* SPDX-License-Identifier: MIT */
/*
 * Owns the snapshot of the modules that addresses were asked for, and their names. Protected by the owner's lock;
 * records are never freed, since stacks and classes point to them after their module was unloaded.
 *
 * The loader is asked each time (_dl_find_object takes no lock), because only it knows whether the record of an address
 * is still true. A plugin that is unloaded, rebuilt and loaded again often gets the same addresses and even the same
 * link map; such a record is recognised by what it was made of: range, load address, dynamic section, unwind data, path
 * and build-id.
 *
 * Records of unloaded modules leave the list that is walked without a lock, and keep their own next pointer: a reader who
 * stands on one walks on. When the same file comes back to the same place its record is taken up again, with the number
 * it was born with: it is the same code, and a plugin that comes and goes for ever needs one record.
 */

#define _GNU_SOURCE
#include "sys/modules.h"

#include "sys/os.h"
#include "sys/symtab.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

/* A longer PT_NOTE segment is searched in its first bytes only. */
#define NOTES_MAX 1024

#define PATH_SIZE 4096

/* A program's first segment is looked for over so many segments, and over holes of so many pages: with segments aligned to
 * 2 MiB, the largest page that linkers know, a hole is smaller than two of these. */
#define SEGMENTS_MAX 16
#define PAGE_SIZE 4096
#define HOLE_PAGES 1024

#define SELF "/proc/self/exe"

/* What a record holds for this file alone. Protected as the record. */
struct module_private {
    struct lv_module module;
    uintptr_t image;            /* where the ELF header is: the module's start, but for a program with holes */
    const struct link_map *map; /* only compared: it may be freed */
    const void *eh_frame;       /* only compared */
    uintptr_t dynamic;          /* address of the dynamic section while the module is loaded */
    uintptr_t id_address;       /* of the build-id in memory, while the module is loaded */
    ElfW(Ehdr) header;          /* as it was in memory; zero where it could not be read */
    struct lv_symtab symtab;
    bool symtab_read;       /* atomic, written under the owner's lock */
    bool ahead_taken;       /* atomic: a thread reads, or has read, */
    struct lv_symtab ahead; /* into this, which is that thread's until it hands it over under the owner's lock */
};

static struct module_private *private_of(const struct lv_module *module)
{
    return module->symbols;
}

void lv_modules_init(struct lv_modules *modules, struct lv_arena *arena)
{
    *modules = (struct lv_modules){ .arena = arena };
}

/* ---- making a record ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static const char *copy_text(struct lv_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = lv_arena_alloc(arena, size);

    return copy ? memcpy(copy, text, size) : NULL;
}

static const char *program_path(struct lv_arena *arena)
{
    char *path = lv_arena_alloc(arena, PATH_SIZE);

    return path && lv_os_read_link(SELF, path, PATH_SIZE) > 0 ? path : SELF;
}

static bool module_has(const struct module_private *p, uintptr_t address, size_t size)
{
    return address >= p->image && address <= p->module.end && size <= p->module.end - address;
}

static bool module_read(const struct module_private *p, uintptr_t address, void *to, size_t size)
{
    return module_has(p, address, size) && lv_os_read_memory(address, to, size) == 0;
}

/* The start of the nearest segment of @map before @start, or 0. Where a segment ends within a page the loader knows no more
 * of that page, so pages are asked for by their first byte. */
static uintptr_t segment_before(const struct link_map *map, uintptr_t start)
{
    uintptr_t page = start & ~(uintptr_t)(PAGE_SIZE - 1);

    for (int i = 0; i <= HOLE_PAGES && page > PAGE_SIZE; i++) {
        struct dl_find_object object;

        page -= PAGE_SIZE;
        if (_dl_find_object((void *)page, &object) == 0)
            return object.dlfo_link_map == map ? (uintptr_t)object.dlfo_map_start : 0;
    }
    return 0;
}

/*
 * The loader maps a shared object as one range. A program was mapped by the kernel, and where there are holes between its
 * segments _dl_find_object answers with the segment alone; the header is then at the start of an earlier one.
 */
static uintptr_t find_image(const struct module_private *p)
{
    uintptr_t start = p->module.start;

    for (int i = 0; i < SEGMENTS_MAX && start != 0; i++, start = segment_before(p->map, start)) {
        char magic[SELFMAG];

        if (lv_os_read_memory(start, magic, sizeof(magic)) == 0 && memcmp(magic, ELFMAG, SELFMAG) == 0)
            return start;
    }
    return p->module.start;
}

static bool read_notes(struct module_private *p, const ElfW(Phdr) * segment)
{
    struct lv_module *module = &p->module;
    uintptr_t address = module->bias + segment->p_vaddr;
    size_t size = segment->p_memsz < NOTES_MAX ? (size_t)segment->p_memsz : NOTES_MAX;
    _Alignas(ElfW(Nhdr)) char notes[NOTES_MAX];
    const uint8_t *id;
    size_t id_size;

    if (!module_read(p, address, notes, size))
        return false;
    id = lv_symtab_note_build_id(notes, size, (size_t)segment->p_align, &id_size);
    if (!id)
        return false;
    if (id_size > sizeof(module->build_id))
        id_size = sizeof(module->build_id);
    memcpy(module->build_id, id, id_size);
    module->build_id_size = (uint8_t)id_size;
    p->id_address = address + (uintptr_t)(id - (const uint8_t *)notes);
    return true;
}

/* Read header and build-id where they are mapped: at the start of the first segment, as linkers do it. */
static void read_identity(struct module_private *p)
{
    ElfW(Ehdr) header;

    if (!module_read(p, p->image, &header, sizeof(header)) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_phentsize != sizeof(ElfW(Phdr)))
        return;
    p->header = header;
    for (size_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;

        if (!module_read(p, p->image + header.e_phoff + i * sizeof(segment), &segment, sizeof(segment)))
            return;
        if (segment.p_type == PT_NOTE && read_notes(p, &segment))
            return;
    }
}

/* What the loader says itself, without a look at the module. */
static bool is_like(const struct lv_module *module, const struct dl_find_object *object)
{
    const struct module_private *p = private_of(module);

    return module->start == (uintptr_t)object->dlfo_map_start && module->end == (uintptr_t)object->dlfo_map_end &&
           p->map == object->dlfo_link_map && p->eh_frame == object->dlfo_eh_frame;
}

/* Was this record made of the module that the loader found, and that nobody unloads meanwhile? */
static bool is_record_of(const struct lv_module *module, const struct dl_find_object *object)
{
    const struct module_private *p = private_of(module);
    const struct link_map *map = object->dlfo_link_map;

    if (!is_like(module, object) || module->bias != map->l_addr || p->dynamic != (uintptr_t)map->l_ld)
        return false;
    if (module->is_program)
        return true;
    /* With the layout the same, the build-id is where it was, and mapped. */
    return strcmp(module->path, map->l_name) == 0 &&
           (module->build_id_size == 0 ||
            memcmp((const void *)p->id_address, module->build_id, module->build_id_size) == 0);
}

/* ---- symbols ---- */

static bool has_path(const struct lv_module *module, uintptr_t text)
{
    size_t left = strlen(module->path) + 1;

    for (const char *path = module->path; left != 0;) {
        char piece[64];
        size_t size = left < sizeof(piece) ? left : sizeof(piece);

        if (lv_os_read_memory(text, piece, size) < 0 || memcmp(piece, path, size) != 0)
            return false;
        path += size;
        text += size;
        left -= size;
    }
    return true;
}

/* The same when another thread may unload it at this moment: nothing of it is read but by a call that may fail. */
static bool is_still_loaded(const struct lv_module *module)
{
    const struct module_private *p = private_of(module);
    struct dl_find_object object;
    struct link_map map;
    uint8_t id[LV_BUILD_ID_MAX];

    if (_dl_find_object((void *)module->start, &object) != 0 || !is_like(module, &object))
        return false;
    if (module->is_program)
        return true;
    return lv_os_read_memory((uintptr_t)object.dlfo_link_map, &map, sizeof(map)) == 0 && module->bias == map.l_addr &&
           p->dynamic == (uintptr_t)map.l_ld && has_path(module, (uintptr_t)map.l_name) &&
           lv_os_read_memory(p->id_address, id, module->build_id_size) == 0 &&
           memcmp(id, module->build_id, module->build_id_size) == 0;
}

/* Context: any thread. What it looks at of the record is constant, but for the place in memory of one that comes back. */
static void read_table(const struct module_private *p, struct lv_symtab *ret)
{
    const struct lv_module *module = &p->module;
    const struct lv_symtab_expect expect = {
        .build_id = module->build_id,
        .build_id_size = module->build_id_size,
        .header = &p->header,
        .header_size = sizeof(p->header),
    };
    const struct lv_symtab_memory memory = {
        .start = p->image,
        .end = module->end,
        .bias = module->bias,
        .dynamic = p->dynamic,
    };

    /* The link in /proc opens the program even after its file was renamed or deleted. */
    if (module->is_program && lv_symtab_read_file(ret, SELF, &expect) == 0)
        return;
    /* A name without a slash is no path (the vdso). */
    if (strchr(module->path, '/') && lv_symtab_read_file(ret, module->path, &expect) == 0)
        return;
    if (is_still_loaded(module) && lv_symtab_read_memory(ret, &memory) == 0)
        return;
    *ret = (struct lv_symtab){ 0 };
}

static void read_symbols(struct module_private *p)
{
    if (p->symtab_read)
        return;
    read_table(p, &p->symtab);
    __atomic_store_n(&p->symtab_read, true, __ATOMIC_RELEASE);
}

bool lv_modules_is_named(const struct lv_module *module)
{
    return __atomic_load_n(&private_of(module->first)->symtab_read, __ATOMIC_ACQUIRE);
}

bool lv_modules_read_ahead(const struct lv_module *module)
{
    struct module_private *p = private_of(module->first);

    if (lv_modules_is_named(module) || __atomic_exchange_n(&p->ahead_taken, true, __ATOMIC_RELAXED))
        return false;
    read_table(p, &p->ahead);
    return true;
}

void lv_modules_hand_over(const struct lv_module *module)
{
    struct module_private *p = private_of(module->first);

    if (p->symtab_read) {
        lv_symtab_fini(&p->ahead);
        return;
    }
    p->symtab = p->ahead;
    __atomic_store_n(&p->symtab_read, true, __ATOMIC_RELEASE);
}

/* The file is let go: what names its symbols have must not depend on it. */
static void keep_names(const struct lv_module *first)
{
    struct module_private *p = private_of(first);

    read_symbols(p);
    lv_symtab_keep(&p->symtab);
}

/* ---- the lives of records ---- */

static bool is_same_file(const struct lv_module *a, const struct lv_module *b)
{
    return a->build_id_size != 0 && a->build_id_size == b->build_id_size &&
           memcmp(a->build_id, b->build_id, a->build_id_size) == 0 && strcmp(a->path, b->path) == 0;
}

static void add_to_list(struct lv_modules *modules, struct lv_module *module)
{
    module->next = modules->head;
    __atomic_store_n(&modules->head, module, __ATOMIC_RELEASE);
}

/* The loaded module at @link is not loaded any more. */
static void bury(struct lv_modules *modules, struct lv_module **link)
{
    struct lv_module *module = *link;

    __atomic_store_n(link, module->next, __ATOMIC_RELEASE);
    __atomic_store_n(&modules->sequence, modules->sequence + 1, __ATOMIC_RELEASE);
    module->died = modules->sequence;
    module->next_dead = modules->dead;
    modules->dead = module;
    keep_names(module->first);
}

/* The same file at the same place as @like, unloaded, or null; it is dead no longer. */
static struct lv_module *take_dead(struct lv_modules *modules, const struct module_private *like)
{
    for (struct lv_module **link = &modules->dead; *link != NULL; link = &(*link)->next_dead) {
        struct lv_module *module = *link;

        if (module->start != like->module.start || module->end != like->module.end ||
            module->bias != like->module.bias || private_of(module)->dynamic != like->dynamic ||
            !is_same_file(module, &like->module))
            continue;
        *link = module->next_dead;
        module->died = 0;
        return module;
    }
    return NULL;
}

/* The first record of the file that @module was made of: itself where there is none. */
static struct lv_module *first_of(const struct lv_modules *modules, struct lv_module *module)
{
    for (const struct lv_module *other = modules->head; other != NULL; other = other->next)
        if (is_same_file(other, module))
            return other->first;
    for (const struct lv_module *other = modules->dead; other != NULL; other = other->next_dead)
        if (is_same_file(other, module))
            return other->first;
    return module;
}

/* A record for what @like says, which is new; null without memory. */
static struct lv_module *make_record(struct lv_modules *modules, const struct module_private *like)
{
    struct module_private *p = lv_arena_alloc(modules->arena, sizeof(*p));
    struct lv_module *module;

    if (p == NULL)
        return NULL;
    *p = *like;
    module = &p->module;
    module->symbols = p;
    module->born = modules->sequence;
    module->first = first_of(modules, module);
    if (module->is_program)
        module->path = program_path(modules->arena);
    else
        module->path = module->first != module ? module->first->path : copy_text(modules->arena, module->path);
    if (module->path == NULL)
        return NULL;
    module->name = last_part(module->path);
    return module;
}

static const struct lv_module *add_record(struct lv_modules *modules, const struct dl_find_object *object)
{
    const struct link_map *map = object->dlfo_link_map;
    struct module_private found = { .map = map, .eh_frame = object->dlfo_eh_frame, .dynamic = (uintptr_t)map->l_ld };
    struct lv_module *module = &found.module;

    module->start = (uintptr_t)object->dlfo_map_start;
    module->end = (uintptr_t)object->dlfo_map_end;
    module->bias = map->l_addr;
    /* The loader gives every module a name but the program. */
    module->is_program = !map->l_name || map->l_name[0] == '\0';
    module->path = module->is_program ? "" : map->l_name;
    found.image = module->is_program ? find_image(&found) : module->start;
    read_identity(&found);

    for (struct lv_module **link = &modules->head; *link != NULL;) {
        if ((*link)->start < module->end && module->start < (*link)->end)
            bury(modules, link);
        else
            link = &(*link)->next;
    }
    module = take_dead(modules, &found);
    if (module != NULL) {
        private_of(module)->map = found.map;
        private_of(module)->image = found.image;
        private_of(module)->eh_frame = found.eh_frame;
        private_of(module)->id_address = found.id_address;
    } else {
        module = make_record(modules, &found);
        if (module == NULL)
            return NULL;
    }
    add_to_list(modules, module);
    return module;
}

bool lv_modules_peek(const struct lv_modules *modules, uintptr_t address, const struct lv_module **ret)
{
    const struct lv_module *module = NULL;
    struct dl_find_object object;

    if (_dl_find_object((void *)address, &object) == 0) {
        module = __atomic_load_n(&modules->head, __ATOMIC_ACQUIRE);
        while (module != NULL && !is_record_of(module, &object))
            module = __atomic_load_n(&module->next, __ATOMIC_ACQUIRE);
        if (module == NULL)
            return false;
    }
    *ret = module;
    return true;
}

const struct lv_module *lv_modules_find(struct lv_modules *modules, uintptr_t address)
{
    struct dl_find_object object;

    if (_dl_find_object((void *)address, &object) != 0)
        return NULL;
    for (const struct lv_module *module = modules->head; module; module = module->next) {
        if (is_record_of(module, &object))
            return module;
    }
    return add_record(modules, &object);
}

const struct lv_module *lv_modules_at(const struct lv_modules *modules, uintptr_t address, uint32_t born)
{
    for (const struct lv_module *module = modules->head; module; module = module->next) {
        if (module->born == born && address >= module->start && address < module->end)
            return module;
    }
    for (const struct lv_module *module = modules->dead; module; module = module->next_dead) {
        if (module->born == born && address >= module->start && address < module->end)
            return module;
    }
    return NULL;
}

const struct lv_module *lv_modules_loaded_at(const struct lv_modules *modules, uintptr_t address, uint32_t born)
{
    const struct lv_module *module = __atomic_load_n(&modules->head, __ATOMIC_ACQUIRE);

    while (module != NULL && (module->born != born || address < module->start || address >= module->end))
        module = __atomic_load_n(&module->next, __ATOMIC_ACQUIRE);
    return module;
}

/* A handle is a link map, which glibc does not promise; it is read as memory that may be anything. */
uintptr_t lv_modules_begin_unload(struct lv_modules *modules, const void *handle)
{
    struct dl_find_object object;
    struct link_map map;

    if (modules->sequence == 0)
        __atomic_store_n(&modules->sequence, 1, __ATOMIC_RELEASE);
    for (struct lv_module *module = modules->head; module; module = module->next) {
        if (private_of(module)->map == handle)
            keep_names(module->first);
    }
    if (lv_os_read_memory((uintptr_t)handle, &map, sizeof(map)) < 0 || _dl_find_object(map.l_ld, &object) != 0 ||
        object.dlfo_link_map != handle)
        return 0;
    return (uintptr_t)map.l_ld;
}

void lv_modules_sweep(struct lv_modules *modules)
{
    for (struct lv_module **link = &modules->head; *link != NULL;) {
        if (is_still_loaded(*link))
            link = &(*link)->next;
        else
            bury(modules, link);
    }
}

void lv_modules_end_unload(struct lv_modules *modules, uintptr_t where)
{
    struct dl_find_object object;

    /* Nobody may have asked for an address in it, but libunwind knows those that it met on its way. */
    if (where != 0 && _dl_find_object((void *)where, &object) != 0)
        __atomic_store_n(&modules->sequence, modules->sequence + 1, __ATOMIC_RELEASE);
    lv_modules_sweep(modules);
}

/* ---- names ---- */

void lv_modules_name_in(const struct lv_module *module, uintptr_t address, struct lv_symbol *ret)
{
    const struct lv_symtab_entry *entry;
    struct module_private *p;

    *ret = (struct lv_symbol){ .module = module, .offset = address };
    if (!module)
        return;
    p = private_of(module->first);
    read_symbols(p);
    ret->module_offset = address - module->bias;
    ret->offset = address - private_of(module)->image;
    entry = lv_symtab_entry_at(&p->symtab, ret->module_offset);
    if (entry == NULL)
        return;
    ret->symbol = p->symtab.names + entry->name;
    ret->offset = ret->module_offset - (uintptr_t)entry->start;
    ret->size = (uintptr_t)(entry->end - entry->start);
}

void lv_modules_name(struct lv_modules *modules, uintptr_t address, struct lv_symbol *ret)
{
    lv_modules_name_in(lv_modules_find(modules, address), address, ret);
}
