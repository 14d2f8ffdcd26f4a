import random
import subprocess
import sys

from stages import config
from stages.mail.duplicates import groups

OPTIONS = config.Duplicates(similarity=0.7, shingle_words=5, permutations=128)
WORDS = [f"word{number}" for number in range(2_000)]


def text(seed: int, length: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def changed(original: str, words: int, seed: int = 0) -> str:
    """Return `original` with so many of its words, spread out, replaced."""
    parts = original.split()
    for place in random.Random(seed).sample(range(len(parts)), words):
        parts[place] = "changed"
    return " ".join(parts)


def grouped(*texts: str) -> list[str]:
    messages = [(str(number), "", text) for number, text in enumerate(texts)]
    return groups(messages, OPTIONS, seed=1)


def test_a_copy_joins_the_group_of_the_first() -> None:
    assert grouped(text(1), text(2), text(1)) == ["0", "1", "0"]


def test_case_punctuation_and_space_make_no_difference() -> None:
    assert grouped("Buy NOW,  only today!", "buy now\nonly TODAY") == ["0", "0"]


def test_a_near_copy_joins_and_a_cousin_does_not() -> None:
    original = text(1)
    # Of 116 shingles, 2 changed words touch 10: Jaccard 0.84; 12 touch 60: 0.3.
    near, cousin = changed(original, 2), changed(original, 12)
    assert grouped(original, near, cousin) == ["0", "0", "2"]


def test_near_copies_are_found_almost_always() -> None:
    found = sum(
        len(set(grouped(text(seed), changed(text(seed), 3, seed)))) == 1 for seed in range(100)
    )
    # 3 changed words: Jaccard 0.77, above the threshold by one and a half standard errors.
    assert found >= 85


def test_unrelated_texts_stay_apart() -> None:
    texts = [text(seed) for seed in range(300)]
    assert grouped(*texts) == [str(number) for number in range(300)]


def test_chains_are_one_group() -> None:
    first = text(1)
    second = changed(first, 2, 1)
    third = changed(second, 2, 2)
    assert grouped(third, first, second) == ["0", "0", "0"]


def test_short_texts_are_copies_only_if_they_are_equal() -> None:
    assert grouped("thank you", "Thank you!", "thank them") == ["0", "0", "2"]


def test_texts_without_words_are_compared_by_subject_and_else_alone() -> None:
    messages = [
        ("a", "win a prize", ""),
        ("b", "Win a prize", " -- "),
        ("c", "", ""),
        ("d", "", ""),
    ]
    assert groups(messages, OPTIONS, seed=1) == ["a", "a", "c", "d"]


def test_clusters_do_not_depend_on_the_order() -> None:
    texts = [changed(text(seed % 40), 2, seed) for seed in range(160)]
    messages = [(str(number), "", text) for number, text in enumerate(texts)]

    def clusters(order: list[tuple[str, str, str]]) -> list[list[str]]:
        found: dict[str, set[str]] = {}
        for (name, _, _), group in zip(order, groups(order, OPTIONS, seed=1), strict=True):
            found.setdefault(group, set()).add(name)
        return sorted(sorted(names) for names in found.values())

    shuffled = random.Random(0).sample(messages, len(messages))
    assert clusters(shuffled) == clusters(messages)


def test_another_process_finds_the_same() -> None:
    code = (
        "from stages import config; from stages.mail.duplicates import groups\n"
        "o = config.Duplicates(similarity=0.7, shingle_words=5, permutations=128)\n"
        "t = ' '.join(f'w{i % 97}' for i in range(300))\n"
        "print(groups([(str(n), '', t + ' x' * n) for n in range(40)], o, seed=3))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert outputs.pop().strip()


def test_nothing_has_no_groups() -> None:
    assert grouped() == []
