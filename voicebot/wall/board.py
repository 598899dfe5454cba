"""One picture for all who look, made once a second at most, and only while somebody does.

Whoever watches gets the newest picture and never a backlog: a slow reader skips what lies between.
A whole picture each time makes coming back after a lost line the same as coming.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

import structlog

from voicebot.errors import CallError
from voicebot.wall.model import Wall

log = structlog.get_logger(__name__)

EVERY_S: Final = 1.0
SIGN_OF_LIFE_S: Final = 5.0
"""A picture in which nothing changed is sent again after so long: the page can tell a quiet line
from a dead one."""
APART_S: Final = 0.01
"""Watchers are sent a picture one after the other: written to all at once it would hold up the
frames of calls, which are due every 20 ms."""
MOST_APART_S: Final = 0.5


class Board:
    """``compose`` makes the picture of now, at once; ``refresh`` brings what it takes from records
    up to date, as often as that makes sense; ``encode`` writes it for all watchers together.
    ``most`` may watch at a time."""

    def __init__(
        self,
        compose: Callable[[], Wall],
        refresh: Callable[[], Awaitable[object]],
        encode: Callable[[Wall], str],
        most: int = 100,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._compose = compose
        self._refresh = refresh
        self._encode = encode
        self._most = most
        self._timer = timer
        self._watchers = 0
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._turned = asyncio.Event()
        self._wall: Wall | None = None
        self._shown: Wall | None = None
        self._made_at = self._sent_at = 0.0
        self.picture = ""
        """The newest one, written down; empty before the first."""
        self.made = 0
        self.closed = False

    @property
    def watchers(self) -> int:
        return self._watchers

    async def look(self) -> Wall:
        """The picture of now; who asks often gets one of the last second."""
        await self._refresh()
        if self._wall is None or self._timer() >= self._made_at + EVERY_S:
            return self._make()
        return self._wall

    def watch(self) -> Watching:
        """Follow the wall. Raises CallError when too many do."""
        if self._watchers >= self._most:
            raise CallError(f"too many watchers: at most {self._most} may follow the wall")
        return Watching(self)

    def close(self) -> None:
        """End all watching: the server is stopping."""
        self.closed = True
        self._turn()

    # For `Watching`

    def entered(self) -> None:
        self._watchers += 1
        if self._watchers == 1 and not self.closed:
            self.picture = ""  # what was there when the last one left is old
            self._tasks = (
                asyncio.create_task(self._tick(), name="wall"),
                asyncio.create_task(self._keep_fresh(), name="wall's day"),
            )

    def left(self) -> None:
        self._watchers -= 1
        if not self._watchers:
            for task in self._tasks:
                task.cancel()
            self._tasks = ()

    async def turned(self) -> None:
        """Wait for the next picture, or the end."""
        await self._turned.wait()

    # Making

    async def _tick(self) -> None:
        while True:
            try:
                self._publish(self._make())
            except Exception:
                # One picture is lost; those who watch keep the one before.
                log.exception("wall_not_made")
            await asyncio.sleep(EVERY_S)

    async def _keep_fresh(self) -> None:
        while True:
            try:
                await self._refresh()
            except Exception:
                # The day stays as it was read last; the line goes on.
                log.exception("wall_not_fresh")
            await asyncio.sleep(EVERY_S)

    def _make(self) -> Wall:
        self._wall = wall = self._compose()
        self._made_at = self._timer()
        self.made += 1
        return wall

    def _publish(self, wall: Wall) -> None:
        shown = self._shown
        same = shown is not None and replace(shown, at=wall.at) == wall
        if self.picture and same and self._made_at < self._sent_at + SIGN_OF_LIFE_S:
            return
        self.picture, self._shown = self._encode(wall), wall
        self._sent_at = self._made_at
        self._turn()

    def _turn(self) -> None:
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()


class Watching:
    """One watcher: iterate it inside ``with``."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._after_s = 0.0

    async def __aiter__(self) -> AsyncIterator[str]:
        seen = ""
        while not self._board.closed:
            if (picture := self._board.picture) and picture is not seen:
                seen = picture
                yield picture
            else:
                await self._board.turned()
                await asyncio.sleep(self._after_s)

    def __enter__(self) -> Self:
        self._after_s = min(self._board.watchers * APART_S, MOST_APART_S)
        self._board.entered()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._board.left()
