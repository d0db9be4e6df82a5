/* SPDX-License-Identifier: MIT */
/* There is one thread, no file and no signal. Memory comes from one block, and goes back to it when the next program begins. */

#include "sys/os.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "port/port.h"
#include "sys/family.h"
#include "sys/tasks.h"
#include "sys/unwind.h"

#define MEMORY ((size_t)24 * 1024 * 1024)

static _Alignas(4096) char memory[MEMORY];
static size_t used;
static unsigned thread_number;
static char thread_name[16];
static uintptr_t thread_site;

void lab_port_thread(unsigned number, const char *name, uintptr_t site)
{
    thread_site = site;
    thread_number = number;
    strncpy(thread_name, name, sizeof(thread_name) - 1);
}

void lab_port_reset(void)
{
    memset(memory, 0, used);
    used = 0;
}

void *lv_os_map(size_t size)
{
    void *p = memory + used;

    size = (size + 4095) & ~(size_t)4095;
    if (size > MEMORY - used)
        return NULL;
    used += size;
    return p;
}

/* Whatever is given back is what was taken last, or waits for the next program. */
void lv_os_unmap(void *p, size_t size)
{
    size = (size + 4095) & ~(size_t)4095;
    if ((char *)p + size == memory + used) {
        memset(p, 0, size);
        used -= size;
    }
}

int64_t lv_os_map_file(const char *path, const void **ret_data)
{
    (void)path;
    *ret_data = NULL;
    return -ENOENT;
}

int lv_os_write_all(int fd, const void *data, size_t len)
{
    (void)fd;
    (void)data;
    (void)len;
    return 0;
}

int lv_os_open_append(const char *path)
{
    (void)path;
    return -ENOENT;
}

int lv_os_open_record(const char *path, bool create)
{
    (void)path;
    (void)create;
    return -ENOENT;
}

void lv_os_close(int fd)
{
    (void)fd;
}

int lv_os_read_text(const char *path, char *buf, size_t size)
{
    (void)path;
    (void)size;
    buf[0] = '\0';
    return 0;
}

int lv_os_read_link(const char *path, char *buf, size_t size)
{
    return lv_os_read_text(path, buf, size);
}

bool lv_os_is_private(uintptr_t address)
{
    (void)address;
    return true;
}

pid_t lv_os_pid(void)
{
    return 1;
}

pid_t lv_os_tid(void)
{
    return (pid_t)thread_number + 1;
}

pid_t lv_os_parent(void)
{
    return 0;
}

void lv_os_thread_name(char name[16])
{
    memcpy(name, thread_name, sizeof(thread_name));
}

void lv_os_host(char host[65])
{
    host[0] = '\0';
}

/* The same in every run, so that a run can be repeated. */
uint64_t lv_os_random(void)
{
    return UINT64_C(0x6a09e667f3bcc908);
}

size_t lv_os_signal_stack(void)
{
    return 0;
}

void lv_os_block_signals(struct lv_os_sigmask *ret_old)
{
    ret_old->bits = 0;
}

void lv_os_restore_signals(const struct lv_os_sigmask *old)
{
    (void)old;
}

void lv_os_pause(void)
{
}

void lv_os_futex_wait(uint32_t *word, uint32_t value)
{
    (void)word;
    (void)value;
}

void lv_os_futex_wake(uint32_t *word)
{
    (void)word;
}

void lv_os_futex_wait_for(uint32_t *word, uint32_t value, int64_t ns)
{
    (void)word;
    (void)value;
    (void)ns;
}

void lv_os_barrier_all(void)
{
}

int64_t lv_os_now_ms(void)
{
    return 0;
}

int64_t lv_os_wall_ms(void)
{
    return 0;
}

void lv_os_abort(void)
{
    __builtin_trap();
}

void lv_os_exit(int status)
{
    (void)status;
    __builtin_trap();
}

/* ---- threads of other processes, and what threads sleep in: nothing is known ---- */

bool lv_family_waits(int tid, uintptr_t *ret_address)
{
    (void)tid;
    (void)ret_address;
    return false;
}

void lv_family_name(int tid, char name[16])
{
    (void)tid;
    name[0] = '\0';
}

int lv_task_list(int *ret_tids, int max)
{
    (void)ret_tids;
    (void)max;
    return 0;
}

/* ---- stacks: the step that is taken, whoever the core believes to have called it ---- */

uint32_t lv_unwind(uintptr_t *frames, uint32_t max, uintptr_t caller)
{
    if (max == 0)
        return 0;
    frames[0] = thread_site != 0 ? thread_site : caller;
    return 1;
}

void lv_unwind_forget(void)
{
}
