"""A verdict, and the table as it was before it had revisions."""

from __future__ import annotations

from typing import Any

STATISTIC = {
    "value": 0.9,
    "threshold": 0.6,
    "p_value": 0.002,
    "ratio": 4.0,
    "effect": 2.0,
    "voted": True,
}
VERDICT: dict[str, Any] = {
    "decision": "drift",
    "model": "a" * 64,
    "window": {
        "from": "2002-09-02",
        "to": "2002-09-09",
        "messages": 300,
        "predicted_spam_share": 0.2,
    },
    "reference": {"messages": 1000},
    "votes": 3,
    "p_value": 0.002,
    "statistics": dict.fromkeys(("domain_classifier", "mmd", "cosine"), STATISTIC),
    "quality": {"one_minus_auc_percent": 3.2},
}

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
