/* SPDX-License-Identifier: MIT */
/* The classes in a circle, and an arrow for each edge: held first, taken then. */

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
    const element = document.createElementNS(SVG, name);

    for (const [key, value] of Object.entries(attributes))
        element.setAttribute(key, value);
    element.append(...children);
    return element;
}

function arrowHead(id) {
    return svg("marker", { id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
               svg("path", { d: "M0 0L10 5L0 10z" }));
}

/* The names in the last circle that was found; the first comes again at the end. */
function cycleNames(view) {
    const finding = view.findings[view.findings.length - 1];

    return finding === undefined || finding.cycle === "" ? [] : finding.cycle.split(" -> ");
}

/* Its edges, as "A>B". */
function cycleEdges(names) {
    const edges = new Set();

    for (let i = 0; i + 1 < names.length; i++)
        edges.add(`${names[i]}>${names[i + 1]}`);
    return edges;
}

/* A long name in two lines, where a word of it ends, so that the boxes stay narrow. */
function linesOf(name) {
    const ends = [...name.matchAll(/[._>/-]|\)(?=.)/g)].map((match) => match.index + 1).filter((end) => end < name.length);
    const far = (end) => Math.abs(end - name.length / 2);

    if (name.length < 15)
        return [name];
    const end = ends.length !== 0 ? ends.reduce((a, b) => far(b) < far(a) ? b : a) : Math.ceil(name.length / 2);
    return [name.slice(0, end), name.slice(end)];
}

/* A few classes stand in a circle, more in two columns: down at the right, and up again at the left. */
function placeOf(i, count, widest) {
    const angle = 2 * Math.PI * i / count - Math.PI / (count < 3 ? 1 : 2), rows = Math.ceil(count / 2);

    if (count < 2)
        return { x: 0, y: 0 };
    if (count < 6)
        return { x: Math.max(95, widest + 30) * Math.cos(angle), y: Math.max(70, count * 20) * Math.sin(angle) };
    return { x: (i < rows ? 1 : -1) * (widest + 28), y: 66 * (i < rows ? i : 2 * rows - 1 - i) };
}

/* @first: names that come first, in this order. */
function placesOf(classes, first) {
    const rank = (cls) => first.includes(cls.name) ? first.indexOf(cls.name) : first.length;
    const sorted = classes.length < 6 ? classes : [...classes].sort((a, b) => rank(a) - rank(b) || a.id - b.id);
    const lines = new Map(classes.map((cls) => [cls.id, linesOf(cls.name)])), half = (cls) => 14 + Math.max(...lines.get(cls.id).map((line) => line.length)) * 4;
    const widest = Math.max(0, ...classes.map(half)), places = new Map();

    sorted.forEach((cls, i) => places.set(cls.id, { ...placeOf(i, sorted.length, widest), name: cls.name, lines: lines.get(cls.id), half: half(cls),
                                                    tall: 7 + 7.5 * lines.get(cls.id).length }));
    return places;
}

/* Who stands below the other is near; who stands farther below is reached round those between. */
function bendOf(dx, length) {
    return Math.abs(dx) >= 1 ? 26 : length < 80 ? 8 : 26 + (length - 80) / 3;
}

/* From the border of one box to that of the other, bent, so that there is room for the way back. */
function curve(from, to) {
    if (from === to)
        return `M${from.x + from.half} ${from.y - 5}C${from.x + from.half + 40} ${from.y - 40} ${from.x + from.half + 40} ${from.y + 40} ${from.x + from.half} ${from.y + 5}`;
    const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy);
    const border = (box) => Math.min(box.half / Math.max(Math.abs(dx / length), .001), (box.tall + 1) / Math.max(Math.abs(dy / length), .001));
    const start = border(from) / length, end = 1 - (border(to) + 3) / length;
    const far = bendOf(dx, length), bend = { x: -dy / length * far, y: dx / length * far };
    const middle = { x: from.x + dx / 2 + bend.x, y: from.y + dy / 2 + bend.y };

    return `M${from.x + dx * start + bend.x / 4} ${from.y + dy * start + bend.y / 4}Q${middle.x} ${middle.y} ${from.x + dx * end + bend.x / 4} ${from.y + dy * end + bend.y / 4}`;
}

function drawEdge(edge, places, game, circle) {
    const from = places.get(edge.from), to = places.get(edge.to), key = `${edge.from}>${edge.to}`;
    const classes = [game.new_edges.has(key) ? "new" : "", circle.has(`${from.name}>${to.name}`) ? "cycle" : ""].join(" ").trim();
    const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy) || 1, off = bendOf(dx, length) / 2 + 11;

    return svg("g", classes === "" ? {} : { class: classes },
               svg("path", { d: curve(from, to) }),
               svg("text", { class: "modes", x: from.x + dx / 2 - dy / length * off, y: from.y + dy / 2 + dx / length * off }, edge.modes.join(" ")));
}

function drawGraph(game) {
    const view = game.view, used = new Set([...view.edges.flatMap((edge) => [edge.from, edge.to]), ...view.chains.flatMap((chain) => chain.classes)]);
    const held = new Set(view.held.map((lock) => lock.class));
    const classes = view.classes.filter((cls) => used.has(cls.id) || held.has(cls.id));
    const cycle = cycleNames(view), places = placesOf(classes, cycle), circle = cycleEdges(cycle);
    const all = [...places.values()];

    if (all.length === 0)
        return "No lock was taken yet.";
    const x = Math.max(...all.map((place) => Math.abs(place.x) + place.half)) + 20;
    const top = Math.min(...all.map((place) => place.y)) - 42, height = Math.max(...all.map((place) => place.y)) + 42 - top;
    const last = cycle.length === 0 ? "" : `. Circle: ${cycle.join(" before ")}`;
    const words = view.edges.map((edge) => `${places.get(edge.from).name} before ${places.get(edge.to).name}`).join(", ");
    return svg("svg", { viewBox: `${-x} ${top} ${2 * x} ${height}`, width: 2 * x, height, role: "img", "aria-label": words === "" ? "No edges yet" : `Edges: ${words}${last}` },
               svg("defs", {}, arrowHead("arrow"), arrowHead("arrow-bad")),
               ...view.edges.map((edge) => drawEdge(edge, places, game, circle)),
               ...classes.map((cls) => {
                   const place = places.get(cls.id);

                   return svg("g", held.has(cls.id) ? { class: "held" } : {},
                              svg("title", {}, `${cls.name} {${cls.usage}}`),
                              svg("rect", { x: place.x - place.half, y: place.y - place.tall, width: 2 * place.half, height: 2 * place.tall, rx: 6 }),
                              ...place.lines.map((line, i) => svg("text", { x: place.x, y: place.y + 15 * (i - (place.lines.length - 1) / 2) }, line)));
               }));
}
