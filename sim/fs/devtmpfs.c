/* SPDX-License-Identifier: MIT */
/*
 * devtmpfs.c: owns the list of requests, protected by req_lock, and the thread that serves them. A request lives on the
 * stack of the task that waits for it, and is not touched any more once it is completed.
 *
 * The two kinds of requests initialise their completions at two places and so have two classes named
 * "(complete)&req.done", as in the kernel.
 */
#include "fs/devtmpfs.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/inode.h"
#include "fs/namei.h"
#include "fs/super.h"
#include "kernel/check.h"
#include "kernel/completion.h"
#include "kernel/kthread.h"
#include "kernel/spinlock.h"

enum {
    PATH_LENGTH = 127
};

/* What kdevtmpfs does before it serves a request. */
enum stop {
    STOP_NOT,
    STOP_ASKED, /* wait here */
    STOP_DONE   /* it waits */
};

struct request {
    struct request *next;   /* req_lock while on the list, then kdevtmpfs */
    struct completion done; /* kdevtmpfs has finished */
    const char *path;       /* constant */
    unsigned mode;          /* constant; 0 asks for removal */
    int err;                /* kdevtmpfs until done, then the task that asked */
};

static struct file_system_type dev_fs_type = { .name = "devtmpfs" };

static struct {
    struct super_block *mount; /* constant after boot */
    struct kthread *thread;    /* constant after boot */
    bool wait_first;           /* constant after boot */
    atomic_int stop;           /* enum stop */
    spinlock_t req_lock;
    struct request *requests; /* req_lock; newest first */
} devtmpfs;

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* Calls @step for each directory above @path, the uppermost first or last. Ends with the first error. */
static int for_each_parent(const char *path, bool from_top, int (*step)(const char *path))
{
    size_t slashes[PATH_LENGTH];
    size_t count = 0;
    int err = 0;

    for (size_t i = 0; path[i] != '\0'; i++) {
        if (path[i] == '/')
            slashes[count++] = i;
    }
    for (size_t i = 0; i < count && !err; i++) {
        char parent[PATH_LENGTH + 1];
        size_t length = slashes[from_top ? i : count - 1 - i];

        memcpy(parent, path, length);
        parent[length] = '\0';
        err = step(parent);
    }
    return err;
}

static int dev_mkdir(const char *path)
{
    struct path_entry entry;
    int err = kern_path_create(devtmpfs.mount, path, &entry);

    if (err)
        return err == -EEXIST ? 0 : err;
    iput(vfs_create(&entry, S_IFDIR | 0755));
    done_path_create(&entry);
    return 0;
}

static int dev_rmdir(const char *path)
{
    return kern_path_remove(devtmpfs.mount, path);
}

static int handle_create(const char *path, unsigned mode)
{
    struct path_entry entry;
    struct inode *inode;
    int err = kern_path_create(devtmpfs.mount, path, &entry);

    if (err == -ENOENT) {
        err = for_each_parent(path, true, dev_mkdir);
        if (!err)
            err = kern_path_create(devtmpfs.mount, path, &entry);
    }
    if (err)
        return err;
    inode = vfs_create(&entry, S_IFCHR | 0600);
    inode_lock(inode);
    inode->i_mode = mode;
    inode_unlock(inode);
    done_path_create(&entry);
    iput(inode);
    return 0;
}

static int handle_remove(const char *path)
{
    int err = kern_path_remove(devtmpfs.mount, path);

    if (!err)
        (void)for_each_parent(path, false, dev_rmdir);
    return err;
}

static void stop_if_asked(void)
{
    int asked = STOP_ASKED;

    (void)atomic_compare_exchange_strong(&devtmpfs.stop, &asked, STOP_DONE);
    while (atomic_load(&devtmpfs.stop) == STOP_DONE)
        sched_yield();
}

static void handle(struct request *req)
{
    if (devtmpfs.wait_first)
        completion_await_waiter(&req->done);
    stop_if_asked();
    req->err = req->mode ? handle_create(req->path, req->mode) : handle_remove(req->path);
    complete(&req->done);
}

static int devtmpfsd(void *arg)
{
    (void)arg;
    while (!kthread_should_stop()) {
        struct request *req;

        spin_lock(&devtmpfs.req_lock);
        req = devtmpfs.requests;
        devtmpfs.requests = NULL;
        spin_unlock(&devtmpfs.req_lock);
        if (!req)
            kthread_schedule();
        while (req) {
            struct request *next = req->next;

            handle(req);
            req = next;
        }
    }
    return 0;
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

static int submit(struct request *req)
{
    SIM_CHECK(strlen(req->path) <= PATH_LENGTH, "device path is too long: %s", req->path);
    spin_lock(&devtmpfs.req_lock);
    req->next = devtmpfs.requests;
    devtmpfs.requests = req;
    spin_unlock(&devtmpfs.req_lock);
    kthread_wake(devtmpfs.thread);
    wait_for_completion(&req->done);
    destroy_completion(&req->done);
    return req->err;
}

int devtmpfs_create_node(const char *path)
{
    struct request req = { .path = path, .mode = S_IFCHR | 0600 };

    init_completion(&req.done);
    return submit(&req);
}

int devtmpfs_delete_node(const char *path)
{
    struct request req = { .path = path, .mode = 0 };

    init_completion(&req.done);
    return submit(&req);
}

/* ---- boot -------------------------------------------------------------------------------------------------------- */

void devtmpfs_boot(bool wait_first)
{
    devtmpfs.wait_first = wait_first;
    devtmpfs.requests = NULL;
    atomic_init(&devtmpfs.stop, STOP_NOT);
    spin_lock_init(&devtmpfs.req_lock);
    devtmpfs.mount = mount_fs(&dev_fs_type);
    devtmpfs.thread = kthread_run(devtmpfsd, NULL, "kdevtmpfs");
}

void devtmpfs_exit(void)
{
    kthread_stop(devtmpfs.thread);
    umount_fs(devtmpfs.mount);
    spin_lock_destroy(&devtmpfs.req_lock);
}

void devtmpfs_stop_before_next(void)
{
    atomic_store(&devtmpfs.stop, STOP_ASKED);
}

bool devtmpfs_is_stopped(void)
{
    return atomic_load(&devtmpfs.stop) == STOP_DONE;
}

void devtmpfs_go_on(void)
{
    atomic_store(&devtmpfs.stop, STOP_NOT);
}

struct super_block *devtmpfs_mount(void)
{
    return devtmpfs.mount;
}
