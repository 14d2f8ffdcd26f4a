"""A plan for a billion messages, from what one message costs.

Rates of nodes and of the driver, and sizes, are of `benchmarks/scale.json`. Where
`benchmarks/engines.json` has been measured, its rates of engines win.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.engines import BASELINE
from benchmarks.machine import read_results, shown
from stages.review.markdown import table

MEASURED, ENGINES = Path("benchmarks/scale.json"), Path("benchmarks/engines.json")
MESSAGES = 1_000_000_000
NODES, CORES = 64, 16
# Assumed, in US dollars: a core for an hour on demand, a gigabyte in S3 for a month.
CORE_HOUR, GIGABYTE_MONTH = 0.045, 0.023
_NAMES = {
    "fetch a table": "fetch: read a table, find near duplicates, write",
    "hand over embed": "embed: hand parts over, write the result",
    "hand over infer": "infer: hand parts over, write the result",
}


def nodes() -> list[str]:
    """Return the table of what the nodes do."""
    measured = read_results(MEASURED)
    rates = measured["nodes"]
    work = {"fetch: parse raw mail": rates["parse"]}
    engines = rates["encode"] | _engines()
    work |= {f"embed: `{name}`": rate for name, rate in sorted(engines.items())}
    work["infer: score"] = rates["score"]
    head = ["work", "messages a second and core", "core hours", "hours", "cost"]
    rows = []
    for name, rate in work.items():
        hours = MESSAGES / rate / 3600
        spread, cost = hours / (NODES * CORES), hours * CORE_HOUR
        speed = f"{rate:,.{0 if rate > 99 else 1}f}"
        rows.append([name, speed, f"{hours:,.0f}", f"{spread:,.1f}", f"${cost:,.0f}"])
    return [
        table(head, rows),
        "",
        f"Hours on {NODES} nodes of {CORES} cores; ${CORE_HOUR} a core and hour is assumed. Rates "
        f"by CPU time, measured {shown(measured['machine'])}.",
    ]


def driver() -> list[str]:
    """Return the table of what the driver does alone."""
    measured = read_results(MEASURED)
    rows = []
    for key, name in _NAMES.items():
        rate = measured["driver"][key]
        rows.append([name, f"{rate:,.0f}", f"{MESSAGES / rate / 3600:,.0f}"])
    return [
        table(["the driver, on one core", "messages a second", "hours for all"], rows),
        "",
        f"Measured {shown(measured['machine'])}.",
    ]


def storage() -> list[str]:
    """Return the table of what is kept."""
    measured = read_results(MEASURED)
    sizes = measured["bytes"]
    rows = []
    for name in ("messages", "embeddings", "predictions"):
        total = sizes[name] * MESSAGES / 1e12
        month = f"${total * 1000 * GIGABYTE_MONTH:,.0f}"
        rows.append([name, f"{sizes[name]:,.0f}", f"{total:,.2f} TB", month])
    head = ["kept", "bytes a message", "of a billion", "a month"]
    return [
        table(head, rows),
        "",
        f"${GIGABYTE_MONTH} a GB and month is assumed. Messages of the default corpus, each with "
        "its raw mail. While a stage is at work, its parts take the room of its input, and then of "
        "its output, once more.",
    ]


def _engines() -> dict[str, float]:
    """Return the rates of the engines, where they have been measured beside each other."""
    if not ENGINES.exists():
        return {}
    found = read_results(ENGINES)["engines"]
    return {
        name: row["cores_1"]["messages_per_processor_second"]
        for name, row in found.items()
        if name != BASELINE
    }
