"""The encoder's engines side by side: speed, start, memory, and how close each is to the model.

    python -m benchmarks.engines

Reads the messages that `make run` left in `data/fetch/`, and writes `benchmarks/engines.json`. Each
engine, and sentence-transformers' own `encode` as people call it (float32, batches of 32, as many
tokens as the model takes), encodes the same texts in a process of its own, on one core and on all.
That is done in rounds, in turn, so that what else runs on the machine slows all alike; ratios are
medians over the rounds. Processor seconds are of all threads.
"""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import call, measured_on

if TYPE_CHECKING:
    import numpy as np

    from stages import config

RESULT = Path(__file__).with_suffix(".json")
BASELINE = "sentence-transformers, its own encode"
ENGINES = ("exact", "openvino", "sentence-transformers", "static")
TEXTS, ROUNDS = 120, 3
# The table is so fast that it encodes the texts several times.
REPEATS = {"static": 20}
MODEL_TOKENS = 256
# Read from the environment before numpy or PyTorch are imported; all but the baseline have these.
_OF_PIPELINE = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main() -> int | None:
    """Measure, and write the result; or, as a child, measure one engine once."""
    if len(sys.argv) > 1:
        _child(json.loads(sys.argv[1]))
        return None
    from stages.machine.files import write_json

    with tempfile.TemporaryDirectory() as folder:
        write_json(RESULT, {"machine": measured_on(), **_measured(Path(folder))})
    return None


def _measured(folder: Path) -> dict[str, Any]:
    texts = _texts()
    (folder / "texts.json").write_text(json.dumps(texts))
    encoders = {name: _encoder(name) for name in ENGINES}
    # Whatever is made once a machine is there before anything is measured.
    for name in ENGINES:
        _run(folder, name, encoders[name], cores=_cores(), texts=1)
    rows: dict[str, Any] = {name: {} for name in (BASELINE, *ENGINES)}
    for cores in dict.fromkeys((1, _cores())):
        runs = [
            {
                name: _run(folder, name, encoders.get(name, encoders["exact"]), cores=cores)
                for name in rows
            }
            for _ in range(ROUNDS)
        ]
        for name, row in rows.items():
            row[f"cores_{cores}"] = _summary(
                [run[name] for run in runs], [r[BASELINE] for r in runs]
            )
    for name in ("exact", "openvino", "sentence-transformers"):
        rows[name]["cosine"] = _closeness(folder, name, encoders[name])
    rows[BASELINE]["cosine"] = _closeness(folder, BASELINE, encoders["exact"])
    for name in ENGINES:
        rows[name]["max_tokens"] = encoders[name].max_tokens
    return {
        "texts": len(texts),
        "characters_mean": round(statistics.mean(map(len, texts))),
        "engines": rows,
    }


def _texts() -> list[str]:
    """Return texts of the training mail, as the encoder is given them, evenly spread."""
    import pyarrow.parquet as pq

    from stages.model.space import message_text
    from stages.records.layout import HERE

    rows = pq.read_table(HERE.messages("train"), columns=["subject", "text"]).to_pylist()
    longest = _encoder("exact").max_chars
    step = max(1, len(rows) // TEXTS)
    return [message_text(r["subject"], r["text"])[:longest] for r in rows[::step][:TEXTS]]


def _encoder(engine: str) -> config.Encoder:
    from stages import config

    option = engine.replace("-", "_")
    return config.validate(config.compose([f"engine={option}"]), "conf/").encoder


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _run(
    folder: Path, name: str, encoder: config.Encoder, *, cores: int, texts: int = TEXTS
) -> dict[str, float]:
    """Return what a process of its own measured; its vectors are left in `folder`."""
    environment = dict(os.environ)
    if name == BASELINE:
        environment = {k: v for k, v in environment.items() if k not in _OF_PIPELINE}
    task = {
        "name": name,
        "encoder": dataclasses.asdict(encoder),
        "cores": cores,
        "folder": str(folder),
        "texts": texts,
        "repeats": REPEATS.get(name, 1),
        "started": time.monotonic(),
    }
    words = call([sys.executable, "-m", "benchmarks.engines", json.dumps(task)], env=environment)
    found: dict[str, float] = json.loads(words.splitlines()[-1])
    print(name, f"{cores} cores", found, flush=True)
    return found


def _child(task: dict[str, Any]) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task["cores"]])
    folder = Path(task["folder"])
    texts = json.loads((folder / "texts.json").read_text())[: task["texts"]]
    make = _baseline if task["name"] == BASELINE else _engine
    encode = make(task["encoder"], task["cores"])
    encode(texts[:1])
    first, first_cpu = time.monotonic() - task["started"], time.process_time()
    wall, cpu = time.monotonic(), time.process_time()
    vectors = encode(texts * task["repeats"])
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    _keep(folder / f"{task['name']}.npy", vectors[: len(texts)])
    n = len(vectors)
    found = {
        "first_seconds": first,
        "first_processor_seconds": first_cpu,
        "messages_per_second": n / wall,
        "messages_per_processor_second": n / cpu,
        "peak_megabytes": _peak_megabytes(),
    }
    print(json.dumps(found))


def _engine(encoder: dict[str, Any], cores: int) -> Callable[[Sequence[str]], list[np.ndarray]]:
    from stages import config
    from stages.model.encoder import load_encoder

    model = load_encoder(config.Encoder(**encoder), workers=cores)
    return lambda texts: list(model.encode(texts))


def _baseline(encoder: dict[str, Any], cores: int) -> Callable[[Sequence[str]], np.ndarray]:
    import torch
    from sentence_transformers import SentenceTransformer

    from stages import config
    from stages.model.weights import weights_folder

    torch.set_num_threads(cores)
    folder = weights_folder(config.Encoder(**encoder))
    model = SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = MODEL_TOKENS
    return lambda texts: model.encode(list(texts), show_progress_bar=False)


def _keep(path: Path, vectors: Sequence[np.ndarray] | np.ndarray) -> None:
    import numpy as np

    np.save(path, np.asarray(vectors))


def _peak_megabytes() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _summary(runs: list[dict[str, float]], baseline: list[dict[str, float]]) -> dict[str, float]:
    """Return the medians over the rounds, and those of the ratios to the baseline's of a round."""
    medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    for key, short in (
        ("messages_per_second", "times"),
        ("messages_per_processor_second", "times_processor"),
    ):
        ratios = [run[key] / base[key] for run, base in zip(runs, baseline, strict=True)]
        medians[short] = statistics.median(ratios)
    return medians


def _closeness(folder: Path, name: str, encoder: config.Encoder) -> dict[str, float]:
    """Return the cosine, mean and least, to the model in full precision at the same tokens."""
    import numpy as np

    tokens = MODEL_TOKENS if name == BASELINE else encoder.max_tokens or MODEL_TOKENS
    full = dataclasses.replace(encoder, engine="exact", max_tokens=tokens)
    _run(folder, "reference", full, cores=_cores())
    found, exact = (np.load(folder / f"{n}.npy").astype(np.float64) for n in (name, "reference"))
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(exact, axis=1)
    cosines = (found * exact).sum(axis=1) / lengths
    return {"mean": float(cosines.mean()), "least": float(cosines.min())}


if __name__ == "__main__":
    from stages.machine.edge import guarded

    sys.exit(guarded("benchmarks.engines", main))
