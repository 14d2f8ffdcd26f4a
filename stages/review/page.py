"""The page: the verdict first, then why, what has changed, and what to do. Markdown.

It is written so that a person decides in two minutes, and so that nothing on it has to be believed:
each number is in a file of the commit, and the page says how to get it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stages.model.metrics import ONE_MINUS_AUC
from stages.records.interval import number_text
from stages.records.layout import HERE
from stages.records.report import ModelReport
from stages.review.changes import changes
from stages.review.evidence import evidence
from stages.review.facts import Facts
from stages.review.literal import plain
from stages.review.markdown import table
from stages.run.summary import QUALITY, SHOWN

# GitHub takes 65,536 characters.
MOST_CHARACTERS = 60_000
_OF_DRIFT = "drift.png"
PICTURES = {
    "quality.png": "champion and challenger on the same holdout, with intervals",
    "scores.png": "the challenger's probabilities for the holdout's ham and spam",
    _OF_DRIFT: "how far the window is from what the champion knows",
}
_CUT = "\n\n*The rest is cut: `make review` writes the whole page.*\n"


def title(facts: Facts, what: str) -> str:
    """Return a title for `what`, with the number that decides."""
    return f"Retrain on {what}: {_decision(facts)}, {_losses(facts)}"


def page(facts: Facts, pictures: Mapping[str, str]) -> str:
    """Return the review.

    Args:
        facts: what it rests on.
        pictures: the address of each picture that there is, by its file name.
    """
    text = "\n".join(_sections(facts, pictures))
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - len(_CUT)].rsplit("\n", 1)[0] + _CUT
    return text


def _sections(facts: Facts, pictures: Mapping[str, str]) -> Iterator[str]:
    yield f"**{_decision(facts).capitalize()}: {_outcome(facts)}** {_losses(facts)}."
    yield f"\n{_to_do(facts)}\n"
    shown = {name: f"\n![{PICTURES[name]}]({address})" for name, address in pictures.items()}
    if facts.verdict:
        yield evidence(facts.verdict, facts.excerpts)
        yield shown.pop(_OF_DRIFT, "")
    yield "\n## The gate\n"
    yield from (f"- {plain(reason)}" for reason in facts.receipt.gate.reasons)
    yield "\n## Champion and challenger on the same holdout\n"
    yield _holdout(facts)
    yield _quality(facts)
    yield from shown.values()
    yield changes(facts)
    yield _HOW.format(base=facts.base[:12], pointer=HERE.pointer)


def _decision(facts: Facts) -> str:
    return "accepted" if facts.receipt.gate.accepted else "refused"


def _outcome(facts: Facts) -> str:
    """Say what is in production after a merge."""
    before = facts.before
    now, candidate = facts.pointer.model, facts.receipt.model
    if now == before:
        rest = "" if now == candidate else f"; the challenger is {_short(candidate)}"
        return f"production stays {_short(before)}{rest}."
    judged = "" if now == candidate else " (which is not the challenger judged here)"
    return f"merging puts {_short(now)} into production{judged}, instead of {_short(before)}."


def _short(digest: str | None) -> str:
    return f"model {digest[:12]}" if digest else "no model"


def _losses(facts: Facts) -> str:
    """Return what the gate looks at first: the loss, before and now."""
    report, title = facts.report, ONE_MINUS_AUC.title
    now = _loss(report.candidate)
    return f"{title} {_loss(report.champion)} → {now}" if report.champion else f"{title} {now}"


def _loss(model: ModelReport) -> str:
    return number_text(model.metrics[ONE_MINUS_AUC.name].value, f".{ONE_MINUS_AUC.decimals}f")


def _to_do(facts: Facts) -> str:
    if not facts.receipt.gate.accepted:
        return "The first reason below refused it. Production stays as it is, whatever is merged."
    if facts.pointer.model != facts.before:
        return (
            "Merge to put it into production; close to keep the model that is there, and this "
            "window is not proposed again."
        )
    return "`make promote` on this branch would put an accepted challenger into production."


def _holdout(facts: Facts) -> str:
    holdout, champion = facts.report.holdout, facts.report.champion
    flattered = (
        " The champion has learned from days of this holdout, which flatters it."
        if champion and champion.saw_holdout
        else ""
    )
    return (
        f"{holdout.ham} ham and {holdout.spam} spam, on which the challenger has learned "
        f"nothing; {facts.report.confidence:.0%} bootstrap intervals, of the difference paired."
        f"{flattered}\n"
    )


def _quality(facts: Facts) -> str:
    report = facts.report
    columns = {
        "champion": report.champion.metrics if report.champion else None,
        "challenger": report.candidate.metrics,
        "difference": report.difference,
    }
    found = {name: metrics for name, metrics in columns.items() if metrics is not None}
    return table(
        ["", *found],
        [
            [metric.heading, *(f"{metrics[metric.name]:{SHOWN}}" for metrics in found.values())]
            for metric in QUALITY
            if metric.name in report.candidate.metrics
        ],
    )


_HOW = """
## To see it for yourself

```sh
git switch --detach origin/BRANCH   # the branch of this pull request
make pull                           # its data and model; without access, `make run` makes them
make trust                          # does the lock match, is a number forged, is everything there?
make review                         # this page, compared with {base}
```

## To go back

Revert the merge commit: `{pointer}` then names the model before, and the alias in the registry
and the next predictions follow. No model is ever deleted.
"""
