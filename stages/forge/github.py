"""The adapter of GitHub's REST API: a token, or a GitHub App's key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from stages.forge.protocol import PullRequest
from stages.machine.address import shown
from stages.machine.errors import ForgeError
from stages.machine.redaction import cleaned
from stages.machine.variables import (
    APP_ID,
    APP_KEY,
    GITHUB_ACTIONS,
    GITHUB_API,
    GITHUB_API_URL,
    GITHUB_REPOSITORY,
    GITHUB_SERVER_URL,
    GITHUB_TOKEN,
)
from stages.versioning.git import MAIN

if TYPE_CHECKING:
    from github import Auth
    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.PullRequest import PullRequest as Pull
    from github.Repository import Repository

# GitHub starts these for a pull request that a person or an App opens, not for its own token's.
CHECKS = ("test.yml", "model-review.yml")
_API = "https://api.github.com"
# Who may write the comment or issue that is taken for ours: else somebody from outside could plant
# one, and change it once it holds a review.
_INSIDERS = ("OWNER", "MEMBER", "COLLABORATOR")
# Seconds.
_PATIENCE = 30

Post = TypeVar("Post", "Issue", "IssueComment")


def connect(environment: Mapping[str, str]) -> GitHub:
    """Return GitHub as the environment says: where it is, which repository, and as whom.

    Raises:
        ForgeError: there is neither a token nor an App's key, or GitHub does not know the App.
    """
    from github import Github

    api = environment.get(GITHUB_API) or environment.get(GITHUB_API_URL) or _API
    name = environment[GITHUB_REPOSITORY]
    server = environment.get(GITHUB_SERVER_URL) or "https://github.com"
    with _reported():
        auth, checks = _auth(environment, api, name)
        github = Github(
            auth=auth,
            base_url=api,
            timeout=_PATIENCE,
            retry=2,
            lazy=True,
            # A loop asks a handful of things a day: it needs no pause between them.
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        repository = github.get_repo(name)
    return GitHub(repository, f"{shown(server)}/{name}", starts_checks=checks)


def _auth(environment: Mapping[str, str], api: str, name: str) -> tuple[Auth.Auth, bool]:
    """Return as whom GitHub is asked, and whether its pull requests start their checks."""
    from github import Auth, GithubIntegration

    app, key = environment.get(APP_ID), environment.get(APP_KEY)
    if app and key:
        credentials = Auth.AppAuth(app, key)
        integration = GithubIntegration(auth=credentials, base_url=api, retry=2)
        installation = integration.get_repo_installation(*name.split("/", 1))
        # Its tokens last an hour, a retraining may take longer: this one renews itself.
        return credentials.get_installation_auth(installation.id), True
    token = environment.get(GITHUB_TOKEN)
    if not token:
        raise ForgeError(
            f"{GITHUB_REPOSITORY} is {name}, and there is no token to ask GitHub with",
            expected=f"{GITHUB_TOKEN}, or {APP_ID} and {APP_KEY}",
            fix=f"set one; or unset {GITHUB_REPOSITORY}, to have the branch pushed and no more",
        )
    return Auth.Token(token), environment.get(GITHUB_ACTIONS) != "true"


class GitHub:
    """A repository on GitHub; see `stages.forge.protocol.Forge`."""

    def __init__(self, repository: Repository, address: str, *, starts_checks: bool) -> None:
        self._repository = repository
        self._address = address
        self._name = address.rsplit("/", 2)[-2:]
        self._starts_checks = starts_checks

    def newest_of(self, branch: str) -> PullRequest | None:
        """Return the newest pull request of `branch`, whatever its state."""
        with _reported():
            found = self._repository.get_pulls(
                state="all", head=f"{self._name[0]}:{branch}", sort="created", direction="desc"
            )
            return next(self._own(found), None)

    def open_below(self, prefix: str) -> list[PullRequest]:
        """Return the open pull requests of branches whose name begins with `prefix`."""
        with _reported():
            found = self._own(self._repository.get_pulls(state="open"))
            return [request for request in found if request.branch.startswith(prefix)]

    def propose(self, branch: str, title: str, body: str) -> PullRequest:
        """Open a pull request of `branch` to main."""
        with _reported():
            pull = self._repository.create_pull(MAIN, branch, title=title, body=body)
            return _told(pull)

    def rewrite(self, number: int, title: str, body: str) -> None:
        """Give a pull request another title and body."""
        with _reported():
            self._repository.get_pull(number).edit(title=title, body=body)

    def comment(self, number: int, topic: str, body: str) -> None:
        """Let the one comment on `topic` below a pull request say `body`."""
        with _reported():
            issue = self._repository.get_issue(number)
            text = _marked(topic, body)
            found = _ours(issue.get_comments(), topic)
            if found is None:
                issue.create_comment(text)
            elif found.body != text:
                found.edit(text)

    def notice(self, topic: str, title: str, body: str) -> str:
        """Let the one open issue on `topic` say `body`; return its address."""
        with _reported():
            issues = (i for i in self._repository.get_issues(state="open") if not i.pull_request)
            text = _marked(topic, body)
            found = _ours(issues, topic)
            if found is None:
                return self._repository.create_issue(title, text).html_url
            if (found.title, found.body) != (title, text):
                found.edit(title=title, body=text)
            return found.html_url

    def start_checks(self, pull_request: PullRequest) -> bool:
        """Start the checks of a pull request that the workflow's own token has opened.

        A dispatch is the one event that this token may cause. It needs `actions: write`.
        """
        if self._starts_checks:
            return False
        with _reported():
            for workflow in CHECKS:
                inputs = {"pull_request": str(pull_request.number)}
                given = inputs if workflow == "model-review.yml" else {}
                self._repository.get_workflow(workflow).create_dispatch(
                    pull_request.branch, given, throw=True
                )
        return True

    def raw(self, commit: str, path: str) -> str:
        """Return the address where whoever may read the repository sees a file of `commit`."""
        return f"{self._address}/raw/{commit}/{path}"

    def _own(self, pulls: Iterable[Pull]) -> Iterator[PullRequest]:
        """Yield those of branches of this repository: a fork's may have any name."""
        for pull in pulls:
            home = pull.head.repo
            if home is not None and home.full_name == "/".join(self._name):
                yield _told(pull)


def _told(pull: Pull) -> PullRequest:
    state = "merged" if pull.merged_at else pull.state
    return PullRequest(pull.number, pull.head.ref, state, pull.html_url)  # type: ignore[arg-type]


def _marked(topic: str, body: str) -> str:
    return f"<!-- spamline {topic} -->\n{body}"


def _ours(posts: Iterable[Post], topic: str) -> Post | None:
    """Return the first of `posts` on `topic` by the loop, or by somebody who may write here."""
    mark = _marked(topic, "")
    for post in posts:
        insider = post.user.type == "Bot" or post.author_association in _INSIDERS
        if insider and (post.body or "").startswith(mark):
            return post
    return None


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Turn what a dead, slow or refusing GitHub raises into one line."""
    from github import GithubException
    from requests import RequestException

    try:
        yield
    except (GithubException, RequestException, OSError, ValueError) as error:
        said: Any = getattr(error, "data", None)
        words = said.get("message") if isinstance(said, dict) else None
        status = getattr(error, "status", None)
        line = cleaned(str(words or error))[:200]
        raise ForgeError(
            f"GitHub{f' says {status}' if status else ''}: {line}",
            expected="a repository that this token, or App, may write pull requests and issues of",
            fix="see docs/loop.md for the permissions, then run again",
        ) from error
