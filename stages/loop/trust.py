"""Whether a commit is what it says: not stale, not forged, not on one machine alone.

DVC compares digests, and whoever edits a number can let it write the digest of that. What a number
rests on is in the remote, so it is computed again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from stages import config
from stages.machine.console import say
from stages.machine.errors import DataError, GateError, RegistryError, StageError
from stages.machine.files import read_text, sha256, write_text
from stages.model.gate import judge
from stages.records.holdout import Holdout
from stages.records.layout import HERE, Layout
from stages.records.pointer import Pointer
from stages.records.receipt import SPLITS, parse_receipt
from stages.records.report import Report
from stages.registry.shelves import packed_digest
from stages.versioning import git
from stages.versioning.alone import alone
from stages.versioning.default_remote import default_remote
from stages.versioning.dvc import reproduce, stale
from stages.versioning.transfer import check_pushed


def trust(layout: Layout = HERE) -> None:
    """Check the commit that is checked out, and say what was checked.

    Raises:
        GateError: something is forged, or not what the committed code and parameters make.
        ConfigError: `params.yaml` is not the composition of `conf/`.
        StageError: evaluate cannot run here, for want of data or of the champion.
        StoreError: the remote lacks something, or cannot be asked.
        BusyError: a run or a DVC command is at work here.
    """
    with alone(layout):
        _trust(layout)


def _trust(layout: Layout) -> None:
    config.check_composition(layout.params, layout.conf)
    say("trust: params.yaml is the composition of conf/")
    check_fresh(layout)
    say(f"trust: {layout.lock} is of this code, these parameters and this data, up to the receipt")
    check_metrics(layout)
    say(f"trust: {layout.evaluation} and {layout.metrics.name} are what evaluate finds")
    check_receipt(config.load(layout.params), layout)
    say(f"trust: {layout.receipt} is what the gate says, and names the code that is served")
    check_pointer(layout)
    say(f"trust: {layout.pointer} names a model that the gate accepted")
    if default_remote(layout).set_up():
        check_pushed(layout)
    else:
        say("trust: no remote is set up here, so it was not checked whether it has everything")


def check_fresh(layout: Layout = HERE) -> None:
    """Fail where a stage of the left-hand chain would run.

    The right-hand one is of another window each day, which leaves no commit.
    """
    if found := stale("register", layout):
        raise GateError(
            f"{layout.lock} is of another state of {found[0]}",
            expected="a lock of the committed code, parameters and data",
            fix="`dvc repro register`, then commit what has changed",
        )


def check_metrics(layout: Layout = HERE) -> None:
    """Fail where evaluating once more finds other numbers; nothing here changes by it."""
    paths = (layout.evaluation, layout.metrics)
    said = {path: _text(path) for path in paths}
    with _unchanged(*paths, layout.lock):
        try:
            reproduce("evaluate", force=True, layout=layout)
        except StageError as error:
            raise StageError(
                f"{error.found} (is everything here? `make pull`)", status=2
            ) from error
        found = {path: _text(path) for path in paths}
    for path in paths:
        if said[path] != found[path]:
            raise _forged(path, said[path], found[path])


def check_receipt(params: config.Params, layout: Layout = HERE) -> None:
    """Fail where the receipt is not what register would write of this report, model and code."""
    data = {split: _digest(layout.messages(split)) for split in SPLITS}
    name, path = params.registry.name, layout.receipt
    judged = judge(Report.read(layout), name=name, data=data, gate=params.gate)
    made = replace(judged, packed=packed_digest(layout.model)).text
    if made != (said := _text(path)):
        raise _forged(path, said, made)


def _text(path: Path) -> str:
    with _there(path):
        return read_text(path)


def _digest(path: Path) -> str:
    with _there(path):
        return sha256(path)


@contextmanager
def _there(path: Path) -> Iterator[None]:
    """Turn the lack of a file that DVC or git tracks into one line."""
    try:
        yield
    except (FileNotFoundError, UnicodeDecodeError) as error:
        found = "cannot be read" if path.exists() else "does not exist"
        raise DataError(
            f"{path} {found}", expected="what the committed run wrote", fix="make pull"
        ) from error


def check_pointer(layout: Layout = HERE) -> None:
    """Fail where the pointer names a model that no receipt, now or earlier, calls accepted."""
    path = layout.pointer
    pointer = Pointer.read(layout)
    if pointer.model is None:
        return
    holdouts = [holdout for model, holdout in _accepted(layout) if model == pointer.model]
    if not holdouts:
        raise GateError(
            f"{path} names {pointer.model[:12]}, which no receipt calls accepted",
            expected="a model that the gate accepted, here or in an earlier commit",
            fix=f"`git checkout origin/main -- {path}`, or accept a candidate and promote it",
        )
    if pointer.holdout not in holdouts:
        raise GateError(
            f"{path} says of its model's holdout {pointer.holdout}",
            expected=f"{holdouts[0]} as its receipt says",
            fix="`make promote`, then commit",
        )


def _accepted(layout: Layout) -> Iterator[tuple[str, Holdout]]:
    """Yield model and losses of each receipt, here and earlier, that the gate accepted."""
    committed = (
        git.content(commit, layout.receipt, layout)
        for commit in git.history(layout.receipt, layout)
    )
    for text in (_text(layout.receipt), *committed):
        # A commit that removed it has none, and one of earlier code may have another form.
        with suppress(ValueError, KeyError, RegistryError):
            receipt = parse_receipt(text or b"null")
            if receipt.gate.accepted:
                yield receipt.model, receipt.achieved()


@contextmanager
def _unchanged(*paths: Path) -> Iterator[None]:
    before = {path: _text(path) for path in paths}
    try:
        yield
    finally:
        for path, text in before.items():
            write_text(path, text)


def _forged(path: Path, said: str, found: str) -> GateError:
    where, one, other = next(_differences(_plain(said), _plain(found)), ("in its layout", "", ""))
    return GateError(
        f"{path} says {where} {one}, computed again it is {other}",
        expected="what its inputs give",
        fix="`dvc repro --force --single-item evaluate` and `dvc repro register`, then commit",
    )


def _plain(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _differences(one: object, other: object, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each leaf that differs: its dotted name, and both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differences(one.get(key), other.get(key), f"{where}.{key}".lstrip("."))
    elif one != other:
        yield where or "as a whole", repr(one)[:80], repr(other)[:80]
