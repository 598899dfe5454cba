"""Commands that are imported when they are called, not when they are listed.

The commands together import every engine, the database layer and the web framework: seconds, for a
``--help`` that needs none of them. Each command is therefore known by name and by its line of help
until it is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

_ROOM: Final = "voicebot.cli"


@dataclass(frozen=True, slots=True)
class Deferred:
    """``name`` of the command, the ``target`` that carries it out, and its line of ``help``.

    ``target`` is ``module:name`` in ``voicebot.cli``: a function, or a Typer app of subcommands.
    """

    name: str
    target: str
    help: str

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Import the command, and begin it."""
        module, _, attribute = self.target.partition(":")
        target = getattr(import_module(f"{_ROOM}.{module}"), attribute)
        if isinstance(target, typer.Typer):
            return get_group(target).make_context(*arguments, **options)
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(target)
        return get_command(alone).make_context(*arguments, **options)


class _Stand(TyperCommand):
    """Stands in the list of commands for one that is not imported yet."""

    def __init__(self, deferred: Deferred) -> None:
        super().__init__(deferred.name, help=deferred.help)
        self._deferred = deferred

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        return self._deferred.make_context(*arguments, **options)


def group_of(commands: tuple[Deferred, ...]) -> type[TyperGroup]:
    """A group of ``commands``, for ``typer.Typer(cls=...)``."""

    class Commands(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            for deferred in commands:
                self.add_command(_Stand(deferred))

    return Commands
