/* SPDX-License-Identifier: MIT */
/* Walks through the table of an interleaving: who holds what and waits for whom after each step, up to the deadlock. */

const PLAY_MS = 1400;

class Steps {
    constructor(section) {
        this.section = section;
        this.rows = findAll("tbody tr", section);
        this.columns = findAll("thead .thread", section).map((thread) => thread.textContent);
        this.number = (column) => make("span", { class: "number" }, String(column + 1));
        this.arrows = findAll("svg .arrow[data-column]", section.closest(".finding"));
        this.at = 0; /* steps that were made */
        this.timer = null;
        this.build();
    }

    build() {
        const button = (name, label, go) => make("button", { type: "button", "data-go": name, "aria-label": label, title: label, onclick: () => go() });

        this.buttons = {
            first: button("first", "First step", () => this.user(0)),
            previous: button("previous", "Previous step (left arrow)", () => this.user(this.at - 1)),
            next: button("next", "Next step (right arrow)", () => this.user(this.at + 1)),
            play: button("play", "Play", () => this.play()),
        };
        this.buttons.first.textContent = "start";
        this.buttons.previous.textContent = "\u25c0 back";
        this.buttons.next.textContent = "next \u25b6";
        this.told = make("output", { class: "told", "aria-live": "polite" });
        this.board = make("div", { class: "board", "aria-hidden": "true" });
        /* Beside the drawing, whose arrows light up. */
        find(".sides > section", this.section.closest(".finding")).append(
            make("h4", {}, find("h4", this.section).textContent),
            make("div", { class: "controls", role: "group", "aria-label": "Steps" }, ...Object.values(this.buttons)), this.told, this.board);
        find("h4", this.section).textContent = "All steps";
        this.show();
    }

    /* Who holds what after the steps that were made. */
    state() {
        const threads = this.columns.map((name, column) => ({ name, column, holds: [], waits: null }));

        for (const row of this.rows.slice(0, this.at)) {
            const column = Number(row.dataset.column), thread = threads[column];
            const lock = find(`.${row.dataset.does} .lock`, row), entry = find(`.${row.dataset.does}`, row);

            if (row.dataset.does === "takes")
                thread.holds.push(lock.cloneNode(true));
            else if (row.dataset.does === "waits")
                thread.waits = { what: lock === null ? entry.textContent : lock.cloneNode(true),
                                 whom: (column + 1) % this.columns.length };
        }
        return threads;
    }

    card(thread, moves) {
        const list = make("dl");

        list.append(make("dt", {}, "holds"), make("dd", {}, ...(thread.holds.length ? thread.holds : ["\u2013"])));
        if (thread.waits !== null) {
            list.append(make("dt", {}, "wants"), make("dd", {}, thread.waits.what));
            if (this.columns.length > 1)
                list.append(make("dt", {}, "of"), make("dd", {}, this.number(thread.waits.whom), " ", make("span", { class: "thread" }, this.columns[thread.waits.whom])));
        }
        return make("div", { class: `${moves ? "moves " : ""}${thread.waits !== null ? "waiting" : ""}` },
                    this.number(thread.column), " ", make("span", { class: "thread" }, thread.name), list);
    }

    show() {
        const last = this.at > 0 ? this.rows[this.at - 1] : null, moved = last === null ? -1 : Number(last.dataset.column);
        const threads = this.state(), stuck = threads.every((thread) => thread.waits !== null) && this.section.dataset.end === "deadlock";
        const waiting = new Set(this.rows.slice(0, this.at).filter((row) => row.dataset.does === "waits").map((row) => row.dataset.column));

        this.rows.forEach((row, index) => {
            row.classList.toggle("now", row === last);
            row.classList.toggle("later", this.at > 0 && index >= this.at);
        });
        this.arrows.forEach((arrow) => {
            arrow.classList.toggle("on", waiting.has(arrow.dataset.column));
            arrow.classList.toggle("off", this.at > 0 && !waiting.has(arrow.dataset.column));
        });
        if (last !== null)
            this.reveal(find(`.${last.dataset.does}`, last));
        this.board.replaceChildren(...threads.map((thread, index) => this.card(thread, index === moved)));
        this.board.classList.toggle("dead", stuck);
        this.buttons.first.disabled = this.buttons.previous.disabled = this.at === 0;
        this.buttons.next.disabled = this.at === this.rows.length;
        this.buttons.play.textContent = this.timer === null ? "play" : "pause";
        this.told.textContent = this.at === 0 ? `${this.rows.length} steps` : `step ${this.at} of ${this.rows.length}: ${this.sentence(last)}${stuck ? " \u2014 DEADLOCK" : ""}`;
    }

    /* A wide table moves sideways, so that the cell of the step is seen; the page stays. */
    reveal(cell) {
        const scroll = find(".scroll", this.section), left = cell.offsetLeft, right = left + cell.offsetWidth;

        if (left < scroll.scrollLeft || right > scroll.scrollLeft + scroll.clientWidth)
            scroll.scrollLeft = Math.max(0, left - 60);
    }

    sentence(row) {
        const entry = find(`.${row.dataset.does}`, row).textContent.trim();

        return `${this.columns[Number(row.dataset.column)]} ${entry} ${find(".sentence", row).textContent}`;
    }

    go(at) {
        this.at = Math.max(0, Math.min(this.rows.length, at));
        this.show();
    }

    /* The reader took over. */
    user(at) {
        this.pause();
        this.go(at);
    }

    pause() {
        clearInterval(this.timer);
        this.timer = null;
    }

    play() {
        if (this.timer !== null) {
            this.pause();
            this.show();
            return;
        }
        this.timer = setInterval(() => {
            if (this.at === this.rows.length - 1)
                this.pause();
            this.go(this.at + 1);
        }, PLAY_MS);
        this.go(this.at === this.rows.length ? 0 : this.at + 1);
    }
}

const steppers = new Map(); /* by the article */

/* Arrows step through the finding that is shown, unless they mean something where the focus is. */
function stepByKey(event) {
    const stepper = findings.current !== null && find("#findings").classList.contains("current") ? steppers.get(findings.current.article) : undefined;

    if (stepper === undefined || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, canvas, .scroll"))
        return;
    if (event.key === "ArrowRight")
        stepper.user(stepper.at + 1);
    else if (event.key === "ArrowLeft")
        stepper.user(stepper.at - 1);
    else
        return;
    event.preventDefault();
}

function startSteps(article) {
    for (const section of findAll(".steps", article))
        steppers.set(article, new Steps(section));
}
