"""What became of each call in the queues, as facts for the records.

Pure bookkeeping over what the distribution does: how long a caller waited, who took the call, for
how long, and the work after it. A caller may be queued several times in one call (back in the flow,
handed on by the agent): times add up, and the agent is the last one. Whoever is promised a callback
has waited until then: the agent who reaches them, the talk and the work after it are noted, and no
wait any more. What is not counted: the time in which their telephone rings, as with an agent's.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from voicebot.acd import effects as e
from voicebot.acd.model import AgentId, ContactId
from voicebot.events import QueueNoted
from voicebot.types import CallId

REMEMBERED: Final = 20_000
"""Calls of which is known what was before; the one that was longest untouched is forgotten."""


@dataclass(slots=True)
class _Way:
    """One call's way through the queues. The moments are None while it is not so."""

    queue: str = ""
    waiting_since: float | None = None
    waited_s: float = 0.0
    agent: str = ""
    talking_since: float | None = None
    handled_s: float = 0.0
    wrapping_since: dict[AgentId, float] = field(default_factory=dict)
    wrapped_s: float = 0.0
    promised: bool = False
    called_back: bool = False
    noted: QueueNoted | None = None

    def wait(self, queue: str, now: float) -> bool:
        """Wait in ``queue``; whether that is news."""
        news = self.waiting_since is None or queue != self.queue
        self.queue = queue
        if self.waiting_since is None:
            self.waiting_since = now
        return news

    def end_waiting(self, now: float) -> bool:
        """Whether the call did wait."""
        if self.waiting_since is None:
            return False
        self.waited_s += now - self.waiting_since
        self.waiting_since = None
        return True

    def end_talking(self, agent: AgentId, now: float, *, wraps: bool) -> bool:
        if self.talking_since is None:
            return False
        self.handled_s += now - self.talking_since
        self.talking_since = None
        if wraps:
            self.wrapping_since[agent] = now
        return True

    def end_wrapping(self, agent: AgentId, now: float) -> bool:
        since = self.wrapping_since.pop(agent, None)
        self.wrapped_s += 0.0 if since is None else now - since
        return since is not None

    def talk(self, agent: AgentId, queue: str, now: float) -> None:
        """The promise is kept: the caller was reached."""
        self.called_back = self.called_back or not self.agent
        self.queue, self.agent, self.talking_since = queue, agent, now

    def take(self, effect: e.Effect, now: float) -> bool:
        """Change as ``effect`` says; whether the records should know."""
        match effect:
            case e.Connect(agent_id=agent_id, queue=queue) if self.promised:
                self.talk(agent_id, queue, now)
                return True
            case e.Release(agent_id=agent_id, until=until):
                return self.end_talking(agent_id, now, wraps=until is None or until > now)
            case e.AgentFree(agent_id=agent_id):
                return self.end_wrapping(agent_id, now)
            case _ if self.promised:
                return False
            case e.Queued(queue=queue) | e.Offer(queue=queue):
                return self.wait(queue, now)
            case e.Connect(agent_id=agent_id, queue=queue):
                self.wait(queue, now)
                self.end_waiting(now)
                self.agent, self.talking_since = agent_id, now
                return True
            case e.Overflowed(to_queue=""):
                return self.end_waiting(now)
            case e.Abandoned():
                return self.end_waiting(now)
            case e.CallbackBooked():
                self.promised = True
                return self.end_waiting(now)
        return False


class QueueAccounts:
    """All calls' ways. ``take`` sees every effect of the distribution, in order."""

    def __init__(self) -> None:
        self._ways: OrderedDict[ContactId, _Way] = OrderedDict()

    def owed(self, contact_id: ContactId) -> None:
        """A callback was promised before a restart; how long the caller had waited is noted."""
        self._add(contact_id).promised = True

    def remember(self, noted: QueueNoted, waiting_since: float | None) -> None:
        """Go on with a contact from before a restart, who waits since then (None: does not)."""
        way = self._add(ContactId(noted.call_id))
        way.queue, way.waited_s, way.agent = noted.queue, noted.waited_s or 0.0, noted.agent
        way.handled_s, way.wrapped_s, way.called_back = (
            noted.handled_s,
            noted.wrapped_s,
            noted.called_back,
        )
        way.waiting_since, way.noted = waiting_since, noted

    def noted(self, contact_id: ContactId) -> QueueNoted | None:
        """What was noted of a contact last; None for one that is not known (any more)."""
        way = self._ways.get(contact_id)
        return None if way is None else way.noted

    def _add(self, contact_id: ContactId) -> _Way:
        way = self._ways[contact_id] = _Way()
        if len(self._ways) > REMEMBERED:
            self._ways.popitem(last=False)
        return way

    def take(self, effect: e.Effect, now: float) -> QueueNoted | None:
        """Count an effect of ``now`` (UTC epoch seconds); what the records should know of it."""
        if isinstance(effect, e.AgentChanged):
            return None
        contact_id = effect.contact_id
        way = self._ways.get(contact_id)
        if way is None:
            if not isinstance(effect, e.Queued | e.Offer):
                return None
            way = self._add(contact_id)
        self._ways.move_to_end(contact_id)
        was_promised = way.promised
        if not way.take(effect, now):
            return None
        way.noted = QueueNoted(
            CallId(contact_id),
            now,
            way.queue,
            None if was_promised else way.waited_s,
            way.agent,
            way.handled_s,
            way.wrapped_s,
            way.called_back,
        )
        return way.noted
