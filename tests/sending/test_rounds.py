"""When what failed is tried again, and what ends the sending: nothing but being cancelled."""

from __future__ import annotations

import asyncio

import pytest

from voicebot.errors import StorageError
from voicebot.sending.pauses import pause_s
from voicebot.sending.rounds import keep_sending


def test_pauses_grow_to_a_bound_and_are_spread() -> None:
    assert [pause_s(tries, 1, 600, 0.0) for tries in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert pause_s(5000, 1, 600, 0.0) == 600
    assert pause_s(3, 1, 600, 1.0) == 2
    assert pause_s(1, 5, 300, 0.5) == 3.75


async def test_a_round_comes_after_every_failure_and_when_there_is_something_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voicebot.sending.rounds.STORAGE_PAUSE_S", 0.0)
    stirred, done = asyncio.Event(), asyncio.Event()
    rounds = 0

    async def send_due() -> float:
        nonlocal rounds
        rounds += 1
        match rounds:
            case 1:
                raise StorageError("away")
            case 2:
                raise RuntimeError("a surprise")
            case 3:
                stirred.set()  # while it is being sent: it counts for the next round
            case _:
                done.set()
        return 3600.0

    sending = asyncio.create_task(keep_sending(send_due, stirred, "letters"))
    try:
        async with asyncio.timeout(20):
            await done.wait()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert rounds == 4
