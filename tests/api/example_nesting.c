/* SPDX-License-Identifier: MIT */
/*
 * Two locks of one class at once, with the rule that makes it safe: a level for each step down a tree, or a lock above
 * them all that only one thread can have.
 * Under lockval: clean.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

struct folder {
    pthread_mutex_t lock;
    int files;
};

static struct lockval_key folder_key, rename_key;
static pthread_mutex_t rename_lock = PTHREAD_MUTEX_INITIALIZER; /* one renames at a time */

static void folder_init(struct folder *folder, int files)
{
    pthread_mutex_init(&folder->lock, NULL);
    lockval_set_class(&folder->lock, LOCKVAL_MUTEX, &folder_key, "folder");
    folder->files = files;
}

/* Parent before child: the child is level 1, shown as folder/1. */
static int count(struct folder *parent, struct folder *child)
{
    int files;

    pthread_mutex_lock(&parent->lock);
    lockval_next_subclass(&child->lock, 1);
    pthread_mutex_lock(&child->lock);
    files = parent->files + child->files;
    pthread_mutex_unlock(&child->lock);
    pthread_mutex_unlock(&parent->lock);
    return files;
}

/* Any order will do, as long as rename_lock is held. */
static void move(struct folder *from, struct folder *to)
{
    pthread_mutex_lock(&rename_lock);
    pthread_mutex_lock(&from->lock);
    lockval_next_nest(&to->lock, &rename_lock);
    pthread_mutex_lock(&to->lock);
    from->files--;
    to->files++;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
    pthread_mutex_unlock(&rename_lock);
}

int main(void)
{
    struct folder root, home;

    lockval_set_class(&rename_lock, LOCKVAL_MUTEX, &rename_key, "rename");
    folder_init(&root, 2);
    folder_init(&home, 3);
    move(&root, &home);
    move(&home, &root);
    printf("%d files\n", count(&root, &home));
    return 0;
}
