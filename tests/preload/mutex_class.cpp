/* SPDX-License-Identifier: MIT */
/* Mutex classes of the program's own, as many C++ programs have them: their constructors initialise the mutex, and their
 * methods take it. The class of the lock is the place where the object is made, not the one place in the constructor. Built
 * without and with optimisation; with it the compiler must not inline, as it cannot across shared objects. */
#include <pthread.h>

#include <cstdio>
#include <cstring>
#include <memory>

#define OUT_OF_LINE __attribute__((noinline))

namespace port
{
class PortMutex
{
  public:
    OUT_OF_LINE PortMutex()
    {
        pthread_mutex_init(&mutex, nullptr);
        __asm__ volatile("" ::: "memory");
    }
    OUT_OF_LINE ~PortMutex()
    {
        pthread_mutex_destroy(&mutex);
        __asm__ volatile("" ::: "memory");
    }
    OUT_OF_LINE void Lock()
    {
        pthread_mutex_lock(&mutex);
        __asm__ volatile("" ::: "memory");
    }
    OUT_OF_LINE void Unlock()
    {
        pthread_mutex_unlock(&mutex);
        __asm__ volatile("" ::: "memory");
    }

  private:
    pthread_mutex_t mutex;
};

class Monitor : public PortMutex
{
  public:
    OUT_OF_LINE Monitor() : PortMutex()
    {
        __asm__ volatile("" ::: "memory");
    }
};
} /* namespace port */

struct account {
    OUT_OF_LINE account()
    {
        __asm__ volatile("" ::: "memory");
    }
    port::PortMutex lock;
};

struct journal {
    OUT_OF_LINE journal()
    {
        __asm__ volatile("" ::: "memory");
    }
    port::Monitor lock;
};

struct cache {
    OUT_OF_LINE cache()
    {
        __asm__ volatile("" ::: "memory");
    }
    port::PortMutex lock;
};

static void nest(port::PortMutex &outer, port::PortMutex &inner)
{
    outer.Lock();
    inner.Lock();
    inner.Unlock();
    outer.Unlock();
}

/* account before journal and journal before cache is an order, though all three go through one constructor; with one class
 * for all of them, or two, it would be a circle of instances or classes. */
/* case: in-order */
static void in_order()
{
    auto a = std::make_unique<account>();
    auto j = std::make_unique<journal>();
    auto c = std::make_unique<cache>();
    auto last = std::make_unique<account>();

    nest(a->lock, j->lock);
    nest(j->lock, c->lock);
    nest(a->lock, c->lock);
    nest(last->lock, c->lock);
    nest(last->lock, j->lock);
}

/* case: against-order */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: mutex@_ZN7accountC.* +init at */
/* expect: mutex@_ZN7journalC.* +init at */
static void against_order()
{
    in_order();
    auto a = std::make_unique<account>();
    auto j = std::make_unique<journal>();
    nest(j->lock, a->lock);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "in-order") == 0)
        in_order();
    else
        against_order();
    puts("done");
    return 0;
}
