"""Figures of the last hour from the ledger, and what is usual for it. Pure but for what it awaits.

The hour ends `SETTLED_S` ago: a contact counts at its beginning once it has ended, so the last
minutes always look emptier than they were, and other weeks would look busier than this one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import product
from typing import Final

from voicebot.alerts.model import AlertKey, Reading, Readings, Rule
from voicebot.alerts.readings import of_hour, of_queue_hour
from voicebot.alerts.usual import hours_before, usual_of
from voicebot.analytics.deflection import DeflectionRecords, deflection
from voicebot.analytics.history import Ledger, Span, Split
from voicebot.analytics.totals import DAY_S, Totals

SETTLED_S: Final = 180.0
_INBOUND: Final = {Split.DIRECTION: "inbound"}


def wanted(rules: Sequence[Rule]) -> Sequence[Rule]:
    """The rules that are judged by the ledger."""
    return [rule for rule in rules if rule.what.of_hour]


async def read_hours(
    ledger: Ledger,
    records: DeflectionRecords,
    rules: Sequence[Rule],
    now: float,
    weeks: int,
    zone: tzinfo,
    queues: Iterable[str] = (),
) -> Readings:
    """Every figure that ``rules`` want of the hour, compared with ``weeks`` before where one of
    them asks what is usual. ``queues`` that had no caller have nothing to judge. Raises
    StorageError."""
    asked = wanted(rules)
    if not asked:
        return {}
    by_queue = any(rule.what.per_queue for rule in asked)
    unusual = {rule.figure for rule in asked if rule.unusual is not None}
    spans = hours_before(now - SETTLED_S, weeks if unusual else 0, zone)
    found = {key: Reading(None) for key in product(of_queue_hour(Totals()), queues) if by_queue}
    found |= dict(await _read_hour(ledger, records, spans[0], now, by_queue=by_queue))
    others: defaultdict[AlertKey, list[Reading]] = defaultdict(list)
    for span in spans[1:]:
        if not await _was_at_work(ledger, span, now):
            continue
        week = await _read_hour(ledger, records, span, now, by_queue=by_queue)
        for key, reading in week.items():
            others[key].append(reading)
    for rule in asked:
        for key in [key for key in found if key[0] == rule.figure and key[0] in unusual]:
            found[key] = replace(found[key], usual=usual_of(others[key], rule.what.kind))
    return found


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
