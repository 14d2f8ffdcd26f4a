"""The realised log loss, by which it is judged whether a change hurts, and its limit.

Before, (1-AUC)% was judged by `max_realised_loss_percent`, which stays in the rows that had it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COLUMNS = (
    "max_log_loss_rise",
    "realised_log_loss",
    "realised_log_loss_rise_low",
    "holdout_log_loss",
)


def upgrade() -> None:
    """Add the columns."""
    for name in _COLUMNS:
        op.add_column("embedding_drift_metrics", sa.Column(name, sa.Double(), nullable=True))
