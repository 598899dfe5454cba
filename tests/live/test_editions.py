"""Calls finish on what they began with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.live.conftest import Folder
from voicebot.application import Application
from voicebot.live.edition import Edition, Editions

Make = Callable[[Application], Edition]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The versions that were closed, in order."""
    versions: list[str] = []

    async def aclose(self: Application) -> None:
        versions.append(self.version)

    monkeypatch.setattr(Application, "aclose", aclose)
    return versions


def two(folder: Folder, edition: Make) -> tuple[Edition, Edition]:
    first = edition(folder.load())
    folder.edit("flows/main.yaml", "Goodbye.", "So long.")
    return first, edition(folder.load(first.application))


async def test_a_call_keeps_its_edition_and_the_next_call_gets_the_new_one(
    folder: Folder, edition: Make, closed: list[str]
) -> None:
    first, second = two(folder, edition)
    editions = Editions(first)
    with editions.hold() as held:
        editions.put(second)
        with editions.hold() as next_one:
            assert (held, next_one) == (first, second)
            assert editions.get(first.version) is first
            assert editions.behind == 1
        await asyncio.sleep(0)
        assert closed == []
    await asyncio.sleep(0)
    assert closed == [first.version]
    assert editions.behind == 0


async def test_an_edition_without_calls_is_closed_at_once(
    folder: Folder, edition: Make, closed: list[str]
) -> None:
    first, second = two(folder, edition)
    editions = Editions(first)

    editions.put(second)
    await asyncio.sleep(0)

    assert closed == [first.version]
    assert editions.get(first.version) is second


async def test_an_edition_that_calls_hold_can_come_back(
    folder: Folder, edition: Make, closed: list[str]
) -> None:
    first, second = two(folder, edition)
    editions = Editions(first)
    with editions.hold():
        editions.put(second)
        assert editions.put_back(first.version)
        assert editions.current is first
    await asyncio.sleep(0)
    assert closed == [second.version]
    assert not editions.put_back(second.version)


async def test_the_end_closes_all_of_them(folder: Folder, edition: Make, closed: list[str]) -> None:
    first, second = two(folder, edition)
    editions = Editions(first)
    with editions.hold():
        editions.put(second)
        await editions.aclose()
    assert sorted(closed) == sorted([first.version, second.version])


async def test_each_edition_that_becomes_current_is_told(
    folder: Folder, edition: Make, closed: list[str]
) -> None:
    first, second = two(folder, edition)
    told: list[str] = []
    editions = Editions(first, lambda each: told.append(each.version))
    with editions.hold():
        editions.put(second)
        editions.put_back(first.version)
    assert told == [second.version, first.version]
    await asyncio.sleep(0)
