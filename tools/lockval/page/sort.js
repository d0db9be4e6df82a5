/* SPDX-License-Identifier: MIT */
/* A table that has all its rows already: a cell of a column of numbers has in data-v what it is sorted by. Numbers begin with the largest, texts
 * with the first. */
function sortInPlace(section) {
    const body = find("tbody", section), heads = findAll("thead th", section);

    heads.forEach((head, index) => {
        const sort = () => {
            const numbers = head.classList.contains("n"), before = head.getAttribute("aria-sort");
            const down = before === null ? numbers : before === "ascending";
            const by = (row) => Number(row.children[index].dataset.v), text = (row) => row.children[index].textContent;
            const order = (a, b) => numbers ? by(a) - by(b) : text(a).localeCompare(text(b));

            heads.forEach((other) => other.removeAttribute("aria-sort"));
            head.setAttribute("aria-sort", down ? "descending" : "ascending");
            body.append(...findAll("tr", body).sort((a, b) => down ? order(b, a) : order(a, b)));
        };

        head.replaceChildren(make("button", { type: "button", onclick: sort }, head.textContent));
    });
}

/* A field above such a table: rows that do not have all its words are not seen. */
function searchInPlace(section) {
    const rows = findAll("tbody tr", section), count = find(".count", section);
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const search = make("input", { type: "search", placeholder: "Search", "aria-label": `Search ${find("h3", section).firstChild.textContent.trim()}`, oninput: () => {
        const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
        let seen = 0;

        for (const row of rows) {
            row.hidden = !words.every((word) => texts.get(row).includes(word));
            seen += !row.hidden;
        }
        count.textContent = seen === rows.length ? rows.length : `${seen} of ${rows.length}`;
    } });

    find("h3", section).after(make("div", { class: "filters" }, search));
}
