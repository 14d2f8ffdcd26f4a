"""One policy's life: score a window, judge it, retrain if the policy says so, and the next window.

It can be killed at any moment and goes on after the last window that it lived to the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stages import config
from stages.loop.guards import Action, next_action
from stages.machine.errors import DataError, GateError
from stages.model.metrics import ONE_MINUS_AUC
from stages.records.pointer import Pointer
from stages.records.verdict import Verdict
from stages.registry.promotion import successor
from stages.replay.record import (
    Record,
    Retraining,
    Scored,
    read_record,
    read_scored,
    write_record,
)
from stages.replay.schedule import Policy, Span, window
from stages.replay.workspace import Workspace


@dataclass(frozen=True)
class State:
    """What one window hands to the next: the model in production, its history's end, verdicts."""

    production: Pointer
    until: dt.date
    past: tuple[Verdict, ...] = ()

    def after(self, record: Record) -> State:
        """Return the state after the window of `record`."""
        verdicts = (record.verdict,) if record.verdict else ()
        return State(record.production, record.until, self.past + verdicts)


@dataclass(frozen=True)
class Life:
    """A life under one policy.

    Attributes:
        policy: when to retrain.
        workspace: the checkout that it lives in.
        base: where all histories begin, and how long holdouts are.
        guards: what keeps drift from retraining too often.
        first: the model to begin with, whose history ends where the first window begins.
    """

    policy: Policy
    workspace: Workspace
    base: config.Window
    guards: config.Guards
    first: Pointer

    @property
    def records(self) -> Path:
        """The folder of what is kept."""
        return self.workspace.folder / "windows"

    def live(self, spans: Sequence[Span]) -> Iterator[tuple[Record, Scored | None]]:
        """Yield each of `spans` once it is lived through, now or by an earlier call."""
        state = State(self.first, spans[0].start)
        for span, following in zip(spans, [*spans[1:], None], strict=True):
            record = read_record(self.records, span.start)
            if record is None:
                # Also undoes a promotion that a killed life did not get to write down.
                self.workspace.produce(state.production)
                record, scored = self._lived(state, span, following)
                write_record(self.records, record, scored)
            state = state.after(record)
            yield record, read_scored(self.records, span.start)

    def _lived(
        self, state: State, span: Span, following: Span | None
    ) -> tuple[Record, Scored | None]:
        began = self.workspace.cpu_seconds
        verdict, scored = self._scored(state, span)
        judged = self.workspace.cpu_seconds
        action = next_action(verdict, state.past, self.guards) if verdict else Action.NONE
        production, until, retraining = state.production, state.until, None
        # Nobody would be scored by what is learned at the end of the last window.
        if following and self.policy.retrains(action):
            production, retraining = self._retrained(production, span.end, following)
            until = span.end if retraining.promoted else until
        return Record(
            start=span.start,
            end=span.end,
            verdict=verdict,
            action=action,
            retraining=retraining,
            production=production,
            until=until,
            cpu_seconds=judged - began,
            retraining_cpu_seconds=self.workspace.cpu_seconds - judged,
        ), scored

    def _scored(self, state: State, span: Span) -> tuple[Verdict | None, Scored | None]:
        edges = window(self.base, state.until, span)
        try:
            self.workspace.fetch(edges)
        except DataError:
            # The history was fetched when its model was trained: it is the batch that is empty.
            return None, None
        verdict, found = self.workspace.score(edges)
        return verdict, Scored.of(found)

    def _retrained(
        self, production: Pointer, until: dt.date, following: Span
    ) -> tuple[Pointer, Retraining]:
        """Return the model in production after a retraining, and what came of that.

        The batch of the candidate's window is the next one, as in a checkout after the merge.
        """
        edges = window(self.base, until, following)
        try:
            self.workspace.fetch(edges)
            receipt = self.workspace.learn(edges)
        except DataError as error:
            return production, Retraining(False, error.found)
        try:
            pointer = successor(production, receipt)
        except GateError:
            return production, Retraining(False, receipt.gate.reasons[0])
        loss = receipt.achieved().one_minus_auc_percent
        return pointer, Retraining(True, f"{ONE_MINUS_AUC.title} is {loss:g} on its holdout")
