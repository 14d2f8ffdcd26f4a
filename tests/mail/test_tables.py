import datetime as dt

import pytest

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources.mapping import Mapping
from stages.mail.sources.rows import Place, Row
from stages.mail.sources.tables import SeededClock

LABELS = config.LabelValues(ham="0", spam="1")
COLUMNS = config.Columns(text="body", label="class", subject="title", received_at="when")
MAPPING = Mapping(COLUMNS, LABELS, "conf/source/files.yaml")


def at_line_3(**values: object) -> Row:
    return Row(Place("files/a", "line", 3), values)


def test_a_row_becomes_a_message() -> None:
    row = {"body": " a\r\nb\0 ", "class": 1, "title": "two\nlines", "extra": "x"}
    message = MAPPING.message(at_line_3(**row), "files/a")
    assert message["text"] == "a\nb"
    assert message["subject"] == "two lines"
    assert message["label"] == "spam"
    assert message["source"] == "files/a"


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_label_is_mail_that_nobody_judged(value: str | None) -> None:
    row = at_line_3(**{"body": "a", "class": value})
    assert MAPPING.message(row, "files/a")["label"] is None


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(SourceError) as caught:
        MAPPING.message(at_line_3(**{"body": "a", "class": "junk"}), "files/a")
    for words in (
        "files/a, line 3: ",
        "'junk'",
        "'0', '1'",
        "source.labels in conf/source/files.yaml",
    ):
        assert words in str(caught.value)


def test_a_missing_column_is_named_with_the_nearest_and_the_key_that_fixes_it() -> None:
    with pytest.raises(SourceError) as caught:
        MAPPING.check("mail.csv", ["body", "clas", "title", "when"])
    for words in (
        "mail.csv has the columns body, clas, title, when, did you mean 'clas'?",
        "a column 'class' for source.columns.label",
        "edit source.columns.label in conf/source/files.yaml and run `make params`",
    ):
        assert words in str(caught.value)


NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-01T12:00:00Z",
        " 2024-05-01 14:00:00+02:00",
        "2024-05-01 12:00:00",
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(dt.timezone(dt.timedelta(hours=5))),
    ],
)
def test_dates_are_utc(value: str | dt.datetime) -> None:
    assert MAPPING.date(at_line_3(when=value)) == NOON


def test_a_day_is_its_midnight_and_nothing_is_no_date() -> None:
    assert MAPPING.date(at_line_3(when=dt.date(2024, 5, 1))) == NOON.replace(hour=0)
    assert MAPPING.date(at_line_3(when="")) is None
    assert MAPPING.date(at_line_3()) is None


@pytest.mark.parametrize("value", ["yesterday", 1_700_000_000, "0001-01-01T00:00:00+10:00"])
def test_what_is_no_date_is_named(value: str | int) -> None:
    with pytest.raises(
        SourceError, match=r"files/a, line 3: .*'when'.*ISO 8601.*source.columns.received_at"
    ):
        MAPPING.date(at_line_3(when=value))


def test_the_seeded_clock_is_an_order_spread_over_days() -> None:
    clock = config.Clock(start=dt.date(2024, 1, 1), messages_per_day=4)
    dates = [SeededClock(clock, 10, seed=1)[position] for position in range(10)]
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert sorted(dates) == [start + dt.timedelta(hours=6 * rank) for rank in range(10)]
    assert dates != sorted(dates)
    assert SeededClock(clock, 10, seed=1).span() == (min(dates), max(dates))
    assert [SeededClock(clock, 10, seed=2)[position] for position in range(10)] != dates


def test_a_clock_that_leads_beyond_the_calendar_is_one_line() -> None:
    late = config.Clock(start=dt.date(2199, 12, 31), messages_per_day=1)
    assert len(SeededClock(late, 2_000_000, seed=1)) == 2_000_000
    with pytest.raises(SourceError, match=r"3000000 messages at 1 a day.*source\.clock"):
        SeededClock(late, 3_000_000, seed=1)
