"""What a person sees of tables that are not quite tables: the right rows, or the line to repair."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages import config
from stages.machine.errors import SourceError
from stages.mail.sources import MailSource, csv_rows, lines, open_source
from stages.mail.sources import rows as rows_module

TABLES = Path(__file__).parent / "tables"
CONF = "conf/source/files.yaml"
CLOCK = config.Clock(start=dt.date(2024, 1, 1), messages_per_day=1000)
DAYS = (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 2, 1, tzinfo=dt.UTC))


def source(path: Path, columns: config.Columns | None = None, **more: Any) -> MailSource:
    """The mail of `path`, dated by a clock unless `columns` says otherwise."""
    columns = columns or config.Columns("text", "label", None, None)
    labels = config.LabelValues("ham", "spam")
    clock = None if columns.received_at else CLOCK
    kind: Any = path.suffix.removeprefix(".")
    return open_source(
        config.FilesSource("files", [str(path)], kind, columns, labels, clock, **more), seed=1
    )


def read(mail: MailSource) -> list[dict[str, Any]]:
    mail.survey()
    return [row for batch in mail.batches(*DAYS) for row in batch.to_pylist()]


def rows_of(path: Path, **more: Any) -> set[tuple[str | None, str]]:
    return {(row["label"], row["text"]) for row in read(source(path, **more))}


def refusal(path: Path, columns: config.Columns | None = None, **more: Any) -> str:
    """The line that a person reads, without the folder and with the fix."""
    with pytest.raises(SourceError) as caught:
        read(source(path, columns, **more))
    line = str(caught.value)
    assert "\n" not in line
    assert "; fix: " in line
    return line.replace(f"{path.parent}/", "")


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_the_tables_that_people_have_sent() -> None:
    found = refusal(TABLES / "csv-unclosed-quote.csv")
    assert found.startswith(
        "csv-unclosed-quote.csv, line 3: a quote opened here is never closed; expected the closing"
    )
    found = refusal(TABLES / "csv-extra-fields.csv")
    assert found.startswith(
        "csv-extra-fields.csv, line 3: 4 fields; expected 2, as in the header; fix: put"
    )
    columns = config.Columns("v2", "v1", None, None)
    found = refusal(TABLES / "csv-latin1.csv", columns)
    assert found.startswith("csv-latin1.csv, line 2: the byte 0xa3 is not utf-8; expected utf-8")
    assert f"set source.encoding in {CONF}" in found
    assert rows_of(TABLES / "csv-latin1.csv", columns=columns, encoding="latin-1") == {
        ("spam", "WIN £1000 now é"),
        ("ham", "ok"),
    }
    found = refusal(TABLES / "jsonl-nan-text.jsonl")
    assert found.startswith("jsonl-nan-text.jsonl, line 1: the number nan in 'text'; expected text")
    assert rows_of(TABLES / "jsonl-first-line-unlabelled.jsonl") == {
        (None, "nobody judged"),
        ("spam", "b"),
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        # The quote that swallows others, wherever it opens.
        ('text,label\n"a\nb",ham\n"c,spam\nd,ham\n', "line 4: a quote opened here is never closed"),
        ('text,label\na,ham\n"c\nd","ham\ne,spam\n', "line 4: a quote opened here is never closed"),
        (
            'text,label\n"c,spam\nd,ham\n"e",spam\n',
            "line 4: 'e\",spam' follows the closing quote of the field that opened in line 2",
        ),
        ('"text,label\na,ham\n', "line 1: a quote opened here is never closed"),
        # A quote within a text.
        ('text,label\na,ham\n"say "hi" now",ham\n', "line 3: 'hi\" now\",h' follows the closing"),
        ('text,label\n"say \\"hi\\" now",ham\n', "a backslash does not do it"),
        ('text,label\n"c" ,ham\n', "line 2: ' ,ham' follows the closing quote;"),
        # More and fewer fields.
        ("text,label\na,ham\nb\n", "line 3: 1 field; expected 2, as in the header"),
        ("text,label\na,ham,\n", "line 2: 3 fields; expected 2"),
        ('text,label\n"a\nb",ham\nc,d,ham\n', "line 4: 3 fields; expected 2"),
        ('text,label\na, "b, c",ham\n', "line 2: 4 fields; expected 2"),
        ("text,label,,\na,ham,,\nb,c,ham,\n", "line 3: 3 fields; expected 2"),
        # Two columns of one name, whether they are asked for or not.
        ("label,text,text\nham,a,b\n", "line 1: columns 2 and 3 are both called 'text'"),
        ("x,label,text,x\n1,ham,a,2\n", "line 1: columns 1 and 4 are both called 'x'"),
        # Another delimiter.
        ("text;label\na;ham\n", "line 1: one column, 'text;label'; expected columns with ','"),
        ("text\tlabel\na\tham\n", "set source.delimiter in conf/source/files.yaml to '\\t'"),
        # Labels.
        ("text,label\na,ham\nb,junk\n", "line 3: the label 'junk'; expected one of 'ham', 'spam'"),
        ("text,label\na,ham\nb,Spam\n", "line 3: the label 'Spam', did you mean 'spam'?"),
        ("", "has the columns none"),
    ],
)
def test_csv_that_is_malformed_names_its_line(tmp_path: Path, content: str, said: str) -> None:
    assert said in refusal(written(tmp_path, "mail.csv", content))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # Backslashes stay; quotes are doubled; a quote within an unquoted text is text.
        ('text,label\n"C:\\dir\\",ham\n', "C:\\dir\\"),
        ("text,label\nC:\\n,ham\n", "C:\\n"),
        ('text,label\n"say ""hi""",ham\n', 'say "hi"'),
        ('text,label\na 12" pizza,ham\n', 'a 12" pizza'),
        ('text,label\n"one\r\ntwo, three",ham\n', "one\ntwo, three"),
        # Marks, empty lines and line ends of other systems.
        ("\ufefftext,label\r\na,ham\r\n\r\n", "a"),
        ('\ufeff"text","label"\na,ham\n', "a"),
        ("text,label\ra,ham\r", "a"),
        ("\ntext,label\n\na,ham", "a"),
        # An index without a name, as pandas writes it, and a spreadsheet's empty columns.
        (",text,label\n0,a,ham\n", "a"),
        ("text,label,,\na,ham,,\n", "a"),
        ("text,label,,\na,ham\n", "a"),
        # Words that tolerant readers take for nothing.
        ("text,label\nNaN,ham\n", "NaN"),
        ("text,label\nnull,ham\n", "null"),
        ("text,label\n,ham\n", ""),
    ],
)
def test_csv_that_is_odd_is_read_right(tmp_path: Path, content: str, expected: str) -> None:
    assert rows_of(written(tmp_path, "mail.csv", content)) == {("ham", expected)}


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.sampled_from(",;\t"))
def test_what_was_written_is_read(rows: list[tuple[str, str]], delimiter: str) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerows([("text", "label"), *rows])
    table = rows_module.Table("mail.csv", CONF, "utf-8", delimiter, {"text"}, lambda _: None)
    content = io.BytesIO(written.getvalue().encode())
    found = csv_rows.read_csv(content, ["text", "label"], table)
    assert [(row.values["text"], row.values["label"]) for row in found] == rows


def test_another_delimiter_is_one_key_away(tmp_path: Path) -> None:
    path = written(tmp_path, "mail.csv", 'text;label\na, b;ham\n"c;d";spam\n')
    assert rows_of(path, delimiter=";") == {("ham", "a, b"), ("spam", "c;d")}
    path = written(tmp_path, "mail.csv", "text\tlabel\na, b\tham\n")
    assert rows_of(path, delimiter="\t") == {("ham", "a, b")}


def test_an_open_quote_does_not_swallow_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "MAX_CELL_CHARS", 1000)
    path = written(tmp_path, "mail.csv", 'text,label\n"a,ham\n' + "b,ham\n" * 1000)
    assert "line 2: a quote opened here is not closed within 1,000 characters" in refusal(path)


@pytest.mark.parametrize("name", ["mail.csv", "mail.jsonl"])
def test_a_line_without_end_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_CHARS", 1000)
    path = written(tmp_path, name, "x" * 10_000)
    assert f"{name}, line 1: more than 1,000 characters" in refusal(path)


@pytest.mark.parametrize(
    ("encoding", "content", "said"),
    [
        ("utf-8", b'text,label\nok,ham\n"one\ntwo \xe9",ham\n', "line 4: the byte 0xe9 is not"),
        ("utf-8", b"text,label\nok,ham\ncut \xc3", "line 3: the byte 0xc3 is not utf-8"),
        ("utf-8", "text,label\na,ham\n".encode("utf-16"), "line 1: the byte 0xff is not utf-8"),
        ("ascii", "text,label\n\né,ham\n".encode(), "line 3: the byte 0xc3 is not ascii"),
        ("windows-1252", b"text,label\na\x81,ham\n", "line 2: the byte 0x81 is not windows-1252"),
        ("utf-16", "text,label\na,ham\n".encode("utf-16")[:-1], "line 2: the byte 0x0a is not"),
        ("utf-16", b"text,label\na,ham\n", "line 1: UTF-16 stream does not start with BOM"),
        ("idna", b"text,label\na\xff,ham\n", "line 1: Unsupported error handling"),
        ("undefined", b"text,label\na,ham\n", "line 1: undefined encoding"),
        ("shift_jis", b"text,label\n\x82\xa0,ham\n\xff,ham\n", "line 3: the byte 0xff is not"),
    ],
)
def test_another_encoding_names_the_line_and_the_key(
    tmp_path: Path, encoding: str, content: bytes, said: str
) -> None:
    line = refusal(written(tmp_path, "mail.csv", content), encoding=encoding)
    assert said in line
    assert f"set source.encoding in {CONF}" in line


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16", "utf-16-le", "koi8-r"])
@pytest.mark.parametrize("name", ["mail.csv", "mail.jsonl"])
def test_the_encoding_of_conf_is_the_one_that_is_read(
    tmp_path: Path, encoding: str, name: str
) -> None:
    text = "Привет" if encoding == "koi8-r" else "£ é"
    row = f"text,label\n{text},ham\n"
    if name == "mail.jsonl":
        row = json.dumps({"text": text, "label": "ham"}, ensure_ascii=False)
    path = written(tmp_path, name, row.encode(encoding))
    assert rows_of(path, encoding=encoding) == {("ham", text)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "a", "label": "ham"', "not JSON: Expecting ',' delimiter at column 29"),
        pytest.param("[" * 100_000, "not JSON: maximum recursion depth", id="brackets"),
        pytest.param("1" * 5_000, "not JSON: Exceeds the limit", id="digits"),
        ("[]", "a list, not an object"),
        ('"text"', "the text 'text', not an object"),
        ("null", "null, not an object"),
        ('{"text": "a", "text": "b", "label": "ham"}', "the key 'text' is there twice"),
        ('{"text": "a", "x": {"y": 1, "y": 2}}', "the key 'y' is there twice"),
        ('{"text": "a", "label": "ham"} {"text": "b"}', "not JSON: Extra data at column 31"),
        # Never words that nobody wrote.
        ('{"text": NaN}', "the number nan in 'text'; expected text"),
        ('{"text": 5}', "the number 5 in 'text'; expected text"),
        ('{"text": true}', "true in 'text'; expected text"),
        ('{"text": ["a", "b"]}', "a list in 'text'; expected text"),
        ('{"text": {"body": "a"}}', "an object in 'text'; expected text"),
        ('{"text": "a", "label": ["spam"]}', "a list in 'label'; expected one of 'ham', 'spam'"),
        ('{"text": "a", "label": NaN}', "the label 'nan'"),
        ('{"text": "a", "label": "junk"}', "the label 'junk'"),
        ('{"tekst": "a", "label": "ham"}', "no 'text'; expected a text in each row"),
        ("{}", "no 'text'"),
    ],
)
def test_json_lines_that_are_malformed_name_their_line(
    tmp_path: Path, line: str, said: str
) -> None:
    good = '{"text": "fine", "label": "ham"}\n'
    path = written(tmp_path, "mail.jsonl", f"{good}\n{line}\n{good}")
    assert f"mail.jsonl, line 3: {said}" in refusal(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('\ufeff{"text": "a", "label": "ham"}\r\n\r\n', {("ham", "a")}),
        ('{"text": null, "label": "ham"}', {("ham", "")}),
        (
            '{"text": "a", "label": null}\n{"label": "spam", "text": "b"}',
            {(None, "a"), ("spam", "b")},
        ),
        (
            '{"text": "a", "new": 1}\n{"text": "b", "label": ""}\n{"text": "c", "label": "ham"}',
            {(None, "a"), (None, "b"), ("ham", "c")},
        ),
        ('{"text": "\\ud83d!", "label": "ham"}', {("ham", "\ufffd!")}),
        ('{"text": "a\u2028b", "label": "ham", "score": NaN}', {("ham", "a\u2028b")}),
    ],
)
def test_each_line_of_json_is_judged_on_its_own(
    tmp_path: Path, content: str, expected: set[tuple[str | None, str]]
) -> None:
    assert rows_of(written(tmp_path, "mail.jsonl", content)) == expected


def test_a_key_that_no_line_of_json_has_is_a_wrong_name(tmp_path: Path) -> None:
    path = written(tmp_path, "mail.jsonl", '{"text": "a", "lable": "ham"}\n' * 3)
    assert "has the columns text, lable, did you mean 'lable'?; expected a column 'label'" in (
        refusal(path)
    )


def test_a_key_that_no_file_has_is_a_wrong_name_too(tmp_path: Path) -> None:
    path = written(tmp_path, "mail.jsonl", '{"text": "a", "verdict": "ham"}\n')
    assert "mail.jsonl has the columns text, verdict; expected a column 'label'" in refusal(path)


def test_a_file_of_mail_that_nobody_judged_is_fine_beside_others(tmp_path: Path) -> None:
    written(tmp_path, "old.jsonl", '{"text": "a", "label": "ham"}\n')
    written(tmp_path, "new.jsonl", '{"text": "b"}\n{"text": "c"}\n')
    assert rows_of(tmp_path / "*.jsonl") == {("ham", "a"), (None, "b"), (None, "c")}


def parquet(tmp_path: Path, **columns: Any) -> Path:
    path = tmp_path / "mail.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (pa.array([1, 2]), "row 1: the number 1 in 'text'; expected text"),
        (pa.array([None, float("nan")]), "row 2: the number nan in 'text'; expected text"),
        (pa.array([["a"], ["b", "c"]]), "row 1: a list in 'text'; expected text"),
        (pa.array([{"a": "b"}, None]), "row 1: an object in 'text'; expected text"),
        (pa.array([b"ok", b"\xe9"]), "row 2: bytes in 'text' that are not utf-8"),
    ],
)
def test_parquet_with_texts_that_are_none_names_the_row(
    tmp_path: Path, texts: "pa.Array[Any]", said: str
) -> None:
    assert said in refusal(parquet(tmp_path, text=texts, label=["ham", "spam"]))


def test_parquet_with_two_columns_of_one_name(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["text", "label", "text"])
    pq.write_table(table, tmp_path / "mail.parquet")
    assert "columns 1 and 3 are both called 'text'" in refusal(tmp_path / "mail.parquet")


def test_parquet_nulls_and_bytes(tmp_path: Path) -> None:
    path = parquet(tmp_path, text=pa.array([None, b"\xe9"]), label=pa.array([None, "ham"]))
    assert rows_of(path, encoding="latin-1") == {(None, ""), ("ham", "é")}


def test_a_bad_date_in_the_middle_of_parquet_names_its_row(tmp_path: Path) -> None:
    micros = pa.array([0] * 700 + [10**18]).cast(pa.timestamp("us", tz="UTC"))
    path = parquet(tmp_path, text=["a"] * 701, label=["ham"] * 701, received_at=micros)
    assert "row 701: " in refusal(path, config.Columns("text", "label", None, "received_at"))


def test_bad_dates_name_their_line(tmp_path: Path) -> None:
    columns = config.Columns("text", "label", None, "received_at")
    content = 'text,label,received_at\n"a\nb",ham,2024-01-02\nc,ham,02/30/2024\n'
    path = written(tmp_path, "mail.csv", content)
    assert "mail.csv, line 4: '02/30/2024' in 'received_at'; expected" in refusal(path, columns)
    lines = '{"text": "a", "label": "ham", "received_at": "2024-01-02"}\n'
    bad = lines.replace('"2024-01-02"', "1704153600")
    path = written(tmp_path, "mail.jsonl", lines + bad)
    assert "mail.jsonl, line 2: '1704153600' in 'received_at'" in refusal(path, columns)


def test_rows_outside_the_window_are_judged_too(tmp_path: Path) -> None:
    columns = config.Columns("text", "label", None, "received_at")
    for day in ("2030-01-01", ""):
        content = f"text,label,received_at\na,ham,2024-01-02\nb,junk,{day}\n"
        path = written(tmp_path, "mail.csv", content)
        assert "line 3: the label 'junk'" in refusal(path, columns)


@pytest.mark.parametrize("name", ["mail[1].csv", "what?.csv", "all*.csv"])
def test_a_path_that_exists_is_no_glob(tmp_path: Path, name: str) -> None:
    written(tmp_path, "mail1.csv", "text,label\nof another,ham\n")
    written(tmp_path, "whats.csv", "text,label\nof another,ham\n")
    path = written(tmp_path, name, "text,label\nhere,ham\n")
    assert rows_of(path) == {("ham", "here")}
    path.unlink()
    if name == "mail[1].csv":
        assert rows_of(path) == {("ham", "of another")}


def test_a_hub_data_set_is_read_as_strictly(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    found = pa.table({"text": [["a"], ["b"]], "label": ["ham", "spam"]})
    pq.write_table(found, tmp_path / "set" / "train.parquet")
    mail = open_source(
        config.HuggingFaceSource(
            "huggingface",
            str(tmp_path / "set"),
            None,
            ["train"],
            config.Columns("text", "label", None, None),
            config.LabelValues("ham", "spam"),
            CLOCK,
        ),
        seed=1,
    )
    with pytest.raises(SourceError, match="huggingface/set/train, row 1: a list in 'text'"):
        read(mail)
