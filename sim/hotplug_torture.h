/* SPDX-License-Identifier: MIT */
#ifndef SIM_HOTPLUG_TORTURE_H
#define SIM_HOTPLUG_TORTURE_H

struct sim_options;

/*
 * Everything at once for options->seconds: CPUs come and go, callbacks are registered and removed,
 * some of them fail, works run, readers look. Checks invariants all along and prints the
 * throughput.
 * Returns: 0; a broken invariant ends the program.
 */
int hotplug_torture(const struct sim_options *options);

#endif
