/* SPDX-License-Identifier: MIT */
/*
 * mm_hang.c: what it takes to close the reported circle. Its tasks (mm_seal.c) take cpu_hotplug_lock and sb_writers as readers,
 * which wait for nobody but a writer. So there are two more, each of which waits for a reader that is inside, and keeps the next
 * one out:
 *
 *   modprobe        waits for cpuhp/0, with cpu_hotplug_lock as reader
 *   cpuhp/0         waits for kdevtmpfs
 *   kdevtmpfs       wants sb_writers of devtmpfs, behind
 *   fsfreeze        which freezes devtmpfs, and waits for
 *   splice/dev      which changes a file there, and wants the pipe that
 *   splice/memfd    has locked, which wants the inode lock of the memfd that
 *   syz-executor5   seals, which wants cpu_hotplug_lock, behind
 *   bash            which brings up a CPU, and waits for modprobe
 *
 * In hang they come one after another, each when the one before is where it should be: kdevtmpfs stops before it begins, which is
 * the only thing that chance would have to do. That each is there is seen in the locks' own counters, which are plain atomics.
 * With it the circle is closed, and all the eight wait for good, the main thread for them, and the other threads of the
 * machine for work.
 *
 * In reported --freezer --hotplug each begins when the one before it is through, or some time later, if somebody holds that one up.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cpuhp.h"
#include "fs/devtmpfs.h"
#include "fs/inode.h"
#include "fs/pipe.h"
#include "fs/shmem.h"
#include "fs/super.h"
#include "kernel/check.h"
#include "kernel/kthread.h"
#include "mm_machine.h"
#include "mm_scenarios.h"
#include "mm_seal.h"
#include "scenario.h"

enum {
    LIMIT_US = 60000, /* reported --freezer --hotplug: who is not through by then is held up */
    BOUND_SECONDS = 1 /* hang: without lockval nobody says that it hangs; after so long it is taken for granted */
};

/* What the tasks work on. Protected as struct seal_run is. */
struct hang_run {
    struct seal_run seal; /* first: the tasks of mm_seal.c are given a pointer to it */
    struct file *dev_file;
    bool filled;      /* the pipe has pages: the two splices need not write any */
    atomic_int moved; /* pages that these moved */
    /* hang alone */
    atomic_uint turn;  /* how many of comers[] may begin */
    atomic_uint ended; /* how many of them have ended */
};

/* ---- the tasks --------------------------------------------------------------------------------------------------- */

/* Whoever comes first moves what both wrote. */
static int splice(struct hang_run *run, struct file *file)
{
    int result = run->filled ? 0 : pipe_write(run->seal.pipe, 1);

    if (!result)
        result = splice_to_file(run->seal.pipe, file, 0);
    if (result > 0)
        atomic_fetch_add(&run->moved, result);
    return result >= 0 || result == -EAGAIN || result == -EPERM ? 0 : result;
}

static int run_splice_dev(void *arg)
{
    struct hang_run *run = arg;

    return splice(run, run->dev_file);
}

static int run_splice_memfd(void *arg)
{
    struct hang_run *run = arg;

    return splice(run, run->seal.sealed);
}

static int run_freeze(void *arg)
{
    (void)arg;
    freeze_super(devtmpfs_mount());
    thaw_super(devtmpfs_mount());
    printf("fsfreeze: froze devtmpfs, and thawed it\n");
    return 0;
}

/* The CPU is up already, which is only seen under the lock. */
static int run_hotplug(void *arg)
{
    int err = cpu_up(SEAL_WRITER_CPU);

    (void)arg;
    printf("bash: CPU %u is up\n", SEAL_WRITER_CPU);
    return err;
}

static void begin(struct hang_run *run, const struct sim_options *options)
{
    const struct mm_machine machine = {
        .cpus = options->cpus,
        .pages = SEAL_PAGES,
        .in_order = true,
        .lru_drain_holds_cpus = true,
        .pins_drain_all = true,
        .pin_wait_us = SEAL_PIN_WAIT_US,
    };

    seal_begin(&run->seal, &machine, 0);
    run->dev_file = seal_create_dev_file("spliced");
    run->filled = false;
    atomic_init(&run->moved, 0);
    atomic_init(&run->turn, 0);
    atomic_init(&run->ended, 0);
}

static int end(struct hang_run *run, int err)
{
    file_close(run->dev_file);
    return seal_end(&run->seal, err);
}

/* ---- reported --freezer --hotplug -------------------------------------------------------------------------------- */

int mm_run_reported_with_writers(const struct sim_options *options)
{
    struct hang_run run;
    struct sim_late_task tasks[8];
    size_t nr = 0;
    int err;

    begin(&run, options);
    /* The freezer comes before the chain that it can keep waiting, the writer after the one that it has to wait for. */
    for (const char *chain = *options->order ? options->order : "231"; *chain != '\0'; chain++) {
        switch (*chain) {
        case '1':
            if (options->freezer)
                tasks[nr++] = (struct sim_late_task){ .task = { "fsfreeze", SEAL_SEALER_CPU, run_freeze, &run } };
            tasks[nr++] =
                (struct sim_late_task){ .task = { "modprobe", SEAL_SEALER_CPU, seal_run_modprobe, &run.seal } };
            if (options->hotplug)
                tasks[nr++] = (struct sim_late_task){ .task = { "bash", SEAL_SEALER_CPU, run_hotplug, &run } };
            break;
        case '2':
            tasks[nr++] = (struct sim_late_task){ .task = { "splice/dev", SEAL_SEALER_CPU, run_splice_dev, &run } };
            tasks[nr++] = (struct sim_late_task){ .task = { "splice/memfd", SEAL_SEALER_CPU, run_splice_memfd, &run } };
            break;
        default:
            tasks[nr++] =
                (struct sim_late_task){ .task = { "syz-executor4", SEAL_WRITER_CPU, seal_run_write, &run.seal } };
            tasks[nr++] =
                (struct sim_late_task){ .task = { "syz-executor5", SEAL_SEALER_CPU, seal_run_seal, &run.seal },
                                        .must_wait = true };
            break;
        }
    }
    err = sim_run_one_by_one(tasks, nr, LIMIT_US);
    printf("splice: moved %d pages\n", atomic_load(&run.moved));
    return end(&run, err);
}

/* ---- hang -------------------------------------------------------------------------------------------------------- */

static bool has_written(const struct hang_run *run)
{
    return atomic_load(&run->ended) == 1;
}

static bool waits_for_kdevtmpfs(const struct hang_run *run)
{
    (void)run;
    return devtmpfs_is_stopped();
}

static bool waits_for_readers(const struct hang_run *run)
{
    (void)run;
    return percpu_rwsem_has_writer(&cpu_hotplug_lock);
}

static bool has_inode_lock(const struct hang_run *run)
{
    return rwsem_is_written(&run->seal.sealed->inode->i_rwsem);
}

static bool wants_inode_lock(const struct hang_run *run)
{
    return rwsem_waiting_writers(&run->seal.sealed->inode->i_rwsem) > 0;
}

static bool changes_devtmpfs(const struct hang_run *run)
{
    (void)run;
    return percpu_rwsem_readers(&devtmpfs_mount()->s_writers) > 0;
}

static bool waits_for_changes(const struct hang_run *run)
{
    (void)run;
    return percpu_rwsem_has_writer(&devtmpfs_mount()->s_writers);
}

/* Who comes when: in this order, the next one when is_there() says that this one is. */
static const struct {
    const char *name;
    unsigned cpu;
    int (*run)(void *arg);
    bool (*is_there)(const struct hang_run *run);
} comers[] = {
    { "syz-executor4", SEAL_WRITER_CPU, seal_run_write, has_written },
    { "modprobe", SEAL_SEALER_CPU, seal_run_modprobe, waits_for_kdevtmpfs },
    { "bash", SEAL_SEALER_CPU, run_hotplug, waits_for_readers },
    { "syz-executor5", SEAL_SEALER_CPU, seal_run_seal, has_inode_lock },
    { "splice/memfd", SEAL_SEALER_CPU, run_splice_memfd, wants_inode_lock },
    { "splice/dev", SEAL_SEALER_CPU, run_splice_dev, changes_devtmpfs },
    { "fsfreeze", SEAL_SEALER_CPU, run_freeze, waits_for_changes },
};

enum {
    COMERS = sizeof(comers) / sizeof(comers[0])
};

struct comer {
    struct hang_run *run;
    unsigned number;
};

static int come(void *arg)
{
    const struct comer *comer = arg;
    struct hang_run *run = comer->run;
    int result;

    set_current_cpu(comers[comer->number].cpu);
    while (atomic_load(&run->turn) <= comer->number)
        sched_yield();
    result = comers[comer->number].run(run);
    atomic_fetch_add(&run->ended, 1);
    return result;
}

/*
 * Without lockval a hang must not stay one, or it would be a trap for whoever runs all scenarios. Only then is there a limit, and
 * it is the main thread that waits for it: under lockval every thread waits for good, so that it is seen that none is left
 * to wake them.
 */
static void leave_after_a_while(const struct hang_run *run)
{
    sim_sleep_seconds(BOUND_SECONDS);
    if (atomic_load(&run->ended) != 1)
        return;
    printf("hung, as it must: nobody came out in %d s (--forever waits on)\n", BOUND_SECONDS);
    fflush(stdout);
    _exit(EXIT_SUCCESS);
}

int mm_run_hang(const struct sim_options *options)
{
    struct hang_run run;
    struct comer arguments[COMERS];
    struct kthread *threads[COMERS];
    int first = 0;

    begin(&run, options);
    run.filled = !pipe_write(run.seal.pipe, 1);
    devtmpfs_stop_before_next();
    for (unsigned i = 0; i < COMERS; i++) {
        arguments[i] = (struct comer){ &run, i };
        threads[i] = kthread_run(come, &arguments[i], "%s", comers[i].name);
    }
    for (unsigned i = 0; i < COMERS; i++) {
        atomic_store(&run.turn, i + 1);
        while (!comers[i].is_there(&run))
            sched_yield();
    }
    printf("all are there but kdevtmpfs, which closes the circle\nforming at %llu us\n",
           (unsigned long long)(sim_clock_ns() / 1000));
    fflush(stdout);
    devtmpfs_go_on();
    if (!options->forever && !lockval_version())
        leave_after_a_while(&run);
    for (unsigned i = 0; i < COMERS; i++) {
        int result = kthread_join(threads[i]);

        if (!first)
            first = result;
    }
    printf("it did not hang\n");
    (void)end(&run, first);
    return EXIT_FAILURE;
}
