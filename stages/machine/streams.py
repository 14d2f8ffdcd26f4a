"""Standard input, output and error as every program may rely on them."""

from __future__ import annotations

import io
import os
import sys

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


def hold_standard_streams() -> None:
    """Open those that the caller closed, on the null device, and let output take any character.

    Else the next file that is opened, a database maybe, becomes the standard output of every
    program that is started. What the terminal's encoding lacks is written by its number.
    """
    for number, (name, mode) in enumerate(_MODES.items()):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free: this one, since those below are held.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
