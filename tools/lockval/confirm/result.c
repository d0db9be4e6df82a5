/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "confirm/result.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "symbol/demangle.h"

/* ---- gates ---- */

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

/* A lock that is in both lists, or null. */
static const json_t *common_lock(const json_t *a, const json_t *b)
{
    for (size_t i = 0; i < json_array_size(a); i++) {
        for (size_t j = 0; j < json_array_size(b); j++) {
            const json_t *left = json_array_get(a, i), *right = json_array_get(b, j);

            if (json_equal(json_object_get(left, "uid"), json_object_get(right, "uid")) &&
                strcmp(text_of(left, "address"), text_of(right, "address")) == 0)
                return left;
        }
    }
    return NULL;
}

/* Two roles that were reached with one lock each time, of which there is one at a time: they cannot be met. */
static const json_t *gate_of(const struct confirm_outcome *outcome)
{
    for (size_t i = 0; i < outcome->role_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const json_t *gate = common_lock(outcome->roles[i].gates, outcome->roles[j].gates);

            if (gate != NULL)
                return gate;
        }
    }
    return NULL;
}

/* ---- adding up ---- */

static char *schedule_of(const struct confirm_finding *finding, const struct confirm_outcome *outcome)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        abort();
    for (size_t i = 0; i < outcome->role_count; i++) {
        const struct confirm_step *step = &finding->steps[i];
        const json_t *line = outcome->roles[i].last;

        if (line == NULL || json_object_get(line, "tid") == NULL)
            continue;
        (void)fprintf(out, "    %s/%lld was held %lld ms%s before %s at %s", text_of(line, "thread"),
                      (long long)json_integer_value(json_object_get(line, "tid")),
                      (long long)json_integer_value(json_object_get(line, "ms")),
                      strcmp(text_of(line, "what"), "met") == 0 ? "" : ", as long as could be,", step->wanted.name,
                      text_of(json_object_get(line, "wanted"), "address"));
        if (step->kind == REC_STEP_LOCK || step->kind == REC_STEP_WAIT)
            (void)fprintf(out, ", holding %s", step->held.name);
        (void)fputc('\n', out);
    }
    (void)fclose(out);
    return text;
}

void confirm_result_add(struct confirm_result *result, const struct confirm_finding *finding,
                        const struct confirm_outcome *outcome, unsigned number, const char *words)
{
    const json_t *gate;
    bool all = outcome->role_count >= 2;

    if (result->far == NULL)
        result->far = cli_alloc(outcome->role_count + 1, sizeof(*result->far));
    result->tries++;
    result->timed_out += outcome->timed_out;
    result->hung += outcome->hung && outcome->deadlock == NULL;
    for (size_t i = 0; i < outcome->role_count; i++) {
        const struct confirm_role *role = &outcome->roles[i];
        struct confirm_far *far = &result->far[i];

        all = all && role->reached != 0;
        far->tries += role->reached != 0;
        far->reached += role->reached;
        far->held += role->held;
        far->expired += role->expired;
        far->met += role->met;
    }
    if (outcome->deadlock != NULL) {
        result->verdict = CONFIRM_CONFIRMED;
        result->number = number;
        result->try_seconds = outcome->seconds;
        result->words = cli_strdup(words);
        result->schedule = schedule_of(finding, outcome);
        result->text = cli_strdup(outcome->deadlock->text);
        return;
    }
    if (!all)
        return;
    result->all_reached++;
    gate = gate_of(outcome);
    if (gate == NULL || outcome->roles[0].met != 0)
        return;
    result->gated++;
    if (result->gate == NULL)
        result->gate = cli_strdup(text_of(gate, "name"));
}

void confirm_result_finish(struct confirm_result *result, const struct confirm_finding *finding)
{
    bool gated = result->all_reached != 0 && result->gated == result->all_reached;

    if (result->verdict == CONFIRM_NOT_REPRODUCED && (gated || strcmp(finding->verdict, "guarded") == 0))
        result->verdict = CONFIRM_ORDERED;
}

/* ---- words ---- */

const char *confirm_verdict_name(enum confirm_verdict verdict)
{
    static const char *const names[] = { "confirmed", "not reproduced", "ordered", "not steered" };

    return names[verdict];
}

void confirm_print_finding(const struct confirm_finding *finding)
{
    char *cycle = confirm_cycle(finding), *readable = sym_readable(cycle);

    (void)printf("finding %u, %s, %s, %s: %s\n", finding->number, finding->kind, finding->verdict, finding->fingerprint,
                 readable);
    free(readable);
    free(cycle);
}

static const char *plural(unsigned n)
{
    return n == 1 ? "try" : "tries";
}

static void print_far(const struct confirm_finding *finding, const struct confirm_result *result)
{
    for (size_t i = 0; result->far != NULL && i < finding->step_count; i++) {
        const struct confirm_step *step = &finding->steps[i];
        const struct confirm_far *far = &result->far[i];

        if (step->kind == REC_STEP_LOCK || step->kind == REC_STEP_WAIT)
            (void)printf("    %s, then %s: ", step->held.name, step->wanted.name);
        else
            (void)printf("    %s: ", step->wanted.name);
        if (far->tries == 0) {
            (void)printf("never reached\n");
            continue;
        }
        (void)printf("reached in %u %s, %lld times; held %lld times, %lld of them until the time was up\n", far->tries,
                     plural(far->tries), (long long)far->reached, (long long)far->held, (long long)far->expired);
    }
    if (result->far != NULL && result->far[0].met != 0)
        (void)printf("    all were met %lld times, and no deadlock came of it\n", (long long)result->far[0].met);
    if (result->timed_out != 0)
        (void)printf("    %u %s took too long%s\n", result->timed_out, plural(result->timed_out),
                     result->hung != 0 ? ", after all had been met" : "");
}

static void print_ordered(const struct confirm_finding *finding, const struct confirm_result *result)
{
    (void)printf("  ordered, as far as was seen: not reproduced in %u %s, %.1f s\n", result->tries,
                 plural(result->tries), result->seconds);
    if (result->gated != 0)
        (void)printf("    %s is held on both sides whenever they are reached (%u of %u %s)\n", result->gate,
                     result->gated, result->all_reached, plural(result->all_reached));
    if (strcmp(finding->verdict, "guarded") == 0)
        for (size_t i = 0; i < finding->from->reason_count; i++)
            (void)printf("    %s\n", finding->from->reasons[i]);
    print_far(finding, result);
}

static void print_confirmed(const struct confirm_result *result)
{
    (void)printf("  confirmed in try %u after %.2f s: %s\n%s", result->number, result->seconds, result->words,
                 result->schedule);
    if (result->saved != NULL)
        (void)printf("    again: lockval confirm --replay %s\n", result->saved);
    (void)printf("%s%s", result->text,
                 *result->text != '\0' && result->text[strlen(result->text) - 1] != '\n' ? "\n" : "");
}

void confirm_print_result(const struct confirm_finding *finding, const struct confirm_result *result)
{
    switch (result->verdict) {
    case CONFIRM_CONFIRMED:
        print_confirmed(result);
        break;
    case CONFIRM_NOT_REPRODUCED:
        (void)printf("  not reproduced in %u %s, %.1f s\n", result->tries, plural(result->tries), result->seconds);
        print_far(finding, result);
        break;
    case CONFIRM_ORDERED:
        print_ordered(finding, result);
        break;
    case CONFIRM_NOT_STEERED:
        (void)printf("  not steered: %s\n", confirm_cannot(finding));
        break;
    }
    (void)fflush(stdout);
}

void confirm_print_json(const struct confirm_finding *finding, const struct confirm_result *result)
{
    char *cycle = confirm_cycle(finding), *text;
    json_t *object =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:i, s:f}", "finding", (int)finding->number, "kind", finding->kind,
                  "verdict", finding->verdict, "fingerprint", finding->fingerprint, "cycle", cycle, "outcome",
                  confirm_verdict_name(result->verdict), "tries", (int)result->tries, "seconds", result->seconds);

    if (result->verdict == CONFIRM_CONFIRMED) {
        (void)json_object_set_new(object, "try", json_integer((json_int_t)result->number));
        (void)json_object_set_new(object, "replay", result->saved != NULL ? json_string(result->saved) : json_null());
        (void)json_object_set_new(object, "text", json_string(result->text));
    }
    text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text != NULL)
        (void)printf("%s\n", text);
    (void)fflush(stdout);
    free(text);
    free(cycle);
    json_decref(object);
}

void confirm_result_free(struct confirm_result *result)
{
    free(result->gate);
    free(result->far);
    free(result->words);
    free(result->schedule);
    free(result->text);
    free(result->saved);
    *result = (struct confirm_result){ .verdict = CONFIRM_NOT_REPRODUCED };
}
