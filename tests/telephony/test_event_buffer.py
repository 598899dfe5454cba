"""The buffer between a door and a reader that may be slow."""

from __future__ import annotations

import asyncio

import numpy as np

from voicebot.telephony._api import AudioIn, HoldChanged, KeyIn, LegEnded, LegEvent
from voicebot.telephony.event_buffer import EventBuffer


def audio(at: float) -> AudioIn:
    return AudioIn(np.zeros(160, np.int16), at)


async def read_all(buffer: EventBuffer) -> list[LegEvent]:
    return [event async for event in buffer.read()]


async def test_events_come_in_order_and_the_end_is_last() -> None:
    buffer = EventBuffer()
    events: list[LegEvent] = [
        audio(1.0),
        KeyIn("5", 1.1),
        HoldChanged(True, 1.2),
        LegEnded("caller hung up", 1.3),
    ]
    for event in events:
        buffer.put(event)
    buffer.put(KeyIn("6", 1.4))
    assert await read_all(buffer) == events


async def test_a_slow_reader_loses_the_oldest_audio_and_nothing_else() -> None:
    buffer = EventBuffer(audio_frames=3)
    buffer.put(KeyIn("1", 0.0))
    for at in range(1, 6):
        buffer.put(audio(float(at)))
    buffer.put(KeyIn("2", 6.0))
    buffer.put(LegEnded("caller hung up", 7.0))

    read = await read_all(buffer)

    assert [event.at for event in read] == [0.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert buffer.dropped == 2


async def test_audio_that_was_read_makes_room() -> None:
    buffer = EventBuffer(audio_frames=1)
    reading = buffer.read()
    for at in range(5):
        buffer.put(audio(float(at)))
        assert (await anext(reading)).at == at
    assert buffer.dropped == 0


async def test_a_waiting_reader_is_woken() -> None:
    buffer = EventBuffer()
    task = asyncio.create_task(read_all(buffer))
    await asyncio.sleep(0)
    assert buffer.idle
    buffer.put(LegEnded("caller hung up", 0.0))
    assert not buffer.idle
    assert len(await task) == 1
