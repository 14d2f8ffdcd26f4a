"""The scheduled job: the right-hand chain of `dvc.yaml` in this process, without DVC and git."""

from __future__ import annotations

from stages.records.layout import HERE, Layout
from stages.run.stage import run_stage
from stages.run.summary import print_scoring
from stages.versioning.alone import alone

CHAIN = (("fetch",), ("embed", "batch"), ("infer",), ("monitor",))


def score(layout: Layout = HERE) -> None:
    """Fetch the mail, score its batch with the production model, look for drift, and say so.

    Every stage runs, whatever an earlier job left: it is unknown what that was made from.

    Raises:
        BusyError: a run, another scoring or a DVC command is at work here.
        UserError: of a stage; those after it have not run.
    """
    with alone(layout):
        for stage in CHAIN:
            run_stage(*stage, layout=layout)
        print_scoring(layout)
