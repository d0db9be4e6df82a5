/* SPDX-License-Identifier: MIT */
/* Files and their folder. Two threads, four locks, two classes. */
#include <pthread.h>
#include <stdio.h>

struct folder {
    pthread_mutex_t lock;
    int files;
};

struct file {
    pthread_mutex_t lock;
    struct folder *folder;
    int size;
};

static struct folder folders[2];
static struct file files[2];

static void make_folder(struct folder *folder)
{
    pthread_mutex_init(&folder->lock, NULL);
}

static void make_file(struct file *file, struct folder *folder)
{
    pthread_mutex_init(&file->lock, NULL);
    file->folder = folder;
}

/* A new file: the folder counts it. */
static void *create(void *unused)
{
    pthread_mutex_lock(&folders[0].lock);
    folders[0].files++;
    pthread_mutex_lock(&files[0].lock);
    files[0].size = 1;
    pthread_mutex_unlock(&files[0].lock);
    pthread_mutex_unlock(&folders[0].lock);
    return unused;
}

/* A file grows. Its folder wants to know. */
static void *grow(void *unused)
{
    pthread_mutex_lock(&files[1].folder->lock);
    pthread_mutex_lock(&files[1].lock);
    files[1].size++;
    files[1].folder->files += files[1].size == 1;
    pthread_mutex_unlock(&files[1].lock);
    pthread_mutex_unlock(&files[1].folder->lock);
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    for (int i = 0; i < 2; i++) {
        make_folder(&folders[i]);
        make_file(&files[i], &folders[i]);
    }
    pthread_create(&threads[0], NULL, create, NULL);
    pthread_create(&threads[1], NULL, grow, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%d files\n", folders[0].files + folders[1].files);
    return 0;
}
