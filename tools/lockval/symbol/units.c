/* SPDX-License-Identifier: MIT */
/*
 * elfutils finds the unit of an address in .debug_aranges only, which clang does not write, and walks over a whole unit for each
 * question about its functions. The units themselves always say what they cover, and so do functions; what is inlined lies
 * within the function.
 */

#include "symbol/units.h"

#include <dwarf.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/memory.h"

/* Addresses of a unit, or of a function of one. */
struct span {
    Dwarf_Addr start, end;
    size_t which;  /* unit */
    Dwarf_Off die; /* of the function */
};

struct spans {
    size_t count;
    struct span *list; /* by .start, once they are sorted */
};

struct unit {
    Dwarf_Die die, inner;
    Dwarf_Addr bias;
    bool read; /* .functions are there */
    struct spans functions;
};

struct sym_units {
    Dwfl_Module *module;
    bool read; /* all of these are there */
    size_t count;
    struct unit *units;
    struct spans spans;
    size_t scope_size;
    Dwarf_Die *scopes; /* of the last search */
};

/* ---- spans ---- */

static void *grown(void *list, size_t count, size_t size)
{
    return (count & (count - 1)) == 0 ? cli_realloc(list, count == 0 ? 1 : count * 2, size) : list;
}

static void add_span(struct spans *spans, struct span span)
{
    if (span.start >= span.end)
        return;
    spans->list = grown(spans->list, spans->count, sizeof(*spans->list));
    spans->list[spans->count++] = span;
}

/* All that @die covers, by the addresses of its file. */
static void add_ranges(struct spans *spans, Dwarf_Die *die, struct span span)
{
    Dwarf_Addr base;
    ptrdiff_t at = 0;

    while ((at = dwarf_ranges(die, at, &base, &span.start, &span.end)) > 0)
        add_span(spans, span);
}

static int compare(const void *a, const void *b)
{
    const struct span *left = a, *right = b;

    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    return left->end > right->end ? -1 : left->end < right->end;
}

static void sort(struct spans *spans)
{
    if (spans->count != 0)
        qsort(spans->list, spans->count, sizeof(*spans->list), compare);
}

static const struct span *find(const struct spans *spans, Dwarf_Addr address)
{
    size_t low = 0, high = spans->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (spans->list[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low != 0 && spans->list[low - 1].end > address ? &spans->list[low - 1] : NULL;
}

/* ---- units ---- */

struct sym_units *sym_units_open(Dwfl_Module *module)
{
    struct sym_units *units = cli_alloc(1, sizeof(*units));

    units->module = module;
    return units;
}

void sym_units_close(struct sym_units *units)
{
    for (size_t i = 0; i < units->count; i++)
        free(units->units[i].functions.list);
    free(units->units);
    free(units->spans.list);
    free(units->scopes);
    free(units);
}

/* Where the functions of @unit are: a unit can be a mere skeleton of one in another file. */
static Dwarf_Die inner_of(Dwarf_Die *unit)
{
    Dwarf_Die inner;
    uint8_t type;

    if (dwarf_cu_info(unit->cu, NULL, &type, NULL, &inner, NULL, NULL, NULL) == 0 && type == DW_UT_skeleton &&
        inner.addr != NULL)
        return inner;
    return *unit;
}

static void read_units(struct sym_units *units)
{
    Dwarf_Die *die = NULL;
    Dwarf_Addr bias;

    units->read = true;
    while ((die = dwfl_module_nextcu(units->module, die, &bias)) != NULL) {
        struct span span = { .which = units->count };
        size_t before = units->spans.count;

        add_ranges(&units->spans, die, span);
        if (units->spans.count == before)
            continue;
        for (size_t i = before; i < units->spans.count; i++) {
            units->spans.list[i].start += bias;
            units->spans.list[i].end += bias;
        }
        units->units = grown(units->units, units->count, sizeof(*units->units));
        units->units[units->count++] = (struct unit){ .die = *die, .bias = bias };
    }
    sort(&units->spans);
}

/* ---- functions ---- */

static void add_functions(struct spans *functions, Dwarf_Die *parent)
{
    Dwarf_Die die;

    if (dwarf_child(parent, &die) != 0)
        return;
    do {
        switch (dwarf_tag(&die)) {
        case DW_TAG_subprogram:
            add_ranges(functions, &die, (struct span){ .die = dwarf_dieoffset(&die) });
            break;
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_enumeration_type:
            add_functions(functions, &die);
            break;
        default:
            break;
        }
    } while (dwarf_siblingof(&die, &die) == 0);
}

static void read_functions(struct unit *unit)
{
    unit->read = true;
    unit->inner = inner_of(&unit->die);
    add_functions(&unit->functions, &unit->inner);
    sort(&unit->functions);
}

static void add_scope(struct sym_units *units, const Dwarf_Die *die, size_t *count)
{
    if (*count == units->scope_size) {
        units->scope_size = units->scope_size == 0 ? 16 : units->scope_size * 2;
        units->scopes = cli_realloc(units->scopes, units->scope_size, sizeof(*units->scopes));
    }
    units->scopes[(*count)++] = *die;
}

/* What is inlined at @address in the function @die: each lies in the one before. */
static void add_inlined(struct sym_units *units, Dwarf_Die die, Dwarf_Addr address, size_t *count)
{
    Dwarf_Die child;
    bool deeper = dwarf_child(&die, &child) == 0;

    while (deeper) {
        int tag = dwarf_tag(&child);

        if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
             tag == DW_TAG_catch_block) &&
            dwarf_haspc(&child, address) > 0) {
            if (tag == DW_TAG_inlined_subroutine)
                add_scope(units, &child, count);
            die = child;
            deeper = dwarf_child(&die, &child) == 0;
        } else {
            deeper = dwarf_siblingof(&child, &child) == 0;
        }
    }
}

bool sym_units_find(struct sym_units *units, Dwarf_Addr address, struct sym_scopes *ret)
{
    const struct span *span;
    struct unit *unit;
    Dwarf_Die die;

    *ret = (struct sym_scopes){ 0 };
    if (!units->read)
        read_units(units);
    span = find(&units->spans, address);
    if (span == NULL)
        return false;
    unit = &units->units[span->which];
    if (!unit->read)
        read_functions(unit);
    ret->unit = unit->die;
    ret->inner = unit->inner;
    ret->address = address - unit->bias;
    span = find(&unit->functions, ret->address);
    if (span != NULL && dwarf_offdie(dwarf_cu_getdwarf(unit->inner.cu), span->die, &die) != NULL) {
        add_scope(units, &die, &ret->count);
        add_inlined(units, die, ret->address, &ret->count);
    }
    ret->scopes = units->scopes;
    return true;
}
