"""Calls of ours from the order to the record: answered, not taken, screened, given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from voicebot.errors import DialFailed, DialRefused
from voicebot.events import CallAnswered, CallEnded, CallEvent, CallStarted
from voicebot.sessions.account import CallAccount
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.outbound import DialOrder, OutboundCalls, OutboundServices
from voicebot.sessions.registry import CallRegistry
from voicebot.telephony._api import (
    AudioIn,
    CallLeg,
    FrameSource,
    KeyIn,
    LegEnded,
    LegEvent,
    LegInfo,
)
from voicebot.turns.answered_by import ScreeningPolicy
from voicebot.types import CallId, Language, Outcome, Samples

ORDER = DialOrder("sip:bob@127.0.0.1", "main", Language("en-US"), caller="100")
LOUD = np.full(160, 5000, np.int16)
QUIET = np.zeros(160, np.int16)


@dataclass
class FarLeg:
    """A leg whose events the test has written down."""

    script: list[LegEvent]
    hung_up: bool = False
    sample_rate: int = 8000

    @property
    def info(self) -> LegInfo:
        return LegInfo(CallId("the door's own id"), "sip", "", "bob", direction="outbound")

    async def answer(self) -> None: ...

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None: ...

    async def events(self) -> AsyncIterator[LegEvent]:
        for event in self.script:
            yield event

    def attach(self, source: FrameSource | None) -> None: ...

    async def hang_up(self, reason: str = "") -> None:
        self.hung_up = True

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None: ...


@dataclass
class Exchange:
    """Makes calls to ``leg``, or fails with ``failure``; keeps what is written down."""

    leg: FarLeg = field(default_factory=lambda: FarLeg([]))
    failure: DialFailed | None = None
    rings: asyncio.Event | None = None
    events: list[CallEvent] = field(default_factory=list)
    live: list[LiveEvent] = field(default_factory=list)
    conversed: list[LegInfo] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    held: int = 0
    left: list[LegEvent] = field(default_factory=list)
    registry: CallRegistry = field(default_factory=lambda: CallRegistry(max_calls=3))

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> CallLeg:
        if self.rings is not None:
            await self.rings.wait()
        if self.failure is not None:
            raise self.failure
        return self.leg

    async def converse(self, leg: CallLeg, order: DialOrder, account: CallAccount) -> None:
        account.started("twice", Language("de"))
        account.answered()
        self.conversed.append(leg.info)
        self.versions.append(order.version)
        self.left = [event async for event in leg.events()]
        account.ended(Outcome.SELF_SERVED, "goodbye")
        self.registry.ended(leg.info.call_id, Outcome.SELF_SERVED)

    @contextmanager
    def hold(self) -> Iterator[str]:
        self.held += 1
        yield "5f0c3a9b71d2"
        self.held -= 1

    def append(self, event: CallEvent) -> None:
        self.events.append(event)

    def calls(self, screening: ScreeningPolicy | None = None, at_once: int = 2) -> OutboundCalls:
        return OutboundCalls(
            OutboundServices(
                dialer=self,
                registry=self.registry,
                journal=self,
                publish=self.live.append,
                converse=self.converse,
                screening=screening,
                max_calls=at_once,
                clock=lambda: 7.0,
                detector=lambda rate: lambda samples: bool(samples.any()),
                hold=self.hold,
            )
        )

    @property
    def end(self) -> CallEnded:
        ends = [event for event in self.events if isinstance(event, CallEnded)]
        assert len(ends) == 1
        return ends[0]


async def done(calls: OutboundCalls) -> None:
    async with asyncio.timeout(30):
        while calls.under_way:
            await asyncio.sleep(0)


def audio(*frames: tuple[Samples, int]) -> list[LegEvent]:
    return [AudioIn(samples, 0.0) for samples, count in frames for _ in range(count)]


async def test_an_answered_call_is_a_session_with_the_id_it_was_ordered_by() -> None:
    exchange = Exchange()
    calls = exchange.calls()
    ordered = calls.order(ORDER)
    assert ordered.state == "dialling"
    await done(calls)
    report = calls.report(ordered.call_id)
    assert report is not None
    assert (report.state, report.answered_by) == ("answered", "unknown")
    assert exchange.conversed[0].call_id == ordered.call_id
    assert [type(event) for event in exchange.events] == [CallStarted, CallAnswered, CallEnded]
    started = exchange.events[0]
    assert isinstance(started, CallStarted)
    assert (started.direction, started.caller, started.flow) == ("outbound", "100", "main")
    assert exchange.leg.hung_up
    assert exchange.registry.active == 0


async def test_a_call_keeps_the_version_that_it_was_dialled_for() -> None:
    exchange = Exchange()
    calls = exchange.calls()
    calls.order(ORDER)
    await done(calls)
    started = exchange.events[0]
    assert isinstance(started, CallStarted)
    assert [started.version, *exchange.versions] == ["5f0c3a9b71d2"] * 2
    assert exchange.held == 0


@pytest.mark.parametrize(
    "said, outcome",
    [
        ("busy", Outcome.NOT_REACHED),
        ("no answer", Outcome.NOT_REACHED),
        ("declined", Outcome.NOT_REACHED),
        ("unreachable", Outcome.NOT_REACHED),
        ("failed", Outcome.FAILED),
    ],
)
async def test_a_call_that_nobody_took_is_written_down_as_that(said: str, outcome: Outcome) -> None:
    exchange = Exchange(failure=DialFailed("sip:bob", said, 486))
    calls = exchange.calls()
    ordered = calls.order(ORDER)
    await done(calls)
    report = calls.report(ordered.call_id)
    assert report is not None
    assert (report.state, report.status) == (said, 486)
    assert (exchange.end.outcome, exchange.end.reason) == (outcome, said)
    assert exchange.registry.active == 0


async def test_who_answered_is_known_before_the_flow_begins_and_nothing_is_lost() -> None:
    script = [*audio((LOUD, 20), (QUIET, 45)), KeyIn("5", 0.0)]
    exchange = Exchange(FarLeg(script))
    calls = exchange.calls(ScreeningPolicy())
    calls.order(ORDER)
    await done(calls)
    assert exchange.conversed[0].answered_by == "person"
    assert exchange.left[-1] == KeyIn("5", 0.0)
    assert CallAnswered(exchange.conversed[0].call_id, 7.0, "person") in exchange.events


async def test_a_machine_is_told_to_the_flow() -> None:
    exchange = Exchange(FarLeg(audio((LOUD, 150), (QUIET, 200))))
    calls = exchange.calls(ScreeningPolicy())
    calls.order(ORDER)
    await done(calls)
    assert exchange.conversed[0].answered_by == "machine"


async def test_who_presses_a_key_is_a_person() -> None:
    exchange = Exchange(FarLeg([*audio((QUIET, 3)), KeyIn("1", 0.0)]))
    calls = exchange.calls(ScreeningPolicy())
    calls.order(ORDER)
    await done(calls)
    assert exchange.conversed[0].answered_by == "person"


async def test_who_hangs_up_at_once_has_abandoned_us() -> None:
    exchange = Exchange(FarLeg([LegEnded("called party hung up", 0.0)]))
    calls = exchange.calls(ScreeningPolicy())
    calls.order(ORDER)
    await done(calls)
    assert exchange.conversed == []
    assert exchange.end.outcome is Outcome.ABANDONED_IN_FLOW
    assert exchange.registry.active == 0


async def test_no_more_calls_than_allowed_and_none_without_a_line() -> None:
    exchange = Exchange(rings=asyncio.Event())
    calls = exchange.calls(at_once=1)
    calls.order(ORDER)
    with pytest.raises(DialRefused, match="as many calls out"):
        calls.order(ORDER)
    await calls.stop()
    exchange.registry.draining = True
    with pytest.raises(DialRefused, match="shutting down"):
        calls.order(ORDER)


async def test_what_rings_is_given_up_when_the_server_drains() -> None:
    exchange = Exchange(rings=asyncio.Event())
    calls = exchange.calls()
    ordered = calls.order(ORDER)
    await asyncio.sleep(0)
    calls.drain()
    await done(calls)
    report = calls.report(ordered.call_id)
    assert report is not None
    assert report.state == "failed"
    assert (exchange.end.outcome, exchange.end.reason) == (Outcome.FAILED, "shutting down")
    assert exchange.registry.active == 0
