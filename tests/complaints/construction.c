/* SPDX-License-Identifier: MIT */
/*
 * A new object is locked, and then the list that it is put into; everybody else takes the list first. Nobody knows the
 * object yet, so nobody waits for its lock: no lock says so, but a subclass does.
 */
/* complaint: 12 an object under construction */
#include "../verdicts/side_by_side.h"

#include <lockval.h>

struct object {
    pthread_mutex_t lock;
    struct object *next;
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct object *list;

static void lock_new(struct object *object)
{
    MUST(pthread_mutex_lock(&object->lock) == 0);
}

static void lock_new_subclass(struct object *object)
{
    lockval_next_subclass(&object->lock, 1);
    MUST(pthread_mutex_lock(&object->lock) == 0);
}

static void construct(void (*lock)(struct object *))
{
    struct object *object = malloc(sizeof(*object));

    MUST(object != NULL && pthread_mutex_init(&object->lock, NULL) == 0);
    lock(object);
    MUST(pthread_mutex_lock(&list_lock) == 0);
    object->next = list;
    list = object;
    MUST(pthread_mutex_unlock(&list_lock) == 0);
    MUST(pthread_mutex_unlock(&object->lock) == 0);
}

static void construct_locked(void)
{
    construct(lock_new);
}

static void construct_subclass(void)
{
    construct(lock_new_subclass);
}

static void visit(void)
{
    MUST(pthread_mutex_lock(&list_lock) == 0);
    for (struct object *object = list; object != NULL; object = object->next) {
        MUST(pthread_mutex_lock(&object->lock) == 0);
        MUST(pthread_mutex_unlock(&object->lock) == 0);
    }
    MUST(pthread_mutex_unlock(&list_lock) == 0);
}

/* case: locked */
/* title: the new object's lock, then the list's, in one thread; the list's, then the object's, in another */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */

/* case: subclass */
/* title: the same, the new object's lock taken as subclass 1 */
int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "locked"))
        SIDE_BY_SIDE(construct_locked, visit);
    else
        SIDE_BY_SIDE(construct_subclass, visit);
    puts("done");
    return 0;
}
