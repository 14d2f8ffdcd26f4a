"""The retraining: a window is judged, and where it drifts, a model of newer mail is proposed.

main -> window judged -> no drift: stop
                      -> drift: window moved -> reproduced to register -> gate -> pointer
                         -> review -> commit -> dvc push -> git push -> pull request

Each step can be killed and repeated: a rerun ends with one version, one branch, one pull request.
Main itself is never written.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import NoReturn

from stages.forge.actions import hand_on
from stages.forge.connect import open_forge
from stages.forge.protocol import Forge
from stages.loop.guards import Action
from stages.loop.judging import Judged, judge_newest
from stages.loop.proposal import (
    propose,
    publish_branch,
    standing,
    tell_persistent,
    tell_refused,
    window_words,
)
from stages.loop.window import set_window
from stages.machine.console import say
from stages.machine.errors import GateError, GitError
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer
from stages.records.receipt import Receipt
from stages.registry.promotion import successor
from stages.review.facts import Facts, gather
from stages.review.page import page, title
from stages.review.write import drawn, write_review
from stages.versioning import git
from stages.versioning.alone import alone
from stages.versioning.checkout import newest_main, start_over
from stages.versioning.dvc import reproduce
from stages.versioning.transfer import push

# What a retraining may change; a folder ends with a slash.
ALLOWED = (
    "conf/source/",
    "params.yaml",
    "dvc.lock",
    str(HERE.pointer),
    str(HERE.receipt),
    str(HERE.metrics),
    str(HERE.evaluation),
    f"{HERE.review}/",
)
# Where main changes what a model is made of, and a retraining must begin anew.
SHAPING = (
    *("conf/", "stages/", f"{HERE.data}/"),
    *("params.yaml", "dvc.yaml", "dvc.lock", "constraints.txt"),
)


class Step(StrEnum):
    """The steps of a retraining, in order."""

    WINDOW = "move the window"
    TRAIN = "train and judge a model of newer mail"
    POINT = "let the pointer name it"
    REVIEW = "write the review"
    COMMIT = "commit"
    SEND = "send data and models to the remote"
    PUSH = "push the branch"
    PROPOSE = "propose it"

    def begin(self) -> None:
        """Say that the step begins: whoever reads the log of a run that was killed knows where."""
        steps = list(Step)
        say(f"retrain: step {steps.index(self) + 1} of {len(steps)}: {self}")


def retrain(
    day: dt.date, *, force: bool = False, dry_run: bool = False, layout: Layout = HERE
) -> None:
    """Judge the newest window of `day`; where it drifts, propose a model that learned from it.

    Args:
        day: the window must be over by then.
        force: propose one whatever the verdict and whatever people have decided about the window.
        dry_run: stop after the verdict.
        layout: the checkout.

    Raises:
        GateError: the gate refused the new model: nothing is proposed.
        ConfigError: the window lies before main's, or before one that is proposed.
        UserError: a stage, a store, git or the forge failed; run again when it is fixed.
    """
    forge = open_forge()
    with alone(layout), newest_main(layout=layout) as base:
        judged = judge_newest(day, layout)
        if judged is None:
            return
        if judged.action is Action.PERSISTENT and not dry_run:
            tell_persistent(forge, judged)
        if not (force or judged.action is Action.RETRAIN):
            held_back = "" if judged.action is Action.NONE else f", {judged.action}"
            say(f"retrain: {judged.verdict.decision}{held_back}: main stays as it is")
            return
        stands = None if force else standing(forge, judged, layout)
        if stands or dry_run:
            what = stands or "a model of newer mail would be proposed"
            say(f"retrain: {judged.verdict.decision}: {what}")
            return
        _retrain(judged, base, forge, layout)


def _retrain(judged: Judged, base: str, forge: Forge | None, layout: Layout) -> None:
    Step.WINDOW.begin()
    set_window(judged.next(), layout)
    Step.TRAIN.begin()
    reproduce("register", layout=layout)
    receipt = Receipt.read(layout)
    if not receipt.gate.accepted:
        _refuse(receipt, judged, base, forge, layout)
    Step.POINT.begin()
    successor(Pointer.read(layout), receipt).write(layout)
    # The pointer is an input of evaluate; what that finds stays the same.
    reproduce("register", layout=layout)
    Step.REVIEW.begin()
    facts = _facts(judged, base, layout)
    write_review(facts, layout)
    Step.COMMIT.begin()
    commit = git.commit(_to_commit(git.changed_files(layout)), _message(judged, receipt), layout)
    Step.SEND.begin()
    push(layout)
    Step.PUSH.begin()
    moved = git.files_between(base, git.fetch_main(layout), layout)
    if any(_within(name, SHAPING) for name in moved):
        say("retrain: main has moved, in what models are made of: from the beginning")
        start_over()
    publish_branch(judged, commit, base, layout)
    Step.PROPOSE.begin()
    if forge:
        pictures = {
            name: forge.raw(commit, f"{HERE.review}/{name}") for name in drawn(layout.review)
        }
        heading = title(facts, window_words(judged.next()))
        propose(forge, judged, heading, page(facts, pictures))
    else:
        say(
            "retrain: no forge is set up here: propose the branch by hand, "
            f"{layout.review} is its review"
        )


def _refuse(
    receipt: Receipt, judged: Judged, base: str, forge: Forge | None, layout: Layout
) -> NoReturn:
    hand_on("refused", "true")
    facts = _facts(judged, base, layout)
    tell_refused(forge, judged, page(facts, {}))
    raise GateError(
        f"the gate refused the model retrained for {judged.name}: {receipt.gate.reasons[0]}",
        expected="a model that may go into production",
        fix="look at the review, then correct conf/ or the labels and run again",
    )


def _facts(judged: Judged, base: str, layout: Layout) -> Facts:
    return gather(base, verdict=judged.verdict, excerpts=judged.excerpts, layout=layout)


def _to_commit(changed: list[str]) -> list[str]:
    """Return what a retraining commits: the changed files, and the review.

    Raises:
        GitError: another file than a retraining may change was changed.
    """
    if others := [name for name in changed if not _within(name, ALLOWED)]:
        raise GitError(
            f"the retraining changed {others[0]}",
            expected=f"changes of {', '.join(ALLOWED)} alone",
            fix=f"find out what writes to it, then `git checkout -- {others[0]}`",
        )
    return [*changed, str(HERE.review)]


def _within(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or (place[-1] == "/" and name.startswith(place)) for place in places)


def _message(judged: Judged, receipt: Receipt) -> str:
    before = f"{receipt.champion[:12]}" if receipt.champion else "none"
    return (
        f"Retrain on {window_words(judged.next())}\n\n"
        f"The window {judged.name}: {judged.verdict.decision}. {judged.verdict.reasons[0]}\n"
        f"The model {receipt.model[:12]} instead of {before}.\n"
    )
