"""One picture serves all who look, and is made only while somebody does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from itertools import count

import pytest

from tests.wall.pictures import a_wall
from voicebot.errors import CallError
from voicebot.wall import board as board_module
from voicebot.wall.board import Board
from voicebot.wall.model import Wall

WITHIN_S = 30.0


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "EVERY_S", 0.01)
    monkeypatch.setattr(board_module, "APART_S", 0.0)


class Line:
    """A line on which one more waits at every look, or nothing happens."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._looks = count()
        self.quiet = quiet
        self.refreshed = 0
        self.breaks = False
        self.broke = 0

    def compose(self) -> Wall:
        look = next(self._looks)
        if self.breaks:
            self.broke += 1
            raise RuntimeError("a mistake of ours")
        return a_wall(at=float(look), waiting=0 if self.quiet else look)

    async def refresh(self) -> None:
        self.refreshed += 1
        if self.breaks:
            raise RuntimeError("a mistake of ours")

    def board(self, most: int = 3, now: float = 0.0) -> Board:
        return Board(self.compose, self.refresh, lambda wall: repr(wall), most, lambda: now)


@contextlib.contextmanager
def looking(board: Board) -> Iterator[asyncio.Queue[str]]:
    """What one watcher is sent."""
    sent: asyncio.Queue[str] = asyncio.Queue()

    async def read() -> None:
        with board.watch() as watching:
            async for picture in watching:
                sent.put_nowait(picture)

    reading = asyncio.create_task(read())
    yield sent
    reading.cancel()


async def test_all_watchers_get_the_same_pictures() -> None:
    board = Line().board()
    async with asyncio.timeout(WITHIN_S):
        with looking(board) as one, looking(board) as other:
            pictures = [await one.get() for _ in range(3)]
            assert len(set(pictures)) == 3
            while (seen := await other.get()) != pictures[2]:
                assert seen in pictures
    assert board.made < 20, "two watchers do not make twice as many"


async def test_a_picture_is_not_written_to_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "APART_S", 60.0)
    monkeypatch.setattr(board_module, "MOST_APART_S", 60.0)
    board = Line().board()
    async with asyncio.timeout(WITHIN_S):
        with looking(board) as one, looking(board) as other:
            for _ in range(3):
                await one.get()
            assert other.empty()


async def test_nothing_is_made_while_nobody_looks() -> None:
    line = Line()
    board = line.board()
    assert (board.made, line.refreshed) == (0, 0)
    async with asyncio.timeout(WITHIN_S):
        with looking(board) as sent:
            await sent.get()
        while board.watchers or len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
    assert not {"wall", "wall's day"} & {task.get_name() for task in asyncio.all_tasks()}


async def test_a_quiet_line_sends_one_picture() -> None:
    board = Line(quiet=True).board()
    async with asyncio.timeout(WITHIN_S):
        with looking(board) as sent:
            await sent.get()
            while board.made < 5:
                await asyncio.sleep(0)
            assert sent.empty()


async def test_too_many_watchers_are_refused() -> None:
    board = Line().board(most=1)
    with board.watch(), pytest.raises(CallError, match="at most 1"):
        board.watch()


async def test_a_picture_that_cannot_be_made_costs_only_itself() -> None:
    line = Line()
    board = line.board()
    async with asyncio.timeout(WITHIN_S):
        with looking(board) as sent:
            await sent.get()
            line.breaks = True
            while line.broke < 2:
                await asyncio.sleep(0)
            line.breaks = False
            while not sent.empty():
                sent.get_nowait()
            await sent.get()


async def test_a_day_that_cannot_be_read_is_read_again() -> None:
    line = Line()
    board = line.board()
    with looking(board):
        for breaks in (True, False):
            line.breaks, before = breaks, line.refreshed
            async with asyncio.timeout(WITHIN_S):
                while line.refreshed < before + 2:
                    await asyncio.sleep(0)
    board.close()


async def test_the_end_of_the_server_ends_the_watching() -> None:
    board = Line().board()
    with board.watch() as watching:
        board.close()
        async with asyncio.timeout(WITHIN_S):
            assert [picture async for picture in watching] == []


async def test_who_only_asks_gets_the_picture_of_the_last_second() -> None:
    line = Line()
    board = line.board()
    assert await board.look() is await board.look()
    assert (board.made, line.refreshed) == (1, 2)
