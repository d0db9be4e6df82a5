/* SPDX-License-Identifier: MIT */
/*
 * Draws the view on a canvas. Lines of one look are one path, made anew only when the view changes, since thousands of small ones
 * would cost each frame; far away there are no names, since nobody could read them.
 */

const NAMES_FROM = 0.45; /* zoom */
const HEADS_FROM = 0.3;
const LOOKS = ["plain", "implied", "finding", "in", "out"];

const paint = { colours: {}, paths: null, selected: null, lit: null };

/* The canvas knows no variables of the style sheet: an element is asked. */
function readColours(host) {
    const probe = make("span", { hidden: true });

    host.append(probe);
    for (const name of ["paper", "card", "ink", "quiet", "line", "accent", "mark", "bad", "bad-soft", "good", "feasible", "soft"]) {
        probe.style.color = `var(--${name})`;
        paint.colours[name] = getComputedStyle(probe).color;
    }
    probe.remove();
}

function lookOf(link) {
    if (paint.selected !== null && link.from === paint.selected)
        return "out";
    if (paint.selected !== null && link.to === paint.selected)
        return "in";
    return link.finding ? "finding" : link.implied ? "implied" : "plain";
}

function addHead(path, way) {
    const count = way.length, x = way[count - 2], y = way[count - 1];
    const dx = x - way[count - 4], dy = y - way[count - 3], length = Math.hypot(dx, dy) || 1, ux = dx / length * 8, uy = dy / length * 8;

    path.moveTo(x, y);
    path.lineTo(x - ux - uy * 0.45, y - uy + ux * 0.45);
    path.lineTo(x - ux + uy * 0.45, y - uy - ux * 0.45); /* not closed: filling does that, and closing costs more with each one */
}

function addLine(path, way) {
    path.moveTo(way[0], way[1]);
    if (way.length === 4)
        path.lineTo(way[2], way[3]);
    for (let i = 2; i + 5 < way.length; i += 6)
        path.bezierCurveTo(way[i], way[i + 1], way[i + 2], way[i + 3], way[i + 4], way[i + 5]);
}

function makePaths() {
    const paths = Object.fromEntries(LOOKS.map((look) => [look, { lines: new Path2D(), heads: new Path2D(), any: false }]));

    for (const link of view.links) {
        const look = paths[lookOf(link)];

        addLine(look.lines, link.way);
        addHead(look.heads, link.way);
        look.any = true;
    }
    paint.paths = paths;
}

function drawLinks(context, zoom) {
    const colours = { plain: paint.colours.quiet, implied: paint.colours.line, finding: paint.colours.bad, in: paint.colours.feasible, out: paint.colours.accent };
    const dim = paint.selected !== null || paint.lit !== null;

    for (const look of LOOKS) {
        const path = paint.paths[look], strong = look === "in" || look === "out" || look === "finding";

        if (!path.any)
            continue;
        context.globalAlpha = strong ? 1 : dim ? 0.2 : zoom < 0.2 ? 0.35 : 0.7;
        context.strokeStyle = context.fillStyle = colours[look];
        context.lineWidth = Math.max(strong ? 1.8 : 1, (strong ? 1.4 : 0.7) / zoom);
        context.stroke(path.lines);
        if (zoom >= HEADS_FROM)
            context.fill(path.heads);
    }
    context.globalAlpha = 1;
}

function isDim(box) {
    if (paint.lit !== null)
        return !box.classes.some((cls) => paint.lit.has(cls));
    return paint.near !== null && paint.near !== undefined && !paint.near.has(box);
}

function drawBox(context, box, zoom) {
    const { x, y, width, height } = box, left = x - width / 2, top = y - height / 2, chosen = box === paint.selected;

    context.globalAlpha = isDim(box) ? 0.3 : 1;
    context.fillStyle = chosen ? paint.colours.mark : box.finding ? paint.colours["bad-soft"] : box.group !== null ? paint.colours.soft : paint.colours.card;
    context.strokeStyle = chosen ? paint.colours.accent : box.finding ? paint.colours.bad : box.circle ? paint.colours.feasible : paint.colours.quiet;
    context.lineWidth = Math.max(chosen ? 3 : box.group !== null ? 2 : 1, (chosen ? 2 : 0.7) / zoom);
    context.beginPath();
    context.roundRect(left, top, width, height, box.kind === "event" ? height / 2 : 5);
    context.fill();
    context.stroke();
    if (zoom < NAMES_FROM)
        return;
    context.fillStyle = paint.colours.ink;
    context.fillText(box.label, x, y + 0.5, width - 6);
}

function draw(canvas, camera) {
    const context = canvas.getContext("2d"), scale = window.devicePixelRatio || 1;
    const left = camera.x, top = camera.y, right = left + camera.width / camera.zoom, bottom = top + camera.height / camera.zoom;
    const wide = Math.round(camera.width * scale), high = Math.round(camera.height * scale);

    if (canvas.width !== wide || canvas.height !== high)
        Object.assign(canvas, { width: wide, height: high });
    if (paint.paths === null)
        makePaths();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(camera.zoom * scale, 0, 0, camera.zoom * scale, -left * camera.zoom * scale, -top * camera.zoom * scale);
    context.font = "12px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
    context.textAlign = "center";
    context.textBaseline = "middle";
    drawLinks(context, camera.zoom);
    for (const box of view.boxes)
        if (box.x + box.width / 2 >= left && box.x - box.width / 2 <= right && box.y + box.height / 2 >= top && box.y - box.height / 2 <= bottom)
            drawBox(context, box, camera.zoom);
    context.globalAlpha = 1;
}
