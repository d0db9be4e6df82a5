/* SPDX-License-Identifier: MIT */
/* One module: the program of the lab. Its code is its steps, which are called as they are written, and its data its locks. */

#include "sys/modules.h"

#include <string.h>

#include "port/port.h"

#define START ((uintptr_t)0x10000000)
#define STEPS START
#define INITS (START + 0x100000)
#define LOCKS (START + 0x200000)
#define THREADS (START + 0x300000)
#define END (START + 0x400000)
#define SIZE ((uintptr_t)64) /* of everything */

static const struct lab_program *program;
static const char *program_text;
static char names[LAB_SEQUENCES * LAB_STEPS][2 * LAB_NAME];

static struct lv_module module = { .start = START,
                                   .end = END,
                                   .bias = START,
                                   .path = "program",
                                   .name = "program",
                                   .build_id = { 1 },
                                   .build_id_size = 4,
                                   .is_program = true,
                                   .first = &module };

uintptr_t lab_address_of_lock(unsigned lock)
{
    return LOCKS + lock * SIZE;
}

uintptr_t lab_address_of_init(unsigned lock)
{
    return INITS + lock * SIZE + 1;
}

uintptr_t lab_address_of_step(unsigned sequence, unsigned step)
{
    return STEPS + (sequence * LAB_STEPS + step) * SIZE + 1;
}

uintptr_t lab_address_of_thread(unsigned thread)
{
    return THREADS + thread * SIZE;
}

/* "T1: lock A" */
static void name_step(unsigned sequence, unsigned step, char *name)
{
    const struct lab_sequence *s = &program->sequences[sequence];
    size_t len = strlen(s->name);

    memcpy(name, s->name, len);
    memcpy(name + len, ": ", 2);
    lab_step_text(program_text, &s->steps[step], name + len + 2, 2 * LAB_NAME - len - 2);
}

void lab_port_program(const struct lab_program *p, const char *text)
{
    program = p;
    program_text = text;
    for (unsigned i = 0; i < LAB_SEQUENCES; i++)
        for (unsigned k = 0; k < p->sequences[i].count; k++)
            name_step(i, k, names[i * LAB_STEPS + k]);
}

void lv_modules_init(struct lv_modules *modules, struct lv_arena *arena)
{
    *modules = (struct lv_modules){ .head = &module, .arena = arena };
}

static const struct lv_module *module_of(uintptr_t address)
{
    return address - START < END - START ? &module : NULL;
}

const struct lv_module *lv_modules_find(struct lv_modules *modules, uintptr_t address)
{
    (void)modules;
    return module_of(address);
}

bool lv_modules_peek(const struct lv_modules *modules, uintptr_t address, const struct lv_module **ret)
{
    (void)modules;
    *ret = module_of(address);
    return true;
}

const struct lv_module *lv_modules_at(const struct lv_modules *modules, uintptr_t address, uint32_t born)
{
    (void)modules;
    return born == LV_BORN_NONE ? NULL : module_of(address);
}

const struct lv_module *lv_modules_loaded_at(const struct lv_modules *modules, uintptr_t address, uint32_t born)
{
    return lv_modules_at(modules, address, born);
}

uintptr_t lv_modules_begin_unload(struct lv_modules *modules, const void *handle)
{
    (void)modules;
    (void)handle;
    return 0;
}

void lv_modules_end_unload(struct lv_modules *modules, uintptr_t where)
{
    (void)modules;
    (void)where;
}

bool lv_modules_is_named(const struct lv_module *m)
{
    (void)m;
    return true;
}

bool lv_modules_read_ahead(const struct lv_module *m)
{
    (void)m;
    return true;
}

void lv_modules_hand_over(const struct lv_module *m)
{
    (void)m;
}

void lv_modules_name_in(const struct lv_module *m, uintptr_t address, struct lv_symbol *ret)
{
    uintptr_t number = (address & 0xfffff) / SIZE;

    *ret = (struct lv_symbol){ .module = m, .offset = address, .module_offset = address };
    if (m == NULL)
        return;
    ret->module_offset = address - m->bias;
    ret->offset = address < LOCKS ? (uintptr_t)-1
                                  : 0; /* a call is asked for by what stands before its return, and shown as such */
    ret->size = SIZE;
    if (address < INITS && number < LAB_SEQUENCES * LAB_STEPS)
        ret->symbol = names[number];
    else if (address >= THREADS && number < LAB_THREADS)
        ret->symbol = program->sequences[number].name;
    else if (address < THREADS && number < LAB_LOCKS)
        ret->symbol = address < LOCKS ? program->locks[number].class : program->locks[number].name;
}

void lv_modules_name(struct lv_modules *modules, uintptr_t address, struct lv_symbol *ret)
{
    lv_modules_name_in(lv_modules_find(modules, address), address, ret);
}
