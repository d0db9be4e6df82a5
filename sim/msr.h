/* SPDX-License-Identifier: MIT */
#ifndef SIM_MSR_H
#define SIM_MSR_H

/*
 * msr.h: the driver whose `modprobe` the reported deadlock begins with. It has a device node for
 * each online CPU, "cpu/N/msr", which a hotplug callback makes and removes.
 */

/* Registers the callback, which makes the nodes of the CPUs that are online. Needs devtmpfs.
 * Returns: 0 or a negative errno; then nothing is left. */
int msr_init(void);

/* Removes the nodes and the callback. */
void msr_exit(void);

#endif
