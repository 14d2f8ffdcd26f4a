"""GitHub's adapter, through its real client, against a server that records."""

from __future__ import annotations

import pytest

from stages.forge.connect import open_forge
from stages.forge.protocol import Forge
from stages.machine.errors import ForgeError
from tests.forge.forge_server import NAME, ForgeServer

STRANGER = {"login": "stranger", "type": "User"}


def opened(server: ForgeServer, **more: str) -> Forge:
    forge = open_forge(server.environment() | more)
    assert forge is not None
    return forge


def test_without_a_repository_there_is_no_forge_and_nobody_is_asked() -> None:
    assert open_forge({"GITHUB_TOKEN": "x"}) is None


def test_a_repository_without_a_token_is_one_line(forge_server: ForgeServer) -> None:
    with pytest.raises(ForgeError, match=r"no token.*SPAMLINE_APP_ID"):
        open_forge({"GITHUB_REPOSITORY": NAME})


def test_a_pull_request_is_opened_found_and_rewritten(forge_server: ForgeServer) -> None:
    forge = opened(forge_server)
    assert forge.newest_of("retrain/a") is None
    number = forge.propose("retrain/a", "title", "body").number
    forge.rewrite(number, "other", "words")
    (pull,) = forge_server.pulls
    assert (pull["title"], pull["body"]) == ("other", "words")
    found = forge.newest_of("retrain/a")
    assert found and (found.number, found.state) == (number, "open")
    for merged, state in ((False, "closed"), (True, "merged")):
        forge_server.close(number, merged=merged)
        again = forge.newest_of("retrain/a")
        assert again and again.state == state
    assert forge.open_below("retrain/") == []


def test_a_fork_with_a_branch_of_our_name_is_not_ours(forge_server: ForgeServer) -> None:
    forge_server.open("retrain/a", home="stranger/spamline")
    forge = opened(forge_server)
    assert forge.newest_of("retrain/a") is None
    assert forge.open_below("retrain/") == []


def test_there_is_one_comment_and_one_issue_however_often(forge_server: ForgeServer) -> None:
    forge = opened(forge_server)
    number = forge.propose("b", "t", "b").number
    for words in ("first", "second", "second"):
        forge.comment(number, "review", words)
        forge.notice("failed", "It failed", words)
    (comment,), (issue,) = forge_server.comments[number], forge_server.issues
    assert comment["body"] == "<!-- spamline review -->\nsecond"
    assert issue["body"].endswith("second")
    issue["state"] = "closed"
    forge.comment(number, "also", "another topic")
    assert len(forge_server.comments[number]) == 2


def test_a_strangers_comment_is_never_taken_for_ours(forge_server: ForgeServer) -> None:
    """Else whoever planted it could change the review afterwards."""
    forge = opened(forge_server)
    number = forge.propose("b", "t", "b").number
    planted = "<!-- spamline review -->\nmine"
    forge.comment(number, "review", "ours")
    forge_server.comments[number][0].update(body=planted, user=STRANGER)
    forge.comment(number, "review", "ours")
    assert [comment["body"] for comment in forge_server.comments[number]] == [
        planted,
        "<!-- spamline review -->\nours",
    ]


def test_the_workflows_own_token_starts_checks_by_dispatch(forge_server: ForgeServer) -> None:
    forge = opened(forge_server, GITHUB_ACTIONS="true")
    pull = forge.propose("retrain/a", "t", "b")
    assert forge.start_checks(pull)
    assert [(d["workflow"], d["ref"], d["inputs"]) for d in forge_server.dispatches] == [
        ("test.yml", "retrain/a", {}),
        ("model-review.yml", "retrain/a", {"pull_request": str(pull.number)}),
    ]


def test_an_app_asks_with_a_token_of_its_installation(forge_server: ForgeServer) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    app = {"SPAMLINE_APP_ID": "5", "SPAMLINE_APP_KEY": key.decode(), "GITHUB_ACTIONS": "true"}
    forge = opened(forge_server, **app)
    pull = forge.propose("retrain/a", "t", "b")
    method, path, authorization = forge_server.asked[-1]
    assert (method, path.rsplit("/", 1)[-1]) == ("POST", "pulls")
    assert authorization == "token an-installation-token"
    # GitHub starts the checks of an App's pull request by itself.
    assert not forge.start_checks(pull)
    assert forge_server.dispatches == []


def test_a_refusal_and_a_dead_server_are_one_line_without_the_token(
    forge_server: ForgeServer,
) -> None:
    forge = opened(forge_server)
    forge_server.broken = 403
    with pytest.raises(ForgeError, match="GitHub says 403: Resource not accessible") as caught:
        forge.propose("b", "t", "b")
    assert "a-token-of-tests" not in str(caught.value)
    dead = opened(forge_server, SPAMLINE_GITHUB_API="http://127.0.0.1:9")
    with pytest.raises(ForgeError, match="GitHub: "):
        dead.newest_of("b")
