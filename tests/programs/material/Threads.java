/* SPDX-License-Identifier: MIT */
/* Threads.java ROUNDS: threads of a JVM, which stands on pthread mutexes, conditions, signals and stacks of its own. Prints
 * what must be the same in every run. */

import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.*;
import java.util.stream.*;

public class Threads {
    static int counter;

    static void monitors(int rounds) throws Exception {
        Object lock = new Object();
        counter = 0;
        Thread[] threads = new Thread[6];
        for (int t = 0; t < threads.length; t++) {
            int turn = t;
            threads[t] = new Thread(() -> {
                for (int i = 0; i < rounds / 100; i++) {
                    synchronized (lock) {
                        while (counter % threads.length != turn) {
                            try {
                                lock.wait();
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        }
                        counter++;
                        lock.notifyAll();
                    }
                }
            });
        }
        for (Thread thread : threads)
            thread.start();
        for (Thread thread : threads)
            thread.join();
        System.out.println("monitors " + counter);
    }

    static void locks(int rounds) throws Exception {
        ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);
        Semaphore semaphore = new Semaphore(3);
        Map<Integer, Integer> map = new HashMap<>();
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Integer>> futures = new ArrayList<>();
        for (int i = 0; i < rounds / 10; i++) {
            int key = i;
            futures.add(pool.submit(() -> {
                semaphore.acquire();
                try {
                    lock.writeLock().lock();
                    try {
                        map.merge(key % 100, 1, Integer::sum);
                    } finally {
                        lock.writeLock().unlock();
                    }
                    lock.readLock().lock();
                    try {
                        return map.get(key % 100) > 0 ? 1 : 0;
                    } finally {
                        lock.readLock().unlock();
                    }
                } finally {
                    semaphore.release();
                }
            }));
        }
        int sum = 0;
        for (Future<Integer> future : futures)
            sum += future.get();
        pool.shutdown();
        System.out.println("locks " + sum + " " + map.values().stream().mapToInt(Integer::intValue).sum() + " "
            + pool.awaitTermination(10, TimeUnit.MINUTES));
    }

    /* Garbage of all sizes and ages, made by many threads, with some of it kept: the collectors' own threads have work. */
    static void garbage(int rounds) {
        long sum = IntStream.range(0, rounds).parallel().mapToLong(i -> {
            List<byte[]> kept = new ArrayList<>();
            for (int j = 0; j < 20; j++)
                kept.add(new byte[(i * 31 + j * 977) % 4000]);
            return kept.stream().mapToLong(bytes -> bytes.length).sum();
        }).sum();
        ConcurrentHashMap<Integer, String> map = new ConcurrentHashMap<>();
        IntStream.range(0, rounds).parallel().forEach(i -> map.merge(i % 1000, "x", (a, b) -> a.length() > 50 ? b : a + b));
        System.out.println("garbage " + sum + " " + map.size());
        System.gc();
    }

    static void interrupts() throws Exception {
        CountDownLatch ready = new CountDownLatch(10), interrupted = new CountDownLatch(10);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Thread thread = new Thread(() -> {
                try {
                    ready.countDown();
                    new SynchronousQueue<Integer>().take();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                }
            });
            thread.start();
            threads.add(thread);
        }
        ready.await();
        threads.forEach(Thread::interrupt);
        interrupted.await();
        for (Thread thread : threads)
            thread.join();
        System.out.println("interrupted " + interrupted.getCount());
    }

    /* Null pointers and deep stacks come as signals. */
    static int depth;

    static void dive() {
        depth++;
        dive();
    }

    static void faults(int rounds) throws Exception {
        AtomicInteger caught = new AtomicInteger();
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            threads[t] = new Thread(() -> {
                for (int i = 0; i < rounds / 10; i++) {
                    String nothing = i % 2 == 0 ? null : "x";
                    try {
                        caught.addAndGet(nothing.length());
                    } catch (NullPointerException e) {
                        caught.incrementAndGet();
                    }
                }
                try {
                    dive();
                } catch (StackOverflowError e) {
                    caught.incrementAndGet();
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads)
            thread.join();
        System.out.println("caught " + caught);
    }

    static void processes() throws Exception {
        int sum = 0;
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 5; i++)
            processes.add(new ProcessBuilder("sh", "-c", "exit " + i).start());
        for (Process process : processes)
            sum += process.waitFor();
        System.out.println("processes " + sum);
    }

    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        monitors(rounds);
        locks(rounds);
        garbage(rounds);
        interrupts();
        faults(rounds);
        processes();
        CompletableFuture<Integer> future = CompletableFuture.supplyAsync(() -> 20).thenApplyAsync(x -> x + 1)
            .thenCombine(CompletableFuture.supplyAsync(() -> 21), Integer::sum);
        System.out.println("future " + future.get());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    }
}
