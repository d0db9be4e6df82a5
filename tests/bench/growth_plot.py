# SPDX-License-Identifier: MIT
"""The curves of growth.py as SVG: two panels, log-log, legible on light and on dark ground."""

import math

WIDTH, HEIGHT = 940, 470
PANEL = {'mutex': 60, 'read': 510}
WIDE, TOP, TALL = 400, 50, 330
X_RANGE, Y_RANGE = (50, 1e6), (0.05, 1000)  # edges, µs
COLOURS = {'layered': '#2a78d6', 'random': '#1a9c6b', 'star': '#b9770e', 'chain': '#c4463a'}
STYLE = '''<style>
text { font: 13px sans-serif; fill: #333; } .axis, .grid { stroke: #777; fill: none; } .grid { stroke-opacity: 0.25; }
.target { stroke: #777; stroke-dasharray: 2 4; } .ground { fill: #fff; } .plain { stroke: #777; }
@media (prefers-color-scheme: dark) { text { fill: #ddd; } .ground { fill: #16181c; } .axis, .grid, .target { stroke: #aaa; } }
path, polyline { fill: none; stroke-width: 2; }
</style>'''


def scale(value, low_high, length):
    low, high = (math.log10(end) for end in low_high)
    return (math.log10(value) - low) / (high - low) * length


def place(panel, edges, micros):
    y = min(max(micros, Y_RANGE[0]), Y_RANGE[1])
    return PANEL[panel] + scale(edges, X_RANGE, WIDE), TOP + TALL - scale(y, Y_RANGE, TALL)


def text(x, y, words, anchor='start', more=''):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{more}>{words}</text>'


def line(panel, points, look):
    places = ' '.join(f'{x:.1f},{y:.1f}' for x, y in (place(panel, *point) for point in sorted(points)))
    return f'<polyline points="{places}" {look}/>'


def frame(panel, title):
    left, bottom = PANEL[panel], TOP + TALL
    parts = [f'<rect x="{left}" y="{TOP}" width="{WIDE}" height="{TALL}" class="axis"/>',
             text(left, TOP - 12, title)]
    for power in range(2, 7):
        x, _ = place(panel, 10 ** power, 1)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" class="grid"/>')
        parts.append(text(x, bottom + 18, f'10<tspan dy="-5" font-size="9">{power}</tspan>', 'middle'))
    for micros, name in ((0.1, '0.1'), (1, '1'), (10, '10'), (100, '100'), (1000, '1000')):
        _, y = place(panel, 100, micros)
        look = 'target' if micros == 10 else 'grid'
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + WIDE}" y2="{y:.1f}" class="{look}"/>')
        parts.append(text(left - 6, y + 4, name, 'end'))
    parts.append(text(left + WIDE / 2, bottom + 38, 'edges, over a tenth as many classes', 'middle'))
    return parts


def curve(rows, panel, **wanted):
    found = [row for row in rows if row['modes'] == panel and all(row[name] == value for name, value in wanted.items())]
    return [(int(row['edges']), float(row['ns_per_edge']) / 1000) for row in found
            if int(row['classes']) in (20, int(row['edges']) // 10) or
            0.5 < int(row['edges']) / int(row['classes']) / 10 <= 1]


def legend():
    parts, x, y = [], PANEL['mutex'], HEIGHT - 14
    for shape, colour in COLOURS.items():
        parts.append(f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="{colour}" stroke-width="2"/>')
        parts.append(text(x + 30, y, shape))
        x += 100
    for look, words, wide in (('stroke="#777" stroke-width="2" stroke-dasharray="7 4"', 'with locks, preloaded', 180),
                              ('class="plain" stroke-width="4" stroke-opacity="0.5"', 'search without an order', 0)):
        parts.append(f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" {look}/>')
        parts.append(text(x + 30, y, words))
        x += wide
    return parts


def draw(rows):
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
             '<title>Time for a new edge, by the number of edges</title>', STYLE,
             f'<rect width="{WIDTH}" height="{HEIGHT}" class="ground"/>']
    for panel, title in (('mutex', 'mutexes: µs for a new edge'), ('read', 'with recursive readers: µs for a new edge')):
        parts += frame(panel, title)
        plain = curve(rows, panel, search='plain', shape='random')
        if plain:
            parts.append(line(panel, plain, 'class="plain" style="stroke-width: 4; stroke-opacity: 0.5"'))
        for shape, colour in COLOURS.items():
            for search, more in (('order', ''), ('preload', ' stroke-dasharray="7 4"')):
                points = curve(rows, panel, search=search, shape=shape, arrival='shuffled')
                if points:
                    parts.append(line(panel, points, f'stroke="{colour}"{more}'))
    parts += legend()
    parts.append('</svg>')
    return '\n'.join(parts) + '\n'
