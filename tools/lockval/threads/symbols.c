/* SPDX-License-Identifier: MIT */
/*
 * A libdwfl session over the mappings as they were when the process was opened. Files are opened as the process sees them
 * (/proc/PID/root), since it may live in another tree of folders. Stacks are walked over the copies of stop.h; what lies
 * outside of them, and code and tables whose file cannot be read, come from the process's memory.
 */

#define _GNU_SOURCE
#include "threads/symbols.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"

struct cli_symbols {
    const struct cli_victim *victim;
    struct cli_stop *stop;
    Dwfl *dwfl;
    bool can_unwind;
    const struct cli_snapshot *walking; /* whose stack is walked now */
    size_t next;                        /* in the list of threads, for libdwfl */
    char **bare;                        /* names without the version that libc's symbols have behind them */
    size_t bare_count;
};

/* ---- the session ---- */

static pid_t pid_of_session; /* libdwfl's callback for files has no argument of ours */

static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **file_name, Elf **elf)
{
    char *path;
    struct stat st;
    int fd;

    if (name[0] == '/') {
        path = cli_printf("/proc/%d/root%s", (int)pid_of_session, name);
        /* A device may be mapped; to open one may do something. */
        fd = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
        free(path);
        if (fd >= 0) {
            *file_name = cli_strdup(name);
            return fd;
        }
    }
    return dwfl_linux_proc_find_elf(module, data, name, base, file_name, elf);
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

/* ---- stacks ---- */

static pid_t next_thread(Dwfl *dwfl, void *arg, void **ret_thread)
{
    struct cli_symbols *symbols = arg;

    (void)dwfl;
    if (*ret_thread == NULL)
        symbols->next = 0;
    if (symbols->stop == NULL || symbols->next >= symbols->stop->count)
        return 0;
    *ret_thread = &symbols->stop->threads[symbols->next++];
    return ((struct cli_snapshot *)*ret_thread)->tid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **ret_thread)
{
    struct cli_symbols *symbols = arg;

    (void)dwfl;
    *ret_thread = symbols->stop != NULL ? cli_stop_find(symbols->stop, tid) : NULL;
    return *ret_thread != NULL;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word, void *arg)
{
    struct cli_symbols *symbols = arg;
    const struct cli_snapshot *thread = symbols->walking;
    uintptr_t word;

    (void)dwfl;
    if (thread != NULL && address >= thread->sp && thread->stack_size >= sizeof(word) &&
        address - thread->sp <= thread->stack_size - sizeof(word))
        memcpy(&word, thread->stack + (address - thread->sp), sizeof(word));
    else if (!cli_victim_read(symbols->victim, (uintptr_t)address, &word, sizeof(word)))
        return false;
    *ret_word = word;
    return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
    const struct cli_snapshot *snapshot = arg;
    Dwarf_Word registers[CLI_REGISTERS_MAX];

    if (!snapshot->stopped || snapshot->register_count == 0)
        return false;
    for (unsigned i = 0; i < snapshot->register_count; i++)
        registers[i] = snapshot->registers[i];
    dwfl_thread_state_register_pc(thread, snapshot->pc);
    return dwfl_thread_state_registers(thread, 0, snapshot->register_count, registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
    .next_thread = next_thread,
    .get_thread = get_thread,
    .memory_read = read_word,
    .set_initial_registers = set_registers,
};

struct cli_symbols *cli_symbols_open(const struct cli_victim *victim, struct cli_stop *stop)
{
    struct cli_symbols *symbols = cli_alloc(1, sizeof(*symbols));

    *symbols = (struct cli_symbols){ .victim = victim, .stop = stop };
    pid_of_session = victim->pid;
    /* A server of debug information may let us wait for minutes. */
    (void)unsetenv("DEBUGINFOD_URLS");
    symbols->dwfl = dwfl_begin(&callbacks);
    if (symbols->dwfl == NULL)
        return symbols;
    (void)dwfl_linux_proc_report(symbols->dwfl, victim->pid);
    (void)dwfl_report_end(symbols->dwfl, NULL, NULL);
    symbols->can_unwind =
        stop != NULL && dwfl_attach_state(symbols->dwfl, NULL, victim->pid, &thread_callbacks, symbols);
    return symbols;
}

void cli_symbols_close(struct cli_symbols *symbols)
{
    if (symbols->dwfl != NULL)
        dwfl_end(symbols->dwfl);
    for (size_t i = 0; i < symbols->bare_count; i++)
        free(symbols->bare[i]);
    free(symbols->bare);
    free(symbols);
}

struct walk {
    struct cli_frame *frames;
    unsigned count, max;
    bool more;
};

static int add_frame(Dwfl_Frame *state, void *arg)
{
    struct walk *walk = arg;
    Dwarf_Addr pc;
    bool activation;

    if (!dwfl_frame_pc(state, &pc, &activation) || pc == 0)
        return DWARF_CB_ABORT;
    if (walk->count == walk->max) {
        walk->more = true;
        return DWARF_CB_ABORT;
    }
    walk->frames[walk->count++] = (struct cli_frame){ pc, !activation };
    return DWARF_CB_OK;
}

unsigned cli_symbols_unwind(struct cli_symbols *symbols, pid_t tid, struct cli_frame *frames, unsigned max,
                            bool *ret_more)
{
    struct walk walk = { .frames = frames, .max = max };
    const struct cli_snapshot *thread = symbols->stop != NULL ? cli_stop_find(symbols->stop, tid) : NULL;

    *ret_more = false;
    if (thread == NULL || !thread->stopped || thread->register_count == 0)
        return 0;
    symbols->walking = thread;
    if (symbols->can_unwind)
        (void)dwfl_getthread_frames(symbols->dwfl, tid, add_frame, &walk);
    symbols->walking = NULL;
    if (walk.count == 0 && max != 0)
        frames[walk.count++] = (struct cli_frame){ thread->pc, false };
    *ret_more = walk.more;
    return walk.count;
}

/* ---- names ---- */

static const char *last_part(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;

    return slash != NULL ? slash + 1 : path;
}

/* "name@VERSION" without the version. */
static const char *bare_name(struct cli_symbols *symbols, const char *name)
{
    size_t len = name != NULL ? strcspn(name, "@") : 0;

    if (name == NULL || len == 0)
        return NULL;
    if (name[len] == '\0')
        return name;
    for (size_t i = 0; i < symbols->bare_count; i++)
        if (strncmp(symbols->bare[i], name, len) == 0 && symbols->bare[i][len] == '\0')
            return symbols->bare[i];
    symbols->bare = cli_realloc(symbols->bare, symbols->bare_count + 1, sizeof(*symbols->bare));
    symbols->bare[symbols->bare_count] = cli_printf("%.*s", (int)len, name);
    return symbols->bare[symbols->bare_count++];
}

void cli_symbols_name(struct cli_symbols *symbols, uint64_t address, bool is_call, struct cli_symbol *ret)
{
    uint64_t at = address - is_call;
    Dwfl_Module *module = symbols->dwfl != NULL ? dwfl_addrmodule(symbols->dwfl, at) : NULL;
    const char *path = NULL;
    Dwarf_Addr start = 0;
    GElf_Off offset = 0;
    GElf_Sym symbol;
    Dwfl_Line *line;

    *ret = (struct cli_symbol){ .offset = address };
    if (module == NULL)
        return;
    ret->module = last_part(dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, &path, NULL));
    ret->offset = address - start;
    ret->function = bare_name(symbols, dwfl_module_addrinfo(module, at, &offset, &symbol, NULL, NULL, NULL));
    if (ret->function != NULL)
        ret->offset = offset + is_call;
    line = dwfl_module_getsrc(module, at);
    if (line != NULL)
        ret->file = dwfl_lineinfo(line, NULL, &ret->line, NULL, NULL, NULL);
}
