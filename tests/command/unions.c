/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "unions.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rec_set *set;
struct cy_result result;
unsigned class_count;
unsigned edge_modes[CLASSES][CLASSES];
static char names[CLASSES][16];
static const char *kinds[CLASSES], *standings[CLASSES];
static unsigned numbers;

static void line(const char *format, ...)
{
    char text[4096];
    va_list args;
    int len;

    len = snprintf(text, sizeof(text), "{\"pid\":0,\"run\":\"merged\",\"t\":");
    va_start(args, format);
    len += vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    ck_assert_int_lt(len, (int)sizeof(text) - 2);
    (void)strcat(text, "}");
    ck_assert(rec_read_line(set, "merged", text, strlen(text)));
}

void begin(void)
{
    set = rec_open();
    class_count = numbers = 0;
    memset(edge_modes, 0, sizeof(edge_modes));
    line("\"meta\",\"format\":1,\"merged\":true,\"runs\":3,\"runs_exact\":true");
}

unsigned class_of(const char *name)
{
    const char *slash = strchr(name, '/');
    unsigned base = 0, number;

    for (unsigned i = 0; i < class_count; i++)
        if (strcmp(names[i], name) == 0)
            return i + 1;
    if (slash != NULL) {
        char plain[16];

        (void)snprintf(plain, sizeof(plain), "%.*s", (int)(slash - name), name);
        base = class_of(plain);
    }
    number = ++class_count;
    ck_assert_uint_le(number, CLASSES);
    (void)snprintf(names[number - 1], sizeof(names[0]), "%s", name);
    kinds[number - 1] = strchr("SQV", name[0]) != NULL  ? "semaphore"
                        : strchr("EJ", name[0]) != NULL ? "event"
                                                        : "mutex";
    standings[number - 1] = name[0] == 'Q' ? "candidate" : name[0] == 'V' ? "event" : "lock";
    line("\"class\",\"id\":%u,\"key\":\"%s:aa+0x%x\",\"stable\":\"static:p:%s\",\"name\":\"%s\",\"kind\":\"%s\","
         "\"base\":%u,"
         "\"subclass\":%d,\"standing\":\"%s\",\"usage\":\"....\",\"origin\":\"static (p)\"",
         number, name[0] == 'J' ? "join" : "static", number, name, name, kinds[number - 1], base,
         slash != NULL ? atoi(slash + 1) : 0, standings[number - 1]);
    return number;
}

static void run_line(unsigned run)
{
    line("\"run\",\"id\":%u,\"of\":\"%u/"
         "0000000a\",\"hash\":\"%016x\",\"program\":\"p\",\"argv\":[\"p\",\"%u\"],\"test\":\"t%u\","
         "\"commit\":\"c%u\",\"host\":\"h\",\"start_ms\":%u",
         run, run, run, run, run, run, run * 1000);
}

struct lock lock_of(const char *word)
{
    struct lock lock = { .mode = "write", .flag = "" };
    const char *flag = strchr(word, '!'), *mode = strchr(word, ':');
    size_t len = strcspn(word, ":!");

    (void)snprintf(lock.name, sizeof(lock.name), "%.*s", (int)len, word);
    if (mode != NULL)
        lock.mode = mode[1] == 'R' ? "read-recursive" : "read";
    if (flag != NULL)
        lock.flag = flag + 1;
    lock.class = class_of(lock.name);
    return lock;
}

static char *put_lock(const struct lock *lock, char *to)
{
    return to + sprintf(to, "{\"class\":%u,\"instance\":%u,\"mode\":\"%s\",\"flags\":[%s%s%s],\"stack\":0}",
                        lock->class, lock->class, lock->mode, lock->flag[0] != '\0' ? "\"" : "", lock->flag,
                        lock->flag[0] != '\0' ? "\"" : "");
}

static unsigned dep_bit(const struct lock *held, const struct lock *wanted)
{
    unsigned bit = (strcmp(held->mode, "write") == 0 ? 1u : 4u)
                   << (strcmp(wanted->mode, "read-recursive") == 0 ? 0 : 1);

    return strcmp(wanted->flag, "timed") == 0 ? bit << 4 : bit;
}

static void edge_line(unsigned from, unsigned to, unsigned witness, unsigned held)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    char modes[128] = "";

    for (unsigned i = 0; i < 8; i++)
        if ((edge_modes[from - 1][to - 1] >> i & 1) != 0)
            (void)sprintf(modes + strlen(modes), "%s\"%s\"", modes[0] != '\0' ? "," : "", words[i]);
    line("\"edge\",\"from\":%u,\"to\":%u,\"modes\":[%s],\"witness\":%u,\"held\":%u", from, to, modes, witness, held);
}

void takes_these(unsigned run, const struct lock *locks, unsigned count)
{
    char text[2048] = "", *to = text;
    char wanted[256];
    unsigned number = ++numbers;

    run_line(run);
    for (unsigned i = 0; i + 1 < count; i++) {
        if (i != 0)
            *to++ = ',';
        to = put_lock(&locks[i], to);
    }
    (void)put_lock(&locks[count - 1], wanted);
    line("\"thread\",\"id\":%u,\"tid\":%u,\"name\":\"t%u\",\"start\":\"\"", number, number, number);
    line("\"witness\",\"id\":%u,\"of\":%u,\"thread\":%u,\"wanted\":%s,\"held\":[%s],\"left_out\":false", number, run,
         number, wanted, text);
    for (unsigned i = count - 1; i-- > 0;) {
        unsigned from = locks[i].class, to_class = locks[count - 1].class;

        edge_modes[from - 1][to_class - 1] |= dep_bit(&locks[i], &locks[count - 1]);
        edge_line(from, to_class, number, i);
        if (strcmp(locks[i].flag, "try") != 0)
            break;
    }
}

void takes(unsigned run, const char *text)
{
    struct lock locks[NESTED];
    char *copy = strdup(text), *rest = copy;
    unsigned count = 0;

    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        locks[count++] = lock_of(word);
    takes_these(run, locks, count);
    free(copy);
}

void finds(unsigned run, const char *verdict, const char *text)
{
    find_all(run, run, verdict, text);
}

void find_all(unsigned run, unsigned last, const char *verdict, const char *text)
{
    char sample[1024] = "";
    char edges[4096] = "", *copy = strdup(text), *rest = copy;
    unsigned classes[NESTED], count = 0;

    run_line(run);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        classes[count++] = class_of(word);
    for (unsigned i = 0; i < count; i++)
        (void)sprintf(edges + strlen(edges),
                      "%s{\"kind\":\"lock\",\"thread\":{\"id\":1,\"tid\":1,\"name\":\"t1\",\"start\":\"\"},\"held\":{"
                      "\"class\":%u},"
                      "\"wanted\":{\"class\":%u}}",
                      i != 0 ? "," : "", classes[i], classes[(i + 1) % count]);
    for (unsigned i = run; i <= last; i++)
        (void)sprintf(sample + strlen(sample), "%s\"%016x\"", i != run ? "," : "", i);
    line("\"finding\",\"kind\":\"circular\",\"verdict\":\"%s\",\"reasons\":[\"as it "
         "said\"],\"fingerprint\":\"%016x\",\"of\":%u,"
         "\"edges\":[%s],\"counts\":true,\"held\":[],\"stack\":0,\"text\":\"report\",\"seen\":{\"first\":1,\"last\":1,"
         "\"runs\":%u,\"runs_exact\":true,\"sample\":[%s],\"tests\":[]}",
         verdict, 0x1000u + run, run, edges, last - run + 1, sample);
    free(copy);
}

void uses(unsigned run, const char *side, const char *word, const char *context, const char *handler)
{
    struct lock lock = lock_of(word);
    char text[256];
    bool weak =
        strcmp(side, "inside") == 0 ? strcmp(lock.mode, "read-recursive") == 0 : strcmp(lock.mode, "write") != 0;

    run_line(run);
    (void)put_lock(&lock, text);
    line("\"use\",\"class\":%u,\"side\":\"%s\",\"weak\":%s,\"contexts\":[{\"name\":\"%s\",\"handler\":\"%s\"}],"
         "\"thread\":0,"
         "\"lock\":%s,\"at\":0,\"of\":%u",
         lock.class, side, weak ? "true" : "false", context, handler, text, run);
}

void look(void)
{
    const struct cy_options options = { .most = 0, .fail_on = REC_POTENTIAL };

    ck_assert(cy_look(set->processes[0], &options, &result));
}

void end(void)
{
    rec_close(set);
}

bool has_edge(const struct rec_finding *finding, unsigned from, unsigned to)
{
    for (size_t i = 0; i < finding->edge_count; i++)
        if (finding->edges[i].held.class->id == from && finding->edges[i].wanted.class->id == to)
            return true;
    return false;
}
