"""The DVC remote: data and models, to and from the team's S3."""

from __future__ import annotations

from stages.cli.parameters import check
from stages.cli.verb import verb


@verb(
    details="Sends every file that dvc.lock names, then looks whether the remote has them all.",
    examples=("make push", "python -m stages push --check"),
)
@check
def push(check: bool) -> None:
    """Send data and models to the DVC remote."""
    from stages.versioning import transfer

    if check:
        transfer.check_pushed()
    else:
        transfer.push()


@verb(
    details="Every file that dvc.lock names is then in the cache and in the working folder.",
    examples=("make pull",),
)
def pull() -> None:
    """Fetch data and models from the DVC remote."""
    from stages.versioning import transfer

    transfer.pull()
