"""Whether a queue takes a contact, and where it goes otherwise.

Closed, without agents who take what it is, or full: the queue's first overflow rule for that says
where to. A queue is tried once only, so that two queues which overflow into each other end the
search rather than loop.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.acd.floor import Floor
from voicebot.acd.model import Channel, Overflow, QueueRules, Spill

MAX_LINE = 20_000
"""Contacts in one line; the next overflow or are sent away."""


@dataclass(frozen=True, slots=True)
class Step:
    """``queue`` did not take the contact; the fields are those of `effects.Overflowed`."""

    queue: str
    why: Spill
    to_queue: str = ""
    to: str = ""
    opens_at: float | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """``queue`` takes the contact after ``steps``; empty where none does."""

    queue: str
    steps: tuple[Step, ...]


def admit(
    floor: Floor, queue: str, channel: Channel, now: float, visited: tuple[str, ...] = ()
) -> Admission:
    """Look for the queue that takes a contact of this kind, beginning with ``queue``. Changes
    nothing."""
    steps: list[Step] = []
    tried = {*visited}
    while True:
        tried.add(queue)
        step = _turned_away(floor, queue, channel, now, tried)
        if step is None:
            return Admission(queue, tuple(steps))
        steps.append(step)
        if not step.to_queue:
            return Admission("", tuple(steps))
        queue = step.to_queue


def _turned_away(
    floor: Floor, queue: str, channel: Channel, now: float, tried: set[str]
) -> Step | None:
    rules = floor.queues[queue]
    length = len(floor.lines[queue])
    if rules.hours is not None and not rules.hours.is_open(now):
        rule = _rule(rules, Spill.CLOSED, length, tried)
        opens_at = rules.hours.next_open(now)
        return _step(queue, Spill.CLOSED, rule, opens_at)
    if not floor.seats.reaching(queue, channel):
        rule = _rule(rules, Spill.NO_AGENT, length, tried)
        if rule is not None:
            return _step(queue, Spill.NO_AGENT, rule)
    rule = _rule(rules, Spill.LENGTH, length, tried)
    return _step(queue, Spill.LENGTH, rule) if rule or length >= MAX_LINE else None


def _rule(rules: QueueRules, why: Spill, length: int, tried: set[str]) -> Overflow | None:
    """The first rule for ``why`` that leads to a queue not tried yet, or out."""
    for rule in rules.overflow:
        if rule.when is why and length >= rule.length and rule.queue not in tried:
            return rule
    return None


def _step(queue: str, why: Spill, rule: Overflow | None, opens_at: float | None = None) -> Step:
    if rule is None:
        return Step(queue, why, opens_at=opens_at)
    return Step(queue, why, rule.queue, rule.to, opens_at)
