/* SPDX-License-Identifier: MIT */
/* Accounts: one class, many locks. A transfer takes two of them. */
#include <pthread.h>
#include <stdio.h>

struct account {
    pthread_mutex_t lock;
    int money;
};

static struct account accounts[2];
static int turn; /* an atomic that lockval does not look at */

static void open_account(struct account *account)
{
    pthread_mutex_init(&account->lock, NULL);
    account->money = 100;
}

static void transfer(struct account *from, struct account *to, int money)
{
    pthread_mutex_lock(&from->lock);
    pthread_mutex_lock(&to->lock);
    from->money -= money;
    to->money += money;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}

static void *there(void *unused)
{
    transfer(&accounts[0], &accounts[1], 10);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    return unused;
}

static void *back(void *unused)
{
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == 0)
        ;
    transfer(&accounts[1], &accounts[0], 10);
    return unused;
}

int main(int argc, char **argv)
{
    void *(*const begin[])(void *) = { there, argc > 1 ? there : back };
    pthread_t threads[2];

    (void)argv;
    open_account(&accounts[0]);
    open_account(&accounts[1]);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, begin[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", accounts[0].money + accounts[1].money);
    return 0;
}
