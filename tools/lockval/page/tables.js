/* SPDX-License-Identifier: MIT */
/* The tables of classes and edges: all rows, sorted by any column, searched; a page at a time. */

const PAGE_ROWS = 200;

function lockName(cls) {
    return make("span", { class: "lock", "data-class": cls.index, tabindex: "0", role: "link" }, cls.name);
}

/* What was not counted is 0. */
const known = (name) => ({ show: (row) => row[name] || "\u2013", by: (row) => row[name], cell: "n" });

/* What a column shows, and is sorted by. */
const CLASS_COLUMNS = [
    { show: lockName, by: (cls) => cls.name },
    { show: (cls) => cls.kind },
    { show: (cls) => cls.usage, cell: "usage" },
    { show: (cls) => data.groups[cls.group] && data.groups[cls.group][0] || "" },
    known("taken"),
    known("chains"),
    { show: (cls) => cls.in.length, cell: "n" },
    { show: (cls) => cls.out.length, cell: "n" },
    { show: (cls) => cls.findings, cell: "n" },
];

const EDGE_COLUMNS = [
    { show: (edge) => lockName(edge.from), by: (edge) => edge.from.name },
    { show: (edge) => lockName(edge.to), by: (edge) => edge.to.name },
    { show: modesOf },
    known("acquisitions"),
    known("chains"),
    { show: (edge) => edge.findings, cell: "n" },
];

class Table {
    constructor(section, rows, columns, textOf, first) {
        Object.assign(this, { section, rows, columns, textOf });
        this.order = rows.slice();
        this.shown = PAGE_ROWS;
        this.body = find("tbody", section);
        this.search = make("input", { type: "search", placeholder: "Search", "aria-label": `Search ${section.id}`, oninput: () => this.show() });
        this.more = make("button", { type: "button", class: "page", onclick: () => { this.shown += PAGE_ROWS * 5; this.show(); } });
        find("h3", section).after(make("div", { class: "filters" }, this.search));
        find(".scroll", section).after(this.more);
        this.heads = findAll("thead th", section);
        this.heads.forEach((head, index) => {
            const button = make("button", { type: "button", onclick: () => this.sort(index) }, head.textContent);

            head.replaceChildren(button);
        });
        this.sort(first);
    }

    sort(index) {
        const column = this.columns[index], head = this.heads[index], by = column.by || column.show;
        const down = head.getAttribute("aria-sort") === "descending" ? false : head.getAttribute("aria-sort") === "ascending" ? true : column.cell === "n";

        this.heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        this.order.sort((a, b) => {
            const left = by(a), right = by(b), order = typeof left === "number" ? left - right : String(left).localeCompare(String(right));

            return (down ? -order : order) || a.index - b.index;
        });
        this.show();
    }

    show() {
        const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
        const matching = words.length === 0 ? this.order : this.order.filter((row) => words.every((word) => this.textOf(row).includes(word)));

        this.body.replaceChildren(...matching.slice(0, this.shown).map((row) => make("tr", {}, ...this.columns.map((column) =>
            make("td", { class: column.cell }, column.show(row))))));
        find(".count", this.section).textContent = matching.length === this.rows.length ? this.rows.length : `${matching.length} of ${this.rows.length}`;
        this.more.hidden = matching.length <= this.shown;
        this.more.textContent = `more (${matching.length - this.shown} left)`;
    }
}

/* When the part is seen first: building thousands of rows takes its time. */
function startTables() {
    new Table(find("#classes"), data.classes, CLASS_COLUMNS, (cls) => `${cls.name} ${cls.key} ${cls.kind} ${cls.origin}`.toLowerCase(), 4);
    new Table(find("#edges"), data.edges, EDGE_COLUMNS, (edge) => `${edge.from.name} ${edge.to.name} ${modesOf(edge)}`.toLowerCase(), 3);
    for (const section of findAll(".sortable"))
        sortInPlace(section);
}
