/* SPDX-License-Identifier: MIT */
/* Sets of which the smallest few are kept. "The smallest k of a union" needs no more than the smallest k of its parts, in whatever
 * order these are put together. Idea: k minimum values (Bar-Yossef, Jayram, Kumar, Sivakumar, Trevisan: Counting Distinct Elements
 * in a Data Stream). */

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "merge/content.h"

uint64_t un_hash(const char *text)
{
    return lv_hash_mix(lv_hash_text(0, text), 1);
}

/* Where @number stands, or would stand. */
static uint32_t place_of(const uint64_t *numbers, uint32_t count, uint64_t number)
{
    uint32_t at = 0;

    while (at < count && numbers[at] < number)
        at++;
    return at;
}

void un_sample_add(struct un_sample *sample, uint32_t room, uint64_t number)
{
    uint32_t at = place_of(sample->numbers, sample->count, number), last = sample->count;

    if (at < sample->count && sample->numbers[at] == number)
        return;
    if (sample->count == room) {
        sample->more = true;
        if (at == room)
            return;
        last--;
    } else {
        sample->count++;
    }
    memmove(&sample->numbers[at + 1], &sample->numbers[at], (last - at) * sizeof(sample->numbers[0]));
    sample->numbers[at] = number;
}

void un_sample_join(struct un_sample *sample, uint32_t room, const struct un_sample *other)
{
    for (uint32_t i = 0; i < other->count; i++)
        un_sample_add(sample, room, other->numbers[i]);
    sample->more |= other->more;
}

uint64_t un_sample_estimate(const struct un_sample *sample)
{
    double part;

    if (!sample->more || sample->count < 2)
        return sample->count;
    part = (double)sample->numbers[sample->count - 1] / 18446744073709551616.0;
    return part > 0 ? (uint64_t)((double)(sample->count - 1) / part) : sample->count;
}

void un_texts_add(struct un_texts *texts, uint32_t room, const char *text)
{
    uint64_t hash = un_hash(text);
    uint32_t at = place_of(texts->hashes, texts->count, hash), last = texts->count;

    if (*text == '\0' || (at < texts->count && texts->texts[at] == text))
        return;
    if (texts->count == room) {
        texts->more = true;
        if (at == room)
            return;
        last--;
    } else {
        texts->count++;
    }
    memmove(&texts->hashes[at + 1], &texts->hashes[at], (last - at) * sizeof(texts->hashes[0]));
    memmove(&texts->texts[at + 1], &texts->texts[at], (last - at) * sizeof(texts->texts[0]));
    texts->hashes[at] = hash;
    texts->texts[at] = text;
}

static void see(struct un_seen *seen, uint64_t first_ms, uint64_t last_ms)
{
    bool nothing = seen->runs.count == 0;

    if (nothing || first_ms < seen->first_ms)
        seen->first_ms = first_ms;
    if (nothing || last_ms > seen->last_ms)
        seen->last_ms = last_ms;
}

void un_seen_add(struct un_union *all, struct un_seen *seen, uint32_t room, const struct un_run *run)
{
    see(seen, run->start_ms, run->start_ms);
    un_sample_add(&seen->runs, room, run->hash);
    un_texts_add(&seen->tests, UN_TESTS, rec_pool_text(all->pool, run->test));
}

void un_seen_join(struct un_union *all, struct un_seen *seen, uint32_t room, const struct rec_seen *other)
{
    if (other->sample_count == 0)
        return;
    see(seen, other->first_ms, other->last_ms);
    for (size_t i = 0; i < other->sample_count; i++)
        un_sample_add(&seen->runs, room, strtoull(other->sample[i], NULL, 16));
    seen->runs.more |= !other->runs_exact;
    for (size_t i = 0; i < other->test_count; i++)
        un_texts_add(&seen->tests, UN_TESTS, rec_pool_text(all->pool, other->tests[i]));
    seen->tests.more |= other->more_tests;
}

void un_seen_unite(struct un_seen *seen, uint32_t room, const struct un_seen *other)
{
    if (other->runs.count == 0)
        return;
    see(seen, other->first_ms, other->last_ms);
    un_sample_join(&seen->runs, room, &other->runs);
    for (uint32_t i = 0; i < other->tests.count; i++)
        un_texts_add(&seen->tests, UN_TESTS, other->tests.texts[i]);
    seen->tests.more |= other->tests.more;
}
