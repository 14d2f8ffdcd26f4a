"""The tables of docs/engines.md, docs/speed.md and docs/processors.md, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.engines import BASELINE
from benchmarks.machine import read_results, shown
from stages.model.metrics import ONE_MINUS_AUC, RECALL_AT_1
from stages.records.interval import Interval
from stages.review.markdown import table

_HERE = Path("benchmarks")
ENGINES, QUALITY = _HERE / "engines.json", _HERE / "engine_quality.json"
CACHE, GROWTH = _HERE / "cache.json", _HERE / "growth.json"
RUN, PROCESSORS = _HERE / "run.json", _HERE / "processors.json"
# Those of the configuration first.
_ORDER = ("exact", "static", "openvino", "sentence-transformers", BASELINE)


def engine_speed() -> list[str]:
    """Return the table of speed, start, memory and closeness."""
    measured = read_results(ENGINES)
    cores = max(int(name.removeprefix("cores_")) for name in _cores(measured))
    head = [
        "engine",
        "tokens",
        f"messages a second, {cores} cores",
        "times as fast",
        "first embedding",
        "memory",
        "cosine to the model, mean and least",
    ]
    rows = []
    for name in _ORDER:
        row = measured["engines"][name]
        on_all, alone = row[f"cores_{cores}"], row["cores_1"]
        cosine = row.get("cosine")
        rows.append(
            [
                f"`{name}`" if name != BASELINE else name,
                str(row.get("max_tokens") or ("all" if name == "static" else "256")),
                f"{on_all['messages_per_second']:,.0f}",
                f"{on_all['times']:.1f}",
                f"{alone['first_seconds']:.1f} s",
                f"{on_all['peak_megabytes']:,.0f} MB",
                f"{cosine['mean']:.4f}, {cosine['least']:.4f}" if cosine else "its own space",
            ]
        )
    return [
        table(head, rows),
        "",
        f"{measured['texts']} texts of the default corpus, {measured['characters_mean']:,} "
        "characters in the mean; medians of rounds in turn. Measured "
        f"{shown(measured['machine'])}, {measured['machine']['processor']}.",
    ]


def _cores(measured: Mapping[str, Any]) -> list[str]:
    return [name for name in measured["engines"][BASELINE] if name.startswith("cores_")]


def engine_quality() -> list[str]:
    """Return the table of quality in time order, with few labels, and for drift."""
    measured = read_results(QUALITY)
    found = {name: measured["engines"][name] for name in _ORDER if name in measured["engines"]}
    few = list(next(iter(found.values()))["few_labels"])
    head = [
        "engine",
        f"{ONE_MINUS_AUC.title} in time order",
        RECALL_AT_1.title,
        *(f"{ONE_MINUS_AUC.title} from {count} labels" for count in few),
        "drift found",
        "false alarms",
    ]
    rows = [
        [
            f"`{name}`",
            *(metric.shown(Interval(**row["time_order"][metric.name])) for metric in _HEADLINES),
            *(f"{row['few_labels'][count][ONE_MINUS_AUC.name]:.2f}" for count in few),
            f"{row['drift']['power']:.2f}",
            f"{row['drift']['false_alarms']:.3f}",
        ]
        for name, row in found.items()
    ]
    any_row = next(iter(found.values()))
    later = any_row["later"]
    return [
        table(head, rows),
        "",
        f"Learned from {any_row['history']:,} messages before 26 August 2002, or from as many of "
        f"them as the column says; ranked {later['ham']:,} ham and {later['spam']} spam that came "
        f"later. Drift: windows of 300. Measured {shown(measured['machine'])}.",
    ]


_HEADLINES = (ONE_MINUS_AUC, RECALL_AT_1)


def stages() -> list[str]:
    """Return the table of a whole run by stage."""
    run = read_results(RUN)
    longest_first = sorted(run["stage_seconds"].items(), key=lambda found: -found[1])
    rows = [[f"`{name}`", f"{seconds:.0f}"] for name, seconds in longest_first]
    rows.append(["all", f"{run['run_seconds']}"])
    return [table(["stage", "seconds"], rows), "", f"Measured {shown(run['machine'])}."]


def shared_window() -> list[str]:
    """Return the sentence on a window that shares most of its mail with an earlier one."""
    found = read_results(CACHE)
    return [
        f"A window of {found['messages']:,} messages, none of them seen before, took "
        f"{found['first_seconds']:.0f} s to embed; the next, which shares "
        f"{found['shared']:.0%} of them, {found['second_seconds']:.0f} s: "
        f"{found['seconds_ratio']:.0%} (measured {shown(found['machine'])}).",
    ]


def growth() -> list[str]:
    """Return the table of memory and time by the number of messages."""
    measured = read_results(GROWTH)
    sizes = sorted(measured["sizes"], key=int)
    head = ["stage", *(f"{int(size):,} messages" for size in sizes)]
    rows = []
    for stage in ("fetch", "embed", "infer", "monitor"):
        found = [measured["sizes"][size].get(stage) for size in sizes]
        cells = [
            f"{one['seconds']:,.0f} s, {one['peak_megabytes']} MB" if one else "" for one in found
        ]
        rows.append([stage, *cells])
    return [
        table(head, rows),
        "",
        f"Seconds and peak memory of each stage's process, with the engine `{measured['engine']}`; "
        f"made-up mail of about 2 KB. Measured {shown(measured['machine'])}.",
    ]


def processors() -> list[str]:
    """Return the table of emulated processors."""
    measured = read_results(PROCESSORS)
    rows = []
    for name, found in measured["processors"].items():
        if name != "here":
            differing = ", ".join(found["differing"]) or "none"
            minutes = sum(found["seconds"].values()) / 60
            rows.append(
                [f"{name} ({found['what']})", str(found["same"]), differing, f"{minutes:.0f}"]
            )
    sample = measured["sample"]
    return [
        table(["processor", "files that are the same", "that differ", "minutes"], rows),
        "",
        f"At most {sample['messages']} messages a split, {sample['tokens']} tokens of each. "
        f"Compared with {measured['machine']['processor']}, {shown(measured['machine'])}.",
    ]
