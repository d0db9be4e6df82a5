/* SPDX-License-Identifier: MIT */
/*
 * A buffer that changes its role while it is locked: made private, it is filled in; published, its lock follows the rules of
 * the shared ones. A tree's node that becomes the root while it is locked. Both are said where they happen.
 * Under lockval: circular, potential.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

static struct lockval_key private_key, shared_key, list_key, node_key, stage_key;
static struct lockval_map stage = LOCKVAL_MAP_INIT("stage one", &stage_key);
static pthread_mutex_t list = PTHREAD_MUTEX_INITIALIZER, node = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t leaf = PTHREAD_MUTEX_INITIALIZER, buffer = PTHREAD_MUTEX_INITIALIZER;

/* Node before leaf: a leaf's lock is always of the next level. */
static void split(void)
{
    pthread_mutex_lock(&leaf);
    lockval_set_held_subclass(&leaf, 0); /* for now it is the root, and what is above it is below it from here on */
    lockval_next_subclass(&node, 1);
    pthread_mutex_lock(&node);
    pthread_mutex_unlock(&node);
    pthread_mutex_unlock(&leaf);
}

static void publish(void)
{
    pthread_mutex_lock(&buffer);
    pthread_mutex_lock(&list); /* buffer before list: right for a private one */
    lockval_set_class(&buffer, LOCKVAL_MUTEX, &shared_key, "shared buffer");
    pthread_mutex_unlock(&list);
    pthread_mutex_unlock(&buffer);
}

static void use(void)
{
    pthread_mutex_lock(&list);
    pthread_mutex_lock(&buffer); /* list before shared buffer: but it was published in the other order */
    pthread_mutex_unlock(&buffer);
    pthread_mutex_unlock(&list);
}

int main(void)
{
    static struct lockval_map inner = LOCKVAL_MAP_INIT("inner", NULL);
    static struct lockval_key last_key;

    lockval_set_class(&buffer, LOCKVAL_MUTEX, &private_key, "private buffer");
    lockval_set_class(&list, LOCKVAL_MUTEX, &list_key, "list");
    lockval_set_class(&node, LOCKVAL_MUTEX, &node_key, "node");
    lockval_set_class(&leaf, LOCKVAL_MUTEX, &node_key, "node");
    lockval_set_subclass(&leaf, LOCKVAL_MUTEX, 1);
    /* Maps have the same calls; theirs are needed less often, as each acquisition has a subclass of its own. */
    lockval_set_subclass_map(&inner, 1);
    lockval_set_class_map(&stage, &last_key, "last stage");
    lockval_set_order_map(&stage, NULL, NULL);
    split();
    publish();
    use();
    puts("done");
    (void)inner;
    return 0;
}
