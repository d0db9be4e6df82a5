/* SPDX-License-Identifier: MIT */
/* From a game to the page. All of it is made anew after each step; there is little of it. */

function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);

    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith("on"))
            element.addEventListener(key.slice(2), value);
        else if (value === true)
            element.setAttribute(key, "");
        else if (value !== false)
            element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
}

const byId = (id) => document.getElementById(id);

function fill(id, ...children) {
    byId(id).replaceChildren(...children);
}

/* "A (read)" */
function heldTexts(view, thread) {
    return view.held.filter((lock) => lock.thread === thread).map((lock) => {
        const place = view.locks[(Number(lock.address) - 0x10200000) / 64];
        const name = place !== undefined ? place.name : "?", cls = view.classes.find((one) => one.id === lock.class);
        const sub = cls !== undefined && /\/\d$/.test(cls.name) ? cls.name.slice(-2) : "";

        return `${name}${sub}${lock.mode === "write" ? "" : ` (${lock.mode})`}`;
    });
}

function stepList(sequence, next, over) {
    return make("ol", {}, ...sequence.steps.map((step, i) => {
        const state = over || i < next ? "done" : i === next ? "here" : "";

        return make("li", { class: state, ...(state === "here" ? { "aria-current": "step" } : {}) }, step.text);
    }));
}

function buttonsOf(game, i, play) {
    const buttons = [], name = game.view.threads[i].name;

    for (const step of game.view.choices.filter((choice) => choice[0] === i)) {
        const text = step[1] === GO ? (game.view.now[i].state === "waits" ? "goes on" : "step") : game.textOf(step);

        buttons.push(make("button", { type: "button", "data-step": step.join(), "aria-label": `${name}: ${game.textOf(step)}`, onclick: () => play(step) }, text));
    }
    return buttons;
}

function threadCard(game, i, play) {
    const view = game.view, now = view.now[i], words = { ended: "has ended", unborn: "not begun", waits: "waits", ready: "" };
    const main = now.frames.length !== 0 ? now.frames[0] : { sequence: i, next: 0 };
    const stuck = view.hangs && now.state !== "ended", held = heldTexts(view, i);
    const card = make("div", { class: `thread ${now.state}${stuck ? " stuck" : ""}`, role: "group", "aria-label": `Thread ${view.threads[i].name}` },
        make("h4", {}, view.threads[i].name, make("span", {}, stuck ? "stuck for good" : words[now.state])),
        stepList(view.threads[i], now.state === "unborn" ? -1 : main.next, now.state === "ended"));

    for (const frame of now.frames.slice(1)) {
        const sequence = game.sequence(frame.sequence);

        card.append(make("div", { class: "handler" }, `in ${sequence.name}:`, stepList(sequence, frame.next, false)));
    }
    card.append(make("p", { class: "holds" }, "holds ", held.length !== 0 ? make("b", {}, held.join(", ")) : "nothing"),
                make("div", { class: "row" }, ...buttonsOf(game, i, play)));
    return card;
}

function chainItems(view) {
    const nameOf = (id) => view.classes.find((cls) => cls.id === id).name;

    return view.chains.map((chain, i) => {
        const last = i === view.chain;

        return make("li", last ? { class: "last" } : {}, chain.classes.map(nameOf).join(" \u2192 "),
                    make("span", {}, ` \u00d7${chain.walks}${last ? (view.known ? "  known: in the cache" : "  looked at") : ""}`));
    });
}

function findingItem(finding, open) {
    return make("details", open ? { open: true } : {},
        make("summary", {}, make("span", { class: `verdict ${finding.verdict}` }, finding.verdict), ` ${finding.kind} `, finding.cycle),
        make("p", { class: "reasons" }, finding.reasons),
        make("pre", { tabindex: "0" }, finding.text.trim() + (finding.upgrade ? `\n\n${finding.upgrade.trim()}` : "")));
}

/* The buttons were made anew: go on from the same one, or from the next best. */
function focusAgain(step) {
    const buttons = [...document.querySelectorAll("#threads button")], thread = `${step.split(",")[0]},`;

    (buttons.find((button) => button.dataset.step === step) || buttons.find((button) => button.dataset.step.startsWith(thread)) ||
     buttons[0] || byId("board")).focus();
}

function show(game, play) {
    const view = game.view, last = game.past[game.past.length - 1];
    const before = game.past.length > 1 ? game.past[game.past.length - 2].findings : 0;
    const news = last !== undefined && last.findings > before ? view.findings.slice(before) : [];
    const told = byId("told"), focused = document.activeElement === null ? undefined : document.activeElement.dataset.step;

    fill("threads", ...view.threads.map((_, i) => threadCard(game, i, play)));
    byId("threads").classList.toggle("wide", view.threads.some((thread) => thread.name.length > 12 || thread.steps.some((step) => step.text.length > 15)));
    fill("history", ...game.past.map((done, i) => make("li", { class: done.findings > (i > 0 ? game.past[i - 1].findings : 0) ? "finding" : "" },
                                                      done.told + (done.findings > (i > 0 ? game.past[i - 1].findings : 0) ? "  \u2190 a finding" : ""))));
    byId("history").scrollTop = byId("history").scrollHeight;
    fill("graph", drawGraph(game));
    fill("chains", ...chainItems(view));
    fill("findings", ...(view.findings.length === 0 ? [make("p", { class: "hint" }, "None.")] :
                         view.findings.map((finding, i) => findingItem(finding, i === view.findings.length - 1)).reverse()));
    told.classList.toggle("bad", view.hangs || news.length !== 0);
    told.textContent = [last === undefined ? "At the beginning." : `${last.told}.`,
                        ...news.map((finding) => `lockval reports: ${finding.kind}, ${finding.verdict}.`),
                        view.hangs ? "Nothing can go on: this is a deadlock." : view.over ? "All threads have ended." : ""].join(" ").trim();
    byId("back").disabled = byId("restart").disabled = game.past.length === 0;
    byId("next").disabled = game.next() === null;
    if (focused !== undefined)
        focusAgain(focused);
}

/* What trying all has shown, and what that says of the finding. */
function exploredText(found, view) {
    const ways = `${found.many ? "more than " : ""}${Number(found.ways).toLocaleString("en")} interleaving${found.ways === "1" ? "" : "s"}`;
    const tried = `${ways}, ${found.states.toLocaleString("en")} states${found.complete ? "" : "; there were too many to try all"}.`;
    const worst = view.findings.length !== 0 ? view.findings[view.findings.length - 1].verdict : "";
    const lines = [tried], has = (kind) => view.locks.some((lock) => lock.kind === kind);

    if (found.hangs !== 0)
        lines.push(`It can hang: in ${found.hangs === 1 ? "one state" : `${found.hangs} states`} threads wait for good, the nearest after ${found.way.length} steps.`);
    else
        lines.push(found.complete ? "No interleaving hangs." : "None of those that were tried hangs.");
    if (found.hangs === 0 && has("flag"))
        lines.push("Its flags keep threads apart. lockval does not see them: try again without.");
    else if (found.hangs === 0 && has("cond") && worst !== "")
        lines.push("Its condition variables keep threads apart. lockval does not know who has to signal.");
    if (worst === "")
        lines.push(`lockval has reported nothing so far.${found.hangs !== 0 && has("cond") ? " It learns no order from waits on condition variables." : ""}`);
    else if (found.hangs === 0 && worst === "guarded")
        lines.push("lockval says guarded: the order is wrong, and something else keeps it from hanging. So it is.");
    else if (found.hangs === 0)
        lines.push(`lockval says ${worst}: the order of the classes allows a hang; with just these threads it does not come about.`);
    else
        lines.push(`lockval says ${worst}${worst === "feasible" || worst === "deadlock" ? ", and it is so." : ": one run could not make it surer."}`);
    return lines;
}
