"""What a scoring found, brought to where others look for it, even if DVC has only restored it."""

from __future__ import annotations

from stages import config
from stages.machine.console import say
from stages.records.layout import HERE, Layout
from stages.records.pointer import in_production
from stages.records.predictions import Drop
from stages.records.verdict import Verdict
from stages.stores.delivery import deliver, predictions_url
from stages.stores.publication import publish_verdict


def bring(params: config.Params, layout: Layout = HERE, *, then: str) -> None:
    """Let predictions be in S3, if asked, and the verdict where verdicts are kept.

    DVC may have restored the results of infer and monitor instead of running them: then nothing
    has gone there yet. What is there already is left alone.

    Args:
        params: whose window was scored.
        layout: the project that scored it.
        then: the command that brings it again, for people who must fix a store first.

    Raises:
        StoreError: a store cannot be reached or refuses; what was found is still here.
    """
    if sent := send_predictions(params, layout, then=then):
        say(f"predictions: {sent}")
    publish_verdict_of(params, layout)


def send_predictions(params: config.Params, layout: Layout = HERE, *, then: str) -> str | None:
    """Do the first half of `bring`; return what was sent, None where predictions stay here."""
    url = predictions_url(params.stores.predictions)
    if url is None:
        return None
    drop = Drop(in_production(layout)[0], params.window)
    return str(deliver(layout.predictions, drop, url, then=then))


def publish_verdict_of(params: config.Params, layout: Layout = HERE) -> None:
    """Do the second half of `bring`.

    As the file says it, rounded: a history that is rebuilt from files then has the same rows.
    """
    publish_verdict(Verdict.read(layout), params.stores, layout)
