"""What is trained: `conf/classifier/`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, IntRange, Range, rising

# Each is a column of float64 for every training message.
_Components = Annotated[int, Field(ge=1, le=2_000)]


@dataclass(frozen=True, config=STRICT)
class Linear:
    """A linear classifier; `C` (inverse regularisation) is searched on a log scale."""

    kind: Literal["logistic_regression", "linear_svm"]
    C: Range


@dataclass(frozen=True, config=STRICT)
class RandomForest:
    """A random forest; the ranges are searched. TF-IDF blocks are reduced by SVD first."""

    kind: Literal["random_forest"]
    n_estimators: IntRange
    max_depth: IntRange
    min_samples_leaf: IntRange
    svd_components: _Components


@dataclass(frozen=True, config=STRICT)
class GradientBoosting:
    """Histogram gradient boosting; the ranges are searched. TF-IDF blocks are reduced by SVD."""

    kind: Literal["gradient_boosting"]
    # Above 1 every tree overshoots what the one before it left.
    learning_rate: Annotated[
        list[Annotated[float, Field(ge=1e-6, le=1)]],
        Field(min_length=2, max_length=2),
        AfterValidator(rising),
    ]
    max_iter: IntRange
    max_leaf_nodes: Annotated[
        list[Annotated[int, Field(ge=2, le=10_000)]],
        Field(min_length=2, max_length=2),
        AfterValidator(rising),
    ]
    svd_components: _Components


Classifier = Annotated[Linear | RandomForest | GradientBoosting, Field(discriminator="kind")]
