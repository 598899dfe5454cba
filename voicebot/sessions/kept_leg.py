"""Keeps a leg that is up until somebody else takes it over, with no event lost.

A leg's events can be read once, and a read that is cancelled ends them: so the one that is under
way goes along. What is said meanwhile is heard by nobody; a leg that is on hold is so for whoever
takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

from voicebot.sessions.outbound import AnsweredLeg
from voicebot.telephony._api import CallLeg, HoldChanged, LegEnded, LegEvent


async def keep(leg: CallLeg, until: Collection[asyncio.Future[Any]]) -> CallLeg | None:
    """Read what happens on ``leg`` until one of ``until`` is done; gives the leg with the events
    that are left, None where it has ended. Nobody else may have read its events."""
    events, held = leg.events(), None
    coming = _next(events)
    try:
        while not any(each.done() for each in until):
            await asyncio.wait({coming, *until}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                match coming.result():
                    case LegEnded() | None:
                        return None
                    case HoldChanged() as changed:
                        held = changed if changed.held else None
                coming = _next(events)
    except BaseException:
        coming.cancel()
        raise
    return AnsweredLeg(leg, leg.info, _rest(held, coming, events))


def _next(events: AsyncIterator[LegEvent]) -> asyncio.Task[LegEvent | None]:
    async def event() -> LegEvent | None:
        return await anext(events, None)

    return asyncio.create_task(event())


async def _rest(
    held: HoldChanged | None,
    coming: asyncio.Task[LegEvent | None],
    events: AsyncIterator[LegEvent],
) -> AsyncIterator[LegEvent]:
    if held is not None:
        yield held
    first = await coming
    if first is not None:
        yield first
    async for event in events:
        yield event
