/* SPDX-License-Identifier: MIT */
/*
 * Plug-ins that are made and thrown away, each with locks of a class of its own. The key lies in the plug-in: it is registered
 * before its first use, and unregistered before its memory is given back. What was known of one plug-in's locks is not held
 * against the next one that comes to lie there.
 * Under lockval: clean.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct plugin {
    struct lockval_key key;
    pthread_mutex_t lock;
};

static pthread_mutex_t screen = PTHREAD_MUTEX_INITIALIZER;

static struct plugin *plugin_load(const char *name)
{
    struct plugin *plugin = malloc(sizeof(*plugin));

    if (plugin == NULL)
        exit(1);
    lockval_register_key(&plugin->key);
    pthread_mutex_init(&plugin->lock, NULL);
    lockval_set_class(&plugin->lock, LOCKVAL_MUTEX, &plugin->key, name);
    (void)name;
    return plugin;
}

static void plugin_unload(struct plugin *plugin)
{
    pthread_mutex_destroy(&plugin->lock);
    lockval_unregister_key(&plugin->key);
    free(plugin);
}

static void lock_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

int main(void)
{
    static struct lockval_key arena[4]; /* keys in memory that the program loads and unloads by itself */
    struct plugin *plugin = plugin_load("clock");

    lock_both(&plugin->lock, &screen); /* this one draws while it holds its own lock, */
    plugin_unload(plugin);
    plugin = plugin_load("calendar");
    lock_both(&screen, &plugin->lock); /* that one is asked to draw with the screen locked */
    plugin_unload(plugin);
    lockval_free_key_range(arena, sizeof(arena));
    (void)arena;
    puts("done");
    return 0;
}
