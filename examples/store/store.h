/* SPDX-License-Identifier: MIT */
#ifndef STORE_H
#define STORE_H

/*
 * Numbers by key, and a journal of all that was put in. Any thread may call anything.
 */

enum {
    STORE_KEYS = 64,
    STORE_JOURNAL = 4096
};

/* As new. */
void store_clear(void);
/* Returns 0, or -1: the journal is full. */
int store_put(int key, int value);
int store_get(int key);
/* How many entries the journal has. */
int store_journal_length(void);
/* Forget the numbers, and read them from the journal again. */
void store_replay(void);
/* Leave one entry for each key in the journal. */
void store_compact(void);

#endif
