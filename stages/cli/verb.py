"""What all verbs have in common: where they run, and how their help looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from stages.machine.environment import forget_empty, load_environment
from stages.machine.project import bring_project
from stages.records.layout import HERE


class Verb(click.Command):
    """A command that runs in a project, with the settings of its `.env`.

    The function's docstring is the sentence in the list of verbs.

    Args:
        details: what its own help says after that sentence, in paragraphs.
        examples: commands to type, shown as they are.
    """

    def __init__(
        self, *args: Any, details: str = "", examples: tuple[str, ...] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.short_help = self.help
        self.help = "\n\n".join(filter(None, (self.help, details)))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; only now, so that `--help` and a typo need no project."""
        forget_empty()
        bring_project(HERE.project)
        load_environment()
        return super().invoke(ctx)

    def format_epilog(
        self,
        ctx: click.Context,  # noqa: ARG002 -- click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the examples, one a line."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def verb(
    *, cls: type[Verb] = Verb, **settings: Any
) -> Callable[[Callable[..., None]], click.Command]:
    """Return the decorator that makes a function a verb; `settings` are those of `cls`."""
    return click.command(cls=cls, **settings)
