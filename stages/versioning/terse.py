"""DVC's transfers, neither a line for each file that fails nor minutes over a dead server."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from stages.machine.redaction import cleaned
from stages.machine.variables import S3_ATTEMPTS
from stages.stores.s3 import ATTEMPTS


class Failures(logging.Handler):
    """Keeps what DVC says of each file that fails, instead of a screen full of it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(logging.ERROR)
        self._secrets = frozenset(secrets)
        self.causes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note why a file failed."""
        cause = record.exc_info[1] if record.exc_info else None
        said = cleaned(str(cause or record.getMessage()), secrets=self._secrets)
        self.causes.append(said[:200])

    def first(self) -> str:
        """Return the first reason in brackets, with a space before it, or nothing."""
        return f" ({self.causes[0]})" if self.causes else ""


@contextmanager
def terse(secrets: Iterable[str]) -> Iterator[Failures]:
    """Collect what DVC would print, without `secrets`; its S3 client tries as often as ours do."""
    failures = Failures(secrets)
    loggers = [logging.getLogger(name) for name in ("dvc", "dvc_data", "dvc_objects")]
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    shortened = S3_ATTEMPTS not in os.environ
    os.environ.setdefault(S3_ATTEMPTS, str(ATTEMPTS))
    for logger in loggers:
        logger.handlers, logger.propagate = [failures], False
    try:
        yield failures
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
        if shortened:
            del os.environ[S3_ATTEMPTS]
