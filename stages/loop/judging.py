"""The newest window of a day, scored and judged by the model in production."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stages import config
from stages.forge.actions import summarise
from stages.loop.guards import Action, next_action
from stages.loop.window import after, move_to_newest, name_of
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

    Predictions, verdict and history arrive where they are kept; `conf/` and `params.yaml` of the
    checkout name the window.

    Raises:
        ConfigError: `day` lies in the history.
        StageError, StoreError: scoring failed, or did not arrive.
    """
    window = move_to_newest(config.load(layout.params).window, day, layout)
    if window is None:
        return None
    reproduce("infer", "monitor", layout=layout)
    params = config.load(layout.params)
    bring(params, layout, then="make retrain")
    verdict = Verdict.read(layout)
    earlier = kept(verdicts_url(params.stores.verdicts, layout=layout))
    action = next_action(verdict, earlier, params.guards)
    judged = Judged(window, verdict, action, excerpts_of(verdict.carriers, layout))
    summarise(f"{evidence(verdict, judged.excerpts)}\n\n{action.sentence(params.guards)}\n")
    return judged
