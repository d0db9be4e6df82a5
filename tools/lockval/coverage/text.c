/* SPDX-License-Identifier: MIT */
/* For people: what a test is missing for comes first. Lists are cut, and say so; the other forms have all. */

#include "coverage/forms.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/visible.h"
#include "formats/words.h"

enum {
    NAMES_SHOWN = 3
};

struct printer {
    FILE *out;
    const struct cover_input *input;
    size_t shown, left; /* rows of the list */
};

static void say(const struct printer *p, const char *text)
{
    char *visible = cli_visible(text);

    (void)fputs(visible, p->out);
    free(visible);
}

static void say_and_free(const struct printer *p, char *text)
{
    say(p, text);
    free(text);
}

static const char *test_word(const struct cover *cover, size_t count)
{
    return cover->by_runs ? (count == 1 ? "run" : "runs") : count == 1 ? "test" : "tests";
}

/* ---- lists ---- */

static void begin_list(struct printer *p, const char *title)
{
    (void)fprintf(p->out, "\n%s\n", title);
    p->shown = p->left = 0;
}

/* Is there room for one more row? */
static bool next_row(struct printer *p)
{
    if (p->input->top != 0 && p->shown == p->input->top) {
        p->left++;
        return false;
    }
    p->shown++;
    return true;
}

static void end_list(const struct printer *p)
{
    if (p->left != 0)
        (void)fprintf(p->out, "  and %zu more (--top=0 shows all)\n", p->left);
}

/* "      WORD  text"; nothing for an empty one, which is freed. */
static void fact(const struct printer *p, const char *word, char *text)
{
    if (*text != '\0') {
        (void)fprintf(p->out, "      %-4s ", word);
        say(p, text);
        (void)fputc('\n', p->out);
    }
    free(text);
}

/* ---- edges ---- */

static void print_edge(const struct printer *p, const struct cover_edge *edge)
{
    const struct rec_evidence *evidence = words_evidence(edge->edge);

    (void)fputs("  ", p->out);
    say(p, edge->edge->from->name);
    (void)fputs(" -> ", p->out);
    say(p, edge->edge->to->name);
    (void)fputc('\n', p->out);
    fact(p, "at", cover_places(p->input, edge->edge));
    if (cover_is_single(&edge->by))
        fact(p, "in", cover_names(&edge->by, NAMES_SHOWN));
    else if (evidence != NULL)
        fact(p, "in", words_run(evidence->witness->run));
}

static void print_edges(struct printer *p, const char *title, bool (*is_wanted)(const struct cover_tests *by))
{
    const struct cover *cover = p->input->cover;

    begin_list(p, title);
    for (size_t i = 0; i < cover->edge_count; i++)
        if (is_wanted(&cover->edges[i]->by) && next_row(p))
            print_edge(p, cover->edges[i]);
    end_list(p);
}

/* ---- classes ---- */

static void print_class(const struct printer *p, const struct cover_class *class)
{
    (void)fputs("  ", p->out);
    say(p, class->class->name);
    (void)fputs("  ", p->out);
    say_and_free(p, words_class(p->input->symbols, class->class));
    (void)fputc('\n', p->out);
    fact(p, "in", cover_names(&class->by, NAMES_SHOWN));
}

static bool is_lone(const struct cover_class *class)
{
    return class->in_count + class->out_count == 0;
}

static bool is_single(const struct cover_class *class)
{
    return cover_is_single(&class->by);
}

static bool is_untested(const struct cover_class *class)
{
    return cover_is_untested(&class->by);
}

static void print_classes(struct printer *p, const char *title, bool (*is_wanted)(const struct cover_class *class))
{
    const struct cover *cover = p->input->cover;

    begin_list(p, title);
    for (size_t i = 0; i < cover->class_count; i++)
        if (is_wanted(cover->classes[i]) && next_row(p))
            print_class(p, cover->classes[i]);
    end_list(p);
}

static void print_apart(struct printer *p)
{
    const struct cover *cover = p->input->cover;

    if (cover->apart_count != 0) {
        begin_list(p, "Classes that never meet, though both were held with the same others");
        for (size_t i = 0; i < cover->apart_count; i++) {
            const struct cover_apart *apart = &cover->apart[i];

            if (!next_row(p))
                continue;
            (void)fputs("  ", p->out);
            say(p, apart->one->class->name);
            (void)fputs(", ", p->out);
            say(p, apart->other->class->name);
            (void)fprintf(p->out, "  (%zu in common)\n", apart->shared);
        }
        p->left += cover->apart_all - cover->apart_count;
        end_list(p);
    }
    if (cover->apart_cut)
        (void)fputs("  not all classes were looked at for this: there are too many\n", p->out);
}

/* ---- tests ---- */

static void print_tests(struct printer *p)
{
    const struct cover *cover = p->input->cover;

    begin_list(p, cover->by_runs ? "Runs, those that together make all edges first"
                                 : "Tests, those that together make all edges first");
    (void)fputs("    adds   edges  only here  locks\n", p->out);
    for (size_t i = 0; i < cover->test_count; i++) {
        const struct cover_test *test = cover->tests[i];

        if (!next_row(p))
            continue;
        if (test->pick != 0)
            (void)fprintf(p->out, "  %6zu", test->gain);
        else
            (void)fputs("       -", p->out);
        (void)fprintf(p->out, "  %6zu  %9zu  %5zu  ", test->edge_count, test->own_edges, test->class_count);
        say(p, test->name);
        (void)fputc('\n', p->out);
    }
    end_list(p);
}

/* ---- the whole ---- */

static void number(const struct printer *p, const char *what, size_t count)
{
    (void)fprintf(p->out, "  %-44s %6zu\n", what, count);
}

static void print_numbers(const struct printer *p)
{
    const struct cover *cover = p->input->cover;
    const struct rec_process *process = cover->process;

    (void)fprintf(p->out, "%zu class%s, %zu edge%s, %zu %s", cover->class_count, cover->class_count == 1 ? "" : "es",
                  cover->edge_count, cover->edge_count == 1 ? "" : "s", cover->test_count,
                  test_word(cover, cover->test_count));
    if (process->merged && !cover->by_runs)
        (void)fprintf(p->out, ", %s%" PRIu64 " run%s", process->merged_runs_exact ? "" : "about ", process->merged_runs,
                      process->merged_runs == 1 ? "" : "s");
    (void)fputs(cover->by_runs ? " (no run says of which test it is: see the option test)\n" : "\n", p->out);
    if (!cover->by_runs)
        number(p, "edges that no test makes", cover->untested_edges);
    number(p, cover->by_runs ? "edges of one run only" : "edges that one test only makes", cover->single_edges);
    number(p, cover->by_runs ? "edges of several runs" : "edges that several tests make",
           cover->edge_count - cover->single_edges - cover->untested_edges);
    number(p, cover->by_runs ? "locks of one run only" : "locks that one test only takes", cover->single_classes);
    if (!cover->by_runs)
        number(p, "locks that no test takes", cover->untested_classes);
    number(p, "locks that were never held with another", cover->lone_classes);
    number(p, cover->by_runs ? "runs that together make all edges" : "tests that together make all edges",
           cover->picked_count);
    number(p, cover->by_runs ? "runs without which no edge is missed" : "tests without which no edge is missed",
           cover->idle_count);
}

bool cover_print_text(FILE *out, const struct cover_input *input)
{
    const struct cover *cover = input->cover;
    struct printer p = { .out = out, .input = input };

    print_numbers(&p);
    if (cover->untested_edges != 0)
        print_edges(&p, "Edges that no test makes", cover_is_untested);
    if (cover->single_edges != 0)
        print_edges(&p, cover->by_runs ? "Edges of one run only" : "Edges that one test only makes", cover_is_single);
    if (cover->untested_classes != 0)
        print_classes(&p, "Locks that no test takes", is_untested);
    if (cover->single_classes != 0)
        print_classes(&p, cover->by_runs ? "Locks of one run only" : "Locks that one test only takes", is_single);
    if (cover->lone_classes != 0)
        print_classes(&p, "Locks that were never held with another", is_lone);
    print_apart(&p);
    if (cover->test_count != 0)
        print_tests(&p);
    if (input->note_count != 0)
        (void)fputs("\nNot certain\n", out);
    for (size_t i = 0; i < input->note_count; i++) {
        (void)fputs("  ", out);
        say(&p, input->notes[i]);
        (void)fputc('\n', out);
    }
    return true;
}
