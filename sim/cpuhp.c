/* SPDX-License-Identifier: MIT */
/*
 * cpuhp.c: the machine, its hotplug locks, and the control side of bringing CPUs up and down. Owns
 * struct cpuhp_machine and cpu_hotplug_lock.
 *
 * The control thread walks the PREPARE and DEAD sections itself and has the CPU's own threads walk
 * the others (cpuhp_ap.c). All of it runs under cpu_hotplug_lock held as writer, so no CPU moves
 * while a reader relies on it; the mutex around it is for callers that must not wait for readers to
 * learn that another one is at work.
 *
 * Boot is not a cpu_up(): the boot CPUs are put into their final state before anybody looks. A real
 * bring-up would leave its own edges in lockval's graph (cpu_hotplug_lock -> (complete)&st->done ->
 * cpuhp_state), beside which the path that a scenario is about would not be the only one.
 */
#include "cpuhp_internal.h"

#include <errno.h>

#include "kernel/check.h"
#include "kernel/workqueue.h"

struct cpuhp_machine cpuhp;
struct percpu_rw_semaphore cpu_hotplug_lock;

static void init_locks(void)
{
    static struct lockval_key add_remove_key, hotplug_key, state_key, irq_key;

    mutex_init_key(&cpuhp.cpu_add_remove_lock, "cpu_add_remove_lock", &add_remove_key);
    percpu_init_rwsem_key(&cpu_hotplug_lock, "cpu_hotplug_lock.rw_sem", &hotplug_key);
    mutex_init_key(&cpuhp.cpuhp_state_mutex, "cpuhp_state_mutex", &state_key);
    mutex_init_key(&cpuhp.sparse_irq_lock, "sparse_irq_lock", &irq_key);
}

void cpuhp_init(const struct cpuhp_config *config)
{
    unsigned nr_boot = config->nr_boot_cpus ? config->nr_boot_cpus : config->nr_cpus;
    unsigned cpu;

    SIM_CHECK(nr_boot <= config->nr_cpus, "%u boot CPUs in a machine of %u", nr_boot, config->nr_cpus);
    percpu_init(config->nr_cpus);
    cpuhp.split_maps = config->split_maps;
    cpuhp.order = config->order;
    init_locks();
    cpuhp_steps_init();
    workqueue_init();
    for_each_possible_cpu (cpu) {
        cpuhp.cpus[cpu].cpu = cpu;
        cpuhp_threads_start(&cpuhp.cpus[cpu], cpu < nr_boot);
        if (cpu < nr_boot)
            workqueue_online_cpu(cpu);
    }
    set_current_cpu(0);
}

void cpuhp_exit(void)
{
    unsigned cpu;

    for_each_possible_cpu (cpu)
        cpuhp_threads_stop(&cpuhp.cpus[cpu]);
    workqueue_exit();
    cpuhp_steps_exit();
    mutex_destroy(&cpuhp.sparse_irq_lock);
    mutex_destroy(&cpuhp.cpuhp_state_mutex);
    percpu_free_rwsem(&cpu_hotplug_lock);
    mutex_destroy(&cpuhp.cpu_add_remove_lock);
    percpu_exit();
}

void cpuhp_set_order(enum cpuhp_order order)
{
    cpuhp.order = order;
}

enum cpuhp_state cpuhp_cpu_state(unsigned cpu)
{
    return (enum cpuhp_state)atomic_load(&cpuhp.cpus[cpu].state);
}

void cpuhp_inject_failure(unsigned cpu, enum cpuhp_state state)
{
    atomic_store(&cpuhp.cpus[cpu].fail, (int)state);
}

/* The teardowns of the DEAD section, in the control thread. The CPU is gone: nothing can be refused
 * any more. */
static void walk_dead_section(struct cpuhp_cpu *st)
{
    while (atomic_load(&st->state) > CPUHP_OFFLINE) {
        enum cpuhp_state step = (enum cpuhp_state)atomic_load(&st->state);

        cpuhp_invoke(st, step, false, NULL, false);
        atomic_store(&st->state, (int)step - 1);
    }
}

static int walk_prepare_section(struct cpuhp_cpu *st)
{
    while (atomic_load(&st->state) < CPUHP_BRINGUP_CPU - 1) {
        enum cpuhp_state step = (enum cpuhp_state)(atomic_load(&st->state) + 1);
        int err = cpuhp_invoke(st, step, true, NULL, true);

        if (err)
            return err;
        atomic_store(&st->state, (int)step);
    }
    return 0;
}

/* From CPUHP_TEARDOWN_CPU, where only the CPU's life is left to take, to CPUHP_OFFLINE. */
static void kill_cpu(struct cpuhp_cpu *st)
{
    cpuhp_takedown_cpu(st);
    /* BRINGUP_CPU is undone by the takedown, as the states from there to AP_OFFLINE are. */
    atomic_store(&st->state, CPUHP_BRINGUP_CPU - 1);
    walk_dead_section(st);
}

static int bring_up(struct cpuhp_cpu *st)
{
    int err = walk_prepare_section(st);

    if (err) {
        walk_dead_section(st);
        return err;
    }
    cpuhp_bringup_cpu(st);
    err = cpuhp_move_ap(st, CPUHP_ONLINE);
    if (err)
        kill_cpu(st);
    return err;
}

static int take_down(struct cpuhp_cpu *st)
{
    int err;

    if (num_online_cpus() == 1)
        return -EBUSY;
    cpuhp_touch_maps();
    err = cpuhp_move_ap(st, CPUHP_TEARDOWN_CPU);
    if (!err)
        kill_cpu(st);
    return err;
}

/* Inline: the way up and the way down are two call sites. */
SIM_INLINE int change_cpu(unsigned cpu, enum cpuhp_state target)
{
    struct cpuhp_cpu *st;
    int err = 0;

    if (cpu >= nr_cpu_ids)
        return -EINVAL;
    st = &cpuhp.cpus[cpu];
    mutex_lock(&cpuhp.cpu_add_remove_lock);
    cpus_write_lock();
    if (cpuhp_cpu_state(cpu) != target)
        err = target == CPUHP_ONLINE ? bring_up(st) : take_down(st);
    cpus_write_unlock();
    mutex_unlock(&cpuhp.cpu_add_remove_lock);
    return err;
}

int cpu_up(unsigned cpu)
{
    return change_cpu(cpu, CPUHP_ONLINE);
}

int cpu_down(unsigned cpu)
{
    return change_cpu(cpu, CPUHP_OFFLINE);
}
