"""Figures of the last hour from the ledger, and what is usual for it. Pure but for what it awaits.

The hour ends `SETTLED_S` ago: a contact counts at its beginning once it has ended, so the last
minutes always look emptier than they were, and other weeks would look busier than this one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import product
from typing import Final

from voicebot.alerts.model import FIGURES, AlertKey, Reading, Readings, Rule, Usual
from voicebot.alerts.readings import of_hour, of_queue_hour
from voicebot.alerts.usual import hours_before, usual_of
from voicebot.analytics.deflection import DeflectionRecords, deflection
from voicebot.analytics.history import Ledger, Span, Split
from voicebot.analytics.totals import DAY_S, HOUR_S, Totals

SETTLED_S: Final = 180.0
_INBOUND: Final = {Split.DIRECTION: "inbound"}


def wanted(rules: Sequence[Rule]) -> Sequence[Rule]:
    """The rules that are judged by the ledger."""
    return [rule for rule in rules if rule.what.of_hour]


async def read_hour(
    ledger: Ledger,
    records: DeflectionRecords,
    rules: Sequence[Rule],
    now: float,
    queues: Iterable[str] = (),
) -> Readings:
    """Every figure that ``rules`` want of the hour. ``queues`` that had no caller have nothing to
    judge. Raises StorageError."""
    asked = wanted(rules)
    if not asked:
        return {}
    by_queue = any(rule.what.per_queue for rule in asked)
    found = {key: Reading(None) for key in product(of_queue_hour(Totals()), queues) if by_queue}
    end = now - SETTLED_S
    return found | dict(
        await _read_hour(ledger, records, Span(end - HOUR_S, end), now, by_queue=by_queue)
    )


async def read_usual(
    ledger: Ledger,
    records: DeflectionRecords,
    rules: Sequence[Rule],
    now: float,
    weeks: int,
    zone: tzinfo,
) -> Mapping[AlertKey, Usual]:
    """What is usual for this hour, by figure and queue, where ``rules`` ask for it. Takes about
    twice as many looks into the ledger as there are ``weeks``. Raises StorageError."""
    asked = [rule for rule in wanted(rules) if rule.unusual is not None]
    by_queue = any(rule.what.per_queue for rule in asked)
    others: defaultdict[AlertKey, list[Reading]] = defaultdict(list)
    for span in hours_before(now - SETTLED_S, weeks, zone) if asked else ():
        if not await _was_at_work(ledger, span, now):
            continue
        week = await _read_hour(ledger, records, span, now, by_queue=by_queue)
        for key, reading in week.items():
            others[key].append(reading)
    figures = {rule.figure for rule in asked}
    found = {
        key: usual_of(each, FIGURES[key[0]].kind)
        for key, each in others.items()
        if key[0] in figures
    }
    return {key: usual for key, usual in found.items() if usual is not None}


def compared(readings: Readings, usual: Mapping[AlertKey, Usual]) -> Readings:
    """``readings`` with what is usual for them."""
    return {key: replace(each, usual=usual.get(key)) for key, each in readings.items()}


async def _was_at_work(ledger: Ledger, span: Span, now: float) -> bool:
    """Whether there was any contact in the week up to ``span``: an hour without one says something
    only where the line was in use at all."""
    week = Span(span.until - 7 * DAY_S, span.until)
    return bool(await ledger.sums(week, _INBOUND, None, hourly=False, now=now))


async def _read_hour(
    ledger: Ledger, records: DeflectionRecords, span: Span, now: float, *, by_queue: bool
) -> Readings:
    split = Split.QUEUE if by_queue else None
    sums = await ledger.sums(span, _INBOUND, split, hourly=False, now=now)
    funnel = deflection(await records.stages(span.since, span.until)).whole
    whole = sum((part.totals for part in sums), Totals())
    found = {(figure, ""): reading for figure, reading in of_hour(whole, funnel).items()}
    for part in sums:
        if part.value:
            for figure, reading in of_queue_hour(part.totals).items():
                found[figure, part.value] = reading
    return found
