/* SPDX-License-Identifier: MIT */
/* The list of findings: one is shown, the list is filtered. */

const VERDICTS = ["deadlock", "misuse", "feasible", "potential", "guarded", "other"];

const findings = {
    entries: [], /* { item, link, article, verdict, kind, suppressed, text } */
    current: null,
    hidden: new Set(), /* verdicts that are filtered out */
};

/* All that stands in a finding; put together when it is searched first. */
function textOf(entry) {
    entry.text = entry.text || `${entry.item.textContent} ${entry.article.textContent}`.toLowerCase();
    return entry.text;
}

function isShown(entry) {
    return !entry.item.hidden;
}

function filterFindings() {
    const words = find("#finding-search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = find("#finding-kind").value;
    let shown = 0;

    for (const entry of findings.entries) {
        entry.item.hidden = findings.hidden.has(entry.verdict) || (kind !== "" && entry.kind !== kind)
            || (entry.suppressed && findings.hidden.has("suppressed")) || !words.every((word) => textOf(entry).includes(word));
        shown += isShown(entry);
    }
    find("#finding-count").textContent = shown === findings.entries.length ? `${shown} shown` : `${shown} of ${findings.entries.length} shown`;
}

function toggle(word, count) {
    return make("button", { type: "button", "aria-pressed": "true", onclick(event) {
        const off = findings.hidden.delete(word) ? false : Boolean(findings.hidden.add(word));

        event.currentTarget.setAttribute("aria-pressed", String(!off));
        filterFindings();
    } }, `${word} ${count}`);
}

function countOf(entries, test) {
    return entries.filter(test).length;
}

function addFindingFilters(part) {
    const entries = findings.entries, kinds = [...new Set(entries.map((entry) => entry.kind))].sort();
    const verdicts = VERDICTS.filter((verdict) => entries.some((entry) => entry.verdict === verdict));
    const suppressed = countOf(entries, (entry) => entry.suppressed);
    const bar = make("div", { class: "filters", role: "search", "aria-label": "Filter of the findings" },
        make("input", { type: "search", id: "finding-search", placeholder: "Search findings: lock, function, file, reason",
                        "aria-label": "Search findings", oninput: filterFindings }),
        make("select", { id: "finding-kind", "aria-label": "Kind", onchange: filterFindings },
             make("option", { value: "" }, "all kinds"), ...kinds.map((kind) => make("option", { value: kind }, kind))),
        ...(verdicts.length > 1 ? verdicts.map((verdict) => toggle(verdict, countOf(entries, (entry) => entry.verdict === verdict))) : []),
        suppressed > 0 ? toggle("suppressed", suppressed) : null,
        make("span", { id: "finding-count", class: "hint", role: "status" }));

    find(".columns", part).before(bar);
}

/* What the script adds to a finding, when it is seen first: a page may have a thousand. */
function startArticle(article) {
    if (article.classList.contains("started"))
        return;
    article.classList.add("started");
    startSteps(article);
    for (const command of findAll(".command", article))
        command.after(copyButton(command.textContent));
}

/* Show the finding @entry; @focus: go there, since it was asked for. */
function showFinding(entry, focus) {
    if (findings.current !== null) {
        findings.current.article.classList.remove("current");
        findings.current.link.removeAttribute("aria-current");
    }
    findings.current = entry;
    startArticle(entry.article);
    entry.article.classList.add("current");
    entry.link.setAttribute("aria-current", "true");
    if (focus) {
        document.documentElement.classList.add("reading");
        entry.article.focus({ preventScroll: true });
        entry.article.scrollIntoView({ block: "nearest" });
    }
}

function showFindingList() {
    document.documentElement.classList.remove("reading");
    if (findings.current !== null)
        findings.current.link.focus();
}

/* The finding that "#f3" or "#f-0123456789abcdef" means, or undefined. */
function findingOfHash(hash) {
    return findings.entries.find((entry) => `#${entry.article.id}` === hash || `#f-${entry.article.dataset.print}` === hash);
}

/* Up and down go through the list. */
function moveInList(event) {
    const shown = findings.entries.filter(isShown);
    const at = shown.findIndex((entry) => entry.link === document.activeElement);
    const next = event.key === "ArrowDown" ? shown[at + 1] : event.key === "ArrowUp" ? shown[at - 1] : undefined;

    if (at < 0 || next === undefined)
        return;
    event.preventDefault();
    next.link.focus();
    if (window.matchMedia("(min-width: 900px)").matches)
        showFinding(next, false);
}

function copyButton(text) {
    const button = make("button", { type: "button", class: "copy", onclick: async () => {
        try {
            await navigator.clipboard.writeText(text);
            button.textContent = "copied";
        } catch (error) {
            button.textContent = "cannot copy";
        }
    } }, "copy");

    return button;
}

function startFindings() {
    const part = find("#findings"), items = findAll(".entries > li", part), articles = findAll(".finding", part);

    findings.entries = items.map((item, index) => ({
        item, link: find("a", item), article: articles[index], verdict: item.dataset.verdict, kind: item.dataset.kind,
        suppressed: "suppressed" in item.dataset, text: null,
    }));
    if (findings.entries.length === 0)
        return;
    addFindingFilters(part);
    filterFindings();
    find(".articles", part).prepend(make("button", { type: "button", class: "back", onclick: showFindingList }, "\u2190 all findings"));
    find(".entries", part).addEventListener("keydown", moveInList);
    showFinding(findings.entries[0], false);
}
