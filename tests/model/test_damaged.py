"""Model folders that somebody has damaged: one line each, and nothing in them runs."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.drift.inputs import read_reference
from stages.drift.reference import REFERENCE, write_reference
from stages.machine.errors import UserError
from stages.machine.faults import from_outside
from stages.model.filter import TRUSTED_TYPES, Filter, _check_trees, load_model
from stages.model.scoring.scorer import CLASSIFIER
from stages.model.tables import COLUMNS, Split
from stages.model.training.classifiers import build
from stages.model.training.saving import dump_model
from stages.records.messages import MESSAGE_SCHEMA
from stages.records.specification import SPECIFICATION, read_specification
from tests.command_line.samples import mail
from tests.registry.samples import ENCODER

FILES = (CLASSIFIER, REFERENCE, SPECIFICATION)
Damage = Callable[[Path, random.Random], None]


@pytest.fixture(scope="session")
def whole(tiny_filter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with all its files."""
    folder = tmp_path_factory.mktemp("whole") / "model"
    shutil.copytree(tiny_filter, folder)
    table = pa.Table.from_pylist(mail()[:60], schema=MESSAGE_SCHEMA).select(COLUMNS)
    vectors = np.random.default_rng(0).normal(size=(60, ENCODER.dim)).astype(np.float32)
    write_reference(folder / REFERENCE, Split(table, vectors, "encoder"), np.full(60, 0.5), size=50)
    return folder


def loads(folder: Path) -> bool:
    """Load all of a model folder as the stages do; return whether nothing was refused."""
    ways: list[Callable[[], object]] = [
        lambda: Filter.load(folder).score(
            np.zeros((2, ENCODER.dim), np.float32), ["a", "b"], ["win money", "the meeting"]
        ),
        lambda: read_specification(folder),
        lambda: read_reference(folder / REFERENCE),
    ]
    refused = 0
    for way in ways:
        try:
            way()
        except Exception as error:
            refused += 1
            # As the edge of every command does.
            found = from_outside(error)
            assert found, repr(error)
            assert "\n" not in str(found)
    return not refused


def flipped(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 10, 100])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)


def truncated(path: Path, rng: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def prolonged(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(200))


def emptied(path: Path, _: random.Random) -> None:
    path.write_bytes(b"")


def removed(path: Path, _: random.Random) -> None:
    path.unlink()


def exchanged(path: Path, rng: random.Random) -> None:
    shutil.copy(path.with_name(rng.choice([name for name in FILES if name != path.name])), path)


def made_a_folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


def made_a_pipe(path: Path, _: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def linked(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.symlink_to(rng.choice(["/dev/zero", path.name, "nowhere", "/dev/stdin", "."]))


DAMAGES: list[Damage] = [
    flipped,
    flipped,
    truncated,
    prolonged,
    emptied,
    removed,
    exchanged,
    made_a_folder,
    made_a_pipe,
    linked,
]


# Values that a description may not have; most of them JSON has no type for.
_VALUES = [
    "null", "[]", "{}", '""', "-1", "1e999", "NaN", "1" * 5000, "true", "[" * 5000, '"\\ud800"',
    '{"a": ' * 5000, "1e308", '"2002-07-31 00:00:00"', '"9999-99-99"', "9" * 30,
]  # fmt: skip


def redescribed(folder: Path, rng: random.Random) -> None:
    """Give one value of `model.json` another type, or a size that no model has."""
    path = folder / SPECIFICATION
    lines = path.read_text().splitlines()
    number = rng.choice([n for n, line in enumerate(lines) if ": " in line and "{" not in line])
    key, _, rest = lines[number].partition(": ")
    lines[number] = f"{key}: {rng.choice(_VALUES)}{',' * rest.endswith(',')}"
    path.write_text("\n".join(lines))


def rewritten(folder: Path, change: Callable[[dict[str, Any]], object], **members: bytes) -> None:
    """Change the schema of the archive, whose checksums are right again afterwards."""
    path = folder / CLASSIFIER
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(content["schema.json"])
    change(schema)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (
            content | {"schema.json": json.dumps(schema).encode()} | members
        ).items():
            archive.writestr(name, data)


def nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Yield the mappings of a schema."""
    if isinstance(tree, dict):
        yield tree
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for child in children:
        yield from nodes(child)


def reschemed(folder: Path, rng: random.Random) -> None:
    """Change one value of the archive's schema."""

    def change(schema: dict[str, Any]) -> None:
        node = rng.choice(list(nodes(schema)))
        key = rng.choice(list(node))
        others = [node[key] for node in nodes(schema) if key in node]
        values = [None, [], {}, "", -1, "planted", True, "../../etc/passwd", "0" * 9999, *others]
        node[key] = rng.choice(values)

    rewritten(folder, change)


def retabled(folder: Path, rng: random.Random) -> None:
    """Give the reference other columns."""
    path = folder / REFERENCE
    table = pq.read_table(path)
    name = rng.choice(table.column_names)
    place = table.column_names.index(name)
    column = rng.choice(
        [
            pa.nulls(len(table), table.schema.field(name).type),
            pa.array([None] * len(table)),
            pa.array(["x"] * len(table)),
            pa.array([[1.0]] * len(table)),
            pa.array([float("nan")] * len(table)),
            pa.array([2**62] * len(table), pa.timestamp("us", "UTC")),
        ]
    )
    changed = rng.choice(
        [
            table.drop_columns([name]),
            table.set_column(place, name, column),
            table.append_column(name, column),
            table.slice(0, 0),
        ]
    )
    pq.write_table(changed, path)


VARIANTS = 100


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of whoever wrote a file: it notes that it was imported, or anything in it built."""
    note = tmp_path / "it-ran"
    (tmp_path / "planted.py").write_text(
        f"from pathlib import Path\nPath({str(note)!r}).touch()\n"
        f"class Planted:\n    def __init__(self, *_, **__): Path({str(note)!r}).touch()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield note
    assert not note.exists()
    assert "planted" not in sys.modules


def test_a_whole_model_loads(whole: Path) -> None:
    assert loads(whole)


def test_a_hundred_damaged_folders_are_refused(whole: Path, tmp_path: Path, planted: Path) -> None:
    loaded = []
    for seed in range(VARIANTS):
        rng = random.Random(seed)
        folder = tmp_path / str(seed)
        shutil.copytree(whole, folder)
        if seed % 2:
            rng.choice(DAMAGES)(folder / rng.choice(FILES), rng)
        else:
            rng.choice([redescribed, reschemed, reschemed, retabled])(folder, rng)
        if loads(folder):
            loaded.append(seed)
    # What was changed there means nothing to a model, or is of the same kind.
    assert len(loaded) < VARIANTS / 3, loaded
    assert not planted.exists()


def as_type(node: dict[str, Any], loader: str) -> None:
    node |= {"__module__": "planted", "__class__": "Planted", "__loader__": loader}


@pytest.mark.parametrize(
    "loader",
    [
        *("DictNode", "FunctionNode", "JsonNode", "ListNode", "MethodNode", "NdArrayNode"),
        *("ObjectNode", "OperatorFuncNode", "PartialNode", "RandomGeneratorNode", "ReduceNode"),
        *("SetNode", "TupleNode", "TypeNode"),
    ],
)
def test_a_type_of_a_stranger_is_not_even_imported(
    whole: Path, tmp_path: Path, planted: Path, loader: str
) -> None:
    refused = 0
    for number in range(0, 30, 3):
        folder = tmp_path / f"{loader}-{number}"
        shutil.copytree(whole, folder)

        def change(schema: dict[str, Any], place: int = number) -> None:
            as_type(list(nodes(schema))[place], loader)

        rewritten(folder, change)
        refused += not loads(folder)
    # A node that repeats another one is passed over, and one of JSON has no type.
    assert refused > 2
    assert not planted.exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("member", ["../../outside.npy", "/outside.npy", "x.py", "00001.npy"])
def test_an_archive_has_no_members_but_ours(whole: Path, tmp_path: Path, member: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    with zipfile.ZipFile(folder / CLASSIFIER, "a") as archive:
        archive.writestr(member, b"x")
    assert not loads(folder)


def test_an_archive_cannot_grow(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 200_000_000)
    (folder / CLASSIFIER).write_bytes(bomb.getvalue())
    with pytest.raises(UserError, match="its members are compressed"):
        Filter.load(folder)


def test_an_array_that_claims_to_be_huge_is_refused(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    huge = io.BytesIO()
    np.save(huge, np.zeros(3))
    data = huge.getvalue().replace(b"(3,), }", b"(9999999999999,), }"[:7])
    rewritten(folder, lambda _: None, **{"00001.npy": data})
    assert not loads(folder)


def circle(nodes: Any) -> None:
    nodes["left_child" if "left_child" in nodes.dtype.names else "left"][0] = 0


def elsewhere(nodes: Any) -> None:
    nodes["right_child" if "right_child" in nodes.dtype.names else "right"][0] = 10**6


def another_column(nodes: Any) -> None:
    nodes["feature" if "feature" in nodes.dtype.names else "feature_idx"][0] = 10**6


@pytest.mark.parametrize("kind", ["random_forest", "gradient_boosting"])
@pytest.mark.parametrize("change", [None, circle, elsewhere, another_column])
def test_a_branch_that_leads_nowhere_is_not_followed(
    tmp_path: Path, kind: str, change: Callable[[Any], None] | None
) -> None:
    X = np.random.default_rng(0).normal(size=(100, 20))
    size = {"random_forest": {"n_estimators": 2}, "gradient_boosting": {"max_iter": 2}}
    fitted: Any = build(kind, dict(size[kind]), 0).fit(X, X[:, 0] > 0)
    if change and kind == "random_forest":
        tree = fitted.estimators_[0].tree_
        state = tree.__getstate__()
        change(state["nodes"])
        tree.__setstate__(state)
    elif change:
        change(fitted._predictors[0][0].nodes)
    dump_model(fitted, tmp_path / "x.skops")
    loaded = load_model(tmp_path / "x.skops", TRUSTED_TYPES)
    if change is None:
        _check_trees(loaded)
        return
    with pytest.raises(ValueError, match="branches lead nowhere"):
        _check_trees(loaded)
