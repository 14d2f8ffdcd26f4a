"""From what was read to the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages import config
from stages.drift.comparison import compare
from stages.drift.inputs import Reference, Window, check_same_encoder
from stages.drift.quality import realised_quality
from stages.drift.verdict import Subject, Verdict, judge, not_enough_mail


@dataclass(frozen=True)
class Champion:
    """The production model: its digest, its folder, and its (1-AUC)% on its holdout if known."""

    digest: str
    folder: Path
    holdout_loss: float | None


def assess(
    window: Window,
    reference: Reference,
    champion: Champion,
    *,
    edges: config.Window,
    drift: config.Drift,
    seed: int,
) -> Verdict:
    """Return the verdict on `window`, which `champion` scored.

    Near copies are set aside for the comparison, as they are in the reference: a campaign is one
    message sent often, and a permutation test takes its rows for independent.

    Raises:
        DataError: window and reference are embedded by two encoders.
    """
    check_same_encoder(window, reference)
    subject = Subject(
        model=champion.digest,
        window_from=edges.batch_from,
        window_to=edges.batch_to,
        messages=len(window.sample),
        copies=int((~window.distinct).sum()),
        reference_messages=len(reference.sample),
        predicted_spam_share=float(window.called_spam.mean()),
    )
    quality = realised_quality(
        window.labels,
        window.probability,
        window.called_spam,
        holdout_loss=champion.holdout_loss,
        seed=seed,
    )
    refusal = not_enough_mail(subject, quality, drift)
    if refusal:
        return refusal
    comparison = compare(
        reference.sample,
        window.sample.kept(window.distinct),
        drift=drift,
        length=edges.batch_to - edges.batch_from,
        rng=np.random.default_rng(seed),
    )
    return judge(subject, comparison, quality, drift)
