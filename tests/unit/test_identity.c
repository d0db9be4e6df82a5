/* SPDX-License-Identifier: MIT */
/* Which lock an object is: inside the object, in the table, and by which site its class is found. */

#include "engine.h"
#include "engine/resolve.h"

#define SITE ((uintptr_t)0x600000000000)
#define ADDRESS ((uintptr_t)0x700000000000)

/* An object of the kind that the running test has. */
struct place {
    uint64_t words[2];
    struct lv_object object;
};

static struct place *place(uintptr_t address)
{
    struct place *p = calloc(1, sizeof(*p));

    ck_assert_ptr_nonnull(p);
    p->object = (struct lv_object){ .address = address, .kind = LV_KIND_MUTEX };
    if (!s->table) {
        p->object.word = &p->words[0];
        p->object.seal = &p->words[1];
    }
    return p;
}

static uint64_t find(const struct place *p, uintptr_t site)
{
    return lv_identity_find(&s->ctx, scenario_thread(s, 1), &p->object, site);
}

START_TEST(a_lock_stays_itself)
{
    struct place *p = place(ADDRESS);
    uint64_t word = find(p, SITE);

    ck_assert_uint_ne(word, 0);
    ck_assert_uint_ne(lv_identity_class(word).v, 0);
    ck_assert_uint_ne(lv_identity_uid(word), 0);
    ck_assert_uint_eq(lv_identity_flags(word), 0);
    ck_assert_uint_eq(find(p, SITE + 64), word);
    ck_assert_uint_eq(lv_identity_find(&s->ctx, scenario_thread(s, 2), &p->object, SITE), word);
    ck_assert_uint_eq(lv_identity_peek(&s->ctx, &p->object), word);
    ck_assert_uint_eq(scenario_thread(s, 1)->guard, 0);
    free(p);
}
END_TEST

START_TEST(locks_of_a_site_are_one_class)
{
    struct place *p = place(ADDRESS), *q = place(ADDRESS + 64), *r = place(ADDRESS + 128);
    uint64_t first = find(p, SITE), second = find(q, SITE), third = find(r, SITE + 64);

    ck_assert_uint_eq(lv_identity_class(first).v, lv_identity_class(second).v);
    ck_assert_uint_ne(lv_identity_uid(first), lv_identity_uid(second));
    ck_assert_uint_ne(lv_identity_class(first).v, lv_identity_class(third).v);
    free(p);
    free(q);
    free(r);
}
END_TEST

/* The site that initialises and the site that locks first are different classes, and so are kinds. */
START_TEST(origin_and_kind_tell_classes_apart)
{
    struct place *p = place(ADDRESS), *q = place(ADDRESS + 64), *r = place(ADDRESS + 128);

    r->object.kind = LV_KIND_RWLOCK;
    lv_identity_init(&s->ctx, scenario_thread(s, 1), &q->object, SITE);
    ck_assert_uint_ne(lv_identity_class(find(p, SITE)).v, lv_identity_class(find(q, SITE)).v);
    ck_assert_uint_ne(lv_identity_class(find(p, SITE)).v, lv_identity_class(find(r, SITE)).v);
    free(p);
    free(q);
    free(r);
}
END_TEST

START_TEST(initialised_anew_is_a_new_lock)
{
    struct place *p = place(ADDRESS);
    uint64_t first, second;

    lv_identity_init(&s->ctx, scenario_thread(s, 1), &p->object, SITE);
    first = find(p, SITE + 64);
    lv_identity_init(&s->ctx, scenario_thread(s, 1), &p->object, SITE);
    second = find(p, SITE + 64);
    ck_assert_uint_eq(lv_identity_class(first).v, lv_identity_class(second).v);
    ck_assert_uint_ne(lv_identity_uid(first), lv_identity_uid(second));
    free(p);
}
END_TEST

START_TEST(forgotten)
{
    struct place *p = place(ADDRESS);
    uint64_t first = find(p, SITE);

    lv_identity_forget(&s->ctx, scenario_thread(s, 2), &p->object);
    ck_assert_uint_eq(lv_identity_peek(&s->ctx, &p->object), 0);
    ck_assert_uint_ne(lv_identity_uid(find(p, SITE)), lv_identity_uid(first));
    lv_identity_forget(&s->ctx, scenario_thread(s, 2), &p->object);
    lv_identity_forget(&s->ctx, scenario_thread(s, 2), &p->object);
    free(p);
}
END_TEST

/* Inside the object: memory that is cleared, overwritten or copied elsewhere is no known lock. */
START_TEST(foreign_words)
{
    struct place *p = place(ADDRESS), *q = place(ADDRESS + 64);
    uint64_t first = find(p, SITE);

    if (!s->table) {
        memcpy(q->words, p->words, sizeof(q->words));
        ck_assert_uint_eq(lv_identity_peek(&s->ctx, &q->object), 0);
        ck_assert_uint_ne(lv_identity_uid(find(q, SITE)), lv_identity_uid(first));
        memset(p->words, 0, sizeof(p->words));
        ck_assert_uint_ne(lv_identity_uid(find(p, SITE)), lv_identity_uid(first));
        p->words[0] ^= UINT64_C(1) << 32;
        ck_assert_uint_eq(lv_identity_peek(&s->ctx, &p->object), 0);
        p->words[0] = 0x1234;
        lv_identity_forget(&s->ctx, scenario_thread(s, 1), &p->object);
        ck_assert_uint_eq(p->words[0], 0x1234);
    }
    free(p);
    free(q);
}
END_TEST

/* The record of a forgotten lock serves another one; a thread that remembers the old lock is not fooled. */
START_TEST(recycled_records)
{
    struct place *p = place(ADDRESS), *q = place(ADDRESS + 64);
    uint64_t first = find(p, SITE), second;
    uint32_t count = s->ctx.instances.count;

    lv_identity_forget(&s->ctx, scenario_thread(s, 2), &p->object);
    second = lv_identity_find(&s->ctx, scenario_thread(s, 2), &q->object, SITE);
    ck_assert_uint_eq(s->ctx.instances.count, count);
    ck_assert_uint_ne(lv_identity_uid(find(p, SITE)), lv_identity_uid(first));
    ck_assert_uint_ne(lv_identity_uid(find(p, SITE)), lv_identity_uid(second));
    ck_assert_uint_eq(find(q, SITE), second);
    free(p);
    free(q);
}
END_TEST

START_TEST(marks)
{
    const struct lv_class_key key = { .origin = LV_CLASS_NAME, .kind = LV_KIND_MUTEX, .name = "marked" };
    struct place *p = place(ADDRESS);
    struct lv_acquisition a;

    lv_identity_set(&s->ctx, scenario_thread(s, 1), &p->object, &key, LV_IDENTITY_UNCHECKED);
    ck_assert(lv_acquisition_set(&a, &p->object, find(p, SITE), LV_WRITE, LV_TRY, SITE));
    ck_assert_uint_eq(a.flags, LV_TRY | LV_UNCHECKED);
    lv_identity_set(&s->ctx, scenario_thread(s, 1), &p->object, &key, LV_IDENTITY_NOTRACK);
    ck_assert(!lv_acquisition_set(&a, &p->object, find(p, SITE), LV_WRITE, 0, SITE));
    ck_assert(!lv_acquisition_set(&a, &p->object, 0, LV_WRITE, 0, SITE));
    free(p);
}
END_TEST

/* Addresses that share a place in the thread's small cache do not take each other's identity. */
START_TEST(many_locks)
{
    enum {
        COUNT = 2000
    };
    static uint64_t word[COUNT];
    static struct place *p[COUNT];

    for (unsigned i = 0; i < COUNT; i++) {
        p[i] = place(ADDRESS + i * (uintptr_t)40);
        word[i] = find(p[i], SITE);
        ck_assert_uint_ne(word[i], 0);
    }
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < COUNT; i++)
            ck_assert_uint_eq(find(p[i], SITE), word[i]);
    for (unsigned i = 0; i < COUNT; i++)
        free(p[i]);
}
END_TEST

static uint64_t in_the_data, also_in_the_data;

/* A lock in a module's data that no call initialised: each is a class of its own. */
START_TEST(static_locks)
{
    struct place *p = place((uintptr_t)&in_the_data), *q = place((uintptr_t)&also_in_the_data);
    const struct lv_class *class;

    class = lv_classes_get(&s->ctx.classes, lv_identity_class(find(p, SITE)));
    ck_assert_int_eq(class->key.origin, LV_CLASS_STATIC);
    ck_assert_ptr_nonnull(class->key.module);
    ck_assert(class->key.module->is_program);
    ck_assert_uint_ne(lv_identity_class(find(q, SITE)).v, class->id.v);
    lv_identity_forget(&s->ctx, scenario_thread(s, 1), &p->object);
    ck_assert_uint_eq(lv_identity_class(find(p, SITE + 64)).v, class->id.v);
    free(p);
    free(q);
}
END_TEST

/*
 * What a program's call into a hook looks like: the hook's caller is the site. It must be found among the
 * frames, so the hook is a real function here.
 */
__attribute__((noinline)) static void hook(struct place *p)
{
    lv_identity_init(&s->ctx, scenario_thread(s, 1), &p->object, (uintptr_t)__builtin_return_address(0));
    __asm__ volatile("" ::: "memory");
}

/* A wrapper by its name, which known_wrappers has. */
__attribute__((noinline)) static void test_mutex_init(struct place *p)
{
    hook(p);
    __asm__ volatile("" ::: "memory");
}

/* One that only the option names. */
__attribute__((noinline)) static void make_a_lock(struct place *p)
{
    hook(p);
    __asm__ volatile("" ::: "memory");
}

/* The classes that three calls of @init at two places make: [0] and [1] from one place. */
static void classes_of(void (*init)(struct place *p), uint32_t class[3])
{
    struct place *p = place(ADDRESS);

    /* volatile: the loop must stay a loop, with one call in it. */
    for (volatile unsigned i = 0; i < 2; i++) {
        init(p);
        class[i] = lv_identity_class(find(p, SITE)).v;
    }
    init(p);
    class[2] = lv_identity_class(find(p, SITE)).v;
    free(p);
}

START_TEST(a_known_wrapper_is_stepped_over)
{
    uint32_t class[3];

    classes_of(test_mutex_init, class);
    ck_assert_uint_eq(class[0], class[1]);
    ck_assert_uint_ne(class[0], class[2]);
}
END_TEST

__attribute__((noinline)) static void other_mutex_init(struct place *p)
{
    hook(p);
    __asm__ volatile("" ::: "memory");
}

/* One place that calls two wrappers: one class, and the report says by which wrapper, and that there are two ways. */
START_TEST(two_wrappers_called_from_one_site)
{
    void (*const init[2])(struct place *p) = { test_mutex_init, other_mutex_init };
    struct place *p = place(ADDRESS);
    lv_class_id class[2];
    char buf[256];
    struct lv_text text;

    for (volatile unsigned i = 0; i < 2; i++) {
        init[i](p);
        class[i] = lv_identity_class(find(p, SITE));
        lv_text_init(&text, buf, sizeof(buf));
        lv_class_origin(&s->ctx, lv_classes_get(&s->ctx.classes, class[i]), &text);
        ck_assert_msg(strncmp(buf, "init at ", 8) == 0, "%s", buf);
        ck_assert_msg(strstr(buf, "(test_identity), through the wrapper test_mutex_init") != NULL, "%s", buf);
        ck_assert_msg((strstr(buf, " (one of 2 ways)") != NULL) == (i == 1), "%s", buf);
    }
    ck_assert_uint_eq(class[0].v, class[1].v);
    free(p);
}
END_TEST

START_TEST(another_function_is_the_site)
{
    uint32_t class[3];

    classes_of(make_a_lock, class);
    ck_assert_uint_eq(class[0], class[1]);
    ck_assert_uint_eq(class[0], class[2]);
}
END_TEST

START_TEST(a_wrapper_named_by_the_option)
{
    uint32_t class[3];

    scenario_restart(s, s->table ? "identity=table:wrappers=other*,make_a_*" : "wrappers=other*,make_a_*");
    classes_of(make_a_lock, class);
    ck_assert_uint_eq(class[0], class[1]);
    ck_assert_uint_ne(class[0], class[2]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_lock_stays_itself,
        locks_of_a_site_are_one_class,
        origin_and_kind_tell_classes_apart,
        initialised_anew_is_a_new_lock,
        forgotten,
        foreign_words,
        recycled_records,
        marks,
        many_locks,
        static_locks,
        a_known_wrapper_is_stepped_over,
        two_wrappers_called_from_one_site,
        another_function_is_the_site,
        a_wrapper_named_by_the_option,
    };

    return engine_run("identity", tests, LV_ARRAY_SIZE(tests));
}
