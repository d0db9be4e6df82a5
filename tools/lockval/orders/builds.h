/* SPDX-License-Identifier: MIT */
#ifndef CLI_ORDERS_BUILDS_H
#define CLI_ORDERS_BUILDS_H

#include "orders/orders.h"

/* Make classes of different builds that are the same one class of @order. False after a complaint: the rules of @options cannot be
 * read. Cost: nothing where no module has two builds. */
bool or_match_builds(const struct or_options *options, struct or_order *order);

#endif
