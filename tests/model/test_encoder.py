"""The encoder: pinned weights, offline, and the same bytes in any company."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from stages import config
from stages.machine.errors import EncoderError, UserError
from stages.model.encoder import load_encoder
from stages.model.engines.exact import Exact
from stages.model.space import fingerprint
from stages.model.weights import check_weights, weights_folder

TEXTS = ["Meeting at ten", "WIN MONEY NOW " * 200, "", "Grüße aus Köln", "kernel patch attached"]


def test_other_weights_than_the_pinned_ones_are_refused(
    minilm: config.Encoder, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(EncoderError, match=f"{minilm.sha256}.*make install"):
        check_weights(tmp_path, minilm)


def test_a_package_that_is_not_installed_is_one_line(minilm: config.Encoder) -> None:
    with pytest.raises(EncoderError, match="no_such_package is not installed"):
        load_encoder(dataclasses.replace(minilm, package="no_such_package"))


def test_a_hub_model_without_a_network_is_one_line(
    minilm: config.Encoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    hub = dataclasses.replace(
        minilm, package=None, folder=None, hub="nobody/nothing", revision="a" * 40
    )
    with pytest.raises(EncoderError, match=r"nobody/nothing cannot be downloaded.*minilm"):
        load_encoder(hub)


@pytest.mark.parametrize("words", ["", "I/O error: No space left on device (os error 28)"])
def test_a_full_disk_under_a_download_is_no_matter_of_the_network(
    monkeypatch: pytest.MonkeyPatch, minilm: config.Encoder, words: str
) -> None:
    def download(*_: object, local_files_only: bool = False, **__: object) -> None:
        if local_files_only:
            raise LocalEntryNotFoundError("nothing there")
        if words:
            # As the part of the client that is written in Rust does.
            raise RuntimeError(words)
        Path("/dev/full").write_bytes(bytes(10))

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    hub = dataclasses.replace(
        minilm, package=None, folder=None, hub="some/model", revision="f" * 40
    )
    with pytest.raises(UserError, match=r"No space left on device.*free some space"):
        load_encoder(hub)


def test_other_weights_or_another_cut_are_another_space(minilm: config.Encoder) -> None:
    spaces = {
        fingerprint(minilm),
        fingerprint(dataclasses.replace(minilm, sha256="0" * 64)),
        fingerprint(dataclasses.replace(minilm, max_chars=100)),
        fingerprint(dataclasses.replace(minilm, max_tokens=64)),
        fingerprint(dataclasses.replace(minilm, max_tokens=None)),
    }
    assert len(spaces) == 5
    assert fingerprint(dataclasses.replace(minilm, package="elsewhere")) in spaces
    assert fingerprint(dataclasses.replace(minilm, engine="sentence-transformers")) in spaces


def test_bytes_depend_on_neither_order_nor_neighbours_nor_workers(minilm: config.Encoder) -> None:
    whole = np.stack(list(load_encoder(minilm, workers=3).encode(TEXTS)))
    assert whole.shape == (len(TEXTS), minilm.dim)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-5)
    one = load_encoder(minilm, workers=1)
    for i in reversed(range(len(TEXTS))):
        (alone,) = one.encode([TEXTS[i]])
        assert alone.tobytes() == whole[i].tobytes()


@pytest.mark.slow
def test_exact_embeddings_are_those_of_sentence_transformers_in_float64_rounded(
    minilm: config.Encoder,
) -> None:
    from sentence_transformers import SentenceTransformer

    exact = np.stack(list(load_encoder(minilm, workers=1).encode(TEXTS)))
    model = SentenceTransformer(str(weights_folder(minilm)), device="cpu").double()
    model.max_seq_length = minilm.max_tokens or 256
    theirs = model.encode(TEXTS, batch_size=1, normalize_embeddings=True)
    assert theirs.dtype == np.float64
    assert (exact == np.round(theirs, 6).astype(np.float32)).all()
    assert not np.signbit(exact[exact == 0]).any()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", '{"model_type": "mpnet"}'),
        ("config.json", None),
        ("1_Pooling/config.json", '{"pooling_mode_cls_token": true}'),
        ("sentence_bert_config.json", "[]"),
    ],
)
def test_a_model_that_exact_does_not_run_is_one_line(
    minilm: config.Encoder, tmp_path: Path, file: str, content: str | None
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(weights_folder(minilm), folder, ignore=shutil.ignore_patterns("model.*"))
    (folder / "model.safetensors").symlink_to(weights_folder(minilm) / "model.safetensors")
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(EncoderError, match=r"mean over its tokens; fix: .*sentence_transformers"):
        Exact().load(folder, minilm)


def test_what_is_beyond_the_tokens_is_not_read(minilm: config.Encoder) -> None:
    few = dataclasses.replace(minilm, max_tokens=8)
    a, b = load_encoder(few, workers=1).encode(["one two three " * 9, "one two three " * 90])
    assert a.tobytes() == b.tobytes()
    c, d = load_encoder(minilm, workers=1).encode(["one two three " * 9, "one two three " * 90])
    assert c.tobytes() != d.tobytes()


def test_alike_texts_are_closer_than_unlike_ones(minilm: config.Encoder) -> None:
    a, b, c = load_encoder(minilm).encode(
        ["cheap pills online", "buy medication on the web", "the kernel fails to compile"]
    )
    assert a @ b > a @ c


def test_a_model_of_other_dimensions_than_conf_says_is_one_line(minilm: config.Encoder) -> None:
    with pytest.raises(EncoderError, match=r"has 384 dimensions; expected 768 .*make params"):
        load_encoder(dataclasses.replace(minilm, dim=768), workers=1)


@pytest.mark.parametrize(
    "engine", ["exact", pytest.param("sentence-transformers", marks=pytest.mark.slow)]
)
def test_more_tokens_than_the_model_takes_are_one_line(
    minilm: config.Encoder, engine: Literal["exact", "sentence-transformers"]
) -> None:
    many = dataclasses.replace(minilm, engine=engine, max_tokens=513)
    with pytest.raises(EncoderError, match=r"max_tokens is 513; expected at most 512.*params"):
        load_encoder(many, workers=1)
