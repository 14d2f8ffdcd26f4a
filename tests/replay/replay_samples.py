"""Eight weeks of made-up mail, which is about other things from a known week on."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from stages.mail.message import content_id

FIRST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
WEEKS, A_WEEK = 8, 56
# The first day of the sixth week.
CHANGE = dt.date(2024, 2, 5)
_WORDS = {
    "ham": "kernel patch driver compile meeting agenda report budget release server schedule "
    "reviewer deadline memory thread config package module network branch",
    "spam": "casino jackpot winner prize bonus lottery cash million claim lucky pills discount "
    "pharmacy cheap guaranteed offer credit mortgage loan free",
    "new ham": "recipe flour oven garden tomato holiday mountain train museum concert guitar "
    "bicycle soup bakery grandmother picnic weather umbrella forest river",
    "new spam": "invoice attached account suspended verify password login security update "
    "confirm identity customer bank statement transfer courier parcel customs delivery",
}


def stream(*, change: bool = True) -> list[dict[str, Any]]:
    """Return the mail, one each three hours, no two alike; every third is spam."""
    rng = random.Random(0)
    rows = []
    for number in range(WEEKS * A_WEEK):
        received = FIRST + dt.timedelta(hours=3 * number)
        label = "ham" if number % 3 else "spam"
        kind = f"new {label}" if change and received.date() >= CHANGE else label
        text = " ".join(rng.choices(_WORDS[kind].split(), k=25))
        subject = f"mail {number}"
        row = {"received_at": received, "subject": subject, "text": text, "label": label}
        rows.append(row | {"source": "test", "id": content_id("test", subject, text)})
    return rows
