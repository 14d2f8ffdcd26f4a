"""What a command does not need, it does not load: most of a short command's time is imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from stages import config, embed
from stages.machine.parquet import write_parquet
from stages.mail.message import batched
from stages.records.layout import Layout
from stages.records.messages import MESSAGE_SCHEMA

# Each takes from half a second to ten.
HEAVY = {
    *(
        "datasets",
        "dvc",
        "evidently",
        "fsspec",
        "hydra",
        "matplotlib",
        "mlflow",
        "numba",
        "openvino",
    ),
    *("optuna", "pandas", "plotly", "ray", "s3fs", "scipy", "sentence_transformers", "sklearn"),
    *("skops", "sqlalchemy", "torch", "transformers"),
}
LOADED = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def loaded(code: str) -> set[str]:
    """Return the modules that a new Python has after `code`, which may print."""
    command = [sys.executable, "-c", f"{code}\n{LOADED}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_loads_no_library_but_its_own() -> None:
    found = loaded("from stages.cli.entry import main; main(['--help'])")
    assert "click" in found
    assert found & (HEAVY | {"numpy", "pyarrow", "pydantic", "rich"}) == set()


def test_the_stages_load_what_they_need_when_they_need_it() -> None:
    stages = "fetch embed train evaluate register infer monitor run.stage run.score run.summary"
    found = loaded("; ".join(f"import stages.{name}" for name in stages.split()))
    assert found & HEAVY == set()


class Ones:
    """An encoder that reads nothing."""

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        return (np.ones(384, np.float32) for _ in texts)


def test_embeddings_that_are_known_load_no_encoder(
    root: Path, minilm: config.Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    rows = ({"id": str(n), "subject": str(n), "text": "", "source": "test"} for n in range(10))
    write_parquet(layout.messages("batch"), MESSAGE_SCHEMA, batched(rows))
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("stages.model.cached_encoder.load_encoder", lambda _: Ones())
    embed.run(embed.EmbedParams(minilm), layout, "batch")
    found = loaded(
        "from pathlib import Path\n"
        "from stages import config, embed\n"
        "from stages.records.layout import Layout\n"
        f"params = config.load(Path({str(root / 'params.yaml')!r}))\n"
        f"embed.run(embed.EmbedParams(params.encoder), Layout(Path({str(tmp_path)!r})), 'batch')"
    )
    assert found & HEAVY == set()
