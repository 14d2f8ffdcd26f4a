"""Why a verdict is what it is: plain sentences with the numbers in them."""

from __future__ import annotations

from stages.config import Drift
from stages.drift.comparison import FALLBACK_THRESHOLDS, Comparison, Statistic
from stages.drift.quality import Quality

TITLES = {
    "domain_classifier": "ROC-AUC of the domain classifier",
    "mmd": "maximum mean discrepancy",
    "cosine": "cosine distance of the mean embeddings",
}


def vote_sentence(comparison: Comparison, drift: Drift) -> str:
    """Say whether the calibrated vote fired."""
    votes = sum(statistic.voted for statistic in comparison.statistics)
    return (
        f"Mail {'changed' if votes >= drift.quorum else 'did not change'}: {votes} of 3 statistics "
        f"are above their thresholds, {drift.quorum} are needed "
        f"(p = {comparison.vote_p_value:.3f}, false-alarm rate {drift.false_alarm_rate:g})."
    )


def size_sentence(comparison: Comparison, drift: Drift) -> str:
    """Say whether the difference is beyond the usual one between windows of the reference."""
    beyond = sum(s.effect > drift.effect_floor for s in comparison.statistics)
    usual = (
        f"the usual difference between windows of the reference (it has {comparison.usual_windows})"
        if comparison.usual_windows
        else f"{FALLBACK_THRESHOLDS:g} thresholds (the reference is too short to show its own)"
    )
    return (
        f"The difference is {'' if beyond >= drift.quorum else 'not '}unusually large: "
        f"{beyond} of 3 statistics are beyond {drift.effect_floor:g} times {usual}, "
        f"{drift.quorum} are needed."
    )


def quality_sentence(quality: Quality | None, drift: Drift) -> str:
    """Say what the model really achieved, and whether that is a reason."""
    if quality is None:
        return "Realised quality is unknown: too few messages of the window are labelled."
    realised = (
        f"Realised (1-AUC)% is {quality.one_minus_auc_percent:.2f} on {quality.ham} ham and "
        f"{quality.spam} spam"
    )
    if quality.loss is None:
        return f"{realised}; the champion's on its holdout is unknown."
    limit = drift.max_realised_loss_percent
    return (
        f"{realised}, {abs(quality.loss):.2f} {'above' if quality.loss > 0 else 'below'} the "
        f"holdout's {quality.holdout_one_minus_auc_percent:.2f}: that "
        f"{'hurts' if quality.hurts(limit) else 'is no reason'} (surely more than {limit:g} above "
        f"does; its interval begins at {quality.one_minus_auc_percent_low:.2f})."
    )


def statistic_sentence(statistic: Statistic) -> str:
    """Say how far one statistic is from its threshold and from the usual."""
    return (
        f"The {TITLES[statistic.name]} is {statistic.value:.4f}, "
        f"{'above' if statistic.voted else 'not above'} its threshold {statistic.threshold:.4f}: "
        f"{statistic.ratio:.1f} thresholds, {statistic.effect:.1f} times the usual."
    )
