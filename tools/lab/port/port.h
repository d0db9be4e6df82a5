/* SPDX-License-Identifier: MIT */
#ifndef LAB_PORT_H
#define LAB_PORT_H

/*
 * What the library's core finds in the lab instead of an operating system: threads that are played, and a module whose symbols
 * are the steps of the program. The core's own files are compiled as they are; these two replace sys/.
 */

#include "core/program.h"

/* The thread that acts from now on, and the call that it makes: an address of lab_address_of_step(), or 0. */
void lab_port_thread(unsigned number, const char *name, uintptr_t site);

/* The program and its text, by which addresses are named, until the next one. */
void lab_port_program(const struct lab_program *program, const char *text);

/* All memory that the core took is free again. */
void lab_port_reset(void);

/* Addresses: of a lock, of the call that initialises locks of its class, of a step's call (a return address), of
 * the function that a thread begins in. */
uintptr_t lab_address_of_lock(unsigned lock);
uintptr_t lab_address_of_init(unsigned lock);
uintptr_t lab_address_of_step(unsigned sequence, unsigned step);
uintptr_t lab_address_of_thread(unsigned thread);

#endif
