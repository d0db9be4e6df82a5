/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_READ_H
#define CLI_CONTRACT_READ_H

#include <stdbool.h>
#include <stddef.h>

/* The file @path, with a zero byte behind it; memory to free. Null after a complaint, or, with @ret_there not null, without one if
 * there is no such file: then *ret_there is false. */
char *contract_read(const char *path, size_t *ret_size, bool *ret_there);

#endif
