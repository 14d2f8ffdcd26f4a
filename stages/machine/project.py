"""The project's files in a working folder that is not a checkout, such as a container's volume."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.machine.errors import ConfigError
from stages.machine.files import write_text
from stages.machine.variables import PROJECT


def bring_project(files: Sequence[Path], environment: Mapping[str, str] = os.environ) -> None:
    """Copy the project's files here from the folder that `SPAMLINE_PROJECT` names, if it is set.

    The container image sets it. The working folder may be empty, or have the pointer of an earlier
    image: the image's own files replace it.

    Args:
        files: relative to the working folder.
        environment: names the other folder, if any.

    Raises:
        ConfigError: a file cannot be read, or this folder cannot be written to.
    """
    if not (project := environment.get(PROJECT)):
        return
    for name in files:
        try:
            text = (Path(project) / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{Path(project) / name} cannot be read: {error}",
                expected=f"the project's {', '.join(map(str, files))}",
                fix=f"set {PROJECT} to the folder that has them, or unset it",
            ) from error
        try:
            write_text(name, text)
        except OSError as error:
            raise ConfigError(
                f"{Path.cwd()} cannot be written to: {error.strerror}",
                expected=f"a working folder with free space that user {os.getuid()} may write to",
                fix="mount a volume there that this user owns",
            ) from error
