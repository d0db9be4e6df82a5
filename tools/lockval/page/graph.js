/* SPDX-License-Identifier: MIT */
/* What of the graph is seen: classes that the filter leaves, those of a folded group as one box, and the links between them. */

const NAME_WIDTH = 30; /* as in map.c */
const BOX_HEIGHT = 26;
const FOLDED_HEIGHT = 36;

const view = {
    filter: { kind: "", group: "", circles: false, findings: false, linked: false, implied: false },
    fold: "", /* "circle", "module": what is folded; empty: nothing */
    open: new Set(), /* keys of groups that are not folded all the same */
    boxes: [], links: [],
    boxOf: new Map(), /* class -> box */
    bounds: { x: 0, y: 0, width: 1, height: 1 },
};

function isLeft(cls) {
    const filter = view.filter;

    return (filter.kind === "" || cls.kind === filter.kind) && (filter.group === "" || String(cls.group) === filter.group)
        && (!filter.circles || cls.circle !== 0) && (!filter.findings || cls.findings !== 0) && (!filter.linked || cls.in.length + cls.out.length !== 0);
}

/* The group that @cls is folded into, or null. */
function groupKey(cls) {
    if (view.fold === "circle")
        return cls.circle === 0 ? null : `circle ${cls.circle}`;
    return view.fold === "module" ? `module ${cls.group}` : null;
}

function boxOfClass(cls) {
    return { classes: [cls], label: shorten(cls.name, NAME_WIDTH), x: cls.x, y: cls.y, width: cls.width, height: BOX_HEIGHT, group: null,
             finding: cls.findings !== 0, circle: cls.circle !== 0, kind: cls.kind };
}

function boxOfGroup(key, classes) {
    const named = view.fold === "module" ? data.groups[classes[0].group][0] : classes.map((cls) => cls.name).join(", ");
    const label = `${shorten(named, NAME_WIDTH)} (${classes.length})`;
    const mean = (name) => classes.reduce((sum, cls) => sum + cls[name], 0) / classes.length;

    return { classes, label, x: mean("x"), y: mean("y"), width: label.length * 7.25 + 24, height: FOLDED_HEIGHT, group: key,
             finding: classes.some((cls) => cls.findings !== 0), circle: classes.some((cls) => cls.circle !== 0), kind: "" };
}

/* All modules folded: they have places of their own. */
function placeModules(boxes) {
    for (const box of boxes) {
        const [, x, y] = data.groups[box.classes[0].group];

        Object.assign(box, { x, y });
    }
}

function makeBoxes() {
    const groups = new Map(), boxes = [];

    for (const cls of data.classes.filter(isLeft)) {
        const key = groupKey(cls);

        if (key === null || view.open.has(key))
            boxes.push(boxOfClass(cls));
        else if (groups.has(key))
            groups.get(key).push(cls);
        else
            groups.set(key, [cls]);
    }
    for (const [key, classes] of groups)
        boxes.push(boxOfGroup(key, classes));
    if (view.fold === "module" && boxes.every((box) => box.group !== null))
        placeModules(boxes);
    return boxes;
}

function makeLinks() {
    const links = new Map();

    for (const edge of data.edges) {
        const from = view.boxOf.get(edge.from), to = view.boxOf.get(edge.to);

        if (from === undefined || to === undefined || (edge.implied && !view.filter.implied) || (from === to && from.group !== null))
            continue;
        const key = edge.from === from.classes[0] && from.group === null && to.group === null ? `e${edge.index}` : `${from.number} ${to.number}`;
        const link = links.get(key) || { from, to, edges: [], finding: false, implied: true, points: [] };

        link.edges.push(edge);
        link.finding = link.finding || edge.findings !== 0;
        link.implied = link.implied && edge.implied;
        link.points = from.group === null && to.group === null ? edge.points : [];
        links.set(key, link);
    }
    return [...links.values()];
}

/* Where the line from the middle of @box towards (@x, @y) leaves it. */
function rim(box, x, y) {
    const dx = x - box.x, dy = y - box.y;

    if (dx === 0 && dy === 0)
        return [box.x, box.y];
    const scale = Math.min(box.width / 2 / Math.max(Math.abs(dx), 1e-9), box.height / 2 / Math.max(Math.abs(dy), 1e-9));

    return [box.x + dx * Math.min(scale, 1), box.y + dy * Math.min(scale, 1)];
}

/* The way of a link: the points of Graphviz's curves, or the two ends of a straight line. */
function wayOf(link) {
    if (link.points.length >= 8)
        return link.points;
    if (link.from === link.to) {
        const { x, y, width, height } = link.from, right = x + width / 2;

        return [right, y - height / 4, right + 22, y - height, right + 22, y + height, right, y + height / 4];
    }
    const [ax, ay] = rim(link.from, link.to.x, link.to.y), [bx, by] = rim(link.to, link.from.x, link.from.y);

    return [ax, ay, bx, by];
}

function makeBounds(boxes) {
    if (boxes.length === 0)
        return { x: 0, y: 0, width: 1, height: 1 };
    const left = boxes.reduce((least, box) => Math.min(least, box.x - box.width / 2), Infinity);
    const top = boxes.reduce((least, box) => Math.min(least, box.y - box.height / 2), Infinity);
    const right = boxes.reduce((most, box) => Math.max(most, box.x + box.width / 2), -Infinity);
    const bottom = boxes.reduce((most, box) => Math.max(most, box.y + box.height / 2), -Infinity);

    return { x: left, y: top, width: right - left, height: bottom - top };
}

function refreshView() {
    view.boxes = makeBoxes();
    view.boxOf = new Map();
    view.boxes.forEach((box, number) => {
        box.number = number;
        box.classes.forEach((cls) => view.boxOf.set(cls, box));
    });
    view.links = makeLinks();
    for (const link of view.links)
        link.way = wayOf(link);
    view.bounds = makeBounds(view.boxes);
}

/* Does @cls have all of @words somewhere? */
function matches(cls, words) {
    const text = `${cls.name}\n${cls.key}\n${cls.stable}\n${cls.origin}\n${cls.kind}`.toLowerCase();

    return words.every((word) => text.includes(word));
}
