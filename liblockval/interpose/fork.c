/* SPDX-License-Identifier: MIT */
/* _Fork runs no handlers, so its child may find the internal lock taken by a thread that it does not have. The child is
 * not watched. fork needs no hook: its handlers do the work (process/self.c). */

#define _GNU_SOURCE
#include <unistd.h>

#include "interpose/hook.h"

LV_EXPORT pid_t _Fork(void)
{
    pid_t pid;

    if (lv_real._Fork == NULL)
        lv_process_start();
    pid = lv_real._Fork();
    if (pid == 0)
        lv_process_stop_watching();
    return pid;
}
