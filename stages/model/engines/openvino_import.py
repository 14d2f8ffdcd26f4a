"""OpenVINO, imported without the part that reports each import to its makers."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from stages.machine.errors import EncoderError
from stages.machine.imports import without


@cache
def openvino() -> ModuleType:
    """Return the package; its converter, whose import sends an event, is not loaded.

    Raises:
        EncoderError: it is not installed.
    """
    try:
        with without("openvino.tools", "openvino_telemetry"):
            import openvino
    except ModuleNotFoundError:
        raise EncoderError(
            "the Python package openvino is not installed",
            expected="it, for `engine: openvino`",
            fix="run `python -m stages.pins.install openvino`, or choose another engine",
        ) from None
    package: ModuleType = openvino
    return package
