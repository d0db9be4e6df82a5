/* SPDX-License-Identifier: MIT */
/* Ends that pass exit handlers by. exit, return from main and quick_exit run ours (process/start.c). */

#define _GNU_SOURCE
#include <unistd.h>

#include "interpose/hook.h"

LV_EXPORT void _exit(int status)
{
    if (lv_real._exit == NULL)
        lv_process_start();
    lv_process_say_summary();
    lv_process_end_record(lv_process_exit_status(status) & 0xff);
    lv_real._exit(lv_process_exit_status(status));
    __builtin_unreachable();
}

LV_EXPORT void _Exit(int status)
{
    if (lv_real._Exit == NULL)
        lv_process_start();
    lv_process_say_summary();
    lv_process_end_record(lv_process_exit_status(status) & 0xff);
    lv_real._Exit(lv_process_exit_status(status));
    __builtin_unreachable();
}
