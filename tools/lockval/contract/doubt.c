/* SPDX-License-Identifier: MIT */
/*
 * Stable keys that end in a number: the how-manyth lock of a function it was that the run met. While the numbers follow the places of the
 * calls in the function, which the keys of the build have, they are the same in every run, and in most builds. Where they do not, or
 * where runs had several for one class, none of that function's means anything. The library judges its own run by the same rule.
 */

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"
#include "contract/steps.h"

/* A stable key of a class, in parts. */
struct numbered {
    const char *key;
    size_t stem; /* how much of it comes before the number */
    unsigned long number;
    const char *tail;  /* behind the number: a subclass, or nothing */
    const char *place; /* the key of the build; */
    size_t build;      /* how much of it comes before the offset */
    uint64_t offset;
    size_t class;
};

/* False: the key has no number. */
static bool take_apart(const char *key, const char *place, size_t class, struct numbered *ret)
{
    const char *plus = strrchr(place, '+'), *digits;
    char *end;

    if (!lv_expect_is_numbered(key))
        return false;
    digits = strrchr(key, ':') + 1;
    *ret = (struct numbered){ .key = key,
                              .stem = (size_t)(digits - key),
                              .place = place,
                              .build = plus != NULL ? (size_t)(plus - place) : strlen(place),
                              .class = class };
    ret->number = strtoul(digits, &end, 10);
    ret->tail = end;
    ret->offset = plus != NULL ? strtoull(plus + 1, NULL, 16) : 0;
    return true;
}

static int compare_parts(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int r = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return r != 0 || a_len == b_len ? r : (a_len < b_len ? -1 : 1);
}

/* Are both locks of one function? */
static int compare_functions(const struct numbered *left, const struct numbered *right)
{
    int r = compare_parts(left->key, left->stem, right->key, right->stem);

    return r != 0 ? r : strcmp(left->tail, right->tail);
}

static int compare(const void *a, const void *b)
{
    const struct numbered *left = a, *right = b;
    int r = compare_functions(left, right);

    r = r != 0 ? r : compare_parts(left->place, left->build, right->place, right->build);
    if (r != 0)
        return r;
    return left->number != right->number ? (left->number < right->number ? -1 : 1)
                                         : (left->offset < right->offset ? -1 : left->offset > right->offset);
}

/* @right follows @left. */
static bool is_out_of_order(const struct numbered *left, const struct numbered *right)
{
    if (left->class == right->class)
        return true; /* with two numbers */
    return compare_parts(left->place, left->build, right->place, right->build) == 0 &&
           (left->number == right->number || left->offset > right->offset);
}

void contract_find_doubt(struct contract_steps *steps)
{
    struct numbered *list;
    size_t count = 0, room = 0;

    for (size_t i = 0; i < steps->class_count; i++)
        room += steps->classes[i].key_count;
    list = cli_alloc(room + 1, sizeof(*list));
    for (size_t i = 0; i < steps->class_count; i++)
        for (size_t j = steps->classes[i].first_stable; j < steps->classes[i].key_count; j++)
            count += take_apart(steps->classes[i].keys[j], steps->classes[i].keys[0], i, &list[count]);
    if (count != 0)
        cli_sort(list, count, sizeof(*list), compare);
    for (size_t first = 0, end; first < count; first = end) {
        bool doubt = false;

        for (end = first + 1; end < count && compare_functions(&list[first], &list[end]) == 0; end++)
            doubt |= is_out_of_order(&list[end - 1], &list[end]);
        for (size_t i = first; doubt && i < end; i++)
            steps->classes[list[i].class].doubt = true;
    }
    free(list);
}
