/* SPDX-License-Identifier: MIT */
/*
 * Keys that come and go, and what becomes of their classes.
 *
 * expect registered: circular potential | \(object\)
 * expect unregistered: clean
 * expect learned-anew: circular potential | \(object\)
 * expect another-key-there: clean
 * expect one-version: circular potential | \(object\)
 * expect other-classes-stay: circular potential
 * expect path-is-gone: clean
 * expect subclasses: clean
 * expect subclasses-anew: circular potential | \(object/1\)
 * expect held: clean
 * expect held-younger: circular potential
 * expect held-reused: clean
 * expect taken-after: lifetime misuse | \(object\)\{.*\n.*is being taken, but the key of its class was unregistered
 * expect taken-after-reuse: lifetime misuse | is being taken, but the key
 * expect initialised-anew: clean
 * expect mutex: clean
 * expect mutex-taken-after: lifetime misuse
 * expect finding-stays: circular potential
 * expect finding-again: circular potential, circular potential
 * expect order-is-gone: recursive potential | missing lock nesting notation
 * expect wait-type-is-gone: clean
 * expect usage-is-gone: clean | \(object\)\{\.\.\.\.\}
 * expect events: clean
 * expect in-another-thread: clean
 * expect not-registered: assert misuse | the key at 0x[0-9a-f]+ is being unregistered, but
 * expect registered-twice: assert misuse | is registered already
 * expect stack-key: clean | ^lockval: the key of 'object' at 0x[0-9a-f]+ is neither static nor registered
 * expect stack-key-twice: clean | \A[^\n]*neither static nor registered[^\n]*\n\Z
 * expect range: clean
 * expect range-static: clean
 * expect range-elsewhere: circular potential
 */

#include "api.h"

#include <pthread.h>
#include <stdlib.h>

/* An object with locks of its own class. */
struct object {
    struct lockval_key key;
    struct lockval_map map, other;
};

static struct lockval_key list_key, tree_key;
static struct lockval_map list = LOCKVAL_MAP_INIT("list", &list_key), tree = LOCKVAL_MAP_INIT("tree", &tree_key);
static struct object *object;

static void object_init(void)
{
    lockval_register_key(&object->key);
    lockval_init_map(&object->map, "object", &object->key);
    lockval_init_map(&object->other, "object", &object->key);
}

static void object_new(void)
{
    object = malloc(sizeof(*object));
    if (object == NULL)
        exit(1);
    object_init();
}

static void object_forget(void)
{
    lockval_unregister_key(&object->key);
}

/* The object dies, and another one takes its place. */
static void object_renew(void)
{
    object_forget();
    object_init();
}

/* ---- what is forgotten --------------------------------------------------------------------------------------------- */

static void registered(void)
{
    object_new();
    nest(&list, &object->map);
    nest(&object->map, &list);
}

static void unregistered(void)
{
    object_new();
    nest(&list, &object->map);
    object_renew();
    nest(&object->map, &list);
}

static void learned_anew(void)
{
    unregistered();
    nest(&list, &object->map);
}

/* The same address names another class: the name shows it. */
static void another_key_there(void)
{
    object_new();
    nest(&list, &object->map);
    object_forget();
    lockval_register_key(&object->key);
    lockval_init_map(&object->map, "another", &object->key);
    nest(&object->map, &list);
}

static void one_version(void)
{
    object_new();
    for (int i = 0; i < 10; i++)
        object_renew();
    nest(&list, &object->map);
    nest(&object->map, &list);
}

static void other_classes_stay(void)
{
    object_new();
    nest(&list, &tree);
    nest(&list, &object->map);
    object_renew();
    nest(&tree, &list);
}

/* list -> object -> tree: without the object nothing leads from list to tree. */
static void path_is_gone(void)
{
    object_new();
    nest(&list, &object->map);
    nest(&object->map, &tree);
    object_forget();
    nest(&tree, &list);
}

static void levels(void)
{
    take(&object->map);
    take_with(&object->other, LOCKVAL_WRITE, 1, 0, NULL);
    drop(&object->other);
    drop(&object->map);
}

static void levels_reversed(void)
{
    take_with(&object->other, LOCKVAL_WRITE, 1, 0, NULL);
    take(&object->map);
    drop(&object->map);
    drop(&object->other);
}

static void subclasses(void)
{
    object_new();
    levels();
    object_renew();
    levels_reversed();
}

static void subclasses_anew(void)
{
    subclasses();
    levels();
}

/* ---- held ---------------------------------------------------------------------------------------------------------- */

static void held(void)
{
    object_new();
    take(&object->map);
    object_forget();
    api_require(lockval_is_held(&object->map, LOCKVAL_WRITE) == 1, "it is still held");
    take(&list);
    drop(&list);
    drop(&object->map);
    api_require(lockval_depth() <= 0, "and was released");
}

/* What is held beside it makes edges as ever. */
static void held_younger(void)
{
    object_new();
    take(&object->map);
    object_forget();
    nest(&list, &tree);
    drop(&object->map);
    nest(&tree, &list);
}

/* Keys without end, so that numbers are used again. */
static void churn(int times)
{
    struct object *other = calloc(1, sizeof(*other));

    if (other == NULL)
        exit(1);
    for (volatile int i = 0; i < times; i++) {
        lockval_register_key(&other->key);
        lockval_init_map(&other->map, "churn", &other->key);
        take(&other->map);
        drop(&other->map);
        lockval_unregister_key(&other->key);
    }
    free(other);
}

/* The number of the held lock's class is another class's meanwhile: nothing is said of that one. */
static void held_reused(void)
{
    static struct lockval_key keys[2000];
    static struct lockval_map maps[2000];

    object_new();
    take(&object->map);
    object_forget();
    churn(3000);
    for (volatile int i = 0; i < 2000; i++) {
        lockval_init_map(&maps[i], "later", &keys[i]);
        nest(&list, &maps[i]);
    }
    drop(&object->map);
    for (volatile int i = 0; i < 2000; i++) {
        take(&list);
        drop(&list);
        take(&maps[i]);
        drop(&maps[i]);
    }
    (void)keys;
}

static void taken_after(void)
{
    object_new();
    take(&object->map);
    drop(&object->map);
    object_forget();
    for (volatile int i = 0; i < 2; i++) {
        take(&object->map);
        drop(&object->map);
    }
}

static void taken_after_reuse(void)
{
    object_new();
    take(&object->map);
    drop(&object->map);
    object_forget();
    churn(3000);
    take(&object->map);
    drop(&object->map);
}

static void initialised_anew(void)
{
    object_new();
    take(&object->map);
    drop(&object->map);
    object_renew();
    churn(3000);
    take(&object->map);
    drop(&object->map);
}

static void name_mutex(pthread_mutex_t *mutex, struct lockval_key *key)
{
    pthread_mutex_init(mutex, NULL);
    lockval_set_class(mutex, LOCKVAL_MUTEX, key, "object");
    (void)key;
}

static void mutex_before_list(pthread_mutex_t *mutex)
{
    pthread_mutex_lock(mutex);
    take(&list);
    drop(&list);
    pthread_mutex_unlock(mutex);
}

static void mutex(void)
{
    pthread_mutex_t lock;

    object_new();
    name_mutex(&lock, &object->key);
    mutex_before_list(&lock);
    object_renew();
    name_mutex(&lock, &object->key);
    take(&list);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    drop(&list);
}

static void mutex_taken_after(void)
{
    pthread_mutex_t lock;

    object_new();
    name_mutex(&lock, &object->key);
    mutex_before_list(&lock);
    object_forget();
    mutex_before_list(&lock);
}

/* ---- findings ------------------------------------------------------------------------------------------------------ */

static void finding_stays(void)
{
    registered();
    object_forget();
    churn(3000);
}

/* Another class in the same circle is another finding. */
static void finding_again(void)
{
    registered();
    object_renew();
    churn(3000);
    nest(&list, &object->map);
    nest(&object->map, &list);
}

/* ---- what is known of a class beside its order ---------------------------------------------------------------------- */

static int compare(const void *first, const void *second)
{
    return first < second ? -1 : 1;
}

static void order_is_gone(void)
{
    object_new();
    lockval_set_order_map(&object->map, compare, NULL);
    nest(&object->map, &object->other);
    object_renew();
    nest(&object->map, &object->other);
    (void)compare;
}

static void wait_type_is_gone(void)
{
    object_new();
    lockval_set_wait_type_map(&object->map, LOCKVAL_WAIT_SLEEP, LOCKVAL_WAIT_SLEEP);
    lockval_set_wait_type_map(&list, LOCKVAL_WAIT_SPIN, LOCKVAL_WAIT_SPIN);
    object_renew();
    nest(&list, &object->map);
}

/* Marks of usage: taken with a context open, then, anew, while it is shut off. */
static void usage_is_gone(void)
{
    int irq = lockval_declare_context("irq", LOCKVAL_CONTEXT_HARD);

    object_new();
    take(&object->map);
    drop(&object->map);
    object_renew();
    lockval_disable_context(irq);
    take(&object->map);
    lockval_show_held();
    drop(&object->map);
    lockval_enable_context(irq);
    lockval_enter_context(irq);
    take(&object->map);
    drop(&object->map);
    lockval_exit_context(irq);
    (void)irq;
}

/* An event of a class that is gone, and a history that names one. */
static void events(void)
{
    static struct lockval_key event_key;
    struct lockval_event event;

    object_new();
    lockval_init_event(&event, "event", &event_key);
    take(&list);
    lockval_begin_wait(&event);
    nest(&tree, &object->map);
    object_forget();
    lockval_complete_event(&event);
    lockval_end_wait(&event);
    drop(&list);
    (void)event;
    (void)event_key;
}

static void use_object(void)
{
    nest(&object->map, &list);
    object_renew();
    nest(&list, &object->map);
}

static void in_another_thread(void)
{
    object_new();
    nest(&object->map, &list);
    api_in_thread(use_object);
    nest(&list, &object->map);
}

/* ---- keys themselves ----------------------------------------------------------------------------------------------- */

static void not_registered(void)
{
    static struct lockval_key key;

    lockval_unregister_key(&key);
    (void)key;
}

static void registered_twice(void)
{
    object_new();
    lockval_register_key(&object->key);
}

static void use_stack_key(void)
{
    struct lockval_key key = LOCKVAL_KEY_INIT;
    struct lockval_map map;

    lockval_init_map(&map, "object", &key);
    take(&map);
    drop(&map);
    (void)key;
    (void)map;
}

static void stack_key(void)
{
    use_stack_key();
}

static void stack_key_twice(void)
{
    for (volatile int i = 0; i < 2; i++)
        use_stack_key();
    use_stack_key();
}

static void range(void)
{
    object_new();
    nest(&list, &object->map);
    lockval_free_key_range(object, sizeof(*object));
    object_init();
    nest(&object->map, &list);
}

/* Static keys, and static locks of no class. */
static struct {
    struct lockval_key key;
    pthread_mutex_t mutex;
} module = { LOCKVAL_KEY_INIT, PTHREAD_MUTEX_INITIALIZER };

static void range_static(void)
{
    struct lockval_map map;

    lockval_init_map(&map, "object", &module.key);
    nest(&list, &map);
    mutex_before_list(&module.mutex);
    lockval_free_key_range(&module, sizeof(module));
    lockval_init_map(&map, "object", &module.key);
    nest(&map, &list);
    pthread_mutex_init(&module.mutex, NULL);
    take(&list);
    pthread_mutex_lock(&module.mutex);
    pthread_mutex_unlock(&module.mutex);
    drop(&list);
    (void)map;
}

static void range_elsewhere(void)
{
    registered();
    lockval_free_key_range(object + 1, sizeof(*object));
}

static const struct api_case cases[] = {
    { "registered", registered },
    { "unregistered", unregistered },
    { "learned-anew", learned_anew },
    { "another-key-there", another_key_there },
    { "one-version", one_version },
    { "other-classes-stay", other_classes_stay },
    { "path-is-gone", path_is_gone },
    { "subclasses", subclasses },
    { "subclasses-anew", subclasses_anew },
    { "held", held },
    { "held-younger", held_younger },
    { "held-reused", held_reused },
    { "taken-after", taken_after },
    { "taken-after-reuse", taken_after_reuse },
    { "initialised-anew", initialised_anew },
    { "mutex", mutex },
    { "mutex-taken-after", mutex_taken_after },
    { "finding-stays", finding_stays },
    { "finding-again", finding_again },
    { "order-is-gone", order_is_gone },
    { "wait-type-is-gone", wait_type_is_gone },
    { "usage-is-gone", usage_is_gone },
    { "events", events },
    { "in-another-thread", in_another_thread },
    { "not-registered", not_registered },
    { "registered-twice", registered_twice },
    { "stack-key", stack_key },
    { "stack-key-twice", stack_key_twice },
    { "range", range },
    { "range-static", range_static },
    { "range-elsewhere", range_elsewhere },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
