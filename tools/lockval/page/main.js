/* SPDX-License-Identifier: MIT */
/* The parts of the page, one of which is seen. */

const started = new Set(["findings", "run"]);
const starters = { graph: startMap, statistics: startTables };

function showPart(id) {
    for (const part of findAll(".part"))
        part.classList.toggle("current", part.id === id);
    for (const link of findAll(".top nav a")) {
        if (link.hash === `#${id}`)
            link.setAttribute("aria-current", "page");
        else
            link.removeAttribute("aria-current");
    }
    if (!started.has(id)) {
        started.add(id);
        starters[id]();
    }
}

/* The browser goes to the element of the hash by itself, and would leave the top of the page above it. */
function toTop() {
    requestAnimationFrame(() => window.scrollTo(0, 0));
}

/* "#f3", "#f-FINGERPRINT": a finding; "#class-12": a class of the graph; else a part. */
function follow() {
    const hash = location.hash, finding = findingOfHash(hash), cls = /^#class-(\d+)$/.exec(hash);

    if (finding !== undefined) {
        showPart("findings");
        showFinding(finding, true);
    } else if (cls !== null && data.classes[Number(cls[1])] !== undefined && data.engine !== "") {
        showPart("graph");
        choose(data.classes[Number(cls[1])], true);
    } else {
        const part = find(".part" + (/^#[a-z]+$/.test(hash) ? hash : "#findings")) || find("#findings");

        showPart(part.id);
        toTop();
        document.documentElement.classList.remove("reading");
    }
}

/* A lock's name leads to its class in the graph. */
function followLock(event) {
    const lock = event.target.closest(".lock[data-class]");

    if (lock !== null && (event.type === "click" || event.key === "Enter") && data.engine !== "")
        location.hash = `#class-${lock.dataset.class}`;
}

startTheme(recolourMap);
startFindings();
startPrinting();
document.addEventListener("click", followLock);
document.addEventListener("keydown", followLock);
document.addEventListener("keydown", stepByKey);
window.addEventListener("hashchange", follow);
window.addEventListener("load", () => {
    if (findingOfHash(location.hash) === undefined)
        toTop();
});
follow();
