"""One open page of a desk, as the desk sees it: it is told things, and that something has changed.

Nobody waits for a page: one whose backlog is full is cut off, and comes back by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Message: TypeAlias = Mapping[str, Any]
"""What a page is told, ready for JSON."""

BACKLOG: Final = 256


class Screen:
    """Made by `Desk.open`. ``cut_off`` says that the page was too slow, or the server ends."""

    def __init__(self) -> None:
        self.cut_off = False
        self._messages: deque[Message] = deque()
        self._stirred = asyncio.Event()

    def tell(self, message: Message) -> None:
        if len(self._messages) >= BACKLOG:
            self.cut_off = True
        else:
            self._messages.append(message)
        self._stirred.set()

    def stir(self) -> None:
        """The state of the desk is another now."""
        self._stirred.set()

    def close(self) -> None:
        self.cut_off = True
        self._stirred.set()

    def take(self) -> list[Message]:
        """What came since the last time."""
        found = list(self._messages)
        self._messages.clear()
        return found

    async def stirred(self, within_s: float) -> None:
        """Return when there is something to be shown, or the time is over."""
        try:
            async with asyncio.timeout(within_s):
                await self._stirred.wait()
        except TimeoutError:
            return
        self._stirred.clear()
