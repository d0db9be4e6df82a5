/* SPDX-License-Identifier: MIT */
/* A shared object with a constructor, a destructor and handlers: they run once each, and in order. */

#include <stdio.h>
#include <stdlib.h>

static void handler(void)
{
    puts("atexit of the library");
}

static void quick(void)
{
    puts("at_quick_exit of the library");
    fflush(stdout);
}

__attribute__((constructor)) static void construct(void)
{
    puts("constructor of the library");
    atexit(handler);
    at_quick_exit(quick);
}

__attribute__((destructor)) static void destroy(void)
{
    puts("destructor of the library");
}
