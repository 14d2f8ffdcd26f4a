"""Why: the verdict on drift in Markdown, for the review and for the summary of a scheduled run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stages.drift.statistics import STATISTICS, title_of
from stages.records.verdict import Measurement, Verdict
from stages.review.excerpts import Excerpt
from stages.review.literal import literal, plain
from stages.review.markdown import table


def evidence(verdict: Verdict, excerpts: Sequence[Excerpt]) -> str:
    """Return the verdict as Markdown: decision, reasons, statistics, messages that carry it."""
    return "\n".join(_lines(verdict, excerpts))


def _lines(verdict: Verdict, excerpts: Sequence[Excerpt]) -> Iterator[str]:
    window = verdict.window
    yield f"## The window {window.start} to {window.end}: {verdict.decision.words}\n"
    yield (
        f"{window.messages} messages, judged by the model `{verdict.model[:12]}`; "
        f"{window.predicted_spam_share:.1%} of them called spam. "
        f"{verdict.votes} of {len(STATISTICS)} votes for a change, {verdict.quorum} needed."
    )
    if verdict.cause:
        yield f"\nWhat has changed: **{verdict.cause.words}**."
    yield ""
    yield from (f"- {plain(reason)}" for reason in verdict.reasons)
    if verdict.statistics:
        yield ""
        yield table(
            ["statistic", "value", "threshold", "times threshold", "times usual", "votes"],
            [_row(name, found) for name, found in verdict.statistics.items()],
        )
    if excerpts:
        yield "\nThe messages that carry the shift most, as their senders wrote them:\n"
        yield table(["subject", "text", "weight", "called"], [_cells(e) for e in excerpts])


def _row(name: str, found: Measurement) -> list[str]:
    numbers = [f"{value:.4f}" for value in (found.value, found.threshold)]
    ratios = [f"{value:.1f}" for value in (found.ratio, found.effect)]
    return [title_of(name), *numbers, *ratios, "yes" if found.voted else "no"]


def _cells(excerpt: Excerpt) -> list[str]:
    called = {True: "spam", False: "ham", None: ""}[excerpt.called_spam]
    return [
        literal(excerpt.subject, 80),
        literal(excerpt.text),
        f"{excerpt.weight:.3f}",
        called,
    ]
