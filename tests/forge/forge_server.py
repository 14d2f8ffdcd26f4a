"""A small server that answers as GitHub's REST API does, and records pull requests and issues."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NAME = "owner/spamline"
BOT = {"login": "spamline[bot]", "type": "Bot"}

Answer = tuple[int, Any]


class ForgeServer:
    """What the API has been told so far; what tests change by hand is what people do."""

    def __init__(self) -> None:
        self.pulls: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.dispatches: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.broken: int | None = None
        # Seconds until a pull request is open, and whether it gets lost on its way.
        self.slow = 0.0
        self.deaf = False
        self.url = ""

    @contextmanager
    def running(self) -> Iterator[ForgeServer]:
        """Answer on a free port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def environment(self) -> dict[str, str]:
        """Return what a job of this repository has in its environment."""
        return {
            "GITHUB_REPOSITORY": NAME,
            "SPAMLINE_GITHUB_API": self.url,
            "GITHUB_TOKEN": "a-token-of-tests",
        }

    def open(
        self, branch: str, *, home: str = NAME, body: str = "", by: Any = BOT
    ) -> dict[str, Any]:
        """Record a pull request; return it."""
        number = len(self.pulls) + len(self.issues) + 1
        self.pulls.append(
            {
                **self._post(number, f"/pulls/{number}", body, by),
                "title": "",
                "state": "open",
                "merged_at": None,
                "head": {"ref": branch, "repo": {"full_name": home}},
            }
        )
        return self.pulls[-1]

    def close(self, number: int, *, merged: bool = False) -> None:
        """Close a pull request, as a person does."""
        pull = next(pull for pull in self.pulls if pull["number"] == number)
        pull["state"] = "closed"
        pull["merged_at"] = dt.datetime.now(dt.UTC).isoformat() if merged else None

    def _post(self, number: int, path: str, body: str, by: Any = BOT) -> dict[str, Any]:
        return {
            "number": number,
            "id": number,
            "url": f"{self.url}/repos/{NAME}{path}",
            "html_url": f"https://github.example/{NAME}{path}",
            "body": body,
            "user": by,
            "author_association": "NONE",
        }

    def answer(self, method: str, path: str, query: dict[str, str], sent: Any) -> Answer:
        """Return status and content."""
        if self.broken:
            return self.broken, {"message": "Resource not accessible by integration"}
        for verb, pattern, reply in self._routes():
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return reply(*found.groups(), query=query, sent=sent)
        return 404, {"message": f"Not Found: {method} {path}"}

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        repo = f"/repos/{NAME}"
        return [
            ("GET", f"{repo}/pulls", self._list_pulls),
            ("POST", f"{repo}/pulls", self._open_pull),
            ("GET", rf"{repo}/(?:pulls|issues)/(\d+)", self._get),
            ("PATCH", rf"{repo}/(?:pulls|issues)/(\d+)", self._edit),
            ("GET", f"{repo}/issues", lambda **_: (200, self.issues)),
            ("POST", f"{repo}/issues", self._open_issue),
            ("GET", rf"{repo}/issues/(\d+)/comments", self._list_comments),
            ("POST", rf"{repo}/issues/(\d+)/comments", self._comment),
            ("PATCH", rf"{repo}/issues/comments/(\d+)", self._edit_comment),
            ("GET", rf"{repo}/actions/workflows/([\w.-]+)", self._workflow),
            ("POST", rf"{repo}/actions/workflows/([\w.-]+)/dispatches", self._dispatch),
            ("GET", f"{repo}/installation", lambda **_: (200, {"id": 7})),
            ("POST", r"/app/installations/7/access_tokens", self._token),
        ]

    def _list_pulls(self, *, query: dict[str, str], sent: Any) -> Answer:
        branch = query.get("head", ":").split(":", 1)[1]
        found = [pull for pull in self.pulls if branch in ("", pull["head"]["ref"])]
        if query.get("state") == "open":
            found = [pull for pull in found if pull["state"] == "open"]
        return 200, found[::-1]

    def _open_pull(self, *, query: dict[str, str], sent: Any) -> Answer:
        assert sent["base"] == "main"
        lost = self.deaf
        time.sleep(self.slow)
        if lost:
            return 500, {"message": "lost"}
        pull = self.open(sent["head"], body=sent["body"])
        pull["title"] = sent["title"]
        return 201, pull

    def _get(self, number: str, *, query: dict[str, str], sent: Any) -> Answer:
        found = [one for one in (*self.pulls, *self.issues) if one["number"] == int(number)]
        return (200, found[0]) if found else (404, {"message": "Not Found"})

    def _edit(self, number: str, *, query: dict[str, str], sent: Any) -> Answer:
        status, found = self._get(number, query=query, sent=None)
        if status == 200:
            found.update(sent)
        return status, found

    def _open_issue(self, *, query: dict[str, str], sent: Any) -> Answer:
        number = len(self.pulls) + len(self.issues) + 1
        post = self._post(number, f"/issues/{number}", sent["body"])
        self.issues.append({**post, "title": sent["title"], "state": "open"})
        return 201, self.issues[-1]

    def _list_comments(self, number: str, *, query: dict[str, str], sent: Any) -> Answer:
        return 200, self.comments.get(int(number), [])

    def _comment(self, number: str, *, query: dict[str, str], sent: Any) -> Answer:
        there = self.comments.setdefault(int(number), [])
        mark = int(number) * 100 + len(there)
        there.append(self._post(mark, f"/issues/comments/{mark}", sent["body"]))
        return 201, there[-1]

    def _edit_comment(self, mark: str, *, query: dict[str, str], sent: Any) -> Answer:
        found = [c for there in self.comments.values() for c in there if c["id"] == int(mark)]
        found[0].update(sent)
        return 200, found[0]

    def _workflow(self, name: str, *, query: dict[str, str], sent: Any) -> Answer:
        url = f"{self.url}/repos/{NAME}/actions/workflows/{name}"
        return 200, {"id": 1, "name": name, "url": url}

    def _dispatch(self, name: str, *, query: dict[str, str], sent: Any) -> Answer:
        self.dispatches.append({"workflow": name, **sent})
        return 204, None

    def _token(self, *, query: dict[str, str], sent: Any) -> Answer:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        return 201, {"token": "an-installation-token", "expires_at": f"{until:%Y-%m-%dT%H:%M:%SZ}"}


def _handler(forge: ForgeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length) or b"null")
            authorization = self.headers.get("Authorization", "")
            forge.asked.append((self.command, parts.path, authorization))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, content = forge.answer(self.command, parts.path, query, sent)
            body = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
