/* SPDX-License-Identifier: MIT */
/*
 * post make|send|collect FILE [together]: processes that share memory, and two locks in it. Who sends takes box and then book,
 * who collects takes them the other way round: the two processes can wait for each other for ever, and with "together" do.
 *
 * The locks are named, since nothing else says that what one process made is what another one takes.
 */

#include <fcntl.h>
#include <lockval.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct post {
    pthread_mutex_t box, book;
    int letters;         /* box */
    int sent, collected; /* book */
    atomic_int met;      /* how many have their first lock */
};

static struct lockval_key box_key, book_key;

static struct post *post_open(const char *file, int flags)
{
    int fd = open(file, O_RDWR | flags, 0600);
    void *memory = MAP_FAILED;

    if (fd >= 0 && ftruncate(fd, sizeof(struct post)) == 0)
        memory = mmap(NULL, sizeof(struct post), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

static void post_name(struct post *post)
{
    lockval_set_class(&post->box, LOCKVAL_MUTEX, &box_key, "post.box");
    lockval_set_class(&post->book, LOCKVAL_MUTEX, &book_key, "post.book");
}

static void post_make(struct post *post)
{
    pthread_mutexattr_t shared;

    (void)pthread_mutexattr_init(&shared);
    (void)pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    (void)pthread_mutex_init(&post->box, &shared);
    (void)pthread_mutex_init(&post->book, &shared);
    (void)pthread_mutexattr_destroy(&shared);
}

static void meet(struct post *post, int together)
{
    if (!together)
        return;
    atomic_fetch_add(&post->met, 1);
    while (atomic_load(&post->met) < 2)
        (void)sched_yield();
}

static void send_letter(struct post *post, int together)
{
    pthread_mutex_lock(&post->box);
    meet(post, together);
    pthread_mutex_lock(&post->book);
    post->letters++;
    post->sent++;
    pthread_mutex_unlock(&post->book);
    pthread_mutex_unlock(&post->box);
}

static void collect_letters(struct post *post, int together)
{
    pthread_mutex_lock(&post->book);
    meet(post, together);
    pthread_mutex_lock(&post->box);
    post->collected += post->letters;
    post->letters = 0;
    pthread_mutex_unlock(&post->box);
    pthread_mutex_unlock(&post->book);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    int together = argc > 3 && strcmp(argv[3], "together") == 0, makes = strcmp(what, "make") == 0;
    struct post *post;

    if (!makes && strcmp(what, "send") != 0 && strcmp(what, "collect") != 0) {
        (void)fprintf(stderr, "usage: post make|send|collect FILE [together]\n");
        return 2;
    }
    post = post_open(argv[2], makes ? O_CREAT | O_TRUNC : 0);
    if (post == NULL) {
        perror(argv[2]);
        return 1;
    }
    if (makes)
        post_make(post);
    post_name(post);
    if (strcmp(what, "send") == 0)
        send_letter(post, together);
    if (strcmp(what, "collect") == 0)
        collect_letters(post, together);
    return 0;
}
