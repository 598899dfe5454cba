"""Lines of agents' pages that are up while it still rings, so that an answer joins at once.

A page whose agent has allowed the microphone makes its call when it begins to ring, and is silent.
Of all lines that wait for one contact the page that answers keeps its own; the others are hung up.
A page without one answers as before, with a call of its own (`Desk.accept`).
"""

from __future__ import annotations

import asyncio

from voicebot.desk.agent_leg import AgentLeg
from voicebot.desk.contacts import Ringing
from voicebot.sessions.kept_leg import keep
from voicebot.telephony._api import Admission, CallLeg, Reception


def warm_reception(ringing: Ringing, screen: object) -> Reception:
    """Takes the call that ``screen`` makes while ``ringing``; it is there until that is over."""
    chosen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ringing.warm[screen] = chosen

    async def on_call(leg: CallLeg) -> None:
        try:
            await leg.answer()
            kept = await keep(leg, (chosen, ringing.leg))
        finally:
            if ringing.warm.get(screen) is chosen:
                del ringing.warm[screen]
        if ringing.leg.done() or not chosen.done() or chosen.cancelled():
            return  # the door hangs up
        if kept is None:
            ringing.taken_by = None  # it died in the moment of the answer: it may be tried anew
            return
        line = AgentLeg(kept, dies=True)
        ringing.leg.set_result(line)
        await line.over.wait()

    return Reception(lambda info: Admission(True), on_call, lambda info, status: None)


def choose(ringing: Ringing, screen: object) -> bool:
    """Let the line of ``screen`` be the agent's; False where there is none."""
    chosen = ringing.warm.get(screen)
    if chosen is None or chosen.done():
        return False
    ringing.taken_by = screen
    chosen.set_result(None)
    return True


def let_go(ringing: Ringing, screen: object) -> None:
    """The page has gone."""
    chosen = ringing.warm.pop(screen, None)
    if chosen is not None:
        chosen.cancel()
