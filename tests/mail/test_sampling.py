import random
from collections.abc import Sequence

import numpy as np

from stages.mail import sampling
from stages.mail.spool import CODES

MESSAGES = [(f"h{n}", "ham") for n in range(180)] + [(f"s{n}", "spam") for n in range(20)]


def sample(messages: Sequence[tuple[str, str | None]], limit: int, *, seed: int) -> set[str]:
    """Return the ids that are kept."""
    names = [name for name, _ in messages]
    labels = np.array([CODES.index(label) for _, label in messages], np.int8)
    kept = sampling.sample(names, labels, limit, seed=seed)
    return {name for name, found in zip(names, kept, strict=True) if found}


def test_a_sample_has_the_size_and_the_share_of_each_class() -> None:
    kept = sample(MESSAGES, 50, seed=1)
    assert len(kept) == 50
    assert sum(name.startswith("s") for name in kept) == 5


def test_a_rare_class_stays() -> None:
    kept = sample([*MESSAGES, ("u", None)], 10, seed=1)
    assert len(kept) == 10
    assert {name[0] for name in kept} == {"h", "s", "u"}


def test_the_order_makes_no_difference_and_the_seed_does() -> None:
    shuffled = random.Random(0).sample(MESSAGES, len(MESSAGES))
    assert sample(shuffled, 50, seed=1) == sample(MESSAGES, 50, seed=1)
    assert sample(MESSAGES, 50, seed=2) != sample(MESSAGES, 50, seed=1)


def test_a_larger_sample_holds_the_smaller_one() -> None:
    assert sample(MESSAGES, 50, seed=1) < sample(MESSAGES, 100, seed=1)


def test_a_limit_below_the_number_of_classes_is_kept() -> None:
    assert len(sample(MESSAGES, 1, seed=1)) == 1
