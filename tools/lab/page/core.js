/* SPDX-License-Identifier: MIT */
/* lockval's core in WebAssembly: texts go in, JSON comes out. */

class Core {
    constructor(exports) {
        this.exports = exports;
    }

    static async open(base64) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const { instance } = await WebAssembly.instantiate(bytes, {});

        if (instance.exports._initialize)
            instance.exports._initialize();
        return new Core(instance.exports);
    }

    put(at, text, size) {
        const bytes = new TextEncoder().encode(text);
        const memory = new Uint8Array(this.exports.memory.buffer, at, size);

        if (bytes.length >= size)
            return false;
        memory.set(bytes);
        memory[bytes.length] = 0;
        return true;
    }

    said(at) {
        const memory = new Uint8Array(this.exports.memory.buffer);

        return JSON.parse(new TextDecoder().decode(memory.subarray(at, memory.indexOf(0, at))));
    }

    load(text, options) {
        if (!this.put(this.exports.lab_text(), text, 65536))
            return { ok: false, line: 1, complaint: "the text is too long" };
        this.put(this.exports.lab_options(), options, 1024);
        return this.said(this.exports.lab_load());
    }

    restart() { return this.said(this.exports.lab_restart()); }
    play([thread, what]) { return this.said(this.exports.lab_play(thread, what)); }
    explore(count) { return this.said(this.exports.lab_explore(count)); }
    exploreAll() { return this.said(this.exports.lab_explore_all()); }
}
