"""`make review`: the page about what is checked out, as files, and below a pull request."""

from __future__ import annotations

from stages.forge.actions import summarise
from stages.forge.connect import open_forge
from stages.forge.protocol import Forge
from stages.machine.console import say
from stages.machine.errors import ForgeError
from stages.records.layout import HERE, Layout
from stages.records.verdict import Verdict
from stages.review.excerpts import excerpts_of
from stages.review.facts import Facts, gather
from stages.review.page import page
from stages.review.write import drawn, write_review
from stages.versioning import git
from stages.versioning.dvc import reproduce

TOPIC = "review"


def review(base: str | None, pull_request: int | None, layout: Layout = HERE) -> None:
    """Bring the candidate up to date, write its review, let that be a comment of `pull_request`.

    Args:
        base: the commit to compare with; where main and this meet by default.
        pull_request: its number; None for files alone.
        layout: the checkout.

    Raises:
        RegistryError, DataError: there is no candidate to review.
        GitError, ForgeError: the base is not known, or the forge refuses.
    """
    # What is proposed may be parameters alone.
    reproduce("register", layout=layout)
    facts = _facts(base or git.meeting_point(layout), layout)
    say(f"review: {write_review(facts, layout)}")
    forge = open_forge() if pull_request is not None else None
    text = page(facts, _committed(forge, layout))
    summarise(text)
    if pull_request is None:
        return
    if forge is None:
        raise ForgeError(
            f"pull request {pull_request} of an unknown repository",
            expected="GITHUB_REPOSITORY, as owner/name, and a token",
            fix="set both, or leave the number out to write files alone",
        )
    forge.comment(pull_request, TOPIC, text)
    say(f"review: written below pull request {pull_request}")


def _facts(base: str, layout: Layout) -> Facts:
    verdict = Verdict.read(layout) if layout.verdict.exists() else None
    excerpts = excerpts_of(verdict.carriers if verdict else (), layout)
    facts = gather(base, verdict=verdict, excerpts=excerpts, layout=layout)
    if verdict is None or verdict.model == facts.receipt.champion:
        return facts
    # A verdict on another model than the champion says nothing about this candidate.
    return gather(base, verdict=None, layout=layout)


def _committed(forge: Forge | None, layout: Layout) -> dict[str, str]:
    """Return the addresses of the pictures that are committed as they were drawn now.

    By the commit that made them: what is checked out may be a merge that is thrown away.
    """
    found = {}
    for name in drawn(layout.review) if forge else []:
        path = layout.review / name
        made = git.history(path, layout)
        if forge and made and git.content(made[0], path, layout) == path.read_bytes():
            found[name] = forge.raw(made[0], layout.inside(path).as_posix())
    return found
