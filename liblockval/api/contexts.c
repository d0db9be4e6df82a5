/* SPDX-License-Identifier: MIT */
/* Contexts that the program declares: its own interrupts. */

#include "api/calls.h"
#include "engine/usage.h"

LOCKVAL_API int lockval_declare_context(const char *name, enum lockval_context_level level)
{
    struct lv_thread *t = lv_self();
    int context;

    if (t == NULL)
        return -1;
    t->guard++;
    context = lv_context_declare(&lv_process_context, name, (uint8_t)level);
    t->guard--;
    return context;
}

LOCKVAL_API void lockval_enter_context(int context)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_context_enter(&lv_process_context, t, context);
}

LOCKVAL_API void lockval_exit_context(int context)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_context_exit(&lv_process_context, t, context);
}

LOCKVAL_API void lockval_disable_context(int context)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_context_disable(&lv_process_context, t, context);
}

LOCKVAL_API void lockval_enable_context(int context)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_context_enable(&lv_process_context, t, context);
}
