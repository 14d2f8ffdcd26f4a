"""A folder in which the stages run as they do in a checkout.

Only the registry is left out: MLflow finds a model by its digest and gives back its bytes, and so
does a folder of models by their digests, ten seconds a model sooner. Nothing is sent or published:
neither predictions, nor verdicts, nor rows of the monitoring history.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from stages import config, embed, evaluate, fetch, infer, monitor, register, train
from stages.drift.window import ScoredWindow, read_window
from stages.machine.console import logging_to, say
from stages.machine.files import read_bytes, replacing, sha256, tree_digest, write_json
from stages.records.document import Digest, parsed
from stages.records.layout import Layout
from stages.records.pointer import Pointer, in_production
from stages.records.receipt import Receipt
from stages.records.verdict import Verdict
from stages.registry.shelf import Stored


@dataclasses.dataclass(frozen=True)
class _Trained:
    """What was trained on some mail before: the model's digest, and what it took."""

    model: Digest
    cpu_seconds: float


_TRAINED = TypeAdapter(_Trained)


def _read_trained(path: Path) -> _Trained | None:
    """Return what the file at `path` says; None where there is none, or another one."""
    try:
        return parsed(_TRAINED, read_bytes(path))
    except (FileNotFoundError, ValueError):
        return None


class FolderShelf:
    """A folder of models, each in a folder named by its digest.

    Args:
        folder: the folder of them all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def obtain(self, digest: str) -> Path:
        """Return the folder of the model `digest`, which this replay has trained."""
        return self.folder / digest

    def register(self, receipt: Receipt, folder: Path, evidence: tuple[Path, ...]) -> Stored:
        """Do nothing: a model is kept when it is trained. Its digest stands for a version."""
        del folder, evidence
        return Stored(receipt.model[:12], packed=None)

    def keep(self, folder: Path) -> str:
        """Copy the model in `folder` here; return its digest."""
        digest = tree_digest(folder)
        with replacing(self.obtain(digest)) as copy:
            shutil.copytree(folder, copy)
        return digest


class Workspace:
    """One checkout of a replay.

    Args:
        folder: gets `data/` as a checkout has it, and `stages.log`, what the stages said.
        models: a folder a model, named by its digest, and beside them which mail each was trained
            on; shared by all workspaces of a replay.
        params: as composed; the window is an argument of each method.

    Attributes:
        layout: the paths below `folder`.
        cpu_seconds: what the stages took so far. Without embed: a message is encoded once, by
            whoever meets it first, and would be counted for that policy alone.
    """

    def __init__(self, folder: Path, models: Path, params: config.Params) -> None:
        self.layout, self._models, self._params = Layout(folder), FolderShelf(models), params
        self._fetched: config.Window | None = None
        self.cpu_seconds = 0.0

    @property
    def folder(self) -> Path:
        """The folder of this checkout."""
        return self.layout.root

    def produce(self, pointer: Pointer) -> None:
        """Let `pointer` say which model is in production here."""
        pointer.write(self.layout)

    def fetch(self, window: config.Window) -> None:
        """Cut the mail for `window`, unless that is what was done last.

        Raises:
            DataError: there is no mail to score, or none of both classes to learn from.
        """
        if self._fetched == window:
            return
        self._fetched = None
        with self._logged(), self._metered():
            say(fetch.run(config.sections(fetch.FetchParams, self._of(window)), self.layout))
        self._fetched = window

    def score(self, window: config.Window) -> tuple[Verdict, ScoredWindow]:
        """Score and judge the batch of `window`, which was fetched.

        Returns:
            The verdict as its file says it, and the window that it is on.
        """
        params, layout = self._of(window), self.layout
        with self._logged():
            self._embed(params, "batch")
            with self._metered():
                scoring = config.sections(infer.InferParams, params)
                say(infer.run(scoring, layout, self._models))
                judging = config.sections(monitor.MonitorParams, params)
                say(monitor.run(judging, layout, self._models))
        digest, _ = in_production(layout)
        mail, embeddings = layout.messages("batch"), layout.embeddings("batch")
        return Verdict.read(layout), read_window(mail, embeddings, layout.predictions, model=digest)

    def learn(self, window: config.Window) -> Receipt:
        """Train a candidate on the history of `window`, which was fetched, and let the gate judge.

        Raises:
            DataError: too little to learn from.
        """
        params, layout = self._of(window), self.layout
        with self._logged():
            for split in ("train", "holdout"):
                self._embed(params, split)
            self._train(config.sections(train.TrainParams, params))
            with self._metered():
                evaluating = config.sections(evaluate.EvaluateParams, params)
                say(evaluate.run(evaluating, layout, self._models))
                registering = config.sections(register.RegisterParams, params)
                say(register.run(registering, layout, self._models))
        return Receipt.read(layout)

    def _embed(self, params: config.Params, split: str) -> None:
        say(embed.run(config.sections(embed.EmbedParams, params), self.layout, split))

    def _train(self, params: train.TrainParams) -> None:
        """Train, or take what another policy trained on the same mail, as DVC's run cache does.

        Its CPU seconds count each time.
        """
        known = self._models.folder / f"{sha256(self.layout.messages('train'))}.json"
        trained = _read_trained(known)
        if trained is None or not self._models.obtain(trained.model).is_dir():
            before = self.cpu_seconds
            with self._metered():
                say(train.run(params, self.layout))
            digest = self._models.keep(self.layout.model)
            write_json(known, {"model": digest, "cpu_seconds": self.cpu_seconds - before})
            return
        with replacing(self.layout.model) as folder:
            shutil.copytree(self._models.obtain(trained.model), folder)
        self.cpu_seconds += trained.cpu_seconds

    def _of(self, window: config.Window) -> config.Params:
        return dataclasses.replace(self._params, window=window)

    @contextlib.contextmanager
    def _logged(self) -> Iterator[None]:
        """Send what stages say to `stages.log`, not to whoever watches the replay."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "stages.log"
        with path.open("a", encoding="utf-8") as log, logging_to(log):
            yield

    @contextlib.contextmanager
    def _metered(self) -> Iterator[None]:
        start = time.process_time()
        try:
            yield
        finally:
            self.cpu_seconds += time.process_time() - start
