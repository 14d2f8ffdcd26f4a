"""What a person reads at the end of a run: data, model, gate, predictions, drift, where next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.machine.errors import DataError
from stages.machine.files import read_json
from stages.records.layout import HERE, Layout
from stages.records.pointer import read_pointer
from stages.records.verdict import Verdict

if TYPE_CHECKING:
    from rich.console import Console

QUALITY = {
    "one_minus_auc_percent": "(1-AUC)%, lower is better",
    "recall_at_ham_fpr_1_percent": "spam caught at 1 % of the ham lost",
    "recall_at_ham_fpr_0_1_percent": "spam caught at 0.1 % of the ham lost",
    "f1": "F1 of the verdicts",
    "recall": "spam caught by the verdicts",
    "ham_false_positive_rate": "ham lost by the verdicts",
    "brier": "Brier score",
    "expected_calibration_error": "expected calibration error",
}


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
        console.print(f"\n[bold]{title}[/bold]")
        for line in lines:
            console.print(f"  {line}", markup=False)
    console.print()


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = read_json(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({type(error).__name__})",
            expected="what a run that came to its end leaves",
            fix="run `make run`",
        ) from None
    return content


def _facts(layout: Layout) -> Iterator[tuple[str, list[str]]]:
    data, predictions, drift = _scoring(layout)
    metrics, receipt = _read(layout.metrics), _read(layout.receipt)
    yield data
    yield f"Model {metrics['candidate']['model'][:12]}{_holdout(metrics)}", list(_quality(metrics))
    yield _gate_title(receipt, layout), list(receipt["gate"]["reasons"])
    yield predictions
    yield drift
    yield "Look next", list(_next(Verdict.read(layout), layout))


def _scoring(layout: Layout) -> Iterator[tuple[str, list[str]]]:
    # All of them before the first line: a file that is missing is an error, not half a summary.
    fetch, infer = map(_read, (layout.fetch_summary, layout.infer_summary))
    verdict = Verdict.read(layout)
    yield "Data", list(_data(fetch))
    yield "Predictions", list(_predictions(infer))
    yield _drift_title(verdict), list(verdict.reasons)


def _data(fetch: dict[str, Any]) -> Iterator[str]:
    for name in ("train", "holdout", "batch"):
        split = fetch["splits"][name]
        days = f"{split['first'][:10]} to {split['last'][:10]}" if split["messages"] else "none yet"
        yield (
            f"{name:<8} {split['messages']:>6} messages  {days}  "
            f"{split['ham']} ham, {split['spam']} spam"
        )
    dropped = ", ".join(
        f"{count} {reason.replace('_', ' ')}" for reason, count in fetch["dropped"].items() if count
    )
    yield f"left out: {dropped or 'nothing'}"


def _holdout(metrics: dict[str, Any]) -> str:
    holdout = metrics["holdout"]
    return (
        f" on {holdout['ham']} ham and {holdout['spam']} spam held out, with "
        f"{metrics['confidence']:.0%} intervals"
    )


def _quality(metrics: dict[str, Any]) -> Iterator[str]:
    candidate, champion = metrics["candidate"], metrics["champion"]
    for key, name in QUALITY.items():
        beside = f"   champion {interval(champion[key])}" if champion else ""
        yield f"{name:<38}{interval(candidate[key])}{beside}"


def interval(of: Mapping[str, float | None]) -> str:
    """Return a number with its interval for people: `0.2615  [0.0377, 0.5809]`."""
    value, low, high = ("?" if of[end] is None else f"{of[end]:.4f}" for end in _ENDS)
    return f"{value}  [{low}, {high}]"


_ENDS = ("value", "low", "high")


def _gate_title(receipt: dict[str, Any], layout: Layout) -> str:
    decision = "accepted" if receipt["gate"]["accepted"] else "REFUSED"
    model = read_pointer(layout.pointer).model
    other = "" if model == receipt["model"] else f"; in production is {str(model)[:12]}"
    return f"Gate: {decision}{other}"


def _predictions(infer: dict[str, Any]) -> Iterator[str]:
    window = infer["window"]
    yield (
        f"{infer['messages']} messages of {window['from']} to {window['to']}: "
        f"{infer['spam']} spam, by model {infer['model'][:12]}"
    )


def _drift_title(verdict: Verdict) -> str:
    votes = f"{verdict.votes} of {len(verdict.statistics)} votes"
    return f"Drift: {verdict.decision.words} ({votes})"


def _next(verdict: Verdict, layout: Layout) -> Iterator[str]:
    report = layout.drift_report
    if report.exists() and _is_about(report.read_text(encoding="utf-8"), verdict):
        yield f"{report!s:<30} what changed, to look at in a browser"
    yield f"{f'{layout.predictions}/':<30} the verdicts, Parquet by day"
    yield f"{f'{layout.plots}/':<30} `dvc plots show`; slices in {layout.metrics}"
    yield "make compare                   experiments side by side"


def _is_about(page: str, verdict: Verdict) -> bool:
    """Return whether the report is of this verdict: DVC restores one without the other."""
    window = verdict.window
    return f"{window.start} to {window.end}" in page and verdict.model[:12] in page
