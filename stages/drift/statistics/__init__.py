"""The statistics between a reference and a window, for many labellings of the rows at once.

A labelling says which rows of the pooled sample are the window; the first one is what was
observed, the others are permutations of it (see `stages.drift.permutation`). All that depends on
the rows alone (covariance, kernel, bandwidth) is taken from the pooled sample, once: it is the same
under every permutation, which keeps the permutation test exact, and each statistic becomes a few
matrix products over all labellings.

Precision: products are float32 (twice as fast), everything summed from them is float64. On the
default corpus the rounding is four orders of magnitude below the spread under permutation.

A new statistic is a file here, a place in `STATISTICS`, and a migration that adds its columns to
the monitoring history.
"""

from __future__ import annotations

import numpy as np

from stages.drift.sample import Float64
from stages.drift.statistics.cosine import COSINE
from stages.drift.statistics.domain_classifier import DOMAIN_CLASSIFIER
from stages.drift.statistics.means import Labelled
from stages.drift.statistics.mmd import MMD
from stages.records.decision import in_words

STATISTICS = (DOMAIN_CLASSIFIER, MMD, COSINE)


def all_statistics(labelled: Labelled) -> Float64:
    """Return the statistics of each labelling, in the order of `STATISTICS`: (k, s) float64."""
    return np.stack([statistic.compute(labelled) for statistic in STATISTICS], axis=1)


def title_of(name: str) -> str:
    """Return the title of the statistic `name`, which may be one that only later code has."""
    return {statistic.name: statistic.title for statistic in STATISTICS}.get(name, in_words(name))
