/* SPDX-License-Identifier: MIT */
/*
 * The arena is the library's, so what is made here stays until the command ends. An edge of the library keeps one witness of
 * each dependency bit and no more than LV_EDGE_WITNESSES; where the record says more of an edge than its witnesses show, a
 * witness is made up that knows only the two classes.
 */

#include "cycles/ground.h"

#include <stdlib.h>
#include <string.h>

#include "check/evidence.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/sort.h"
#include "cycles/feed.h"

static enum lv_kind kind_of(const char *word)
{
    static const char *const words[] = { "mutex", "rwlock", "spinlock", "semaphore", "once",
                                         "guard", "file",   "map",      "event" };

    _Static_assert(LV_ARRAY_SIZE(words) == LV_KIND__COUNT, "one for each");
    for (unsigned i = 0; i < LV_ARRAY_SIZE(words); i++)
        if (strcmp(word, words[i]) == 0)
            return (enum lv_kind)i;
    return LV_KIND_MAP;
}

static enum lv_class_standing standing_of(enum rec_standing standing)
{
    switch (standing) {
    case REC_IS_CANDIDATE:
        return LV_CLASS_IS_CANDIDATE;
    case REC_IS_EVENT:
        return LV_CLASS_IS_EVENT;
    case REC_IS_LOCK:
        break;
    }
    return LV_CLASS_IS_LOCK;
}

bool cy_is_judged(const struct rec_class *class)
{
    const struct rec_class *base = class->base != NULL ? class->base : class;

    return class->standing == REC_IS_LOCK && base->standing == REC_IS_LOCK;
}

/* ---- classes ---- */

static uint64_t key_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

lv_class_id cy_class(const struct cy_ground *ground, const struct rec_class *class)
{
    return (lv_class_id){ class != NULL ? (uint32_t)(uintptr_t)rec_index_find(&ground->class_numbers, key_of(class))
                                        : 0 };
}

static bool add_class(struct cy_ground *ground, struct rec_class *class)
{
    const struct lv_class_key key = { .origin = strncmp(class->key, "join:", 5) == 0 ? LV_CLASS_JOIN : LV_CLASS_NAME,
                                      .kind = kind_of(class->kind),
                                      .name = class->name };
    lv_class_id id = lv_classes_add(&ground->classes, &key);

    if (id.v == 0)
        return false;
    *rec_index_at(&ground->class_numbers, key_of(class)) = (void *)(uintptr_t)id.v;
    ground->class_of[id.v] = class;
    lv_classes_get(&ground->classes, id)->standing = (uint8_t)standing_of(class->standing);
    lv_classes_get(&ground->classes, id)->instances = 1;
    return true;
}

static bool add_classes(struct cy_ground *ground)
{
    const struct rec_process *process = ground->process;

    ground->class_of = cli_alloc(process->class_count + 1, sizeof(struct rec_class *));
    for (size_t i = 0; i < process->class_count; i++)
        if (!add_class(ground, process->classes[i]))
            return false;
    if (lv_digraph_need_node(&ground->graph, (uint32_t)process->class_count) < 0)
        return false;
    for (size_t i = 0; i < process->class_count; i++)
        if (!cy_is_judged(process->classes[i]))
            lv_digraph_pass_by(&ground->graph, cy_class(ground, process->classes[i]).v, true);
    return true;
}

/* ---- places ---- */

uint32_t cy_place_new(struct cy_ground *ground, const struct rec_lock *lock, struct rec_thread *thread,
                      struct rec_run *run)
{
    size_t count = ground->place_count;

    if ((count & (count - 1)) == 0)
        ground->places = cli_realloc(ground->places, count == 0 ? 1 : 2 * count, sizeof(*ground->places));
    ground->places[count] = (struct cy_place){ .lock = lock, .thread = thread, .run = run };
    ground->place_count++;
    return (uint32_t)count;
}

struct lv_held_record cy_record_of(struct cy_ground *ground, const struct rec_lock *lock, uint32_t place)
{
    const struct rec_class *class = lock->class;
    lv_class_id id = cy_class(ground, class);

    return (struct lv_held_record){
        .address = (uintptr_t)lock->address,
        .uid = class == NULL         ? 0
               : class->base != NULL ? cy_class(ground, class->base).v
                                     : id.v,
        .class = id,
        .stack = { place },
        .mode = (uint8_t)(lock->mode == REC_WRITE  ? LV_WRITE
                          : lock->mode == REC_READ ? LV_READ
                                                   : LV_READ_RECURSIVE),
        .flags = (uint8_t)lock->flags,
        .kind = (unsigned)(class != NULL ? kind_of(class->kind) : LV_KIND_MAP) & 15,
    };
}

/* ---- edges ---- */

/* A witness of the acquisition, with the lock that makes the edge among those that are kept; null without memory. */
static struct lv_witness *add_witness(struct cy_ground *ground, const struct rec_witness *from, size_t held,
                                      lv_witness_id *ret_id, uint32_t *ret_held)
{
    size_t first = from->held_count > LV_WITNESS_HELD ? from->held_count - LV_WITNESS_HELD : 0;
    uint32_t count = (uint32_t)(from->held_count - first);
    struct lv_witness *witness = lv_witnesses_add(&ground->witnesses, count, ret_id);

    if (witness == NULL)
        return NULL;
    witness->thread = (lv_thread_id){ ret_id->v };
    witness->held_count = (uint16_t)count;
    witness->left_out = from->left_out || first != 0;
    witness->wanted = cy_record_of(ground, &from->wanted, cy_place_new(ground, &from->wanted, from->thread, from->run));
    for (uint32_t i = 0; i < count; i++) {
        const struct rec_lock *lock = &from->held[i == 0 && held < first ? held : first + i];

        witness->held[i] = cy_record_of(ground, lock, cy_place_new(ground, lock, from->thread, from->run));
    }
    *ret_held = held < first ? 0 : (uint32_t)(held - first);
    return witness;
}

/* Nobody knows who made the edge in this way. */
static struct lv_witness *make_up(struct cy_ground *ground, const struct rec_edge *edge, uint8_t bit,
                                  lv_witness_id *ret_id)
{
    unsigned plain = bit >= 1u << REC_TIMED_SHIFT ? bit >> REC_TIMED_SHIFT : bit;
    const struct rec_lock from = { .class = edge->from,
                                   .mode = (plain & (REC_SR | REC_SN)) != 0 ? REC_READ : REC_WRITE };
    const struct rec_lock to = { .class = edge->to,
                                 .mode = (plain & (REC_ER | REC_SR)) != 0 ? REC_READ_RECURSIVE : REC_WRITE,
                                 .flags = plain != bit ? REC_TIMED : 0 };
    struct lv_witness *witness = lv_witnesses_add(&ground->witnesses, 1, ret_id);

    if (witness == NULL)
        return NULL;
    witness->thread = (lv_thread_id){ ret_id->v };
    witness->held_count = 1;
    witness->left_out = true;
    witness->wanted = cy_record_of(ground, &to, 0);
    witness->held[0] = cy_record_of(ground, &from, 0);
    return witness;
}

static bool keep(struct cy_ground *ground, uint32_t number, const struct lv_witness *witness, lv_witness_id id,
                 uint32_t held)
{
    struct lv_edge *edge = lv_digraph_edge(&ground->graph, number);

    if (edge->witness_count == LV_EDGE_WITNESSES) {
        edge->witness_lost = true;
        return true;
    }
    return lv_edge_add_witness(&ground->graph.blocks, edge, lv_evidence_in(witness, id, held)) == 0;
}

static bool is_of(const struct rec_edge *edge, const struct rec_evidence *evidence)
{
    const struct rec_witness *witness = evidence->witness;

    return witness->known && evidence->held < witness->held_count && witness->wanted.class == edge->to &&
           witness->held[evidence->held].class == edge->from;
}

static uint8_t bit_of(const struct rec_evidence *evidence)
{
    const struct rec_lock *held = &evidence->witness->held[evidence->held], *wanted = &evidence->witness->wanted;

    return lv_dep_bit(held->mode == REC_WRITE ? LV_WRITE : LV_READ,
                      wanted->mode == REC_READ_RECURSIVE ? LV_READ_RECURSIVE : LV_WRITE,
                      (wanted->flags & REC_TIMED) != 0);
}

/* The first of each bit, and then (@rest) the others. Returns false without memory. */
static bool add_evidence(struct cy_ground *ground, const struct rec_edge *edge, uint32_t number, bool rest,
                         unsigned *seen)
{
    unsigned seen_now = 0;

    for (size_t i = 0; i < edge->evidence_count; i++) {
        const struct rec_evidence *evidence = &edge->evidence[i];
        unsigned bit = is_of(edge, evidence) ? bit_of(evidence) : 0;
        bool first = (seen_now & bit) == 0;
        struct lv_witness *witness;
        lv_witness_id id;
        uint32_t held;

        seen_now |= bit & edge->modes;
        if ((bit & edge->modes) == 0 || first == rest)
            continue;
        witness = add_witness(ground, evidence->witness, evidence->held, &id, &held);
        if (witness == NULL || !keep(ground, number, witness, id, held))
            return false;
    }
    *seen |= seen_now;
    return true;
}

static bool add_edge(struct cy_ground *ground, const struct rec_edge *edge)
{
    uint32_t number;
    unsigned seen = 0;
    int r = lv_digraph_add(&ground->graph, cy_class(ground, edge->from).v, cy_class(ground, edge->to).v,
                           (uint8_t)edge->modes, &number);

    if (r < 0 || !add_evidence(ground, edge, number, false, &seen))
        return false;
    for (unsigned bit = 1; bit <= LV_DEP_ALL; bit <<= 1) {
        struct lv_witness *witness;
        lv_witness_id id;

        if ((edge->modes & bit & ~seen) == 0)
            continue;
        witness = make_up(ground, edge, (uint8_t)bit, &id);
        if (witness == NULL || !keep(ground, number, witness, id, 0))
            return false;
    }
    if (!add_evidence(ground, edge, number, true, &seen))
        return false;
    lv_digraph_edge(&ground->graph, number)->witness_lost |= edge->seen.left_out;
    ground->edges[ground->edge_count] = edge;
    ground->edge_numbers[ground->edge_count++] = number;
    return true;
}

static int by_keys(const void *a, const void *b)
{
    const struct rec_edge *x = *(struct rec_edge *const *)a, *y = *(struct rec_edge *const *)b;
    int order = strcmp(x->from->key, y->from->key);

    if (order == 0)
        order = strcmp(x->to->key, y->to->key);
    if (order == 0)
        order = x->from->id != y->from->id ? (x->from->id < y->from->id ? -1 : 1)
                                           : (x->to->id > y->to->id) - (x->to->id < y->to->id);
    return order;
}

/* The order of events says nothing. That of candidates is there, and no path leads through them. */
static bool counts(const struct rec_edge *edge)
{
    return edge->from != edge->to && edge->modes != 0 && edge->from->standing != REC_IS_EVENT &&
           edge->to->standing != REC_IS_EVENT;
}

/* All edges into the graph, in an order in which that is quick. Returns false without memory. */
static bool feed(struct cy_ground *ground, struct rec_edge *const *edges, size_t count)
{
    struct contract_arc *arcs = cli_alloc(count + 1, sizeof(*arcs));
    size_t *order;
    bool done = true;

    for (size_t i = 0; i < count; i++)
        arcs[i] = (struct contract_arc){ cy_class(ground, edges[i]->from).v, cy_class(ground, edges[i]->to).v };
    order = cy_feed_order(ground->process->class_count + 1, arcs, count);
    for (size_t i = 0; i < count && done; i++) {
        const struct contract_arc *arc = &arcs[order[i]];
        uint32_t unused;

        done = lv_digraph_add(&ground->graph, (uint32_t)arc->from, (uint32_t)arc->to, (uint8_t)edges[order[i]]->modes,
                              &unused) >= 0;
    }
    free(order);
    free(arcs);
    return done;
}

static bool add_edges(struct cy_ground *ground)
{
    const struct rec_process *process = ground->process;
    struct rec_edge **sorted = cli_alloc(process->edge_count + 1, sizeof(struct rec_edge *));
    size_t count = 0;
    bool done;

    ground->edges = cli_alloc(process->edge_count + 1, sizeof(struct rec_edge *));
    ground->edge_numbers = cli_alloc(process->edge_count + 1, sizeof(*ground->edge_numbers));
    for (size_t i = 0; i < process->edge_count; i++)
        if (counts(process->edges[i]))
            sorted[count++] = process->edges[i];
    cli_sort(sorted, count, sizeof(struct rec_edge *), by_keys);
    done = feed(ground, sorted, count);
    for (size_t i = 0; i < count && done; i++)
        done = add_edge(ground, sorted[i]);
    free(sorted);
    return done;
}

/* ---- all of it ---- */

struct lv_check cy_check(struct cy_ground *ground, bool strict)
{
    return (struct lv_check){ .arena = &ground->arena,
                              .graph = &ground->graph,
                              .witnesses = &ground->witnesses,
                              .classes = &ground->classes,
                              .strict = strict };
}

struct cy_ground *cy_ground_of(const struct rec_process *process)
{
    static const struct rec_lock nothing = { .mode = REC_WRITE };
    struct cy_ground *ground = cli_alloc(1, sizeof(*ground));

    ground->process = process;
    (void)cy_place_new(ground, &nothing, NULL, NULL);
    lv_witnesses_init(&ground->witnesses, &ground->arena);
    if (lv_classes_init(&ground->classes, &ground->arena) == 0 &&
        lv_digraph_init(&ground->graph, &ground->arena) == 0 && lv_uses_init(&ground->uses, &ground->arena) == 0 &&
        add_classes(ground) && add_edges(ground))
        return ground;
    cli_complain("there is no memory for %zu classes and %zu edges", process->class_count, process->edge_count);
    cy_ground_free(ground);
    return NULL;
}

void cy_ground_free(struct cy_ground *ground)
{
    if (ground == NULL)
        return;
    free(ground->class_of);
    free(ground->edges);
    free(ground->edge_numbers);
    free(ground->places);
    rec_index_free(&ground->class_numbers);
    free(ground);
}
