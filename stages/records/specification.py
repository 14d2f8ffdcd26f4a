"""What a model folder says of its model: encoder, features, threshold, what it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, PlainSerializer, TypeAdapter

from stages.config.encoder import Encoder
from stages.config.features import Features
from stages.machine.errors import RegistryError
from stages.machine.files import json_text, write_text
from stages.records.document import plain, read_document

# The file of this record in a model folder.
SPECIFICATION = "model.json"
FORMAT: Literal[1] = 1

# Written as `str` writes it: with a space where ISO 8601 has a "T".
_Moment = Annotated[AwareDatetime, PlainSerializer(str)]
# A NaN would call every message ham. Rounded upwards, it may be a little above 1.
_Threshold = Annotated[float, Field(ge=0, le=1.001)]


@dataclass(frozen=True)
class TrainedOn:
    """What a model was trained on, and how.

    Attributes:
        spam: training messages labelled spam.
        ham: training messages labelled ham.
        first: when the oldest training message was received.
        last: when the newest training message was received.
        classifier: the kind of classifier.
        hyperparameters: the values that the search chose, by name.
        seed: the seed of the search and of the classifier.
    """

    spam: int
    ham: int
    first: _Moment
    last: _Moment
    classifier: str
    hyperparameters: dict[str, float | int]
    seed: int


@dataclass(frozen=True)
class Specification:
    """The content of `model.json`.

    Attributes:
        format: the version of the model folder's layout; any other is refused.
        encoder: the encoder whose embeddings the model was fitted on.
        features: the blocks of features.
        threshold: the probability from which on the verdict is "spam".
        trained_on: counts, dates and hyper-parameters, for people.
    """

    format: Literal[1]
    encoder: Encoder
    features: Features
    threshold: _Threshold
    trained_on: TrainedOn


_ADAPTER = TypeAdapter(Specification)


def read_specification(folder: Path) -> Specification:
    """Return what `model.json` in `folder` says.

    Raises:
        RegistryError: there is no such file, or it is of another format.
    """
    return read_document(
        _ADAPTER,
        folder / SPECIFICATION,
        error=RegistryError,
        expected=f"the {SPECIFICATION} of a model folder of format {FORMAT}",
        fix="run `make run` to train the model again",
    )


def write_specification(folder: Path, specification: Specification) -> None:
    """Write `model.json` into `folder`, not rounded: scoring needs the very numbers of training."""
    write_text(folder / SPECIFICATION, json_text(plain(_ADAPTER, specification)))
