"""The encoder: pinned weights, offline, and the same bytes in any company."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from stages import config
from stages.machine.errors import EncoderError, UserError
from stages.model.encoder import load_encoder
from stages.model.space import fingerprint
from stages.model.weights import check_weights

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
    }
    assert len(spaces) == 3
    assert fingerprint(dataclasses.replace(minilm, package="elsewhere")) in spaces


@pytest.mark.slow
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
def test_alike_texts_are_closer_than_unlike_ones(minilm: config.Encoder) -> None:
    a, b, c = load_encoder(minilm).encode(
        ["cheap pills online", "buy medication on the web", "the kernel fails to compile"]
    )
    assert a @ b > a @ c


@pytest.mark.slow
def test_a_model_of_other_dimensions_than_conf_says_is_one_line(minilm: config.Encoder) -> None:
    with pytest.raises(EncoderError, match=r"has 384 dimensions; expected 768 .*make params"):
        load_encoder(dataclasses.replace(minilm, dim=768), workers=1)
