"""What becomes of a caller in a queue whose agents answer after so long, by the queue's rules.

The distribution itself runs, on time that is passed in: one agent talks to somebody who came before
and is free when the test says so. So the waits of `queues.yaml`, its overflow and its rules for who
goes where are those of real calls. Left out on purpose: hours (a test has no time of day, and says
`fails: closed`), and other callers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId
from voicebot.errors import RoutingError
from voicebot.flows.commands import Transfer
from voicebot.queues.prerouting import preroute
from voicebot.queues.reader import QueueFile
from voicebot.sessions.queue_handoff import known_of

LONGEST_WAIT_S: Final = 4 * 3600.0
"""Who has not been sent away by then waits until the caller gives up."""

_AGENT: Final = AgentId("agent")
_BEFORE: Final = ContactId("before")
_CALLER: Final = ContactId("caller")


def waited(file: QueueFile, transfer: Transfer, answers_after_s: float | None) -> str | None:
    """Whether the queue sends the caller away before an agent answers: then ``to`` of the rule that
    does (it may be empty), else None. ``answers_after_s`` is None where nobody ever answers."""
    going = preroute(file.rules, known_of(transfer.facts), transfer.queue)
    caller = Contact(_CALLER, going.queue, priority=going.priority, skills=going.skills)
    limit = LONGEST_WAIT_S if answers_after_s is None else answers_after_s
    try:
        for effect in _wait(file, caller, limit):
            if isinstance(effect, e.Overflowed) and not effect.to_queue:
                return effect.to
    except RoutingError:  # the file does not have this queue: that is told by the check of flows
        return None
    return None


def way_out(file: QueueFile, queue: str, why: str) -> str:
    """What the rule for ``why`` calls the way out of a queue; empty where none does."""
    for rules in file.queues:
        if rules.name == queue:
            return next((rule.to for rule in rules.overflow if rule.when == why), "")
    return ""


def _wait(file: QueueFile, caller: Contact, limit_s: float) -> Iterator[e.Effect]:
    """What happens while ``caller`` waits for at most ``limit_s``."""
    queues = [replace(rules, hours=None) for rules in file.queues]
    acd = Acd(queues)
    skills = {skill: 10 for rules in queues for skill in (*rules.skills, *caller.skills)}
    names = tuple(rules.name for rules in queues)
    acd.receive(ev.SignIn(AgentProfile(_AGENT, names, skills)), 0.0)
    acd.receive(ev.Enqueue(Contact(_BEFORE, caller.queue)), 0.0)
    acd.receive(ev.Answer(_BEFORE, _AGENT), 0.0)
    yield from acd.receive(ev.Enqueue(caller), 0.0)
    while (due := acd.next_timer()) is not None and due <= limit_s:
        yield from acd.receive(ev.Tick(), due)
