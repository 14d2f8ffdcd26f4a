"""The benchmark's windows are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.drift.pools import OBFUSCATED, Pools, obfuscated
from benchmarks.drift.results import Rate
from benchmarks.drift.shifts import NO_SHIFT, SHIFTS, Draw, Kind, Shift


@pytest.fixture
def pools() -> Pools:
    """One number a message, which says its pool and its place there."""

    def rows(pool: int, n: int) -> np.ndarray:
        return (1000 * pool + np.arange(n, dtype=np.float32))[:, None]

    names = ("ham", "spam", "hard_ham", "foreign", "languages", "new_spam", "by_date")
    kept = {name: rows(pool, 500) for pool, name in enumerate(names)}
    return Pools(**kept, obfuscated={share: rows(7, 500) for share in OBFUSCATED})


@pytest.mark.parametrize("shift", [NO_SHIFT, *SHIFTS])
def test_no_message_stands_on_both_sides_and_the_shift_has_its_size(
    pools: Pools, shift: Shift
) -> None:
    draw = Draw(pools, 200, np.random.default_rng(1))
    window = draw.window(shift, 100)
    assert len(np.unique(window)) == 100
    assert not np.intersect1d(window, draw.reference).size
    of = np.bincount((window[:, 0] // 1000).astype(int), minlength=8)
    assert (draw.reference[:, 0] >= 1000).sum() == 60
    if shift.kind is Kind.SPAM_SHARE:
        assert of[1] == round(100 * shift.amount)
    elif shift.kind is Kind.OBFUSCATION:
        assert of[7] == 30
    else:
        assert of[2:].sum() == round(100 * shift.amount)


def test_too_large_a_window_is_refused(pools: Pools) -> None:
    draw = Draw(pools, 200, np.random.default_rng(1))
    with pytest.raises(ValueError, match="too small for 900 messages, 630 of them spam"):
        draw.window(Shift(Kind.SPAM_SHARE, 0.7), 900)


def test_so_many_words_are_rewritten() -> None:
    text = " ".join(["medicine"] * 400 + ["now"] * 100)
    words = obfuscated(text, 0.3, np.random.default_rng(0)).split()
    assert words.count("now") == 100
    assert 90 <= sum(word not in ("medicine", "now") for word in words) <= 150
    assert "m.e.d.i.c.i.n.e" in words
    assert "m3d1c1n3" in words


def test_an_interval_holds_the_rate() -> None:
    low, high = Rate(10, 1000).interval
    assert low < Rate(10, 1000).value < high
    assert high == pytest.approx(0.0183, abs=1e-4)
