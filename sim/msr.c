/* SPDX-License-Identifier: MIT */
/*
 * msr.c: a device node a CPU. Owns the number of its hotplug state, written by msr_init() and read
 * by msr_exit(), which the caller keeps apart.
 *
 * The callback runs in cpuhp/N and waits for kdevtmpfs, so whatever is held around the callback
 * comes before the locks of a file system: this is where CPU hotplug and the page cache begin to
 * have to do with each other.
 */
#include "msr.h"

#include <stdio.h>

#include "cpuhp.h"
#include "fs/devtmpfs.h"

static enum cpuhp_state msr_state;

struct msr_path {
    char text[24];
};

static struct msr_path msr_path(unsigned cpu)
{
    struct msr_path path;

    snprintf(path.text, sizeof(path.text), "cpu/%u/msr", cpu);
    return path;
}

static int msr_device_create(unsigned cpu)
{
    return devtmpfs_create_node(msr_path(cpu).text);
}

static int msr_device_destroy(unsigned cpu)
{
    return devtmpfs_delete_node(msr_path(cpu).text);
}

int msr_init(void)
{
    int state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "x86/msr:online", msr_device_create, msr_device_destroy);

    if (state < 0)
        return state;
    msr_state = (enum cpuhp_state)state;
    return 0;
}

void msr_exit(void)
{
    cpuhp_remove_state(msr_state);
}
