"""What is trained: `conf/classifier/`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from stages.config.bounds import STRICT, IntRange, Positive, Range, rising


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
    svd_components: Positive


@dataclass(frozen=True, config=STRICT)
class GradientBoosting:
    """Histogram gradient boosting; the ranges are searched. TF-IDF blocks are reduced by SVD."""

    kind: Literal["gradient_boosting"]
    learning_rate: Range
    max_iter: IntRange
    max_leaf_nodes: Annotated[
        list[Annotated[int, Field(ge=2)]],
        Field(min_length=2, max_length=2),
        AfterValidator(rising),
    ]
    svd_components: Positive


Classifier = Annotated[Linear | RandomForest | GradientBoosting, Field(discriminator="kind")]
