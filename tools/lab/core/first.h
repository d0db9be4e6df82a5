/* SPDX-License-Identifier: MIT */
#ifndef LAB_FIRST_H
#define LAB_FIRST_H

/* Load the program and run it as its line "run" says: the first thread of the list that can go on does. No context comes by itself
 * but where nothing else can happen. Returns lab_view(), or what lab_load() complains of. */
const char *lab_first_run(void);

#endif
