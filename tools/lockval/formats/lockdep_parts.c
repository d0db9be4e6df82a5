/* SPDX-License-Identifier: MIT */
/* Lines of locks, stacks, and of who is who. A frame is "function+0x12/0x34 [module]"; the program's own have no module. */

#include "formats/lockdep_parts.h"

#include <inttypes.h>
#include <string.h>

void lockdep_headline(struct lockdep *to, const struct rec_finding *finding, int bar, const char *title)
{
    char line[80];

    memset(line, '=', sizeof(line));
    (void)fprintf(to->out, "\n%.*s\n%s\n%s-lockval #%" PRId64 " Not tainted\n", bar, line, title,
                  finding->process->version, finding->process->pid);
    memset(line, '-', sizeof(line));
    (void)fprintf(to->out, "%.*s\n", bar, line);
}

void lockdep_task(struct lockdep *to, const struct rec_thread *thread)
{
    if (thread == NULL)
        (void)fputs("?/0", to->out);
    else
        (void)fprintf(to->out, "%s/%" PRId64, thread->name, thread->tid);
}

void lockdep_class(struct lockdep *to, const struct rec_lock *lock)
{
    const struct rec_class *class = lock->class;
    bool known = class != NULL && class->known;
    unsigned inner = known ? class->wait_inner : 0, outer = known ? class->wait_outer : 0;

    (void)fprintf(to->out, "%s){%s}-{%u:%u}", rec_lock_name(lock), known ? class->usage : "....",
                  outer != 0 ? outer : inner, inner);
}

/* A name of the record is "function+0x12"; symbols know the size, too. lockdep says nothing of functions that are inlined. */
static void print_frame(struct lockdep *to, const struct rec_frame *frame)
{
    const struct rec_module *module = frame->module;
    const struct sym_frames *known =
        to->input->symbols != NULL ? sym_look(to->input->symbols, module, frame->offset, SYM_CALL) : NULL;

    if (known != NULL && known->size != 0)
        (void)fprintf(to->out, "%s+0x%" PRIx64 "/0x%" PRIx64, known->frames[known->count - 1].function, known->offset,
                      known->size);
    else if (frame->name[0] != '\0')
        (void)fputs(frame->name, to->out);
    else
        (void)fprintf(to->out, "0x%" PRIx64, frame->offset);
    if (module != NULL && module->known && !module->program)
        (void)fprintf(to->out, " [%s]", module->name);
}

void lockdep_lock(struct lockdep *to, const struct rec_lock *lock)
{
    (void)fprintf(to->out, "%016" PRIx64 " (", lock->address);
    lockdep_class(to, lock);
    (void)fputs(", at: ", to->out);
    lockdep_first_frame(to, lock->stack);
}

void lockdep_stack(struct lockdep *to, const struct rec_stack *stack, int blanks)
{
    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        (void)fprintf(to->out, "%*s", blanks, "");
        print_frame(to, &stack->frames[i]);
        (void)fputc('\n', to->out);
    }
}

void lockdep_first_frame(struct lockdep *to, const struct rec_stack *stack)
{
    if (stack != NULL && stack->count != 0)
        print_frame(to, &stack->frames[0]);
    else
        (void)fputs("0x0", to->out);
    (void)fputc('\n', to->out);
}

void lockdep_held_by(struct lockdep *to, const struct rec_thread *thread, const struct rec_lock *held, size_t count)
{
    if (count == 0) {
        (void)fputs("no locks held by ", to->out);
        lockdep_task(to, thread);
        (void)fputs(".\n", to->out);
        return;
    }
    (void)fprintf(to->out, "%zu lock%s held by ", count, count == 1 ? "" : "s");
    lockdep_task(to, thread);
    (void)fputs(":\n", to->out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(to->out, " #%zu: ", i);
        lockdep_lock(to, &held[i]);
    }
}

void lockdep_held(struct lockdep *to, const struct rec_finding *finding)
{
    lockdep_held_by(to, finding->thread, finding->held, finding->held_count);
}

void lockdep_backtrace(struct lockdep *to, const struct rec_finding *finding)
{
    const struct rec_thread *thread = finding->thread;

    (void)fprintf(to->out,
                  "\nstack backtrace:\nCPU: 0 UID: 0 PID: %" PRId64 " Comm: %s Not tainted %s-lockval #%" PRId64 "\n",
                  thread != NULL ? thread->tid : 0, thread != NULL ? thread->name : "?", finding->process->version,
                  finding->process->pid);
    (void)fputs("Call Trace:\n <TASK>\n", to->out);
    lockdep_stack(to, finding->stack, 1);
    (void)fputs(" </TASK>\n", to->out);
}
