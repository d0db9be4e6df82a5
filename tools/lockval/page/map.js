/* SPDX-License-Identifier: MIT */
/* The part "Graph": tools, the canvas, and a panel with what was found or chosen. */

const FOLD_FROM = 400; /* classes, from which on modules are folded at first */
const LISTED = 100;

const map = { camera: null, canvas: null, panel: null, search: null, tip: null, chosen: null, pending: false };

/* ---- what changes ---- */

function redraw() {
    if (map.pending)
        return;
    map.pending = true;
    requestAnimationFrame(() => {
        map.pending = false;
        draw(map.canvas, map.camera);
    });
}

function neighbours(box) {
    const near = new Set([box]);

    for (const link of view.links) {
        if (link.from === box)
            near.add(link.to);
        if (link.to === box)
            near.add(link.from);
    }
    return near;
}

/* The view, or what is chosen in it, is another. */
function changed() {
    const box = map.chosen === null ? undefined : view.boxOf.get(map.chosen);

    paint.selected = box === undefined ? null : box;
    paint.near = box === undefined ? null : neighbours(box);
    paint.paths = null;
    redraw();
}

function refresh(fit) {
    refreshView();
    changed();
    if (fit)
        map.camera.fit(view.bounds);
    find("#map-count").textContent = `${view.boxOf.size} of ${data.classes.length} classes, ${view.links.length} edges`;
}

function choose(cls, look) {
    map.chosen = cls;
    changed();
    showPanel();
    if (cls === null || !look)
        return;
    const box = view.boxOf.get(cls);

    if (box === undefined)
        return;
    map.camera.zoom = Math.max(map.camera.zoom, 0.8);
    map.camera.look(box.x, box.y);
}

function setFolded(key, folded) {
    if (folded)
        view.open.delete(key);
    else
        view.open.add(key);
    refresh(false);
    showPanel();
}

/* ---- the panel ---- */

function classButton(cls, ...more) {
    return make("button", { type: "button", onclick: () => choose(cls, true), title: cls.stable }, cls.name, ...more);
}

function edgeItem(edge, other) {
    const counts = edge.acquisitions ? ` ${edge.acquisitions}\u00d7` : "";
    const item = make("li", {}, classButton(other, make("span", { class: "more" }, ` ${modesOf(edge)}${counts}${edge.implied ? " implied" : ""}${edge.findings ? " in a finding" : ""}`)));

    if (edge.witness !== 0) {
        const [thread, held, wanted] = edge.witness;
        const details = make("details", { class: "rest", ontoggle: () => {
            if (details.open && details.children.length === 1)
                details.append(make("p", { class: "hint" }, `${edge.from.name} was taken here:`), stackList(held) || "no stack",
                               make("p", { class: "hint" }, `then ${edge.to.name} was wanted here:`), stackList(wanted) || "no stack");
        } }, make("summary", {}, `seen by ${thread}`));

        item.append(details);
    }
    return item;
}

function edgeList(title, edges, other) {
    const sorted = edges.slice().sort((a, b) => b.findings - a.findings || b.acquisitions - a.acquisitions);

    return [make("h4", {}, `${title} (${edges.length})`), make("ul", {}, ...sorted.slice(0, LISTED).map((edge) => edgeItem(edge, other(edge)))),
            edges.length > LISTED ? make("p", { class: "hint" }, `and ${edges.length - LISTED} more`) : null];
}

function facts(cls) {
    const group = data.groups[cls.group] ? data.groups[cls.group][0] : "";
    const rows = [["kind", cls.kind], ["usage", cls.usage], ["module", group], ["made", cls.origin], ["key", cls.key], ["stable key", cls.stable],
                  ["standing", cls.standing], ["wait types", cls.outer || cls.inner ? `${cls.outer}, ${cls.inner}` : ""],
                  ["circle", cls.circle ? `${data.classes.filter((other) => other.circle === cls.circle).length} classes reach each other` : ""],
                  ["findings", cls.findings || ""], ["taken", cls.taken ? `${cls.taken}\u00d7, in ${cls.chains} ${cls.chains === 1 ? "chain" : "chains"}` : ""], ["processes", cls.processes > 1 ? cls.processes : ""]];
    const list = make("dl");

    for (const [name, value] of rows)
        if (value !== "")
            list.append(make("dt", {}, name), make("dd", {}, String(value)));
    return list;
}

function foldButton(cls) {
    const key = groupKey(cls);

    if (key === null)
        return null;
    const folded = !view.open.has(key);

    return make("button", { type: "button", onclick: () => setFolded(key, !folded) }, folded ? `unfold its ${view.fold}` : `fold its ${view.fold}`);
}

function showClass(cls) {
    map.panel.replaceChildren(make("p", {}, make("button", { type: "button", onclick: () => choose(null) }, "\u2190 list"), " ", foldButton(cls) || ""),
                              make("h3", {}, cls.name), facts(cls),
                              ...edgeList("Taken while it was held", cls.out, (edge) => edge.to).filter(Boolean),
                              ...edgeList("Held when it was taken", cls.in, (edge) => edge.from).filter(Boolean));
    map.panel.scrollTop = 0;
}

function wordsOf(text) {
    return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function showList() {
    const words = wordsOf(map.search.value);
    const left = data.classes.filter((cls) => isLeft(cls) && matches(cls, words));
    const order = left.sort((a, b) => b.findings - a.findings || b.in.length + b.out.length - a.in.length - a.out.length || a.index - b.index);

    paint.lit = words.length === 0 ? null : new Set(left);
    map.panel.replaceChildren(make("p", { class: "hint", role: "status" }, words.length === 0 ? `${left.length} classes` : `${left.length} found`),
                              make("ul", { id: "map-list" }, ...order.slice(0, LISTED).map((cls) => make("li", {}, classButton(cls)))),
                              left.length > LISTED ? make("p", { class: "hint" }, `and ${left.length - LISTED} more: search or filter`) : "");
    redraw();
    return order;
}

function showPanel() {
    if (map.chosen === null)
        showList();
    else
        showClass(map.chosen);
}

/* ---- the tools ---- */

function searched(event) {
    map.chosen = null;
    changed();
    const order = showList();

    if (event.type === "keydown" && order.length > 0)
        choose(order[0], true);
}

function option(value, text) {
    return make("option", { value }, text);
}

function chooser(label, options, set, value) {
    const select = make("select", { "aria-label": label, onchange: () => { set(select.value); refresh(true); showPanel(); } },
                        ...options.map(([word, text]) => option(word, text)));

    select.value = value;
    return select;
}

function checker(label, name, id) {
    const box = make("input", { type: "checkbox", id, onchange: () => { view.filter[name] = box.checked; refresh(name !== "implied"); showPanel(); } });

    return make("label", {}, box, label);
}

function tools() {
    const kinds = [...new Set(data.classes.map((cls) => cls.kind).filter(Boolean))].sort();
    const implied = data.edges.filter((edge) => edge.implied).length;

    map.search = make("input", { type: "search", id: "map-search", placeholder: "Search classes", "aria-label": "Search classes", oninput: searched,
                                 onkeydown: (event) => { if (event.key === "Enter") searched(event); } });
    return make("div", { class: "tools" }, map.search,
        chooser("Kind of lock", [["", "all kinds"], ...kinds.map((kind) => [kind, kind])], (value) => { view.filter.kind = value; }, ""),
        chooser("Module", [["", "all modules"], ...data.groups.map((group, index) => [String(index), group[0]])], (value) => { view.filter.group = value; }, ""),
        chooser("Fold", [["", "fold nothing"], ["module", "fold modules"], ["circle", "fold circles"]], (value) => { view.fold = value; view.open.clear(); }, view.fold),
        data.classes.some((cls) => cls.circle) ? checker("in circles only", "circles", "map-circles") : null,
        data.classes.some((cls) => cls.findings) ? checker("in findings only", "findings", "map-findings") : null,
        data.classes.some((cls) => cls.in.length + cls.out.length === 0) ? checker("with edges only", "linked", "map-linked") : null,
        implied ? checker(`edges that follow from others (${implied})`, "implied", "map-implied") : null,
        make("span", { id: "map-count", class: "hint", role: "status" }));
}

/* ---- the canvas ---- */

function boxAt(point) {
    return view.boxes.findLast((box) => Math.abs(point.x - box.x) <= box.width / 2 && Math.abs(point.y - box.y) <= box.height / 2);
}

function tapped(point, times) {
    const box = boxAt(point);

    if (box === undefined) {
        choose(null);
        return;
    }
    const key = groupKey(box.classes[0]);

    if (times === 2 && key !== null)
        setFolded(key, box.group === null);
    else
        choose(box.classes[0], false);
}

function hovered(event) {
    const box = map.camera.fingers.size === 0 ? boxAt(map.camera.at(event)) : undefined;

    map.tip.hidden = box === undefined;
    if (box === undefined)
        return;
    map.tip.textContent = box.group === null ? `${box.classes[0].name} {${box.classes[0].usage}}` : box.label;
    map.tip.style.left = `${Math.min(event.offsetX + 12, Math.max(0, map.camera.width - 200))}px`;
    map.tip.style.top = `${event.offsetY + 16}px`;
}

function stage() {
    const button = (text, label, act) => make("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);

    map.canvas = make("canvas", { tabindex: "0", role: "img", onpointermove: hovered, onpointerleave: () => { map.tip.hidden = true; },
                                  "aria-label": `Drawing of the classes; arrows move it, plus and minus zoom, 0 shows all. The list beside it has the same classes.` });
    map.tip = make("div", { class: "tip", hidden: true });
    return make("div", { class: "stage" }, map.canvas, map.tip,
        make("p", { class: "legend" }, "arrow: held \u2192 wanted \u00b7 red: in a finding \u00b7 orange rim: in a circle"),
        make("div", { class: "zoom" }, button("\u2212", "Zoom out", () => map.camera.zoomBy(0.8)), button("+", "Zoom in", () => map.camera.zoomBy(1.25)),
             button("all", "Show all", () => map.camera.fit(view.bounds))));
}

/* When the part is seen first, since it needs its size. */
function startMap() {
    if (data.engine === "" || data.classes.length === 0)
        return;
    view.fold = data.classes.length > FOLD_FROM && data.groups.length > 3 ? "module" : "";
    map.panel = make("aside", { class: "panel", "aria-label": "Classes" });
    find("#map").append(make("div", { class: "map" }, tools(), stage(), map.panel));
    map.camera = new Camera(map.canvas, redraw, tapped);
    readColours(find("#map"));
    refresh(true);
    showPanel();
    new ResizeObserver(redraw).observe(map.canvas);
}

/* The colours of the page are others. */
function recolourMap() {
    if (map.canvas === null)
        return;
    readColours(find("#map"));
    redraw();
}
