"""The parameters: `params.yaml` from `conf/`."""

from __future__ import annotations

from stages.cli.parameters import check, overrides
from stages.cli.verb import verb


@verb(
    details="Each GROUP=OPTION picks another file of conf/GROUP/, and SECTION.KEY=VALUE sets one "
    "value, as Hydra takes them.",
    examples=(
        "make params",
        "python -m stages params size=small",
        "python -m stages params classifier=linear_svm search.trials=3",
        "python -m stages params --check",
    ),
)
@check
@overrides
def params(check: bool, overrides: tuple[str, ...]) -> None:
    """Compose conf/ into params.yaml."""
    from stages import config
    from stages.machine.console import say
    from stages.machine.files import write_text

    if check:
        config.check_composition()
        say("params.yaml is the composition of conf/")
        return
    write_text(config.PARAMS, config.params_text(config.compose(overrides)))
    say("params.yaml written from conf/")
