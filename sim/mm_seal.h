/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_SEAL_H
#define SIM_MM_SEAL_H

/*
 * mm_seal.h: the tasks of the reported deadlock (mm_seal.c), for the scenarios that are about it. Each is the function of a
 * thread; it returns 0, or a negative errno when something did not go as it should, and prints what it did.
 */

struct file;
struct mm_machine;
struct pipe_inode_info;

enum {
    SEAL_PAGES = 1024,   /* of the machine: nobody ever runs short of them */
    SEAL_WRITER_CPU = 1, /* where the memfd is written, in whose pagevec its pages stay */
    SEAL_SEALER_CPU = 0,
    SEAL_PIN_WAIT_US = 5000 /* the kernel's: about 150 ms in all */
};

/* What the tasks work on. Written before the tasks begin, or by tasks that take turns, so nothing here needs a lock. */
struct seal_run {
    struct file *sealed;          /* the memfd of task 3 */
    struct pipe_inode_info *pipe; /* of task 2 */
    int expected;                 /* what sealing returns */
};

/* Boot @machine, and make what the tasks work on. seal_end() undoes it. Returns: the program's exit status, if @err is the result
 * of the tasks. */
void seal_begin(struct seal_run *run, const struct mm_machine *machine, int expected);
int seal_end(struct seal_run *run, int err);

/* Makes a regular file in devtmpfs: anybody with the rights can. */
struct file *seal_create_dev_file(const char *path);

/* The tasks; the argument of all is the struct seal_run. */
int seal_run_modprobe(void *arg);
int seal_run_write(void *arg);
int seal_run_seal(void *arg);

#endif
