"""A folder in which the stages' own functions run as they do in a checkout.

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

from stages import config, embed, evaluate, fetch, infer, monitor, register, train
from stages.drift.inputs import ScoredWindow
from stages.machine.files import read_json, replacing, sha256, tree_digest, write_json
from stages.model.tables import read_split
from stages.records.pointer import Pointer, in_production, incumbent, read_pointer, write_pointer
from stages.records.receipt import Receipt
from stages.records.verdict import Verdict


class Workspace:
    """One checkout of a replay.

    Args:
        folder: gets `data/` as a checkout has it, and `stages.log`, what the stages said.
        models: a folder a model, named by its digest, and beside them which mail each was trained
            on; shared by all workspaces of a replay.
        params: as composed; the window is an argument of each method.

    Attributes:
        cpu_seconds: what the stages took so far. Without embed: a message is encoded once, by
            whoever meets it first, and would be counted for that policy alone.
    """

    def __init__(self, folder: Path, models: Path, params: config.Params) -> None:
        self.folder, self._models, self._params = folder.resolve(), models.resolve(), params
        self._fetched: config.Window | None = None
        self.cpu_seconds = 0.0

    def produce(self, pointer: Pointer) -> None:
        """Let `pointer` say which model is in production here."""
        with self._inside():
            write_pointer(pointer)

    def fetch(self, window: config.Window) -> None:
        """Cut the mail for `window`, unless that is what was done last.

        Raises:
            DataError: there is no mail to score, or none of both classes to learn from.
        """
        if self._fetched == window:
            return
        self._fetched = None
        with self._inside(), self._metered():
            fetch.run(config.sections(fetch.FetchParams, self._of(window)))
        self._fetched = window

    def score(self, window: config.Window) -> tuple[Verdict, ScoredWindow]:
        """Score and judge the batch of `window`, which was fetched.

        Returns:
            The verdict as its file says it, and the window that it is on.
        """
        params = self._of(window)
        with self._inside():
            digest, holdout = in_production()
            folder = self._models / digest
            embed.run(config.sections(embed.EmbedParams, params), "batch")
            with self._metered():
                infer.predict(digest, folder, config.sections(infer.InferParams, params))
                verdict, _, scored = monitor.judge_batch(
                    monitor.champion_of(digest, folder, holdout),
                    config.sections(monitor.MonitorParams, params),
                )
        return verdict.as_written(), scored

    def learn(self, window: config.Window) -> Receipt:
        """Train a candidate on the history of `window`, which was fetched, and let the gate judge.

        Raises:
            DataError: too little to learn from.
        """
        params = self._of(window)
        with self._inside():
            for split in ("train", "holdout"):
                embed.run(config.sections(embed.EmbedParams, params), split)
            self._train(config.sections(train.TrainParams, params))
            with self._metered():
                self._evaluate(params)
                return register.judge(config.sections(register.RegisterParams, params))

    def _train(self, params: train.TrainParams) -> None:
        """Train, or take what another policy trained on the same mail, as DVC's run cache does.

        Its CPU seconds count each time.
        """
        known = self._models / f"{sha256(train.MAIL)}.json"
        if not known.exists():
            before = self.cpu_seconds
            with self._metered():
                train.run(params)
            digest = tree_digest(train.MODEL)
            with replacing(self._models / digest) as folder:
                shutil.copytree(train.MODEL, folder)
            write_json(known, {"model": digest, "cpu_seconds": self.cpu_seconds - before})
            return
        trained = read_json(known)
        with replacing(train.MODEL) as folder:
            shutil.copytree(self._models / trained["model"], folder)
        self.cpu_seconds += trained["cpu_seconds"]

    def _evaluate(self, params: config.Params) -> None:
        split = read_split(evaluate.MAIL, evaluate.EMBEDDINGS)
        digest = evaluate.candidate()
        champion = incumbent(read_pointer(), digest)
        theirs = evaluate.scores(champion, self._models / champion, split) if champion else None
        evaluate.compare(split, digest, theirs, config.sections(evaluate.EvaluateParams, params))

    def _of(self, window: config.Window) -> config.Params:
        return dataclasses.replace(self._params, window=window)

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Stand in the folder: stages read and write below `data/` wherever they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (
            (self.folder / "stages.log").open("a", encoding="utf-8") as log,
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(log),
            contextlib.redirect_stderr(log),
        ):
            yield

    @contextlib.contextmanager
    def _metered(self) -> Iterator[None]:
        start = time.process_time()
        try:
            yield
        finally:
            self.cpu_seconds += time.process_time() - start
