"""One page over a WebSocket: what it is shown, and what it says, at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def two_ways(show: Coroutine[Any, Any, None], hear: Coroutine[Any, Any, None]) -> None:
    """Run both until one of them ends, and stop the other. Raises what either raised."""
    showing, hearing = asyncio.create_task(show), asyncio.create_task(hear)
    try:
        await asyncio.wait({showing, hearing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (showing, hearing):
            task.cancel()
        results = await asyncio.gather(showing, hearing, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
