"""Looking callers up costs a call nothing: late, broken or unknown, the flow begins without."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from voicebot.errors import ActionError, StorageError
from voicebot.sessions.callers import Callers
from voicebot.sessions.history import DAY_S, Contact
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Json, Matter, Outcome

NOW = 1_800_000_000.0
INFO = LegInfo(CallId("now"), "sip", "+15550117", "1000")
CONTACT = Contact(CallId("a"), NOW - DAY_S, Outcome.SELF_SERVED, Matter("order", {}, open=True))


class Shelf:
    """A `Histories` of one contact; ``gate`` holds it back, ``error`` is what it ends in."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.asked: list[tuple[str, float, float, int]] = []

    async def by_number(
        self, number: str, *, since: float, until: float, limit: int
    ) -> tuple[Contact, ...]:
        self.asked.append((number, since, until, limit))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return (CONTACT,)

    async def by_customer(
        self, customer: str, *, since: float, until: float, limit: int
    ) -> tuple[Contact, ...]:
        return await self.by_number(customer, since=since, until=until, limit=limit)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def callers(shelf: Shelf) -> Callers:
    return Callers(shelf, days=7, most=20, time_limit_s=5, clock=lambda: NOW)


async def ada(number: str) -> Json:
    return {"id": 17, "number": number}


async def broken(number: str) -> Json:
    raise ActionError("find_customer", "no connection")


async def faulty(number: str) -> Json:
    raise ZeroDivisionError


async def never(number: str) -> Json:
    await asyncio.Event().wait()
    return None


async def test_history_and_customer_are_told(callers: Callers, shelf: Shelf) -> None:
    facts = await callers.facts(INFO, ada)
    assert facts["customer"] == {"id": 17, "number": "+15550117"}
    assert isinstance(facts["history"], dict)
    assert facts["history"]["contacts"] == 1
    assert shelf.asked == [("+15550117", NOW - 7 * DAY_S, NOW, 20)]
    assert callers.counts == {("history", "done"): 1, ("customer", "done"): 1}


async def test_withheld_numbers_are_not_looked_up(callers: Callers, shelf: Shelf) -> None:
    withheld = LegInfo(CallId("now"), "sip", "anonymous", "1000")
    assert await callers.facts(withheld, ada) == {"history": None, "customer": None}
    assert shelf.asked == []


async def test_each_may_fail_alone(callers: Callers, shelf: Shelf) -> None:
    facts = await callers.facts(INFO, broken)
    assert facts["customer"] is None
    assert facts["history"] is not None
    shelf.error = StorageError("away")
    facts = await callers.facts(INFO, ada)
    assert facts["history"] is None
    assert facts["customer"] is not None
    assert callers.counts["customer", "failed"] == callers.counts["history", "failed"] == 1


async def test_what_is_late_is_left_out(callers: Callers, shelf: Shelf) -> None:
    callers.time_limit_s = 0.01
    shelf.gate.clear()
    assert await callers.facts(INFO, never) == {"history": None, "customer": None}
    assert callers.counts == {("history", "late"): 1, ("customer", "late"): 1}


async def test_a_fault_of_ours_harms_no_call(callers: Callers) -> None:
    facts = await callers.facts(INFO, faulty)
    assert facts["customer"] is None
    assert facts["history"] is not None


async def test_a_history_that_is_switched_off(callers: Callers) -> None:
    callers.histories = None
    assert await callers.facts(INFO, None) == {"history": None, "customer": None}
    with pytest.raises(ActionError, match="switched off"):
        await callers.act(run, "history", {"customer": "17"})


async def run(name: str, arguments: Mapping[str, Json]) -> Json:
    return [name, dict(arguments)]


async def test_the_action_history_gives_a_customers_contacts(
    callers: Callers, shelf: Shelf
) -> None:
    history = await callers.act(run, "history", {"customer": 17})
    assert isinstance(history, dict)
    assert history["contacts"] == 1
    assert shelf.asked[0][0] == "17"
    assert await callers.act(run, "price", {"of": 1}) == ["price", {"of": 1}]


async def test_the_action_history_fails_as_actions_do(callers: Callers, shelf: Shelf) -> None:
    with pytest.raises(ActionError, match="'customer' is missing"):
        await callers.act(run, "history", {"customer": None})
    shelf.error = StorageError("away")
    with pytest.raises(ActionError, match="cannot be read"):
        await callers.act(run, "history", {"customer": "17"})
    callers.time_limit_s = 0.01
    shelf.gate.clear()
    with pytest.raises(ActionError, match="took longer"):
        await callers.act(run, "history", {"customer": "17"})
