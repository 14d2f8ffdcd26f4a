"""The table as it was before it had revisions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATISTICS = ("domain_classifier", "mmd", "cosine")
_NUMBERS = ("value", "threshold", "p_value", "ratio", "effect")
COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "model": sa.String(64),
    "window_from": sa.Date(),
    "window_to": sa.Date(),
    "decision": sa.String(32),
    "messages": sa.Integer(),
    "reference_messages": sa.Integer(),
    "votes": sa.Integer(),
    "p_value": sa.Double(),
    "predicted_spam_share": sa.Double(),
    "realised_one_minus_auc_percent": sa.Double(),
    **{f"{name}_{key}": sa.Double() for name in _STATISTICS for key in _NUMBERS},
    **{f"{name}_voted": sa.Boolean() for name in _STATISTICS},
}
_KEY = ("model", "window_from", "window_to")
_FILLED = ("decision", "messages", "reference_messages", "votes")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "embedding_drift_metrics",
        *(
            sa.Column(name, kind, primary_key=name in _KEY, nullable=name not in _KEY + _FILLED)
            for name, kind in COLUMNS.items()
        ),
    )
