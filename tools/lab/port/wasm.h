/* SPDX-License-Identifier: MIT */
#ifndef LAB_PORT_WASM_H
#define LAB_PORT_WASM_H

/* Included before everything else when the core is compiled for WebAssembly: names that its headers take for granted on Linux. */

#define SYS_clock_gettime 0
#define __builtin_return_address(level) ((void *)0)

long syscall(long call, ...);

#endif
