/* SPDX-License-Identifier: MIT */
/* How locks get their identities: numbers in blocks, and threads that meet one lock together. */

#include "engine.h"
#include "engine/mint.h"

#include <pthread.h>

#define SITE ((uintptr_t)0x600000000000)
#define ADDRESS ((uintptr_t)0x700000000000)

enum {
    THREADS = 4,
    OBJECTS = 20000
};

static uint64_t words[OBJECTS][2];
static uint64_t found[THREADS][OBJECTS];
static pthread_barrier_t barrier;

static struct lv_object object_at(uint32_t i)
{
    struct lv_object object = { .address = ADDRESS + i * (uintptr_t)64, .kind = LV_KIND_MUTEX };

    if (!s->table) {
        object.word = &words[i][0];
        object.seal = &words[i][1];
    }
    return object;
}

static uint64_t find(struct lv_thread *t, uint32_t i)
{
    const struct lv_object object = object_at(i);

    return lv_identity_find(&s->ctx, t, &object, SITE);
}

static void *meet_all(void *arg)
{
    uint32_t me = *(const uint32_t *)arg;
    struct lv_thread *t = scenario_thread(s, me + 1);

    pthread_barrier_wait(&barrier);
    for (uint32_t i = 0; i < OBJECTS; i++)
        found[me][i] = find(t, i);
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = lv_identity_uid(*(const uint64_t *)a), y = lv_identity_uid(*(const uint64_t *)b);

    return x < y ? -1 : x > y;
}

/* Threads that meet the same locks at the same time agree on each, and no two locks are one; what the memory had before is of
 * no account. */
START_TEST(met_together)
{
    pthread_t thread[THREADS];
    uint32_t number[THREADS];

    for (uint32_t i = 0; i < OBJECTS; i++) {
        words[i][0] = i % 3 == 0 ? 0 : i * UINT64_C(0x100000001);
        words[i][1] = i % 2 == 0 ? 0 : i * UINT64_C(0x9e3779b97f4a7c15);
    }
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        number[i] = i;
        (void)scenario_thread(s, i + 1);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, meet_all, &number[i]), 0);
    for (uint32_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        const struct lv_object object = object_at(i);

        ck_assert_uint_ne(found[0][i], 0);
        ck_assert_uint_eq(lv_identity_peek(&s->ctx, &object), found[0][i]);
        for (uint32_t k = 1; k < THREADS; k++)
            ck_assert_uint_eq(found[k][i], found[0][i]);
    }
    qsort(found[0], OBJECTS, sizeof(found[0][0]), by_number);
    for (uint32_t i = 1; i < OBJECTS; i++)
        ck_assert_uint_ne(lv_identity_uid(found[0][i]), lv_identity_uid(found[0][i - 1]));
}
END_TEST

/* What a thread leaves that stopped after its draft of @word for object @i. */
static void draft_only(uint32_t i, uint64_t word)
{
    words[i][0] = 0x1234;
    words[i][1] = word ^ lv_hash_mix(object_at(i).address ^ s->ctx.secret[0], s->ctx.secret[1]);
}

static uint64_t mint(struct lv_class_key *key, unsigned flags)
{
    struct lv_thread *t = scenario_thread(s, 1);

    return lv_mint_word(&s->ctx, t, lv_identity_class_of(&s->ctx, t, key), flags);
}

START_TEST(a_draft_is_finished_by_others)
{
    struct lv_class_key key = { .origin = LV_CLASS_LOCK, .kind = LV_KIND_MUTEX, .place = 7 };
    uint64_t word = mint(&key, 0);
    const struct lv_object object = object_at(0);

    if (s->table)
        return;
    draft_only(0, word);
    ck_assert_uint_eq(lv_identity_peek(&s->ctx, &object), 0);
    ck_assert_uint_eq(find(scenario_thread(s, 2), 0), word);
    ck_assert_uint_eq(lv_identity_peek(&s->ctx, &object), word);
    ck_assert_uint_eq(find(scenario_thread(s, 3), 0), word);
}
END_TEST

/* What cannot have been drafted is what happens to lie there. */
START_TEST(no_drafts)
{
    struct lv_class_key mutex = { .origin = LV_CLASS_LOCK, .kind = LV_KIND_MUTEX, .place = 7 };
    struct lv_class_key rwlock = { .origin = LV_CLASS_LOCK, .kind = LV_KIND_RWLOCK, .place = 8 };
    uint64_t good = mint(&mutex, 0);
    const uint64_t bad[] = {
        mint(&rwlock, 0),
        mint(&mutex, LV_IDENTITY_NOTRACK),
        good + 100000,                              /* no such class */
        good & ~UINT64_C(0xffffff),                 /* none at all */
        good & UINT64_C(0xffffffff),                /* no number */
        (good & UINT64_C(0xffffffff)) | ~0ULL << 32 /* not given out yet */
    };

    for (uint32_t i = 0; i < LV_ARRAY_SIZE(bad) && !s->table; i++) {
        draft_only(i, bad[i]);
        ck_assert_uint_ne(find(scenario_thread(s, 2), i), bad[i]);
        ck_assert_uint_ne(find(scenario_thread(s, 2), i), good);
        /* The same object once more, with a draft that is one: the trial can fail. */
        draft_only(i, good);
        ck_assert_uint_eq(find(scenario_thread(s, 2), i), good);
    }
}
END_TEST

/* Numbers are counted as they are given out, not as threads take them. */
START_TEST(counted)
{
    struct lv_class_key key = { .origin = LV_CLASS_LOCK, .kind = LV_KIND_MUTEX, .place = 7 };
    lv_class_id class = lv_identity_class_of(&s->ctx, scenario_thread(s, 1), &key);
    uint32_t before = lv_mint_count(&s->ctx);

    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_uint_eq(lv_mint_count(&s->ctx), before + i);
        ck_assert_uint_ne(lv_mint_word(&s->ctx, scenario_thread(s, 1 + i % 5), class, 0), 0);
    }
    ck_assert_uint_eq(lv_mint_word(&s->ctx, scenario_thread(s, 1), (lv_class_id){ 0 }, 0), 0);
    ck_assert_uint_eq(lv_mint_count(&s->ctx), before + 1000);
}
END_TEST

/* Locks of a class whose number was another's before are of the new one, though the thread has older numbers left. */
START_TEST(a_class_younger_than_the_block)
{
    struct lv_class_key old_key = { .origin = LV_CLASS_NAME, .kind = LV_KIND_MUTEX, .place = 7, .name = "old" };
    struct lv_class_key new_key = { .origin = LV_CLASS_NAME, .kind = LV_KIND_MUTEX, .place = 8, .name = "new" };
    uint64_t old = mint(&old_key, 0), new;

    lv_classes_zap(&s->ctx.classes, lv_identity_class(old));
    lv_classes_reuse(&s->ctx.classes);
    new = mint(&new_key, 0);
    ck_assert_uint_eq(lv_identity_class(new).v, lv_identity_class(old).v);
    ck_assert(lv_class_is_gone(&s->ctx.classes, lv_identity_class(old), lv_identity_uid(old)));
    ck_assert(!lv_class_is_gone(&s->ctx.classes, lv_identity_class(new), lv_identity_uid(new)));
    ck_assert(!lv_class_is_gone(&s->ctx.classes, lv_identity_class(new), lv_identity_uid(mint(&new_key, 0))));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        met_together, a_draft_is_finished_by_others, no_drafts, counted, a_class_younger_than_the_block,
    };

    return engine_run("mint", tests, LV_ARRAY_SIZE(tests));
}
