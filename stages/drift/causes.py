"""Why mail changed: another share of spam, new content inside the classes, or both."""

from __future__ import annotations

import numpy as np

from stages.config import Drift
from stages.drift.permutation import Mask, calibrate, permuted
from stages.drift.sample import Float32, Pooled
from stages.drift.statistics import all_statistics
from stages.drift.statistics.means import Labelled
from stages.records.decision import Cause
from stages.records.verdict import Explanation


def explain(
    pooled: Pooled, called_spam: Mask, *, drift: Drift, rng: np.random.Generator
) -> Explanation:
    """Return what explains the difference between window and reference, at `false_alarm_rate`.

    Classes are the model's verdicts on both sides, as labels are late. The share is tested by
    Fisher's exact test. For content, each message is centred on its class, and window and reference
    are permuted within the classes alone: the two shares of spam stay as they are under every
    permutation, so that the same calibrated vote speaks of content only (a stratified permutation
    test: Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, chapter 4).

    Args:
        pooled: n messages.
        called_spam: (n,) bool, in their order.
        drift: permutations, false-alarm rate, quorum.
        rng: the only source of randomness.
    """
    in_window = pooled.in_window
    share_p = _share_p_value(in_window, called_spam)
    content_p = _content_p_value(pooled, called_spam, drift, rng)
    share, content = (p <= drift.false_alarm_rate for p in (share_p, content_p))
    causes = {
        (True, True): Cause.BOTH,
        (True, False): Cause.SPAM_SHARE,
        (False, True): Cause.CONTENT,
    }
    return Explanation(
        spam_share=float(called_spam[in_window].mean()),
        reference_spam_share=float(called_spam[~in_window].mean()),
        share_p_value=share_p,
        content_p_value=content_p,
        cause=causes.get((share, content)),
    )


def _share_p_value(in_window: Mask, called_spam: Mask) -> float:
    from scipy.stats import fisher_exact

    table = [
        [int((side & called).sum()) for called in (called_spam, ~called_spam)]
        for side in (in_window, ~in_window)
    ]
    return float(fisher_exact(table).pvalue)


def _content_p_value(
    pooled: Pooled, called_spam: Mask, drift: Drift, rng: np.random.Generator
) -> float:
    rows, centred = pooled.embeddings, pooled.embeddings.copy()
    labellings = np.empty((drift.permutations + 1, len(rows)), dtype=np.float32)
    for stratum in filter(np.any, (called_spam, ~called_spam)):
        labellings[:, stratum] = permuted(pooled.in_window[stratum], drift.permutations, rng)
        centred[stratum] += _mean(rows) - _mean(rows[stratum])
    values = all_statistics(Labelled(centred, labellings))
    return calibrate(
        values, quorum=drift.quorum, false_alarm_rate=drift.false_alarm_rate
    ).vote_p_value


def _mean(rows: Float32) -> Float32:
    return np.asarray(rows.mean(axis=0, dtype=np.float64).astype(np.float32))
