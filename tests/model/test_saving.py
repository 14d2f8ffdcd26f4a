"""Model files: the same model has the same bytes, and nothing in a file can run."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stages.machine.errors import RegistryError
from stages.model.filter import TRUSTED_TYPES, load_model
from stages.model.scoring.scorer import decision_scores
from stages.model.training.classifiers import Hyperparameters, build
from stages.model.training.saving import dump_model

KINDS: dict[str, Hyperparameters] = {
    "logistic_regression": {"C": 1.0},
    "linear_svm": {"C": 1.0},
    "random_forest": {"n_estimators": 5},
    "gradient_boosting": {"max_iter": 5},
}
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from stages.model.training.classifiers import build
from stages.model.training.saving import dump_model
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 8))
kinds = {kinds!r}
for kind, hyperparameters in kinds.items():
    fitted = build(kind, hyperparameters, 3).fit(X, X[:, 0] > 0)
    dump_model({{"classifier": fitted, "weights": X}}, Path(sys.argv[1]) / kind)
"""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(tmp_path: Path, root: Path) -> None:
    script = SCRIPT.format(kinds=KINDS)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        subprocess.run([sys.executable, "-c", script, tmp_path / name], check=True, cwd=root)
    for kind in KINDS:
        assert digest(tmp_path / "a" / kind) == digest(tmp_path / "b" / kind), kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_model_scores_as_the_saved_one(kind: str, tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(100, 4))
    fitted = build(kind, KINDS[kind], 3).fit(X, X[:, 0] > 0)
    dump_model(fitted, tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops", TRUSTED_TYPES)
    np.testing.assert_array_equal(decision_scores(loaded, X), decision_scores(fitted, X))


def test_no_address_and_no_time_is_in_the_file(tmp_path: Path) -> None:
    dump_model({"x": np.arange(3)}, tmp_path / "m.skops")
    with zipfile.ZipFile(tmp_path / "m.skops") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == ["schema.json", "00001.npy"]


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return (self.path.touch, ())


def test_a_pickle_is_refused_and_does_not_run(tmp_path: Path) -> None:
    path, bombed = tmp_path / "m.skops", tmp_path / "bombed"
    path.write_bytes(pickle.dumps(Bomb(bombed)))
    with pytest.raises(RegistryError, match="not a model file of ours"):
        load_model(path, TRUSTED_TYPES)
    assert not bombed.exists()


def test_a_type_that_is_not_trusted_is_refused(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(50, 2))
    dump_model(build("random_forest", {}, 0).fit(X, X[:, 0] > 0), tmp_path / "m.skops")
    with pytest.raises(RegistryError, match="Tree"):
        load_model(tmp_path / "m.skops", [])
