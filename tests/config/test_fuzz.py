"""Extreme parameters: every key, in every option of its group, with values that no one means.

What is refused is one line. What is accepted works in what the stages compute from it at once: the
bounds in `stages/config/` are the largest and smallest values that do.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from stages import config
from stages.drift.permutation import calibrate, permuted
from stages.loop.guards import Action
from stages.loop.window import after, name_of, newest_whole
from stages.machine.errors import UserError
from stages.machine.files import sha256
from stages.mail.duplicates import groups
from stages.mail.sampling import sample
from stages.mail.sources import open_source
from stages.mail.sources.tables import SeededClock
from stages.model.resampling import bootstrap_weights, interval
from stages.model.scoring.messages import Messages
from stages.model.space import fingerprint
from stages.model.training.classifiers import build, suggest
from stages.model.training.fitting import fit_features
from stages.model.weights import weights_folder
from stages.replay.schedule import Span, spans, window

T = TypeVar("T")
Judged = list[tuple[str, object, config.Params | str]]
# One composition that has it, for every key that there is.
OPTIONS: tuple[list[str], ...] = (
    [],
    ["encoder=mpnet", "size=small"],
    ["source=huggingface", "classifier=random_forest"],
    ["source=files", "classifier=gradient_boosting"],
)
DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
DIGITS = "nine, five thousand times"
NUMBERS: tuple[float, ...] = (
    *(0, -1, 2, 3, 7, 2**31, 2**63, 2**64, 10**400, -0.0, 5e-324, 1e308, -1e308, 0.999, 0.5),
    *(math.nan, math.inf, -math.inf),
    *(1, 10, 100, 10**4, 10**7, 1e-8, 1e-4, 1.0, 1e4),
)
TEXTS = (
    *("", "x", ".", "..", "../../etc", "/etc/passwd", "~", "C:\\x", "a/b", "a//b", "a\\..\\b"),
    *(
        "evilpkg.sub",
        "evilpkg",
        "-x",
        "--registry=x",
        "pkg://evilpkg",
        "file:x",
        "s3://",
        "s3://x",
        "s3:///x",
    ),
    *("*", "**", "[", "[!", "**/*/**/*", "{", "?" * 100, "x" * 200, "x" * 5_000, "e\u0301" * 100),
    *(
        "\x1b[31m",
        "a\nb",
        "a\rb",
        "\0",
        "\x85",
        "\u202eb",
        "\ud800",
        "::error::x",
        "${oc.env:HOME}",
    ),
    *("9999-12-31", "0001-01-01", "1970-01-01", "2199-12-31", "2002-02-30", "2002-08-19T00:00"),
    *("utf-16", "idna", "undefined", "utf_7", "punycode", "locale", "train[:1%]", "a+b", "True"),
)
OTHERS: tuple[object, ...] = (
    None,
    True,
    [],
    [[]],
    [None],
    {},
    {"a": 1},
    {1: 2},
    {"kind": "x"},
    b"x",
    {"x"},
    DIGITS,
)
MOMENTS = (dt.date.min, dt.date.max, dt.datetime.max.replace(tzinfo=dt.UTC), dt.date(2002, 8, 19))


def bounds(schema: object) -> Iterator[float]:
    """Yield every bound of a number in the schema."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
                yield value
            yield from bounds(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from bounds(value)


NUMBERS += tuple(sorted(set(bounds(TypeAdapter(config.Params).json_schema()))))
SINGLE = (*NUMBERS, *TEXTS, *OTHERS, *MOMENTS)
PAIRS = (*([number, number] for number in NUMBERS), [1, 10**9])
DAYS = (dt.date.min, dt.date(1970, 1, 1), dt.date(2002, 8, 26), dt.date(2199, 12, 31), dt.date.max)


@pytest.fixture(scope="module")
def bases(root: Path) -> list[dict[str, Any]]:
    return [config.compose(list(options), root / "conf") for options in OPTIONS]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with a package that leaves a trace, and mail; no network."""
    package = tmp_path / "evilpkg"
    package.mkdir()
    (package / "__init__.py").write_text("open('pwned', 'w').close()\n")
    (package / "sub.py").write_text("")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/x.csv").write_text(
        "text,label,subject,received_at\nfree money,spam,x,2024-03-05\nnotes,ham,y,9999-12-31\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    dead = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x"}
    for name, value in (dead | {"AWS_SECRET_ACCESS_KEY": "x", "AWS_MAX_ATTEMPTS": "1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    yield tmp_path
    assert not (tmp_path / "pwned").exists()
    assert "evilpkg" not in sys.modules


def leaves(base: dict[str, Any]) -> list[str]:
    """Every key of the file, sections too."""
    found = config.flat(base)
    return sorted({*found, *(key.partition(".")[0] for key in found)})


def with_value(base: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    first, _, rest = key.partition(".")
    return base | {first: with_value(base[first], rest, value) if rest else value}


def cases(bases: list[dict[str, Any]]) -> Iterator[tuple[str, object, dict[str, Any]]]:
    """Yield each key with each value, and what the file then says; a key once."""
    seen: set[str] = set()
    for base in bases:
        kinds = [(key, config.flat(base).get(key)) for key in leaves(base)]
        for key, before in kinds:
            known = f"{key} {base[key.partition('.')[0]].get('kind') if '.' in key else ''}"
            if known in seen:
                continue
            seen.add(known)
            values = (*SINGLE, *PAIRS) if isinstance(before, list) else SINGLE
            listed = [[value] for value in TEXTS] if isinstance(before, list) else []
            for value in (*values, *listed):
                yield key, value, with_value(base, key, value)


def refused(call: Callable[[], object]) -> bool:
    """Whether `call` refuses, in one line; nothing else is raised."""
    return isinstance(outcome(call), str)


def outcome(call: Callable[[], T]) -> T | str:
    """What `call` returns, or the line of its refusal."""
    try:
        return call()
    except UserError as error:
        line = str(error)
        assert "\n" not in line
        assert len(line) < 2_000
        return line


@pytest.fixture(scope="module")
def judged(bases: list[dict[str, Any]]) -> Judged:
    """Each key and value, and what becomes of it: parameters, or the line of a refusal."""
    return [
        (key, value, outcome(partial(config.validate, tree, "params.yaml")))
        for key, value, tree in cases(bases)
    ]


@pytest.mark.slow
def test_every_value_is_taken_or_refused_in_one_line(judged: Judged) -> None:
    assert len(judged) > 5_000
    # That a key takes nothing of all this would say that its case is broken.
    taken = {key for key, _, result in judged if not isinstance(result, str)}
    assert len(taken) > 60


def test_two_hundred_files_are_read_or_refused(bases: list[dict[str, Any]], here: Path) -> None:
    path = here / "params.yaml"
    for _, value, tree in random.Random(13).sample(list(cases(bases)), 200):
        try:
            text = yaml.dump(tree, Dumper=DUMPER, allow_unicode=True)
        except (UnicodeError, ValueError):
            continue
        path.write_text(text.replace(DIGITS, "9" * 5_000), encoding="utf-8", errors="replace")
        assert refused(partial(config.load, path)) or value is not DIGITS


@pytest.mark.parametrize("seed", range(8))
def test_an_override_is_taken_or_refused(
    root: Path, bases: list[dict[str, Any]], seed: int
) -> None:
    rng = random.Random(seed)
    key = rng.choice(leaves(bases[0]))
    value = rng.choice(SINGLE)
    text = (
        f"{key}={json.dumps(value, default=str)}" if value is not DIGITS else f"{key}={'9' * 5000}"
    )
    refused(partial(config.compose, [text], root / "conf"))


@pytest.mark.slow
def test_what_is_taken_works_at_once(
    bases: list[dict[str, Any]], judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The weights are the same 90 MB each time.
    monkeypatch.setattr("stages.model.weights.sha256", cache(sha256))
    assert {key for base in bases for key in base} == {*AT_ONCE, *LATER}
    slowest: dict[str, float] = {}
    for key, params in extremes(judged):
        check = AT_ONCE.get(key.partition(".")[0])
        if check is not None:
            began = time.process_time()
            refused(partial(check, params))
            slowest[key] = max(slowest.get(key, 0), time.process_time() - began)
    assert len(slowest) > 60
    assert max(slowest.values()) < 5, slowest


def extremes(judged: Judged) -> Iterator[tuple[str, config.Params]]:
    """Yield each key with the lowest and the highest number that it takes, and with each text."""
    taken: dict[tuple[str, str], list[tuple[object, config.Params]]] = {}
    for key, value, params in judged:
        if not isinstance(params, str):
            kind = (key, f"{params.source.kind} {params.classifier.kind}")
            taken.setdefault(kind, []).append((value, params))
    for (key, _), found in taken.items():
        numbers = [(value, params) for value, params in found if _is_number(value)]
        yield from ((key, params) for params in _ends(numbers))
        yield from ((key, params) for value, params in found if not _is_number(value))


def _is_number(value: object) -> bool:
    return isinstance(value[0] if isinstance(value, list) and value else value, int | float)


def _ends(found: list[tuple[Any, config.Params]]) -> list[config.Params]:
    ordered = sorted(found, key=lambda pair: pair[0])
    return [params for _, params in (*ordered[:1], *ordered[-1:])]


def _windows(params: config.Params) -> None:
    base = params.window
    for day in DAYS:
        refused(partial(newest_whole, base, day))
        refused(partial(window, base, day, Span(day, day)))
        for step in (-(2**63), 0, 1_000, 10**6, 2**63):
            refused(partial(spans, base.start, day, step))
    name_of(after(after(base)))
    sample(["a", "b"], np.array([0, 2], np.int8), base.max_messages or 1, seed=params.seed)


def _source(params: config.Params) -> None:
    source = params.source
    opened = open_source(source, seed=params.seed)
    assert opened.description
    if clock := getattr(source, "clock", None):
        SeededClock(clock, 10_000, seed=params.seed)
    if isinstance(source, config.FilesSource):
        opened.survey()
        list(
            opened.batches(
                dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)
            )
        )


def _duplicates(params: config.Params) -> None:
    texts = [(str(n), "", f"a b c d e f g {n}") for n in range(3)]
    groups(texts, params.duplicates, seed=params.seed)


def _encoder(params: config.Params) -> None:
    np.empty((1_000, params.encoder.dim), np.float32)
    "x"[: params.encoder.max_chars]
    assert len(fingerprint(params.encoder)) == 16
    weights_folder(params.encoder)


def _features(params: config.Params) -> None:
    texts = [f"{word} money now" for word in ("win", "lose", "find", "keep")]
    messages = Messages(np.zeros((4, 8), np.float32), [""] * 4, texts)
    _, X = fit_features(messages, params.features, svd_components=None, seed=1)
    assert np.isfinite(X.sum())


def _classifier(params: config.Params) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    trial = optuna.create_study().ask()
    build(params.classifier.kind, suggest(trial, params.classifier), seed=params.seed)


def _drift(params: config.Params) -> None:
    drift = params.drift
    rng = np.random.default_rng(params.seed)
    labellings = permuted(np.arange(40) < 20, drift.permutations, rng)
    values = np.stack([labellings[:, :20].sum(axis=1)] * 3, axis=1).astype(np.float64)
    calibrate(values, quorum=drift.quorum, false_alarm_rate=drift.false_alarm_rate)
    assert 1 / drift.unusual_rate - 1 < 10**6


def _evaluation(params: config.Params) -> None:
    weights = bootstrap_weights(np.arange(40) < 20, params.evaluation.resamples, params.seed)
    interval(weights[:, 0], params.evaluation.confidence)


def _guards(params: config.Params) -> None:
    dt.timedelta(days=params.guards.cool_down_days)
    for action in Action:
        assert action.sentence(params.guards)


def _sizes(params: config.Params) -> None:
    range(0, 10, params.inference.batch_rows)
    assert params.search.trials * params.search.folds <= 10**6


# What a stage computes from a section before it has looked at much mail.
AT_ONCE: dict[str, Callable[[config.Params], None]] = {
    "seed": _drift,
    "window": _windows,
    "source": _source,
    "duplicates": _duplicates,
    "encoder": _encoder,
    "features": _features,
    "classifier": _classifier,
    "drift": _drift,
    "evaluation": _evaluation,
    "guards": _guards,
    "inference": _sizes,
    "search": _sizes,
}
# Numbers that are only compared, names, and addresses.
LATER = {"compute", "decision", "gate", "reference_size", "registry", "stores"}
