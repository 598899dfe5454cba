"""Made-up contacts as the journal writes them, and what the definitions count of them by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.analytics.totals import DAY_S, HOUR_S, NAMES, Rules, Totals
from voicebot.storage.database import WRITES
from voicebot.storage.schema import calls, stale_hours
from voicebot.types import Outcome


@dataclass(frozen=True)
class MadeUp:
    """A call that has ended. Wait and handling are None where nobody was waited for, or came."""

    at: float
    outcome: Outcome = Outcome.SELF_SERVED
    answered: bool = True
    duration_s: float = 60.0
    number: str | None = None
    customer: str | None = None
    matter: str | None = None
    door: str = "sip"
    flow: str = "main"
    queue: str | None = None
    agent: str | None = None
    waited_s: float | None = None
    handled_s: float = 0.0
    called_back: bool = False

    def row(self, number: int) -> dict[str, Any]:
        return {
            "id": f"call-{number}",
            "transport": self.door,
            "caller": self.number or "anonymous",
            "callee": "shop",
            "flow": self.flow,
            "language": "en-US",
            "started_at": self.at,
            "answered_at": self.at if self.answered else None,
            "ended_at": self.at + self.duration_s,
            "outcome": self.outcome.value,
            "reason": "",
            "number": self.number,
            "customer": self.customer,
            "matter": self.matter,
            "queue": self.queue,
            "agent": self.agent,
            "waited_s": self.waited_s,
            "handled_s": self.handled_s if self.agent else None,
            "wrapped_s": 5.0 if self.agent else None,
            "called_back": self.called_back,
        }

    def value(self, split: str) -> str:
        named: Mapping[str, str | None] = {
            "direction": "inbound",
            "language": "en-US",
            "door": self.door,
            "flow": self.flow,
            "intent": self.matter,
            "queue": self.queue,
            "agent": self.agent,
        }
        return named[split] or ""


async def store(engine: AsyncEngine, made_up: Sequence[MadeUp]) -> None:
    rows = [each.row(number) for number, each in enumerate(made_up)]
    hours = {int(each.at // HOUR_S) for each in made_up}
    async with engine.execution_options(**WRITES).begin() as connection:
        if rows:
            await connection.execute(insert(calls), rows)
            await connection.execute(insert(stale_hours), [{"hour": hour} for hour in hours])


def counted(
    chosen: Sequence[MadeUp], everything: Sequence[MadeUp], rules: Rules, now: float
) -> Totals:
    """What the definitions say of ``chosen``, one contact after the other."""
    return sum((_count(each, everything, rules, now) for each in chosen), Totals())


def _count(each: MadeUp, everything: Sequence[MadeUp], rules: Rules, now: float) -> Totals:
    others = [other for other in everything if _same(each, other)]
    days = rules.repeat_days * DAY_S
    known = each.answered and each.matter is not None and bool(each.number or each.customer)
    repeat = known and any(0 < each.at - other.at <= days for other in others)
    repeated = known and any(0 < other.at - each.at <= days for other in others)
    over = (each.at // HOUR_S + 1) * HOUR_S + days <= now
    settled = known and not repeat and over
    talked = each.agent is not None
    person = talked and each.waited_s is not None and not each.called_back
    flow, queue = Outcome.ABANDONED_IN_FLOW, Outcome.ABANDONED_IN_QUEUE
    waited = each.waited_s or 0.0
    found: dict[str, float] = dict.fromkeys(NAMES, 0)
    found |= {
        "contacts": 1,
        each.outcome.value: 1,
        "short_in_flow": each.outcome is flow and each.answered and each.duration_s < rules.short_s,
        "short_in_queue": each.outcome is queue
        and each.waited_s is not None
        and waited < rules.short_s,
        "queued": each.waited_s is not None,
        "answered": person,
        "called_back": talked and each.called_back,
        "within": person and waited <= rules.target_s,
        "known": known,
        "repeats": repeat,
        "settled": settled,
        "resolved": settled and not repeated,
        "undone": each.outcome is Outcome.SELF_SERVED and repeated,
        "duration_s": each.duration_s if each.answered else 0.0,
        "waited_s": waited if person else 0.0,
        "handled_s": each.handled_s if each.agent else 0.0,
        "wrapped_s": 5.0 if each.agent else 0.0,
    }
    values: list[Any] = [
        float(found[name]) if name.endswith("_s") else int(found[name]) for name in NAMES
    ]
    return Totals(*values)


def _same(each: MadeUp, other: MadeUp) -> bool:
    if other is each or not other.answered or each.matter is None or other.matter != each.matter:
        return False
    same_number = each.number is not None and other.number == each.number
    return same_number or (each.customer is not None and other.customer == each.customer)
