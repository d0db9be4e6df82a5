/* SPDX-License-Identifier: MIT */
/* desk pay|audit|both: one program that does the one, or the other, or, in two threads, both: it can hang then. */

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ledger.h"

enum {
    TIMES = 1000
};

static void *pay(void *unused)
{
    (void)unused;
    for (int i = 0; i < TIMES; i++)
        (void)ledger_pay(i % LEDGER_ACCOUNTS, (i + 1) % LEDGER_ACCOUNTS, 1);
    return NULL;
}

static void *audit(void *unused)
{
    (void)unused;
    for (int i = 0; i < TIMES; i++)
        if (ledger_audit() != 0)
            (void)fprintf(stderr, "desk: something is missing\n");
    return NULL;
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    int pays = strcmp(what, "pay") == 0 || strcmp(what, "both") == 0;
    int audits = strcmp(what, "audit") == 0 || strcmp(what, "both") == 0;
    pthread_t payer, auditor;

    if (!pays && !audits) {
        (void)fprintf(stderr, "usage: desk pay|audit|both\n");
        return 2;
    }
    ledger_open(100);
    if (pays && pthread_create(&payer, NULL, pay, NULL) != 0)
        return 1;
    if (audits && pthread_create(&auditor, NULL, audit, NULL) != 0)
        return 1;
    if (pays)
        (void)pthread_join(payer, NULL);
    if (audits)
        (void)pthread_join(auditor, NULL);
    return 0;
}
