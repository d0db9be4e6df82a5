/* SPDX-License-Identifier: MIT */
/* Three boxes in a ring. Each thread moves a thing from one box to the next. */
#include <pthread.h>
#include <stdio.h>

struct box {
    pthread_mutex_t lock;
    int things;
};

static struct box boxes[3];

static void make_box(struct box *box)
{
    pthread_mutex_init(&box->lock, NULL);
    box->things = 1;
}

static void move(struct box *from, struct box *to)
{
    pthread_mutex_lock(&from->lock);
    pthread_mutex_lock(&to->lock);
    from->things--;
    to->things++;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}

static void *mover(void *number)
{
    int i = (int)(long)number;

    move(&boxes[i], &boxes[(i + 1) % 3]);
    return NULL;
}

int main(void)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        make_box(&boxes[i]);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, mover, (void *)(long)i);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("%d %d %d\n", boxes[0].things, boxes[1].things, boxes[2].things);
    return 0;
}
