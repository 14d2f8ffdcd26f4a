"""What does not belong together is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stages.drift.descriptors import describe, principal_components
from stages.drift.inputs import read_reference
from stages.drift.sample import Sample
from stages.drift.window import ScoredWindow, read_window
from stages.machine.errors import DataError
from tests.drift.drift_samples import ENCODER, MODEL, sample, write_reference, write_window


def read(folder: Path, model: str = MODEL) -> ScoredWindow:
    return read_window(
        folder / "fetch/batch.parquet",
        folder / "embed/batch.parquet",
        folder / "infer/predictions",
        model=model,
    )


@pytest.fixture
def messages() -> Sample:
    return sample(np.random.default_rng(0), 60, [0, 1])


def test_a_window_is_read_row_by_row(tmp_path: Path, messages: Sample) -> None:
    write_window(tmp_path, messages)
    window = read(tmp_path)
    assert window.encoder == ENCODER
    assert np.array_equal(window.sample.embeddings, messages.embeddings)
    assert np.array_equal(window.sample.received_at, messages.received_at)
    assert np.array_equal(window.called_spam, window.probability > 0.5)
    assert window.descriptors["links"].shape == (60,)


def test_of_a_large_window_a_sample_is_held_and_all_is_counted(
    tmp_path: Path, messages: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_window(tmp_path, messages)
    whole = read(tmp_path)
    monkeypatch.setattr("stages.drift.window.MOST_COMPARED", 20)
    monkeypatch.setattr("stages.drift.window._ROWS", 7)
    window = read(tmp_path)
    assert len(window.labels) == len(window.probability) == 60
    assert window.sampled is not None
    assert np.array_equal(window.sample.ids, whole.sample.ids[window.sampled])
    assert np.array_equal(window.sample.embeddings, whole.sample.embeddings[window.sampled])
    assert np.array_equal(
        window.descriptors["links"], whole.of_sample(whole.descriptors["links"])[window.sampled]
    )
    assert len(window.campaigns) == 20


def test_predictions_of_another_model_are_refused(tmp_path: Path, messages: Sample) -> None:
    write_window(tmp_path, messages, model="b" * 64)
    with pytest.raises(DataError, match=r"predictions of bbbbbbbbbbbb.*dvc repro infer"):
        read(tmp_path)


def test_predictions_of_other_messages_are_refused(tmp_path: Path, messages: Sample) -> None:
    write_window(tmp_path / "other", sample(np.random.default_rng(1), 60, [0]))
    write_window(tmp_path, messages)
    (tmp_path / "other/infer").replace(tmp_path / "other_infer")
    window = tmp_path / "fetch/batch.parquet", tmp_path / "embed/batch.parquet"
    with pytest.raises(DataError, match="a prediction for each message"):
        read_window(*window, tmp_path / "other_infer/predictions", model=MODEL)


def test_no_predictions_are_refused(tmp_path: Path, messages: Sample) -> None:
    write_window(tmp_path, messages)
    (tmp_path / "infer").replace(tmp_path / "gone")
    with pytest.raises(DataError, match="holds no predictions"):
        read(tmp_path)


def test_an_embedding_that_is_not_finite_is_refused(tmp_path: Path, messages: Sample) -> None:
    messages.embeddings[3, 4] = np.nan
    write_reference(tmp_path / "reference.parquet", messages)
    with pytest.raises(DataError, match="not finite"):
        read_reference(tmp_path / "reference.parquet")


def test_descriptors_travel_with_the_reference(tmp_path: Path, messages: Sample) -> None:
    write_reference(tmp_path / "reference.parquet", messages, links=np.arange(60.0))
    reference = read_reference(tmp_path / "reference.parquet")
    assert list(reference.descriptors) == ["spam_probability", "links"]
    assert np.array_equal(reference.sample.ids, messages.ids)


def test_descriptors_count_what_they_say() -> None:
    found = describe(["", "WIN 50%"], ["", "see HTTP://a.example and https://b.example"])
    assert found["links"].tolist() == [0, 2]
    assert found["characters_log10"][0] == pytest.approx(np.log10(2))
    assert found["capitals"][0] == 0
    assert 0 < found["capitals"][1] < 0.5
    assert found["digits"][1] == pytest.approx(2 / 50)


def test_components_are_those_of_the_reference(messages: Sample) -> None:
    reference, window = principal_components(messages.embeddings, messages.embeddings[:7], 3)
    assert list(window) == ["embedding_1", "embedding_2", "embedding_3"]
    spread = [column.var() for column in reference.values()]
    assert spread == sorted(spread, reverse=True)
    np.testing.assert_allclose(window["embedding_2"], reference["embedding_2"][:7], atol=1e-6)
