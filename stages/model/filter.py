"""The whole filter, loaded from its folder: raw text in, probability of spam and verdict out."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stages.machine.errors import RegistryError, UserError
from stages.machine.faults import from_outside
from stages.machine.imports import without
from stages.model.encoder import load_encoder
from stages.model.engines import Loaded
from stages.model.scoring.features import text_blocks
from stages.model.scoring.messages import Messages
from stages.model.scoring.scorer import CLASSIFIER, Scorer, StoredParts
from stages.model.space import fingerprint, message_text
from stages.model.tables import Split
from stages.records.messages import HAM, SPAM
from stages.records.specification import Specification, read_specification

if TYPE_CHECKING:
    from stages import config

Encoders = Callable[["config.Encoder"], Loaded]

# The types beyond skops' own list that our model files may hold: the trees' compiled parts.
TRUSTED_TYPES = [
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
]

# The classes of scikit-learn that a filter is made of.
_CLASSIFIERS = (
    *("HistGradientBoostingClassifier", "LinearSVC", "LogisticRegression"),
    "RandomForestClassifier",
)
_LEARNED = ("TfidfTransformer", "TruncatedSVD")
# The names in an archive: the schema, and arrays by their ordinals.
_MEMBER = re.compile(r"schema\.json|\d{5,}\.[a-z]+")
# Of an embedding: twenty times what the largest encoders have.
_MOST_DIMENSIONS = 65_536


class Filter:
    """A spam filter loaded from a model folder."""

    def __init__(
        self, specification: Specification, stored: StoredParts, encoders: Encoders = load_encoder
    ) -> None:
        self.specification = specification
        self._encoders = encoders
        self._scorer = Scorer.restored(specification.features, stored)

    @classmethod
    def load(cls, folder: Path, encoders: Encoders = load_encoder) -> Filter:
        """Load a model folder without running any code in it.

        Args:
            folder: the model.
            encoders: loads its encoder, when raw text first asks for it.

        Raises:
            RegistryError: the folder is incomplete, of another format, or holds untrusted types.
        """
        specification, path = read_specification(folder), folder / CLASSIFIER
        stored = load_model(path, TRUSTED_TYPES)
        with _undamaged(path):
            _check_parts(stored, specification.features)
            found = cls(specification, stored, encoders)
            found.check()
        return found

    def check(self) -> None:
        """Score an empty message, as only a whole model can.

        Raises:
            ValueError: the probability is not one; whatever else parts raise that do not fit.
        """
        dim = self.specification.encoder.dim
        if dim > _MOST_DIMENSIONS:
            raise ValueError(f"its encoder has {dim} dimensions")
        [probability] = self.score(np.zeros((1, dim), np.float32), [""], [""])
        if not 0 <= probability <= 1:
            raise ValueError(f"it gives the probability {probability}")

    @property
    def threshold(self) -> float:
        """The probability from which on the verdict is "spam"."""
        return self.specification.threshold

    @property
    def trained_until(self) -> dt.datetime:
        """When the newest message that it has learned from was received."""
        return self.specification.trained_on.last

    @property
    def encoder_fingerprint(self) -> str:
        """The identity of the embedding space that the model was fitted on."""
        return fingerprint(self.specification.encoder)

    @cached_property
    def encoder(self) -> Loaded:
        """The sentence encoder, loaded when raw text first asks for it."""
        return self._encoders(self.specification.encoder)

    def encode(self, subjects: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        """Return the `(n, dim) float32` embeddings of n messages."""
        whole = (message_text(s, t) for s, t in zip(subjects, texts, strict=True))
        vectors = list(self.encoder.encode(whole))
        empty = np.empty((0, self.specification.encoder.dim), np.float32)
        return np.stack(vectors) if vectors else empty

    def score(
        self, embeddings: np.ndarray, subjects: Sequence[str], texts: Sequence[str]
    ) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam.

        Args:
            embeddings: `(n, dim) float32`, by the model's own encoder.
            subjects: n subjects.
            texts: n bodies.
        """
        if len(texts) == 0:
            return np.empty(0)
        return self._scorer.probabilities(Messages(embeddings, subjects, texts))

    def score_split(self, split: Split) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam of a split.

        It is encoded anew where its embeddings are by another encoder than the model's own.
        """
        subjects, texts = split.column("subject"), split.column("text")
        if split.encoder != self.encoder_fingerprint:
            return self.predict(subjects, texts)
        return self.score(split.embeddings, subjects, texts)

    def predict(self, subjects: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        """Return the `(n,) float64` probabilities of spam of raw texts."""
        return self.score(self.encode(subjects, texts), subjects, texts)

    def verdicts(self, probabilities: np.ndarray) -> list[str]:
        """Return "spam" or "ham" for each probability."""
        return [SPAM if p >= self.threshold else HAM for p in probabilities]


def load_model(path: Path, trusted: list[str]) -> Any:
    """Return what the skops file at `path` holds; no code in it is run.

    Args:
        path: the file.
        trusted: the types beyond skops' own list that may be built.

    Raises:
        RegistryError: the file is not a skops file as we write them, or it holds a type that is not
            trusted.
    """
    load = reader()
    with _undamaged(path):
        _check_archive(path)
        return load(path, trusted=trusted)


def reader() -> Callable[..., Any]:
    """Return what reads skops files.

    When skops is imported it looks for the home of hundreds of functions in all modules that are
    loaded by then. Before MLflow that takes 2 s less than after it.
    """
    # It also looks through all of scikit-learn, which would load these: seconds, for nothing.
    with without("pytest", "torch"):
        from skops.io import load
    read: Callable[..., Any] = load
    return read


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    """Turn what the content of `path` raises in the libraries that read it into one line.

    Raises:
        RegistryError: the content is damaged, or not a model's.
    """
    try:
        yield
    except UserError:
        raise
    # Damaged bytes decide what zipfile, JSON, skops, NumPy and scikit-learn raise: any kind of it.
    except Exception as error:
        if isinstance(error, OSError | MemoryError) and (fault := from_outside(error)):
            raise fault from error
        raise RegistryError(
            f"{path} is not a model file of ours: {type(error).__name__}: {str(error)[:300]}",
            expected="a skops file with known types",
            fix="run `make run` to train it again",
        ) from error


def _check_archive(path: Path) -> None:
    """Raise a ValueError unless `path` is an archive as `saving.py` writes it.

    What is only stored, not compressed, cannot become larger than its file.
    """
    if not path.is_file():
        raise ValueError("not a regular file" if path.exists() else "it does not exist")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) < len(names) or not all(map(_MEMBER.fullmatch, names)):
        raise ValueError("its members have other names")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("its members are compressed")
    if sum(member.file_size for member in members) > path.stat().st_size:
        raise ValueError("its members overlap")


def _check_parts(stored: object, features: config.Features) -> None:
    """Raise a ValueError unless `stored` has the kinds of parts that a scorer is made of."""
    from sklearn.base import BaseEstimator

    parts = stored if isinstance(stored, dict) else {}
    learned = parts.get("features")
    if parts.keys() != StoredParts.__annotations__.keys() or not isinstance(learned, dict):
        raise ValueError("it lacks the parts of a filter")
    if set(learned) - {"svd"} != set(text_blocks(features)):
        raise ValueError("its features are not those of its description")
    kinds = {"classifier": _CLASSIFIERS, "calibrator": ("LogisticRegression",)}
    estimators = [(parts[name], known) for name, known in kinds.items()]
    estimators += [(part, _LEARNED) for part in learned.values()]
    for part, known in estimators:
        if not isinstance(part, BaseEstimator) or type(part).__name__ not in known:
            raise ValueError(f"it has a {type(part).__name__} in the place of {' or '.join(known)}")
    _check_trees(parts["classifier"])


def _check_trees(classifier: Any) -> None:
    """Raise a ValueError unless every branch leads on, to a node of its tree.

    The compiled code follows branches without a look: round in circles, or out of its memory.
    """
    trees = [estimator.tree_ for estimator in getattr(classifier, "estimators_", ())]
    nodes = [
        (tree.__getstate__()["nodes"], "left_child", "right_child", "feature") for tree in trees
    ]
    boosted = (tree for trees in getattr(classifier, "_predictors", ()) for tree in trees)
    nodes += [(tree.nodes, "left", "right", "feature_idx") for tree in boosted]
    for table, left, right, feature in nodes:
        leaf = table["is_leaf"] != 0 if "is_leaf" in table.dtype.names else table[left] == -1
        [inner] = np.nonzero(~leaf)
        later = (table[left][inner] > inner) & (table[right][inner] > inner)
        within = (table[left][inner] < len(table)) & (table[right][inner] < len(table))
        columns = table[feature][inner]
        known = (columns >= 0) & (columns < classifier.n_features_in_)
        if not len(table) or not (later & within & known).all():
            raise ValueError("it has a tree whose branches lead nowhere")
        if "is_categorical" in table.dtype.names and table["is_categorical"].any():
            raise ValueError("it has a tree with categories")
