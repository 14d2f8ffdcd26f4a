"""Why mail changed, which messages carry it, and what it does to the scores."""

from __future__ import annotations

import numpy as np
import pytest

from stages.drift.carriers import MOST, carriers, witness
from stages.drift.causes import explain
from stages.drift.estimate import estimate
from stages.drift.sample import Sample, pool
from stages.drift.statistics.kernel import kernel_gamma
from stages.records.decision import Cause
from stages.records.verdict import Explanation
from tests.drift.drift_samples import drift, sample

HAM, SPAM, NEW = [0, 1, 2], [3, 4], [6, 7]


def mixed(rng: np.random.Generator, n: int, *parts: tuple[list[int], float]) -> Sample:
    """Return n messages with each part's share of its topics."""
    samples = [sample(rng, round(share * n), topics) for topics, share in parts]
    return Sample(
        *(np.concatenate([getattr(s, name) for s in samples]) for name in vars(samples[0]))
    )


def explained(reference: Sample, window: Sample, spam: tuple[int, int]) -> Explanation:
    """Explain a change; the last `spam` rows of each side are called spam."""
    sides = [
        np.arange(len(s)) >= len(s) - k for s, k in zip((reference, window), spam, strict=True)
    ]
    pooled = pool(reference, window)
    called = np.concatenate(sides)[pooled.order]
    return explain(pooled, called, drift=drift(), rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("parts", "spam", "cause"),
    [
        ([(HAM, 0.4), (SPAM, 0.6)], 120, Cause.SPAM_SHARE),
        ([(NEW, 0.3), (HAM, 0.4), (SPAM, 0.3)], 60, Cause.CONTENT),
        ([(HAM, 0.4), (NEW, 0.6)], 120, Cause.BOTH),
        ([(HAM, 0.7), (SPAM, 0.3)], 60, None),
    ],
)
def test_share_and_content_are_told_apart(
    parts: list[tuple[list[int], float]], spam: int, cause: Cause | None
) -> None:
    rng = np.random.default_rng(5)
    reference = mixed(rng, 1000, (HAM, 0.7), (SPAM, 0.3))
    found = explained(reference, mixed(rng, 200, *parts), (300, spam))
    assert found.cause is cause
    assert found.reference_spam_share == 0.3
    assert found.spam_share == spam / 200


def test_a_pure_change_of_share_is_hardly_ever_called_content() -> None:
    rng = np.random.default_rng(6)
    causes = []
    for _ in range(40):
        reference = mixed(rng, 400, (HAM, 0.7), (SPAM, 0.3))
        window = mixed(rng, 100, (HAM, 0.3), (SPAM, 0.7))
        causes.append(explained(reference, window, (120, 70)).cause)
    assert causes.count(Cause.SPAM_SHARE) >= 38


def test_one_class_alone_is_no_trouble() -> None:
    rng = np.random.default_rng(7)
    found = explained(sample(rng, 300, HAM), sample(rng, 80, NEW), (0, 0))
    assert found.cause is Cause.CONTENT
    assert found.share_p_value == 1


def test_the_new_messages_carry_the_change() -> None:
    rng = np.random.default_rng(8)
    reference, window = mixed(rng, 500, (HAM, 1.0)), mixed(rng, 100, (HAM, 0.8), (NEW, 0.2))
    new = set(window.ids[80:].tolist())
    called = np.arange(100) % 2 == 0
    found = carriers(reference, window, called)
    assert len(found) == MOST
    assert sum(carrier.id in new for carrier in found) >= MOST - 1
    assert [c.weight for c in found] == sorted((c.weight for c in found), reverse=True)
    of = dict(zip(window.ids.tolist(), called.tolist(), strict=True))
    assert all(carrier.called_spam is of[carrier.id] for carrier in found)
    order = rng.permutation(100)
    assert [c.id for c in carriers(reference, window.kept(order), called[order])] == [
        c.id for c in found
    ]


def test_the_witness_is_the_difference_of_two_mean_kernels() -> None:
    rng = np.random.default_rng(9)
    a, b = (sample(rng, n, HAM).embeddings for n in (70, 30))
    gamma = kernel_gamma(np.concatenate([a, b]))
    inside = np.exp(-gamma * ((b[:, None] - b[None]) ** 2).sum(2))
    outside = np.exp(-gamma * ((b[:, None] - a[None]) ** 2).sum(2))
    expected = (inside.sum(1) - 1) / 29 - outside.mean(1)
    np.testing.assert_allclose(witness(a, b), expected, atol=1e-5)


def test_the_estimate_is_the_mean_doubt_of_the_verdicts() -> None:
    found = estimate(np.array([0.0, 1.0]), np.array([0.1, 0.4, 0.6, 1.0]), 0.5)
    assert found.error_percent == pytest.approx(100 * (0.1 + 0.4 + 0.4 + 0) / 4)
    assert found.reference_error_percent == 0
    assert found.score_distance == pytest.approx(0.5)
    assert found.hurts(20)
    assert not found.hurts(23)
