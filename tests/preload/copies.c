/* SPDX-License-Identifier: MIT */
/* Structs with a mutex in them that are copied, cleared and compared as bytes. docs/limits.md says what is seen of the library. */
#include "program.h"

struct object {
    int before;
    pthread_mutex_t mutex;
    int after;
};

static struct object *new_object(void)
{
    struct object *object = calloc(1, sizeof(*object));

    MUST(object != NULL && pthread_mutex_init(&object->mutex, NULL) == 0);
    return object;
}

/* A copy is as good as new, and so is what is cleared and made again: each works, and in one order nothing is found. */
/* case: used */
static void used(void)
{
    struct object *one = new_object(), copy;
    pthread_mutex_t local = PTHREAD_MUTEX_INITIALIZER;

    nest(&one->mutex, &finding_a);
    memcpy(&copy, one, sizeof(copy));
    nest(&copy.mutex, &finding_a);
    memset(&copy, 0, sizeof(copy));
    nest(&copy.mutex, &finding_a);
    copy.mutex = local;
    nest(&copy.mutex, &finding_a);
    memcpy(&one->mutex, &local, sizeof(local));
    nest(&one->mutex, &finding_a);
    free(one);
}

/* Taken in the other order than what it is a copy of, than what it was before it was cleared, than what it is copied over. */
/* case: other-orders */
/* identity: auto */
static __attribute__((noinline)) void under(struct object *object, pthread_mutex_t *outer)
{
    MUST(pthread_mutex_lock(outer) == 0 && pthread_mutex_lock(&object->mutex) == 0);
    MUST(pthread_mutex_unlock(&object->mutex) == 0 && pthread_mutex_unlock(outer) == 0);
}

static void other_orders(void)
{
    static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
    struct object *one = new_object(), *moved, copy, cleared;

    nest(&one->mutex, &finding_a);
    memcpy(&copy, one, sizeof(copy));
    under(&copy, &finding_a);
    cleared = *one;
    memset(&cleared, 0, sizeof(cleared));
    nest(&cleared.mutex, &b);
    memset(&cleared, 0, sizeof(cleared));
    under(&cleared, &b);
    moved = realloc(one, 100 * sizeof(*one));
    MUST(moved != NULL);
    memcpy(moved, &cleared, sizeof(cleared));
    under(moved, &finding_a);
    free(moved);
}

/* Left where it is, it is one lock in both orders. */
/* case: not-copied */
/* status: 66 */
/* findings: 1 */
static void not_copied(void)
{
    struct object *one = new_object();

    nest(&one->mutex, &finding_a);
    under(one, &finding_a);
    free(one);
}

/* With the identity in the table the bytes are what they are without the library. */
/* case: same-bytes */
/* identity: table */
/* With the identity inside they are not: two mutexes that were just initialised differ. */
/* case: other-bytes */
/* identity: auto */
/* status: 7 */
static int compare(void)
{
    struct object *one = new_object(), *two = new_object();
    int differ = memcmp(one, two, sizeof(*one)) != 0;

    free(one);
    free(two);
    return differ;
}

/* Never initialised by a call and never taken: nothing is written into it. */
/* case: untouched */
static void untouched(void)
{
    pthread_mutex_t one, two;

    memset(&one, 0, sizeof(one));
    memset(&two, 0, sizeof(two));
    printf("%d\n", memcmp(&one, &two, sizeof(one)));
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "used"))
        used();
    if (is_case(argv, "other-orders"))
        other_orders();
    if (is_case(argv, "not-copied"))
        not_copied();
    if (is_case(argv, "same-bytes") || is_case(argv, "other-bytes"))
        return compare() != 0 ? 7 : 0;
    if (is_case(argv, "untouched"))
        untouched();
    puts("done");
    return 0;
}
