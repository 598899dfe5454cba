"""What a server does beside its calls, for as long as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Chores:
    """Tasks that end with the server, if not before."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[object]] = []

    def begin(self, chore: Coroutine[Any, Any, object], name: str) -> None:
        """Do ``chore`` from now on; ``name`` is for whoever looks at the tasks of the process."""
        self._tasks.append(asyncio.create_task(chore, name=name))

    async def stop(self) -> None:
        """Stop them all, and return when they have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
