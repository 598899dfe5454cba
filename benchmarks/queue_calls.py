"""How soon an agent rings who has become free, and how soon the caller has whoever answers.

Usage: ``python -m benchmarks.queue_calls [--waiting 50] [--agents 20] [--seconds 20]``

The real `QueueService` on the real clock. Agents answer after a moment, talk for one to three
seconds and have no work afterwards; so many callers always wait. Telephones are objects in this
process: what SIP adds is not in the figures.

``rings`` is from the end of a conversation to the next ring at that agent, wanted within 300 ms for
95 in 100; ``joined`` from the answer to the caller's session having the agent's leg, wanted within
500 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections import defaultdict
from typing import Final

import numpy as np

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, QueueRules
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.place import Joined
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.ringing import RingingContact
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.loopback import pair
from voicebot.types import CallId

RINGS_WITHIN_MS: Final = 300
JOINED_WITHIN_MS: Final = 500


class Office:
    """Agents and callers, and what was timed of them (ms)."""

    def __init__(self, agents: int, seconds: float) -> None:
        self.rings: list[float] = []
        self.joined: list[float] = []
        self._chance = random.Random(5)
        self._free_at: dict[AgentId, float] = {}
        self._answered_at: dict[ContactId, float] = defaultdict(float)
        self._service = QueueService([QueueRules("support")], self)
        self._end = asyncio.get_running_loop().time() + seconds
        for number in range(agents):
            profile = AgentProfile(AgentId(f"agent{number}"), ("support",))
            self._service.receive(ev.SignIn(profile))

    async def ring(self, agent: AgentId, contact: RingingContact) -> CallLeg:
        now = asyncio.get_running_loop().time
        if agent in self._free_at:
            self.rings.append(1000 * (now() - self._free_at.pop(agent)))
        await asyncio.sleep(self._chance.uniform(0.1, 0.5))
        leg, _ = pair(LegInfo(CallId(agent), "loopback", "", agent), start=now())
        await leg.answer()
        self._answered_at[contact.contact_id] = now()
        return leg

    async def caller(self, number: int) -> None:
        """Wait, talk, and call again, until the time is over."""
        loop, calls = asyncio.get_running_loop(), 0
        while loop.time() < self._end:
            calls += 1
            contact_id = ContactId(f"{number}-{calls}")
            place = self._service.enter(Contact(contact_id, "support"), Briefing())
            while not isinstance(found := await place.next(), Joined):
                pass
            self.joined.append(1000 * (loop.time() - self._answered_at.pop(contact_id)))
            await asyncio.sleep(self._chance.uniform(1, 3))
            self._free_at[found.agent_id] = loop.time()
            await found.leg.hang_up()
            await place.leave("over")


async def measure(waiting: int, agents: int, seconds: float) -> bool:
    office = Office(agents, seconds)
    await asyncio.gather(*(office.caller(number) for number in range(waiting + agents)))
    print(f"{agents} agents, {waiting} waiting, {len(office.joined)} calls")
    good = True
    for name, found, within in (
        ("rings", office.rings, RINGS_WITHIN_MS),
        ("joined", office.joined, JOINED_WITHIN_MS),
    ):
        half, most, worst = np.percentile(found, (50, 95, 100))
        good = good and most <= within
        print(f"{name:8} p50 {half:.1f} ms, p95 {most:.1f} ms, worst {worst:.1f} ms, of {within}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--waiting", type=int, default=50)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    return 0 if asyncio.run(measure(given.waiting, given.agents, given.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
