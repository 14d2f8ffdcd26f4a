"""The newest window of a day, scored and judged by the model in production."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stages import config
from stages.forge.actions import summarise
from stages.loop.guards import Action, next_action
from stages.loop.window import after, move_to_newest, name_of
from stages.machine.console import say
from stages.machine.errors import StageError
from stages.mail.sources import open_source
from stages.records.layout import HERE, Layout
from stages.records.verdict import Verdict
from stages.review.evidence import evidence
from stages.review.excerpts import Excerpt, excerpts_of
from stages.run.arrival import bring
from stages.stores.verdicts import kept, verdicts_url
from stages.versioning.dvc import reproduce


@dataclass(frozen=True)
class Judged:
    """A window with its verdict.

    Attributes:
        window: its batch is what was judged.
        verdict: on it.
        action: what follows from it, in the light of the verdicts before.
        excerpts: of the messages that carry the shift most, the first first.
    """

    window: config.Window
    verdict: Verdict
    action: Action
    excerpts: list[Excerpt]

    @property
    def name(self) -> str:
        """The window's name, as the branch has it."""
        return name_of(self.window)

    def next(self) -> config.Window:
        """Return the window that a model is trained on that learns from this one."""
        return after(self.window)


def judge_newest(day: dt.date, layout: Layout = HERE) -> Judged | None:
    """Set the newest window that is over on `day`, score and judge it; None while there is none.

    A window without mail, a quiet week or a source that is late, is not judged either.

    Predictions, verdict and history arrive where they are kept; `conf/` and `params.yaml` of the
    checkout name the window.

    Raises:
        ConfigError: `day` lies in the history.
        StageError, StoreError: scoring failed, or did not arrive.
    """
    window = move_to_newest(config.load(layout.params).window, day, layout)
    if window is None:
        return None
    params = config.load(layout.params)
    try:
        reproduce("infer", "monitor", layout=layout)
    except StageError:
        if _has_mail(params):
            raise
        line = f"the window {name_of(window)} has no mail yet: there is nothing to judge"
        say(line)
        summarise(f"{line}\n")
        return None
    bring(params, layout, then="make retrain")
    verdict = Verdict.read(layout)
    earlier = kept(verdicts_url(params.stores.verdicts, layout=layout))
    action = next_action(verdict, earlier, params.guards)
    judged = Judged(window, verdict, action, excerpts_of(verdict.carriers, layout))
    summarise(f"{evidence(verdict, judged.excerpts)}\n\n{action.sentence(params.guards)}\n")
    return judged


def _has_mail(params: config.Params) -> bool:
    """Return whether the source has a message of the batch; asked where a stage has failed."""
    midnights = (
        dt.datetime.combine(day, dt.time(), dt.UTC)
        for day in (params.window.batch_from, params.window.batch_to)
    )
    batches = open_source(params.source, seed=params.seed).batches(*midnights)
    return any(batch.num_rows for batch in batches)
