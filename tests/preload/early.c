/* SPDX-License-Identifier: MIT */
/* Locks taken before the library's constructor ran, in constructors, after main, and by destructors. */
/* with: early_lib */
/* case: clean */
/* case: finds */
/* status: 66 */
/* findings: 1 */
#include "program.h"

void early_nest(int other_order);

__attribute__((constructor(101))) static void construct(void)
{
    make_no_finding();
    early_nest(0);
}

__attribute__((destructor)) static void destroy(void)
{
    make_no_finding();
    puts("locks in a destructor");
}

static void at_end(void)
{
    make_no_finding();
    puts("locks in a handler");
}

int main(int argc, char **argv)
{
    (void)argc;
    MUST(atexit(at_end) == 0);
    early_nest(is_case(argv, "finds"));
    puts("done");
    return 0;
}
