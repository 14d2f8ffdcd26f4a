"""The project in a working folder that is no checkout, as a container's volume is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from stages.machine.errors import ConfigError
from stages.machine.files import write_text
from stages.machine.variables import PROJECT

# What git holds and a scoring reads; everything else in the folder is what stages write.
FILES = ("params.yaml", "dvc.yaml", "data/production.json")


def bring_project(environment: Mapping[str, str] = os.environ) -> None:
    """Copy the project's files to this folder, if `SPAMLINE_PROJECT` names the folder they are in.

    The image sets it. Its working folder may be empty, or hold the pointer of an earlier image:
    what the project says now holds.

    Raises:
        ConfigError: they are not there, or this folder cannot be written.
    """
    if not (project := environment.get(PROJECT)):
        return
    for name in FILES:
        try:
            text = (Path(project) / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{Path(project) / name} cannot be read: {error}",
                expected=f"the project's {', '.join(FILES)}",
                fix=f"set {PROJECT} to the folder of them, or unset it",
            ) from error
        try:
            write_text(Path(name), text)
        except OSError as error:
            raise ConfigError(
                f"{Path.cwd()} cannot be written: {error.strerror}",
                expected=f"a working folder that the user {os.getuid()} may write, with room in it",
                fix="mount a volume there that this user owns",
            ) from error
