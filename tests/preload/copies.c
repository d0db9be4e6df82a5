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

/* A copy is another lock, as good as new, and what is cleared and made again is one too: the orders contradict each other
 * only if they were taken for the same. */
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
    if (is_case(argv, "same-bytes") || is_case(argv, "other-bytes"))
        return compare() != 0 ? 7 : 0;
    if (is_case(argv, "untouched"))
        untouched();
    puts("done");
    return 0;
}
