/* SPDX-License-Identifier: MIT */
/* Classes by key, their names, and their keys in the record. */

#include "engine/resolve.h"

#include "engine.h"

#define EXPECT_TEXT(call, expected)            \
    do {                                       \
        char buf_[256];                        \
        struct lv_text text_;                  \
        struct lv_text *out = &text_;          \
        lv_text_init(out, buf_, sizeof(buf_)); \
        call;                                  \
        ck_assert_str_eq(buf_, expected);      \
    } while (0)

static lv_class_id add(const struct lv_class_key *key)
{
    lv_class_id id = lv_classes_find_or_add(&s->ctx.classes, key);

    ck_assert_uint_ne(id.v, 0);
    return id;
}

static struct lv_class *get(lv_class_id id)
{
    return lv_classes_get(&s->ctx.classes, id);
}

static struct lv_class_key named(uintptr_t place, const char *name)
{
    return (struct lv_class_key){ .origin = LV_CLASS_NAME, .kind = LV_KIND_MAP, .place = place, .name = name };
}

START_TEST(found_again)
{
    const struct lv_class_key site = { .origin = LV_CLASS_INIT, .kind = LV_KIND_MUTEX, .place = 0x1000 };
    struct lv_class_key other = site;
    lv_class_id id = add(&site);

    ck_assert_uint_eq(add(&site).v, id.v);
    other.place++;
    ck_assert_uint_ne(add(&other).v, id.v);
    other = site;
    other.kind = LV_KIND_RWLOCK;
    ck_assert_uint_ne(add(&other).v, id.v);
    other = site;
    other.origin = LV_CLASS_LOCK;
    ck_assert_uint_ne(add(&other).v, id.v);
    ck_assert_uint_eq(get(id)->id.v, id.v);
    ck_assert_uint_eq(get(id)->base.v, id.v);
    ck_assert(!get(id)->explicit_key);
}
END_TEST

START_TEST(by_name)
{
    char name[] = "inode";
    const struct lv_class_key no_key = named(0, name), keyed = named(0x2000, "inode"), same_key = named(0x2000, "x");
    lv_class_id id = add(&no_key);

    name[0] = 'X'; /* the class has a copy of its own */
    ck_assert_str_eq(get(id)->key.name, "inode");
    {
        const struct lv_class_key again = named(0, "inode");

        ck_assert_uint_eq(add(&again).v, id.v);
    }
    ck_assert(get(id)->explicit_key);
    ck_assert_uint_ne(add(&keyed).v, id.v);
    ck_assert_uint_eq(add(&keyed).v, add(&same_key).v);
}
END_TEST

START_TEST(names_that_are_the_same_are_numbered)
{
    const struct lv_class_key one = named(0x1000, "lock"), two = named(0x2000, "lock");
    lv_class_id first = add(&one), second = add(&two);

    EXPECT_TEXT(lv_class_name(get(first), out), "lock");
    EXPECT_TEXT(lv_class_name(get(second), out), "lock#2");
    EXPECT_TEXT(lv_class_run_key(get(second), out), "name:lock#2");
    /* Which is the second depends on the run. */
    EXPECT_TEXT(lv_class_stable_key(&s->ctx, get(second), out), "name:lock");
    EXPECT_TEXT(lv_class_origin(&s->ctx, get(second), out), "named by lockval.h");
}
END_TEST

START_TEST(subclasses)
{
    const struct lv_class_key key = named(0x1000, "pipe");
    lv_class_id base = add(&key);
    lv_class_id one = lv_classes_subclass(&s->ctx.classes, base, 1);
    lv_class_id last = lv_classes_subclass(&s->ctx.classes, base, LV_SUBCLASSES - 1);

    ck_assert_uint_eq(lv_classes_subclass(&s->ctx.classes, base, 0).v, base.v);
    ck_assert_uint_eq(lv_classes_subclass(&s->ctx.classes, base, 1).v, one.v);
    ck_assert_uint_ne(one.v, last.v);
    ck_assert_uint_eq(get(one)->base.v, base.v);
    ck_assert_uint_eq(get(one)->subclass, 1);
    ck_assert(get(one)->explicit_key);
    EXPECT_TEXT(lv_class_name(get(one), out), "pipe/1");
    EXPECT_TEXT(lv_class_run_key(get(one), out), "name:pipe/1");
}
END_TEST

START_TEST(sites_without_a_module)
{
    const struct lv_class_key init = { .origin = LV_CLASS_INIT, .kind = LV_KIND_MUTEX, .place = 0x1000 };
    const struct lv_class_key lock = { .origin = LV_CLASS_LOCK, .kind = LV_KIND_SPIN, .place = 0x2000 };

    EXPECT_TEXT(lv_class_name(get(add(&init)), out), "mutex@0x1000");
    EXPECT_TEXT(lv_class_origin(&s->ctx, get(add(&init)), out), "init at 0x1000");
    EXPECT_TEXT(lv_class_run_key(get(add(&init)), out), "init:?+0x1000");
    EXPECT_TEXT(lv_class_name(get(add(&lock)), out), "spinlock@0x2000");
    EXPECT_TEXT(lv_class_origin(&s->ctx, get(add(&lock)), out), "first taken at 0x2000");
}
END_TEST

/* Seen by the symbol table: not static. */
uint64_t test_classes_lock;
void test_classes_site(void);

void test_classes_site(void)
{
    __asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop");
}

static struct lv_class_key in_program(enum lv_class_origin origin, uintptr_t address)
{
    const struct lv_module *module = lv_modules_find(&s->ctx.modules, address);

    ck_assert_ptr_nonnull(module);
    return (struct lv_class_key){ origin, LV_KIND_MUTEX, module, address - module->bias, NULL };
}

START_TEST(static_lock_of_the_program)
{
    const struct lv_class_key key = in_program(LV_CLASS_STATIC, (uintptr_t)&test_classes_lock);
    lv_class_id id = add(&key);

    EXPECT_TEXT(lv_class_name(get(id), out), "test_classes_lock");
    EXPECT_TEXT(lv_class_origin(&s->ctx, get(id), out), "static (test_classes)");
    EXPECT_TEXT(lv_class_stable_key(&s->ctx, get(id), out), "static:test_classes:test_classes_lock");
}
END_TEST

/* A key is told from another of its name by its symbol. */
START_TEST(key_in_the_program)
{
    struct lv_class_key key = in_program(LV_CLASS_NAME, (uintptr_t)&test_classes_lock);

    key.name = "lock";
    EXPECT_TEXT(lv_class_name(get(add(&key)), out), "lock");
    EXPECT_TEXT(lv_class_stable_key(&s->ctx, get(add(&key)), out), "name:lock:test_classes:test_classes_lock");
}
END_TEST

START_TEST(member_of_a_static_object)
{
    const struct lv_class_key key = in_program(LV_CLASS_STATIC, (uintptr_t)&test_classes_lock + 4);

    EXPECT_TEXT(lv_class_name(get(add(&key)), out), "test_classes_lock+0x4");
    EXPECT_TEXT(lv_class_stable_key(&s->ctx, get(add(&key)), out), "static:test_classes:test_classes_lock+0x4");
}
END_TEST

/* Sites are return addresses; two in one function are told apart by the order in which they were met. */
START_TEST(init_sites_of_the_program)
{
    const struct lv_class_key one = in_program(LV_CLASS_INIT, (uintptr_t)test_classes_site + 5);
    const struct lv_class_key two = in_program(LV_CLASS_INIT, (uintptr_t)test_classes_site + 8);
    lv_class_id first = add(&one), second = add(&two);

    EXPECT_TEXT(lv_class_name(get(first), out), "mutex@test_classes_site+0x5");
    EXPECT_TEXT(lv_class_origin(&s->ctx, get(first), out), "init at test_classes_site+0x5 (test_classes)");
    EXPECT_TEXT(lv_class_stable_key(&s->ctx, get(second), out), "init:test_classes:test_classes_site:mutex:2");
    EXPECT_TEXT(lv_class_stable_key(&s->ctx, get(first), out), "init:test_classes:test_classes_site:mutex:1");
}
END_TEST

/* A call may be the last instruction of a function: its return address lies in the next one already. */
START_TEST(a_return_address_at_the_end_of_a_function)
{
    (void)lv_modules_find(&s->ctx.modules, (uintptr_t)test_classes_site);
    EXPECT_TEXT(lv_frame_name(&s->ctx, (uintptr_t)test_classes_site + 1, 0, out),
                "test_classes_site+0x1 (test_classes)");
}
END_TEST

START_TEST(a_frame_in_no_module)
{
    EXPECT_TEXT(lv_frame_name(&s->ctx, 0x1234, LV_BORN_NONE, out), "0x1234");
}
END_TEST

START_TEST(five_thousand_classes)
{
    enum {
        COUNT = 5000
    };
    static lv_class_id id[COUNT];

    for (unsigned i = 0; i < COUNT; i++) {
        const struct lv_class_key key = { .origin = LV_CLASS_INIT, .kind = LV_KIND_MUTEX, .place = 0x1000 + i };

        id[i] = add(&key);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        const struct lv_class_key key = { .origin = LV_CLASS_INIT, .kind = LV_KIND_MUTEX, .place = 0x1000 + i };

        ck_assert_uint_eq(add(&key).v, id[i].v);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        found_again,
        by_name,
        names_that_are_the_same_are_numbered,
        subclasses,
        sites_without_a_module,
        static_lock_of_the_program,
        key_in_the_program,
        member_of_a_static_object,
        init_sites_of_the_program,
        a_return_address_at_the_end_of_a_function,
        a_frame_in_no_module,
        five_thousand_classes,
    };

    return engine_run("classes", tests, LV_ARRAY_SIZE(tests));
}
