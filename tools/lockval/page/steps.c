/* SPDX-License-Identifier: MIT */
/*
 * A row is a step, with a cell for each column, of which one is filled, and a sentence. What the script needs is in attributes of the row: whose step it
 * is and what it does to that column; who holds what after it, the script adds up.
 */

#include "page/steps.h"

#include <stdlib.h>
#include <string.h>

#include "page/scenario.h"

static void put_object(struct page *page, const struct scenario_step *step)
{
    if (step->lock != NULL)
        page_lock(page, step->lock, false);
    else
        page_say(page, step->object);
}

static void put_entry(struct page *page, const struct scenario_step *step)
{
    bool object = step->lock != NULL || *step->object != '\0';

    if (*step->interrupt != '\0') {
        page_put(page, "<span class=\"interrupt\">&lt;");
        page_say(page, step->interrupt);
        page_put(page, "&gt;</span> ");
    }
    page_put(page, "%s%s", step->verb, object ? "(" : "");
    if (object) {
        put_object(page, step);
        page_put(page, ")");
    }
}

static void put_sentence(struct page *page, const struct scenario *scenario, const struct scenario_step *step)
{
    const struct rec_thread *next = scenario->columns[(step->column + 1) % scenario->column_count];
    bool alone = scenario->column_count == 1;

    if (step->does == SCENARIO_NEVER) {
        page_put(page, "is never reached");
        return;
    }
    if (*step->interrupt != '\0') {
        page_put(page, "a handler interrupts the thread, and ");
    }
    if (step->does == SCENARIO_TAKES) {
        page_put(page, "has it");
        return;
    }
    page_put(page, "waits for ");
    if (alone) {
        page_put(page, "what it holds itself");
        return;
    }
    page_put(page, "<span class=\"number\">%zu</span> ", (step->column + 1) % scenario->column_count + 1);
    page_thread(page, next);
}

static void put_heading(struct page *page, const struct scenario *scenario)
{
    page_put(page, "<thead><tr><th scope=\"col\">step</th>");
    for (size_t i = 0; i < scenario->column_count; i++) {
        page_put(page, "<th scope=\"col\"><span class=\"number\">%zu</span> ", i + 1);
        page_thread(page, scenario->columns[i]);
        page_put(page, "</th>");
    }
    page_put(page, "<th scope=\"col\">what comes of it</th></tr></thead>\n");
}

static const char *word_of(enum scenario_does does)
{
    return does == SCENARIO_TAKES ? "takes" : does == SCENARIO_WAITS ? "waits" : "never";
}

static void put_row(struct page *page, const struct scenario *scenario, size_t i)
{
    const struct scenario_step *step = &scenario->steps[i];

    page_put(page, "<tr data-column=\"%zu\" data-does=\"%s\"><th scope=\"row\">%zu</th>", step->column,
             word_of(step->does), i + 1);
    for (size_t column = 0; column < scenario->column_count; column++) {
        page_put(page, column == step->column ? "<td class=\"%s\">" : "<td>", word_of(step->does));
        if (column == step->column)
            put_entry(page, step);
        page_put(page, "</td>");
    }
    page_put(page, "<td class=\"sentence\">");
    put_sentence(page, scenario, step);
    page_put(page, "</td></tr>\n");
}

/* In what order the rows stand is nothing that was seen to happen, unless it happened. */
void steps_put(struct page *page, const struct rec_finding *finding, size_t number)
{
    struct scenario scenario = scenario_of(finding);
    const char *end = scenario.happened   ? "Deadlock: this is what happened."
                      : scenario.can_hang ? "Deadlock: each waits for what the next one has."
                                          : "No deadlock as it was seen: the verdict says why they do not meet.";

    if (scenario.column_count != 0 && *finding->against == '\0') {
        page_put(page,
                 "<section class=\"steps\" data-end=\"%s\" aria-labelledby=\"s%zu\">\n<h4 id=\"s%zu\">%s</h4>\n"
                 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"s%zu\"><table>\n",
                 scenario.can_hang ? "deadlock" : "none", number, number,
                 scenario.happened ? "How it hangs, step by step" : "How it could hang, step by step", number);
        put_heading(page, &scenario);
        page_put(page, "<tbody>\n");
        for (size_t i = 0; i < scenario.step_count; i++)
            put_row(page, &scenario, i);
        page_put(page,
                 "</tbody>\n<tfoot><tr><td colspan=\"%zu\" class=\"%s\">%s</td></tr></tfoot></table></div></section>\n",
                 scenario.column_count + 2, scenario.can_hang ? "hangs" : "none", end);
    }
    scenario_free(&scenario);
}
