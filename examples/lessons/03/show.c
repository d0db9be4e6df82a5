/* SPDX-License-Identifier: MIT */
/* Inodes and pages, many of each. These four locks can never hang; others of their kinds can. */
#include <pthread.h>
#include <stdio.h>

struct thing {
    pthread_mutex_t lock;
};

static struct thing inodes[2], pages[2];
static int turn; /* an atomic that lockval does not look at */

static void make_inode(struct thing *inode)
{
    pthread_mutex_init(&inode->lock, NULL);
}

static void make_page(struct thing *page)
{
    pthread_mutex_init(&page->lock, NULL);
}

static void take_both(struct thing *outer, struct thing *inner)
{
    pthread_mutex_lock(&outer->lock);
    pthread_mutex_lock(&inner->lock);
    pthread_mutex_unlock(&inner->lock);
    pthread_mutex_unlock(&outer->lock);
}

static void *read_file(void *unused)
{
    take_both(&inodes[0], &pages[0]);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    return unused;
}

static void *write_back(void *unused)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == 0)
        ;
    take_both(&pages[1], &inodes[1]);
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++) {
        make_inode(&inodes[i]);
        make_page(&pages[i]);
    }
    pthread_create(&threads[0], NULL, read_file, NULL);
    pthread_create(&threads[1], NULL, write_back, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    puts("all is well");
    return 0;
}
