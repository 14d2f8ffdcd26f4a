import base64
import datetime as dt
import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources import open_source
from stages.records.messages import MESSAGE_SCHEMA
from tests.mail.conftest import Pack


def mail(day: int, body: bytes) -> bytes:
    date = f"Received: by b; {day} Aug 2002 12:00:00 +0000\nSubject: s{day}\n\n"
    return date.encode() + body


FILES = {
    "data/easy-ham-1/00001.a.txt": mail(1, b"caf\xc3\xa9"),
    "data/easy-ham-1/00001.a.json": b"{}",
    "data/hard-ham-1/00001.b.txt": mail(2, b"hard"),
    "data/spam-2/00001.c.txt": b"List-Id: <l>\nContent-Type: text/html\n" + mail(3, b"<p>buy"),
    "data/spam-2/00002.d.txt": b"Date: Thu, 1 Jan 2028 00:00:00 +0000\n\nundated",
    "data/spam-2/../../../../evil.txt": mail(1, b"outside"),
    "README.md": b"",
}


@pytest.fixture
def corpus(cache: Path, packed: Pack) -> config.SpamAssassinSource:
    cache.mkdir()
    data = packed(FILES)
    (cache / "stdlib-corpus-1.0.0.tgz").write_bytes(data)
    return config.SpamAssassinSource(
        kind="spamassassin",
        package="@stdlib/corpus",
        version="1.0.0",
        integrity="sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode(),
    )


def august(day: int) -> dt.datetime:
    return dt.datetime(2002, 8, day, tzinfo=dt.UTC)


def test_mails_carry_label_source_date_and_bytes(corpus: config.SpamAssassinSource) -> None:
    table = pa.Table.from_batches(open_source(corpus, seed=1).batches(august(1), august(9)))
    assert table.schema.equals(MESSAGE_SCHEMA)
    ham, hard, spam = table.to_pylist()
    raw = FILES["data/easy-ham-1/00001.a.txt"]
    assert ham["id"] == hashlib.sha256(raw).hexdigest()
    assert ham["raw"] == raw
    assert (ham["subject"], ham["text"], ham["label"]) == ("s1", "café", "ham")
    assert (ham["source"], ham["group"]) == ("spamassassin/easy-ham-1", None)
    assert ham["received_at"] == august(1) + dt.timedelta(hours=12)
    assert (hard["label"], hard["source"]) == ("ham", "spamassassin/hard-ham-1")
    assert (spam["label"], spam["text"], spam["is_html"], spam["is_list"]) == (
        "spam",
        "buy",
        True,
        True,
    )


def test_only_mails_of_the_window_are_read(corpus: config.SpamAssassinSource) -> None:
    batches = open_source(corpus, seed=1).batches(august(2), august(3))
    assert [name for batch in batches for name in batch["subject"].to_pylist()] == ["s2"]


def test_the_survey_counts_what_no_header_dates(corpus: config.SpamAssassinSource) -> None:
    survey = open_source(corpus, seed=1).survey()
    assert (survey.messages, survey.undated) == (4, 1)
    assert survey.first and survey.last
    assert (survey.first.day, survey.last.day) == (1, 3)


def test_a_package_without_mail_is_said(cache: Path, packed: Pack) -> None:
    data = packed({"README.md": b""})
    cache.mkdir()
    (cache / "stdlib-corpus-1.0.0.tgz").write_bytes(data)
    digest = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    source = config.SpamAssassinSource("spamassassin", "@stdlib/corpus", "1.0.0", digest)
    with pytest.raises(SourceError, match="holds no mail"):
        open_source(source, seed=1).survey()
