"""What a verdict was judged by, its words, and the labels behind its realised quality.

Rows of before keep nulls there until `python -m stages history` writes them again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "changed": sa.Boolean(),
    "matters": sa.Boolean(),
    "quorum": sa.Integer(),
    "copies": sa.Integer(),
    "usual_windows": sa.Integer(),
    "false_alarm_rate": sa.Double(),
    "effect_floor": sa.Double(),
    "max_realised_loss_percent": sa.Double(),
    "labelled_spam": sa.Integer(),
    "labelled_ham": sa.Integer(),
    "realised_one_minus_auc_percent_low": sa.Double(),
    "realised_spam_recall_at_1_percent": sa.Double(),
    "realised_f1": sa.Double(),
    "holdout_one_minus_auc_percent": sa.Double(),
    "reason": sa.Text(),
    "details": sa.Text(),
}


def upgrade() -> None:
    """Add the columns."""
    for name, kind in _COLUMNS.items():
        op.add_column("embedding_drift_metrics", sa.Column(name, kind, nullable=True))
