"""Colours that people with any colour vision tell apart (Okabe & Ito, jfly.uni-koeln.de/color).

Colour is never alone: limits are dashed, and each decision has its own row or word.
"""

from __future__ import annotations

from dataclasses import dataclass

from stages.records.decision import Decision

# Blue, orange, purple, green.
PALETTE = ("#0072B2", "#E69F00", "#CC79A7", "#009E73")
LIMIT = "#7F8590"


@dataclass(frozen=True)
class Mark:
    """How a decision is drawn.

    Attributes:
        colour: its colour in Grafana; the page has its own for light and for dark.
        symbol: its mark, by Plotly's name.
    """

    colour: str
    symbol: str


MARKS = {
    Decision.NOT_ENOUGH_MAIL: Mark("#7F8590", "circle-open"),
    Decision.NO_DRIFT: Mark("#009E73", "circle"),
    Decision.CHANGED: Mark("#E69F00", "diamond"),
    Decision.DRIFT: Mark("#D55E00", "x"),
}
