"""Where a measurement of records is run: on a fresh SQLite file, or on a given PostgreSQL."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable


def run_on_store(measure: Callable[[str, int], Awaitable[None]], number: int) -> None:
    """Run ``measure(url, number)``. The first argument of the command takes the place of
    ``number``, the second that of the file."""
    if len(sys.argv) > 1:
        number = int(sys.argv[1])

    async def on(url: str) -> None:
        await measure(url, number)

    if len(sys.argv) > 2:
        asyncio.run(on(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(on(f"sqlite:///{folder}/calls.db"))
