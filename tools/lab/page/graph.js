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

/* The edges of the last circle that was found, as "A>B". */
function cycleEdges(view) {
    const finding = view.findings[view.findings.length - 1], edges = new Set();

    if (finding === undefined || finding.cycle === "")
        return edges;
    const names = finding.cycle.split(" -> ");
    for (let i = 0; i + 1 < names.length; i++)
        edges.add(`${names[i]}>${names[i + 1]}`);
    return edges;
}

function placesOf(classes) {
    const count = classes.length, radius = count < 2 ? 0 : Math.max(70, count * 20), places = new Map();

    classes.forEach((cls, i) => {
        const angle = 2 * Math.PI * i / count - Math.PI / (count < 3 ? 1 : 2);

        places.set(cls.id, { name: cls.name, usage: cls.usage, x: radius * Math.cos(angle) * 1.35, y: radius * Math.sin(angle),
                             half: 14 + cls.name.length * 4 });
    });
    return places;
}

/* From the border of one box to that of the other, bent, so that there is room for the way back. */
function curve(from, to) {
    if (from === to)
        return `M${from.x + from.half} ${from.y - 5}C${from.x + from.half + 40} ${from.y - 40} ${from.x + from.half + 40} ${from.y + 40} ${from.x + from.half} ${from.y + 5}`;
    const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy);
    const border = (box) => Math.min(box.half / Math.max(Math.abs(dx / length), .001), 15 / Math.max(Math.abs(dy / length), .001));
    const start = border(from) / length, end = 1 - (border(to) + 3) / length;
    const bend = { x: -dy / length * 26, y: dx / length * 26 };
    const middle = { x: from.x + dx / 2 + bend.x, y: from.y + dy / 2 + bend.y };

    return `M${from.x + dx * start + bend.x / 4} ${from.y + dy * start + bend.y / 4}Q${middle.x} ${middle.y} ${from.x + dx * end + bend.x / 4} ${from.y + dy * end + bend.y / 4}`;
}

function drawEdge(edge, places, game, circle) {
    const from = places.get(edge.from), to = places.get(edge.to), key = `${edge.from}>${edge.to}`;
    const classes = [game.new_edges.has(key) ? "new" : "", circle.has(`${from.name}>${to.name}`) ? "cycle" : ""].join(" ").trim();
    const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy) || 1;

    return svg("g", classes === "" ? {} : { class: classes },
               svg("path", { d: curve(from, to) }),
               svg("text", { class: "modes", x: from.x + dx / 2 - dy / length * 20, y: from.y + dy / 2 + dx / length * 20 }, edge.modes.join(" ")));
}

function drawGraph(game) {
    const view = game.view, used = new Set(view.edges.flatMap((edge) => [edge.from, edge.to]));
    const held = new Set(view.held.map((lock) => lock.class));
    const classes = view.classes.filter((cls) => used.has(cls.id) || held.has(cls.id) || view.classes.length < 13);
    const places = placesOf(classes), circle = cycleEdges(view);
    const all = [...places.values()];

    if (all.length === 0)
        return "No lock was taken yet.";
    const x = Math.max(...all.map((place) => Math.abs(place.x) + place.half)) + 20;
    const y = Math.max(...all.map((place) => Math.abs(place.y))) + 42;
    const words = view.edges.map((edge) => `${places.get(edge.from).name} before ${places.get(edge.to).name}`).join(", ");
    return svg("svg", { viewBox: `${-x} ${-y} ${2 * x} ${2 * y}`, width: 2 * x, height: 2 * y, role: "img", "aria-label": words === "" ? "No edges yet" : `Edges: ${words}` },
               svg("defs", {}, arrowHead("arrow"), arrowHead("arrow-bad")),
               ...view.edges.map((edge) => drawEdge(edge, places, game, circle)),
               ...classes.map((cls) => {
                   const place = places.get(cls.id);

                   return svg("g", held.has(cls.id) ? { class: "held" } : {},
                              svg("title", {}, `${cls.name} {${cls.usage}}`),
                              svg("rect", { x: place.x - place.half, y: place.y - 14, width: 2 * place.half, height: 28, rx: 6 }),
                              svg("text", { x: place.x, y: place.y }, cls.name));
               }));
}
