import datetime as dt

import pytest

from stages.mail.parse import parse_date
from stages.mail.received import DateRange

THEN = DateRange(dt.datetime(2001, 1, 1, tzinfo=dt.UTC), dt.datetime(2003, 3, 1, tzinfo=dt.UTC))
RECEIVED = b"Received: from a by b (x; y) with SMTP id 1; Wed, 21 Aug 2002 08:33:03 -0400 (EDT)\n"
NOON = dt.datetime(2002, 8, 21, 12, 33, 3, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (RECEIVED, NOON),
        (RECEIVED + b"Date: Thu, 1 Jan 2028 00:00:00 +0000\n", NOON),
        # The topmost line is the receiving server's own.
        (RECEIVED + b"Received: from c by a; Tue, 20 Aug 2002 10:00:00 +0000\n", NOON),
        (b"Received: from nowhere\nReceived: by x; yesterday\n" + RECEIVED, NOON),
        (b"Received: by x; Sat, 1 Jan 0102 00:00:00 +0000\n" + RECEIVED, NOON),
        (b"Received: by x; Fri, 1 Jan 2028 00:00:00 +0000\n" + RECEIVED, NOON),
        (b"Received: by x\n  ;\n\tWed, 21 Aug 2002\n 12:33:03 +0000\n", NOON),
        (b"Date: Wed, 21 Aug 2002 12:33:03 +0000\n", NOON),
        (b"Date: Wed, 21 Aug 2002 12:33:03\n", NOON),
        (b"Date: 21 Aug 02 12:33:03 GMT\n", NOON),
        (b"Date: Thu, 1 Jan 2028 00:00:00 +0000\n", None),
        (b"Date: Sat, 1 Jan 0102 00:00:00 +0000\n", None),
        (b"Date: Wed, 31 Dec 9999 23:59:59 -2359\n", None),
        (b"Date: Wed, 21 Aug 2002 12:33:03 +99999999999\n", None),
        (b"Date: soon\n", None),
        (b"Subject: none\n", None),
        # A comment is not the date, wherever it stands and whatever is in it.
        (b"Received: by x; Wed, 21 Aug 2002 08:33:03 -0400 (EDT; by (y; z))\n", NOON),
        (b"Received: by x (TLS; \\); a); Wed, 21 Aug 2002 08:33:03 -0400\n", NOON),
        (b"Received: by x (unclosed; Wed, 21 Aug 2002 08:33:03 -0400\n", NOON),
        (b"Received: by x; (then) Wed, 21 Aug 2002 (so) 08:33:03 -0400\n", NOON),
        (b"Received: from " + b"x" * 5_000 + b"; Wed, 21 Aug 2002 08:33:03 -0400\n", NOON),
        # Fractions of a second, offsets, and zones as servers write them.
        (b"Received: by x; Wed, 21 Aug 2002 08:33:03.5 -0400\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 08:33:03,123456 -04:00\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 +02:00\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 +02:00 (CEST)\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03+0200\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 GMT+2\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 GMT+02:00\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 UTC +0200\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 CEST\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 21:33:03 jst\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 05:33:03 PDT\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 12:33:03 UTC\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 12:33:03 IST\n", NOON),
        (b"Received: by x; Wed Aug 21 12:33:03 2002\n", NOON),
        (b"Received: by x; Wed Aug 21 14:33:03 CEST 2002\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 08:33:03 (EDT)\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 +02:00 (CEST)\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 14:33:03 +0200 CEST\n", NOON),
        (b"Received: by x; Wed, 21 Aug 2002 12:33:03Z;\n", NOON),
        (b"Received: by x; 2002-08-21T12:33:03Z\n", NOON),
        (b"Received: by x; 2002-08-21T14:33:03.999+02:00\n", NOON),
        (b"Received: by x; 2002-08-21 08:33:03 -0400\n", NOON),
        (b"Received: by x; 2002-08-21 12:33:03 UTC\n", NOON),
        (b"Received: by x; 2002-08-21\n", dt.datetime(2002, 8, 21, tzinfo=dt.UTC)),
    ],
)
def test_the_receiving_server_says_when(head: bytes, expected: dt.datetime | None) -> None:
    assert parse_date(head + b"\nbody", THEN) == expected


def test_another_source_has_other_dates() -> None:
    head = b"Date: Thu, 1 Jan 2026 00:00:00 +0000\n\n"
    assert parse_date(head, THEN) is None
    assert parse_date(head) == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
