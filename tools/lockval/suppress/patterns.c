/* SPDX-License-Identifier: MIT */
/*
 * A class goes by its name, if that is one: "mutex@prog+0x1234" is another one when the program is built anew. Then its stable key is taken,
 * which counts the locks of a function. Of a stripped program that is an offset too, and the name without it says little: there
 * the functions that are known in the stacks come along. Where there are none either, the keys are taken, which are those of this build: an
 * entry that is unused after the next is better than one that hides all that the module ever does.
 */

#define _GNU_SOURCE
#include "suppress/patterns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct patterns {
    size_t count;
    char **patterns;
    bool vague; /* one of them would match many classes */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Bytes that are no UTF-8 are characters from U+F700 to U+F7FF in a record: three bytes. */
static bool is_odd_byte(const char *at)
{
    return (unsigned char)at[0] == 0xef && (unsigned char)at[1] >= 0x9c && (unsigned char)at[1] <= 0x9f;
}

/* Would the character at @at of @text end the pattern, or the line? */
static bool is_sign(const char *text, const char *at)
{
    bool begins = at == text || is_blank(at[-1]), ends = at[1] == '\0' || is_blank(at[1]);

    if (is_blank(*at))
        return at == text || at[1] == '\0';
    return (unsigned char)*at < ' ' || (*at == '#' && begins) || (*at == '&' && begins && ends);
}

/* Add what matches the text @text, which is of any characters. */
static void add(struct patterns *all, const char *text)
{
    char *pattern = cli_alloc(strlen(text) + 1, 1), *end = pattern;

    for (const char *at = text; *at != '\0'; at++) {
        if (is_odd_byte(at)) {
            *end++ = '*';
            at += at[2] != '\0' ? 2 : 1;
        } else {
            *end++ = is_sign(text, at) ? '?' : *at;
        }
    }
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->patterns[i], pattern) == 0) {
            free(pattern);
            return;
        }
    }
    all->patterns = cli_realloc(all->patterns, all->count + 1, sizeof(*all->patterns));
    all->patterns[all->count++] = pattern;
}

static bool stays(const char *text)
{
    return *text != '\0' && strstr(text, "+0x") == NULL && strstr(text, ":?") == NULL;
}

/* The name up to its offset, which any may follow. */
static void add_without_offset(struct patterns *all, const char *name)
{
    const char *plus = NULL;
    char *cut;

    for (const char *at = name; (at = strstr(at, "+0x")) != NULL; at++)
        plus = at;
    if (plus == NULL)
        return;
    cut = cli_printf("%.*s+*", (int)(plus - name), name);
    add(all, cut);
    free(cut);
    all->vague = true;
}

static void add_class(struct patterns *all, const struct rec_lock *lock)
{
    const char *name = rec_lock_name(lock);

    if (stays(name))
        add(all, name);
    else if (lock->class != NULL && stays(lock->class->stable))
        add(all, lock->class->stable);
    else
        add_without_offset(all, name);
}

/* The innermost function, by the name that the library matches, which is the linker's. Null for where nothing is known. */
static void add_function(struct patterns *all, const struct rec_stack *stack)
{
    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        const char *name = stack->frames[i].name, *plus = strstr(name, "+0x");
        char *function;

        if (plus == NULL || plus == name)
            continue;
        function = cli_printf("%.*s", (int)(plus - name), name);
        add(all, function);
        free(function);
        return;
    }
}

static void add_module(struct patterns *all, const struct rec_stack *stack)
{
    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        if (stack->frames[i].module != NULL && stack->frames[i].module->known) {
            add(all, stack->frames[i].module->name);
            return;
        }
    }
}

/* Every lock that the finding is about, and the stacks that say how it came to be. */
static void each_lock(struct patterns *all, const struct rec_finding *finding,
                      void (*take)(struct patterns *, const struct rec_lock *))
{
    for (size_t i = 0; i < finding->edge_count; i++)
        take(all, &finding->edges[i].wanted);
    for (size_t i = 0; i < finding->stuck_count && i < (finding->circle != 0 ? finding->circle : 1); i++)
        take(all, &finding->stuck[i].wanted);
    if (finding->has_subject)
        take(all, &finding->subject);
    if (*finding->usage_state != '\0') {
        take(all, &finding->usage_inside.lock);
        take(all, &finding->usage_open.lock);
    }
}

static void add_key(struct patterns *all, const struct rec_lock *lock)
{
    if (*rec_lock_key(lock) != '\0')
        add(all, rec_lock_key(lock));
}

static void take_function(struct patterns *all, const struct rec_lock *lock)
{
    add_function(all, lock->stack);
}

static void take_module(struct patterns *all, const struct rec_lock *lock)
{
    add_module(all, lock->stack);
}

static void drop(struct patterns *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->patterns[i]);
    free(all->patterns);
    *all = (struct patterns){ 0 };
}

static char *join(struct patterns *all)
{
    char *text = cli_strdup(all->count == 0 ? "*" : all->patterns[0]);

    for (size_t i = 1; i < all->count; i++) {
        char *longer = cli_printf("%s & %s", text, all->patterns[i]);

        free(text);
        text = longer;
    }
    return text;
}

char *patterns_of(const struct rec_finding *finding)
{
    struct patterns all = { 0 };
    size_t classes;
    char *text;

    each_lock(&all, finding, add_class);
    classes = all.count;
    if (classes == 0 || all.vague) {
        add_function(&all, finding->stack);
        each_lock(&all, finding, take_function);
    }
    if (all.vague && all.count == classes) {
        drop(&all);
        each_lock(&all, finding, add_key);
    }
    if (all.count == 0) {
        add_module(&all, finding->stack);
        each_lock(&all, finding, take_module);
    }
    text = join(&all);
    drop(&all);
    return text;
}
