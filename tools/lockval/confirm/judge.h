/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_JUDGE_H
#define CLI_CONFIRM_JUDGE_H

#include "confirm/record.h"

/*
 * Is @deadlock, a finding that the library made in a steered run, the deadlock of the order @reported? It is if its threads wait for each
 * other once around the reported cycle: each waits for a lock of a class of it, and who holds that waits for one further on; a class that is passed over is one of
 * which it holds a lock too. Where the library can follow no circle, as nothing says who would bring an event about, but every thread of the
 * process waits for good, each acquisition of the reported cycle must be one that a thread is stuck in.
 */
bool confirm_is_it(const struct confirm_finding *reported, const struct confirm_finding *deadlock);

#endif
