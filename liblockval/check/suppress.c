/* SPDX-License-Identifier: MIT */
/* Entries lie in the arena, with their texts. A frame of a report is "function+0x12 (module)", or "module+0x12". */

#include "check/suppress.h"

#include <string.h>

enum {
    NAME_MOST = 1024 /* of a function; a longer one is cut, as in reports */
};

/* ---- lines ---- */

static char *trim(char *text)
{
    size_t len;

    while (*text == ' ' || *text == '\t')
        text++;
    for (len = strlen(text); len != 0 && strchr(" \t\r", text[len - 1]) != NULL;)
        text[--len] = '\0';
    return text;
}

static bool set_kind(struct lv_suppression *entry, const char *word)
{
    entry->any_kind = strcmp(word, "*") == 0;
    for (int kind = 0; kind < LV_FINDING__COUNT; kind++)
        if (entry->any_kind || strcmp(word, lv_finding_kind_name((enum lv_finding_kind)kind)) == 0)
            entry->kinds |= 1u << kind;
    return entry->kinds != 0;
}

/* The reason begins at a # that follows a blank: names of classes may have one inside. */
static char *cut_reason(char *line)
{
    for (char *at = line; (at = strchr(at, '#')) != NULL; at++) {
        if (at > line && (at[-1] == ' ' || at[-1] == '\t')) {
            *at = '\0';
            return trim(at + 1);
        }
    }
    return line + strlen(line);
}

/* Returns what is wrong, null: nothing. */
static const char *parse_line(struct lv_suppression *entry, char *line, char *text)
{
    char *colon;

    entry->reason = cut_reason(line);
    line = trim(line);
    (void)memcpy(text, line, strlen(line) + 1);
    entry->text = text;
    colon = strchr(line, ':');
    if (colon == NULL)
        return "has no colon: it should be kind:pattern # reason";
    *colon = '\0';
    if (!set_kind(entry, trim(line)))
        return "begins with an unknown kind of finding";
    entry->pattern = trim(colon + 1);
    return *entry->pattern == '\0' ? "has no pattern" : NULL;
}

static void add(struct lv_suppressions *all, struct lv_suppression *entry)
{
    if (all->last != NULL)
        all->last->next = entry;
    else
        all->first = entry;
    all->last = entry;
}

static void take_line(struct lv_suppressions *all, const char *from, uint32_t number, const char *line, size_t len,
                      struct lv_arena *arena, struct lv_text *complaints)
{
    struct lv_suppression *entry = lv_arena_alloc(arena, sizeof(*entry));
    char *copy = lv_arena_alloc(arena, 2 * (len + 1));
    const char *wrong = "finds no memory";

    if (entry != NULL && copy != NULL) {
        *entry = (struct lv_suppression){ .from = from, .line = number };
        memcpy(copy, line, len);
        copy[len] = '\0';
        wrong = strlen(copy) != len ? "has a zero byte" : parse_line(entry, copy, copy + len + 1);
    }
    if (wrong != NULL) {
        lv_text_printf(complaints, "lockval: %s:%u: the line %s\n", from, number, wrong);
        return;
    }
    if (*entry->reason == '\0')
        lv_text_printf(complaints, "lockval: %s:%u: '%s' has no reason: write one behind a #\n", from, number,
                       entry->text);
    add(all, entry);
}

static bool says_nothing(const char *line, size_t len)
{
    size_t i = 0;

    while (i < len && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r'))
        i++;
    return i == len || line[i] == '#';
}

void lv_suppressions_parse(struct lv_suppressions *all, const char *from, const char *text, size_t size,
                           struct lv_arena *arena, struct lv_text *complaints)
{
    const char *end = text + size;
    uint32_t number = 1;

    for (const char *line = text, *next; line < end; line = next, number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop != NULL ? stop : end) - line);

        next = line + len + 1;
        if (!says_nothing(line, len))
            take_line(all, from, number, line, len, arena, complaints);
    }
}

/* ---- matching ---- */

bool lv_suppression_is_for(const struct lv_suppression *entry, enum lv_finding_kind kind, enum lv_verdict verdict)
{
    return (entry->kinds & 1u << kind) != 0 && !(entry->any_kind && verdict == LV_VERDICT_DEADLOCK);
}

bool lv_suppression_matches(const struct lv_suppression *entry, const char *name)
{
    return name != NULL && *name != '\0' && lv_text_glob(entry->pattern, name);
}

/* Does it match the first @len bytes of @text? */
static bool matches_part(const struct lv_suppression *entry, const char *text, size_t len)
{
    char buf[NAME_MOST];
    struct lv_text part;

    lv_text_init(&part, buf, sizeof(buf));
    lv_text_append(&part, text, len);
    return lv_suppression_matches(entry, buf);
}

/* The last plus of @text that a number in hexadecimal follows. Null: there is none. */
static const char *offset_in(const char *text)
{
    const char *found = NULL;

    for (const char *at = text; (at = strchr(at, '+')) != NULL; at++)
        if (at[1] == '0' && at[2] == 'x')
            found = at;
    return found;
}

static bool matches_frame(const struct lv_suppression *entry, const char *frame)
{
    const char *plus = offset_in(frame), *module = plus != NULL ? strchr(plus, '(') : NULL;

    if (plus == NULL)
        return false;
    if (matches_part(entry, frame, (size_t)(plus - frame)))
        return true;
    return module != NULL && strlen(module) > 2 && matches_part(entry, module + 1, strlen(module) - 2);
}

static bool matches_stack(const struct lv_suppression *entry, const struct lv_report_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++)
        if (matches_frame(entry, stack->frames[i]))
            return true;
    return false;
}

static bool matches_lock(const struct lv_suppression *entry, const struct lv_report_lock *lock)
{
    return (lock->class != NULL && lv_suppression_matches(entry, lock->class->name)) ||
           matches_stack(entry, &lock->stack);
}

static bool matches_stuck(const struct lv_suppression *entry, const struct lv_report_stuck *stuck)
{
    if (matches_lock(entry, &stuck->wanted) || matches_lock(entry, &stuck->with))
        return true;
    for (uint32_t i = 0; i < stuck->held_count; i++)
        if (matches_lock(entry, &stuck->held[i]))
            return true;
    return false;
}

bool lv_suppression_matches_report(const struct lv_suppression *entry, const struct lv_report *report)
{
    for (uint32_t i = 0; i < report->edge_count; i++)
        if (matches_lock(entry, &report->edges[i].held) || matches_lock(entry, &report->edges[i].wanted))
            return true;
    for (uint32_t i = 0; i < report->stuck_count; i++)
        if (matches_stuck(entry, &report->stuck[i]))
            return true;
    return matches_lock(entry, &report->subject) || matches_lock(entry, &report->holder) ||
           matches_lock(entry, &report->usage.inside.lock) || matches_stack(entry, &report->usage.inside.at) ||
           matches_lock(entry, &report->usage.open.lock) || matches_stack(entry, &report->usage.open.at) ||
           matches_stack(entry, &report->backtrace);
}
