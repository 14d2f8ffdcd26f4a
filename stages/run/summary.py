"""What a person reads at the end of a run: data, model, gate, predictions, drift, where next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stages.machine.console import shown
from stages.machine.files import DECIMALS, read_bytes
from stages.model.metrics import METRICS, PR_AUC, ROC_AUC
from stages.records.contradictions import Contradictions
from stages.records.decision import in_words
from stages.records.fetch_summary import FetchSummary
from stages.records.infer_summary import InferSummary
from stages.records.layout import HERE, SPLITS, Layout
from stages.records.pointer import Pointer
from stages.records.receipt import Receipt
from stages.records.report import Report
from stages.records.verdict import Verdict
from stages.versioning.committed import differing_metrics, differing_outputs

if TYPE_CHECKING:
    from rich.console import Console

# What people read of a model; the other two say the same as (1-AUC)%, and hardly move.
QUALITY = tuple(metric for metric in METRICS if metric not in (ROC_AUC, PR_AUC))
# As its file has it.
SHOWN = f".{DECIMALS}f"
_WIDTH = max(len(metric.heading) for metric in QUALITY) + 2


def print_summary(layout: Layout = HERE, console: Console | None = None) -> None:
    """Print what the last run found.

    Args:
        layout: the project.
        console: where to; standard output by default.

    Raises:
        DataError: no run has come to its end here.
    """
    _print(_facts(layout), console)


def print_scoring(layout: Layout = HERE, console: Console | None = None) -> None:
    """Print what the last scoring found: of the mail, the predictions and drift alone.

    Args:
        layout: the project.
        console: where to; standard output by default.

    Raises:
        DataError: no scoring has come to its end here.
    """
    _print(_scoring(layout), console)


def _print(facts: Iterable[tuple[str, list[str]]], console: Console | None) -> None:
    from rich.console import Console

    # Soft wrap: whoever copies a line gets a line.
    console = console or Console(highlight=False, soft_wrap=True)
    for title, lines in facts:
        console.print()
        console.print(shown(title, "bold"))
        for line in lines:
            console.print(shown(f"  {line}"))
    console.print()


def _facts(layout: Layout) -> Iterator[tuple[str, list[str]]]:
    data, predictions, drift = _scoring(layout)
    report, receipt = Report.read(layout), Receipt.read(layout)
    yield data
    yield f"Model {report.candidate.model[:12]}{_holdout(report)}", list(_quality(report))
    yield _gate_title(receipt, layout), list(receipt.gate.reasons)
    yield predictions
    yield drift
    if (differing := differing_outputs(layout)) is not None:
        yield _as_committed(differing), list(_by_how_much(layout)) if differing else []
    yield "Look next", list(_next(Verdict.read(layout), layout))


def _as_committed(differing: list[str]) -> str:
    if not differing:
        return "As committed: every output has the bytes that the committed dvc.lock names"
    more = f" and {len(differing) - 1} more have" if len(differing) > 1 else " has"
    return (
        f"Not as committed: {differing[0]}{more} other bytes than the committed dvc.lock names for "
        "the same inputs: another kind of processor than x86, or packages that are not the pinned?"
    )


def _by_how_much(layout: Layout) -> Iterator[str]:
    numbers = differing_metrics(layout)
    for name, (committed, found) in numbers.items():
        yield f"{name} {found}, committed {committed}"
    if not numbers:
        yield "the metrics are the committed ones, to four decimals"


def _scoring(layout: Layout) -> Iterator[tuple[str, list[str]]]:
    # All of them before the first line: a file that is missing is an error, not half a summary.
    fetch, infer = FetchSummary.read(layout), InferSummary.read(layout)
    verdict = Verdict.read(layout)
    yield "Data", list(_data(fetch))
    yield "Predictions", list(_predictions(infer))
    yield _drift_title(verdict), list(verdict.reasons)


def _data(fetch: FetchSummary) -> Iterator[str]:
    for name in SPLITS:
        split = fetch.splits[name]
        yield (
            f"{name:<8} {split.messages:>6} messages  {split.days or 'none yet'}  "
            f"{split.ham} ham, {split.spam} spam"
        )
    dropped = ", ".join(
        f"{count} {in_words(reason)}" for reason, count in fetch.dropped.items() if count
    )
    yield f"left out: {dropped or 'nothing'}"
    yield from _contradictions(fetch.contradictions)


def _contradictions(found: Contradictions) -> Iterator[str]:
    if not found.texts:
        return
    named = [f"{text.id[:_ID]} ({text.ham} ham, {text.spam} spam)" for text in found.named[:_NAMED]]
    more = f" and {found.texts - len(named)} more" if found.texts > len(named) else ""
    yield (
        f"labelled both ham and spam: {found.texts} of the texts, the latest label counts: "
        f"{', '.join(named)}{more}"
    )


# How many contradictions are shown, and how much of an id.
_NAMED, _ID = 3, 24


def _holdout(report: Report) -> str:
    return (
        f" on {report.holdout.ham} ham and {report.holdout.spam} spam held out, with "
        f"{report.confidence:.0%} intervals"
    )


def _quality(report: Report) -> Iterator[str]:
    own, champion = report.candidate.metrics, report.champion
    # A report of earlier code has not all of them.
    for metric in (metric for metric in QUALITY if metric.name in own):
        beside = f"   champion {champion.metrics[metric.name]:{SHOWN}}" if champion else ""
        yield f"{metric.heading:<{_WIDTH}}{own[metric.name]:{SHOWN}}{beside}"


def _gate_title(receipt: Receipt, layout: Layout) -> str:
    decision = "accepted" if receipt.gate.accepted else "REFUSED"
    model = Pointer.read(layout).model
    other = "" if model == receipt.model else f"; in production is {str(model)[:12]}"
    return f"Gate: {decision}{other}"


def _predictions(infer: InferSummary) -> Iterator[str]:
    yield (
        f"{infer.messages} messages of {infer.window.start} to {infer.window.end}: "
        f"{infer.spam} spam, by model {infer.model[:12]}"
    )


def _drift_title(verdict: Verdict) -> str:
    votes = f"{verdict.votes} of {len(verdict.statistics)} votes"
    return f"Drift: {verdict.decision.words} ({votes})"


def _next(verdict: Verdict, layout: Layout) -> Iterator[str]:
    report = layout.drift_report
    if report.is_file() and _is_about(read_bytes(report).decode(errors="replace"), verdict):
        yield f"{report!s:<30} what changed, to look at in a browser"
    yield f"{f'{layout.predictions}/':<30} the verdicts, Parquet by day"
    yield f"{f'{layout.plots}/':<30} `dvc plots show`; slices in {layout.evaluation}"
    yield "make compare                   experiments side by side"


def _is_about(page: str, verdict: Verdict) -> bool:
    """Return whether the report is of this verdict: DVC restores one without the other."""
    window = verdict.window
    return f"{window.start} to {window.end}" in page and verdict.model[:12] in page
