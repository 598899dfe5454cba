"""The sample databases of an application, a fresh copy for whoever has changed the last one.

Only SQL actions on databases that the application brings itself (``flows/<name>.sql``) and Python
functions that change nothing run here; every other action reaches beyond the folder, and is for the
test to answer.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from voicebot.actions.definition import PythonWork, SqlWork
from voicebot.actions.reader import ActionFile
from voicebot.actions.registry import ActionRegistry
from voicebot.actions.seed import sample_scripts, seed_database
from voicebot.rehearsal.stage import Unanswered
from voicebot.types import Json

_PRISTINE = "pristine"


class Sandbox:
    """``folder`` is a temporary one; ``run`` runs an action on the copy that lies there."""

    def __init__(self, application: Path, actions: ActionFile, folder: Path) -> None:
        self._folder = folder
        self._scripts = sample_scripts(application, {})
        chosen = actions.definitions.items()
        self._samples = {
            name: each
            for name, each in chosen
            if isinstance(each.work, SqlWork) and each.work.database in self._scripts
        }
        functions = {
            name: each
            for name, each in chosen
            if isinstance(each.work, PythonWork) and not each.work.changes
        }
        self._functions = ActionRegistry(functions, {}, sources=actions.sources)
        self._registry: ActionRegistry | None = None
        self._copies = 0
        self._changed = False

    async def run(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """Raises `Unanswered` for an action that is none of the sandbox's, FlowError where a Python
        file cannot be imported, else what the registry raises."""
        if name in self._functions.names:
            await self._functions.start()  # the first run has no less time than the others
            return await self._functions.run(name, arguments)
        definition = self._samples.get(name)
        if definition is None:
            raise Unanswered(name, "reaches beyond the application's sample database")
        if self._registry is None:
            self._registry = await self._fresh()
        self._changed = self._changed or definition.work.changes
        return await self._registry.run(name, arguments)

    async def renew(self) -> None:
        """Forget what was changed; to be called between two tests."""
        if self._changed:
            await self._forget()
            self._changed = False

    async def aclose(self) -> None:
        await self._forget()
        await self._functions.aclose()

    async def _forget(self) -> None:
        if self._registry is not None:
            await self._registry.aclose()
            self._registry = None

    async def _fresh(self) -> ActionRegistry:
        self._copies += 1
        copies = self._folder / str(self._copies)
        copies.mkdir()
        urls = {}
        for name, script in self._scripts.items():
            pristine = self._folder / f"{_PRISTINE}-{name}.db"
            await seed_database(f"sqlite+aiosqlite:///{pristine}", script)
            copy = copies / f"{name}.db"
            shutil.copyfile(pristine, copy)
            urls[name] = f"sqlite+aiosqlite:///{copy}"
        return ActionRegistry(self._samples, urls)
