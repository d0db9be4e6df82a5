/* SPDX-License-Identifier: MIT */
/*
 * Owns the way to the kernel. It keeps no data, so nothing needs protection.
 *
 * libc's wrappers are avoided on purpose: open, write and the like are cancellation points, all of them set errno, and
 * any of them may be hooked by the program or by another preloaded library.
 */

#define _GNU_SOURCE
#include "sys/os.h"

#include "base/hash.h"
#include "sys/clock.h"
#include "sys/rawcall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The smallest page there is: a probe a page must not miss one on machines with larger pages either. */
#define PAGE 4096u

/* The kernel's signal sets are 64 bits here, libc's sigset_t is larger. */
#define SIGNAL_BIT(n) (UINT64_C(1) << ((n)-1))

static void *map(size_t size, int prot, int flags, int fd)
{
    long ret = LV_SYSCALL(LV_SYS_MMAP, 0, size, prot, flags, fd, 0);

    return ret < 0 && ret >= -4095 ? NULL : (void *)ret;
}

void *lv_os_map(size_t size)
{
    return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void lv_os_unmap(void *p, size_t size)
{
    LV_SYSCALL(SYS_munmap, p, size);
}

/* O_NONBLOCK: a path that names a FIFO must not stop the program. */
static int open_read(const char *path)
{
    return (int)LV_SYSCALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int64_t lv_os_map_file(const char *path, const void **ret_data)
{
    int fd = open_read(path);
    const void *data;
    long size;

    if (fd < 0)
        return fd;
    /* lseek, because struct stat differs between kernel and libc on some machines. */
    size = LV_SYSCALL(SYS_lseek, fd, 0, SEEK_END);
    if (size <= 0) {
        lv_os_close(fd);
        if (size == 0)
            *ret_data = "";
        return size;
    }
    data = map((size_t)size, PROT_READ, MAP_PRIVATE, fd);
    lv_os_close(fd);
    if (!data)
        return -ENOMEM;
    *ret_data = data;
    return size;
}

/* Change the calling thread's signal mask. @how is SIG_BLOCK or SIG_SETMASK. */
static void change_mask(int how, uint64_t bits, uint64_t *old)
{
    LV_SYSCALL(SYS_rt_sigprocmask, how, &bits, old, sizeof(bits));
}

/* Wait until @fd takes data again, at most a second: the reader may be this very thread. */
static int wait_writable(int fd)
{
    struct pollfd poll = { .fd = fd, .events = POLLOUT };
    struct timespec limit = { .tv_sec = 1 };
    long n = LV_SYSCALL(SYS_ppoll, &poll, 1, &limit, 0, 0);

    if (n == 0)
        return -EAGAIN;
    return n == -EINTR ? 0 : n < 0 ? (int)n : 0;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        long n = LV_SYSCALL(SYS_write, fd, data, len);

        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (n == -EAGAIN) {
            int ret = wait_writable(fd);

            if (ret < 0)
                return ret;
        } else if (n != -EINTR) {
            return (int)n;
        }
    }
    return 0;
}

int lv_os_write_all(int fd, const void *data, size_t len)
{
    const uint64_t raised = SIGNAL_BIT(SIGPIPE) | SIGNAL_BIT(SIGXFSZ);
    struct timespec none = { 0 };
    uint64_t old = 0, before = 0, ours;
    int ret;

    /*
     * A write to a pipe without a reader, or past the file size limit, raises a signal that ends most programs. The
     * program did not write, so it must not get it: it is blocked, and taken out of the queue unless it was there
     * before. Both signals go to the writing thread, so no other one can get it meanwhile.
     */
    change_mask(SIG_BLOCK, raised, &old);
    LV_SYSCALL(SYS_rt_sigpending, &before, sizeof(before));
    ret = write_all(fd, data, len);
    ours = raised & ~before;
    if ((ret == -EPIPE || ret == -EFBIG) && ours)
        LV_SYSCALL(SYS_rt_sigtimedwait, &ours, 0, &none, sizeof(ours));
    change_mask(SIG_SETMASK, old, NULL);
    return ret;
}

int lv_os_open_append(const char *path)
{
    return (int)LV_SYSCALL(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
}

int lv_os_open_record(const char *path, bool create)
{
    return (int)LV_SYSCALL(SYS_openat, AT_FDCWD, path,
                           O_WRONLY | (create ? O_CREAT : 0) | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
}

void lv_os_close(int fd)
{
    LV_SYSCALL(SYS_close, fd);
}

int lv_os_pipe(int ret_ends[2])
{
    return (int)LV_SYSCALL(SYS_pipe2, ret_ends, O_CLOEXEC);
}

int lv_os_read_text(const char *path, char *buf, size_t size)
{
    int fd = open_read(path);
    size_t len = 0;

    if (fd < 0)
        return fd;
    /* Files in /proc give short reads. */
    while (len < size - 1) {
        long n = LV_SYSCALL(SYS_read, fd, buf + len, size - 1 - len);

        if (n == -EINTR)
            continue;
        if (n < 0) {
            lv_os_close(fd);
            return (int)n;
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    lv_os_close(fd);
    buf[len] = '\0';
    return (int)len;
}

int lv_os_read_link(const char *path, char *buf, size_t size)
{
    long n = LV_SYSCALL(SYS_readlinkat, AT_FDCWD, path, buf, size - 1);

    if (n >= 0)
        buf[n] = '\0';
    return (int)n;
}

void lv_os_host(char host[65])
{
    struct utsname names;

    _Static_assert(sizeof(names.nodename) <= 65, "the kernel's own size");
    host[0] = '\0';
    if (LV_SYSCALL(SYS_uname, &names) == 0)
        memcpy(host, names.nodename, sizeof(names.nodename));
}

/*
 * rt_sigprocmask copies its second argument from user memory before it looks at the first one, so with a wrong first
 * argument it fails with EFAULT or EINVAL, and changes nothing. A null set would be no set: the page's second word is
 * what it gets.
 */
static bool page_is_readable(uintptr_t page)
{
    return LV_SYSCALL(SYS_rt_sigprocmask, -1, page + sizeof(uint64_t), 0, sizeof(uint64_t)) != -EFAULT;
}

int lv_os_read_memory(uintptr_t from, void *to, size_t size)
{
    struct iovec remote = { .iov_base = (void *)from, .iov_len = size };
    struct iovec local = { .iov_base = to, .iov_len = size };
    long n;

    if (size == 0)
        return 0;
    if (from + size < from)
        return -EFAULT;
    n = LV_SYSCALL(SYS_process_vm_readv, lv_os_pid(), &local, 1, &remote, 1, 0);
    if (n == (long)size)
        return 0;
    if (n >= 0 || n == -EFAULT)
        return -EFAULT;

    /* Sandboxes forbid that call. Looking first and reading then has a gap in between, but nothing else is left. */
    for (uintptr_t page = from & ~(uintptr_t)(PAGE - 1); page < from + size; page += PAGE) {
        if (!page_is_readable(page))
            return -EFAULT;
        if (page + PAGE < page)
            break;
    }
    memcpy(to, (const void *)from, size);
    return 0;
}

/* The kernel takes a thread's number for its process's, which saves asking for that. */
bool lv_os_read_pieces(const struct lv_os_piece *pieces, uint32_t count, int tid)
{
    struct iovec remote[LV_OS_PIECES], local[LV_OS_PIECES];
    size_t size = 0;

    if (count > LV_OS_PIECES)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        remote[i] = (struct iovec){ (void *)pieces[i].from, pieces[i].size };
        local[i] = (struct iovec){ pieces[i].to, pieces[i].size };
        size += pieces[i].size;
    }
    return size == 0 || LV_SYSCALL(SYS_process_vm_readv, tid, local, count, remote, count, 0) == (long)size;
}

enum {
    MAPS_HEAD = 40, /* of a line in maps: two addresses and four letters; the last says private or shared */
    MAPS_CHUNK = 512
};

static uintptr_t read_hex(const char **at)
{
    uintptr_t value = 0;

    for (;; (*at)++) {
        char c = **at;

        if (c >= '0' && c <= '9')
            value = value << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return value;
    }
}

/* Is @address in the mapping that the line begins to describe? Then how it may be used: "rw-p". */
static const char *mapping_of(const char *line, uintptr_t address)
{
    uintptr_t start = read_hex(&line), end;

    if (*line++ != '-')
        return NULL;
    end = read_hex(&line);
    return address >= start && address < end && *line++ == ' ' ? line : NULL;
}

bool lv_os_is_private(uintptr_t address)
{
    char chunk[MAPS_CHUNK], head[MAPS_HEAD + 1];
    const char *use = NULL;
    size_t len = 0;
    int fd = open_read("/proc/self/maps");

    while (fd >= 0 && use == NULL) {
        long n = LV_SYSCALL(SYS_read, fd, chunk, sizeof(chunk));

        if (n == -EINTR)
            continue;
        if (n <= 0)
            break;
        for (long i = 0; i < n && use == NULL; i++) {
            if (chunk[i] == '\n') {
                head[len] = '\0';
                use = mapping_of(head, address);
                len = 0;
            } else if (len < MAPS_HEAD) {
                head[len++] = chunk[i];
            }
        }
    }
    if (fd >= 0)
        lv_os_close(fd);
    return use != NULL && strnlen(use, 4) == 4 && use[3] == 'p';
}

pid_t lv_os_pid(void)
{
    return (pid_t)LV_SYSCALL(SYS_getpid);
}

pid_t lv_os_parent(void)
{
    return (pid_t)LV_SYSCALL(SYS_getppid);
}

pid_t lv_os_tid(void)
{
    return (pid_t)LV_SYSCALL(SYS_gettid);
}

void lv_os_thread_name(char name[16])
{
    memset(name, 0, 16);
    LV_SYSCALL(SYS_prctl, PR_GET_NAME, name);
    name[15] = '\0';
}

uint64_t lv_os_random(void)
{
    uint64_t value = 0;
    struct timespec now = { 0 };

    if (LV_SYSCALL(SYS_getrandom, &value, sizeof(value), GRND_NONBLOCK) == (long)sizeof(value))
        return value;
    LV_SYSCALL(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    value = lv_hash_mix((uint64_t)now.tv_sec, (uint64_t)now.tv_nsec);
    return lv_hash_mix(value, (uint64_t)(uintptr_t)&value ^ ((uint64_t)lv_os_tid() << 40));
}

size_t lv_os_signal_stack(void)
{
    stack_t stack = { 0 };

    if (LV_SYSCALL(SYS_sigaltstack, 0, &stack) < 0 || (stack.ss_flags & SS_ONSTACK) == 0)
        return 0;
    return stack.ss_size;
}

void lv_os_block_signals(struct lv_os_sigmask *ret_old)
{
    ret_old->bits = 0;
    change_mask(SIG_SETMASK, UINT64_MAX, &ret_old->bits);
}

void lv_os_restore_signals(const struct lv_os_sigmask *old)
{
    change_mask(SIG_SETMASK, old->bits, NULL);
}

uint64_t lv_os_signal_mask(void)
{
    uint64_t mask = 0;

    LV_SYSCALL(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
    return mask;
}

/* The kernel's struct, which is not libc's. What follows the flags differs from processor to processor, and is not read. */
struct kernel_action {
    uintptr_t handler;
    unsigned long flags;
    unsigned long rest[6];
};

uintptr_t lv_os_signal_action(int signal, uint64_t *ret_flags)
{
    struct kernel_action action = { 0 };

    LV_SYSCALL(SYS_rt_sigaction, signal, NULL, &action, sizeof(uint64_t));
    *ret_flags = action.flags;
    return action.handler;
}

void lv_os_pause(void)
{
    struct timespec limit = { .tv_nsec = 1000000 };

    LV_SYSCALL(SYS_ppoll, 0, 0, &limit, 0, 0);
}

void lv_os_futex_wait(uint32_t *word, uint32_t value)
{
    LV_SYSCALL(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, 0);
}

void lv_os_futex_wait_for(uint32_t *word, uint32_t value, int64_t ns)
{
    struct timespec limit = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

    LV_SYSCALL(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &limit);
}

int64_t lv_os_now_ms(void)
{
    return lv_clock_ns() / 1000000;
}

int64_t lv_os_wall_ms(void)
{
    struct timespec now = { 0, 0 };

    (void)LV_SYSCALL(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void lv_os_futex_wake(uint32_t *word)
{
    LV_SYSCALL(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

void lv_os_barrier_all(void)
{
    if (LV_SYSCALL(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0)
        return;
    /* The first time, and in a forked child. */
    if (LV_SYSCALL(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0)
        LV_SYSCALL(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

void lv_os_abort(void)
{
    const struct kernel_action by_default = { .handler = (uintptr_t)SIG_DFL };
    uint64_t abort_only = SIGNAL_BIT(SIGABRT);

    LV_SYSCALL(SYS_rt_sigaction, SIGABRT, &by_default, NULL, sizeof(uint64_t));
    LV_SYSCALL(SYS_rt_sigprocmask, SIG_UNBLOCK, &abort_only, NULL, sizeof(uint64_t));
    LV_SYSCALL(SYS_tgkill, lv_os_pid(), lv_os_tid(), SIGABRT);
    lv_os_exit(128 + SIGABRT);
}

void lv_os_exit(int status)
{
    for (;;)
        LV_SYSCALL(SYS_exit_group, status);
}
