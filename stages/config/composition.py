"""The composition of `conf/` into `params.yaml`, and the check that the two agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from stages.config.conf_files import check_sources
from stages.config.credentials import refuse_overrides, shown_key
from stages.config.loader import PARAMS, read_yaml
from stages.config.validation import known_keys, shown, validate
from stages.machine.address import looks_like_address
from stages.machine.errors import ConfigError, nearest
from stages.machine.redaction import cleaned, yaml_fault

CONF = Path("conf")
HEADER = "# Generated from conf/ by `make params`: edit conf/, not this file.\n"
_ABSENT = "absent"
# The Hydra version whose rules of composition apply, whichever is installed.
_HYDRA = "1.3"
# Of what it says, in characters: it quotes the override.
_MOST_WORDS = 300


def compose(overrides: Sequence[str] = (), conf: Path = CONF) -> dict[str, Any]:
    """Return the composition of `conf/` by Hydra, with `overrides` such as `"size=small"`.

    Raises:
        ConfigError: Hydra cannot compose, or the result does not fit the schema; or there is a
            credential in `conf/` or an override.
    """
    refuse_overrides(overrides)
    tree = _compose(overrides, conf, with_choices=False)
    validate(tree, "conf/")
    assert isinstance(tree, dict)  # noqa: S101 -- the root of conf/config.yaml is a mapping
    return {str(key): value for key, value in tree.items()}


def option_file(group: str, conf: Path = CONF) -> Path:
    """Return the file of the option that `conf/` chooses for `group`: `conf/source/files.yaml`.

    Raises:
        ConfigError: Hydra cannot compose.
    """
    choices = _compose((), conf, with_choices=True)["hydra"]["runtime"]["choices"]
    return conf / group / f"{choices[group]}.yaml"


def _compose(overrides: Sequence[str], conf: Path, *, with_choices: bool) -> Any:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    OmegaConf.register_new_resolver("oc.env", _no_environment, replace=True)
    check_sources(conf, overrides)
    try:
        with initialize_config_dir(str(conf.resolve()), version_base=_HYDRA):
            composed = hydra_compose(
                "config", overrides=list(overrides), return_hydra_config=with_choices
            )
        # Hydra's own part has values that only a run of its own command fills.
        return OmegaConf.to_container(
            composed, resolve=not with_choices, throw_on_missing=not with_choices
        )
    # The last four: numbers of 5,000 digits, dates that are none, overrides nested a thousand deep.
    except (
        HydraException,
        OmegaConfBaseException,
        yaml.YAMLError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        if "(oc.env)" in str(error):
            raise _takes_environment(getattr(error, "full_key", None)) from None
        raise ConfigError(
            f"conf/: {_words(error, overrides)}{_nearest_override(overrides, conf)}",
            expected="groups, options and keys that conf/ has",
            fix=f"edit {'the override, or ' if overrides else ''}conf/",
        ) from error


def _no_environment(*_: str) -> NoReturn:
    """Refuse `${oc.env:NAME}`: params.yaml would hold what is in the variable, maybe a secret."""
    raise ValueError("(oc.env)")


def _takes_environment(key: str | None) -> ConfigError:
    return ConfigError(
        f"conf/: {shown_key(key or 'a value')} is taken from the environment (oc.env)",
        expected="all values in conf/: git keeps params.yaml, and others compose the same",
        fix="write the value; or for an address set its variable, see docs/environment.md",
    )


def _words(error: Exception, overrides: Sequence[str]) -> str:
    """Return what Hydra, OmegaConf or the parser found, without addresses."""
    if isinstance(error, yaml.YAMLError):
        name = getattr(getattr(error, "problem_mark", None), "name", "a file")
        return f"{name}: {yaml_fault(error)}"
    from hydra.errors import OverrideParseException

    for override in overrides:
        key, mark, value = override.partition("=")
        # Its parser quotes an override in pieces.
        if isinstance(error, OverrideParseException) and error.override == override:
            name = f"{shown_key(key)} cannot be read" if mark else "a key has no value"
            return f"the override of {name}"
        if looks_like_address(value.lstrip("[{('\"")):
            return f"the override of {shown_key(key)} does not fit"
    # Hydra goes on to suggest `+`, which here would only add an unknown key.
    return re.split(r"\.? To append to|\.? Config search path", cleaned(str(error)))[0][
        :_MOST_WORDS
    ]


def _nearest_override(overrides: Sequence[str], conf: Path) -> str:
    """Return a hint at the first unknown group or key of `overrides`; empty if all are known."""
    known = known_keys() | {path.name for path in conf.glob("*/")}
    parts = (part for text in overrides for part in text.strip("+~").split("=")[0].split("."))
    return next((nearest(part, known) for part in parts if part not in known), "")


def params_text(tree: dict[str, Any]) -> str:
    """Return the text of `params.yaml` for a composition."""
    return HEADER + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)


def check_composition(path: Path = PARAMS, conf: Path = CONF) -> None:
    """Fail unless `params.yaml` is the composition of `conf/`.

    Raises:
        ConfigError: names the first keys that differ.
    """
    found, expected = (
        flat(read_yaml(path, fix="run `make params`")),
        flat(compose(conf=conf)),
    )
    differing = sorted(
        key
        for key in found.keys() | expected.keys()
        if found.get(key, _ABSENT) != expected.get(key, _ABSENT)
    )
    if differing:
        key = differing[0]
        name = shown_key(key)
        raise ConfigError(
            f"{path} differs from conf/ in {len(differing)} keys, first {name}: "
            f"{shown(key, found.get(key, _ABSENT))}",
            expected=f"{shown(key, expected.get(key, _ABSENT))} as conf/ composes",
            fix="run `make params` (or copy the experiment's values into conf/)",
        )


def flat(tree: object, prefix: str = "") -> dict[str, Any]:
    """Return the leaves of nested mappings by their dotted keys: `{"window.start": ...}`."""
    if not isinstance(tree, dict):
        return {prefix.rstrip("."): tree}
    return {k: v for key, sub in tree.items() for k, v in flat(sub, f"{prefix}{key}.").items()}
