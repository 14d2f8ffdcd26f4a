"""What a message costs in each stage, on a node of a cluster and on the machine that drives it.

    python -m benchmarks.scale

Reads what `make run` left in `data/` and writes `benchmarks/scale.json`: messages per second of one
core, by CPU time, and bytes per message. No cluster is needed: the nodes' part and the driver's are
measured apart, in this process. `docs/scale.md` plans with them (`benchmarks/scale_plan.py`).
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import measured_on
from stages import config, embed, fetch, infer
from stages.compute.job import Parted
from stages.compute.task import Fault, Task
from stages.machine.edge import guarded
from stages.machine.files import write_json
from stages.machine.parquet import read_parquet, write_parquet
from stages.machine.pinning import pin_environment
from stages.mail.message import raw_id
from stages.mail.raw import Parsing, RawMail, batched_raw
from stages.mail.received import ANY_MAIL
from stages.model.encoder import load_encoder
from stages.model.filter import Filter
from stages.model.space import message_text
from stages.records.layout import HERE, Layout
from stages.records.messages import MESSAGE_SCHEMA
from stages.records.pointer import Pointer
from stages.records.specification import read_specification
from stages.replay.workspace import FolderShelf
from stages.stores.parts import Folder

RESULT = Path(__file__).with_suffix(".json")
# Texts that are encoded, rows of the made-up table, and how often the batch is handed over.
TEXTS, ROWS, TIMES = 120, 20_000, 10
_MAIL = pa.schema([MESSAGE_SCHEMA.field(name) for name in ("id", "subject", "text")])


class Here:
    """Workers in this process, whose own CPU time is counted apart; see `Workers`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def done(self, keys: Sequence[str], task: Task) -> Iterator[tuple[str, Fault | None]]:
        """See `Workers`."""
        for key in keys:
            began = time.process_time()
            fault = task(key)
            self.seconds += time.process_time() - began
            yield key, fault


@dataclass(frozen=True)
class Noise:
    """Vectors that cost nothing, in place of an encoder's; see `Work`."""

    encoder: config.Encoder
    identity: str = "noise"

    def start(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """See `Work`."""
        rng, schema = np.random.default_rng(0), embed.schema(self.encoder)

        def rows(batch: pa.RecordBatch) -> pa.RecordBatch:
            flat = pa.array(rng.standard_normal(batch.num_rows * self.encoder.dim, np.float32))
            vectors = pa.FixedSizeListArray.from_arrays(flat, self.encoder.dim)
            return pa.record_batch([batch.column("id"), vectors], schema=schema)

        return rows


def main() -> None:
    """Measure, and write the result."""
    pin_environment("benchmarks.scale")
    params = config.load()
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        messages = _repeated(layout)
        handed, vectors = _embedded(params.compute, layout)
        infer_driver, infer_nodes, predictions = _scored(params, layout)
        table = _fetched(params, Path(folder) / "table")
    result = {
        "machine": measured_on(),
        "messages": messages,
        # Of one core of a node, and of the driver, which is one.
        "nodes": {
            "parse": _parsed(),
            "encode": {params.encoder.engine: _encoded(params.encoder)},
            "score": messages / infer_nodes,
        },
        "driver": {
            "fetch a table": table,
            "hand over embed": messages / handed,
            "hand over infer": messages / infer_driver,
        },
        "bytes": {
            "messages": HERE.messages("train").stat().st_size / _rows(HERE.messages("train")),
            "embeddings": vectors / messages,
            "predictions": predictions / messages,
        },
    }
    write_json(RESULT, result)
    print(RESULT.read_text())


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def _parsed() -> float:
    """Return how many raw mails a second are parsed."""
    rows = pq.read_table(HERE.messages("train"), columns=["raw", "label", "source"]).to_pylist()
    batches = list(batched_raw(RawMail(**row) for row in rows))
    return len(rows) / _seconds(lambda: list(map(Parsing(ANY_MAIL).start(), batches)))


def _encoded(encoder: config.Encoder) -> float:
    """Return how many texts a second are encoded, the loading not counted."""
    batches = read_parquet(HERE.messages("batch"), _MAIL, fix="make run")
    rows = list(islice((row for batch in batches for row in batch.to_pylist()), TEXTS))
    texts = [message_text(row["subject"], row["text"]) for row in rows]
    loaded = load_encoder(encoder, workers=1)
    list(loaded.encode(texts[:5]))
    return len(texts) / _seconds(lambda: list(loaded.encode(texts)))


def _repeated(layout: Layout) -> int:
    """Write the batch several times over, in the order of dates; return its rows."""
    table = pq.read_table(HERE.messages("batch"), schema=MESSAGE_SCHEMA)
    whole = pa.concat_tables([table] * TIMES)
    ids = pa.array([raw_id(str(n).encode()) for n in range(whole.num_rows)])
    whole = whole.sort_by("received_at").set_column(0, MESSAGE_SCHEMA.field("id"), ids)
    write_parquet(layout.messages("batch"), MESSAGE_SCHEMA, whole.to_batches(500))
    return whole.num_rows


def _embedded(compute: config.Compute, layout: Layout) -> tuple[float, int]:
    """Return the driver's seconds of embed, and the bytes of the embeddings."""
    workers = Here()
    cluster = Parted(Folder(layout.parts), compute.part_rows, workers)
    # The model's own, so that nothing is encoded anew when it scores.
    encoder = read_specification(HERE.model).encoder

    def run() -> None:
        mail = read_parquet(layout.messages("batch"), _MAIL, fix="", rows=embed.BATCH_ROWS)
        made = cluster.mapped(Noise(encoder), mail, doing="embed")
        write_parquet(layout.embeddings("batch"), embed.schema(encoder), made)
        cluster.forget()

    seconds = _seconds(run)
    return seconds - workers.seconds, layout.embeddings("batch").stat().st_size


def _scored(params: config.Params, layout: Layout) -> tuple[float, float, int]:
    """Return the driver's seconds of infer, the nodes', and the bytes of the predictions."""
    models = FolderShelf(layout.root / "models")
    digest = models.keep(HERE.model)
    Pointer("spamline", digest, None).write(layout)
    workers = Here()
    cluster = Parted(Folder(layout.parts), params.compute.part_rows, workers)
    wanted = config.sections(infer.InferParams, params)

    def run() -> None:
        workers.seconds = 0.0
        infer.run(wanted, layout, models, cluster=cluster)
        cluster.forget()

    # Once for what is loaded once; the driver loads the model each time.
    run()
    loading = _seconds(lambda: Filter.load(models.obtain(digest)))
    seconds = _seconds(run) - loading
    sizes = [path.stat().st_size for path in layout.predictions.rglob("*.parquet")]
    return seconds - workers.seconds, workers.seconds, sum(sizes)


def _fetched(params: config.Params, folder: Path) -> float:
    """Return how many rows of a table a second are read, grouped and written."""
    rng = random.Random(0)
    texts = pq.read_table(HERE.messages("train"), columns=["text"])["text"].to_pylist()
    start = dt.datetime(2002, 8, 19, tzinfo=dt.UTC)
    rows = []
    for number in range(ROWS):
        # The length of a real text, but no copy of it.
        words = str(texts[number % len(texts)]).split()
        rng.shuffle(words)
        received = start + dt.timedelta(minutes=number)
        label = "spam" if number % 2 else "ham"
        rows.append({"text": " ".join(words), "label": label, "received_at": received})
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), folder / "mail.parquet")
    source = config.FilesSource(
        kind="files",
        paths=[str(folder / "mail.parquet")],
        format="parquet",
        columns=config.Columns(text="text", label="label", subject=None, received_at="received_at"),
        labels=config.LabelValues(ham="ham", spam="spam"),
        clock=None,
    )
    # All of it is history; the batch is yet to come.
    first, last = start.date(), start.date() + dt.timedelta(minutes=ROWS, days=1)
    window = config.Window(
        start=first,
        until=last,
        holdout_days=4,
        batch_from=last,
        batch_to=last + dt.timedelta(days=1),
        max_messages=None,
    )
    wanted = fetch.FetchParams(params.seed, source, window, params.duplicates)
    return ROWS / _seconds(lambda: fetch.run(wanted, Layout(folder)))


def _seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of `work`: what else runs on this machine does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(guarded("benchmarks.scale", main))
