"""What is proposed to people, and what people have decided: branch, pull request, notices."""

from __future__ import annotations

from stages import config
from stages.forge.actions import run_address
from stages.forge.protocol import Forge
from stages.loop.judging import Judged
from stages.machine.console import say
from stages.machine.errors import ConfigError
from stages.records.layout import HERE, Layout
from stages.versioning import git

# One branch a window: `retrain/2002-08-26_2002-09-02`.
BRANCHES = "retrain/"
# The one issue, or comment, of each kind.
REFUSED, STILL_DRIFTING, FAILED, ALSO = "refused", "persistent", "failed", "also"


def branch_of(judged: Judged) -> str:
    """Return the branch on which a model of newer mail is proposed for this window."""
    return f"{BRANCHES}{judged.name}"


def standing(forge: Forge | None, judged: Judged, layout: Layout = HERE) -> str | None:
    """Return what people have been asked, or have decided, about this window; None if nothing.

    An open pull request of an earlier window covers this one too, and gets a comment: two would
    not merge. One that was closed, or merged and then reverted, is a person's decision.

    Raises:
        ConfigError: one of a later window is open: windows are proposed in their order.
        ForgeError, GitError: the forge or git does not answer.
    """
    branch = branch_of(judged)
    if forge is None:
        return f"{branch} is on the remote already" if git.fetch_branch(branch, layout) else None
    found = forge.newest_of(branch)
    if found is not None:
        return f"{found.url} of this window is {found.state}: that stands"
    for other in forge.open_below(BRANCHES):
        if other.branch > branch:
            raise ConfigError(
                f"{other.url} proposes a later window, {other.branch}",
                expected="windows in their order",
                fix="merge or close that pull request first",
            )
        forge.comment(other.number, ALSO, _also(judged))
        return f"{other.url} is open for an earlier window: this one was added as a comment"
    return None


def publish_branch(judged: Judged, commit: str, base: str, layout: Layout = HERE) -> None:
    """Let the window's branch of the remote be `commit`, unless it is as good as that already.

    Raises:
        ConfigError: somebody else has committed there.
        GitError: the remote refuses.
    """
    branch = branch_of(judged)
    there = git.fetch_branch(branch, layout)
    if there is None:
        git.push(commit, branch, instead_of=None, layout=layout)
    elif not git.is_same(there, commit, layout):
        if others := git.strangers(there, base, layout):
            raise ConfigError(
                f"{branch} has commits by {others[0]}",
                expected="a branch that the loop alone writes",
                fix=f"merge that work or remove it: git push origin --delete {branch}",
            )
        git.push(commit, branch, instead_of=there, layout=layout)


def propose(forge: Forge, judged: Judged, title: str, body: str) -> None:
    """Let there be an open pull request of the window's branch, with this title and body."""
    branch = branch_of(judged)
    found = forge.newest_of(branch)
    if found is not None and found.state == "open":
        forge.rewrite(found.number, title, body)
    else:
        found = forge.propose(branch, title, body)
    started = forge.start_checks(found)
    say(f"retrain: {found.url}{', its checks started' if started else ''}")


def tell_refused(forge: Forge | None, judged: Judged, page: str) -> None:
    """Open or update the issue that says why the gate refused a retrained model."""
    if forge:
        title = f"The gate refused the model retrained for {judged.name}"
        say(f"retrain: {forge.notice(REFUSED, title, page)}")


def tell_persistent(forge: Forge | None, judged: Judged) -> None:
    """Open or update the issue on a drift that a retraining did not end."""
    reasons = "\n".join(f"- {reason}" for reason in judged.verdict.reasons)
    title = f"Drift persists after the retraining ({judged.name})"
    say(f"retrain: {title}; a person must look: no further retraining is proposed")
    if forge:
        body = f"Retraining once more on the same kind of mail would not help.\n\n{reasons}\n"
        say(f"retrain: {forge.notice(STILL_DRIFTING, title, body)}")


def tell_failed(forge: Forge | None) -> None:
    """Open or update the issue that says that a scheduled run failed."""
    where = run_address() or "no address is known"
    body = (
        f"The newest that failed: {where}\n\n"
        "Close this once it is fixed; the next failure opens another.\n"
    )
    if forge:
        say(f"notice: {forge.notice(FAILED, 'The scheduled run failed', body)}")


def _also(judged: Judged) -> str:
    """Say in the open pull request that a later window drifted as well."""
    return (
        f"The window {judged.name} drifts as well, and is judged by the model that this would "
        f"replace. Merge this, and the next window is judged by the new model; close it, and "
        f"the next window that drifts is proposed with all mail until then.\n\n"
        f"{judged.verdict.reasons[0]}\n"
    )


def window_words(window: config.Window) -> str:
    """Return the history's end for a title: `mail until 2002-09-02`."""
    return f"mail until {window.until}"
