/* SPDX-License-Identifier: MIT */
/* Lines about uses of classes in contexts. */

#include <string.h>

#include "record/reader.h"

static const struct rec_context *contexts_of(const struct rec_line *line, size_t *ret_count)
{
    const json_t *array = json_object_get(line->json, "contexts");
    size_t count = json_array_size(array);
    struct rec_context *contexts = rec_pool_take(line->pool, count, sizeof(*contexts));

    for (size_t i = 0; i < count; i++) {
        const json_t *context = json_array_get(array, i);

        contexts[i] = (struct rec_context){ .name = rec_text_member(line, context, "name"),
                                            .handler = rec_text_member(line, context, "handler") };
    }
    *ret_count = count;
    return contexts;
}

void rec_read_use(const struct rec_line *line)
{
    struct rec_class *class = rec_class_at(line, rec_number_member(line->json, "class"));
    struct rec_use *use;

    if (class == NULL)
        return;
    use = rec_pool_take(line->pool, 1, sizeof(*use));
    use->class = class;
    use->inside = strcmp(rec_text_member(line, line->json, "side"), "inside") == 0;
    use->weak = rec_bool_member(line->json, "weak");
    use->contexts = contexts_of(line, &use->context_count);
    use->thread = rec_thread_at(line, rec_number_member(line->json, "thread"));
    use->lock = rec_lock_of(line, json_object_get(line->json, "lock"));
    use->at = rec_stack_at(line, rec_number_member(line->json, "at"));
    use->run = rec_run_at(line, rec_number_member(line->json, "of"));
    rec_append(&line->process->uses, &line->process->use_count, use);
}
