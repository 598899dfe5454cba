"""A small centre for tests: short names for events, and a distribution that keeps its effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import (
    NOBODY,
    AgentId,
    AgentProfile,
    Channel,
    Contact,
    ContactId,
    QueueRules,
)

MORNING = 1_780_300_800.0
"""A Monday, 2026-06-01, 08:00 UTC."""

_E = TypeVar("_E", bound=e.Effect)


class Centre:
    """Drives an `Acd`; ``now`` is seconds after MORNING."""

    def __init__(self, *queues: QueueRules) -> None:
        self.acd = Acd(queues)
        self.seen: list[e.Effect] = []

    def do(self, event: ev.Event, now: float) -> tuple[e.Effect, ...]:
        """Give the event, after the timers that are due before it."""
        effects = (*self.until(now), *self.acd.receive(event, MORNING + now))
        self.seen += effects
        return effects

    def until(self, now: float) -> tuple[e.Effect, ...]:
        """Let the timers run up to ``now``."""
        effects: list[e.Effect] = []
        while (due := self.acd.next_timer()) is not None and due <= MORNING + now:
            effects += self.acd.receive(ev.Tick(), due)
        self.seen += effects
        return tuple(effects)

    def sign_in(self, name: str, *queues: str, now: float = 0.0, **more: int) -> None:
        room = {key: more.pop(key) for key in ("voice", "text") if key in more}
        self.do(ev.SignIn(AgentProfile(AgentId(name), queues or ("q",), more, **room)), now)

    def arrive(
        self,
        name: str,
        now: float,
        queue: str = "q",
        *,
        channel: Channel = Channel.VOICE,
        priority: int = 0,
        skills: Mapping[str, int] | None = None,
        party: str = "",
        last_agent: AgentId = NOBODY,
    ) -> tuple[e.Effect, ...]:
        contact = Contact(
            ContactId(name), queue, channel, priority, skills or {}, party, last_agent
        )
        return self.do(ev.Enqueue(contact), now)

    def answer(self, contact: str, agent: str, now: float) -> tuple[e.Effect, ...]:
        return self.do(ev.Answer(ContactId(contact), AgentId(agent)), now)

    def decline(self, contact: str, agent: str, now: float) -> tuple[e.Effect, ...]:
        return self.do(ev.Decline(ContactId(contact), AgentId(agent)), now)

    def finish(self, contact: str, now: float) -> tuple[e.Effect, ...]:
        return self.do(ev.Finish(ContactId(contact)), now)


def of_type(effects: tuple[e.Effect, ...] | list[e.Effect], kind: type[_E]) -> list[_E]:
    return [each for each in effects if isinstance(each, kind)]


def offers(effects: tuple[e.Effect, ...] | list[e.Effect]) -> list[tuple[str, str]]:
    """Who was offered to whom."""
    return [(each.contact_id, each.agent_id) for each in of_type(effects, e.Offer)]
