/* SPDX-License-Identifier: MIT */
/*
 * What a compiler for WebAssembly expects to be there, and who loads the page does not have: the product of two numbers of 128
 * bits, and system calls.
 */

#include <stdint.h>

typedef unsigned __int128 number;

/* Named by the compiler: __int128 multiplication. From four products of halves. */
number __multi3(number a, number b);

number __multi3(number a, number b)
{
    uint64_t a_low = (uint64_t)a, b_low = (uint64_t)b, mask = UINT32_MAX;
    uint64_t low = (a_low & mask) * (b_low & mask), middle = (a_low >> 32) * (b_low & mask) + (low >> 32);
    uint64_t other = (a_low & mask) * (b_low >> 32) + (middle & mask);
    uint64_t high = (a_low >> 32) * (b_low >> 32) + (middle >> 32) + (other >> 32);

    high += (uint64_t)(a >> 64) * b_low + a_low * (uint64_t)(b >> 64);
    return (number)high << 64 | (other << 32 | (low & mask));
}

/* Only clocks are asked for, and they stand still. */
long syscall(long call, ...);

long syscall(long call, ...)
{
    (void)call;
    return 0;
}
