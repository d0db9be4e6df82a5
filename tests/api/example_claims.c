/* SPDX-License-Identifier: MIT */
/*
 * Functions that say what they rely on. Each claim is checked where it stands, in every run, and costs nothing without
 * the library.
 * Under lockval: assert, misuse.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static int list_length;

/* Callers hold list_lock. */
static void add_locked(void)
{
    lockval_assert_held(&list_lock, LOCKVAL_WRITE);
    list_length++;
}

/* Locks disk_lock only when the list is long; callers must always be able to bear it. */
static void add(void)
{
    lockval_assert_not_held(&list_lock);
    lockval_might_lock(&disk_lock, LOCKVAL_MUTEX, LOCKVAL_WRITE);
    pthread_mutex_lock(&list_lock);
    add_locked();
    pthread_mutex_unlock(&list_lock);
    if (list_length > 1000) {
        pthread_mutex_lock(&disk_lock);
        list_length = 0;
        pthread_mutex_unlock(&disk_lock);
    }
}

/* @visit must not let go of the lock, not even to take it again: the list may change meanwhile. */
static void for_each(void (*visit)(int))
{
    unsigned cookie;

    pthread_mutex_lock(&list_lock);
    cookie = lockval_pin(&list_lock);
    for (int i = 0; i < list_length; i++)
        visit(i);
    lockval_unpin(&list_lock, cookie);
    pthread_mutex_unlock(&list_lock);
    (void)cookie;
}

/* 1 with list_lock held, 0 without, -1 when nobody knows. */
static void show(int i)
{
    printf("entry %d%s\n", i, lockval_is_held(&list_lock, LOCKVAL_ANY) == 0 ? ", unprotected" : "");
}

int main(void)
{
    add();
    for_each(show);
    add_locked(); /* the bug */
    return 0;
}
