"""Mails as senders really write them, each with the value that a reader would see."""

import datetime as dt
import json
from pathlib import Path

import pytest

from stages.mail.parse import parse_message

FOLDER = Path(__file__).parent / "cases"
CASES = json.loads((FOLDER / "mail.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_mail_is_read_as_its_reader_sees_it(case: dict[str, str]) -> None:
    mail = parse_message((FOLDER / f"{case['name']}.eml").read_bytes())
    value = getattr(mail, case["field"])
    assert (value.isoformat() if isinstance(value, dt.datetime) else value) == case["expected"]


def test_every_case_is_listed() -> None:
    assert {case["name"] for case in CASES} == {path.stem for path in FOLDER.glob("*.eml")}
