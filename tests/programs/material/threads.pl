# SPDX-License-Identifier: MIT
# threads.pl ROUNDS: interpreter threads, each a copy of the interpreter. Prints what must be the same in every run.
use strict;
use warnings;
use threads;
use threads::shared;
use Thread::Queue;
use Thread::Semaphore;

my $rounds = shift;
my $count :shared = 0;
my %sums :shared;
my $queue = Thread::Queue->new();
my $results = Thread::Queue->new();
my $gate = Thread::Semaphore->new(2);

my @workers = map {
    my $number = $_;
    threads->create(sub {
        while (defined(my $item = $queue->dequeue())) {
            $gate->down();
            { lock($count); $count++; }
            { lock(%sums); $sums{$item % 7} = ($sums{$item % 7} // 0) + $item; }
            $gate->up();
            $results->enqueue($item * 2);
        }
        return $number;
    });
} 1 .. 5;

$queue->enqueue($_) for 1 .. $rounds * 5;
$queue->end();
my $ended = 0;
$ended += $_->join() for @workers;
my $total = 0;
while (defined(my $result = $results->dequeue_nb())) { $total += $result; }
print "count $count ended $ended total $total\n";
print "$_ $sums{$_}\n" for sort keys %sums;

# A thread that waits for a condition, and forks with other threads alive.
my $turn :shared = 0;
my @chain = map {
    my $own = $_;
    threads->create(sub {
        lock($turn);
        cond_wait($turn) until $turn == $own;
        my $pid = fork();
        if ($pid == 0) { require POSIX; POSIX::_exit($own); }
        waitpid($pid, 0);
        my $status = $? >> 8;
        $turn++;
        cond_broadcast($turn);
        return $status;
    });
} 0 .. 4;
print join(",", map { $_->join() } @chain), "\n";

# Many short ones. A shared hash has one iterator for all.
my $alive = 0;
for (1 .. $rounds / 10) {
    $alive += $_->join() for map { threads->create(sub { lock(%sums); my %copy = %sums; return scalar(keys %copy) }) } 1 .. 3;
}
print "short $alive\n";
