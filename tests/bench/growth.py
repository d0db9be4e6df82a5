# SPDX-License-Identifier: MIT
"""What a new edge costs as the graph grows: runs bench_growth and bench_growth_locks over shapes and sizes, writes a CSV,
draws it, and puts the tables into a page. script/growth calls it."""

import argparse
import csv
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = ('search,shape,modes,arrival,classes,edges,ns_per_edge,looks_per_edge,most_looks,longest_us,levels,'
           'bytes_per_edge').split(',')
CYCLE_COLUMNS = 'phase,classes,edges,closed,ns_per_edge,longest_us'.split(',')
SHAPES = ('layered', 'random', 'star', 'chain')
MODES = ('mutex', 'read')
# Classes and edges. Ten edges a class are drawn; the others are there to see that the ratio matters little.
SIZES = ((20, 100), (100, 1000), (1000, 10000), (10000, 100000), (100000, 1000000))
OTHER_SIZES = ((10, 40), (1000, 1000), (1000, 100000), (100000, 100000))
PLAIN_SIZES = SIZES[:4]


def points(quick):
    """What to run: search, shape, modes, arrival, classes, edges."""
    sizes = SIZES[:4] if quick else SIZES
    for shape in SHAPES:
        for modes in MODES:
            for size in sizes:
                for arrival in ('shuffled', 'forward', 'backward'):
                    yield ('order', shape, modes, arrival, *size)
                yield ('preload', shape, modes, 'shuffled', *size)
            for size in OTHER_SIZES:
                yield ('order', shape, modes, 'shuffled', *size)
    for size in PLAIN_SIZES[:3] if quick else PLAIN_SIZES:
        yield ('plain', 'random', 'mutex', 'shuffled', *size)


def run_point(build, point):
    search, shape, modes, arrival, classes, edges = [str(word) for word in point]
    words = [shape, classes, edges, modes, arrival]
    runs = '1' if int(edges) >= 1000000 or search == 'plain' else '3'
    env = dict(os.environ)
    if search == 'preload':
        command = [str(build / 'tests/bench/bench_growth_locks'), *words]
        env['LD_PRELOAD'] = str(build / 'liblockval/liblockval.so')
    else:
        command = [str(build / 'tests/bench/bench_growth'), *words, search, runs]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        sys.exit(f'{" ".join(command)}: status {done.returncode}\n{done.stderr}')
    return dict(zip(COLUMNS, done.stdout.strip().split(',')))


def run_cycle(build):
    command = [str(build / 'tests/bench/bench_growth'), 'cycle', '10000', '20000']
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [dict(zip(CYCLE_COLUMNS, line.split(','))) for line in done.stdout.splitlines()]


def write_csv(path, columns, rows):
    with open(path, 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, columns, lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path):
    with open(path, encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def find(rows, **wanted):
    return [row for row in rows if all(row[name] == str(value) for name, value in wanted.items())]


def cell(row, column='ns_per_edge', scale=1000, digits=2):
    return f'{float(row[column]) / scale:.{digits}f}'


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|---' + '|---:' * (len(head) - 1) + '|']
    return '\n'.join(lines + ['| ' + ' | '.join(row) + ' |' for row in rows])


def size_table(rows, search, arrivals):
    """A row for each shape, the columns are sizes."""
    sizes = [size for size in SIZES if find(rows, search=search, classes=size[0], edges=size[1], shape='layered')
             or find(rows, search=search, classes=size[0], shape='random')]
    lines = []
    for shape in SHAPES:
        for modes in MODES:
            for arrival in arrivals:
                cells = [find(rows, search=search, shape=shape, modes=modes, arrival=arrival, classes=size[0])
                         for size in sizes]
                cells = [[row for row in found if nearly(row, size)] for found, size in zip(cells, sizes)]
                if any(cells):
                    words = [shape, 'readers' if modes == 'read' else 'mutexes', arrival]
                    lines.append([', '.join(words), *(cell(found[0]) if found else '' for found in cells)])
    return table(['µs for an edge', *(f'{size[1]:,}'.replace(',', ' ') for size in sizes)], lines)


def nearly(row, size):
    """A shape may have a few edges fewer than asked for."""
    return size[1] // 2 < int(row['edges']) <= size[1]


def largest_table(rows):
    lines = []
    for row in rows:
        if row['search'] == 'order' and nearly(row, SIZES[-1]):
            name = ', '.join((row['shape'], 'readers' if row['modes'] == 'read' else 'mutexes', row['arrival']))
            lines.append([name, cell(row), row['looks_per_edge'], row['most_looks'], cell(row, 'longest_us'),
                          row['levels'], row['bytes_per_edge']])
    return table(['a million edges', 'µs for an edge', 'looks for an edge', 'most looks', 'longest edge, ms', 'levels',
                  'bytes for an edge'], lines)


def preload_memory(rows):
    lines = [[row['shape'], 'readers' if row['modes'] == 'read' else 'mutexes', row['edges'], row['bytes_per_edge']]
             for row in rows if row['search'] == 'preload' and int(row['edges']) > 50000]
    return table(['shape', 'modes', 'edges', 'bytes for an edge, resident'], lines)


def cycle_table(rows):
    return table(['phase', 'edges', 'of which close a cycle', 'µs for an edge', 'longest, ms'],
                 [[row['phase'], row['edges'], row['closed'], cell(row), cell(row, 'longest_us')] for row in rows])


def put_into(path, name, text):
    """Replace what stands between the marks of that name."""
    page = path.read_text(encoding='utf-8')
    begin, end = f'<!-- {name} -->', f'<!-- /{name} -->'
    before, rest = page.split(begin)
    path.write_text(before + begin + '\n' + text + '\n' + end + rest.split(end)[1], encoding='utf-8')


def write_page(path, rows, cycle):
    put_into(path, 'graph', size_table(rows, 'order', ('shuffled', 'forward')))
    put_into(path, 'largest', largest_table(rows))
    put_into(path, 'preload', size_table(rows, 'preload', ('shuffled',)))
    put_into(path, 'resident', preload_memory(rows))
    put_into(path, 'cycle', cycle_table(cycle))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build-bench')
    parser.add_argument('--quick', action='store_true', help='up to 100 000 edges')
    parser.add_argument('--output', type=pathlib.Path, default=ROOT / 'docs', help='folder of the files')
    parser.add_argument('--draw', action='store_true', help='draw and write the tables of the CSV that is there')
    arguments = parser.parse_args()
    from growth_plot import draw  # pylint: disable=import-outside-toplevel

    data, cycles = arguments.output / 'growth.csv', arguments.output / 'growth-cycle.csv'
    if not arguments.draw:
        rows = []
        for point in sorted(points(arguments.quick), key=lambda point: point[5]):
            rows.append(run_point(arguments.build, point))
            print(','.join(rows[-1].values()), flush=True)
            write_csv(data, COLUMNS, rows)
        write_csv(cycles, CYCLE_COLUMNS, run_cycle(arguments.build))
    rows = read_csv(data)
    (arguments.output / 'growth.svg').write_text(draw(rows), encoding='utf-8')
    if (arguments.output / 'growth.md').exists():
        write_page(arguments.output / 'growth.md', rows, read_csv(cycles))


if __name__ == '__main__':
    main()
