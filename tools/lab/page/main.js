/* SPDX-License-Identifier: MIT */
/* Buttons, keys, examples, links. */

const PLAY_MS = 900;
const EXPLORE_STATES = 2000; /* that are tried before the page is looked after */
const THEMES = ["auto", "light", "dark"];

/* A text as a part of an address, and back. */
function pack(text) {
    const bytes = new TextEncoder().encode(text);

    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function unpack(word) {
    const binary = atob(word.replaceAll("-", "+").replaceAll("_", "/"));

    return new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
}

class Lab {
    constructor(core) {
        this.game = new Game(core);
        this.core = core;
        this.timer = null;
        this.found = null;
        this.exploring = null; /* the timer of the next piece */
        this.valid = false; /* the text is a program; else what is shown is the last one that was, and cannot be played */
        this.play = (step) => {
            this.stop();
            if (!this.valid)
                return;
            this.game.play(step);
            this.show();
        };
        this.wire();
        this.listExamples("");
        if (!this.follow()) {
            const complaint = byId("complaint").textContent;

            this.choose(examples[0].name);
            byId("complaint").textContent = complaint;
        }
    }

    show() {
        show(this.game, this.play);
        this.showFound();
    }

    /* ---- programs ---- */

    options() {
        return byId("strict").checked ? "strict=1" : "";
    }

    load(text) {
        const said = this.game.load(text, this.options());

        this.stop();
        this.stopExploring();
        byId("complaint").textContent = said.ok ? "" : `${said.line !== 0 ? `Line ${said.line}: ` : ""}${said.complaint}`;
        this.found = null;
        this.valid = said.ok;
        for (const id of ["board", "known", "all"])
            byId(id).inert = !said.ok;
        if (said.ok)
            this.show();
        return said.ok;
    }

    choose(name) {
        const example = examples.find((one) => one.name === name);

        if (example === undefined)
            return false;
        byId("text").value = example.text;
        byId("example").value = name;
        return this.load(example.text);
    }

    listExamples(words) {
        const fits = examples.filter((example) => words.toLowerCase().split(/\s+/).every((word) => `${example.group} ${example.title}`.toLowerCase().includes(word)));
        const groups = new Map();

        for (const example of fits)
            groups.set(example.group, [...(groups.get(example.group) || []), example]);
        fill("example", ...[...groups].map(([group, list]) => make("optgroup", { label: `${group} (${list.length})` },
            ...list.map((example) => make("option", { value: example.name }, example.title)))));
    }

    /* "#e=NAME", or "#p=TEXT&h=STEPS": a program, and what was done. */
    follow() {
        const parts = new URLSearchParams(location.hash.slice(1));

        try {
            if (parts.has("e"))
                return this.choose(parts.get("e"));
            if (!parts.has("p"))
                return false;
            byId("text").value = unpack(parts.get("p"));
            byId("strict").checked = parts.get("s") === "1";
        } catch {
            byId("complaint").textContent = "The address has no program that can be read.";
            return false;
        }
        if (this.load(byId("text").value)) {
            this.game.replay((parts.get("h") || "").split(".").filter((word) => /^\d\d?-\d\d?$/.test(word)).map((word) => word.split("-").map(Number)));
            this.show();
        }
        return true;
    }

    async share() {
        const steps = this.game.steps().map((step) => step.join("-")).join(".");

        location.hash = `p=${pack(byId("text").value)}${byId("strict").checked ? "&s=1" : ""}${steps === "" ? "" : `&h=${steps}`}`;
        try {
            await navigator.clipboard.writeText(location.href);
            byId("told").textContent = "The link is copied.";
        } catch {
            byId("told").textContent = "The link is in the address.";
        }
    }

    /* ---- playing ---- */

    stop() {
        clearInterval(this.timer);
        this.timer = null;
        byId("play").setAttribute("aria-pressed", "false");
    }

    start() {
        if (!this.valid)
            return;
        byId("play").setAttribute("aria-pressed", "true");
        this.timer = setInterval(() => this.forth(), PLAY_MS);
        this.forth();
    }

    toggle() {
        if (this.timer === null)
            this.start();
        else
            this.stop();
    }

    forth() {
        if (!this.valid)
            return;
        if (!this.game.forth())
            this.stop();
        this.show();
        if (this.game.next() === null)
            this.stop();
    }

    back() {
        this.stop();
        if (!this.valid)
            return;
        this.game.back();
        this.show();
    }

    restart() {
        this.stop();
        if (!this.valid)
            return;
        this.game.restart();
        this.show();
    }

    /* ---- all interleavings ---- */

    /* Piece by piece; a program that is loaded meanwhile ends it. */
    explore() {
        const found = this.core.explore(EXPLORE_STATES);

        if (!found.ok)
            return;
        this.found = found.done ? found : null;
        this.exploring = found.done ? null : setTimeout(() => this.explore());
        byId("explore").textContent = found.done ? "Try all" : `Stop: ${found.states.toLocaleString("en")} states`;
        this.showFound();
    }

    stopExploring() {
        clearTimeout(this.exploring);
        this.exploring = null;
        byId("explore").textContent = "Try all";
    }

    /* Where it stops it goes on later. */
    toggleExploring() {
        if (this.exploring === null)
            this.explore();
        else
            this.pauseExploring();
    }

    pauseExploring() {
        this.stopExploring();
        byId("explore").textContent = "Go on";
    }

    showFound() {
        const found = this.found, lines = found === null ? [] : exploredText(found, this.game.view);

        fill("explored", ...lines.map((line) => make("p", {}, line)));
        byId("explored").classList.toggle("bad", found !== null && found.hangs !== 0);
        byId("show-hang").hidden = found === null || found.way.length === 0;
    }

    showHang() {
        this.stop();
        this.game.future = [];
        this.game.replay(this.found.way);
        this.show();
        byId("board").focus();
    }

    /* ---- the page ---- */

    wire() {
        const on = (id, what, does) => byId(id).addEventListener(what, does);

        on("load", "click", () => this.load(byId("text").value));
        on("text", "input", () => this.load(byId("text").value));
        on("strict", "change", () => this.load(byId("text").value));
        on("share", "click", () => void this.share());
        on("search", "input", () => this.listExamples(byId("search").value));
        on("search", "keydown", (event) => event.key === "Enter" && byId("example").value && this.choose(byId("example").value));
        on("example", "change", () => this.choose(byId("example").value));
        on("restart", "click", () => this.restart());
        on("back", "click", () => this.back());
        on("next", "click", () => { this.stop(); this.forth(); });
        on("play", "click", () => this.toggle());
        on("explore", "click", () => this.toggleExploring());
        on("show-hang", "click", () => this.showHang());
        on("theme", "click", () => this.theme());
        window.addEventListener("hashchange", () => this.follow());
        document.addEventListener("keydown", (event) => this.key(event));
    }

    theme() {
        const button = byId("theme"), theme = THEMES[(THEMES.indexOf(button.textContent) + 1) % THEMES.length];

        button.textContent = theme;
        button.setAttribute("aria-label", `Colours: ${theme === "auto" ? "as the system has them" : theme}`);
        document.documentElement.dataset.theme = theme;
    }

    key(event) {
        const keys = { ArrowLeft: () => this.back(), ArrowRight: () => { this.stop(); this.forth(); }, Home: () => this.restart(),
                       " ": () => this.toggle(), e: () => this.toggleExploring() };
        const digit = /^[1-8]$/.test(event.key) ? Number(event.key) - 1 : -1;

        if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("textarea, input, select, summary, pre") !== null)
            return;
        if (event.key === " " && event.target.closest("button, a") !== null)
            return;
        if (digit >= 0 && this.game.view.ok && digit < this.game.view.threads.length)
            this.play([digit, GO]);
        else if (keys[event.key] !== undefined)
            keys[event.key]();
        else
            return;
        event.preventDefault();
    }
}

Core.open(wasm).then((core) => {
    window.lab = new Lab(core);
    window.labExamples = examples;
    document.documentElement.dataset.ready = "1";
}, (error) => {
    byId("complaint").textContent = `The core cannot run here: ${error.message}`;
});
