"""What flows may know of a queue. Pure, so that made-up calls know it as real ones do."""

from __future__ import annotations

from voicebot.acd.model import Channel
from voicebot.acd.views import QueueState
from voicebot.types import Json


def facts_of(state: QueueState, channel: Channel, *, is_open: bool) -> dict[str, Json]:
    """A queue for who comes by ``channel``: how many are ``waiting`` (of both kinds, as they stand
    in one line), whether it is ``open``, the ``agents`` who take the channel and those who are
    ``free``, and ``wait_s`` for who came now (null: nobody knows)."""
    own = state.channels[channel]
    return {
        "waiting": state.waiting,
        "wait_s": None if own.next_wait_s is None else round(own.next_wait_s),
        "open": is_open,
        "agents": own.agents,
        "free": own.free,
    }
