/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_RAWCALL_H
#define LV_SYS_RAWCALL_H

/*
 * A system call without libc: no errno, no cancellation point, nothing that a preloaded library could hook.
 * LV_SYSCALL(number, up to six arguments) returns the kernel's answer: a result, or a negative errno.
 * The file is not called syscall.h, because <sys/syscall.h> would find it.
 * Context: any thread, signal-safe.
 */

#include <sys/syscall.h>

#if defined(__x86_64__) && !defined(__ILP32__)

static inline long lv_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;

    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

#else

#include <errno.h>
#include <unistd.h>

/* syscall(2) reports through errno, which belongs to the program: it is put back. */
static inline long lv_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    int saved = errno;
    long ret = syscall(number, a, b, c, d, e, f);

    if (ret == -1)
        ret = -errno;
    errno = saved;
    return ret;
}

#endif

/* On 32-bit machines mmap takes a struct and mmap2 the six arguments. The offset is always 0 here. */
#ifdef SYS_mmap2
#define LV_SYS_MMAP SYS_mmap2
#else
#define LV_SYS_MMAP SYS_mmap
#endif

#define LV_SYSCALL_FILL(number, a, b, c, d, e, f, ...) \
    lv_syscall((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define LV_SYSCALL(...) LV_SYSCALL_FILL(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
