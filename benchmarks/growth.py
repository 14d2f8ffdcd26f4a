"""How seconds and memory grow with the mail: fetch, embed, infer and monitor of made-up mail.

    python -m benchmarks.growth --sizes 1000 10000 100000 1000000

Each stage runs in a process of its own on `benchmarks.growing_mail`, of which a tenth is train, a
twentieth holdout and the rest the window; the filter is trained on the smallest size. Writes
`benchmarks/growth.json`: seconds, messages a second and the peak of the memory, a stage and a size.
With `--engine none` embed is not measured: vectors at random stand in for it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TypedDict

import numpy as np
import pyarrow as pa

from benchmarks.growing_mail import write_mail
from benchmarks.machine import call, measured_on, peak_megabytes
from stages import config, embed, train
from stages.machine.edge import guarded
from stages.machine.files import write_json, write_text
from stages.machine.parquet import read_parquet, write_parquet
from stages.machine.pinning import pin_environment
from stages.records.fetch_summary import FetchSummary
from stages.records.layout import Layout
from stages.records.pointer import Pointer
from stages.replay.workspace import FolderShelf

RESULT = Path(__file__).with_suffix(".json")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
STAGES = ("fetch", "embed", "infer", "monitor")
START, TRAIN, HOLDOUT, WINDOW = dt.date(2024, 1, 1), 10, 5, 85
NO_ENGINE = "none"
# Beside the projects of all sizes.
MODELS = "models"
SEED = 1
_IDS = pa.schema([pa.field("id", pa.string(), nullable=False)])


class Measured(TypedDict):
    """One stage on mail of one size."""

    messages: int
    seconds: float
    cpu_seconds: float
    messages_per_second: float
    peak_megabytes: int


def main() -> None:
    """Measure, and write the result."""
    options = _options()
    if options.stage:
        print(json.dumps(_run(options.stage, Layout(options.folder))))
        return
    found: dict[str, dict[str, Measured]] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        models = FolderShelf(Path(scratch) / MODELS)
        for size in sorted(options.sizes):
            layout = Layout(Path(scratch) / str(size))
            found[str(size)] = _measured(size, layout, models, options)
            shutil.rmtree(layout.root)
            result = {"machine": measured_on(), "engine": options.engine, "sizes": found}
            write_json(options.result, result)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="messages")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--engine", default="static", help="of the encoder, or none")
    parser.add_argument("--folder", type=Path, help="for files of some 6 KB a message")
    parser.add_argument("--result", type=Path, default=RESULT)
    # What the processes are that this one starts.
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(
    size: int, layout: Layout, models: FolderShelf, options: argparse.Namespace
) -> dict[str, Measured]:
    """Return what the stages took, in their order."""
    layout.root.mkdir()
    _configure(layout, options.engine)
    write_mail(layout.root / "mail.parquet", size, START, TRAIN + HOLDOUT + WINDOW, seed=SEED)
    found: dict[str, Measured] = {}
    for stage in STAGES:
        if stage == "infer" and stage in options.stages:
            _produce(layout, models, options.engine)
        if stage == "embed" and options.engine == NO_ENGINE:
            _invent_embeddings(layout, "batch")
        elif stage in options.stages:
            found[stage] = _in_process(stage, layout)
            print(size, stage, found[stage], flush=True)
    return found


def _configure(layout: Layout, engine: str) -> None:
    until = START + dt.timedelta(days=TRAIN + HOLDOUT)
    overrides = [
        "source=files",
        f"source.paths=[{layout.root / 'mail.parquet'}]",
        f"window.start='{START}'",
        f"window.until='{until}'",
        f"window.holdout_days={HOLDOUT}",
        f"window.batch_from='{until}'",
        f"window.batch_to='{until + dt.timedelta(days=WINDOW)}'",
        "search.trials=2",
    ]
    if engine != NO_ENGINE:
        overrides.append(f"encoder.engine={engine}")
    write_text(layout.params, config.params_text(config.compose(overrides)))


def _in_process(stage: str, layout: Layout) -> Measured:
    arguments = ["-m", "benchmarks.growth", "--stage", stage, "--folder", str(layout.root)]
    found: Measured = json.loads(call([sys.executable, *arguments]).splitlines()[-1])
    return found


def _run(stage: str, layout: Layout) -> Measured:
    """Run `stage` in this process, as its command does."""
    params = config.load(layout.params)
    edge = import_module(f"stages.{stage}")
    sections = config.sections(getattr(edge, f"{stage.capitalize()}Params"), params)
    more = {"embed": ("batch",), "infer": (FolderShelf(layout.root.parent / MODELS),)}
    more["monitor"] = more["infer"]
    start = time.monotonic()
    edge.run(sections, layout, *more.get(stage, ()))
    seconds = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    messages = FetchSummary.read(layout).splits["batch"].messages
    if stage == "fetch":
        messages = FetchSummary.read(layout).source.messages
    return Measured(
        messages=messages,
        seconds=seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        messages_per_second=messages / seconds,
        peak_megabytes=peak_megabytes(),
    )


def _produce(layout: Layout, models: FolderShelf, engine: str) -> None:
    """Let the model of the smallest size be in production; it is trained if there is none yet."""
    if not models.folder.exists():
        if engine == NO_ENGINE:
            _invent_embeddings(layout, "train")
        else:
            params = config.load(layout.params)
            embed.run(config.sections(embed.EmbedParams, params), layout, "train")
        params = config.load(layout.params)
        train.run(config.sections(train.TrainParams, params), layout)
        models.keep(layout.model)
    [kept] = models.folder.iterdir()
    Pointer("spamline", kept.name, None).write(layout)


def _invent_embeddings(layout: Layout, split: str) -> None:
    """Write unit vectors at random in the place of the embeddings of `split`."""
    encoder = config.load(layout.params).encoder
    rng, schema = np.random.default_rng(SEED), embed.schema(encoder)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in read_parquet(layout.messages(split), _IDS, fix="-", rows=embed.BATCH_ROWS):
            vectors = rng.standard_normal((batch.num_rows, encoder.dim), dtype=np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), encoder.dim)
            yield pa.record_batch([batch.column("id"), flat], schema=schema)

    write_parquet(layout.embeddings(split), schema, batches())


if __name__ == "__main__":
    pin_environment("benchmarks.growth")
    sys.exit(guarded("benchmarks.growth", main))
