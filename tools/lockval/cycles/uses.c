/* SPDX-License-Identifier: MIT */
/*
 * The library has room for as many contexts as a process can have. Many runs can have more, since each handler is one: so they
 * are looked at in batches, each as if there were no others.
 */

#include "cycles/uses.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "check/usage.h"
#include "common/command.h"
#include "common/memory.h"

struct context {
    const char *name, *handler;
};

struct look {
    struct cy_ground *ground;
    struct cy_inversions *ret;
    size_t most;
    size_t context_count;
    struct context *contexts;
    size_t first;             /* of the batch */
    struct lv_use *uses;      /* of the batch, by the number of the record's; without states: none of it */
    size_t found[LV_STATES];  /* findings of each context of the batch */
    struct rec_index known;   /* both ends and the context: it is in the list */
    uint32_t *met, met_count; /* classes behind a safe one that are held where the context can come */
    unsigned state;           /* for look_for_open() */
};

/* ---- contexts ---- */

/* The name of the module at @place, if the record has more than one build of it; else @place. */
static const char *handler_of(const struct rec_process *process, const char *place)
{
    const char *plus = strrchr(place, '+');
    size_t len = plus != NULL ? (size_t)(plus - place) : 0;
    const struct rec_module *module = NULL;

    for (size_t i = 0; i < process->module_count && module == NULL; i++)
        if (strlen(process->modules[i]->build_id) == len && len != 0 &&
            memcmp(process->modules[i]->build_id, place, len) == 0)
            module = process->modules[i];
    for (size_t i = 0; module != NULL && i < process->module_count; i++)
        if (strcmp(process->modules[i]->name, module->name) == 0 &&
            strcmp(process->modules[i]->build_id, module->build_id) != 0)
            return module->name;
    return place;
}

static size_t context_number(struct look *look, const struct rec_context *context)
{
    const char *handler = handler_of(look->ground->process, context->handler);

    for (size_t i = 0; i < look->context_count; i++)
        if (strcmp(look->contexts[i].name, context->name) == 0 && strcmp(look->contexts[i].handler, handler) == 0)
            return i;
    look->contexts = cli_realloc(look->contexts, look->context_count + 1, sizeof(*look->contexts));
    look->contexts[look->context_count] = (struct context){ context->name, handler };
    return look->context_count++;
}

/* ---- a batch ---- */

static struct lv_states states_of(struct look *look, const struct rec_use *use)
{
    struct lv_states states = { 0, 0 };

    for (size_t i = 0; i < use->context_count; i++) {
        size_t number = context_number(look, &use->contexts[i]);

        if (number >= look->first && number < look->first + LV_STATES)
            states = lv_states_or(states, lv_states_of((unsigned)(number - look->first)));
    }
    return states;
}

static bool add_use(struct look *look, size_t i)
{
    struct cy_ground *ground = look->ground;
    const struct rec_use *use = ground->process->uses[i];
    lv_class_id class = cy_class(ground, use->class);
    uint32_t place;

    look->uses[i] =
        (struct lv_use){ .side = use->inside ? LV_INSIDE : LV_OPEN, .weak = use->weak, .states = states_of(look, use) };
    if (class.v == 0 || !lv_states_any(look->uses[i].states) || !cy_is_judged(use->class))
        return true;
    place = cy_place_new(ground, &use->lock, use->thread, use->run);
    ground->places[place].at = use->at;
    look->uses[i].thread = (lv_thread_id){ place };
    look->uses[i].record = cy_record_of(ground, &use->lock, place);
    look->uses[i].record.class = class;
    return lv_uses_add(&ground->uses, lv_classes_get(&ground->classes, class), &look->uses[i]) == 0;
}

static bool begin_batch(struct look *look)
{
    struct cy_ground *ground = look->ground;

    memset(look->found, 0, sizeof(look->found));
    if (lv_uses_init(&ground->uses, &ground->arena) < 0)
        return false;
    for (uint32_t id = 1; id < ground->classes.all.count; id++)
        lv_classes_get(&ground->classes, (lv_class_id){ id })->uses = 0;
    for (size_t i = 0; i < ground->process->use_count; i++)
        if (!add_use(look, i))
            return false;
    return true;
}

/* ---- findings ---- */

static struct lv_usage_check check_of(struct cy_ground *ground)
{
    return (struct lv_usage_check){ &ground->arena, &ground->graph, &ground->witnesses, &ground->classes,
                                    &ground->uses };
}

static void add(struct look *look, const struct lv_finding *finding, unsigned state)
{
    const struct context *context = &look->contexts[look->first + state];
    uint64_t both = (uint64_t)finding->inside.record.class.v << 32 | finding->open.record.class.v;
    void **known = rec_index_at(&look->known, lv_hash_mix(both, look->first + state + 1));

    if (*known != NULL)
        return;
    *known = look;
    look->found[state]++;
    look->ret->list = cli_realloc(look->ret->list, look->ret->count + 1, sizeof(*look->ret->list));
    look->ret->list[look->ret->count++] =
        (struct cy_inversion){ *finding, context->name, strncmp(context->name, "SIG", 3) == 0 };
}

/* Returns false without memory. */
static bool look_at(struct look *look, const struct lv_use *use, unsigned state)
{
    const struct lv_usage_check check = check_of(look->ground);
    struct lv_finding finding;
    int r;

    if (look->most != 0 && look->found[state] >= look->most) {
        look->ret->left_out++;
        return true;
    }
    r = lv_check_use(&check, use->record.class, use, state, &finding);
    if (r == 1)
        add(look, &finding, state);
    return r >= 0;
}

static bool look_for_open(void *arg, uint32_t node, bool weak)
{
    struct look *look = arg;
    const struct lv_class *class = lv_classes_get(&look->ground->classes, (lv_class_id){ node });

    if (lv_states_have(lv_uses_of(&look->ground->uses, class, LV_OPEN, weak), look->state))
        look->met[look->met_count++] = node;
    return false;
}

/* The nearest class that is unsafe, and from each other one that is behind @use, back to the nearest that is safe. */
static bool look_from(struct look *look, const struct lv_use *use, unsigned state)
{
    struct cy_ground *ground = look->ground;
    uint32_t unused;

    if (!look_at(look, use, state))
        return false;
    look->state = state;
    look->met_count = 0;
    if (lv_digraph_seek(&ground->graph, use->record.class.v, use->weak, false, LV_DEP_UNTIMED, look_for_open, look,
                        &unused) < 0)
        return false;
    for (uint32_t i = 0; i < look->met_count; i++) {
        const struct lv_class *class = lv_classes_get(&ground->classes, (lv_class_id){ look->met[i] });
        struct lv_use open = *lv_uses_find(&ground->uses, class, LV_OPEN, state, false);

        if (!look_at(look, &open, state))
            return false;
    }
    return true;
}

static bool look_at_batch(struct look *look)
{
    for (size_t i = 0; i < look->ground->process->use_count; i++) {
        struct lv_use *use = &look->uses[i];

        if (use->side != LV_INSIDE || use->record.class.v == 0)
            continue;
        for (struct lv_states left = use->states; lv_states_any(left);
             left = lv_states_minus(left, lv_states_of(lv_states_first(left))))
            if (!look_from(look, use, lv_states_first(left)))
                return false;
    }
    return true;
}

bool cy_uses_of(struct cy_ground *ground, size_t most, struct cy_inversions *ret)
{
    const struct rec_process *process = ground->process;
    struct look look = { .ground = ground, .ret = ret, .most = most };
    bool done = true;

    *ret = (struct cy_inversions){ 0 };
    look.uses = cli_alloc(process->use_count + 1, sizeof(*look.uses));
    look.met = cli_alloc(2 * process->class_count + 2, sizeof(*look.met));
    for (size_t i = 0; i < process->use_count; i++)
        (void)states_of(&look, process->uses[i]);
    for (; done && look.first < look.context_count; look.first += LV_STATES)
        done = begin_batch(&look) && look_at_batch(&look);
    rec_index_free(&look.known);
    free(look.uses);
    free(look.met);
    free(look.contexts);
    if (!done)
        cli_complain("there is no memory for the contexts of %zu classes", process->class_count);
    return done;
}

void cy_uses_free(struct cy_inversions *inversions)
{
    free(inversions->list);
}
