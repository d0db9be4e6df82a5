/* SPDX-License-Identifier: MIT */
/* The order is that of a reader's questions: what, how sure, how it comes about, where in the program, what next. */

#include "page/finding.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "page/evidence.h"
#include "page/steps.h"

enum {
    TITLE_THREADS = 4
};

static bool is_kind(const struct rec_finding *finding, const char *kind)
{
    return strcmp(finding->kind, kind) == 0;
}

const char *finding_headline(const struct rec_finding *finding)
{
    static const char *const words[][2] = {
        { "circular", "Locks are taken in a circle" },
        { "event", "A circle through a wait for an event" },
        { "signal", "A signal handler takes a lock that can be held when it comes" },
        { "unlock", "A lock is released that is not held" },
        { "lifetime", "A lock goes away while it is held" },
        { "cond", "A wait on a condition variable without its mutex" },
        { "fork", "A lock that another thread held at the fork is taken in the child" },
        { "order", "Locks are taken against the expected order" },
        { "assert", "A claim about a lock is not true" },
        { "wait-context", "A lock is waited for where that is not allowed" },
    };

    if (is_kind(finding, "deadlock"))
        return finding->circle != 0 ? "Threads wait for each other, for good"
                                    : "All threads wait, and nothing can wake them";
    if (is_kind(finding, "recursive"))
        return finding->edge_count > 1 ? "Locks of one class are taken in a circle"
                                       : "A lock is taken again while it is held";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_kind(finding, words[i][0]))
            return words[i][1];
    return finding->kind;
}

char *finding_title(const struct rec_finding *finding)
{
    char *title = cli_strdup(finding->edge_count != 0 ? rec_lock_name(&finding->edges[0].held) : ""), *longer;

    for (size_t i = 0; i < finding->edge_count; i++) {
        longer = cli_printf("%s \u2192 %s", title, rec_lock_name(&finding->edges[i].wanted));
        free(title);
        title = longer;
    }
    if (finding->edge_count == 0 && finding->has_subject && *rec_lock_name(&finding->subject) != '\0') {
        free(title);
        return cli_strdup(rec_lock_name(&finding->subject));
    }
    for (size_t i = 0; finding->edge_count == 0 && i < finding->stuck_count && i < TITLE_THREADS; i++) {
        char *thread = page_thread_text(finding->stuck[i].thread);
        const char *between = i == 0 ? "" : i < finding->circle ? " \u2192 " : ", ";

        longer = cli_printf("%s%s%s", title, between, thread);
        free(thread);
        free(title);
        title = longer;
    }
    return title;
}

bool finding_is_suppressed(const struct rec_finding *finding)
{
    return *finding->suppressed_by != '\0';
}

const char *finding_verdict_class(const struct rec_finding *finding)
{
    return finding->verdict == REC_VERDICT_OTHER ? "other" : rec_verdict_name(finding->verdict);
}

/* ---- the head ---- */

static void put_reasons(struct page *page, const struct rec_finding *finding)
{
    page_put(page, "<ul class=\"reasons\">\n");
    for (size_t i = 0; i < finding->reason_count; i++) {
        page_put(page, "<li>");
        page_say(page, finding->reasons[i]);
        page_put(page, "</li>\n");
    }
    if (*finding->before != '\0') {
        page_put(page, "<li>was <b>");
        page_say(page, finding->before);
        page_put(page, "</b> before better evidence came</li>\n");
    }
    if (*finding->detail != '\0') {
        page_put(page, "<li>");
        page_say(page, finding->detail);
        page_put(page, "</li>\n");
    }
    if (*finding->predicted_fingerprint != '\0') {
        page_put(page, "<li>predicted: the finding <a href=\"#f-");
        page_say(page, finding->predicted_fingerprint);
        page_put(page, "\">");
        page_say(page, finding->predicted_fingerprint);
        page_put(page, "</a> (");
        page_say(page, finding->predicted_kind);
        page_put(page, ", ");
        page_say(page, finding->predicted_verdict);
        page_put(page, ") said so before it happened</li>\n");
    }
    page_put(page, "</ul>\n");
}

static void put_suppression(struct page *page, const struct rec_finding *finding)
{
    if (!finding_is_suppressed(finding))
        return;
    page_put(page, "<p class=\"note\">Suppressed by <code>");
    page_say(page, finding->suppressed_by);
    page_put(page, "</code>");
    if (*finding->suppressed_from != '\0') {
        page_put(page, " of ");
        page_say(page, finding->suppressed_from);
        if (finding->suppressed_line != 0)
            page_put(page, ":%" PRIu32, finding->suppressed_line);
    }
    if (*finding->suppressed_reason != '\0') {
        page_put(page, ": ");
        page_say(page, finding->suppressed_reason);
    }
    page_put(page, ". It counts for nothing.</p>\n");
}

static void put_chain(struct page *page, const struct rec_finding *finding)
{
    if (finding->edge_count == 0 && !finding->has_subject)
        return;
    page_put(page, "<p class=\"chain\">");
    for (size_t i = 0; i < finding->edge_count; i++) {
        page_lock(page, &finding->edges[i].held, false);
        page_put(page, " <span class=\"to\">\u2192</span> ");
    }
    page_lock(page, finding->edge_count != 0 ? &finding->edges[finding->edge_count - 1].wanted : &finding->subject,
              false);
    page_put(page, "</p>\n");
}

/* Who made it: a thread of a process, a thread of a run, or several runs together. */
static void put_who(struct page *page, const struct rec_finding *finding)
{
    const char *program = finding->run != NULL ? finding->run->program : finding->process->program;

    if (finding->process->merged && finding->run == NULL) {
        page_put(page, "by several runs together");
        return;
    }
    page_put(page, "found by ");
    page_thread(page, finding->thread);
    page_put(page, " of ");
    page_say(page, *program != '\0' ? program : "a program");
    if (finding->run == NULL)
        page_put(page, "[%" PRId64 "]", finding->process->pid);
}

static void put_head(struct page *page, const struct rec_finding *finding, size_t number)
{
    page_put(page, "<header><p class=\"tags\"><span class=\"verdict v-%s\">", finding_verdict_class(finding));
    page_say(page, finding->verdict_name);
    page_put(page, "</span> <span class=\"kind\">");
    page_say(page, finding->kind);
    page_put(page, "</span>%s</p>\n<h3>%zu. ",
             finding_is_suppressed(finding) ? " <span class=\"kind\">suppressed</span>" : "", number);
    page_say(page, finding_headline(finding));
    page_put(page, "</h3>\n");
    put_chain(page, finding);
    page_put(page, "<p class=\"who\">");
    put_who(page, finding);
    if (finding->ms != 0)
        page_put(page, " after %.3f s", (double)finding->ms / 1000);
    page_put(page, " \u00b7 fingerprint <code class=\"print\">");
    page_say(page, finding->fingerprint);
    page_put(page, "</code></p></header>\n");
}

/* ---- the end ---- */

/* A word for a shell. */
static void put_word(struct page *page, const char *word)
{
    if (*word != '\0' &&
        word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%")] == '\0') {
        page_say(page, word);
        return;
    }
    page_put(page, "&#39;");
    for (const char *quote; (quote = strchr(word, '\'')) != NULL; word = quote + 1) {
        char *part = cli_printf("%.*s", (int)(quote - word), word);

        page_say(page, part);
        page_put(page, "&#39;\\&#39;&#39;");
        free(part);
    }
    page_say(page, word);
    page_put(page, "&#39;");
}

static void put_command(struct page *page, const struct rec_finding *finding, const char *begin, bool program)
{
    const struct rec_process *process = finding->process;

    page_put(page, "<pre class=\"command\">lockval %s --finding=", begin);
    put_word(page, finding->fingerprint);
    page_put(page, " ");
    put_word(page, process->file != NULL ? process->file : "RECORD");
    if (program) {
        page_put(page, " --");
        for (size_t i = 0; i < process->argc; i++) {
            page_put(page, " ");
            put_word(page, i == 0 && *process->path != '\0' ? process->path : process->argv[i]);
        }
        if (process->argc == 0)
            page_put(page, " PROGRAM");
    }
    page_put(page, "</pre>\n");
}

static void put_commands(struct page *page, const struct rec_finding *finding)
{
    bool order = is_kind(finding, "circular") || (is_kind(finding, "recursive") && finding->edge_count > 1) ||
                 is_kind(finding, "event");

    page_put(page, "<details class=\"next\"><summary>Commands to go on</summary>\n");
    if (order && finding->verdict != REC_DEADLOCK) {
        page_put(page, "<p>Run the program again and steer its threads, to see whether it deadlocks:</p>\n");
        put_command(page, finding, "confirm", true);
    }
    page_put(page, "<p>This finding alone, as the kernel&#39;s lockdep would print it:</p>\n");
    put_command(page, finding, "report --format=lockdep", false);
    if (!finding_is_suppressed(finding)) {
        page_put(page, "<p>An entry that suppresses it, for a file that the option suppressions= names:</p>\n");
        put_command(page, finding, "suppress", false);
    }
    page_put(page, "</details>\n");
}

static void put_next(struct page *page, const struct rec_finding *finding)
{
    if (!finding->process->merged)
        put_commands(page, finding);
    if (*finding->text == '\0')
        return;
    page_put(page, "<details class=\"text\"><summary>The report%s</summary><pre>",
             finding->process->merged && finding->run == NULL ? " as text" : " as the library logged it");
    page_say(page, finding->text + strspn(finding->text, "\n"));
    page_put(page, "</pre></details>\n");
}

void finding_put(struct page *page, const struct rec_finding *finding, size_t number, const struct drawing *drawing)
{
    page_begin_colours(page, finding);
    page_put(page, "<article class=\"finding\" id=\"f%zu\" data-print=\"", number);
    page_say(page, finding->fingerprint);
    page_put(page, "\" tabindex=\"-1\">\n<a id=\"f-");
    page_say(page, finding->fingerprint);
    page_put(page, "\"></a>");
    put_head(page, finding, number);
    put_suppression(page, finding);
    page_put(page, "<div class=\"sides\"><section><h4>Why %s</h4>\n", finding_verdict_class(finding));
    put_reasons(page, finding);
    page_put(page, "</section>\n");
    if (drawing != NULL && drawing->layout.node_count != 0) {
        page_put(page, "<figure>");
        if (drawing->layout.width > 0)
            drawing_put(page, drawing, number);
        page_put(page, "<figcaption id=\"d%zu\">%s</figcaption></figure>\n", number,
                 drawing->layout.width <= 0  ? page->no_drawings
                 : finding->stuck_count != 0 ? "Who waits for whom, and for what"
                 : finding->usage_state[0] != '\0'
                     ? "What leads to what: held, then wanted"
                     : "The circle: an arrow leads from what was held to what was wanted");
    }
    page_put(page, "</div>\n");
    steps_put(page, finding, number);
    evidence_put(page, finding);
    put_next(page, finding);
    page_put(page, "</article>\n");
}
