/* SPDX-License-Identifier: MIT */
/*
 * A program that wants to know of findings itself: a test runner that names the test, a server that counts them.
 * Under lockval: circular, potential.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

static const char *test = "none";

static void on_report(const struct lockval_report *report, void *arg)
{
    const char *const *name = arg;

    fprintf(stderr, "in test '%s': %s (%s), fingerprint %s, a text of %s\n", *name, report->kind, report->verdict,
            report->fingerprint, report->text[0] != '\0' ? "some length" : "no length");
}

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void lock_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

int main(void)
{
    if (lockval_version() != NULL)
        fprintf(stderr, "watched by lockval %s\n", lockval_version());
    (void)lockval_set_report_callback(on_report, &test);
    test = "set up";
    lock_both(&a, &b);
    lockval_off(); /* on purpose, and known to be alone */
    lock_both(&b, &a);
    lockval_on();
    test = "tear down";
    lock_both(&b, &a);
    if (lockval_count_findings() != 0)
        fprintf(stderr, "%u findings so far\n", lockval_count_findings());
    return 0;
}
