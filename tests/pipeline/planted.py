"""A secret in every place where a user could put one, and all places where none may be found."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from tests.pipeline.conftest import Clone
from tests.servers import Servers

PLACES = (
    *("registry", "token", "key", "remote", "option", "git", "history", "predictions"),
    *("verdicts", "endpoint", "access", "conf", "override", "base", "dead"),
)
SECRET = {place: f"Zq7x{place.title()}K9vW41c7" for place in PLACES}
# Where the user has put one: nobody else may read the first, and git ignores the second.
_THEIRS = (".env", ".dvc/config.local", ".git/config")
_DEAD = "127.0.0.1:9"
_GIT = f"https://me:{SECRET['git']}@{_DEAD}/x.git"


def plant(clone: Clone) -> None:
    """Put secrets where this user's are: `.env`, `.dvc/config.local`, git's configuration."""
    dotenv = clone.folder / ".env"
    text = dotenv.read_text().replace(
        "MLFLOW_TRACKING_URI=http://", f"MLFLOW_TRACKING_URI=http://me:{SECRET['registry']}@"
    )
    assert SECRET["registry"] in text
    dotenv.write_text(f"{text}GITHUB_TOKEN={SECRET['token']}\nSPAMLINE_APP_KEY={SECRET['key']}\n")
    remote = f"https://me:{SECRET['remote']}@{_DEAD}/dvc"
    (clone.folder / ".dvc/config.local").write_text(
        f"['remote \"elsewhere\"']\n    url = {remote}\n    password = {SECRET['option']}\n"
    )
    # Not by `git remote`: it would be that command's argument.
    with (clone.folder / ".git/config").open("a") as config:
        config.write(f'[remote "elsewhere"]\n\turl = {_GIT}\n')


# What fails, and with which environment. In some the password is not percent-encoded.
_FAILING: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...] = (
    (("run",), {"MLFLOW_TRACKING_URI": f"http://me:{SECRET['dead']}@{_DEAD}"}),
    (("infer",), {"MLFLOW_TRACKING_URI": f"http://me:p@/{SECRET['dead']}@{_DEAD}"}),
    (("dashboard",), {"SPAMLINE_HISTORY_URL": f"postgresql://me:p/{SECRET['history']}@{_DEAD}/x"}),
    (("history",), {"SPAMLINE_HISTORY_URL": f"postgresql:me:{SECRET['history']}@{_DEAD}/x"}),
    (("history",), {"SPAMLINE_VERDICTS_URL": f"me:{SECRET['verdicts']}@{_DEAD}/kept"}),
    (("infer",), {"SPAMLINE_PREDICTIONS_URL": f"s3://KEY:{SECRET['predictions']}@bucket/x"}),
    (
        ("push",),
        {
            "AWS_ENDPOINT_URL": f"http://me:{SECRET['endpoint']}@{_DEAD}",
            "AWS_SECRET_ACCESS_KEY": SECRET["access"],
        },
    ),
    (("params", f"stores.history=postgresql://me:{SECRET['override']}@{_DEAD}/x"), {}),
)


def failing_runs(clone: Clone) -> list[str]:
    """Let one command after the other fail in `clone`; return what they printed."""
    said = [
        Clone(clone.folder, {**clone.environment, **changes}).stages(*words, status=2)
        for words, changes in _FAILING
    ]
    # A remote of git, then one of DVC, and last a password in conf/.
    origin = clone.run("git", "remote", "get-url", "origin").strip()
    config = clone.folder / ".git/config"
    kept = config.read_text()
    assert f"url = {origin}\n" in kept
    config.write_text(kept.replace(f"url = {origin}\n", f"url = {_GIT}\n"))
    said.append(clone.stages("review", status=2))
    config.write_text(kept)
    local = clone.folder / ".dvc/config.local"
    kept = local.read_text()
    local.write_text(f"[core]\n    remote = elsewhere\n{kept}")
    said.append(clone.stages("push", status=2))
    local.write_text(kept)
    stores = clone.folder / "conf/stores/local.yaml"
    text = stores.read_text()
    address = f"postgresql://me:{SECRET['conf']}@{_DEAD}/x"
    stores.write_text(text.replace("history: null", f"history: {address}"))
    said += [clone.stages(verb, status=2) for verb in ("params", "run")]
    stores.write_text(text)
    return said


def base_with_a_password(clone: Clone) -> str:
    """Commit a params.yaml of earlier days, with a password; return the commit, on no branch."""
    params = clone.folder / "params.yaml"
    text = params.read_text()
    address = f"postgresql://me:{SECRET['base']}@{_DEAD}/x"
    params.write_text(text.replace("history: null", f"history: {address}"))
    clone.run("git", "checkout", "--quiet", "--detach")
    clone.commit("before")
    commit = clone.run("git", "rev-parse", "HEAD").strip()
    clone.run("git", "checkout", "--quiet", "main")
    assert params.read_text() == text
    return commit


def files_with(clone: Clone, secret: str) -> list[Path]:
    """Return the files of a checkout, ignored ones too, whose bytes or name have `secret`.

    Git's objects are compressed: see `in_git`.
    """
    theirs = {clone.folder / name for name in _THEIRS}
    files = {path for path in clone.folder.rglob("*") if path.is_file()} - theirs
    return [path for path in files if secret in str(path) or secret.encode() in path.read_bytes()]


def in_git(clone: Clone, secret: str) -> bool:
    """Return whether any commit on any branch has `secret`, in its files or its message."""
    commits = clone.run("git", "rev-list", "--branches").split()
    # Not as an argument, which somebody is listening for.
    command = ["git", "grep", "--quiet", "--fixed-strings", "-f", "-", *commits]
    found = subprocess.run(command, cwd=clone.folder, input=secret.encode(), check=False)
    return found.returncode == 0 or secret in clone.run("git", "log", "--branches", "--format=%B")


def stored(servers: Servers) -> Iterator[bytes]:
    """Yield all that the team's servers keep: every row of both databases, and every object."""
    address = servers.environment["SPAMLINE_HISTORY_URL"].replace("+psycopg", "")
    for name in ("spamline", "mlflow"):
        with psycopg.connect(f"{address.rpartition('/')[0]}/{name}") as connection:
            tables = connection.execute(
                "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            for (table,) in tables:
                rows = connection.execute(f"SELECT t::text FROM {table} t").fetchall()
                yield "\n".join(str(row[0]) for row in rows).encode()
    client = servers.s3_client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="spamline"):
        for item in page.get("Contents", []):
            yield item["Key"].encode()
            yield client.get_object(Bucket="spamline", Key=item["Key"])["Body"].read()
