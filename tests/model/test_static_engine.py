"""The engine static: the same bytes in any order and company, from a table that is made once."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stages import config
from stages.machine.errors import EncoderError
from stages.model.engines import bert, distilled, exact
from stages.model.engines.static import Static, StaticEncoder
from stages.model.space import fingerprint
from tests.model.tiny_bert import DIM, VOCABULARY, WORDS, tiny_bert
from tests.model.tiny_bert import TEXTS as SOME

TEXTS = (*SOME, "\0")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, config.Encoder]:
    folder = tmp_path_factory.mktemp("tiny") / "model"
    return folder, tiny_bert(folder)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPAMLINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "static"


def loaded(model: tuple[Path, config.Encoder], workers: int = 1) -> StaticEncoder:
    return Static().load(*model, workers=workers)


def kept(cache: Path) -> Path:
    (path,) = cache.glob("*.table")
    return path


def test_bytes_depend_on_neither_order_nor_neighbours_nor_workers(
    model: tuple[Path, config.Encoder],
) -> None:
    whole = np.stack(list(loaded(model, workers=3).encode(TEXTS * 20)))[: len(TEXTS)]
    assert whole.shape == (len(TEXTS), DIM)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-5)
    assert not np.signbit(whole[whole == 0]).any()
    one = loaded(model)
    for i in reversed(range(len(TEXTS))):
        (alone,) = one.encode([TEXTS[i]])
        assert alone.tobytes() == whole[i].tobytes()


def test_another_process_gives_the_same_bytes(
    model: tuple[Path, config.Encoder], tmp_path: Path
) -> None:
    here = b"".join(vector.tobytes() for vector in loaded(model).encode(TEXTS))
    program = (
        "import hashlib, sys; from pathlib import Path\n"
        "from tests.model import tiny_bert, test_static_engine as test\n"
        "folder = Path(sys.argv[1]); model = folder, tiny_bert.tiny_bert(folder)\n"
        "vectors = test.loaded(model).encode(test.TEXTS)\n"
        "print(hashlib.sha256(b''.join(v.tobytes() for v in vectors)).hexdigest())\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "again"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == hashlib.sha256(here).hexdigest()


def test_a_text_is_the_direction_of_the_sum_of_its_tokens(
    model: tuple[Path, config.Encoder],
) -> None:
    encoder = loaded(model)
    rows = encoder.table[[VOCABULARY.index(token) for token in ("the", "mail", ".")]]
    (vector,) = encoder.encode(["The mail."])
    total = rows.astype(float).sum(axis=0)
    np.testing.assert_allclose(vector, total / np.linalg.norm(total), atol=1e-6)


def test_a_long_text_is_summed_in_parts(
    model: tuple[Path, config.Encoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tiny = model
    long = dataclasses.replace(tiny, max_chars=100_000)
    texts = ["win the money " * 3_000]
    (whole,) = loaded((folder, long)).encode(texts)
    monkeypatch.setattr("stages.model.engines.static._ROWS", 7)
    (parts,) = loaded((folder, long)).encode(texts)
    assert whole.tobytes() == parts.tobytes()


def test_the_table_is_what_the_model_makes_of_each_token_alone(
    model: tuple[Path, config.Encoder],
) -> None:
    folder, tiny = model
    read = exact.Transformer.of(bert.read_bert(folder, tiny))
    first, last = read.tokenizer.encode("").ids
    alone = [read.tokens([first, token, last]) for token in range(len(VOCABULARY))]
    means = np.stack([tokens.mean(axis=0) for tokens in alone])
    expected = means - means.mean(axis=0)
    table = distilled.distil(read, workers=2)
    assert 2**11 <= np.abs(table).max() <= 2**12
    for token, row in enumerate(table.astype(float)):
        cosine = row @ expected[token] / np.linalg.norm(row) / np.linalg.norm(expected[token])
        assert cosine > 0.99, VOCABULARY[token]


def test_frequent_words_and_punctuation_count_for_less() -> None:
    weights = dict(zip(VOCABULARY, distilled._weights(VOCABULARY), strict=True))
    of_words = [weights[word] for word in WORDS]
    assert of_words == sorted(of_words)
    assert weights["."] == weights["[UNK]"] == weights["the"] < weights["of"]
    assert 0 < of_words[0] < of_words[-1] < 1


def test_the_last_bits_of_a_processor_change_no_row(
    model: tuple[Path, config.Encoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tiny = model
    read = exact.Transformer.of(bert.read_bert(folder, tiny))
    before = distilled.distil(read, workers=1)
    through, draw = distilled._alone, np.random.default_rng(2)

    def elsewhere(*given: object) -> np.ndarray:
        rows: np.ndarray = through(*given)  # type: ignore[arg-type]
        return rows * (1 + draw.uniform(-1e-14, 1e-14, rows.shape))

    monkeypatch.setattr(distilled, "_alone", elsewhere)
    assert (distilled.distil(read, workers=1) == before).all()


@pytest.mark.parametrize("harm", ["bit", "cut", "empty"])
def test_a_damaged_table_is_made_again(
    model: tuple[Path, config.Encoder], cache: Path, harm: str
) -> None:
    table = loaded(model).table
    content = bytearray(kept(cache).read_bytes())
    if harm == "bit":
        content[100] ^= 1
    kept(cache).write_bytes(content[: {"bit": None, "cut": -1, "empty": 0}[harm]])
    assert (loaded(model).table == table).all()
    assert len(kept(cache).read_bytes()) == 32 + 2 * table.size


def test_a_table_that_is_there_is_not_made_again(
    model: tuple[Path, config.Encoder], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def distil(*given: object, **options: object) -> np.ndarray:
        made.append(1)
        return whole(*given, **options)  # type: ignore[arg-type]

    whole = distilled.distil
    monkeypatch.setattr(distilled, "distil", distil)
    threads = [threading.Thread(target=loaded, args=(model,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loaded(model)
    assert len(made) == 1


def test_a_table_that_cannot_be_kept_is_made_all_the_same(
    model: tuple[Path, config.Encoder],
    cache: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cache.parent.write_bytes(b"a file where the folder should be")
    assert len(list(loaded(model).encode(TEXTS))) == len(TEXTS)
    assert "the table cannot be kept" in capsys.readouterr().err


def test_what_is_beyond_a_cut_is_not_read(model: tuple[Path, config.Encoder]) -> None:
    folder, tiny = model
    for cut in (
        dataclasses.replace(tiny, max_chars=13),
        dataclasses.replace(tiny, max_tokens=8),
    ):
        few, many = loaded((folder, cut)).encode(["the mail now " * 10, "the mail now " * 99])
        assert few.tobytes() == many.tobytes()
    a, b = loaded(model).encode(["the mail", "the mail now"])
    assert a.tobytes() != b.tobytes()


def test_a_stream_is_not_read_ahead_of_what_is_asked_for(
    model: tuple[Path, config.Encoder],
) -> None:
    endless: Iterator[str] = itertools.cycle(TEXTS)
    assert len(list(itertools.islice(loaded(model, workers=2).encode(endless), 300))) == 300


def test_a_table_is_another_space(minilm: config.Encoder) -> None:
    static = dataclasses.replace(minilm, engine="static")
    assert fingerprint(static) != fingerprint(minilm)


def test_a_model_of_other_dimensions_than_conf_says_is_one_line(
    model: tuple[Path, config.Encoder],
) -> None:
    folder, tiny = model
    with pytest.raises(EncoderError, match=r"has 32 dimensions; expected 31 .*make params"):
        loaded((folder, dataclasses.replace(tiny, dim=31)))
