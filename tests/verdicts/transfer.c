/* SPDX-License-Identifier: MIT */
/* Money from one account to another, a lock in each account: all of one class. */
#include "side_by_side.h"

struct account {
    pthread_mutex_t lock;
    long money;
};

static struct account *alice, *bob, *carol;
static pthread_mutex_t bank = PTHREAD_MUTEX_INITIALIZER;

/* One call site, so one class. */
static __attribute__((noinline)) struct account *open_account(long money)
{
    struct account *account = malloc(sizeof(*account));

    MUST(account != NULL && pthread_mutex_init(&account->lock, NULL) == 0);
    account->money = money;
    return account;
}

static void move(struct account *from, struct account *to)
{
    from->money--;
    to->money++;
}

static void transfer(struct account *from, struct account *to)
{
    MUST(pthread_mutex_lock(&from->lock) == 0);
    MUST(pthread_mutex_lock(&to->lock) == 0);
    move(from, to);
    MUST(pthread_mutex_unlock(&to->lock) == 0);
    MUST(pthread_mutex_unlock(&from->lock) == 0);
}

/* The account at the lower address first. */
static void transfer_in_order(struct account *from, struct account *to)
{
    struct account *first = from < to ? from : to, *second = from < to ? to : from;

    MUST(pthread_mutex_lock(&first->lock) == 0);
    MUST(pthread_mutex_lock(&second->lock) == 0);
    move(from, to);
    MUST(pthread_mutex_unlock(&second->lock) == 0);
    MUST(pthread_mutex_unlock(&first->lock) == 0);
}

static void alice_to_bob(void)
{
    transfer(alice, bob);
}

static void bob_to_alice(void)
{
    transfer(bob, alice);
}

static void bob_to_carol(void)
{
    transfer(bob, carol);
}

static void carol_to_alice(void)
{
    transfer(carol, alice);
}

static void alice_to_bob_in_order(void)
{
    transfer_in_order(alice, bob);
}

static void bob_to_alice_in_order(void)
{
    transfer_in_order(bob, alice);
}

static void alice_to_bob_in_bank(void)
{
    MUST(pthread_mutex_lock(&bank) == 0);
    transfer(alice, bob);
    MUST(pthread_mutex_unlock(&bank) == 0);
}

static void bob_to_alice_in_bank(void)
{
    MUST(pthread_mutex_lock(&bank) == 0);
    transfer(bob, alice);
    MUST(pthread_mutex_unlock(&bank) == 0);
}

/* case: opposite */
/* title: transfer(a, b) and transfer(b, a) in two threads */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: feasible$ */
static void opposite(void)
{
    SIDE_BY_SIDE(alice_to_bob, bob_to_alice);
}

/* case: opposite-one-thread */
/* title: transfer(a, b) and transfer(b, a) in one thread */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: potential$ */
static void opposite_one_thread(void)
{
    alice_to_bob();
    bob_to_alice();
}

/* case: three */
/* title: transfer(a, b), transfer(b, c) and transfer(c, a) in three threads */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: feasible$ */
static void three(void)
{
    SIDE_BY_SIDE(alice_to_bob, bob_to_carol, carol_to_alice);
}

/* case: in-bank */
/* title: transfer(a, b) and transfer(b, a) in two threads, under one lock of the bank */
/* status: 0 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: guarded$ */
static void in_bank(void)
{
    SIDE_BY_SIDE(alice_to_bob_in_bank, bob_to_alice_in_bank);
}

/* case: address-order */
/* title: transfer(a, b) and transfer(b, a) in two threads, by address */
static void address_order(void)
{
    SIDE_BY_SIDE(alice_to_bob_in_order, bob_to_alice_in_order);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "opposite", opposite },
        { "opposite-one-thread", opposite_one_thread },
        { "three", three },
        { "in-bank", in_bank },
        { "address-order", address_order },
    };

    (void)argc;
    alice = open_account(10);
    bob = open_account(20);
    carol = open_account(30);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    printf("%ld %ld %ld\n", alice->money, bob->money, carol->money);
    return 0;
}
