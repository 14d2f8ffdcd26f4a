"""The words of libraries and programs, without the secrets that they may repeat.

Whatever a server or an address made them say may be in there. So they are cleaned of everything
that has the form of a credential, of the parts of the address that was in use, and of the secrets
in this process's environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from stages.machine.address import KEYED, TOKEN, private_parts, shown

MASK = "***"
# Of the words of others; longer ones are cut.
_LONGEST = 20_000
# A piece of a secret of this length is no accident; a word of this length is masked wherever it is.
_PIECE, _SHORTEST = 6, 2
# Names of variables whose value is a secret, unless it is the place of one.
_SECRET_NAME = re.compile(r"PASSWORD|(?:^|_)(?:PASSWD|PASS|SECRET|TOKEN|CREDENTIALS?|KEY)(?:_|$)")
_PLACE_NAME = re.compile(r"(?:_FILE|_PATH|_DIR|_URI|_ID)$")
_ENOUGH = 6
_RUN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,40})://[^\s'\"<>|]+")
_PAIR = re.compile(r"[^\s:@'\"/]+:[^\s@'\"]+@[^\s'\"]*")
_END = ".,:;)]}"
_HEADER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_QUOTED = re.compile(r"(['\"])(.*?)\1", re.DOTALL)
_JSON = re.compile(
    r"""(['"]\w*(?:password|secret|token|api_?key|access_?key)\w*['"]\s*:\s*)(['"])[^'"]*\2""",
    re.IGNORECASE,
)


def cleaned(
    text: str,
    *addresses: str | None,
    secrets: Iterable[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> str:
    """Return what others said, `text`, as one line without secrets.

    Args:
        text: the words of a library, a program or a server.
        addresses: those that were in use, as they are configured.
        secrets: that were in use beside the ones in addresses.
        environment: its variables of passwords, keys and tokens are secrets too.
    """
    line = " ".join(text[:_LONGEST].split())
    for address in filter(None, addresses):
        if private_parts(address):
            line = line.replace(address, shown(address))
    # What is known goes first: a form may end in the middle of it.
    for secret in sorted({*_known(addresses, environment), *secrets}, key=len, reverse=True):
        line = _without(line, secret)
    line = TOKEN.sub(MASK, line)
    line = _addresses_shown(line)
    line = _PAIR.sub(MASK, line)
    line = KEYED.sub(rf"\1{MASK}", line)
    return _JSON.sub(rf"\1\2{MASK}\2", _HEADER.sub(rf"\1 {MASK}", line))


def yaml_fault(error: Exception) -> str:
    """Return what a YAML parser found and where, without the lines of the file that it quotes."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML")
    # Quoted are single signs and the parser's own <terms>; else it is a word of the file.
    if any(len(word) > 1 and word[0] != "<" for _, word in _QUOTED.findall(problem)):
        problem = re.sub(r"(['\"]).*\1", "a word", problem, flags=re.DOTALL)
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return f"{' '.join(problem.split())[:200]}{where}"


def _known(addresses: Iterable[str | None], environment: Mapping[str, str]) -> Iterator[str]:
    for address in filter(None, addresses):
        yield from private_parts(address)
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and not _PLACE_NAME.search(name) and len(value) >= _ENOUGH:
            yield value
        elif "://" in value and "@" in value:
            yield from (part for part in private_parts(value) if len(part) >= _ENOUGH)


def _without(text: str, secret: str) -> str:
    """Return `text` with each occurrence of `secret`, or of a long piece of it, masked."""
    if len(secret) < _SHORTEST:
        return text
    if len(secret) < _PIECE:
        return re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    pieces = {secret[i : i + _PIECE] for i in range(len(secret) - _PIECE + 1)}
    masked = [False] * len(text)
    for start in range(len(text) - _PIECE + 1):
        if text[start : start + _PIECE] in pieces:
            masked[start : start + _PIECE] = [True] * _PIECE
    found = "".join("\0" if hidden else sign for hidden, sign in zip(masked, text, strict=True))
    return re.sub("\0+", MASK, found)


def _addresses_shown(text: str) -> str:
    """Return `text` with each URL as it may be shown; up to the last `@` where one is malformed."""
    done: list[str] = []
    while found := _RUN.search(text):
        run = found[0].rstrip(_END)
        start, end = found.start(), found.start() + len(run)
        display = shown(run)
        certain = display.startswith(f"{found[1].lower()}://") and not display.endswith("…")
        if not certain and (last := text.rfind("@")) >= end:
            # There is a blank in its password.
            end = last + len(re.match(r"\S*", text[last:])[0])  # type: ignore[index]
        done += [text[:start], display]
        text = text[end:]
    return "".join([*done, text])
