"""What the history says at this moment: the rows of every panel, and the newest verdict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from stages.dashboards.panels import PANELS
from stages.dashboards.sql import NEWEST, at_any_time
from stages.stores.history import Row, reading, select


@dataclass(frozen=True)
class Newest:
    """The newest window's row, as far as the page speaks of it; None where it does not say.

    Attributes:
        decision: what was found, as the database says it: perhaps a decision of later code.
        model: the digest of the model that scored it.
        window_from: its first day.
        window_to: the day after its last.
        votes: statistics above their thresholds.
        quorum: votes that a change needs.
        messages: in the window.
        copies: near copies among them, which were set aside.
        predicted_spam_share: the part that was called spam, 0-1.
        spam_share_before: the same of the window before.
        realised_one_minus_auc_percent: realised (1-AUC)%.
        holdout_one_minus_auc_percent: the model's on its holdout.
        reason: the deciding sentence.
        details: the others, one a line.
    """

    decision: str
    model: str
    window_from: dt.date
    window_to: dt.date
    votes: int
    quorum: int | None
    messages: int
    copies: int | None
    predicted_spam_share: float | None
    spam_share_before: float | None
    realised_one_minus_auc_percent: float | None
    holdout_one_minus_auc_percent: float | None
    reason: str | None
    details: str | None


@dataclass(frozen=True)
class Snapshot:
    """The whole history.

    Attributes:
        rows: of each panel, by its key.
        newest: the newest window; None where there is none.
    """

    rows: Mapping[str, list[Row]] = field(default_factory=dict)
    newest: Newest | None = None

    @property
    def windows(self) -> int:
        """How many windows have a verdict."""
        return len(self.rows.get("decisions", ()))


def take(url: str) -> Snapshot:
    """Read the history at `url`; where there is none yet, it is empty.

    Raises:
        StoreError: it cannot be read.
    """
    with reading(url) as connection:
        if connection is None:
            return Snapshot()
        rows = {panel.key: select(connection, at_any_time(panel.sql)) for panel in PANELS}
        newest = select(connection, NEWEST)
    return Snapshot(rows, TypeAdapter(Newest).validate_python(newest[0]) if newest else None)
