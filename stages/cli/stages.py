"""The seven stages of the pipeline, each alone."""

from __future__ import annotations

import click

from stages.cli.verb import verb

SPLITS = ("train", "holdout", "batch")


def _run(stage: str, *split: str) -> None:
    from stages.run.stage import run_stage

    run_stage(stage, *split)


@verb(details="Writes data/fetch/.", examples=("dvc repro fetch",))
def fetch() -> None:
    """Read the source, split it in time, drop near duplicates."""
    _run("fetch")


@verb(details="Writes data/embed/SPLIT.parquet.", examples=("python -m stages embed batch",))
@click.argument("split", type=click.Choice(SPLITS))
def embed(split: str) -> None:
    """Encode the messages of one split."""
    _run("embed", split)


@verb(details="Writes data/train/.", examples=("dvc repro train",))
def train() -> None:
    """Search, fit and calibrate the classifier."""
    _run("train")


@verb(details="Writes data/evaluate/.", examples=("dvc repro evaluate",))
def evaluate() -> None:
    """Score candidate and champion on the holdout."""
    _run("evaluate")


@verb(
    details="Writes data/register/receipt.json. A refused candidate is a result, not an error: the "
    "receipt gives the gate's reasons.",
    examples=("dvc repro register",),
)
def register() -> None:
    """Register the candidate, let the gate decide, write the receipt."""
    _run("register")


@verb(details="Writes data/infer/.", examples=("dvc repro infer",))
def infer() -> None:
    """Score the batch with the production model."""
    _run("infer")


@verb(details="Writes data/monitor/drift.json, the verdict.", examples=("dvc repro monitor",))
def monitor() -> None:
    """Compare the batch with the production model's reference."""
    _run("monitor")
