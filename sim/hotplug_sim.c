/* SPDX-License-Identifier: MIT */
/*
 * hotplug_sim.c: the simulated CPU hotplug as a program. Owns the table of scenarios and what their
 * tasks tell each other, which is handed on with the turn.
 *
 * Each scenario is a handful of tasks that take turns; a task asks for one thing, as a user at a
 * shell does, and checks what came of it.
 */
#include <errno.h>
#include <stdio.h>

#include "fs/devtmpfs.h"
#include "hotplug_probe.h"
#include "hotplug_torture.h"
#include "msr.h"
#include "scenario.h"

#define NR_TASKS(tasks) (sizeof(tasks) / sizeof((tasks)[0]))

static void boot(const struct sim_options *options, const char *name, bool split_maps)
{
    struct cpuhp_config config = {
        .nr_cpus = options->cpus,
        .split_maps = split_maps,
        .order = CPUHP_ORDER_WAIT_FIRST,
    };

    printf("%s: %u CPUs\n", name, options->cpus);
    cpuhp_init(&config);
}

static const char *outcome(int err)
{
    switch (err) {
    case 0:
        return "done";
    case -EAGAIN:
        return "failed (EAGAIN), rolled back";
    case -EIO:
        return "failed (EIO), rolled back";
    case -EBUSY:
        return "refused (EBUSY)";
    default:
        return "failed";
    }
}

/* Print what was tried, and check that it ended as it should. */
static void expect(const char *what, int err, int expected)
{
    printf("  %s: %s\n", what, outcome(err));
    SIM_CHECK(err == expected, "%s: error %d instead of %d", what, err, expected);
}

/* ---- up-down-mix, up-down-split -------------------------------------------------------------- */

/*
 * A CPU goes down and comes up. On the way down, cpuhp/1 begins when the control thread waits for
 * it:
 *   done -> cpuhp_state, then sparse_irq_lock -> done in the takedown.
 * On the way up, cpuhp/1 is faster than the control thread, so that only its own callback shows:
 *   cpuhp_state -> sparse_irq_lock.
 * With one map and one completion this is a cycle, though the two ways exclude each other.
 */
static int take_down_cpu1(void *arg)
{
    (void)arg;
    cpuhp_set_order(CPUHP_ORDER_WAIT_FIRST);
    expect("CPU 1 down", cpu_down(1), 0);
    SIM_CHECK(!cpu_online(1), "CPU 1 is still there");
    return 0;
}

static int bring_up_cpu1(void *arg)
{
    (void)arg;
    cpuhp_set_order(CPUHP_ORDER_WORK_FIRST);
    expect("CPU 1 up", cpu_up(1), 0);
    SIM_CHECK(cpu_online(1), "CPU 1 did not come");
    return 0;
}

static int run_up_down(const struct sim_options *options, const char *name, bool split_maps)
{
    const struct sim_task tasks[] = {
        { "hotplug-down", 0, take_down_cpu1, NULL },
        { "hotplug-up", 0, bring_up_cpu1, NULL },
    };
    int result;

    boot(options, name, split_maps);
    result = sim_run_in_turns(tasks, NR_TASKS(tasks));
    cpuhp_exit();
    return result;
}

static int up_down_mix(const struct sim_options *options)
{
    return run_up_down(options, "up-down-mix", false);
}

static int up_down_split(const struct sim_options *options)
{
    return run_up_down(options, "up-down-split", true);
}

/* ---- register -------------------------------------------------------------------------------- */

/* What the tasks of `register` and `rollback` hand on. */
struct modules {
    int plain_state;
    int multi_state;
    unsigned last_cpu;
    struct probe instances[2];
};

/* The plain callbacks of these two scenarios. */
static const struct plain_probe *const plain = &plain_probes[0];

static int register_callbacks(void *arg)
{
    struct modules *modules = arg;

    expect("msr driver loaded, a device node for each CPU", msr_init(), 0);
    modules->plain_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "plain", plain->startup, plain->teardown);
    expect("callback registered", modules->plain_state > 0 ? 0 : modules->plain_state, 0);
    SIM_CHECK(probe_count(plain->probe) == nr_cpu_ids, "the callback ran on %u CPUs", probe_count(plain->probe));
    return 0;
}

static int register_instances(void *arg)
{
    struct modules *modules = arg;

    modules->multi_state =
        cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "multi", probe_node_startup, probe_node_teardown);
    expect("callback with instances registered", modules->multi_state > 0 ? 0 : modules->multi_state, 0);
    for (unsigned i = 0; i < 2; i++) {
        probe_init(&modules->instances[i]);
        expect("instance added",
               cpuhp_state_add_instance((enum cpuhp_state)modules->multi_state, &modules->instances[i].node), 0);
    }
    return 0;
}

static void check_modules(struct modules *modules)
{
    probe_check(plain->probe, (enum cpuhp_state)modules->plain_state);
    for (unsigned i = 0; i < 2; i++)
        probe_check(&modules->instances[i], (enum cpuhp_state)modules->multi_state);
}

static int move_last_cpu(void *arg)
{
    struct modules *modules = arg;

    expect("last CPU down", cpu_down(modules->last_cpu), 0);
    check_modules(modules);
    expect("last CPU up", cpu_up(modules->last_cpu), 0);
    check_modules(modules);
    return 0;
}

static int unregister_all(void *arg)
{
    struct modules *modules = arg;

    for (unsigned i = 0; i < 2; i++) {
        cpuhp_state_remove_instance((enum cpuhp_state)modules->multi_state, &modules->instances[i].node);
        SIM_CHECK(probe_count(&modules->instances[i]) == 0, "instance %u is left somewhere", i);
    }
    cpuhp_remove_multi_state((enum cpuhp_state)modules->multi_state);
    cpuhp_remove_state((enum cpuhp_state)modules->plain_state);
    SIM_CHECK(probe_count(plain->probe) == 0, "the callback is left somewhere");
    msr_exit();
    printf("  all callbacks removed\n");
    return 0;
}

static int run_register(const struct sim_options *options)
{
    struct modules modules = { .last_cpu = options->cpus - 1 };
    const struct sim_task tasks[] = {
        { "modprobe", 0, register_callbacks, &modules },
        { "modprobe-multi", 0, register_instances, &modules },
        { "hotplug", 0, move_last_cpu, &modules },
        { "rmmod", 0, unregister_all, &modules },
    };
    int result;

    boot(options, "register", true);
    devtmpfs_boot(true);
    probe_init(plain->probe);
    residents_register();
    result = sim_run_in_turns(tasks, NR_TASKS(tasks));
    residents_remove();
    devtmpfs_exit();
    cpuhp_exit();
    return result;
}

/* ---- rollback -------------------------------------------------------------------------------- */

/* A registration fails on the last CPU: the others must forget it. */
static int fail_registration(void *arg)
{
    struct modules *modules = arg;

    probe_fail_on(plain->probe, modules->last_cpu);
    expect("callback registered", cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "plain", plain->startup, plain->teardown),
           -EIO);
    SIM_CHECK(probe_count(plain->probe) == 0, "the callback is left on %u CPUs", probe_count(plain->probe));
    SIM_CHECK(atomic_load(&plain->probe->startups) == modules->last_cpu, "the startup ran %u times",
              atomic_load(&plain->probe->startups));
    expect("callback registered in a state that is taken",
           cpuhp_setup_state(CPUHP_SMPCFD_PREPARE, "plain", plain->startup, plain->teardown), -EBUSY);
    return 0;
}

/* An instance fails to be added, then one of two fails when a CPU comes up: the other one must be
 * undone there. */
static int fail_instances(void *arg)
{
    struct modules *modules = arg;

    register_instances(modules);
    expect("last CPU down", cpu_down(modules->last_cpu), 0);
    probe_fail_on(&modules->instances[0], modules->last_cpu);
    expect("last CPU up, an instance fails", cpu_up(modules->last_cpu), -EIO);
    probe_check(&modules->instances[0], (enum cpuhp_state)modules->multi_state);
    probe_check(&modules->instances[1], (enum cpuhp_state)modules->multi_state);
    expect("last CPU up", cpu_up(modules->last_cpu), 0);
    for (unsigned i = 0; i < 2; i++) {
        probe_check(&modules->instances[i], (enum cpuhp_state)modules->multi_state);
        cpuhp_state_remove_instance((enum cpuhp_state)modules->multi_state, &modules->instances[i].node);
    }
    cpuhp_remove_multi_state((enum cpuhp_state)modules->multi_state);
    return 0;
}

static int fail_on_the_way(void *arg)
{
    struct modules *modules = arg;
    unsigned cpu = modules->last_cpu;

    cpuhp_inject_failure(cpu, CPUHP_AP_WORKQUEUE_ONLINE);
    expect("last CPU down, a teardown fails", cpu_down(cpu), -EAGAIN);
    SIM_CHECK(cpuhp_cpu_state(cpu) == CPUHP_ONLINE, "the CPU is in state %d", (int)cpuhp_cpu_state(cpu));
    expect("last CPU down", cpu_down(cpu), 0);
    cpuhp_inject_failure(cpu, CPUHP_SMPCFD_PREPARE);
    expect("last CPU up, a startup of the PREPARE section fails", cpu_up(cpu), -EAGAIN);
    SIM_CHECK(cpuhp_cpu_state(cpu) == CPUHP_OFFLINE, "the CPU is in state %d", (int)cpuhp_cpu_state(cpu));
    cpuhp_inject_failure(cpu, CPUHP_AP_ACTIVE);
    expect("last CPU up, a startup of the ONLINE section fails", cpu_up(cpu), -EAGAIN);
    SIM_CHECK(cpuhp_cpu_state(cpu) == CPUHP_OFFLINE, "the CPU is in state %d", (int)cpuhp_cpu_state(cpu));
    expect("last CPU up", cpu_up(cpu), 0);
    return 0;
}

static int run_rollback(const struct sim_options *options)
{
    struct modules modules = { .last_cpu = options->cpus - 1 };
    const struct sim_task tasks[] = {
        { "modprobe", 0, fail_registration, &modules },
        { "modprobe-multi", 0, fail_instances, &modules },
        { "hotplug", 0, fail_on_the_way, &modules },
    };
    int result;

    boot(options, "rollback", true);
    probe_init(plain->probe);
    residents_register();
    result = sim_run_in_turns(tasks, NR_TASKS(tasks));
    residents_remove();
    cpuhp_exit();
    return result;
}

/* ---- the program ----------------------------------------------------------------------------- */

static const struct scenario scenarios[] = {
    { "up-down-mix", "a CPU goes down and comes up, one map and completion for both ways (before 5f4b55e10645)",
      "event, potential", 2, 0, up_down_mix },
    { "up-down-split", "the same with a map and a completion for each way", "clean", 2, 0, up_down_split },
    { "register", "callbacks are registered at run time, with and without instances, and follow a CPU", "clean", 2, 0,
      run_register },
    { "rollback", "callbacks fail: at registration, on the way up, on the way down", "clean", 2, 0, run_rollback },
    { "torture", "CPUs, callbacks, works and readers, all at once, with checks", "clean", 2,
      SIM_TAKES_SECONDS | SIM_TAKES_SEED, hotplug_torture },
};

int main(int argc, char **argv)
{
    const struct sim_program program = {
        .name = "hotplug_sim",
        .purpose = "CPU hotplug on simulated CPUs and real threads, for lockval to judge.",
        .scenarios = scenarios,
        .nr_scenarios = NR_TASKS(scenarios),
    };

    return sim_main(argc, argv, &program);
}
