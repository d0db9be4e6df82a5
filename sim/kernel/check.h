/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_CHECK_H
#define SIM_KERNEL_CHECK_H

/*
 * check.h: what the simulator says when it finds itself broken, and memory that is always there.
 */

#include <stddef.h>

/* Ends the program with status 1 and the message when the condition does not hold. Always compiled
 * in. */
#define SIM_CHECK(condition, ...)                                          \
    do {                                                                   \
        if (__builtin_expect(!(condition), 0))                             \
            sim_check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__); \
    } while (0)

_Noreturn void sim_check_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* calloc() that ends the program with a message when there is no memory. */
void *sim_alloc(size_t count, size_t size);

#endif
