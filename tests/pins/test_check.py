"""The pins are those of pyproject.toml, and a lint that finds other ones says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stages.pins.check import check, normal, wanted
from stages.pins.install import Pin, PinsError, read
from stages.pins.renew import BUILT, wheel_of
from tests.pins.conftest import sha256


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "constraints.txt").read_text()


@pytest.fixture(scope="module")
def pins(text: str) -> list[Pin]:
    return read(text)


def test_they_are_in_step(text: str, pins: list[Pin]) -> None:
    assert check(text, wanted()) == len(pins) > 200


def test_they_name_no_address(text: str) -> None:
    assert "://" not in text
    assert not re.search(r"^-", text, re.M)


def test_a_package_without_a_pin_is_named(text: str) -> None:
    sets = wanted()
    sets["score"] = [*sets["score"], "Another.Package>=2"]
    with pytest.raises(PinsError, match=r"Another\.Package>=2 .* for the set 'score'.*make pins"):
        check(text, sets)


def test_a_package_that_is_wanted_no_more_is_noticed(text: str) -> None:
    sets = wanted()
    sets["stack"] = sets["stack"][1:]
    with pytest.raises(PinsError, match=r"pyproject\.toml has other packages"):
        check(text, sets)


@pytest.mark.parametrize(
    ("requirement", "name"),
    [("SQLAlchemy", "sqlalchemy"), ("ruamel.yaml>=0.1", "ruamel-yaml"), ("psycopg[a]", "psycopg")],
)
def test_names_have_one_spelling(requirement: str, name: str) -> None:
    assert normal(requirement) == name


def test_pytorchs_cpu_build_is_pinned_beside_the_usual_one(pins: list[Pin]) -> None:
    (torch,) = [pin for pin in pins if pin.name == "torch"]
    # Of the official build for Python 3.11, Linux on x86-64.
    assert "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b" in torch.hashes
    assert len(torch.hashes) > 20


def test_what_is_published_without_a_wheel_lies_here_as_one(root: Path, pins: list[Pin]) -> None:
    ours = {path.name for path in (root / "stages/pins").glob("*.whl")}
    assert ours == {wheel_of(pin).name for pin in pins if pin.name in BUILT}
    for pin in pins:
        if pin.name in BUILT:
            assert sha256(wheel_of(pin)) in pin.hashes
