"""Writes a model folder, whose files load without running code.

The same model has the same bytes: skops writes a zip with a JSON schema that names objects by their
memory address and stamps the time. Both are taken out here: addresses become ordinals, times the
first one of the zip format.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from stages import config
from stages.machine.files import replacing
from stages.machine.imports import without
from stages.model.scoring.scorer import CLASSIFIER
from stages.model.training.fitting import Trained
from stages.records.specification import FORMAT, Specification, TrainedOn, write_specification

_EPOCH = (1980, 1, 1, 0, 0, 0)


def save_filter(
    folder: Path,
    trained: Trained,
    *,
    encoder: config.Encoder,
    features: config.Features,
    trained_on: TrainedOn,
) -> None:
    """Write `model.json` and `classifier.skops` into `folder` (the reference is drift's)."""
    folder.mkdir(parents=True)
    write_specification(
        folder, Specification(FORMAT, encoder, features, trained.threshold, trained_on)
    )
    dump_model(trained.scorer.stored(), folder / CLASSIFIER)


def dump_model(value: object, path: Path) -> None:
    """Write a tree of dicts, scikit-learn estimators and arrays to the skops file `path`."""
    # skops looks through all of scikit-learn, which would load these: seconds, for nothing.
    with without("pytest", "torch"):
        from skops.io import dumps

    with replacing(path) as temporary:
        temporary.write_bytes(_canonical(dumps(value)))


def _canonical(archive: bytes) -> bytes:
    """Return a skops archive without memory addresses, times, or unordered members."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(members.pop("schema.json"))
    ordinals: dict[int, int] = {}
    names: dict[str, str] = {}
    schema = _renumbered(schema, ordinals, names)
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    renamed = {names[name]: content for name, content in members.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in [("schema.json", text.encode()), *sorted(renamed.items())]:
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            # Stored, not deflated: compressors of one format differ in their bytes.
            info.compress_type = zipfile.ZIP_STORED
            target.writestr(info, content)
    return buffer.getvalue()


def _renumbered(node: object, ordinals: dict[int, int], names: dict[str, str]) -> object:
    """Return `node` with each `__id__` and member file name replaced by order of appearance.

    Equal constants may or may not be one object, as the interpreter likes: each gets its own
    ordinal. Arrays and estimators keep their identity.
    """
    if isinstance(node, list):
        return [_renumbered(item, ordinals, names) for item in node]
    if not isinstance(node, dict):
        return node
    renumbered: dict[str, object] = {}
    constant = node.get("__loader__") == "JsonNode"
    for key, value in sorted(node.items()):
        if key == "__id__":
            address = -len(ordinals) - 1 if constant else value
            renumbered[key] = ordinals.setdefault(address, len(ordinals) + 1)
        elif key == "file" and isinstance(value, str):
            suffix = Path(value).suffix
            renumbered[key] = names.setdefault(value, f"{len(names) + 1:05d}{suffix}")
        else:
            renumbered[key] = _renumbered(value, ordinals, names)
    return renumbered
