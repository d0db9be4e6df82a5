/* SPDX-License-Identifier: MIT */
/*
 * Questions and claims about what is held, and the validator itself: off and on, callback, counts, version.
 *
 * expect is-held: clean
 * expect is-held-mutex: clean
 * expect is-held-off: clean
 * expect assert-held: clean
 * expect assert-held-not: assert misuse | is not held, though
 * expect assert-held-elsewhere: assert misuse | is not held, though
 * expect assert-write: assert misuse | is not held for writing
 * expect assert-read: assert misuse | is not held for reading
 * expect assert-after-off: clean
 * expect assert-not-held: clean
 * expect assert-not-held-but-is: assert misuse | \(map_a\).*\n.*is held, though
 * expect might-lock: circular potential
 * expect might-lock-read: clean
 * expect might-lock-alone: clean
 * expect might-lock-recursive: clean
 * expect might-lock-map: circular potential | \(map_b\)
 * expect might-lock-map-read: clean
 * expect pin: clean
 * expect pin-twice: clean
 * expect pin-not-held: assert misuse | is being pinned
 * expect release-pinned: assert misuse | being released while it is pinned
 * expect unpin-wrong: assert misuse, assert misuse | with a cookie that no pin
 * expect unpin-not-held: assert misuse | is being unpinned, but
 * expect off: clean
 * expect off-nests: clean
 * expect on-again: circular potential
 * expect off-is-one-thread: circular potential
 * expect on-without-off: circular potential
 * expect callback: circular potential
 * expect callback [log=none]: circular potential
 * expect callback-ends: circular potential
 * expect callback-ends-itself: circular potential
 * expect callback-locks: circular potential
 * expect count: circular guarded, unlock misuse
 * expect count-misuse: unlock misuse
 * expect version: clean
 */

#include "api.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct lockval_key key_a, key_b;
static struct lockval_map map_a = LOCKVAL_MAP_INIT("map_a", &key_a);
static struct lockval_map map_b = LOCKVAL_MAP_INIT("map_b", &key_b);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

/* ---- questions ----------------------------------------------------------------------------------------------------- */

static int held(const void *lock, enum lockval_mode mode)
{
    (void)lock;
    (void)mode;
    return lockval_is_held(lock, mode);
}

/* The answers for write, read, recursive read, any. */
static void require_answers(const void *lock, const char *answers)
{
    static const enum lockval_mode modes[] = { LOCKVAL_WRITE, LOCKVAL_READ, LOCKVAL_READ_RECURSIVE, LOCKVAL_ANY };

    for (int i = 0; i < 4; i++)
        api_require(held(lock, modes[i]) == answers[i] - '0', answers);
}

static void is_held(void)
{
    require_answers(&map_a, "0000");
    take(&map_a);
    require_answers(&map_a, "1001");
    drop(&map_a);
    take_as(&map_a, LOCKVAL_READ);
    require_answers(&map_a, "0111");
    drop(&map_a);
    take_as(&map_a, LOCKVAL_READ_RECURSIVE);
    require_answers(&map_a, "0111");
    drop(&map_a);
    require_answers(&map_a, "0000");
}

static void require_mutex_free(void)
{
    require_answers(&mutex, "0000");
}

static void is_held_mutex(void)
{
    pthread_mutex_lock(&mutex);
    require_answers(&mutex, "1001");
    api_in_thread(require_mutex_free);
    pthread_mutex_unlock(&mutex);
    require_answers(&mutex, "0000");
    pthread_rwlock_rdlock(&rwlock);
    require_answers(&rwlock, "0111");
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_wrlock(&rwlock);
    require_answers(&rwlock, "1001");
    pthread_rwlock_unlock(&rwlock);
}

/* While it is off, and after it was: locks may have come and gone unseen. */
static void is_held_off(void)
{
    lockval_off();
    api_require(held(&map_a, LOCKVAL_ANY) == -1, "unknown while off");
    lockval_on();
    api_require(held(&map_a, LOCKVAL_ANY) == -1, "unknown after it was off");
}

/* ---- claims -------------------------------------------------------------------------------------------------------- */

static void assert_held(void)
{
    take(&map_a);
    lockval_assert_held(&map_a, LOCKVAL_WRITE);
    lockval_assert_held(&map_a, LOCKVAL_ANY);
    drop(&map_a);
    pthread_rwlock_rdlock(&rwlock);
    lockval_assert_held(&rwlock, LOCKVAL_READ);
    lockval_assert_held(&rwlock, LOCKVAL_ANY);
    pthread_rwlock_unlock(&rwlock);
}

static void assert_held_not(void)
{
    lockval_assert_held(&map_a, LOCKVAL_ANY);
}

static void assert_mutex_held(void)
{
    lockval_assert_held(&mutex, LOCKVAL_ANY);
}

static void assert_held_elsewhere(void)
{
    pthread_mutex_lock(&mutex);
    api_in_thread(assert_mutex_held);
    pthread_mutex_unlock(&mutex);
}

static void assert_write(void)
{
    take_as(&map_a, LOCKVAL_READ);
    lockval_assert_held(&map_a, LOCKVAL_WRITE);
    drop(&map_a);
}

static void assert_read(void)
{
    take(&map_a);
    lockval_assert_held(&map_a, LOCKVAL_READ);
    drop(&map_a);
}

static void assert_after_off(void)
{
    lockval_off();
    take(&map_a);
    lockval_on();
    lockval_assert_held(&map_a, LOCKVAL_WRITE);
}

static void assert_not_held(void)
{
    lockval_assert_not_held(&map_a);
    take(&map_a);
    drop(&map_a);
    lockval_assert_not_held(&map_a);
}

static void assert_not_held_but_is(void)
{
    take(&map_a);
    lockval_assert_not_held(&map_a);
    drop(&map_a);
}

/* ---- might lock ---------------------------------------------------------------------------------------------------- */

static void might_lock(void)
{
    take(&map_a);
    lockval_might_lock(&mutex, LOCKVAL_MUTEX, LOCKVAL_WRITE);
    require_answers(&mutex, "0000");
    drop(&map_a);
    pthread_mutex_lock(&mutex);
    take(&map_a);
    drop(&map_a);
    pthread_mutex_unlock(&mutex);
}

static void might_lock_read(void)
{
    take(&map_a);
    lockval_might_lock(&rwlock, LOCKVAL_RWLOCK, LOCKVAL_READ_RECURSIVE);
    drop(&map_a);
    pthread_rwlock_rdlock(&rwlock);
    take(&map_a);
    drop(&map_a);
    pthread_rwlock_unlock(&rwlock);
}

static void might_lock_alone(void)
{
    lockval_might_lock(&mutex, LOCKVAL_MUTEX, LOCKVAL_WRITE);
    pthread_mutex_lock(&mutex);
    take(&map_a);
    drop(&map_a);
    pthread_mutex_unlock(&mutex);
}

/* The holder of a recursive mutex may take it again. */
static void might_lock_recursive(void)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t recursive;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &attr);
    pthread_mutex_lock(&recursive);
    lockval_might_lock(&recursive, LOCKVAL_MUTEX, LOCKVAL_WRITE);
    pthread_mutex_unlock(&recursive);
    pthread_mutex_destroy(&recursive);
}

static void might_lock_map(void)
{
    take(&map_a);
    lockval_might_lock_map(&map_b, LOCKVAL_WRITE);
    drop(&map_a);
    nest(&map_b, &map_a);
}

static void might_lock_map_read(void)
{
    take(&map_a);
    lockval_might_lock_map(&map_b, LOCKVAL_READ_RECURSIVE);
    drop(&map_a);
    take_as(&map_b, LOCKVAL_READ_RECURSIVE);
    take(&map_a);
    drop(&map_a);
    drop(&map_b);
}

/* ---- pins ---------------------------------------------------------------------------------------------------------- */

static void pin(void)
{
    unsigned cookie;

    take(&map_a);
    cookie = lockval_pin(&map_a);
    api_require(cookie != 0, "a cookie is never 0");
    take(&map_b);
    drop(&map_b);
    lockval_unpin(&map_a, cookie);
    drop(&map_a);
    (void)cookie;
}

static void pin_twice(void)
{
    unsigned first, second;

    pthread_mutex_lock(&mutex);
    first = lockval_pin(&mutex);
    second = lockval_pin(&mutex);
    lockval_unpin(&mutex, first);
    lockval_unpin(&mutex, second);
    pthread_mutex_unlock(&mutex);
    (void)first;
    (void)second;
}

static void pin_not_held(void)
{
    (void)lockval_pin(&map_a);
}

static void release_pinned(void)
{
    take(&map_a);
    (void)lockval_pin(&map_a);
    drop(&map_a);
    api_require(held(&map_a, LOCKVAL_ANY) == 0, "a pinned lock that was released is not held");
}

/* A wrong cookie does not unpin, so the release is a finding, too. */
static void unpin_wrong(void)
{
    unsigned cookie;

    take(&map_a);
    cookie = lockval_pin(&map_a);
    lockval_unpin(&map_a, cookie + 1);
    drop(&map_a);
    (void)cookie;
}

static void unpin_not_held(void)
{
    unsigned cookie;

    take(&map_a);
    cookie = lockval_pin(&map_a);
    lockval_unpin(&map_a, cookie);
    drop(&map_a);
    lockval_unpin(&map_a, cookie);
    (void)cookie;
}

/* ---- the validator ------------------------------------------------------------------------------------------------- */

static void off(void)
{
    lockval_off();
    nest(&map_a, &map_b);
    lockval_on();
    nest(&map_b, &map_a);
}

static void off_nests(void)
{
    lockval_off();
    lockval_off();
    lockval_on();
    nest(&map_a, &map_b);
    lockval_on();
    nest(&map_b, &map_a);
}

static void wrong_order(void)
{
    nest(&map_a, &map_b);
    nest(&map_b, &map_a);
}

static void on_again(void)
{
    lockval_off();
    lockval_on();
    wrong_order();
}

static void off_is_one_thread(void)
{
    lockval_off();
    api_in_thread(wrong_order);
    lockval_on();
}

static void on_without_off(void)
{
    lockval_on();
    wrong_order();
}

/* What a callback was given, once. */
struct seen {
    unsigned calls;
    int good;
};

static void look(const struct lockval_report *report, void *arg)
{
    struct seen *seen = arg;

    seen->calls++;
    seen->good = report->size == sizeof(*report) && strcmp(report->kind, "circular") == 0 &&
                 strcmp(report->verdict, "potential") == 0 && strlen(report->fingerprint) == 16 &&
                 strspn(report->fingerprint, "0123456789abcdef") == 16 &&
                 strstr(report->text, "possible circular locking dependency") != NULL &&
                 strstr(report->text, report->fingerprint) != NULL && strstr(report->text, "map_a") != NULL;
    api_say_finding(report, NULL);
}

static void callback(void)
{
    struct seen seen = { 0, 0 };
    lockval_report_fn before = lockval_set_report_callback(look, &seen);

    api_require(before == api_say_finding, "the function that was set before is returned");
    errno = 1234;
    wrong_order();
    api_require(errno == 1234, "errno stays what it was");
    nest(&map_b, &map_a);
    api_require(seen.calls == 1, "one call for one finding");
    api_require(seen.good, "the callback is given the finding");
    (void)look;
    (void)before;
}

static void callback_ends(void)
{
    struct seen seen = { 0, 0 };

    wrong_order();
    (void)lockval_set_report_callback(look, &seen);
    (void)lockval_set_report_callback(NULL, NULL);
    drop(&map_a);
    api_require(lockval_count_findings() == 2, "findings are made without a callback");
    api_require(seen.calls == 0, "a callback that was ended is not called");
    api_require(lockval_set_report_callback(api_say_finding, NULL) == NULL, "none was set");
}

static void say_once(const struct lockval_report *report, void *arg)
{
    api_say_finding(report, arg);
    (void)lockval_set_report_callback(NULL, NULL);
}

static void callback_ends_itself(void)
{
    (void)lockval_set_report_callback(say_once, NULL);
    wrong_order();
    drop(&map_a);
    (void)say_once;
}

/* A callback may take locks: they are not watched, and make no finding inside of the finding. */
static void say_with_locks(const struct lockval_report *report, void *arg)
{
    pthread_mutex_t *lock = arg;

    pthread_mutex_lock(lock);
    nest(&map_b, &map_a);
    api_say_finding(report, NULL);
    pthread_mutex_unlock(lock);
}

static void callback_locks(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    (void)lockval_set_report_callback(say_with_locks, &lock);
    wrong_order();
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    (void)say_with_locks;
}

static void count(void)
{
    api_require(lockval_count_findings() == 0, "none so far");
    take(&map_a);
    take_with(&map_b, LOCKVAL_WRITE, 0, LOCKVAL_TIMED, NULL);
    drop(&map_b);
    drop(&map_a);
    nest(&map_b, &map_a);
    api_require(lockval_count_findings() == 0, "a guarded finding does not count");
    drop(&map_b);
    api_require(lockval_count_findings() == 1, "a misuse does");
}

static void count_misuse(void)
{
    drop(&map_a);
    api_require(lockval_count_findings() == 1, "one");
    take(&map_a);
    drop(&map_a);
    api_require(lockval_count_findings() == 1, "still one");
}

static void version(void)
{
    const char *is = lockval_version();
    char expected[32];

    snprintf(expected, sizeof(expected), "%d.%d.%d", LOCKVAL_VERSION_MAJOR, LOCKVAL_VERSION_MINOR,
             LOCKVAL_VERSION_PATCH);
    if (is != NULL)
        api_require(strcmp(is, expected) == 0, "header and library are of one version");
}

static const struct api_case cases[] = {
    { "is-held", is_held },
    { "is-held-mutex", is_held_mutex },
    { "is-held-off", is_held_off },
    { "assert-held", assert_held },
    { "assert-held-not", assert_held_not },
    { "assert-held-elsewhere", assert_held_elsewhere },
    { "assert-write", assert_write },
    { "assert-read", assert_read },
    { "assert-after-off", assert_after_off },
    { "assert-not-held", assert_not_held },
    { "assert-not-held-but-is", assert_not_held_but_is },
    { "might-lock", might_lock },
    { "might-lock-read", might_lock_read },
    { "might-lock-alone", might_lock_alone },
    { "might-lock-recursive", might_lock_recursive },
    { "might-lock-map", might_lock_map },
    { "might-lock-map-read", might_lock_map_read },
    { "pin", pin },
    { "pin-twice", pin_twice },
    { "pin-not-held", pin_not_held },
    { "release-pinned", release_pinned },
    { "unpin-wrong", unpin_wrong },
    { "unpin-not-held", unpin_not_held },
    { "off", off },
    { "off-nests", off_nests },
    { "on-again", on_again },
    { "off-is-one-thread", off_is_one_thread },
    { "on-without-off", on_without_off },
    { "callback", callback },
    { "callback-ends", callback_ends },
    { "callback-ends-itself", callback_ends_itself },
    { "callback-locks", callback_locks },
    { "count", count },
    { "count-misuse", count_misuse },
    { "version", version },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
