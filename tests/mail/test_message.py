from typing import Any

from stages.mail.message import batched, content_id
from stages.records.messages import BATCH_BYTES, MESSAGE_SCHEMA


def row(number: int, **more: bytes) -> dict[str, Any]:
    return {"id": str(number), "subject": "", "text": "", "source": "test"} | more


def test_batches_end_with_rows_or_with_bytes() -> None:
    sizes = [batch.num_rows for batch in batched(row(n) for n in range(1_200))]
    assert sizes == [500, 500, 200]
    mail = b"x" * (BATCH_BYTES // 2)
    assert [batch.num_rows for batch in batched(row(n, raw=mail) for n in range(3))] == [2, 1]


def test_keys_that_a_row_lacks_are_null() -> None:
    [batch] = batched([row(1)])
    assert batch.schema.equals(MESSAGE_SCHEMA)
    assert batch.to_pylist()[0]["label"] is None


def test_where_subject_and_text_meet_matters_to_the_id() -> None:
    assert content_id("s", "a", "bc") != content_id("s", "ab", "c")
