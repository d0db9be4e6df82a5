/* SPDX-License-Identifier: MIT */
/*
 * A choice of witnesses is searched for by backtracking, from the acquisition that stands for the first edge once round
 * the cycle. Every search allows some shortfalls and not others: first it is asked whether any choice is left that nothing
 * keeps from meeting; if so, which has the fewest shortfalls, none being best; if not, one is taken to say what keeps
 * it. Positions count on round the cycle: edge number p of the cycle is at p, p + n, ...
 *
 * Why a gate is certain only if its class ever had one lock: a thread's cache knows chains of classes, so that of the same
 * chain with other instances nothing more is recorded. All of them hold a lock of the gate's class; if there is one only,
 * that is the gate. The chain has only what was taken in the same context, so a lock that an interrupted
 * context holds is not certain either. Create and join empty the cache, so order is certain where no walk was lost.
 */

#include "check/verdict.h"

#include <errno.h>

#include "check/evidence.h"

/* What a choice may lack to show that the cycle can hang. */
enum shortfall {
    LACKS_WRITER = 1,    /* a reader would wait for a reader, behind a writer that was not seen */
    LACKS_LOCKS = 2,     /* held locks were left out of a witness */
    LACKS_THREADS = 4,   /* one thread made two of the acquisitions */
    LACKS_INSTANCES = 8, /* one lock is wanted, and another one of the class held */
    LACKS_PROCESS = 16,  /* one was made before a fork, in another process */
    LACKS_ANY = 31,
    LACKS_KINDS = 5,
    LACKS_MEETING = 32 /* something keeps two of them from meeting, or one gives up */
};

/* An acquisition of the choice: it holds what edge @begin leaves and wants what edge @end leads to. */
struct lv_choice {
    uint32_t begin, end; /* positions */
    uint32_t index;      /* of the witness, among those of edge @end */
    uint32_t held;       /* which of its held locks is the one */
    const struct lv_witness *witness;
};

struct search {
    const struct lv_check *check;
    const struct lv_finding *finding;
    struct lv_edge_witness first;
    unsigned allowed; /* enum shortfall */
    uint32_t steps;   /* left */
    uint32_t count;   /* acquisitions chosen */
    bool uncertain;   /* a gate kept two from meeting that may not be held by all */
    bool cut;         /* the steps did not suffice */
};

/* What keeps two acquisitions from meeting. */
struct block {
    enum {
        BLOCK_NOT,
        BLOCK_GATE,
        BLOCK_ORDER
    } by;
    bool certain;
    lv_class_id class; /* GATE */
    struct lv_order_how how;
    bool swapped; /* ORDER: the second comes before the first */
};

int lv_verdict_room(const struct lv_check *check, struct lv_finding *finding, uint32_t edge_count)
{
    size_t edges = edge_count * sizeof(*finding->edges), choices = edge_count * sizeof(*finding->chosen);
    char *room = lv_arena_alloc(check->arena, 2 * edges + choices + edge_count * sizeof(*finding->edge_numbers));

    if (room == NULL)
        return -ENOMEM;
    finding->edge_count = edge_count;
    finding->edges = (struct lv_finding_edge *)(void *)room;
    finding->acquisitions = (struct lv_finding_edge *)(void *)(room + edges);
    finding->chosen = (struct lv_choice *)(void *)(room + 2 * edges);
    finding->edge_numbers = (uint32_t *)(void *)(room + 2 * edges + choices);
    return 0;
}

static void show(const struct lv_witness *witness, uint32_t held, struct lv_finding_edge *ret)
{
    ret->thread = witness->thread;
    ret->held = witness->held[held];
    ret->wanted = witness->wanted;
    ret->kind = ret->held.kind == LV_KIND_EVENT     ? LV_REPORT_EDGE_COMPLETE
                : ret->wanted.kind == LV_KIND_EVENT ? LV_REPORT_EDGE_WAIT
                                                    : LV_REPORT_EDGE_LOCK;
}

void lv_verdict_show(const struct lv_check *check, struct lv_edge_witness at, struct lv_finding_edge *ret)
{
    show(lv_witnesses_get(check->witnesses, at.id), at.held, ret);
}

/* ---- what keeps two acquisitions from meeting ---------------------------------------------------------------------- */

static bool excludes(const struct lv_held_record *a, const struct lv_held_record *b)
{
    return a->uid == b->uid && (a->mode == LV_WRITE || b->mode == LV_WRITE);
}

/* Does a lock that is held count as one that keeps others out? */
static bool is_gate(const struct lv_check *check, const struct lv_held_record *held)
{
    lv_class_id base;

    if (held->kind == LV_KIND_EVENT || held->uid == 0)
        return false;
    if (held->kind != LV_KIND_SEM || check->classes == NULL)
        return true;
    base = lv_classes_get(check->classes, held->class)->base;
    return lv_class_standing(check->classes, base) == LV_CLASS_IS_LOCK;
}

/* Does every acquisition with the chain of @witness hold the lock @held, whatever was not recorded? */
static bool is_certain(const struct lv_check *check, const struct lv_witness *witness,
                       const struct lv_held_record *held)
{
    const struct lv_class *class;

    if (check->classes == NULL || held->kind == LV_KIND_SEM || held->level != witness->wanted.level)
        return false;
    class = lv_classes_get(check->classes, lv_classes_get(check->classes, held->class)->base);
    return __atomic_load_n(&class->instances, __ATOMIC_RELAXED) == 1;
}

static void find_gate(const struct lv_check *check, const struct lv_witness *a, const struct lv_witness *b,
                      struct block *ret)
{
    for (uint32_t i = 0; i < a->held_count && !ret->certain; i++) {
        if (!is_gate(check, &a->held[i]))
            continue;
        for (uint32_t j = 0; j < b->held_count; j++) {
            if (!excludes(&a->held[i], &b->held[j]))
                continue;
            ret->by = BLOCK_GATE;
            ret->class = a->held[i].class;
            ret->certain = is_certain(check, a, &a->held[i]) && is_certain(check, b, &b->held[j]);
        }
    }
}

/* How one of two segments comes before the other. */
static struct lv_order_how order_of(struct search *s, uint32_t a, uint32_t b, bool *ret_swapped)
{
    uint32_t span = a < b ? b - a : a - b;

    *ret_swapped = a > b;
    if (s->check->order == NULL)
        return (struct lv_order_how){ LV_ORDER_NOT, LV_ORDER_SAME, LV_ORDER_SAME };
    s->steps -= s->steps > span / 32 ? span / 32 : s->steps;
    return a < b ? lv_order_before_node(s->check->order, a, b) : lv_order_before_node(s->check->order, b, a);
}

/* What keeps @a and @b from meeting. That one thread made them both is not it: another one could make either. */
static struct block find_block(struct search *s, const struct lv_witness *a, const struct lv_witness *b)
{
    struct block block = { .by = BLOCK_NOT };

    if (a->thread.v != b->thread.v) {
        block.how = order_of(s, a->segment, b->segment, &block.swapped);
        if (block.how.is == LV_ORDER_BEFORE) {
            block.by = BLOCK_ORDER;
            block.certain = true;
            return block;
        }
    }
    find_gate(s->check, a, b, &block);
    return block;
}

/* ---- the search ---------------------------------------------------------------------------------------------------- */

static bool is_allowed(const struct search *s, unsigned lacks)
{
    return (lacks & ~s->allowed) == 0;
}

static const struct lv_edge *edge_at(const struct search *s, uint32_t position)
{
    return lv_digraph_edge(s->check->graph, s->finding->edge_numbers[position % s->finding->edge_count]);
}

/* Is @held a lock of what edge @position leaves? Of instances, whichever subclass it is held with. */
static bool belongs(const struct search *s, const struct lv_held_record *held, uint32_t position)
{
    const struct lv_held_record *known = &s->finding->edges[position % s->finding->edge_count].held;

    return s->check->instances ? held->uid == known->uid : held->class.v == known->class.v;
}

static unsigned meeting_lacks(const struct lv_held_record *wanted, const struct lv_held_record *held)
{
    bool readers = wanted->mode != LV_WRITE && held->mode != LV_WRITE;

    return (readers ? (unsigned)LACKS_WRITER : 0) | (wanted->uid != held->uid ? (unsigned)LACKS_INSTANCES : 0);
}

/* Does who wants @wanted wait for who holds @held, as far as the search allows? */
static bool meets(const struct search *s, const struct lv_held_record *wanted, const struct lv_held_record *held)
{
    if (wanted->mode == LV_READ_RECURSIVE && held->mode != LV_WRITE)
        return false;
    return is_allowed(s, meeting_lacks(wanted, held));
}

static unsigned pair_lacks(const struct lv_witness *a, const struct lv_witness *b, const struct block *block)
{
    return (a->thread.v == b->thread.v ? (unsigned)LACKS_THREADS : 0) |
           (block->how.is == LV_ORDER_FORKED ? (unsigned)LACKS_PROCESS : 0);
}

static bool can_meet(struct search *s, const struct lv_witness *a, const struct lv_witness *b)
{
    struct block block;

    if (a == b || (a->thread.v == b->thread.v && !is_allowed(s, LACKS_THREADS)))
        return false;
    block = find_block(s, a, b);
    if (!is_allowed(s, pair_lacks(a, b, &block)))
        return false;
    if (block.by == BLOCK_NOT || is_allowed(s, LACKS_MEETING))
        return true;
    s->uncertain |= !block.certain;
    return false;
}

/* Does the candidate number @number of the choice fit those before it, and, if it is the last, the first? */
static bool fits(struct search *s, uint32_t number)
{
    const struct lv_choice *first = &s->finding->chosen[0], *mine = &s->finding->chosen[number];
    const struct lv_witness *witness = mine->witness;
    const struct lv_held_record *held = &witness->held[mine->held];

    if (!belongs(s, held, mine->begin) || (held->flags & LV_UNCHECKED) != 0)
        return false;
    if (number > 0 && !meets(s, &s->finding->chosen[number - 1].witness->wanted, held))
        return false;
    if (mine->end + 1 == first->begin + s->finding->edge_count &&
        !meets(s, &witness->wanted, &first->witness->held[first->held]))
        return false;
    if (witness->left_out && !is_allowed(s, LACKS_LOCKS))
        return false;
    if ((witness->wanted.flags & LV_TIMED) != 0 && !is_allowed(s, LACKS_MEETING))
        return false;
    for (uint32_t i = 0; i < number; i++)
        if (!can_meet(s, s->finding->chosen[i].witness, witness))
            return false;
    return true;
}

/* The witness at the candidate's place; null: there is none, or (@ret_skip) another one stands for this edge. */
static const struct lv_witness *witness_at(const struct search *s, const struct lv_choice *mine, bool *ret_skip)
{
    const struct lv_edge *edge = edge_at(s, mine->end);
    struct lv_edge_witness at;

    *ret_skip = false;
    if (mine->index >= edge->witness_count)
        return NULL;
    at = *lv_edge_witness(edge, mine->index);
    *ret_skip = s->first.id.v != 0 && at.id.v != s->first.id.v && mine->begin == mine->end &&
                mine->end % s->finding->edge_count == 0;
    return *ret_skip ? NULL : lv_witnesses_get(s->check->witnesses, at.id);
}

/* The farthest position that the candidate number @number may reach: the first may not go all the way round. */
static uint32_t farthest(const struct search *s, uint32_t number, uint32_t begin)
{
    const struct lv_choice *first = &s->finding->chosen[0];

    return number == 0 ? begin + s->finding->edge_count - 2 : first->begin + s->finding->edge_count - 1;
}

/* Begin with the candidates that hold what edge @begin leaves; those that stand for most edges come first. */
static void begin_at(const struct search *s, uint32_t number, uint32_t begin)
{
    s->finding->chosen[number] = (struct lv_choice){ .begin = begin, .end = farthest(s, number, begin) };
}

/* No candidate is left for this end: one edge less. The first stands for edge 0 in any case, and may begin before it.
 * False: there are no more. */
static bool shorten(const struct search *s, uint32_t number)
{
    struct lv_choice *mine = &s->finding->chosen[number];
    uint32_t n = s->finding->edge_count, nearest = number == 0 ? n : mine->begin;

    if (mine->end > nearest) {
        *mine = (struct lv_choice){ .begin = mine->begin, .end = mine->end - 1 };
        return true;
    }
    if (number > 0 || mine->begin >= n)
        return false;
    begin_at(s, 0, mine->begin + 1);
    return true;
}

/* Go on to the next candidate number @number that fits. False: there is none. */
static bool advance(struct search *s, uint32_t number)
{
    struct lv_choice *mine = &s->finding->chosen[number];

    for (bool skip;;) {
        if (mine->witness != NULL) {
            mine->held++;
        } else {
            mine->held = 0;
            mine->witness = witness_at(s, mine, &skip);
            if (mine->witness == NULL && skip) {
                mine->index++;
                continue;
            }
            if (mine->witness == NULL) {
                if (!shorten(s, number))
                    return false;
                continue;
            }
        }
        if (mine->held >= mine->witness->held_count) {
            mine->witness = NULL;
            mine->index++;
            continue;
        }
        if (s->steps == 0) {
            s->cut = true;
            return false;
        }
        s->steps--;
        if (fits(s, number))
            return true;
    }
}

/* Is there a choice with no other shortfalls than @allowed? It stands in finding->chosen then. */
static bool find(struct search *s, unsigned allowed)
{
    uint32_t number = 0, n = s->finding->edge_count;

    s->allowed = allowed;
    s->steps = LV_VERDICT_STEPS;
    s->count = 0;
    begin_at(s, 0, 2);
    for (;;) {
        if (!advance(s, number)) {
            if (number == 0 || s->cut)
                return false;
            number--;
            continue;
        }
        if (s->finding->chosen[number].end + 1 == s->finding->chosen[0].begin + n) {
            s->count = number + 1;
            return true;
        }
        begin_at(s, number + 1, s->finding->chosen[number].end + 1);
        number++;
    }
}

static unsigned count_bits(unsigned bits)
{
    unsigned count = 0;

    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* The choice with the fewest shortfalls besides @more; among equals, those that come first in enum shortfall. */
static bool find_best(struct search *s, unsigned more, unsigned *ret_lacks)
{
    for (unsigned most = 0; most <= LACKS_KINDS; most++) {
        for (unsigned lacks = 0; lacks <= LACKS_ANY; lacks++) {
            if (count_bits(lacks) != most || !find(s, lacks | more))
                continue;
            *ret_lacks = lacks;
            return true;
        }
    }
    return false;
}

/* ---- what is said -------------------------------------------------------------------------------------------------- */

static void add_reason(struct lv_finding *finding, unsigned what, uint32_t a, uint32_t b)
{
    lv_finding_add_reason(finding, (struct lv_reason){ what, a, b });
}

/* What edge @p shows when the choice is: its own end of an acquisition, or what it showed before. */
static struct lv_finding_edge shown_at(const struct search *s, uint32_t p)
{
    const struct lv_finding *finding = s->finding;
    struct lv_finding_edge edge = finding->edges[p];

    for (uint32_t i = 0; i < s->count; i++) {
        const struct lv_choice *mine = &finding->chosen[i];

        if (mine->end % finding->edge_count != p)
            continue;
        if (mine->begin == mine->end)
            show(mine->witness, mine->held, &edge);
        else if (p != 0 || s->first.id.v == 0)
            show(mine->witness, lv_edge_witness(edge_at(s, p), mine->index)->held, &edge);
    }
    return edge;
}

/* The acquisitions of the choice become what is shown for the edges, unless those that are left make no strong path with
 * them. */
static void show_choice(const struct search *s, struct lv_finding *finding)
{
    uint32_t n = finding->edge_count;
    bool strong = true;

    for (uint32_t p = 0; p < n; p++) {
        const struct lv_finding_edge edge = shown_at(s, p), next = shown_at(s, (p + 1) % n);

        strong &= edge.wanted.mode != LV_READ_RECURSIVE || next.held.mode == LV_WRITE;
    }
    for (uint32_t p = 0; p < n && strong; p++)
        finding->edges[p] = shown_at(s, p);
    for (uint32_t i = 0; i < s->count; i++)
        show(finding->chosen[i].witness, finding->chosen[i].held, &finding->acquisitions[i]);
    finding->acquisition_count = s->count;
}

static void say_who(const struct lv_check *check, struct lv_finding *finding, unsigned lacks)
{
    uint32_t count = finding->acquisition_count, threads = lv_finding_count_threads(finding->acquisitions, count);
    uint32_t different = 0;

    for (uint32_t i = 0; i < count; i++)
        different += finding->acquisitions[i].wanted.uid != finding->acquisitions[(i + 1) % count].held.uid;
    if (threads == 1)
        add_reason(finding, LV_REASON_ONE_THREAD, count, 0);
    else if ((lacks & LACKS_THREADS) != 0)
        add_reason(finding, LV_REASON_FEW_THREADS, count, threads);
    else
        add_reason(finding, LV_REASON_ACQUISITIONS, count, threads);
    if (!check->instances)
        add_reason(finding, different != 0 ? LV_REASON_DIFFERENT_INSTANCES : LV_REASON_SAME_INSTANCES,
                   different != 0 ? different : count, different != 0 ? count : 0);
    if ((lacks & LACKS_WRITER) != 0)
        add_reason(finding, LV_REASON_NO_WRITER, 0, 0);
    if ((lacks & LACKS_LOCKS) != 0)
        add_reason(finding, LV_REASON_LEFT_OUT, LV_WITNESS_HELD, 0);
    if ((lacks & LACKS_PROCESS) != 0)
        add_reason(finding, LV_REASON_FORKED, 0, 0);
}

/* The reason for an order: who came first, by what. */
static unsigned order_reason(const struct lv_order_how *how)
{
    if (how->last == LV_ORDER_CREATE)
        return how->first == LV_ORDER_JOIN ? LV_REASON_JOINED_CREATED : LV_REASON_CREATED;
    return how->first == LV_ORDER_JOIN ? LV_REASON_JOINED : LV_REASON_CREATED_JOINED;
}

/* Everything that keeps the acquisitions of the choice from meeting. */
static void say_blocks(struct search *s, struct lv_finding *finding)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct lv_witness *a = finding->chosen[i].witness;

        for (uint32_t j = i + 1; j < s->count; j++) {
            const struct lv_witness *b = finding->chosen[j].witness;
            struct block block = find_block(s, a, b);

            if (block.by == BLOCK_GATE)
                add_reason(finding, LV_REASON_GATE, block.class.v, s->count);
            else if (block.by == BLOCK_ORDER)
                add_reason(finding, order_reason(&block.how), (block.swapped ? b : a)->thread.v,
                           (block.swapped ? a : b)->thread.v);
        }
        if ((a->wanted.flags & LV_TIMED) != 0)
            add_reason(finding, LV_REASON_ONE_TIMED, 0, 0);
    }
}

/* Is every acquisition that made the cycle's edges known? If not, say why. */
static bool is_complete(const struct search *s, struct lv_finding *finding)
{
    bool lost = s->check->incomplete, left_out = false;

    for (uint32_t p = 0; p < finding->edge_count; p++) {
        const struct lv_edge *edge = edge_at(s, p);

        lost |= edge->witness_lost || lv_evidence_is_elsewhere(s->check, finding, p);
        for (uint32_t i = 0; i < edge->witness_count; i++)
            left_out |= lv_witnesses_get(s->check->witnesses, lv_edge_witness(edge, i)->id)->left_out;
    }
    if (lost)
        add_reason(finding, LV_REASON_LOST, 0, 0);
    if (left_out)
        add_reason(finding, LV_REASON_LEFT_OUT, LV_WITNESS_HELD, 0);
    if (s->uncertain)
        add_reason(finding, LV_REASON_GATE_CLASS, 0, 0);
    if (s->cut)
        add_reason(finding, LV_REASON_CUT, 0, 0);
    return !lost && !left_out && !s->uncertain && !s->cut;
}

/* Nothing is left that nothing keeps from meeting. */
/* In a class of which pairs were forgotten, what was seen before may have been something else. */
static bool is_forgotten(const struct lv_check *check)
{
    return check->instances && check->forgotten != 0;
}

static void judge_blocked(struct search *s, struct lv_finding *finding)
{
    unsigned lacks;
    bool cut = s->cut;

    s->cut = false;
    if (find_best(s, LACKS_MEETING, &lacks)) {
        show_choice(s, finding);
        say_blocks(s, finding);
    }
    s->cut |= cut;
    finding->verdict =
        is_complete(s, finding) && s->count != 0 && !is_forgotten(s->check) ? LV_VERDICT_GUARDED : LV_VERDICT_POTENTIAL;
}

static void judge_choices(const struct lv_check *check, struct lv_finding *finding, struct lv_edge_witness first)
{
    struct search s = { .check = check, .finding = finding, .first = first };
    unsigned lacks;

    if (!find(&s, LACKS_ANY)) {
        judge_blocked(&s, finding);
        return;
    }
    s.cut = false;
    if (!find_best(&s, 0, &lacks)) {
        s.cut = false;
        lacks = LACKS_ANY;
        (void)find(&s, lacks);
    }
    show_choice(&s, finding);
    finding->verdict = lacks == 0 && check->order != NULL ? LV_VERDICT_FEASIBLE : LV_VERDICT_POTENTIAL;
    if (finding->verdict == LV_VERDICT_FEASIBLE) {
        add_reason(finding, LV_REASON_MEET, s.count, 0);
        add_reason(finding, LV_REASON_UNORDERED, 0, 0);
    } else {
        say_who(check, finding, lacks);
    }
}

/* By the order of classes alone: the edges as they are. */
static void judge_plainly(const struct lv_check *check, struct lv_finding *finding)
{
    for (uint32_t i = 0; i < finding->edge_count; i++)
        finding->acquisitions[i] = finding->edges[i];
    finding->acquisition_count = finding->edge_count;
    finding->verdict = finding->timed && !is_forgotten(check) ? LV_VERDICT_GUARDED : LV_VERDICT_POTENTIAL;
    say_who(check, finding, 0);
    if (finding->timed)
        add_reason(finding, LV_REASON_TIMED, 0, 0);
    else if (check->strict)
        add_reason(finding, LV_REASON_STRICT, 0, 0);
}

bool lv_verdict_judge(const struct lv_check *check, struct lv_finding *finding, struct lv_edge_witness first)
{
    enum lv_verdict before = finding->verdict;
    bool event = false, semaphore = false;

    for (uint32_t i = 0; i < finding->edge_count; i++)
        event |= finding->edges[i].kind != LV_REPORT_EDGE_LOCK;
    finding->reason_count = 0;
    if (check->instances)
        add_reason(finding, LV_REASON_INSTANCE_CYCLE, finding->edge_count, 0);
    if (event || finding->timed || check->strict)
        judge_plainly(check, finding);
    else
        judge_choices(check, finding, first);
    for (uint32_t i = 0; i < finding->edge_count; i++)
        semaphore |= finding->edges[i].held.kind == LV_KIND_SEM;
    if (event)
        add_reason(finding, LV_REASON_EVENT, 0, 0);
    if (semaphore)
        add_reason(finding, LV_REASON_SEMAPHORE, 0, 0);
    if (is_forgotten(check))
        add_reason(finding, LV_REASON_FORGOTTEN, check->forgotten, 0);
    if (finding->acquisition_count == finding->edge_count)
        finding->acquisition_count = 0;
    return finding->verdict > before;
}
