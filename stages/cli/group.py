"""A click group that imports a command's file only when its verb is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True)
class Noun:
    """A file of commands.

    Args:
        module: the file's module.
        title: the heading of its verbs in `--help`.
        verbs: its verbs in the order of `--help`; the command of `move-registry` is the module's
            `move_registry`.
    """

    module: str
    title: str
    verbs: tuple[str, ...]


class LazyGroup(click.Group):
    """The verbs of some nouns."""

    def __init__(self, *args: Any, nouns: Sequence[Noun], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nouns = nouns

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Return the verbs in the order of the table."""
        return [verb for noun in self.nouns for verb in noun.verbs]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of a verb, or None if there is no such verb."""
        for noun in self.nouns:
            if cmd_name in noun.verbs:
                found = getattr(import_module(noun.module), cmd_name.replace("-", "_"))
                assert isinstance(found, click.Command)  # noqa: S101 -- the table is wrong
                return found
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name.

        Raises:
            NoSuchCommand: there is none; it names the nearest verb.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            # Click compares with the commands that it has imported: none.
            known = self.list_commands(ctx)
            raise click.NoSuchCommand(error.command_name, possibilities=known, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs, each with its sentence, under the titles of their nouns."""
        width = max(map(len, self.list_commands(ctx)))
        for noun in self.nouns:
            found = [(verb, self.get_command(ctx, verb)) for verb in noun.verbs]
            with formatter.section(noun.title):
                formatter.write_dl(
                    [
                        (verb.ljust(width), command.get_short_help_str(limit=200))
                        for verb, command in found
                        if command
                    ]
                )
