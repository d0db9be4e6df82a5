/* SPDX-License-Identifier: MIT */
/* Owns nothing: the plan is the caller's, its texts lie in the arena. A plan that is not wholly understood is refused, since
 * half of one would steer into something else. */

#include "engine/plan.h"

#include <string.h>

enum {
    PAUSE_MAX = 60000,
    TRIES_MAX = 100000,
    DELAY_MAX = 1000000
};

static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
    uint64_t number = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(*text - '0');

        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret = number;
    return number <= max;
}

static const char *set_number(const char *value, uint32_t max, uint32_t *field)
{
    uint64_t number;

    if (!parse_number(value, max, &number))
        return "is no number, or too large";
    *field = (uint32_t)number;
    return NULL;
}

static const char *set_text(const char *value, const char **field)
{
    if (*field != NULL)
        return "is said twice";
    if (*value == '\0')
        return "has no value";
    *field = value;
    return NULL;
}

static const char *parse_role_line(struct lv_plan_role *role, const char *word, const char *value)
{
    if (strcmp(word, "held") == 0)
        return set_text(value, &role->held);
    if (strcmp(word, "wanted") == 0)
        return set_text(value, &role->wanted);
    if (strcmp(word, "held-at") == 0)
        return set_text(value, &role->held_at);
    if (strcmp(word, "wanted-at") == 0)
        return set_text(value, &role->wanted_at);
    if (strcmp(word, "early") != 0)
        return "begins with an unknown word";
    role->early = true;
    return NULL;
}

static const char *parse_line(struct lv_plan *plan, const char *word, const char *value)
{
    if (strcmp(word, "role") == 0) {
        if (plan->role_count == LV_PLAN_ROLES)
            return "is of a role too many";
        plan->role_count++;
        return NULL;
    }
    if (plan->role_count != 0)
        return parse_role_line(&plan->roles[plan->role_count - 1], word, value);
    if (strcmp(word, "report") == 0)
        return set_text(value, &plan->report);
    if (strcmp(word, "pause") == 0)
        return set_number(value, PAUSE_MAX, &plan->pause_ms);
    if (strcmp(word, "tries") == 0)
        return set_number(value, TRIES_MAX, &plan->tries);
    if (strcmp(word, "odds") == 0)
        return set_number(value, 100, &plan->odds);
    if (strcmp(word, "delay") == 0)
        return set_number(value, DELAY_MAX, &plan->delay_us);
    if (strcmp(word, "seed") == 0)
        return parse_number(value, UINT64_MAX, &plan->seed) ? NULL : "is no number, or too large";
    return "begins with an unknown word";
}

static const char *check(const struct lv_plan *plan)
{
    bool any_held = false;

    if (plan->role_count == 0)
        return "there is no role";
    for (uint32_t i = 0; i < plan->role_count; i++) {
        if (plan->roles[i].wanted == NULL)
            return "a role wants nothing";
        if (plan->roles[i].early && plan->roles[i].held == NULL)
            return "a role that holds nothing cannot be early";
        any_held |= plan->roles[i].held != NULL;
    }
    return any_held ? NULL : "no role holds anything";
}

/* Cut the line at @line in two. Returns where the next one begins, null: there is none. */
static char *cut_line(char *line, char **ret_value)
{
    char *end = strchr(line, '\n');
    char *space;

    if (end != NULL)
        *end = '\0';
    space = strchr(line, ' ');
    *ret_value = line + strlen(line);
    if (space != NULL) {
        *space = '\0';
        *ret_value = space + 1;
    }
    return end != NULL ? end + 1 : NULL;
}

const char *lv_plan_parse(struct lv_plan *plan, const char *text, size_t size, struct lv_arena *arena,
                          uint32_t *ret_line)
{
    char *copy, *next, *value;
    const char *wrong = NULL;
    bool begun = false;

    *plan = (struct lv_plan){ .pause_ms = 100, .tries = 10, .odds = 100 };
    *ret_line = 0;
    if (size > LV_PLAN_SIZE || memchr(text, '\0', size) != NULL)
        return "this is no plan";
    copy = lv_arena_alloc(arena, size + 1);
    if (copy == NULL)
        return "there is no memory";
    memcpy(copy, text, size);
    for (char *line = copy; line != NULL && wrong == NULL; line = next) {
        ++*ret_line;
        next = cut_line(line, &value);
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (begun)
            wrong = parse_line(plan, line, value);
        else if (strcmp(line, "lockval-plan") != 0 || strcmp(value, "1") != 0)
            wrong = "should be: lockval-plan 1";
        begun = true;
    }
    if (wrong != NULL)
        return wrong;
    *ret_line = 0;
    return check(plan);
}
