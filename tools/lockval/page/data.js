/* SPDX-License-Identifier: MIT */
/* The data of the page with names. */

const MODES = ["ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt"];

function classOf(row, index) {
    const [name, key, stable, kind, usage, origin, standing, group, circle, findings, processes, outer, inner, x, y, width, taken, chains] = row;

    return { index, name, key, stable, kind, usage, origin, standing, group, circle, findings, processes, outer, inner, x, y, width,
             taken, chains, out: [], in: [] };
}

function edgeOf(row, index, classes) {
    const [from, to, modes, acquisitions, chains, implied, findings, kind, witness, points] = row;
    const edge = { index, from: classes[from], to: classes[to], modes, acquisitions, chains, implied, findings, kind, witness, points };

    edge.from.out.push(edge);
    edge.to.in.push(edge);
    return edge;
}

function readData() {
    const raw = JSON.parse(find("#data").textContent);
    const classes = raw.classes.map(classOf);

    return { ...raw, classes, edges: raw.edges.map((row, index) => edgeOf(row, index, classes)) };
}

const data = readData();

function modesOf(edge) {
    return MODES.filter((word, bit) => edge.modes >> bit & 1).join(" ") || edge.kind;
}

/* The stack of this number as a list, or null. */
function stackList(number) {
    if (number === 0)
        return null;
    return make("ol", { class: "stack" }, ...data.stacks[number - 1].map((frame) => {
        const [name, at] = data.frames[frame].split("\t");

        return make("li", {}, make("span", { class: "function" }, name), " ", make("span", { class: "at" }, at || ""));
    }));
}

/* No more than @width characters, the middle left out. */
function shorten(text, width) {
    const signs = [...text];

    if (signs.length <= width)
        return text;
    const tail = Math.floor(width / 2) - 1;
    return signs.slice(0, width - 1 - tail).join("") + "\u2026" + signs.slice(-tail).join("");
}
