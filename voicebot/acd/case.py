"""One contact inside the distribution, and what it asks of an agent at a given moment."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.acd.line import Need, Rank
from voicebot.acd.model import NOBODY, AgentId, Contact, ContactState, QueueRules


@dataclass(slots=True)
class Case:
    """``since`` is when the contact arrived, ``entered`` when it came into this ``queue``.

    ``agent_id`` is who is asked or talks, and in line the one agent waited for. ``visited`` are
    the queues that it overflowed from. ``queued`` says that it ever stood in the line of this
    queue, ``in_line`` that it does. A ``callback`` waits without its caller; ``attempts`` counts
    its failures. ``aside`` is a caller who does something else meanwhile.
    """

    contact: Contact
    queue: str
    since: float
    entered: float
    rank: Rank
    need: Need
    state: ContactState = ContactState.WAITING
    agent_id: AgentId = NOBODY
    visited: tuple[str, ...] = ()
    in_line: bool = False
    queued: bool = False
    estimate_s: float | None = None
    callback: bool = False
    due_at: float | None = None
    attempts: int = 0
    announce_at: float = 0.0
    aside: bool = False


def need_of(
    contact: Contact,
    rules: QueueRules,
    ring: int,
    only: AgentId = NOBODY,
    excluded: tuple[AgentId, ...] = (),
) -> Need:
    """What is needed after ``ring`` of the queue's rings. Raises nothing; a skill that the contact
    wants on top counts as much as one of the queue's."""
    wanted = dict(rules.skills)
    for skill, level in contact.skills.items():
        wanted[skill] = max(level, wanted.get(skill, 0))
    for each in rules.rings[:ring]:
        for skill, level in each.relax.items():
            if skill in wanted:
                wanted[skill] = min(level, wanted[skill])
    skills = tuple(sorted((skill, level) for skill, level in wanted.items() if level))
    return Need(contact.channel, skills, ring, only, excluded)


def rank_of(contact: Contact, rules: QueueRules, since: float, number: int) -> Rank:
    """The place in line; see `QueueRules` for what priority is worth."""
    worth = (contact.priority + rules.priority) * rules.priority_step_s
    return Rank(1, since - worth, number)
