"""The tables behind the plots of a model's quality, in the columns that `dvc plots` draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stages.model.resampling import Ranked
from stages.records.messages import HAM, SPAM

if TYPE_CHECKING:
    import pandas as pd

MAX_POINTS = 400
CALIBRATION_BINS = 10
HISTOGRAM_BINS = 20


def plot_tables(
    spam: np.ndarray, probability: np.ndarray, threshold: float
) -> dict[str, pd.DataFrame]:
    """Return a table a plot: roc, pr, calibration, scores, confusion.

    Args:
        spam: `(n,) bool`.
        probability: `(n,)` probability of spam.
        threshold: of the verdict.
    """
    return {
        **_curves(spam, probability),
        "calibration": _calibration(spam, probability),
        "scores": _histogram(spam, probability),
        "confusion": _confusion(spam, probability >= threshold),
    }


def _curves(spam: np.ndarray, probability: np.ndarray) -> dict[str, pd.DataFrame]:
    import pandas as pd

    hits, wrong = (c[0] for c in Ranked.of(spam, probability).counts(np.ones((1, len(spam)))))
    chosen = np.unique(np.linspace(0, len(hits) - 1, MAX_POINTS).astype(int))
    recall, fall_out = hits[chosen] / spam.sum(), wrong[chosen] / (~spam).sum()
    precision = hits[chosen] / (hits[chosen] + wrong[chosen])
    roc = pd.DataFrame({"ham_false_positive_rate": fall_out, "spam_recall": recall})
    start = pd.DataFrame({"ham_false_positive_rate": [0.0], "spam_recall": [0.0]})
    return {
        "roc": pd.concat([start, roc], ignore_index=True),
        "pr": pd.DataFrame({"spam_recall": recall, "precision": precision}),
    }


def _calibration(spam: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    rows = [
        {
            "probability": probability[bins == b].mean(),
            "spam_share": spam[bins == b].mean(),
            "messages": int((bins == b).sum()),
        }
        for b in range(CALIBRATION_BINS)
        if (bins == b).any()
    ]
    return pd.DataFrame(rows)


def _histogram(spam: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Return how the probabilities of each class spread: its share in each bin, by bin middle."""
    import pandas as pd

    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    shares = {
        label: np.histogram(probability[members], edges)[0] / members.sum()
        for label, members in ((HAM, ~spam), (SPAM, spam))
    }
    return pd.DataFrame({"probability": (edges[:-1] + edges[1:]) / 2, **shares})


def _confusion(spam: np.ndarray, called: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    names = np.array([HAM, SPAM])
    return pd.DataFrame({"actual": names[spam.astype(int)], "predicted": names[called.astype(int)]})
