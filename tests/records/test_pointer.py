import dataclasses
import json
from pathlib import Path

import pytest

from stages.machine.errors import RegistryError
from stages.records.layout import Layout
from stages.records.pointer import Pointer, incumbent
from tests.registry.samples import ACHIEVED

A, B = "a" * 64, "b" * 64


def pointer_text(**changes: object) -> str:
    whole = {"name": "x", "model": None, "previous": None, "holdout": None}
    return json.dumps(whole | changes)


def achieved(**changes: object) -> dict[str, object]:
    return dataclasses.asdict(ACHIEVED) | changes


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "Invalid JSON"),
        ("[]", "the whole file"),
        ('{"name": "x", "model": null}', "previous: Field required"),
        (pointer_text(mood="gloomy"), "mood: Unexpected"),
        (pointer_text(model="abc"), "model: String should match"),
        (pointer_text(model=A + "\n"), "model: String should match"),
        (pointer_text(previous=7), "previous: Input should be a valid string"),
        (pointer_text(name=None), "name: Input should be a valid string"),
        (pointer_text(holdout=0.5), "holdout: Input should be an object"),
        (pointer_text(holdout={"ham": 1}), "holdout.spam: Field required"),
        (pointer_text(holdout=achieved(log_loss="1")), "holdout.log_loss: Input should be a valid"),
        (pointer_text(holdout=achieved(log_loss=float("nan"))), "holdout.log_loss: Input should"),
        (pointer_text(holdout=achieved(log_loss=float("inf"))), "holdout.log_loss: Input should"),
        (pointer_text(holdout=achieved(spam=0)), "holdout.spam: Input should be greater"),
    ],
)
def test_malformed_pointer_is_one_line_with_its_fix(
    tmp_path: Path, content: str, named: str
) -> None:
    layout = Layout(tmp_path)
    layout.pointer.parent.mkdir()
    layout.pointer.write_text(content)
    with pytest.raises(RegistryError) as caught:
        Pointer.read(layout)
    message = str(caught.value)
    assert named in message
    assert "git checkout" in message
    assert "\n" not in message


def test_missing_pointer_is_said(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="does not exist"):
        Pointer.read(Layout(tmp_path))


def test_candidate_is_compared_with_the_model_in_production() -> None:
    assert incumbent(Pointer("x", A, None), B) == A
    assert incumbent(Pointer("x", None, None), B) is None


def test_promotion_does_not_change_what_a_candidate_is_compared_with() -> None:
    before, after = Pointer("x", A, None), Pointer("x", B, A)
    assert incumbent(before, B) == incumbent(after, B) == A
