"""What the loop asks of a forge: pull requests, one comment, one issue. GitHub's is `github.py`.

A second forge is another class with these methods, and a line in `connect.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class PullRequest:
    """A pull request of this very repository, not of a fork.

    Attributes:
        number: as people say it.
        branch: what it wants merged.
        state: `merged` is closed too, by its merge.
        url: of its page.
    """

    number: int
    branch: str
    state: Literal["open", "closed", "merged"]
    url: str


class Forge(Protocol):
    """A forge's view of this repository. Every method may raise a ForgeError."""

    def newest_of(self, branch: str) -> PullRequest | None:
        """Return the newest pull request of `branch`, whatever its state."""

    def open_below(self, prefix: str) -> list[PullRequest]:
        """Return the open pull requests of branches whose name begins with `prefix`."""

    def propose(self, branch: str, title: str, body: str) -> PullRequest:
        """Open a pull request of `branch` to main."""

    def rewrite(self, number: int, title: str, body: str) -> None:
        """Give a pull request another title and body."""

    def comment(self, number: int, topic: str, body: str) -> None:
        """Let the one comment on `topic` below a pull request say `body`."""

    def notice(self, topic: str, title: str, body: str) -> str:
        """Let the one open issue on `topic` say `body`; return its address."""

    def start_checks(self, pull_request: PullRequest) -> bool:
        """Start the checks of a pull request, if the forge does not by itself; return whether."""

    def raw(self, commit: str, path: str) -> str:
        """Return the address where whoever may read the repository sees a file of `commit`."""
