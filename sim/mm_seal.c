/* SPDX-License-Identifier: MIT */
/*
 * mm_seal.c: the reported deadlock. Three tasks, none of which waits for another:
 *
 *   1 modprobe loads msr: cpu_hotplug_lock, cpuhp_state_mutex, cpuhp_state; in cpuhp/N, under cpuhp_state, it waits for
 *     kdevtmpfs ((complete)&req.done), which takes sb_writers of devtmpfs to make the node
 *   2 splice moves a pipe to a file in devtmpfs, then one to a memfd: sb_writers of devtmpfs, &pipe->mutex/1; and, the
 *     second time, &pipe->mutex/1, the inode lock of a memfd
 *   3 syz-executor5 seals a memfd that another CPU only just wrote to: the inode lock of a memfd, cpu_hotplug_lock
 *
 * Each takes locks in an order of its own that is fine alone; together they close a circle of seven classes. No
 * single thread, and no single lock instance, goes all the way round: the tasks use different files, pipes and CPUs,
 * as they did when the kernel's validator found it. Rightly it is called potential.
 *
 * The same tasks run with the two patches that were proposed: without the drain (shmem-fix), and with a drain that
 * needs no hotplug lock (drain-fix).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cpuhp.h"
#include "fs/devtmpfs.h"
#include "fs/inode.h"
#include "fs/namei.h"
#include "fs/pipe.h"
#include "fs/shmem.h"
#include "kernel/check.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "mm_machine.h"
#include "mm_scenarios.h"
#include "mm_seal.h"
#include "msr.h"
#include "scenario.h"

enum {
    MEMFD_PAGES = 3, /* fewer than fill a pagevec */
    MAX_TASKS = 4
};

static const char *outcome(int err)
{
    return err ? strerror(-err) : "ok";
}

/* ---- the tasks --------------------------------------------------------------------------------------------------- */

int seal_run_modprobe(void *arg)
{
    int err = msr_init();

    (void)arg;
    printf("modprobe: loaded msr: %s\n", outcome(err));
    return err;
}

struct file *seal_create_dev_file(const char *path)
{
    struct path_entry entry;
    struct inode *inode;
    struct file *file;
    int err = kern_path_create(devtmpfs_mount(), path, &entry);

    SIM_CHECK(!err, "cannot create %s in devtmpfs: %d", path, err);
    inode = vfs_create(&entry, S_IFREG | 0600);
    done_path_create(&entry);
    file = file_open(inode, true);
    iput(inode);
    return file;
}

static int splice_one_page(struct pipe_inode_info *pipe, struct file *file)
{
    int result = pipe_write(pipe, 1);

    return result ? result : splice_to_file(pipe, file, 0);
}

static int run_splice(void *arg)
{
    struct seal_run *run = arg;
    struct file *dev_file = seal_create_dev_file("spliced");
    struct file *memfd = shmem_memfd_create(true);
    int to_dev = splice_one_page(run->pipe, dev_file);
    int to_memfd = splice_one_page(run->pipe, memfd);

    printf("splice: moved %d page to a file in devtmpfs, %d to a memfd\n", to_dev, to_memfd);
    file_close(dev_file);
    file_close(memfd);
    return to_dev == 1 && to_memfd == 1 ? 0 : -EIO;
}

int seal_run_write(void *arg)
{
    struct seal_run *run = arg;
    int err = 0;

    for (unsigned long index = 0; index < MEMFD_PAGES && !err; index++)
        err = vfs_write(run->sealed, index, index);
    printf("syz-executor4: wrote the memfd on CPU %u, whose pagevecs hold %u pages now\n", SEAL_WRITER_CPU,
           lru_pagevec_count(SEAL_WRITER_CPU));
    return err;
}

static int run_new_memfd(void *arg)
{
    struct seal_run *run = arg;

    file_close(run->sealed);
    run->sealed = shmem_memfd_create(true);
    return 0;
}

int seal_run_seal(void *arg)
{
    struct seal_run *run = arg;
    int err = shmem_add_seals(run->sealed, SEAL_WRITE);

    printf("syz-executor5: F_ADD_SEALS on CPU %u: %s\n", SEAL_SEALER_CPU, err ? strerrorname_np(-err) : "sealed");
    if (err != run->expected)
        return -EIO;
    /* A seal that was set holds. */
    return err || vfs_write(run->sealed, 0, 7) == -EPERM ? 0 : -EIO;
}

static int run_cpu_down(void *arg)
{
    int err = cpu_down(SEAL_WRITER_CPU);

    (void)arg;
    if (!err)
        mm_check_dead_cpu(SEAL_WRITER_CPU);
    printf("bash: CPU %u went down: %s; its pagevecs hold %u pages\n", SEAL_WRITER_CPU, outcome(err),
           lru_pagevec_count(SEAL_WRITER_CPU));
    return err;
}

static int run_cpu_up(void *arg)
{
    int err = cpu_up(SEAL_WRITER_CPU);

    (void)arg;
    printf("bash: CPU %u came up: %s\n", SEAL_WRITER_CPU, outcome(err));
    return err;
}

/* ---- the scenarios ----------------------------------------------------------------------------------------------- */

/* The tasks of the three call chains in the order that @order says. Returns: how many. */
static size_t chain_tasks(const char *order, struct seal_run *run, struct sim_task *tasks)
{
    size_t nr = 0;

    for (const char *chain = order; *chain != '\0'; chain++) {
        switch (*chain) {
        case '1':
            tasks[nr++] = (struct sim_task){ "modprobe", SEAL_SEALER_CPU, seal_run_modprobe, run };
            break;
        case '2':
            tasks[nr++] = (struct sim_task){ "splice", SEAL_SEALER_CPU, run_splice, run };
            break;
        default:
            tasks[nr++] = (struct sim_task){ "syz-executor4", SEAL_WRITER_CPU, seal_run_write, run };
            tasks[nr++] = (struct sim_task){ "syz-executor5", SEAL_SEALER_CPU, seal_run_seal, run };
            break;
        }
    }
    return nr;
}

void seal_begin(struct seal_run *run, const struct mm_machine *machine, int expected)
{
    mm_machine_boot(machine);
    run->sealed = shmem_memfd_create(true);
    run->pipe = pipe_create();
    run->expected = expected;
}

int seal_end(struct seal_run *run, int err)
{
    pipe_destroy(run->pipe);
    file_close(run->sealed);
    mm_machine_exit();
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_chains(const struct mm_machine *machine, const char *order, int expected)
{
    struct seal_run run;
    struct sim_task tasks[MAX_TASKS];

    seal_begin(&run, machine, expected);
    return seal_end(&run, sim_run_in_turns(tasks, chain_tasks(*order ? order : "123", &run, tasks)));
}

int mm_run_reported(const struct sim_options *options)
{
    const struct mm_machine machine = {
        .cpus = options->cpus,
        .pages = SEAL_PAGES,
        .in_order = true,
        .lru_drain_holds_cpus = true,
        .pins_drain_all = true,
        .pin_wait_us = SEAL_PIN_WAIT_US,
    };

    if (options->freezer || options->hotplug)
        return mm_run_reported_with_writers(options);
    return run_chains(&machine, options->order, 0);
}

int mm_run_split(const struct sim_options *options)
{
    const struct mm_machine machine = {
        .cpus = options->cpus,
        .pages = SEAL_PAGES,
        .in_order = true,
        .split_maps = true,
        .lru_drain_holds_cpus = true,
        .pins_drain_all = true,
        .pin_wait_us = SEAL_PIN_WAIT_US,
    };

    return run_chains(&machine, options->order, 0);
}

int mm_run_shmem_fix(const struct sim_options *options)
{
    const struct mm_machine machine = {
        .cpus = options->cpus,
        .pages = SEAL_PAGES,
        .in_order = true,
        .split_maps = true,
        .lru_drain_holds_cpus = true,
        .pins_drain_all = false,
        .pin_wait_us = SEAL_PIN_WAIT_US,
    };

    return run_chains(&machine, "123", -EBUSY);
}

int mm_run_drain_fix(const struct sim_options *options)
{
    const struct mm_machine machine = {
        .cpus = options->cpus,
        .pages = SEAL_PAGES,
        .in_order = true,
        .split_maps = true,
        .pins_drain_all = true,
        .pin_wait_us = SEAL_PIN_WAIT_US,
    };
    struct seal_run run;
    const struct sim_task tasks[] = {
        { "modprobe", SEAL_SEALER_CPU, seal_run_modprobe, &run },
        { "splice", SEAL_SEALER_CPU, run_splice, &run },
        /* The pages stay in the pagevecs of a CPU that goes: they must not be lost, and not stay pinned. */
        { "syz-executor4", SEAL_WRITER_CPU, seal_run_write, &run },
        { "bash", SEAL_SEALER_CPU, run_cpu_down, &run },
        { "syz-executor5", SEAL_SEALER_CPU, seal_run_seal, &run },
        { "bash", SEAL_SEALER_CPU, run_cpu_up, &run },
        /* And once more with the CPU there, so that it is the drain that gets them out. */
        { "syz-executor4", SEAL_WRITER_CPU, run_new_memfd, &run },
        { "syz-executor4", SEAL_WRITER_CPU, seal_run_write, &run },
        { "syz-executor5", SEAL_SEALER_CPU, seal_run_seal, &run },
    };

    seal_begin(&run, &machine, 0);
    return seal_end(&run, sim_run_in_turns(tasks, sizeof(tasks) / sizeof(tasks[0])));
}
