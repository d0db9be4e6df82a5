/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_ORDER_H
#define LV_GRAPH_ORDER_H

#include "graph/vec.h"

/*
 * What came before what by the making and joining of threads. A thread's life is cut into *segments*: it begins a new one
 * when it makes a thread and when it has joined one. A segment comes after the one before it in its thread, after the
 * segment in which its thread was made, and after the last segment of a thread that was joined before it. Of two segments
 * that are not ordered so, nothing is known: they may overlap.
 *
 * A segment gets a node when the first witness is left in it; until then it is known by the nodes before it. So a
 * million threads that leave no evidence need no memory. Reachability is searched for when a verdict is made, and only
 * then; nothing is carried along with locks.
 *
 * Protected by the owner's lock, all of it.
 */

/* A step from a thread to another, or none. */
enum lv_order_step {
    LV_ORDER_SAME,   /* in the same thread */
    LV_ORDER_CREATE, /* the one makes the other */
    LV_ORDER_JOIN,   /* the other joins the one */
    LV_ORDER_STEPS
};

/* A node that comes before, and the first and last step from there: (node * LV_ORDER_STEPS + first) * LV_ORDER_STEPS + last.
 * 0: none. */
typedef uint32_t lv_order_before;

struct lv_order_node {
    lv_order_before before[2];
    uint32_t seen;  /* search: number of the search that last reached it, */
    uint32_t after; /* and the node that it was reached from */
};

struct lv_order {
    struct lv_vec nodes;  /* struct lv_order_node; number 0 is not used. Whatever comes before has a smaller number */
    uint32_t search;      /* number of the last search */
    uint32_t first_child; /* in a forked child: the first node that is its own */
};

/* Where a thread is. All zero: it has just begun, and nothing is known to come before. */
struct lv_segment {
    uint32_t node; /* 0: no witness was left in it */
    lv_order_before before[2];
};

/* How one segment comes before another, if it does. */
struct lv_order_how {
    enum {
        LV_ORDER_NOT,    /* it is not known to */
        LV_ORDER_BEFORE, /* by create and join */
        LV_ORDER_FORKED  /* it was in the process that was forked, which has locks of its own */
    } is;
    enum lv_order_step first; /* the first step out of the earlier thread: it made another, or was joined */
    enum lv_order_step last;  /* the last step into the later one */
};

int lv_order_init(struct lv_order *order, struct lv_arena *arena) LV_MUST_CHECK;

/* The node of @segment, made if there is none; 0 without memory. */
uint32_t lv_order_node(struct lv_order *order, struct lv_segment *segment);

/* The thread in @parent makes another: that one's first segment. @parent goes on in a new one. */
struct lv_segment lv_order_create(struct lv_segment *parent);

/* The thread in @segment has joined one whose last segment was @ended, and goes on in a new one. Returns 0 or -ENOMEM. */
int lv_order_join(struct lv_order *order, struct lv_segment *segment, const struct lv_segment *ended) LV_MUST_CHECK;

/* In a forked child: all that was comes before what its thread, in @segment, does from now on. */
void lv_order_fork(struct lv_order *order, struct lv_segment *segment);

/* Does node @a come before node @b? Cost: at most O(@b - @a). */
struct lv_order_how lv_order_before_node(struct lv_order *order, uint32_t a, uint32_t b);

#endif
