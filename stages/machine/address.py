"""An address for people: never its user, password, query or options, however malformed it is.

    well formed?  -no->  a path?  -no->  a scheme that we know?  -no->  "an address"
        | yes              | yes                | yes
  scheme://host:port/path  the path      "postgresql://…"

In a malformed address nothing is certain: what stands where the port or the host should be may be
a part of the password. So nothing of it is shown but its scheme.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, unquote, unquote_plus

_UNKNOWN = "an address"
# Of databases, stores, registries and git: a word that is surely not a part of a password.
# fmt: off
_SCHEMES = frozenset((
    "abfs", "abfss", "azure", "databricks", "dbfs", "file", "ftp", "ftps", "gdrive", "git", "gs",
    "hdfs", "hf", "http", "https", "mariadb", "mssql", "mysql", "oracle", "postgres",
    "postgresql", "runs", "s3", "s3a", "s3n", "sftp", "sqlite", "ssh", "webdav", "webdavs",
))
# fmt: on
# Those whose path is on this machine and may have a space.
_LOCAL = frozenset({"file", "sqlite"})
_LONGEST, _MOST_SHOWN = 2_000, 200
_HIGHEST_PORT = 65_535
_HEAD = re.compile(r"([A-Za-z][A-Za-z0-9]*)((?:[+.-][A-Za-z0-9]+)*):")
_USERINFO = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,=:-]|%[0-9A-Fa-f]{2})*")
_HOST = re.compile(r"((?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])?)(?::([0-9]{1,5}))?")
_PATH = re.compile(r"[\w.~/+,=*!()\[\]{}-]*")
_LOCAL_PATH = re.compile(r"(?:[A-Za-z]:(?=[\\/]))?[\w.~/\\+,=*!()\[\]{} -]*")
# What names a secret, in a query, in options and in connection strings.
KEYED = re.compile(
    r"((?:password|passwd|passphrase|secret|token|signature|credentials?"
    r"|(?:access|account|api|private)[_-]?key|(?<=[?&;])key|(?<![a-z])(?:auth|pass|pwd|sas|sig|authorization))"
    r"[\w-]{0,20}\s{0,5}=\s{0,5})(?:'[^']*'(?=[\s,)\]}]|$)|[^\s&;]+)",
    re.IGNORECASE,
)
# Options of database drivers that hold no secret.
# fmt: off
_HARMLESS = frozenset((
    "application_name", "cache", "charset", "connect_timeout", "gssencmode", "mode", "port",
    "sslcert", "sslmode", "sslrootcert", "target_session_attrs", "timeout", "uri",
))
# fmt: on
# As the vendors give their tokens out, and keys.
TOKEN = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_[A-Za-z0-9]{20,}"
    r"|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_DELIMITERS = re.compile(r"[\s:/\\@?#&;=,'\"<>()\[\]{}|]+")


@dataclass(frozen=True)
class _Parts:
    """A well-formed address, taken apart."""

    scheme: str
    slashes: str
    host: str
    path: str
    user: str = ""
    password: str = ""
    options: tuple[tuple[str, str], ...] = field(default=())


def shown(address: str) -> str:
    """Return `address` for people: `postgresql://host:5432/name`, `s3://bucket/prefix`, a path.

    It has no user name, no password, no query, no options and no fragment. Where the address is
    malformed, only its scheme is left, as in `postgresql://…`; or `an address`.
    """
    text = address.strip()
    parts = _parsed(text)
    if parts is not None and (_is_known(parts.scheme) or not parts.user):
        return _cut(f"{parts.scheme}:{parts.slashes}{parts.host}{parts.path}")
    # A single word may be a password that was set in the wrong place.
    if re.search(r"[/\\]|^\.", text) and _is_path(text):
        return _cut(text)
    head = _HEAD.match(text)
    return f"{head[1].lower()}://…" if head and _is_known(head[1]) else _UNKNOWN


def is_plain(address: str) -> bool:
    """Return whether `address` surely has no user name, password, or option with a secret."""
    parts = _parsed(address)
    if parts is None:
        # A drive may have a colon.
        return is_folder(address) and ":" not in address[2:]
    named = parts.user or parts.password
    return not named and all(key in _HARMLESS for key, _ in parts.options)


def is_folder(text: str) -> bool:
    """Return whether `text` names a folder or a file here; not an address with forgotten parts.

    What wrote to it would make a folder whose name is the password.
    """
    return not looks_like_address(text) and not {":", "@"} <= set(text)


def in_doubt(address: str) -> bool:
    """Return whether `address` is malformed in a way that may have put a password anywhere."""
    return _parsed(address.strip()) is None and bool(private_parts(address))


def holds_credentials(text: str) -> bool:
    """Return whether any text has the form of a credential, or of an address with one.

    `user:password@`, `scheme://user@`, `password=…`, `token=…`, a signature, or a vendor's token;
    percent-encoded too.
    """
    plain = _decoded(text) or text
    last = plain.rfind("@")
    head = _HEAD.match(plain.strip())
    return bool(
        0 <= plain.find("://") < last
        or (head and _is_known(head[1]) and last >= 0)
        or any(0 < word.find(":") < word.rfind("@") for word in plain.split())
        or KEYED.search(plain)
        or TOKEN.search(plain)
    )


def looks_like_address(text: str) -> bool:
    """Return whether `text` is, or may be meant as, the address of something elsewhere."""
    head = _HEAD.match(text.strip())
    return bool("://" in text or (head and _is_known(head[1])) or holds_credentials(text))


def private_parts(address: str) -> frozenset[str]:
    """Return what others must not say of `address`: user, password, options, as any form of them.

    All that follows the scheme, whole and in pieces, where it is malformed.
    """
    text = address.strip()
    parts = _parsed(text)
    if parts is not None:
        # A name that is shown anyway is not secret.
        seen = set(_DELIMITERS.split(f"{parts.host}{parts.path}"))
        found = {parts.user} - seen
        found |= {parts.password}
        found |= {value for key, value in parts.options if key not in _HARMLESS}
    elif shown(text) == text or not re.search(r"[:@?#;%=\s]", text):
        return frozenset()
    else:
        head = _HEAD.match(text)
        rest = text[head.end() :] if head and _is_known(head[1]) else text
        found = {rest, *_pieces(rest), *_pieces(_decoded(rest) or rest)}
    return frozenset(
        form
        for part in found
        for form in (part, unquote(part), unquote_plus(part), quote(part), quote_plus(part))
        if form
    )


def _pieces(text: str) -> set[str]:
    return set(_DELIMITERS.split(text))


def _parsed(text: str) -> _Parts | None:
    """Return the parts of a well-formed URL; None if any of them is in doubt."""
    head = _HEAD.match(text)
    if head is None or len(text) > _LONGEST:
        return None
    local = head[1].lower() in _LOCAL
    slashes = "//" if text.startswith("//", head.end()) else ""
    if not (slashes or local):
        return None
    place, options = _halves(text[head.end() + len(slashes) :])
    authority, slash, rest = place.partition("/") if slashes else ("", "", place)
    userinfo, _, host = authority.rpartition("@")
    found = _HOST.fullmatch(host)
    if (
        "@" in options
        or found is None
        or int(found[2] or 0) > _HIGHEST_PORT
        or not _USERINFO.fullmatch(userinfo)
        or not _is_path(rest, _LOCAL_PATH if local else _PATH)
    ):
        return None
    user, _, password = userinfo.partition(":")
    scheme = f"{head[1]}{head[2]}".lower()
    path = f"{slash}{rest}"
    return _Parts(scheme, slashes, host, path, user, password, _options(options))


def _halves(text: str) -> tuple[str, str]:
    """Return what stands before the first of `?`, `#` and `;`, and what follows it."""
    mark = re.search("[?#;]", text)
    return (text[: mark.start()], text[mark.end() :]) if mark else (text, "")


def _options(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in re.split("[?#;&]", text) if part)
    return tuple((key.lower(), value or key) for key, _, value in pairs)


def _is_path(text: str, allowed: re.Pattern[str] = _LOCAL_PATH) -> bool:
    """Return whether `text` is a path, with no sign that could end a user name or a password."""
    plain = _decoded(text)
    return bool(plain is not None and allowed.fullmatch(plain) and not KEYED.search(plain))


def _decoded(text: str) -> str | None:
    """Return `text` without percent-encoding and look-alikes; None if that finds no end."""
    for _ in range(10):
        plain = unicodedata.normalize("NFKC", unquote(text))
        if plain == text:
            return text
        text = plain
    return None


def _is_known(scheme: str) -> bool:
    return re.split("[+.-]", scheme.lower())[0] in _SCHEMES


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
