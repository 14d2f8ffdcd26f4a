"""Colours that people with any colour vision tell apart (Okabe & Ito, jfly.uni-koeln.de/color).

Colour is never alone: limits are dashed, and each decision has its own row or word.
"""

from __future__ import annotations

# Blue, orange, purple, green.
PALETTE = ("#0072B2", "#E69F00", "#CC79A7", "#009E73")
LIMIT = "#7F8590"
DECISION_COLOURS = {
    "not_enough_mail": "#7F8590",
    "no_drift": "#009E73",
    "changed": "#E69F00",
    "drift": "#D55E00",
}
