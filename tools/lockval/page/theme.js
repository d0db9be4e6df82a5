/* SPDX-License-Identifier: MIT */
/* The colour scheme: that of the system, or one that was chosen and is remembered. */

const THEMES = ["auto", "light", "dark"];

function setTheme(theme, recolour) {
    document.documentElement.dataset.theme = theme;
    try {
        localStorage.setItem("lockval-theme", theme);
    } catch (error) {
        /* a page of a file may have no storage; then it is for this once */
    }
    recolour();
}

function storedTheme() {
    try {
        return localStorage.getItem("lockval-theme");
    } catch (error) {
        return null;
    }
}

/* @recolour: draws anew what has its colours from a script. */
function startTheme(recolour) {
    const button = make("button", { type: "button", id: "theme", onclick: () => {
        setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length], recolour);
        name();
    } });
    const name = () => {
        button.textContent = `colours: ${document.documentElement.dataset.theme}`;
    };
    const theme = storedTheme();

    document.documentElement.dataset.theme = THEMES.includes(theme) ? theme : "auto";
    name();
    find(".top nav").append(button);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
}
