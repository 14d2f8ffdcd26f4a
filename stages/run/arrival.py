"""What a scoring found, brought to where others look for it, even if DVC has only restored it."""

from __future__ import annotations

from stages import config
from stages.infer import PREDICTIONS
from stages.machine.console import say
from stages.records.layout import Layout
from stages.records.pointer import in_production
from stages.records.verdict import Verdict
from stages.stores.delivery import deliver, predictions_url
from stages.stores.predictions import Drop
from stages.stores.publication import publish_verdict


def bring(params: config.Params, *, then: str) -> None:
    """Let predictions be in S3, if asked, and the verdict where verdicts are kept.

    DVC may have restored the results of infer and monitor instead of running them: then nothing
    has gone there yet. What is there already is left alone.

    Args:
        params: whose window was scored.
        then: the command that brings it again, for people who must fix a store first.

    Raises:
        StoreError: a store cannot be reached or refuses; what was found is still here.
    """
    bring_predictions(params, then=then)
    publish_verdict(Verdict.read(Layout()), params.stores)


def bring_predictions(params: config.Params, *, then: str) -> None:
    """Do the first half of `bring`."""
    if url := predictions_url(params.stores.predictions):
        drop = Drop(in_production()[0], params.window)
        say(f"predictions: {deliver(PREDICTIONS, drop, url, then=then)}")
