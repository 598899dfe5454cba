"""Calls that we make: dialled, screened for a machine, and then a session like any other.

Each takes a line of the registry before it rings anywhere, and gives a whole account of itself: a
call that nobody took is written down as `not_reached` with the reason. What came of the last
thousand is kept in memory for who asked for them; the records are for everybody else.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from voicebot.errors import CallError, DialFailed, DialRefused
from voicebot.sessions.account import CallAccount
from voicebot.sessions.ears import Detector, voice_detector
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.records import Journal
from voicebot.sessions.registry import CallRegistry, Refusal
from voicebot.telephony._api import (
    AudioIn,
    CallLeg,
    Dialer,
    FrameSource,
    KeyIn,
    LegEnded,
    LegEvent,
    LegInfo,
    signal_key,
)
from voicebot.turns.answered_by import AnsweredBy, Screening, ScreeningPolicy
from voicebot.types import CallId, Language, Outcome

log = structlog.get_logger(__name__)

MOST_REPORTS: Final = 1000

DIALLING: Final = "dialling"
ANSWERED: Final = "answered"


@dataclass(frozen=True, slots=True)
class DialOrder:
    """One call to be made: ``flow`` runs with whoever answers; ``headers`` go as in
    `CallLeg.transfer`."""

    target: str
    flow: str
    language: Language
    caller: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0
    version: str = ""
    """Of the application, from dialling on; `OutboundCalls` fills it in."""


@dataclass(frozen=True, slots=True)
class DialReport:
    """What came of an order so far.

    ``state``: 'dialling', 'answered', 'busy', 'no answer', 'declined', 'unreachable', 'failed'.
    ``answered_by`` is empty until somebody has answered and was listened to; ``status`` is the SIP
    status of a refusal, 0 where there was none.
    """

    call_id: CallId
    state: str = DIALLING
    answered_by: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class OutboundServices:
    """What all calls out share. ``converse`` holds the call with the flow of its order, and is the
    one to write down its end; ``screening`` None does not look for machines; ``hold`` keeps the
    application's present version for a call, from dialling on; ``over`` is told what came of each
    once it is over."""

    dialer: Dialer
    registry: CallRegistry
    journal: Journal
    publish: Callable[[LiveEvent], None]
    converse: Callable[[CallLeg, DialOrder, CallAccount], Awaitable[None]]
    screening: ScreeningPolicy | None
    max_calls: int
    clock: Callable[[], float] = time.time
    detector: Callable[[int], Detector] = voice_detector
    hold: Callable[[], AbstractContextManager[str]] = lambda: nullcontext("")
    over: Callable[[DialReport], None] = lambda report: None


class OutboundCalls:
    """Makes the calls that are ordered, each in a task of its own."""

    def __init__(self, services: OutboundServices) -> None:
        self._services = services
        self._reports: OrderedDict[CallId, DialReport] = OrderedDict()
        self._tasks: dict[asyncio.Task[None], CallId] = {}

    def order(self, order: DialOrder) -> DialReport:
        """Begin to dial; returns at once. Raises DialRefused when there is no line for it."""
        if len(self._tasks) >= self._services.max_calls:
            raise DialRefused("as many calls out as are allowed are under way")
        call_id = CallId(uuid.uuid4().hex)
        refusal = self._services.registry.admit(call_id)
        if refusal is not None:
            raise DialRefused(str(refusal))
        report = DialReport(call_id)
        self._keep(report)
        task = asyncio.get_running_loop().create_task(
            self._make(call_id, order), name=f"dial-{call_id}"
        )
        self._tasks[task] = call_id
        task.add_done_callback(self._forget)
        return report

    def report(self, call_id: CallId) -> DialReport | None:
        """What came of a call that was ordered; None for one that is not known (any more)."""
        return self._reports.get(call_id)

    @property
    def under_way(self) -> int:
        return len(self._tasks)

    def drain(self) -> None:
        """Give up what still rings; calls that were answered go on."""
        for task, call_id in tuple(self._tasks.items()):
            report = self._reports.get(call_id)
            if report is not None and report.state == DIALLING:
                task.cancel()

    async def stop(self) -> None:
        """End every call out."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _make(self, call_id: CallId, order: DialOrder) -> None:
        services = self._services
        info = LegInfo(call_id, "sip", order.caller, order.target, direction="outbound")
        account = CallAccount(info, services.journal, services.publish, services.clock)
        with services.hold() as version:
            account.started(order.flow, order.language, version)
            await self._carry_out(call_id, replace(order, version=version), account)

    async def _carry_out(self, call_id: CallId, order: DialOrder, account: CallAccount) -> None:
        services = self._services
        try:
            leg = await services.dialer.dial(
                order.target,
                caller=order.caller,
                headers=order.headers,
                timeout_s=order.timeout_s,
            )
            await self._converse(leg, order, account)
        except DialFailed as failure:
            self._change(call_id, state=failure.outcome, status=failure.status)
            failed = failure.outcome == "failed"
            self._close(account, Outcome.FAILED if failed else Outcome.NOT_REACHED, failure.outcome)
        except CallError as problem:
            self._change(call_id, state="failed")
            self._close(account, Outcome.FAILED, str(problem))
        except asyncio.CancelledError:
            if not account.is_over:
                self._change(call_id, state="failed")
                self._close(account, Outcome.FAILED, str(Refusal.DRAINING))
            raise
        except Exception:
            log.exception("dialling_failed", call_id=call_id)
            self._change(call_id, state="failed")
            self._close(account, Outcome.FAILED, "internal error")

    async def _converse(self, leg: CallLeg, order: DialOrder, account: CallAccount) -> None:
        """Screen and hold a call that was answered."""
        answered_at = self._services.clock()
        call_id = account.info.call_id
        self._change(call_id, state=ANSWERED)
        events = leg.events()
        try:
            answered_by, end = await self._screened(leg, events)
            self._change(call_id, answered_by=answered_by)
            account.answered(at=answered_at, answered_by=answered_by)
            if end is not None:
                self._close(account, Outcome.ABANDONED_IN_FLOW, end.reason)
                return
            info = replace(account.info, answered_by=answered_by)
            await self._services.converse(AnsweredLeg(leg, info, events), order, account)
        finally:
            await leg.hang_up()

    async def _screened(
        self, leg: CallLeg, events: AsyncIterator[LegEvent]
    ) -> tuple[AnsweredBy, LegEnded | None]:
        """Listen until it is our turn; who answered, and the end where they hung up first."""
        policy = self._services.screening
        if policy is None:
            return AnsweredBy.UNKNOWN, None
        screening = Screening(leg.sample_rate, policy)
        detector = self._services.detector(leg.sample_rate)
        async for event in events:
            if isinstance(event, AudioIn):
                screening.take(event.samples, detector(event.samples))
            elif isinstance(event, KeyIn):
                return AnsweredBy.PERSON, None  # machines press no keys
            elif isinstance(event, LegEnded):
                return screening.answered_by or AnsweredBy.UNKNOWN, event
            if screening.over:
                break
        return screening.answered_by or AnsweredBy.UNKNOWN, None

    def _close(self, account: CallAccount, outcome: Outcome, reason: str) -> None:
        if account.is_over:
            return
        account.ended(outcome, reason)
        self._services.registry.ended(account.info.call_id, outcome)

    def _forget(self, task: asyncio.Task[None]) -> None:
        call_id = self._tasks.pop(task)
        self._services.over(self._reports.get(call_id, DialReport(call_id, "failed")))

    def _keep(self, report: DialReport) -> None:
        self._reports[report.call_id] = report
        while len(self._reports) > MOST_REPORTS:
            self._reports.popitem(last=False)

    def _change(
        self, call_id: CallId, *, state: str = "", answered_by: str = "", status: int = 0
    ) -> None:
        known = self._reports.get(call_id)
        if known is not None:
            self._reports[call_id] = replace(
                known,
                state=state or known.state,
                answered_by=answered_by or known.answered_by,
                status=status or known.status,
            )


class AnsweredLeg:
    """A leg that was answered and screened: under the id that it was ordered by, with the events
    that are left."""

    def __init__(self, leg: CallLeg, info: LegInfo, events: AsyncIterator[LegEvent]) -> None:
        self._leg = leg
        self._info = info
        self._events = events

    @property
    def info(self) -> LegInfo:
        return self._info

    @property
    def sample_rate(self) -> int:
        return self._leg.sample_rate

    async def answer(self) -> None:
        """Nothing to do: the other side has answered."""

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        await self._leg.reject(status, retry_after_s=retry_after_s)

    def events(self) -> AsyncIterator[LegEvent]:
        return self._events

    def attach(self, source: FrameSource | None) -> None:
        self._leg.attach(source)

    def press(self, key: str) -> bool:
        return signal_key(self._leg, key)

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        await self._leg.hang_up(reason)

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        await self._leg.transfer(target, headers)
