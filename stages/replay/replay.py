"""A replay from beginning to end: a first model, a life for each policy, and what came of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from stages import config
from stages.machine.console import say
from stages.machine.errors import DataError, GateError
from stages.machine.files import exclusive, json_text, read_bytes, sha256, write_text
from stages.mail.sources import Survey
from stages.records.pointer import Pointer
from stages.registry.promotion import successor
from stages.replay.figure import draw
from stages.replay.life import Life
from stages.replay.outcome import Compute, Outcomes, read_outcomes, write_compute, write_outcomes
from stages.replay.record import Record, Scored
from stages.replay.results import Lived, compute, results
from stages.replay.schedule import Policy, Span, window
from stages.replay.workspace import Workspace

# In the scratch folder, besides a workspace for each policy.
MODELS, FIRST, KEY = "models", "first", "replay.key"
RESULTS, COMPUTE, FIGURE = "results.json", "compute.json", "replay.svg"
CODE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Found:
    """What a replay found of its policies, in their order.

    Attributes:
        policies: what they came to, rounded, as the file says it.
        compute: the seconds that they took.
    """

    policies: Outcomes
    compute: Compute


def replay(
    params: config.Params,
    spans: Sequence[Span],
    policies: Sequence[Policy],
    scratch: Path,
    survey: Survey,
) -> Found:
    """Live through `spans` under each of `policies`; write results and figure into `scratch`.

    An interrupted replay goes on where it stopped, unless parameters, mail or code are others.

    Args:
        params: as composed.
        spans: one after the other; the first model's history ends where the first begins.
        policies: in the order of tables and figure.
        scratch: an empty folder, or an earlier replay's.
        survey: of the source.

    Raises:
        BusyError: another replay is at work in that folder.
        DataError: there are other files in it, or too little mail for a first model.
        GateError: the gate refuses the first model.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with exclusive(scratch / ".replay.lock", "a replay"):
        _begin(scratch, _key(params, spans, survey))
        first = _first_model(scratch, params, spans[0])
        lives = {policy: _live(policy, scratch, params, first, spans) for policy in policies}
        seconds = compute(lives)
        write_outcomes(scratch / RESULTS, results(lives, params.evaluation, params.seed))
        write_compute(scratch / COMPUTE, seconds)
        # Table and figure say what the file says, to the last digit; JSON sorts by name.
        written = read_outcomes(scratch / RESULTS)
        found = Found({policy: written[policy] for policy in policies}, seconds)
        draw(found.policies, scratch / FIGURE)
    return found


def _key(params: config.Params, spans: Sequence[Span], survey: Survey) -> str:
    """Return a digest of whatever makes a replay another one: what is kept is of this one only."""
    code = {str(path.relative_to(CODE)): sha256(path) for path in sorted(CODE.rglob("*.py"))}
    parts = [dataclasses.asdict(params), [dataclasses.astuple(span) for span in spans]]
    parts += [dataclasses.asdict(survey), code]
    text = json_text(TypeAdapter(Any).dump_python(parts, mode="json"))
    return hashlib.sha256(text.encode()).hexdigest()


def _begin(scratch: Path, key: str) -> None:
    """Clear `scratch` unless it holds the replay of `key`.

    Raises:
        DataError: it holds something else than a replay.
    """
    seal = scratch / KEY
    if seal.is_file() and read_bytes(seal) == key.encode():
        return
    if not seal.exists() and any(path.name[0] != "." for path in scratch.iterdir()):
        raise DataError(
            f"{scratch} holds files, but no replay",
            expected="an empty folder, or an earlier replay's, which is replaced",
            fix="name another --scratch",
        )
    for name in (MODELS, FIRST, *Policy):
        shutil.rmtree(scratch / name, ignore_errors=True)
    write_text(seal, key)


def _first_model(scratch: Path, params: config.Params, first: Span) -> Pointer:
    """Return the pointer to the model that all policies start with."""
    workspace = Workspace(scratch / FIRST, scratch / MODELS, params)
    layout = workspace.layout
    if layout.pointer.exists() and (pointer := Pointer.read(layout)).model is not None:
        return pointer
    say(f"replay: a first model from the mail of {params.window.start} to {first.start}")
    nothing = Pointer(params.registry.name, model=None, previous=None)
    workspace.produce(nothing)
    edges = window(params.window, first.start, first)
    workspace.fetch(edges)
    receipt = workspace.learn(edges)
    if not receipt.gate.accepted:
        raise GateError(
            f"the gate refuses the first model: {receipt.gate.reasons[0]}",
            expected="one to start from",
            fix="a later --from, which gives it more mail to learn from",
        )
    workspace.produce(successor(nothing, receipt))
    return Pointer.read(layout)


def _live(
    policy: Policy, scratch: Path, params: config.Params, first: Pointer, spans: Sequence[Span]
) -> Lived:
    workspace = Workspace(scratch / policy, scratch / MODELS, params)
    life = Life(policy, workspace, params.window, params.guards, first)
    lived: list[tuple[Record, Scored | None]] = []
    for number, (record, scored) in enumerate(life.live(spans), start=1):
        say(f"replay {policy} {number}/{len(spans)}: {_line(record)}")
        lived.append((record, scored))
    return lived


def _line(record: Record) -> str:
    decision = record.verdict.decision.words if record.verdict else "no mail"
    end = record.end - dt.timedelta(days=1)
    line = f"{record.start} to {end}, {decision}"
    if record.action.holds_back:
        line += f", {record.action.words}"
    if record.retraining is None:
        return line
    outcome = "promoted" if record.retraining.promoted else "not promoted"
    return f"{line}; retrained, {outcome}: {record.retraining.reason}"
