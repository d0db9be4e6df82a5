/* SPDX-License-Identifier: MIT */
#ifndef LEDGER_H
#define LEDGER_H

/*
 * Accounts, and a history of all that was paid. Any thread may call anything.
 */

enum {
    LEDGER_ACCOUNTS = 16,
    LEDGER_HISTORY = 4096
};

/* Every account has @money, and nothing was paid. */
void ledger_open(int money);
/* Returns 0, or -1: there is not so much on the account @from, or the history is full. */
int ledger_pay(int from, int to, int amount);
/* Returns 0 if the accounts are what the history says, else -1. */
int ledger_audit(void);

#endif
