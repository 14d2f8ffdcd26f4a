"""Where an encoder's weights are: in an installed Python package, or a snapshot of the hub."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from stages.machine.errors import EncoderError
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
    """Raise `EncoderError` unless the weights in `folder` have the pinned SHA-256."""
    weights = folder / engine_of(encoder).WEIGHTS
    found = sha256(weights) if weights.is_file() else "no such file"
    if found != encoder.sha256:
        raise EncoderError(
            f"{weights} has SHA-256 {found}",
            expected=f"{encoder.sha256} as conf/encoder pins for {encoder.name}",
            fix=_fix(encoder),
        )


def _fix(encoder: config.Encoder) -> str:
    if encoder.package:
        return "run `make install` to install the pinned packages again"
    return f"delete the cached copy of {encoder.hub} and run again"


def _package_folder(encoder: config.Encoder) -> Path:
    assert encoder.package is not None  # noqa: S101 -- the caller has looked
    spec = find_spec(encoder.package)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(
            f"the Python package {encoder.package} is not installed",
            expected=f"it to carry the encoder {encoder.name}",
            fix="run `make install`",
        )
    return Path(spec.submodule_search_locations[0]) / (encoder.folder or "")


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
        raise EncoderError(
            f"the hub model {encoder.hub} cannot be downloaded ({type(error).__name__})",
            expected="a network, or the model in the local cache",
            fix="connect and run again, or use `encoder: minilm` in conf/config.yaml",
        ) from error
