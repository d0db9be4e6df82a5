/* SPDX-License-Identifier: MIT */
/* The way to the kernel, and the arenas that stand on it. */

#include "sys/arena.h"
#include "sys/os.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static char path[80];

static void setup(void)
{
    strcpy(folder, "/tmp/lockval-os-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file", folder);
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
}

/* ---- files ---- */

START_TEST(appends_and_reads_back)
{
    const void *data = NULL;
    char text[8];

    for (int i = 0; i < 2; i++) {
        int fd = lv_os_open_append(path);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(lv_os_write_all(fd, "line\n", 5), 0);
        lv_os_close(fd);
        ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    }
    ck_assert_int_eq(lv_os_map_file(path, &data), 10);
    ck_assert_mem_eq(data, "line\nline\n", 10);
    lv_os_unmap((void *)(uintptr_t)data, 10);

    ck_assert_int_eq(lv_os_read_text(path, text, sizeof(text)), 7);
    ck_assert_str_eq(text, "line\nli");
}
END_TEST

START_TEST(files_that_are_none)
{
    const void *data = &data;
    char text[8];

    errno = 12345;
    ck_assert_int_eq(lv_os_map_file(path, &data), -ENOENT);
    ck_assert_int_eq(lv_os_read_text(path, text, sizeof(text)), -ENOENT);
    ck_assert_int_eq(lv_os_read_link(path, text, sizeof(text)), -ENOENT);
    ck_assert_int_lt(lv_os_map_file(folder, &data), 0);
    ck_assert_int_eq(lv_os_read_text(folder, text, sizeof(text)), -EISDIR);
    ck_assert_int_lt(lv_os_open_append(folder), 0);
    ck_assert_int_eq(lv_os_write_all(-1, "x", 1), -EBADF);
    ck_assert_ptr_eq(data, &data);
    /* A FIFO without a writer must not stop the program. */
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_lt(lv_os_map_file(path, &data), 0);
    ck_assert_int_eq(lv_os_read_text(path, text, sizeof(text)), 0);
    ck_assert_int_eq(errno, 12345);
}
END_TEST

START_TEST(empty_file)
{
    const void *data = NULL;

    lv_os_close(lv_os_open_append(path));
    ck_assert_int_eq(lv_os_map_file(path, &data), 0);
    ck_assert_str_eq(data, "");
}
END_TEST

START_TEST(links)
{
    char text[8];

    ck_assert_int_eq(symlink("elsewhere", path), 0);
    ck_assert_int_eq(lv_os_read_link(path, text, sizeof(text)), 7);
    ck_assert_str_eq(text, "elsewhe");
}
END_TEST

/* ---- pipes ---- */

#define MUCH ((size_t)1 << 20)

static void *drain(void *arg)
{
    int fd = *(int *)arg;
    size_t sum = 0;
    char buf[1000];

    for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0; sum += (size_t)n)
        ;
    return (void *)sum;
}

/* More than a pipe holds, blocking and not. */
START_TEST(writes_all)
{
    for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
        char *data = lv_os_map(MUCH);
        pthread_t reader;
        void *sum;
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(fcntl(ends[1], F_SETFL, flags), 0);
        ck_assert_int_eq(pthread_create(&reader, NULL, drain, &ends[0]), 0);
        ck_assert_int_eq(lv_os_write_all(ends[1], data, MUCH), 0);
        close(ends[1]);
        ck_assert_int_eq(pthread_join(reader, &sum), 0);
        ck_assert_uint_eq((size_t)sum, MUCH);
        close(ends[0]);
        lv_os_unmap(data, MUCH);
    }
}
END_TEST

/* Nobody reads: it gives up. */
START_TEST(gives_up_on_a_full_pipe)
{
    char *data = lv_os_map(MUCH);
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    ck_assert_int_eq(lv_os_write_all(ends[1], data, MUCH), -EAGAIN);
}
END_TEST

static bool is_pending(int signal)
{
    sigset_t set;

    sigpending(&set);
    return sigismember(&set, signal) == 1;
}

/* SIGPIPE would end this process. */
START_TEST(broken_pipe)
{
    sigset_t set, now;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(lv_os_write_all(ends[1], "x", 1), -EPIPE);
    ck_assert(!is_pending(SIGPIPE));
    sigprocmask(SIG_BLOCK, NULL, &now);
    ck_assert_int_eq(sigismember(&now, SIGPIPE), 0);

    /* A program's own pending one stays. */
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ck_assert_int_eq(lv_os_write_all(ends[1], "x", 1), -EPIPE);
    ck_assert(!is_pending(SIGPIPE));
    raise(SIGPIPE);
    ck_assert_int_eq(lv_os_write_all(ends[1], "x", 1), -EPIPE);
    ck_assert(is_pending(SIGPIPE));
    ck_assert_int_eq(sigwaitinfo(&set, NULL), SIGPIPE);
}
END_TEST

START_TEST(file_size_limit)
{
    struct rlimit limit, old;
    int fd = lv_os_open_append(path), ret;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    limit.rlim_cur = 4;
    /* No check in between: they write to a file themselves. */
    setrlimit(RLIMIT_FSIZE, &limit);
    ret = lv_os_write_all(fd, "0123456789", 10);
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_int_eq(ret, -EFBIG);
    ck_assert(!is_pending(SIGXFSZ));
    lv_os_close(fd);
}
END_TEST

/* ---- memory ---- */

static bool is_zero(const char *p, size_t size)
{
    return size == 0 || (p[0] == 0 && memcmp(p, p + 1, size - 1) == 0);
}

START_TEST(maps)
{
    char *p = lv_os_map(10000);

    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % 4096, 0);
    ck_assert(is_zero(p, 10000));
    lv_os_unmap(p, 10000);
    ck_assert_ptr_null(lv_os_map(SIZE_MAX - 8192));
    ck_assert_ptr_null(lv_os_map(0));
}
END_TEST

START_TEST(reads_memory_that_may_not_be_there)
{
    char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char to[100] = "";

    ck_assert_ptr_ne(p, MAP_FAILED);
    memset(p, 'x', 3 * 4096);
    ck_assert_int_eq(mprotect(p + 4096, 4096, PROT_NONE), 0);
    ck_assert_int_eq(munmap(p + 8192, 4096), 0);

    ck_assert_int_eq(lv_os_read_memory((uintptr_t)p + 4000, to, 96), 0);
    ck_assert_int_eq(to[95], 'x');
    ck_assert_int_eq(lv_os_read_memory((uintptr_t)p + 4000, to, 97), -EFAULT);
    ck_assert_int_eq(lv_os_read_memory((uintptr_t)p + 4096, to, 1), -EFAULT);
    ck_assert_int_eq(lv_os_read_memory((uintptr_t)p + 8192, to, 1), -EFAULT);
    ck_assert_int_eq(lv_os_read_memory(0, to, 1), -EFAULT);
    ck_assert_int_eq(lv_os_read_memory(UINTPTR_MAX - 4, to, 8), -EFAULT);
    ck_assert_int_eq(lv_os_read_memory(0, to, 0), 0);
}
END_TEST

START_TEST(reads_pieces_of_memory)
{
    char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char to[3][16] = { "" };
    struct lv_os_piece pieces[LV_OS_PIECES + 1] = { { 0 } };

    ck_assert_ptr_ne(p, MAP_FAILED);
    memset(p, 'x', 8192);
    ck_assert_int_eq(mprotect(p + 4096, 4096, PROT_NONE), 0);
    for (size_t i = 0; i < 3; i++)
        pieces[i] = (struct lv_os_piece){ (uintptr_t)p + 100 * i, to[i], 16 };
    ck_assert(lv_os_read_pieces(pieces, 3, lv_os_tid()));
    ck_assert(to[0][0] == 'x' && to[1][15] == 'x' && to[2][15] == 'x');
    ck_assert(lv_os_read_pieces(pieces, 0, lv_os_tid()));
    ck_assert(!lv_os_read_pieces(pieces, LV_OS_PIECES + 1, lv_os_tid()));
    /* Whichever of them cannot be read. */
    for (size_t i = 0; i < 3; i++) {
        pieces[i].from = (uintptr_t)p + 4090;
        ck_assert(!lv_os_read_pieces(pieces, 3, lv_os_tid()));
        pieces[i].from = (uintptr_t)p + 4096 - 16;
        ck_assert(lv_os_read_pieces(pieces, 3, lv_os_tid()));
    }
}
END_TEST

/* In a child: make the kernel refuse process_vm_readv, as sandboxes do, and read again. Returns the child's status. */
static int read_in_a_sandbox(char *readable_page)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { .len = LV_ARRAY_SIZE(code), .filter = code };
    uintptr_t end = (uintptr_t)readable_page + 4096;
    sigset_t before, after;
    char to[8192] = "";

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        return 77;
    sigemptyset(&before);
    sigemptyset(&after);
    sigprocmask(SIG_BLOCK, NULL, &before);
    if (lv_os_read_memory(end - 96, to, 96) != 0 || to[0] != 'x' || to[95] != 'x' || to[96] != 0)
        return 1;
    if (lv_os_read_memory(end - 96, to, 97) != -EFAULT || lv_os_read_memory(end - 1, to, 2) != -EFAULT)
        return 2;
    if (lv_os_read_memory(end - 4096, to, 8192) != -EFAULT || lv_os_read_memory(0, to, 1) != -EFAULT)
        return 3;
    if (lv_os_read_memory(UINTPTR_MAX - 4, to, 4) != -EFAULT)
        return 4;
    sigprocmask(SIG_BLOCK, NULL, &after);
    return memcmp(&before, &after, sizeof(before)) == 0 ? 0 : 5;
}

START_TEST(reads_memory_in_a_sandbox)
{
    char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const char *preloaded = getenv("LD_PRELOAD");
    pid_t child;
    int status;

    /* valgrind reports what this does on purpose: it gives the kernel addresses that are none. */
    if (preloaded && strstr(preloaded, "vgpreload"))
        return;
    ck_assert_ptr_ne(p, MAP_FAILED);
    memset(p, 'x', 8192);
    ck_assert_int_eq(mprotect(p + 4096, 4096, PROT_NONE), 0);
    child = fork();
    if (child == 0)
        _exit(read_in_a_sandbox(p));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    /* 77: no sandbox can be made here. */
    if (WEXITSTATUS(status) != 77)
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* ---- threads and signals ---- */

static void *other_thread(void *arg)
{
    pid_t *ids = arg;
    char name[16];

    pthread_setname_np(pthread_self(), "fifteen-letters");
    lv_os_thread_name(name);
    ids[0] = lv_os_pid();
    ids[1] = lv_os_tid();
    ids[2] = strcmp(name, "fifteen-letters");
    return NULL;
}

START_TEST(who_am_i)
{
    pthread_t thread;
    pid_t ids[3] = { 0 };

    ck_assert_int_eq(lv_os_pid(), getpid());
    ck_assert_int_eq(lv_os_tid(), getpid());
    ck_assert_int_eq(pthread_create(&thread, NULL, other_thread, ids), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(ids[0], getpid());
    ck_assert_int_ne(ids[1], getpid());
    ck_assert_int_eq(ids[2], 0);
}
END_TEST

START_TEST(random_values_differ)
{
    uint64_t a = lv_os_random(), b = lv_os_random();

    ck_assert(a != b);
    ck_assert((a >> 32) != 0 || (b >> 32) != 0);
}
END_TEST

static volatile sig_atomic_t caught;

static void catch_signal(int signal)
{
    (void)signal;
    caught++;
}

START_TEST(signals_wait)
{
    struct lv_os_sigmask old, inner;

    signal(SIGUSR1, catch_signal);
    lv_os_block_signals(&old);
    raise(SIGUSR1);
    ck_assert_int_eq(caught, 0);
    lv_os_block_signals(&inner);
    lv_os_restore_signals(&inner);
    ck_assert_int_eq(caught, 0);
    lv_os_restore_signals(&old);
    ck_assert_int_eq(caught, 1);
    raise(SIGUSR1);
    ck_assert_int_eq(caught, 2);
}
END_TEST

START_TEST(futex_wait_does_not_wait_for_another_value)
{
    uint32_t word = 1;

    lv_os_futex_wait(&word, 2);
    lv_os_futex_wake(&word);
    ck_assert_uint_eq(word, 1);
}
END_TEST

static void at_exit(void)
{
    _exit(1);
}

START_TEST(exits_at_once)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        atexit(at_exit);
        lv_os_exit(42);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 42);
}
END_TEST

/* ---- arenas ---- */

START_TEST(arena_hands_out_zeroed_memory)
{
    struct lv_arena arena = { 0 };
    uint32_t seed = 1;
    char *last = NULL;

    for (int i = 0; i < 5000; i++) {
        size_t size;
        char *p;

        seed = seed * 1664525u + 1013904223u;
        size = i % 100 == 0 ? (seed >> 12) % 200000 : (seed >> 16) % 300;
        p = lv_arena_alloc(&arena, size);
        ck_assert_ptr_nonnull(p);
        ck_assert_ptr_ne(p, last);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        ck_assert_msg(is_zero(p, size), "handed out twice");
        memset(p, 0xff, size);
        last = p;
    }
    ck_assert_uint_gt(arena.total, 0);
}
END_TEST

START_TEST(arena_keeps_its_block_for_small_requests)
{
    struct lv_arena arena = { 0 };
    char *first = lv_arena_alloc(&arena, 16);
    size_t one_block = arena.total;

    ck_assert_ptr_nonnull(lv_arena_alloc(&arena, 1000000));
    ck_assert_uint_gt(arena.total, one_block + 999999);
    ck_assert_ptr_eq(lv_arena_alloc(&arena, 0), first + 16);
    ck_assert_ptr_eq(lv_arena_alloc(&arena, 1), first + 32);
    ck_assert_ptr_eq(lv_arena_alloc(&arena, 1), first + 48);
}
END_TEST

START_TEST(arena_gives_large_blocks_lines_of_their_own)
{
    struct lv_arena arena = { 0 };
    char *before = lv_arena_alloc(&arena, 16);
    char *large = lv_arena_alloc(&arena, 1030);
    char *after = lv_arena_alloc(&arena, 16);
    char *next = lv_arena_alloc(&arena, 1024);

    ck_assert_ptr_eq(large, before + 64);
    ck_assert_ptr_eq(after, large + 1088);
    ck_assert_ptr_eq(next, after + 64);
    ck_assert_ptr_eq(lv_arena_alloc(&arena, 1023), next + 1024);
    ck_assert_ptr_eq(lv_arena_alloc(&arena, 16), next + 2048);
}
END_TEST

START_TEST(arena_has_a_limit)
{
    struct lv_arena arena = { .limit = 10000 };
    int count = 0;

    ck_assert_ptr_null(lv_arena_alloc(&arena, 10001));
    ck_assert_ptr_null(lv_arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(lv_arena_alloc(&arena, SIZE_MAX / 2));
    ck_assert_uint_eq(arena.total, 0);
    /* Less than a block is used up to the last page that fits. */
    while (lv_arena_alloc(&arena, 1024))
        count++;
    ck_assert_int_eq(count, 8);
    ck_assert_uint_eq(arena.total, 8192);
    ck_assert_ptr_null(lv_arena_alloc(&arena, 1));
}
END_TEST

/* First, last and in between; what is not mapped is nobody's. */
static void no_handler(int number)
{
    (void)number;
}

START_TEST(signal_mask_and_action)
{
    struct sigaction action = { .sa_handler = no_handler, .sa_flags = (int)SA_RESETHAND };
    uint64_t bit = UINT64_C(1) << (SIGUSR1 - 1), flags = 1;
    sigset_t set;

    ck_assert_int_eq(sigemptyset(&set) | sigaddset(&set, SIGUSR1), 0);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    ck_assert_uint_eq(lv_os_signal_mask() & bit, bit);
    ck_assert_int_eq(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
    ck_assert_uint_eq(lv_os_signal_mask() & bit, 0);
    ck_assert_uint_eq(lv_os_signal_action(SIGUSR1, &flags), (uintptr_t)SIG_DFL);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_uint_eq(lv_os_signal_action(SIGUSR1, &flags), (uintptr_t)no_handler);
    ck_assert_uint_eq(flags & SA_RESETHAND, SA_RESETHAND);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert_uint_eq(lv_os_signal_action(SIGUSR1, &flags), (uintptr_t)SIG_DFL);
    ck_assert_ptr_eq(signal(SIGUSR1, SIG_IGN), SIG_DFL);
    ck_assert_uint_eq(lv_os_signal_action(SIGUSR1, &flags), (uintptr_t)SIG_IGN);
    ck_assert_uint_eq(lv_os_signal_action(1000, &flags), (uintptr_t)SIG_DFL);
}
END_TEST

START_TEST(private_memory)
{
    const size_t size = 4 * 4096;
    char *own = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    static int in_data;
    int on_stack;

    ck_assert(own != MAP_FAILED && shared != MAP_FAILED);
    for (size_t at = 0; at < size; at += 4095) {
        ck_assert(lv_os_is_private((uintptr_t)own + at));
        ck_assert(!lv_os_is_private((uintptr_t)shared + at));
    }
    ck_assert(lv_os_is_private((uintptr_t)&in_data));
    ck_assert(lv_os_is_private((uintptr_t)&on_stack));
    ck_assert(lv_os_is_private((uintptr_t)&lv_os_is_private));
    ck_assert_int_eq(munmap(own, size), 0);
    ck_assert(!lv_os_is_private((uintptr_t)own + 4096));
    ck_assert(!lv_os_is_private(0));
    ck_assert(!lv_os_is_private(UINTPTR_MAX));
    ck_assert_int_eq(munmap(shared, size), 0);
}
END_TEST

static void add_case(Suite *suite, const char *case_name, const TTest *const *tests, size_t count)
{
    TCase *tcase = tcase_create(case_name);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    const TTest *const files[] = { appends_and_reads_back, files_that_are_none, empty_file, links };
    const TTest *const pipes[] = { writes_all, gives_up_on_a_full_pipe, broken_pipe, file_size_limit };
    const TTest *const memory[] = { maps, private_memory, reads_memory_that_may_not_be_there, reads_pieces_of_memory,
                                    reads_memory_in_a_sandbox };
    const TTest *const threads[] = {
        who_am_i,
        random_values_differ,
        signals_wait,
        signal_mask_and_action,
        futex_wait_does_not_wait_for_another_value,
        exits_at_once,
    };
    const TTest *const arenas[] = {
        arena_hands_out_zeroed_memory,
        arena_keeps_its_block_for_small_requests,
        arena_gives_large_blocks_lines_of_their_own,
        arena_has_a_limit,
    };
    Suite *suite = suite_create("os");

    add_case(suite, "files", files, LV_ARRAY_SIZE(files));
    add_case(suite, "pipes", pipes, LV_ARRAY_SIZE(pipes));
    add_case(suite, "memory", memory, LV_ARRAY_SIZE(memory));
    add_case(suite, "threads", threads, LV_ARRAY_SIZE(threads));
    add_case(suite, "arenas", arenas, LV_ARRAY_SIZE(arenas));
    return unit_run(suite);
}
