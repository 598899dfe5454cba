"""How a call ended, for its record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.flows.commands import HangUp
from voicebot.sessions.records import STOPPED
from voicebot.telephony._api import LegEnded
from voicebot.types import Outcome


@dataclass(frozen=True, slots=True)
class Ending:
    outcome: Outcome
    reason: str


def ending_of(
    line: asyncio.Task[LegEnded], talk: asyncio.Task[HangUp | None], reached: Callable[[], Outcome]
) -> Ending:
    """What is written down of a call whose dialogue ``talk`` is over or cancelled.

    A cancelled one ended with the line, else with the server. ``talk`` gives None where something
    of ours broke; ``reached`` gives how the contact counts when it ends unfinished.
    """
    command = None if talk.cancelled() else talk.result()
    if command is not None:
        return Ending(command.outcome, command.reason)
    if not talk.cancelled():
        return Ending(Outcome.FAILED, "internal error")
    counts = reached()
    if line.done():
        ended = line.result()
        died = ended.failed and counts is Outcome.ABANDONED_IN_FLOW
        return Ending(Outcome.FAILED if died else counts, ended.reason)
    served = counts in {Outcome.SELF_SERVED, Outcome.TRANSFERRED}
    return Ending(counts if served else Outcome.FAILED, STOPPED)
