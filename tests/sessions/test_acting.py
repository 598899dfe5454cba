"""What became of an action is written down, however it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import pytest

from voicebot.action_result import ActionResult
from voicebot.errors import ActionError
from voicebot.events import ActionRan, CallEvent
from voicebot.flows.commands import Act
from voicebot.flows.events import ActionDone, ActionFailed
from voicebot.sessions.account import CallAccount
from voicebot.sessions.acting import carry_out
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Json

_Act = Callable[[str, Mapping[str, Json]], Awaitable[Json]]


@dataclass
class Facts:
    """A journal; its clock moves on when an action does."""

    now: float = 100.0
    facts: list[CallEvent] = field(default_factory=list)

    def append(self, event: CallEvent) -> None:
        self.facts.append(event)

    def account(self) -> CallAccount:
        info = LegInfo(CallId("c1"), "sip", "alice", "shop")
        account = CallAccount(info, self, lambda _: None, lambda: self.now)
        account.at_step("look")
        return account


@pytest.fixture
def facts() -> Facts:
    return Facts()


def _taking(facts: Facts, error: ActionError | None = None) -> _Act:
    async def act(name: str, arguments: Mapping[str, Json]) -> Json:
        facts.now += 0.25
        if error is not None:
            raise error
        return 7

    return act


@pytest.mark.parametrize("result", [ActionResult.FAILED, ActionResult.TIMED_OUT])
async def test_an_action_that_fails_is_written_down(facts: Facts, result: ActionResult) -> None:
    act = _taking(facts, ActionError("find", "away", result))
    event = await carry_out(Act("find", {}), act, facts.account(), lambda _: None)
    assert event == ActionFailed("away")
    assert facts.facts == [ActionRan(CallId("c1"), 100.25, "look", "find", result, 250.0)]


async def test_an_action_that_gives_its_result_is_written_down(facts: Facts) -> None:
    event = await carry_out(Act("find", {}), _taking(facts), facts.account(), lambda _: None)
    assert event == ActionDone(7)
    (ran,) = facts.facts
    assert isinstance(ran, ActionRan)
    assert (ran.result, ran.ms) == (ActionResult.DONE, 250.0)


async def test_who_hangs_up_meanwhile_has_given_it_up(facts: Facts) -> None:
    async def act(name: str, arguments: Mapping[str, Json]) -> Json:
        facts.now += 3.0
        await asyncio.Event().wait()
        return None

    running = asyncio.ensure_future(
        carry_out(Act("find", {}), act, facts.account(), lambda _: None)
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (ran,) = facts.facts
    assert isinstance(ran, ActionRan)
    assert (ran.result, ran.ms) == (ActionResult.GIVEN_UP, 3000.0)
