"""The verdict's file: today's bytes, files of earlier code, and files that are not one."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path

import pytest

from stages.machine.errors import DataError
from stages.records.decision import Cause, Decision
from stages.records.layout import Layout
from stages.records.verdict import Verdict, parse_verdict

GOLDEN = Path(__file__).parent / "golden/verdicts"
TODAY = ["not_enough_mail", "no_drift", "changed", "drift", "unexplained"]


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", TODAY)
def test_today_s_verdict_is_written_as_it_was_read(tmp_path: Path, name: str) -> None:
    layout = Layout(tmp_path)
    layout.verdict.parent.mkdir(parents=True)
    layout.verdict.write_bytes(golden(name))
    verdict = Verdict.read(layout)
    layout.verdict.unlink()
    verdict.write(layout)
    assert layout.verdict.read_bytes() == golden(name)
    assert verdict.as_written() == verdict


def test_what_it_says_has_types() -> None:
    verdict = parse_verdict(golden("drift"))
    assert verdict.decision is Decision.DRIFT
    assert verdict.drifted
    assert verdict.cause is Cause.CONTENT
    assert verdict.window.start == dt.date(2002, 9, 2)
    assert list(verdict.statistics) == ["cosine", "domain_classifier", "mmd"]
    assert verdict.carriers[0].called_spam is True
    assert verdict.report == "data/monitor/report.html"


def test_a_verdict_of_before_the_log_loss_loads() -> None:
    verdict = parse_verdict(golden("before_log_loss"))
    assert verdict.quality is not None
    assert verdict.quality.log_loss is None
    assert not verdict.quality.hurts(0.0)
    assert verdict.max_log_loss_rise is None
    assert verdict.max_realised_loss_percent == 1.0
    # What only earlier code wrote is not lost, and not written where it was never said.
    assert json.loads(verdict.text)["max_realised_loss_percent"] == 1.0
    assert "max_realised_loss_percent" not in parse_verdict(golden("drift")).text


@pytest.mark.parametrize("name", ["first", "sparse"])
def test_the_verdicts_of_the_first_code_load(name: str) -> None:
    verdict = parse_verdict(golden(name))
    assert verdict.decision is Decision.DRIFT
    assert verdict.statistics["mmd"].voted
    assert not verdict.statistics["mmd"].unusual
    assert (verdict.changed, verdict.window.copies, verdict.carriers) == (None, None, ())
    assert verdict.report is None


def test_a_later_field_is_passed_over() -> None:
    later = json.loads(golden("drift")) | {"mood": "gloomy"}
    assert parse_verdict(json.dumps(later)) == parse_verdict(golden("drift"))


def test_a_threshold_that_nothing_reaches_is_null_in_the_file() -> None:
    content = json.loads(golden("no_drift"))
    content["statistics"]["mmd"]["threshold"] = None
    verdict = parse_verdict(json.dumps(content))
    assert verdict.statistics["mmd"].threshold == math.inf
    assert json.loads(verdict.text) == content


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"decision": "calm"}, "decision"),
        ({"model": None}, "model"),
        ({"model": "../../../outside"}, "model"),
        ({"window": {"from": "yesterday"}}, "window.from"),
        ({"statistics": {"mmd": 1}}, "statistics.mmd"),
    ],
)
def test_a_forged_file_is_one_line_that_names_the_fault(
    tmp_path: Path, change: dict[str, object], named: str
) -> None:
    layout = Layout(tmp_path)
    layout.verdict.parent.mkdir(parents=True)
    layout.verdict.write_text(json.dumps(json.loads(golden("drift")) | change))
    with pytest.raises(DataError, match=named.replace(".", r"\.")) as caught:
        Verdict.read(layout)
    assert "\n" not in str(caught.value)
    assert "dvc repro monitor" in str(caught.value)


def test_no_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        Verdict.read(Layout(tmp_path))
