/* SPDX-License-Identifier: MIT */
/* Looks at the drawing: moves and zooms it by mouse, wheel, fingers and keys. */

const ZOOM_LEAST = 0.02;
const ZOOM_MOST = 4;
const STEP = 60; /* pixels that a key moves */

class Camera {
    /* @redraw: called when what is seen changed; @tap: with a point of the drawing that was clicked or touched, and how often. */
    constructor(canvas, redraw, tap) {
        Object.assign(this, { canvas, redraw, tap, x: 0, y: 0, zoom: 1, fingers: new Map(), moved: 0 });
        canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
        canvas.addEventListener("pointerdown", (event) => this.down(event));
        canvas.addEventListener("pointermove", (event) => this.move(event));
        canvas.addEventListener("pointerup", (event) => this.up(event));
        canvas.addEventListener("pointercancel", (event) => this.fingers.delete(event.pointerId));
        canvas.addEventListener("dblclick", (event) => this.tap(this.at(event), 2));
        canvas.addEventListener("keydown", (event) => this.key(event));
    }

    get width() { return this.canvas.clientWidth; }
    get height() { return this.canvas.clientHeight; }

    /* The point of the drawing under @event. */
    at(event) {
        return { x: event.offsetX / this.zoom + this.x, y: event.offsetY / this.zoom + this.y };
    }

    /* Zoom by @factor; the point (@px, @py) of the canvas stays where it is. */
    zoomBy(factor, px = this.width / 2, py = this.height / 2) {
        const zoom = Math.max(ZOOM_LEAST, Math.min(ZOOM_MOST, this.zoom * factor));

        this.x += px / this.zoom - px / zoom;
        this.y += py / this.zoom - py / zoom;
        this.zoom = zoom;
        this.redraw();
    }

    panBy(dx, dy) {
        this.x -= dx / this.zoom;
        this.y -= dy / this.zoom;
        this.redraw();
    }

    /* All of @bounds. */
    fit(bounds) {
        const zoom = Math.min(this.width / (bounds.width + 40), this.height / (bounds.height + 40), 1.2);

        this.zoom = Math.max(ZOOM_LEAST, zoom);
        this.look(bounds.x + bounds.width / 2, bounds.y + bounds.height / 2);
    }

    /* The point (@x, @y) into the middle. */
    look(x, y) {
        this.x = x - this.width / 2 / this.zoom;
        this.y = y - this.height / 2 / this.zoom;
        this.redraw();
    }

    wheel(event) {
        event.preventDefault();
        this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
    }

    down(event) {
        this.canvas.setPointerCapture(event.pointerId);
        this.fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
        this.moved = this.fingers.size > 1 ? Infinity : 0;
    }

    spread() {
        const [a, b] = [...this.fingers.values()];

        return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    }

    move(event) {
        const finger = this.fingers.get(event.pointerId), now = { x: event.offsetX, y: event.offsetY };

        if (finger === undefined)
            return;
        if (this.fingers.size === 1) {
            this.moved += Math.abs(now.x - finger.x) + Math.abs(now.y - finger.y);
            this.fingers.set(event.pointerId, now);
            this.panBy(now.x - finger.x, now.y - finger.y);
            return;
        }
        const before = this.spread();

        this.fingers.set(event.pointerId, now);
        const after = this.spread();

        this.panBy(after.x - before.x, after.y - before.y);
        this.zoomBy(after.distance / Math.max(before.distance, 1), after.x, after.y);
    }

    up(event) {
        if (this.fingers.delete(event.pointerId) && this.moved < 6)
            this.tap(this.at(event), 1);
    }

    key(event) {
        const ways = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

        if (event.ctrlKey || event.altKey || event.metaKey)
            return;
        if (ways[event.key] !== undefined)
            this.panBy(...ways[event.key]);
        else if (event.key === "+" || event.key === "=")
            this.zoomBy(1.25);
        else if (event.key === "-")
            this.zoomBy(0.8);
        else if (event.key === "0")
            this.fit(view.bounds);
        else
            return;
        event.preventDefault();
    }
}
