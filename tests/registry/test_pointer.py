from pathlib import Path

import pytest

from stages.errors import RegistryError
from stages.registry.pointer import Pointer, incumbent, read_pointer, write_pointer

A, B = "a" * 64, "b" * 64


def test_pointer_survives_a_round_trip(tmp_path: Path):
    pointer = Pointer("spamline", A, B)
    write_pointer(pointer, tmp_path / "production.json")
    assert read_pointer(tmp_path / "production.json") == pointer


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "Expecting"),
        ("[]", "keys differ"),
        ('{"name": "x", "model": null}', "keys differ"),
        ('{"name": "x", "model": "abc", "previous": null}', "model is 'abc'"),
        ('{"name": "x", "model": null, "previous": 7}', "previous is 7"),
        ('{"name": null, "model": null, "previous": null}', "name is None"),
    ],
)
def test_malformed_pointer_is_one_line_with_its_mending(tmp_path: Path, content: str, named: str):
    path = tmp_path / "production.json"
    path.write_text(content)
    with pytest.raises(RegistryError) as caught:
        read_pointer(path)
    message = str(caught.value)
    assert named in message
    assert "git checkout" in message
    assert "\n" not in message


def test_missing_pointer_is_said(tmp_path: Path):
    with pytest.raises(RegistryError, match="does not exist"):
        read_pointer(tmp_path / "production.json")


def test_candidate_is_compared_with_the_model_in_production():
    assert incumbent(Pointer("x", A, None), B) == A
    assert incumbent(Pointer("x", None, None), B) is None


def test_promotion_does_not_change_what_a_candidate_is_compared_with():
    before, after = Pointer("x", A, None), Pointer("x", B, A)
    assert incumbent(before, B) == incumbent(after, B) == A
