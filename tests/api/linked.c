/* SPDX-License-Identifier: MIT */
/*
 * A program for compile.py to link in several ways: does it reach the library? It says so, and takes two maps in both
 * orders, which is a finding if it does.
 */

#include <lockval.h>

#include <stdio.h>

static struct lockval_key first_key, second_key;
static struct lockval_map first = LOCKVAL_MAP_INIT("first", &first_key);
static struct lockval_map second = LOCKVAL_MAP_INIT("second", &second_key);

static void nest(struct lockval_map *outer, struct lockval_map *inner)
{
    lockval_acquire_map(outer, LOCKVAL_WRITE, 0, 0, 0);
    lockval_acquired_map(outer);
    lockval_acquire_map(inner, LOCKVAL_WRITE, 0, 0, 0);
    lockval_acquired_map(inner);
    lockval_release_map(inner);
    lockval_release_map(outer);
}

int main(void)
{
    nest(&first, &second);
    nest(&second, &first);
    puts(lockval_version() ? "reached" : "not reached");
    return 0;
}
