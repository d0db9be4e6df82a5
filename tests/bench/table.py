# SPDX-License-Identifier: MIT
"""The rows as a Markdown table for people, and as plain data for programs."""

import figures
import machine as machines
from figures import short

FLOOR = "pass-through"      # no tool; it is cheaper by what it does not do
BEGIN, END = "<!-- script/bench: begin -->", "<!-- script/bench: end -->"


def ratio_cell(pairs):
    value = figures.ratios(pairs)
    return f"{value.middle:.2f} ({value.low:.2f} to {value.high:.2f})"


def budget_cell(row):
    workload, pairs, budget = row.workload, row.pairs, row.workload.budget
    if budget is None:
        return "–"
    verdict = "holds" if budget.holds(pairs) else "**missed**"
    figure = budget.figure(pairs)
    if budget.kind == "ratio":
        processors = f" (processors' time {figures.ratios(row.cpu).middle:.2f})" if row.cpu else ""
        return f"{budget.text(workload.unit)}: {verdict}{processors}"
    sign = "+" if budget.kind == "difference" and figure >= 0 else ""
    return f"{budget.text(workload.unit)}: {sign}{figure:.2f}, {verdict}"


def peer_cell(row, peer):
    if peer.name in row.stopped:
        return row.stopped[peer.name]
    pairs = row.peers.get(peer.name)
    return short(figures.ratios(pairs).middle) if pairs else "–"


def cells(row, peers):
    workload = row.workload
    return [workload.title, f"{short(row.plain().middle)} {workload.unit}", ratio_cell(row.pairs),
            budget_cell(row)] + [peer_cell(row, peer) for peer in peers]


def missed(rows):
    return [row for row in rows if row.workload.budget and not row.workload.budget.holds(row.pairs)]


def verdicts(rows, peers):
    """Which budgets hold, and who is cheaper where."""
    judged = [row for row in rows if row.workload.budget]
    lines = []
    if judged:
        bad = missed(rows)
        names = f" Missed: {'; '.join(row.workload.title for row in bad)}." if bad else ""
        lines.append(f"- {len(judged) - len(bad)} of {len(judged)} budgets hold.{names}")
    for peer in peers:
        if peer.name == FLOOR:
            continue
        cheaper = [f"{row.workload.title} ({short(figures.ratios(row.peers[peer.name]).middle)} to "
                   f"{short(figures.ratios(row.pairs).middle)})" for row in rows if row.peers.get(peer.name)
                   and figures.ratios(row.peers[peer.name]).middle < figures.ratios(row.pairs).middle]
        if cheaper:
            lines.append(f"- {peer.name} is cheaper than lockval in: {'; '.join(cheaper)}.")
    return lines


def markdown(rows, peers, machine, skipped):
    """The table, what stands above and below it. @skipped: lines that say what was left out."""
    there = [peer for peer in peers if not peer.missing]
    heads = ["workload", "plain", "with lockval", "budget"] + [peer.name for peer in there]
    lines = [machines.line(machine) + ".", "",
             "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cells(row, there)) + " |" for row in rows]
    lines += ["", *verdicts(rows, there)]
    for row in rows:
        if row.workload.why or row.cpu:
            processor = f" The processors' time for it: {ratio_cell(row.cpu)}." if row.cpu else ""
            lines.append(f"- {row.workload.title}: the time is for {row.workload.why}.{processor}")
        fair = row.fairness()
        if fair:
            lines.append(f"- {row.workload.title}: the slower thread has {fair[0]:.2f} of all operations, with lockval "
                         f"{fair[1]:.2f}; Jain's index {figures.jain(fair[0]):.3f} and {figures.jain(fair[1]):.3f}.")
    lines += [f"- {peer.name}: missing: {peer.missing}." for peer in peers if peer.missing]
    lines += [f"- Left out: {line}." for line in skipped]
    return "\n".join(lines).rstrip() + "\n"


def spread_data(spread):
    return {"median": spread.middle, "low": spread.low, "high": spread.high}


def row_data(row):
    workload, budget = row.workload, row.workload.budget
    data = {"workload": workload.title, "unit": workload.unit, "plain": spread_data(row.plain()),
            "ratio": spread_data(figures.ratios(row.pairs)), "difference": spread_data(figures.differences(row.pairs)),
            "pairs": row.pairs, "budget": None, "peers": {}}
    if budget:
        data["budget"] = {"kind": budget.kind, "limit": budget.limit, "figure": budget.figure(row.pairs),
                          "holds": budget.holds(row.pairs)}
    if row.cpu:
        data["cpu"] = {"ratio": spread_data(figures.ratios(row.cpu)), "pairs": row.cpu}
    fair = row.fairness()
    if fair:
        data["fairness"] = {side: {"share": share, "jain": figures.jain(share)}
                            for side, share in zip(("plain", "lockval"), fair)}
    for name, pairs in row.peers.items():
        data["peers"][name] = {"ratio": spread_data(figures.ratios(pairs)), "pairs": pairs}
    for name, why in row.stopped.items():
        data["peers"][name] = {"stopped": why}
    return data


def plain_data(rows, peers, machine, skipped):
    return {
        "machine": machine,
        "rows": [row_data(row) for row in rows],
        "peers": {peer.name: {"missing": peer.missing, "version": peer.version} for peer in peers},
        "skipped": skipped,
    }


def replaced(page, text):
    """@page with @text between its two marker lines."""
    begin, end = page.find(BEGIN), page.find(END)
    if begin < 0 or end < begin:
        raise ValueError(f"the page has no lines {BEGIN} and {END}")
    return page[:begin + len(BEGIN)] + "\n" + text + page[end:]
