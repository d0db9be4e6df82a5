/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_OS_H
#define LV_SYS_OS_H

/*
 * Everything that touches the host: raw system calls, never libc's wrappers, so that no hook, cancellation point or
 * errno of the program is involved. Functions return a negative errno on failure.
 * Context: any thread, signal-safe, for all functions here.
 */

#include "base/types.h"

#include <sys/types.h>

/* @size bytes of zeroed memory, page-aligned. Returns null when there is none. */
void *lv_os_map(size_t size);
void lv_os_unmap(void *p, size_t size);

/*
 * Map the file at @path read-only and whole. Returns its size, or a negative errno. An empty file gives 0 and an empty
 * text; there is nothing to unmap then.
 */
int64_t lv_os_map_file(const char *path, const void **ret_data);

/*
 * Write all of @len bytes; goes on after short writes and EINTR, and waits up to a second where a non-blocking
 * descriptor is full. The program gets no SIGPIPE or SIGXFSZ from it: -EPIPE and -EFBIG are returned only.
 */
int lv_os_write_all(int fd, const void *data, size_t len);

/* Open for appending, created with mode 0644, close-on-exec. */
int lv_os_open_append(const char *path);

/* The same without ever waiting for a reader, if it is a pipe; for the record. Without @create the file must be there. */
int lv_os_open_record(const char *path, bool create);
void lv_os_close(int fd);

/* A pipe, close-on-exec. */
int lv_os_pipe(int ret_ends[2]);

/* Read at most @size - 1 bytes of a small file (as in /proc) and terminate them. Returns the length. */
int lv_os_read_text(const char *path, char *buf, size_t size);

/* Read what the symbolic link at @path holds, at most @size - 1 bytes, and terminate it. Returns the length. */
int lv_os_read_link(const char *path, char *buf, size_t size);

/* The machine's name (that of uname -n), terminated; empty where the kernel does not say. At most 64 bytes long. */
void lv_os_host(char host[65]);

/* Copy @size bytes of this process's memory that may not be mapped or readable. Returns 0 or -EFAULT. */
int lv_os_read_memory(uintptr_t from, void *to, size_t size);

/* A piece of memory to be read. */
struct lv_os_piece {
    uintptr_t from;
    void *to;
    size_t size;
};

enum {
    LV_OS_PIECES = 32 /* at once */
};

/* The same for up to LV_OS_PIECES pieces with one look; @tid is the calling thread. False: not all of them could be read, or
 * it cannot be told here. Then what they are to is undefined. */
bool lv_os_read_pieces(const struct lv_os_piece *pieces, uint32_t count, int tid);

/* Is the memory at @address this process's own, so that no other process sees what is written there? False also when that
 * cannot be told (nothing is mapped there, no /proc). Cost: reads /proc/self/maps. */
bool lv_os_is_private(uintptr_t address);

pid_t lv_os_pid(void);
pid_t lv_os_tid(void);
pid_t lv_os_parent(void); /* the process that this one is a child of */

/* The calling thread's name; at most 16 bytes with the terminator. */
void lv_os_thread_name(char name[16]);

/* A value that another process cannot guess (getrandom, or the clock and addresses where that fails). */
uint64_t lv_os_random(void);

/* The size of the signal stack that the calling thread runs on now; 0 when it runs on another stack. A stack that the
 * kernel takes out of service while a handler runs on it (SS_AUTODISARM) cannot be seen. */
size_t lv_os_signal_stack(void);

/* Block every signal for the calling thread, and undo it. */
struct lv_os_sigmask {
    uint64_t bits;
};
void lv_os_block_signals(struct lv_os_sigmask *ret_old);
void lv_os_restore_signals(const struct lv_os_sigmask *old);

/* The calling thread's signal mask, bit 0 for signal 1. */
uint64_t lv_os_signal_mask(void);

/* What the kernel has installed for a signal: the address of a handler, or SIG_DFL or SIG_IGN as a number (so for a
 * signal that there is not), and its flags. */
uintptr_t lv_os_signal_action(int signal, uint64_t *ret_flags);

/* Do nothing for about a millisecond, or until a signal comes. */
void lv_os_pause(void);

/* futex(2), private: wait while *word == value; wake one waiter. */
void lv_os_futex_wait(uint32_t *word, uint32_t value);
void lv_os_futex_wake(uint32_t *word);

/* The same as the first, for @ns nanoseconds at most; a signal ends it too. */
void lv_os_futex_wait_for(uint32_t *word, uint32_t value, int64_t ns);

/* Milliseconds of the monotonic clock. */
int64_t lv_os_now_ms(void);
/* Every thread of the process has passed a barrier when this returns. Where the kernel cannot do that, nothing happens. Cost:
 * an interrupt to each processor that runs one of them. */
void lv_os_barrier_all(void);

/* End the process with SIGABRT now, without running any handler. */
void lv_os_abort(void) __attribute__((noreturn));

/* Milliseconds since 1970. */
int64_t lv_os_wall_ms(void);

/* End the process now, without running any handler. */
void lv_os_exit(int status) __attribute__((noreturn));

#endif
