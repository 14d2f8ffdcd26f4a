"""From what was read to the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stages import config
from stages.drift.carriers import carriers
from stages.drift.causes import explain
from stages.drift.comparison import comparison_of
from stages.drift.estimate import estimate
from stages.drift.inputs import Reference, check_same_encoder
from stages.drift.quality import realised_quality
from stages.drift.reasons import sample_sentence
from stages.drift.sample import pool
from stages.drift.verdict import Subject, explained, not_enough_mail, verdict_on
from stages.drift.window import ScoredWindow
from stages.records.holdout import Holdout
from stages.records.verdict import JudgedWindow, Verdict


@dataclass(frozen=True)
class Champion:
    """The production model.

    Attributes:
        digest: of its folder.
        folder: where it is.
        threshold: the probability from which on it calls a message spam.
        holdout: what it achieved on its holdout, if known.
    """

    digest: str
    folder: Path
    threshold: float
    holdout: Holdout | None


def assess(
    window: ScoredWindow,
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
    check_same_encoder(window.encoder, reference)
    subject = _subject(window, reference, champion, edges)
    quality = realised_quality(
        window.labels,
        window.probability,
        window.called_spam,
        holdout=champion.holdout,
        seed=seed,
    )
    refusal = not_enough_mail(subject, quality, drift)
    if refusal:
        return refusal
    rng = np.random.default_rng(seed)
    length = edges.batch_to - edges.batch_from
    comparison = comparison_of(
        reference.sample, window.campaigns, drift=drift, length=length, rng=rng
    )
    scores = estimate(reference.probability, window.probability, champion.threshold)
    verdict = verdict_on(subject, comparison, quality, scores, drift)
    compared, distinct = len(window.campaigns), int(window.distinct.sum())
    if compared < distinct:
        sentence = sample_sentence(compared, distinct)
        verdict = replace(verdict, reasons=(*verdict.reasons, sentence))
    if not verdict.changed:
        return verdict
    return _with_cause(verdict, window, reference, champion, drift, rng)


def _subject(
    window: ScoredWindow, reference: Reference, champion: Champion, edges: config.Window
) -> Subject:
    judged = JudgedWindow(
        start=edges.batch_from,
        end=edges.batch_to,
        messages=len(window.labels),
        predicted_spam_share=float(window.called_spam.mean()),
        copies=int((~window.distinct).sum()),
    )
    return Subject(model=champion.digest, window=judged, reference_messages=len(reference.sample))


def _with_cause(
    verdict: Verdict,
    window: ScoredWindow,
    reference: Reference,
    champion: Champion,
    drift: config.Drift,
    rng: np.random.Generator,
) -> Verdict:
    pooled = pool(reference.sample, window.campaigns)
    probability = np.concatenate([reference.probability, window.of_campaigns(window.probability)])
    called_spam = (probability >= champion.threshold)[pooled.order]
    explanation = explain(pooled, called_spam, drift=drift, rng=rng)
    found = carriers(reference.sample, window.campaigns, window.of_campaigns(window.called_spam))
    return explained(verdict, explanation, found)
