"""Where an encoder's weights are: in an installed Python package, or a snapshot of the hub."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from stages.machine.errors import EncoderError
from stages.machine.faults import disk_fault
from stages.machine.files import sha256
from stages.model.engines import engine_of

if TYPE_CHECKING:
    from stages import config


def weights_folder(encoder: config.Encoder) -> Path:
    """Return the folder of the model that `encoder` pins, its weights verified.

    Raises:
        EncoderError: the model is not available, or its weights are not the pinned ones.
    """
    folder = _package_folder(encoder) if encoder.package else _hub_folder(encoder)
    check_weights(folder, encoder)
    return folder


def check_weights(folder: Path, encoder: config.Encoder) -> None:
    """Raise `EncoderError` unless `folder` has the pinned weights, and modules of the library.

    The modules are named in a file beside the weights, which their digest does not cover.
    """
    weights = folder / engine_of(encoder).WEIGHTS
    found = sha256(weights) if weights.is_file() else "no such file"
    if found != encoder.sha256:
        raise EncoderError(
            f"{weights} has SHA-256 {found}",
            expected=f"{encoder.sha256} as conf/encoder pins for {encoder.name}",
            fix=_fix(encoder),
        )
    if (modules := folder / _MODULES_FILE).is_file():
        _check_modules(modules, encoder)


def _check_modules(modules: Path, encoder: config.Encoder) -> None:
    try:
        found = _MODULES.validate_json(modules.read_bytes())
    except ValueError as error:
        raise EncoderError(
            f"{modules} cannot be read: {' '.join(str(error).split())[:200]}",
            expected="a list of modules, each with its type and its folder",
            fix=_fix(encoder),
        ) from None
    for module in found:
        # What has no weights of its own; the library would import whatever it is told.
        package, _, name = module.type.rpartition(".")
        known = package.partition(".")[0] == "sentence_transformers" and name in _KNOWN_MODULES
        if not known or (module.path and not _WITHIN.fullmatch(module.path)):
            raise EncoderError(
                f"{modules} has the module {module.type[:100]!r} in {module.path[:100]!r}",
                expected=f"{', '.join(_KNOWN_MODULES)} of sentence_transformers, in folders there",
                fix="choose another encoder in conf/encoder/",
            )


@dataclass(frozen=True)
class _Module:
    type: str
    path: str


_MODULES = TypeAdapter(list[_Module])
_MODULES_FILE = "modules.json"
_KNOWN_MODULES = ("Transformer", "Pooling", "Normalize")
_WITHIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


def _fix(encoder: config.Encoder) -> str:
    if encoder.package:
        return "run `make install` to install the pinned packages again"
    return f"delete the cached copy of {encoder.hub} and run again"


def installed_places() -> list[str]:
    """Return where packages are installed: where Python looks, without the working folder."""
    here = Path.cwd()
    return [place for place in sys.path if place and Path(place).absolute() != here]


def _package_folder(encoder: config.Encoder) -> Path:
    """Return the model's folder in its package, found as a folder: nothing of it is imported."""
    assert encoder.package is not None  # noqa: S101 -- the caller has looked
    for place in installed_places():
        if (Path(place) / encoder.package).is_dir():
            return Path(place) / encoder.package / (encoder.folder or "")
    raise EncoderError(
        f"the Python package {encoder.package} is not installed",
        expected=f"it to carry the encoder {encoder.name}",
        fix="run `make install`",
    )


def _hub_folder(encoder: config.Encoder) -> Path:
    """Return the hub's snapshot: from the local cache if whole, else downloaded."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    weights = engine_of(encoder).WEIGHTS
    wanted = ["*.json", "*.txt", "*/config.json", weights]
    with contextlib.suppress(LocalEntryNotFoundError):
        folder = Path(
            snapshot_download(
                str(encoder.hub),
                revision=encoder.revision,
                allow_patterns=wanted,
                local_files_only=True,
            )
        )
        if (folder / weights).is_file():
            return folder
    try:
        return Path(
            snapshot_download(
                str(encoder.hub),
                revision=encoder.revision,
                allow_patterns=wanted,
                etag_timeout=5,
            )
        )
    except Exception as error:  # the client raises a dozen kinds, of three libraries
        if fault := disk_fault(error):
            raise fault from error
        raise EncoderError(
            f"the hub model {encoder.hub} cannot be downloaded ({type(error).__name__})",
            expected="a network, or the model in the local cache",
            fix="connect and run again, or use `encoder: minilm` in conf/config.yaml",
        ) from error
