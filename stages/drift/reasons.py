"""Why a verdict is what it is: plain sentences with the numbers in them."""

from __future__ import annotations

from stages.config import Drift
from stages.drift.comparison import FALLBACK_THRESHOLDS, Comparison
from stages.drift.statistics import title_of
from stages.model.metrics import ONE_MINUS_AUC
from stages.records.decision import Cause
from stages.records.verdict import Explanation, Measurement, Quality, Scores


def vote_sentence(comparison: Comparison, drift: Drift) -> str:
    """Say whether the calibrated vote fired."""
    votes, of = comparison.votes, len(comparison.statistics)
    return (
        f"Mail {'changed' if votes >= drift.quorum else 'did not change'}: {votes} of {of} "
        f"statistics are above their thresholds, {drift.quorum} are needed "
        f"({_p(comparison.vote_p_value)}, false-alarm rate {drift.false_alarm_rate:g})."
    )


def size_sentence(comparison: Comparison, drift: Drift) -> str:
    """Say whether the difference is beyond the usual one between windows of the reference."""
    beyond, of = comparison.unusual, len(comparison.statistics)
    return (
        f"The difference is {'' if beyond >= drift.quorum else 'not '}unusually large: "
        f"{beyond} of {of} statistics are beyond {_usual(comparison, drift)}, "
        f"{drift.quorum} are needed."
    )


def sample_sentence(compared: int, distinct: int) -> str:
    """Say that not every message was compared."""
    return (
        f"The comparison is of a sample of {compared:,} of the window's {distinct:,} distinct "
        "messages; quality and scores are of all."
    )


def _usual(comparison: Comparison, drift: Drift) -> str:
    windows = comparison.usual_windows
    if comparison.usual_known:
        return f"all but {drift.unusual_rate:.0%} of the reference's own {windows} windows"
    if windows:
        return (
            f"{drift.effect_floor:g} times the usual difference between windows of the reference "
            f"(it has {windows})"
        )
    return (
        f"{drift.effect_floor:g} times {FALLBACK_THRESHOLDS:g} thresholds (the reference is too "
        "short to show its own)"
    )


def quality_sentence(quality: Quality | None, drift: Drift) -> str:
    """Say what the model really achieved, and whether that is a reason."""
    # Without a log loss: of earlier code, which nothing judges again.
    if quality is None or quality.log_loss is None:
        return "Realised quality is unknown: too few messages of the window are labelled."
    log_loss = (
        f"Realised log loss is {quality.log_loss:.3f} a message on {quality.ham} ham and "
        f"{quality.spam} spam"
    )
    auc = f"Realised {ONE_MINUS_AUC.title} is {quality.one_minus_auc_percent:.2f}"
    if quality.holdout_log_loss is None or quality.log_loss_rise_low is None:
        return f"{log_loss}; the champion's on its holdout is unknown. {auc}."
    limit, rise = drift.max_log_loss_rise, quality.log_loss - quality.holdout_log_loss
    return (
        f"{log_loss}, {abs(rise):.3f} {'above' if rise > 0 else 'below'} the holdout's "
        f"{quality.holdout_log_loss:.3f}: that "
        f"{'hurts' if quality.hurts(limit) else 'is no reason'} (surely more than {limit:g} above "
        f"does; the interval of the rise begins at {quality.log_loss_rise_low:.3f}). "
        f"{auc}, on the holdout {quality.holdout_one_minus_auc_percent:.2f}."
    )


def scores_sentence(scores: Scores, drift: Drift, *, counts: bool) -> str:
    """Say what the model's scores imply; it `counts` while labels are missing."""
    limit = drift.max_estimated_rise_percent
    says = "hurts" if scores.hurts(limit) else "is no reason"
    return (
        f"By its own probabilities {scores.error_percent:.2f} % of the verdicts are wrong, "
        f"{scores.reference_error_percent:.2f} % on the reference"
        + (f": that {says} (more than {limit:g} points above does)." if counts else ".")
    )


def cause_sentence(explanation: Explanation) -> str:
    """Say what explains the change."""
    share = (
        f"the share called spam went from {explanation.reference_spam_share:.0%} to "
        f"{explanation.spam_share:.0%} ({_p(explanation.share_p_value)})"
    )
    content = f"content within ham and spam ({_p(explanation.content_p_value)})"
    return {
        Cause.SPAM_SHARE: f"The spam share alone explains the change: {share}, not {content}.",
        Cause.CONTENT: f"New content explains the change: {content}; {share}.",
        Cause.BOTH: f"Both explain the change: {share}, and {content}.",
        None: f"Neither alone surely explains the change: {share}, {content}.",
    }[explanation.cause]


def _p(value: float) -> str:
    return f"p = {value:.3f}" if value >= 0.0005 else "p < 0.001"


def statistic_sentence(name: str, found: Measurement) -> str:
    """Say how far the statistic `name` is from its threshold and from the usual."""
    return (
        f"The {title_of(name)} is {found.value:.4f}, "
        f"{'above' if found.voted else 'not above'} its threshold {found.threshold:.4f}: "
        f"{found.ratio:.1f} thresholds, {found.effect:.1f} times the usual."
    )
