# SPDX-License-Identifier: MIT
"""Run by gdb on a hung process: bytes of its memory are changed at random, all over or where the reading begins, and the commands asked.
Each must end soon, with an answer or with a message of its own. The bytes are put back; the process is killed by the test.

Variables before this is sourced: lockval_rounds, lockval_seed.
"""

import random
import time

import gdb

from lockval_gdb import books, layout, memory

SECONDS = 20  # an answer that takes longer is an error
COMMANDS = ("info locks", "info locks 2", "info lock first", "info lock second", "info lock-classes", "print $lockval_holder(&first)")


def places():
    """(start, size) of what the reading goes through."""
    mem = memory.Memory()
    found = layout.find(mem)
    read = books.Books(found)
    threads, _ = read.threads()
    size = found.sizes
    spots = [(found.context, size["lv_context"]), (found.context + found.fields["lv_context"]["classes"][0], size["lv_classes"]),
             (found.context + found.fields["lv_context"]["threads"][0], 8),
             (found.context + found.fields["lv_context"]["instances"][0], size["lv_vec"]),
             (found.context + found.fields["lv_context"]["modules"][0], size["lv_modules"])]
    for thread in threads:
        state = found.read("lv_thread", thread.address)
        spots += [(thread.address, size["lv_thread"]), (thread.address + found.fields["lv_thread"]["depth"][0], 32),
                  (thread.address + found.fields["lv_thread"]["blocked_on"][0], size["lv_blocked"]),
                  (state.number("held"), 4 * size["lv_held"])]
    for number in range(1, read.classes.number("count")):
        at, _ = read._place(read.classes, number, size["lv_class"])  # pylint: disable=protected-access
        spots.append((at, size["lv_class"]))
    spots += [(int(gdb.parse_and_eval("(long)&first")), 40), (int(gdb.parse_and_eval("(long)&second")), 40)]
    _, at = layout._known[gdb.selected_inferior().num]  # pylint: disable=protected-access
    spots.append((at, 48))
    spots.append((at + 48, 5000))
    return spots


def main():
    rounds, seed = int(gdb.parse_and_eval("$lockval_rounds")), int(gdb.parse_and_eval("$lockval_seed"))
    rng, inferior = random.Random(seed), gdb.selected_inferior()
    spots, answered, refused, bad = places(), 0, 0, 0
    for number in range(rounds):
        changes = []
        for _ in range(rng.randrange(1, 9)):
            start, size = rng.choice(spots)
            at = start + rng.randrange(size)
            changes.append((at, bytes(inferior.read_memory(at, 1))))
            inferior.write_memory(at, bytes([rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))]))
        for command in COMMANDS:
            began = time.monotonic()
            try:
                gdb.execute(command, to_string=True)
                answered += 1
            except gdb.error as error:
                refused += 1
                if "Error occurred in Python" in str(error) or not str(error):
                    bad += 1
                    gdb.write("bad: round %d of seed %d: %s: %s\n" % (number, seed, command, error))
            if time.monotonic() - began > SECONDS:
                bad += 1
                gdb.write("bad: round %d of seed %d: %s took %.0f s\n" % (number, seed, command, time.monotonic() - began))
        for at, old in reversed(changes):
            inferior.write_memory(at, old)
    gdb.write("rounds %d answered %d refused %d bad %d\n" % (rounds, answered, refused, bad))


main()
