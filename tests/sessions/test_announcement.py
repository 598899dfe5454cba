"""What is said before the answer, and what a flow knows of a call from the beginning."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from tests.sessions.conftest import Exchange
from voicebot.events import CallAnswered
from voicebot.sessions.dialogue import facts_of
from voicebot.telephony._api import CallLeg, FrameSource, LegEvent, LegInfo
from voicebot.types import CallId, Language, Outcome, Prompt

WORDS = Prompt(("This call is recorded.",))


@dataclass
class Ringing:
    """A `RingingLeg` around another leg: pulls what is said early, all at once."""

    leg: CallLeg
    can_be_heard: bool = True
    gives_up: bool = False
    told: list[str] = field(default_factory=list)
    source: FrameSource | None = None
    sample_rate: int = 8000
    pulling: asyncio.Task[None] | None = None

    @property
    def info(self) -> LegInfo:
        return self.leg.info

    async def ring(self, *, early_media: bool = False) -> bool:
        self.told.append("rings")
        if self.can_be_heard and not self.gives_up:
            self.pulling = asyncio.create_task(self._pull())
        return self.can_be_heard

    async def _pull(self) -> None:
        """A frame at each turn of the loop, until the call is answered."""
        n = 0
        while "answered" not in self.told:
            n += 1
            frame = None if self.source is None else self.source.next_frame(n * 0.02)
            if frame is not None and frame.any() and "said" not in self.told:
                self.told.append("said")
            await asyncio.sleep(0)

    async def given_up(self) -> None:
        if not self.gives_up:
            await asyncio.Event().wait()

    async def answer(self) -> None:
        self.told.append("answered")
        await self.leg.answer()

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None: ...

    def events(self) -> AsyncIterator[LegEvent]:
        return self.leg.events()

    def attach(self, source: FrameSource | None) -> None:
        self.source = source
        self.leg.attach(source)

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        await self.leg.hang_up(reason)

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None: ...


async def test_it_is_said_while_it_rings_and_then_the_call_is_answered(exchange: Exchange) -> None:
    legs: list[Ringing] = []

    def ringing(leg: CallLeg) -> CallLeg:
        legs.append(Ringing(leg))
        return legs[0]

    line = await exchange.call(WORDS, ringing)
    await line.hear_out()
    await line.hang_up()
    assert legs[0].told == ["rings", "said", "answered"]
    assert line.turns[0].prompt == "This call is recorded. Hello. Which fruit?"


async def test_who_gives_up_meanwhile_was_never_answered(exchange: Exchange) -> None:
    line = await exchange.call(WORDS, lambda leg: Ringing(leg, gives_up=True))
    await asyncio.wait_for(line.task, 30)
    assert line.end.outcome is Outcome.ABANDONED_IN_FLOW
    assert line.end.reason == "caller hung up before the answer"
    assert not any(isinstance(event, CallAnswered) for event in line.events)


async def test_where_it_cannot_be_heard_before_it_is_said_first(exchange: Exchange) -> None:
    line = await exchange.call(WORDS, lambda leg: Ringing(leg, can_be_heard=False))
    await line.hear_out()
    await line.hang_up()
    assert line.turns[0].prompt == "This call is recorded. Hello. Which fruit?"


async def test_at_doors_that_cannot_ring_it_is_said_first(exchange: Exchange) -> None:
    line = await exchange.call(WORDS)
    await line.hear_out()
    await line.hang_up()
    assert line.turns[0].prompt == "This call is recorded. Hello. Which fruit?"


def test_a_flow_knows_what_the_call_brought_by_names_it_can_write() -> None:
    info = LegInfo(
        CallId("c"), "sip", "anna", "shop", {"user-to-user": "17"}, "outbound", "machine"
    )
    facts = facts_of(info, Language("en-US"))
    assert facts["headers"] == {"user_to_user": "17"}
    assert (facts["direction"], facts["answered_by"]) == ("outbound", "machine")
    inbound = facts_of(LegInfo(CallId("c"), "sip", "", ""), Language("en-US"))
    assert inbound["answered_by"] is None
