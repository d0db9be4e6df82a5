/* SPDX-License-Identifier: MIT */
/* On paper nothing can be unfolded. */
function startPrinting() {
    let opened = [];

    window.addEventListener("beforeprint", () => {
        opened = findAll("details:not([open]):not(.text)");
        opened.forEach((details) => { details.open = true; });
    });
    window.addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
}
