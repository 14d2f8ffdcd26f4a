"""Why: the verdict on drift in Markdown, for the review and for the summary of a scheduled run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stages.drift.reasons import TITLES
from stages.review.carriers import Carrier
from stages.review.literal import literal, plain
from stages.review.markdown import table

CAUSES = {
    "spam_share": "another share of spam",
    "content": "other content",
    "both": "another share of spam, and other content",
}


def evidence(verdict: Mapping[str, Any], carriers: Sequence[Carrier]) -> str:
    """Return the verdict as Markdown: decision, reasons, statistics, messages that carry it."""
    return "\n".join(_lines(verdict, carriers))


def _lines(verdict: Mapping[str, Any], carriers: Sequence[Carrier]) -> Iterator[str]:
    window = verdict["window"]
    yield f"## The window {window['from']} to {window['to']}: {_words(verdict['decision'])}\n"
    yield (
        f"{window['messages']} messages, judged by the model `{verdict['model'][:12]}`; "
        f"{window['predicted_spam_share']:.1%} of them called spam. "
        f"{verdict['votes']} of 3 votes for a change, {verdict['quorum']} needed."
    )
    if cause := CAUSES.get(verdict.get("cause") or ""):
        yield f"\nWhat has changed: **{cause}**."
    yield ""
    yield from (f"- {plain(reason)}" for reason in verdict["reasons"])
    if verdict["statistics"]:
        yield ""
        yield table(
            ["statistic", "value", "threshold", "times threshold", "times usual", "votes"],
            [_row(name, found) for name, found in verdict["statistics"].items()],
        )
    if carriers:
        yield "\nThe messages that carry the shift most, as their senders wrote them:\n"
        yield table(["subject", "text", "weight", "called"], [_carrier(c) for c in carriers])


def _row(name: str, found: Mapping[str, Any]) -> list[str]:
    numbers = [f"{found[key]:.4f}" for key in ("value", "threshold")]
    ratios = [f"{found[key]:.1f}" for key in ("ratio", "effect")]
    return [TITLES.get(name, _words(name)), *numbers, *ratios, "yes" if found["voted"] else "no"]


def _carrier(carrier: Carrier) -> list[str]:
    called = {True: "spam", False: "ham", None: ""}[carrier.called_spam]
    return [
        literal(carrier.subject, 80),
        literal(carrier.excerpt),
        f"{carrier.weight:.3f}",
        called,
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")
