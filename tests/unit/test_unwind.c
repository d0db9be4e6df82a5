/* SPDX-License-Identifier: MIT */
/* Stack traces: the right frames, cut at the right ends, and no malloc, not even on a thread's first call. */

#include "sys/unwind.h"

#include "unit.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * Counts what a thread allocates, whoever asks for it, by standing before libc's functions. Sanitizers have an
 * allocator of their own that must not be stood before; there the count stays 0 and only the frames are tested.
 */
#if defined(__has_feature)
#define CLANG_SANITIZES (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define CLANG_SANITIZES 0
#endif

static _Thread_local unsigned long allocations; /* of this thread */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !CLANG_SANITIZES

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    allocations++;
    return __libc_realloc(p, size);
}

#define COUNTS_ALLOCATIONS 1
#define HAS_HOOK 1

/* Stands for the hook. */
static bool hook_answers;
static int answered, passed_on; /* calls of libunwind and others */

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    int (*real)(int (*)(struct dl_phdr_info *, size_t, void *), void *);
    void *found;
    int result;

    if (hook_answers && lv_unwind_phdr(callback, data, &result)) {
        answered++;
        return result;
    }
    passed_on++;
    found = dlsym(RTLD_NEXT, "dl_iterate_phdr");
    memcpy(&real, &found, sizeof(real));
    return real(callback, data);
}
#else
#define HAS_HOOK 0
#define COUNTS_ALLOCATIONS 0
#endif

#define NOINLINE __attribute__((noinline))
/* Keeps a call from becoming a jump, which would leave no frame. */
#define NOT_A_TAIL_CALL() __asm__ volatile("" ::: "memory")

struct trace {
    uintptr_t frames[64];
    uint32_t max, count;
    uintptr_t caller, outer, outermost; /* return addresses on the way */
    bool wrong_caller;
};

/* Stands for the library: two frames of its own between the hook's caller and lv_unwind(). */
static NOINLINE void own_deep(struct trace *t)
{
    t->count = lv_unwind(t->frames, t->max, t->wrong_caller ? 0x1234 : t->caller);
    NOT_A_TAIL_CALL();
}

static NOINLINE void hook(struct trace *t)
{
    t->caller = (uintptr_t)__builtin_return_address(0);
    own_deep(t);
    NOT_A_TAIL_CALL();
}

static NOINLINE void inner(struct trace *t)
{
    t->outer = (uintptr_t)__builtin_return_address(0);
    hook(t);
    NOT_A_TAIL_CALL();
}

static NOINLINE void outer(struct trace *t)
{
    t->outermost = (uintptr_t)__builtin_return_address(0);
    inner(t);
    NOT_A_TAIL_CALL();
}

START_TEST(starts_at_the_caller)
{
    struct trace t = { .max = LV_ARRAY_SIZE(t.frames) };

    outer(&t);
    ck_assert_uint_ge(t.count, 4); /* inner, outer, this test, check's runner */
    ck_assert_uint_eq(t.frames[0], t.caller);
    ck_assert_uint_eq(t.frames[1], t.outer);
    ck_assert_uint_eq(t.frames[2], t.outermost);
}
END_TEST

START_TEST(keeps_at_most_max)
{
    for (uint32_t max = 1; max <= 3; max++) {
        struct trace t = { .max = max };

        memset(t.frames, 0xee, sizeof(t.frames));
        outer(&t);
        ck_assert_uint_eq(t.count, max);
        ck_assert_uint_eq(t.frames[0], t.caller);
        ck_assert_uint_eq(t.frames[max], (uintptr_t)0xeeeeeeeeeeeeeeeeu);
    }
}
END_TEST

START_TEST(falls_back_to_the_caller)
{
    struct trace t = { .max = LV_ARRAY_SIZE(t.frames), .wrong_caller = true };

    outer(&t);
    ck_assert_uint_eq(t.count, 1);
    ck_assert_uint_eq(t.frames[0], 0x1234);
}
END_TEST

static NOINLINE void recurse(int depth, struct trace *t)
{
    if (depth > 0)
        recurse(depth - 1, t);
    else
        hook(t);
    NOT_A_TAIL_CALL();
}

START_TEST(deep_stacks)
{
    static const int depths[] = { 10, 100, 2000 };

    for (size_t i = 0; i < LV_ARRAY_SIZE(depths); i++) {
        struct trace t = { .max = LV_ARRAY_SIZE(t.frames) };

        recurse(depths[i], &t);
        ck_assert_uint_eq(t.frames[0], t.caller);
        if (depths[i] >= (int)LV_ARRAY_SIZE(t.frames))
            ck_assert_uint_eq(t.count, LV_ARRAY_SIZE(t.frames));
        else
            ck_assert_uint_gt(t.count, (uint32_t)depths[i]);
        for (uint32_t k = 2; k < 10; k++)
            ck_assert_uint_eq(t.frames[k], t.frames[1]);
    }
}
END_TEST

struct first_call {
    struct trace trace;
    unsigned long allocated;
};

static void *first_call(void *arg)
{
    struct first_call *f = arg;
    unsigned long before = allocations;

    outer(&f->trace);
    f->allocated = allocations - before;
    return NULL;
}

/* The thread's very first call, and in the first round the process's. */
START_TEST(allocates_nothing)
{
    for (int i = 0; i < 3; i++) {
        struct first_call f = { .trace.max = LV_ARRAY_SIZE(f.trace.frames) };
        pthread_t thread;

        ck_assert_int_eq(pthread_create(&thread, NULL, first_call, &f), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_uint_ge(f.trace.count, 3);
        ck_assert_uint_eq(f.trace.frames[1], f.trace.outer);
        ck_assert_uint_eq(f.allocated, 0);
    }
    for (int depth = 0; depth < 40; depth++) {
        struct trace t = { .max = LV_ARRAY_SIZE(t.frames) };
        unsigned long before = allocations;

        recurse(depth, &t);
        ck_assert_uint_eq(allocations, before);
    }
}
END_TEST

/* A count that cannot move would prove nothing. */
START_TEST(allocations_are_counted)
{
    unsigned long before = allocations;
    void *volatile p = malloc(1);

    free(p);
    ck_assert_uint_eq(allocations, before + COUNTS_ALLOCATIONS);
}
END_TEST

/* ---- signal stacks ---- */

static struct trace in_handler;

static void on_signal(int number)
{
    (void)number;
    outer(&in_handler);
}

static void raise_on_stack_of(size_t size)
{
    stack_t stack = { .ss_sp = malloc(size), .ss_size = size }, none = { .ss_flags = SS_DISABLE };
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };

    ck_assert_ptr_nonnull(stack.ss_sp);
    in_handler = (struct trace){ .max = LV_ARRAY_SIZE(in_handler.frames) };
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert_int_eq(sigaltstack(&none, NULL), 0);
    free(stack.ss_sp);
}

START_TEST(only_the_caller_on_a_small_signal_stack)
{
    raise_on_stack_of(32 * 1024);
    ck_assert_uint_eq(in_handler.count, 1);
    ck_assert_uint_eq(in_handler.frames[0], in_handler.caller);
    raise_on_stack_of(256 * 1024);
    ck_assert_uint_ge(in_handler.count, 5);
    ck_assert_uint_eq(in_handler.frames[1], in_handler.outer);
}
END_TEST

/* ---- file descriptors ---- */

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int open_count(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += is_open(fd);
    return count;
}

START_TEST(opens_no_descriptor)
{
    int before = open_count();
    struct trace t = { .max = LV_ARRAY_SIZE(t.frames) };

    lv_unwind_init();
    ck_assert_int_eq(open_count(), before);
    recurse(100, &t);
    ck_assert_uint_eq(t.frames[0], t.caller);
    ck_assert_int_eq(open_count(), before);
    lv_unwind_init();
    ck_assert_int_eq(open_count(), before);
}
END_TEST

/* The program's own descriptors stand where libunwind would have its pipe; no byte may come or go. */
START_TEST(touches_no_descriptor)
{
    enum {
        PAIRS = 4
    };
    struct first_call f = { .trace.max = LV_ARRAY_SIZE(f.trace.frames) };
    struct trace t = { .max = LV_ARRAY_SIZE(t.frames) };
    int ends[PAIRS][2];
    pthread_t thread;
    char buf[8];

    lv_unwind_init();
    for (int i = 0; i < PAIRS; i++) {
        ck_assert_int_eq(pipe2(ends[i], O_NONBLOCK), 0);
        ck_assert_int_eq(write(ends[i][1], "abc", 3), 3);
    }
    recurse(300, &t);
    ck_assert_uint_eq(t.count, LV_ARRAY_SIZE(t.frames));
    ck_assert_int_eq(pthread_create(&thread, NULL, first_call, &f), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(f.trace.frames[1], f.trace.outer);
    ck_assert_uint_eq(f.allocated, 0);
    for (int i = 0; i < PAIRS; i++) {
        ck_assert_int_eq(read(ends[i][0], buf, sizeof(buf)), 3);
        ck_assert_mem_eq(buf, "abc", 3);
    }
}
END_TEST

/* ---- modules ---- */

#if HAS_HOOK

static NOINLINE bool try_without_hook(void)
{
    bool works = lv_unwind_try();

    NOT_A_TAIL_CALL();
    return works;
}

static NOINLINE bool try_with_hook(void)
{
    bool works = lv_unwind_try();

    NOT_A_TAIL_CALL();
    return works;
}

static NOINLINE void on_new_frames(struct trace *t)
{
    outer(t);
    NOT_A_TAIL_CALL();
}

static int count_module(struct dl_phdr_info *info, size_t size, void *count)
{
    (void)info;
    (void)size;
    ++*(int *)count;
    return 0;
}

/* Nothing is known of what libunwind asks, so no hook may wait for it: only the caller is left. */
START_TEST(off_without_the_hook)
{
    struct trace t = { .max = LV_ARRAY_SIZE(t.frames) };
    uint64_t before = lv_unwind_short_count();

    lv_unwind_init();
    hook_answers = false;
    ck_assert(!try_without_hook());
    outer(&t);
    ck_assert_uint_eq(t.count, 1);
    ck_assert_uint_eq(t.frames[0], t.caller);
    ck_assert_uint_eq(lv_unwind_short_count(), before + 1);
}
END_TEST

START_TEST(asks_the_hook_alone)
{
    struct trace t = { .max = LV_ARRAY_SIZE(t.frames) };
    int passed_before, count = 0;

    lv_unwind_init();
    hook_answers = true;
    ck_assert(try_with_hook());
    passed_before = passed_on;
    answered = 0;
    on_new_frames(&t);
    ck_assert_uint_ge(t.count, 4);
    ck_assert_uint_eq(t.frames[0], t.caller);
    ck_assert_uint_eq(t.frames[1], t.outer);
    ck_assert_int_gt(answered, 0);
    ck_assert_int_eq(passed_on, passed_before);
    /* Other callbacks are the program's. */
    ck_assert_int_eq(dl_iterate_phdr(count_module, &count), 0);
    ck_assert_int_gt(count, 2);
    ck_assert_int_eq(passed_on, passed_before + 1);
}
END_TEST

#endif

int main(void)
{
    Suite *suite = suite_create("unwind");
    TCase *tcase = tcase_create("unwind");

    /* The two about descriptors first: without a process for each test the first use of libunwind must be theirs. */
    tcase_add_test(tcase, opens_no_descriptor);
    tcase_add_test(tcase, touches_no_descriptor);
#if HAS_HOOK
    tcase_add_test(tcase, off_without_the_hook);
    tcase_add_test(tcase, asks_the_hook_alone);
#endif
    tcase_add_test(tcase, allocates_nothing);
    tcase_add_test(tcase, allocations_are_counted);
    tcase_add_test(tcase, starts_at_the_caller);
    tcase_add_test(tcase, keeps_at_most_max);
    tcase_add_test(tcase, falls_back_to_the_caller);
    tcase_add_test(tcase, deep_stacks);
    tcase_add_test(tcase, only_the_caller_on_a_small_signal_stack);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
