/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_PLAN_H
#define LV_ENGINE_PLAN_H

/*
 * What a run is to be steered into: the acquisitions of a reported cycle, a *role* each. Read once, at start, from the file
 * that option steer names. Lines of a word and a value, which goes to the end of the line; an empty line or one that begins
 * with # says nothing:
 *
 *     lockval-plan 1            comes first
 *     report PATH               what came of it is appended here, a JSON object a line (engine/steer_report.c)
 *     pause MS                  how long a thread is held, at most
 *     tries N                   how many pauses of a role may end without its partners
 *     odds PERCENT              of the times that a role is reached, so many are paused
 *     seed N                    for the odds and the delays
 *     delay US                  now and then a thread waits so long, at most, before it takes a lock of the cycle
 *     role                      the next role begins; what it wants is what the role after it holds, and so on in a ring. A single
 *                               one wants the lock that it holds: a reader, behind a writer
 *     held KEY                  class of the lock that is held; none: whoever takes the wanted one plays the role
 *     wanted KEY                class of the lock or event that is waited for
 *     held-at MODULE+0xOFFSET   return address of the call that took it; none: any
 *     wanted-at MODULE+0xOFFSET the same of the call that waits. MODULE is the build-id, or the name
 *     early                     the thread is held before it takes the held lock, until all other roles are played
 *
 * KEY is the class key that is the same in every run of one build (lv_class_run_key()); of a class that the program named also the
 * one that does not depend on the order in which classes come (lv_class_stable_key()).
 */

#include "base/types.h"
#include "sys/arena.h"

enum {
    LV_PLAN_ROLES = 12, /* of a cycle that can be steered */
    LV_PLAN_SIZE = 65536
};

/* All constant after the plan was read. */
struct lv_plan_role {
    const char *held; /* null: nothing */
    const char *wanted;
    const char *held_at; /* null: anywhere */
    const char *wanted_at;
    bool early;
};

struct lv_plan {
    const char *report; /* null: nowhere */
    uint32_t pause_ms;
    uint32_t tries;
    uint32_t odds;
    uint32_t delay_us;
    uint64_t seed;
    uint32_t role_count;
    struct lv_plan_role roles[LV_PLAN_ROLES];
};

/*
 * Read @text, @size bytes of it, which is copied to memory of @arena. Returns null when all is well, else a sentence that says
 * what is wrong with the line @ret_line (0: with the whole). Context: owner's lock held, or nobody else is there yet.
 */
const char *lv_plan_parse(struct lv_plan *plan, const char *text, size_t size, struct lv_arena *arena,
                          uint32_t *ret_line);

#endif
