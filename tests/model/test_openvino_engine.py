"""The engine openvino: close to the model, the same bytes in any company, and no telemetry."""

from __future__ import annotations

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stages import config
from stages.machine.errors import EncoderError
from stages.machine.imports import without
from stages.model.encoder import load_encoder
from stages.model.engines import openvino_import
from stages.model.engines.exact import Exact
from stages.model.engines.openvino import OpenVino
from stages.model.space import fingerprint
from tests.model.tiny_bert import DIM, TEXTS, tiny_bert

installed = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the extra openvino is not installed"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, config.Encoder]:
    folder = tmp_path_factory.mktemp("tiny") / "model"
    return folder, dataclasses.replace(tiny_bert(folder), engine="openvino")


@installed
def test_bytes_depend_on_neither_order_nor_neighbours_nor_workers(
    model: tuple[Path, config.Encoder],
) -> None:
    whole = np.stack(list(OpenVino().load(*model, workers=3).encode(TEXTS * 5)))[: len(TEXTS)]
    assert whole.shape == (len(TEXTS), DIM)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-5)
    one = OpenVino().load(*model, workers=1)
    for i in reversed(range(len(TEXTS))):
        (alone,) = one.encode([TEXTS[i]])
        assert alone.tobytes() == whole[i].tobytes()


@installed
def test_vectors_are_close_to_those_of_the_model(model: tuple[Path, config.Encoder]) -> None:
    exact = np.stack(list(Exact().load(*model, workers=1).encode(TEXTS)))
    found = np.stack(list(OpenVino().load(*model, workers=1).encode(TEXTS)))
    assert ((exact * found).sum(axis=1) > 0.995).all()
    assert (exact != found).any()


@installed
@pytest.mark.slow
def test_mail_is_as_close_as_the_documentation_says(minilm: config.Encoder) -> None:
    texts = ["cheap pills online " * 9, "the kernel fails to compile, patch attached", "Re: lunch?"]
    exact = np.stack(list(load_encoder(minilm, workers=1).encode(texts)))
    fast = dataclasses.replace(minilm, engine="openvino")
    found = np.stack(list(load_encoder(fast, workers=1).encode(texts)))
    assert ((exact * found).sum(axis=1) > 0.995).all()


@installed
def test_nothing_that_reports_its_use_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "def refuse(event, arguments):\n"
        "    assert not event.startswith('socket.'), event\n"
        "sys.addaudithook(refuse)\n"
        "from stages.model.engines.openvino_import import openvino\n"
        "openvino().Core()\n"
        "print([name for name in sys.modules if 'telemetry' in name or '.ovc' in name])\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
    assert not list(tmp_path.iterdir())


def test_without_the_extra_it_is_one_line(
    model: tuple[Path, config.Encoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "openvino"]:
        monkeypatch.delitem(sys.modules, name)
    openvino_import.openvino.cache_clear()
    with (
        without("openvino"),
        pytest.raises(EncoderError, match=r"not installed; .*stages\.pins\.install openvino"),
    ):
        OpenVino().load(*model)


def test_it_is_another_space(minilm: config.Encoder) -> None:
    spaces = {
        fingerprint(dataclasses.replace(minilm, engine=engine))
        for engine in ("exact", "openvino", "static")
    }
    assert len(spaces) == 3
