import dataclasses
import json
from pathlib import Path

import pytest

from stages.machine.errors import RegistryError
from stages.records.pointer import Pointer, incumbent, read_pointer, write_pointer
from tests.registry.samples import ACHIEVED

A, B = "a" * 64, "b" * 64


def test_pointer_survives_a_round_trip(tmp_path: Path) -> None:
    pointer = Pointer("spamline", A, B, ACHIEVED)
    write_pointer(pointer, tmp_path / "production.json")
    assert read_pointer(tmp_path / "production.json") == pointer


def pointer_text(**changes: object) -> str:
    whole = {"name": "x", "model": None, "previous": None, "holdout": None}
    return json.dumps(whole | changes)


def achieved(**changes: object) -> dict[str, object]:
    return dataclasses.asdict(ACHIEVED) | changes


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "Expecting"),
        ("[]", "keys differ"),
        ('{"name": "x", "model": null}', "keys differ"),
        (pointer_text(model="abc"), "model is 'abc'"),
        (pointer_text(previous=7), "previous is 7"),
        (pointer_text(name=None), "name is None"),
        (pointer_text(holdout=0.5), "holdout is 0.5"),
        (pointer_text(holdout={"ham": 1}), "holdout is {'ham': 1}"),
        (pointer_text(holdout=achieved(log_loss="1")), "log_loss is '1'"),
        (pointer_text(holdout=achieved(log_loss=float("nan"))), "log_loss is nan"),
        (pointer_text(holdout=achieved(log_loss=float("inf"))), "log_loss is inf"),
        (pointer_text(holdout=achieved(spam=0)), "spam is 0"),
    ],
)
def test_malformed_pointer_is_one_line_with_its_fix(
    tmp_path: Path, content: str, named: str
) -> None:
    path = tmp_path / "production.json"
    path.write_text(content)
    with pytest.raises(RegistryError) as caught:
        read_pointer(path)
    message = str(caught.value)
    assert named in message
    assert "git checkout" in message
    assert "\n" not in message


def test_missing_pointer_is_said(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="does not exist"):
        read_pointer(tmp_path / "production.json")


def test_candidate_is_compared_with_the_model_in_production() -> None:
    assert incumbent(Pointer("x", A, None), B) == A
    assert incumbent(Pointer("x", None, None), B) is None


def test_promotion_does_not_change_what_a_candidate_is_compared_with() -> None:
    before, after = Pointer("x", A, None), Pointer("x", B, A)
    assert incumbent(before, B) == incumbent(after, B) == A
