/* SPDX-License-Identifier: MIT */
/*
 * A page that is touched while all is closed is opened for that one instruction: the handler of the fault sets the trap flag,
 * and the handler of the trap closes the page again. Opened for reading first, so that an instruction that reads and writes is
 * seen to do both.
 *
 * Pages of libc's and of the library's data are among those that are closed, so nothing here calls anything of theirs
 * between trap_writes() or trap_all() and the end.
 */

#define _GNU_SOURCE
#include "trap.h"

#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "sys/rawcall.h"

enum {
    PAGE = 4096,
    MOST_RANGES = 1024,
    MOST_TOUCHES = 1 << 16, /* a power of 2 */
    MOST_OPEN = 4,
    TRAP_FLAG = 0x100,
    FAULT_IS_WRITE = 2,
    STATUS = 3,
    STATUS_SKIPPED = 77
};

/* All: written while one thread runs, and read by handlers after. */
static struct range ranges[MOST_RANGES];
static size_t range_count;
static const struct range *own;
static size_t own_count;
static bool stepping;
static struct touch touches[MOST_TOUCHES]; /* by line, with open addressing; .line 0: empty */
static size_t touch_count;
static uintptr_t open_page[MOST_OPEN]; /* what the present instruction touched */
static size_t open_count;

static void put(char *line, size_t *len, const char *text)
{
    while (*text != '\0')
        line[(*len)++] = *text++;
}

static void put_number(char *line, size_t *len, uint64_t number, unsigned base)
{
    char digits[24];
    size_t n = 0;

    do {
        digits[n++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (n != 0)
        line[(*len)++] = digits[--n];
}

void trap_exit(const char *text, uint64_t number, int status)
{
    char line[256];
    size_t len = 0;

    put(line, &len, text);
    put(line, &len, " ");
    put_number(line, &len, number, 10);
    put(line, &len, "\n");
    (void)LV_SYSCALL(SYS_write, 1, line, len);
    for (;;)
        (void)LV_SYSCALL(SYS_exit_group, status);
}

/* @what happened at @address, by the instruction at @code. */
static void fail(const char *what, uintptr_t address, uintptr_t code)
{
    char line[256];
    size_t len = 0;

    put(line, &len, what);
    put(line, &len, " 0x");
    put_number(line, &len, address, 16);
    put(line, &len, " by 0x");
    put_number(line, &len, code, 16);
    put(line, &len, "\n");
    (void)LV_SYSCALL(SYS_write, 1, line, len);
    for (;;)
        (void)LV_SYSCALL(SYS_exit_group, STATUS);
}

static void protect(uintptr_t start, uintptr_t end, int how)
{
    if (LV_SYSCALL(SYS_mprotect, start, end - start, how) != 0)
        fail("cannot protect", start, 0);
}

static bool is_in(const struct range *in, size_t count, uintptr_t address)
{
    for (size_t i = 0; i < count; i++)
        if (address >= in[i].start && address < in[i].end)
            return true;
    return false;
}

static void note(uintptr_t address, bool write)
{
    uintptr_t line = address & ~(uintptr_t)(TRAP_LINE - 1);
    size_t i = line / TRAP_LINE % MOST_TOUCHES;

    while (touches[i].line != 0 && touches[i].line != line)
        i = (i + 1) % MOST_TOUCHES;
    if (touches[i].line == 0 && ++touch_count == MOST_TOUCHES)
        fail("too many lines", address, 0);
    touches[i].line = line;
    touches[i].written |= write;
}

/* ---- signals ---- */

/* As the kernel has it. */
struct action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

#define RESTORER 0x04000000ul

extern void trap_return(void) __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".globl trap_return\n"
        ".hidden trap_return\n"
        ".type trap_return, @function\n"
        "trap_return:\n"
        "    mov $15, %eax\n" /* rt_sigreturn */
        "    syscall\n"
        ".size trap_return, . - trap_return\n");

static void handle(int sig, void (*handler)(int, siginfo_t *, void *))
{
    struct action action = { handler, SA_SIGINFO | RESTORER, trap_return, 0 };

    if (LV_SYSCALL(SYS_rt_sigaction, sig, &action, NULL, sizeof(action.mask)) != 0)
        fail("cannot handle signal", (uintptr_t)sig, 0);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t address = (uintptr_t)info->si_addr, page = address & ~(uintptr_t)(PAGE - 1);
    uintptr_t code = (uintptr_t)reg[REG_RIP];
    bool write = (reg[REG_ERR] & FAULT_IS_WRITE) != 0;

    (void)sig;
    if (!is_in(ranges, range_count, address))
        fail("fault at", address, code);
    if (write && (!stepping || !is_in(own, own_count, address)))
        fail("write to", address, code);
    if (!stepping || open_count == MOST_OPEN)
        fail("fault at", address, code);
    note(address, write);
    protect(page, page + PAGE, write ? PROT_READ | PROT_WRITE : PROT_READ);
    open_page[open_count++] = page;
    reg[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int sig, siginfo_t *info, void *context)
{
    greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;

    (void)sig;
    (void)info;
    while (open_count != 0) {
        uintptr_t page = open_page[--open_count];

        protect(page, page + PAGE, PROT_NONE);
    }
    reg[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

static void on_system_call(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    fail("system call", (uintptr_t)info->si_syscall, (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]);
}

/* ---- memory ---- */

/* The program's own data, which is what this is made of. */
static int leave_out_own(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type == PT_LOAD && (p->p_flags & PF_W) != 0)
            trap_leave_out(&(struct range){ info->dlpi_addr + p->p_vaddr, info->dlpi_addr + p->p_vaddr + p->p_memsz });
    }
    return 1; /* the first is the program */
}

void trap_begin(void)
{
    static char text[1 << 18];
    long fd = LV_SYSCALL(SYS_openat, -100, "/proc/self/maps", 0), got;
    size_t len = 0;
    char *save = NULL;

    while (len < sizeof(text) - 1 && (got = LV_SYSCALL(SYS_read, fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)got;
    (void)LV_SYSCALL(SYS_close, fd);
    text[len] = '\0';
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        unsigned long start, end;
        char flags[5];

        if (sscanf(line, "%lx-%lx %4s", &start, &end, flags) != 3 || flags[0] != 'r' || flags[1] != 'w' ||
            strstr(line, "[stack]") != NULL)
            continue;
        if (range_count == MOST_RANGES)
            fail("too many mappings", start, 0);
        ranges[range_count++] = (struct range){ start, end };
    }
    (void)dl_iterate_phdr(leave_out_own, NULL);
    handle(SIGSEGV, on_fault);
    handle(SIGTRAP, on_step);
    handle(SIGSYS, on_system_call);
}

void trap_leave_out(const struct range *range)
{
    uintptr_t start = range->start & ~(uintptr_t)(PAGE - 1), end = (range->end + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

    for (size_t i = 0, before = range_count; i < before; i++) {
        struct range *r = &ranges[i];

        if (start >= r->end || end <= r->start)
            continue;
        if (end < r->end) {
            if (range_count == MOST_RANGES)
                fail("too many mappings", start, 0);
            ranges[range_count++] = (struct range){ end, r->end };
        }
        r->end = start > r->start ? start : r->start;
    }
}

static void protect_all(int how)
{
    for (size_t i = 0; i < range_count; i++)
        if (ranges[i].start < ranges[i].end)
            protect(ranges[i].start, ranges[i].end, how);
}

void trap_writes(void)
{
    stepping = false;
    protect_all(PROT_READ);
}

void trap_all(const struct range *mine, size_t count)
{
    own = mine;
    own_count = count;
    touch_count = 0;
    memset(touches, 0, sizeof(touches));
    stepping = true;
    protect_all(PROT_NONE);
}

size_t trap_end(const struct touch **ret)
{
    size_t n = 0;

    protect_all(PROT_READ | PROT_WRITE);
    for (size_t i = 0; i < MOST_TOUCHES; i++)
        if (touches[i].line != 0)
            touches[n++] = touches[i];
    *ret = touches;
    return n;
}

/* ---- system calls ---- */

void trap_system_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

    if (LV_SYSCALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        LV_SYSCALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        trap_exit("system calls cannot be filtered here:", 0, STATUS_SKIPPED);
}
