/* SPDX-License-Identifier: MIT */
/* A program that is played: what was done, back and forth. Steps are pairs of a thread and what it does: 0 goes on, 1 gives up
 * waiting, 2 and more is interrupted by a context. */

const GO = 0, TIME_OUT = 1, INTERRUPT = 2;

class Game {
    constructor(core) {
        this.core = core;
        this.view = { ok: false };
        this.past = []; /* { step, told, findings }: how many findings there were after it */
        this.future = [];
        this.new_edges = new Set();
    }

    load(text, options) {
        const view = this.core.load(text, options);

        if (!view.ok)
            return view;
        this.view = view;
        this.past = [];
        this.future = [];
        this.new_edges.clear();
        return view;
    }

    can([thread, what]) {
        return this.view.choices.some((choice) => choice[0] === thread && choice[1] === what);
    }

    /* What @step of the program will be called: "lock A". */
    textOf([thread, what]) {
        const view = this.view, frames = view.now[thread].frames, frame = frames[frames.length - 1];

        if (what >= INTERRUPT)
            return `${view.contexts[what - INTERRUPT].name} interrupts`;
        return this.sequence(frame.sequence).steps[frame.next].text + (what === TIME_OUT ? ": time is over" : "");
    }

    sequence(number) {
        const threads = this.view.threads.length;

        return number < threads ? this.view.threads[number] : this.view.contexts[number - threads].handler[0];
    }

    edgeKeys(view) {
        return view.edges.map((edge) => `${edge.from}>${edge.to}`);
    }

    take(step) {
        const name = this.view.threads[step[0]].name, text = this.textOf(step), before = this.view;
        const known = new Set(this.edgeKeys(before));
        const view = this.core.play(step);
        const was = before.now[step[0]].state, now = view.now[step[0]].state;
        let told = `${name}: ${text}`;

        if (now === "waits" && was !== "waits")
            told += " \u2026 waits";
        else if (was === "waits" && now !== "waits")
            told += " \u2026 goes on";
        this.new_edges = new Set(this.edgeKeys(view).filter((key) => !known.has(key)));
        this.view = view;
        this.past.push({ step, told, findings: view.findings.length, upgraded: view.findings.some((f, i) => before.findings[i] && before.findings[i].verdict !== f.verdict) });
    }

    /* The user's step. */
    play(step) {
        if (!this.can(step))
            return false;
        this.future = [];
        this.take(step);
        return true;
    }

    /* The steps @steps, from the beginning on. */
    replay(steps) {
        this.view = this.core.restart();
        this.past = [];
        this.new_edges.clear();
        for (const step of steps)
            if (this.can(step))
                this.take(step);
    }

    restart() {
        this.future = this.steps().concat(this.future);
        this.replay([]);
    }

    back() {
        const steps = this.steps();

        if (steps.length === 0)
            return;
        this.future.unshift(steps.pop());
        this.replay(steps);
    }

    steps() {
        return this.past.map((done) => done.step);
    }

    /* Which step comes: one that was taken back, else that of the first run. Null: nothing can happen. */
    next() {
        if (this.future.length !== 0 && this.can(this.future[0]))
            return this.future[0];
        this.future = [];
        for (const run of this.view.runs)
            if (this.can(run))
                return run;
        return this.view.choices.length !== 0 ? this.view.choices[0] : null;
    }

    forth() {
        const step = this.next();

        if (step === null)
            return false;
        if (this.future.length !== 0)
            this.future.shift();
        this.take(step);
        return true;
    }
}
