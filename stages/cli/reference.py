"""Writes the pages that are generated from the code: the verbs and the environment variables.

    python -m stages.cli.reference [--check]

With `--check` nothing is written, and the exit status is 1 where a page says something else.
`make readme` calls it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from stages.cli.table import NOUNS, PROGRAM, WIDTH, cli
from stages.machine.edge import guarded
from stages.machine.errors import ConfigError
from stages.machine.files import read_text, write_text
from stages.machine.pinning import PINNED_ENVIRONMENT
from stages.machine.variables import VARIABLES, Topic

COMMANDS, ENVIRONMENT = Path("docs/commands.md"), Path("docs/environment.md")


def main() -> int:
    """Write the pages, or compare them; return the exit status."""
    check = "--check" in sys.argv[1:]
    pages = {COMMANDS: {"verbs": verbs()}, ENVIRONMENT: {"variables": variables()}}
    stale = [page for page, blocks in pages.items() if fill(page, blocks, check=check)]
    if not check:
        return 0
    for page in stale:
        print(f"{page} differs from the code; fix: make readme", file=sys.stderr)  # noqa: T201
    return int(bool(stale))


def fill(page: Path, blocks: Mapping[str, Iterable[str]], *, check: bool) -> bool:
    """Put generated lines between the markers of `page`, unless it is only to be checked.

    Args:
        page: a Markdown file with `<!-- NAME: make readme -->` and `<!-- end of NAME -->`.
        blocks: the lines of each name.
        check: write nothing.

    Returns:
        Whether the page lacked them.

    Raises:
        ConfigError: the page cannot be read, or has no such markers.
    """
    text = written = _text(page)
    for name, lines in blocks.items():
        block = f"<!-- {name}: make readme -->\n" + "\n".join(lines) + f"\n<!-- end of {name} -->"
        pattern = rf"<!-- {name}: make readme -->.*?<!-- end of {name} -->"
        written, found = re.subn(pattern, block.replace("\\", r"\\"), written, flags=re.S)
        if not found:
            raise ConfigError(
                f"{page} has no place for {name}",
                expected=f"a line <!-- {name}: make readme --> and one <!-- end of {name} -->",
                fix="write them where it belongs, then `make readme`",
            )
    if not check:
        write_text(page, written)
    return written != text


def _text(page: Path) -> str:
    try:
        return read_text(page)
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{page} cannot be read ({type(error).__name__})",
            expected="a page of a clone, with places for what is generated",
            fix=f"git checkout -- {page}",
        ) from error


def verbs() -> list[str]:
    """Return the list of verbs, then the help of each, as Markdown."""
    context = _context(cli, PROGRAM)
    lines = []
    for noun in NOUNS:
        lines += ["", f"**{noun.title}**", ""]
        for verb in noun.verbs:
            command = _command(context, verb)
            lines.append(f"- [`{verb}`](#{verb}): {command.get_short_help_str(limit=200)}")
    for noun in NOUNS:
        for verb in noun.verbs:
            command = _command(context, verb)
            text = command.get_help(_context(command, verb, context))
            lines += ["", f"## {verb}", "", "```text", text, "```"]
    return lines[1:]


def variables() -> list[str]:
    """Return a table of variables for each topic, then the pinned ones, as Markdown."""
    lines = []
    for topic in Topic:
        lines += ["", f"## {topic}", "", "| variable | what it does | unset |", "|---|---|---|"]
        lines += [
            f"| `{variable}` | {variable.about} | {variable.default} |"
            for variable in VARIABLES
            if variable.topic is topic
        ]
    lines += ["", "## What every command pins", "", "| variable | value |", "|---|---|"]
    lines += [f"| `{name}` | `{value}` |" for name, value in PINNED_ENVIRONMENT.items()]
    return lines[1:]


def _context(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    # Whatever the terminal's width.
    return click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, **command.context_settings
    )


def _command(context: click.Context, verb: str) -> click.Command:
    command = cli.get_command(context, verb)
    assert command is not None  # noqa: S101 -- it is in the table
    return command


if __name__ == "__main__":
    sys.exit(guarded("stages.cli.reference", main))
