/* SPDX-License-Identifier: MIT */
#ifndef CLI_GRAPHVIZ_H
#define CLI_GRAPHVIZ_H

/*
 * Graphviz, as a program that lays a graph out: it is started, and not linked, since it need not be there.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Have Graphviz lay out the @len bytes of DOT at @text, by the layout @engine ("dot", "sfdp"), and give the result in the form
 * @form ("svg", "json", "plain"). Returns memory to free, with a null behind its *ret_len bytes; null: it is not installed (*ret_missing), ends with an
 * error, or needs longer than @timeout_s seconds, after which it is killed. Nothing is printed.
 */
char *cli_graphviz(const char *engine, const char *form, const char *text, size_t len, unsigned timeout_s,
                   size_t *ret_len, bool *ret_missing);

#endif
