/* SPDX-License-Identifier: MIT */
/* A program that looks whether all is right. */

#include "ledger.h"

int main(void)
{
    ledger_open(100);
    return ledger_audit() == 0 ? 0 : 1;
}
