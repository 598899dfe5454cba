"""What each agent does, and since when. Pure: whoever looks every second passes in what stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voicebot.acd.model import AgentId, ContactId, ContactState
from voicebot.acd.views import AgentState, ContactPlace
from voicebot.wall.model import Activity

_TALKS = frozenset({ContactState.CONNECTED, ContactState.DIALLING})


def activity(state: AgentState | None, contacts: Mapping[ContactId, ContactState]) -> Activity:
    """What the agent does; contacts come before work after them, and both before a pause."""
    if state is None:
        return Activity.SIGNED_OUT
    if state.contacts:
        talks = any(contacts.get(each) in _TALKS for each in state.contacts)
        return Activity.TALKING if talks else Activity.RINGING
    if state.wrapping:
        return Activity.WRAPPING
    return Activity(state.presence.value)


class AgentTimes:
    """Remembers when each agent's activity began, as exactly as `see` is called often."""

    def __init__(self) -> None:
        self._seen: dict[AgentId, tuple[Activity, float | None]] = {}

    def see(
        self,
        everybody: Iterable[AgentId],
        states: Mapping[AgentId, AgentState],
        places: Iterable[ContactPlace],
        now: float,
    ) -> None:
        """The agents as they are at ``now``; who is not among them is forgotten."""
        contacts = {each.contact.contact_id: each.state for each in places}
        seen: dict[AgentId, tuple[Activity, float | None]] = {}
        for agent in everybody:
            does = activity(states.get(agent), contacts)
            before = self._seen.get(agent)
            if before is not None and before[0] is does:
                seen[agent] = before
            else:
                # What somebody does when first seen began at some time before.
                seen[agent] = (does, None if before is None else now)
        self._seen = seen

    def of(self, agent: AgentId) -> tuple[Activity, float | None]:
        """What the agent does, and since when (None: since before we looked)."""
        return self._seen.get(agent, (Activity.SIGNED_OUT, None))
