"""No credential in `conf/` or `params.yaml`: git keeps both, and reviews show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stages.machine.address import TOKEN, holds_credentials, is_plain, looks_like_address
from stages.machine.errors import ConfigError
from stages.machine.variables import (
    HISTORY_URL,
    PREDICTIONS_URL,
    S3_KEY,
    S3_SECRET,
    TRACKING_URI,
    VERDICTS_URL,
)

_S3 = f"set {S3_KEY} and {S3_SECRET}"
# Where an address belongs that needs a credential, by the key that has none.
_INSTEAD = {
    "stores.registry": f"set {TRACKING_URI}",
    "stores.history": f"set {HISTORY_URL}",
    "stores.predictions": f"{_S3}, and {PREDICTIONS_URL} without them",
    "stores.verdicts": f"{_S3}, and {VERDICTS_URL} without them",
    "compute.parts": f"{_S3} on each node",
    "source.paths": _S3,
    "source.name": "set HF_TOKEN",
    "encoder.hub": "set HF_TOKEN",
}
_ELSEWHERE = "set the variable of docs/environment.md"
# Where results and parts of them are kept: all that is text there is an address.
STORES, PARTS = "stores", "compute.parts"


def refuse_credentials(tree: object, origin: str) -> None:
    """Fail if any key or value of `tree` has the form of a credential; it is not shown.

    Raises:
        ConfigError: names the key and the environment's variable to use.
    """
    for key, text in _strings(tree):
        if holds_credentials(text) or (_is_place(key) and not is_plain(text)):
            raise error_at(key, origin)


def refuse_overrides(overrides: Sequence[str]) -> None:
    """The same for overrides such as `stores.history=…`, before their parser quotes them.

    Raises:
        ConfigError: see `refuse_credentials`.
    """
    for override in overrides:
        key, _, value = override.partition("=")
        key = key.lstrip("+~")
        plain = is_plain(value.strip("'\"")) or value in ("null", "")
        if holds_credentials(value) or (_is_place(key) and not plain) or _is_secret(key):
            raise error_at(key, "the override")


def error_at(key: str, origin: str) -> ConfigError:
    """Return the error for a credential under `key`."""
    name = "a key" if _is_secret(key) else key or "the whole file"
    instead = _INSTEAD.get(".".join(key.split(".")[:2]), _ELSEWHERE)
    return ConfigError(
        f"{origin}: {name} has, or may have, a user name, a password or a token (not shown)",
        expected="none in conf/ or params.yaml: git keeps them",
        fix=f"{instead} in .env or the environment, and take it out of conf/",
    )


def is_address(key: str, value: object) -> bool:
    """Return whether the value of a dotted key is, or may be, the address of something."""
    return _is_place(key) or any(
        looks_like_address(text) or {":", "@"} <= set(text) for _, text in _strings(value)
    )


def shown_key(key: str) -> str:
    """Return a dotted key for people, unless it has the form of an address or a credential."""
    return "a key" if _is_secret(key) or looks_like_address(key) else key


def _is_place(key: str) -> bool:
    return key.partition(".")[0] == STORES or key == PARTS


def _is_secret(key: str) -> bool:
    return holds_credentials(key) or bool(TOKEN.search(key))


def _strings(tree: object) -> Iterator[tuple[str, str]]:
    """Yield each string below `tree`, keys too, with the dotted key that it stands under."""
    waiting: list[tuple[str, object]] = [("", tree)]
    # YAML's aliases may put one node in many places, or within itself.
    seen: set[int] = set()
    while waiting:
        key, node = waiting.pop()
        if isinstance(node, str):
            yield key, node
        elif isinstance(node, dict | list) and id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, list):
                waiting += [(key, item) for item in node]
                continue
            for name, item in node.items():
                below = f"{key}.{name}" if key else str(name)
                if holds_credentials(str(name)):
                    yield below, str(name)
                waiting.append((below, item))
