/* SPDX-License-Identifier: MIT */
/* A library with a signal handler of its own, loaded when the program runs. */
#include <signal.h>
#include <stddef.h>

void library_install(int number, void (*what)(void));

static void (*to_do)(void);

static void library_handler(int number)
{
    (void)number;
    to_do();
}

void library_install(int number, void (*what)(void))
{
    struct sigaction action = { .sa_handler = library_handler };

    to_do = what;
    sigaction(number, &action, NULL);
}
