"""The sections of `params.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT
from stages.config.classifier import Classifier
from stages.config.compute import Compute
from stages.config.drift import Drift
from stages.config.duplicates import Duplicates
from stages.config.encoder import Encoder
from stages.config.evaluation import Evaluation, Gate
from stages.config.features import Features
from stages.config.guards import Guards
from stages.config.inference import Inference
from stages.config.registry import Registry
from stages.config.source import Source
from stages.config.stores import Stores
from stages.config.training import OperatingPoint, Search
from stages.config.window import Window


@dataclass(frozen=True, config=STRICT)
class Params:
    """All of `params.yaml`; each field is a section of it."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    source: Source
    window: Window
    duplicates: Duplicates
    encoder: Encoder
    features: Features
    classifier: Classifier
    search: Search
    decision: OperatingPoint
    # A model carries its newest training messages, at most this many, as the drift reference.
    # Their vectors, and a float for each of them in every permutation, are in memory.
    reference_size: Annotated[int, Field(ge=50, le=50_000)]
    evaluation: Evaluation
    gate: Gate
    registry: Registry
    inference: Inference
    drift: Drift
    guards: Guards
    stores: Stores
    compute: Compute
