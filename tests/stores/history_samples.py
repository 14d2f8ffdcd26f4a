"""A verdict, and the table as it was before it had revisions."""

from __future__ import annotations

import json
from pathlib import Path

from stages.records.verdict import Verdict, parse_verdict

_SPARSE = Path(__file__).parents[1] / "records/golden/verdicts/sparse.json"
# With what the first code said alone.
VERDICT = parse_verdict(_SPARSE.read_bytes())


def on_week(start: str, end: str) -> Verdict:
    """Return the same verdict on another window."""
    content = json.loads(_SPARSE.read_text())
    content["window"] |= {"from": start, "to": end}
    return parse_verdict(json.dumps(content))


# What `create_all` made, and a row in it.
UNVERSIONED = """
CREATE TABLE embedding_drift_metrics (
    model VARCHAR(64) NOT NULL,
    window_from DATE NOT NULL,
    window_to DATE NOT NULL,
    decision VARCHAR(32) NOT NULL,
    messages INTEGER NOT NULL,
    reference_messages INTEGER NOT NULL,
    votes INTEGER NOT NULL,
    p_value DOUBLE PRECISION,
    predicted_spam_share DOUBLE PRECISION,
    realised_one_minus_auc_percent DOUBLE PRECISION,
    domain_classifier_value DOUBLE PRECISION,
    domain_classifier_threshold DOUBLE PRECISION,
    domain_classifier_p_value DOUBLE PRECISION,
    domain_classifier_ratio DOUBLE PRECISION,
    domain_classifier_effect DOUBLE PRECISION,
    mmd_value DOUBLE PRECISION,
    mmd_threshold DOUBLE PRECISION,
    mmd_p_value DOUBLE PRECISION,
    mmd_ratio DOUBLE PRECISION,
    mmd_effect DOUBLE PRECISION,
    cosine_value DOUBLE PRECISION,
    cosine_threshold DOUBLE PRECISION,
    cosine_p_value DOUBLE PRECISION,
    cosine_ratio DOUBLE PRECISION,
    cosine_effect DOUBLE PRECISION,
    domain_classifier_voted BOOLEAN,
    mmd_voted BOOLEAN,
    cosine_voted BOOLEAN,
    PRIMARY KEY (model, window_from, window_to)
)
"""
UNVERSIONED_ROW = """
INSERT INTO embedding_drift_metrics
    (model, window_from, window_to, decision, messages, reference_messages, votes, mmd_value)
VALUES ('old', '2002-08-05', '2002-08-12', 'changed', 321, 900, 2, 0.25)
"""
