"""Random days of callers who write and agents who answer: nobody is lost, none has two agents."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.sessions.agents_at_work import settle
from tests.sessions.chat_house import message
from tests.sessions.text_centre import Centre, until, wants_person
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, ContactId, ContactState, QueueRules
from voicebot.errors import DialFailed, RoutingError, TextRefused, UsageError
from voicebot.sessions.chat_records import ChatLine, Who
from voicebot.sessions.chats import Chats
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.text_talk import TextTalk

AGENTS = ("anna", "bert", "carla")
RULES = (
    QueueRules("support", wrap_up_s=5, declined_for_s=1),
    QueueRules("second"),
    QueueRules("billing"),
)
DEEDS = 70


@dataclass
class Day:
    """What happens, and what must have come to pass."""

    centre: Centre
    chance: random.Random
    callers: list[ConversationId] = field(default_factory=list)
    written: dict[ConversationId, list[str]] = field(default_factory=dict)
    number: int = 0

    async def deed(self, chats: Chats) -> None:
        """One thing, by chance; what cannot be as things stand is refused and changes nothing."""
        deeds = [self.comes, self.comes, self.writes, self.writes, self.leaves_line, self.signs]
        deeds += [self.takes, self.takes, self.takes, self.takes, self.declines]
        deeds += [self.answers, self.answers, self.parts, self.sends_on, self.dies]
        with suppress(RoutingError, UsageError, TextRefused):
            await self.chance.choice(deeds)(chats)
        await settle()
        if self.chance.random() < 0.2:
            await self.centre.clock.advance(self.chance.choice((1, 6, 21)))

    async def comes(self, chats: Chats) -> None:
        talk = await wants_person(chats)
        self.callers.append(talk)
        self.written[talk] = []

    async def writes(self, chats: Chats) -> None:
        talk = self.chance.choice(self.callers)
        if (await chats.record(talk)).stand is not None:  # else the flow answers
            text = self.words()
            await chats.say(talk, message(text, text))
            self.written[talk].append(text)

    async def leaves_line(self, chats: Chats) -> None:
        await chats.leave_line(self.chance.choice(self.callers))

    async def signs(self, chats: Chats) -> None:
        name = self.chance.choice(AGENTS)
        agent = self.centre.service.agent(AgentId(name))
        if agent is None:
            self.centre.sign_in(name, *self.chance.choice((("support",), ("support", "second"))))
        else:
            event = self.chance.choice((ev.SignOut, ev.Resume, ev.Resume))
            self.centre.service.receive(event(AgentId(name)))

    async def takes(self, chats: Chats) -> None:
        before = len(self.centre.talks)
        for _, _, taken in self.centre.offers:
            if not taken.done():
                taken.set_result(None)
                await until(lambda: len(self.centre.talks) > before)
                return

    async def declines(self, chats: Chats) -> None:
        for agent, _, taken in self.centre.offers:
            if not taken.done():
                taken.set_exception(DialFailed(agent, "declined", 603))
                return

    def talk(self) -> TextTalk:
        """One that goes on. Raises UsageError where there is none."""
        going_on = [talk for talk in self.centre.talks if not talk.over]
        if not going_on:
            raise UsageError("nobody talks")
        return self.chance.choice(going_on)

    async def answers(self, chats: Chats) -> None:
        talk, text = self.talk(), self.words()
        first, again = await asyncio.gather(talk.say(text, text), talk.say(text, text))
        assert first == again
        self.written[talk.conversation].append(text)

    async def parts(self, chats: Chats) -> None:
        await self.talk().leave()

    async def sends_on(self, chats: Chats) -> None:
        talk = self.talk()
        onward = ev.Transfer(talk.contact_id, "second")
        await talk.send_on(lambda: self.centre.service.receive(onward))

    async def dies(self, chats: Chats) -> None:
        talk = self.talk()
        self.centre.service.receive(ev.AgentLost(talk.agent, "gone"))
        talk.lose()

    def words(self) -> str:
        self.number += 1
        return f"line {self.number}"

    async def settled(self, chats: Chats) -> None:
        """What is true whenever nothing is under way must be so soon."""
        for patience in range(200, -1, -1):
            try:
                return await self.check(chats)
            except AssertionError:
                if not patience:
                    raise
            await asyncio.sleep(0.05)

    async def check(self, chats: Chats) -> None:
        """All that must be true whenever nothing is under way."""
        service = self.centre.service
        standing = {place.contact.contact_id: place for place in service.contacts()}
        talking = Counter(talk.conversation for talk in self.centre.talks if not talk.over)
        for caller in self.callers:
            record, view = await chats.record(caller), await chats.view(caller, 0)
            place = standing.get(ContactId(caller))
            assert talking[caller] <= 1, "two agents have one caller"
            assert (record.stand is not None) is (place is not None), "a caller was lost"
            if place is not None and place.state is ContactState.CONNECTED:
                assert view.agent == place.agent_id
            written = _own(view.lines)
            assert sorted(written) == sorted(self.written[caller]), "a line was lost or came twice"


def _own(lines: Sequence[ChatLine]) -> list[str]:
    people = [line.text for line in lines if line.who is not Who.BOT]
    return [text for text in people if text.startswith("line ")]


@pytest.mark.parametrize("seed", range(2))
async def test_nobody_is_lost_and_nothing_is_said_twice(tmp_path: Path, seed: int) -> None:
    day = Day(Centre(tmp_path, RULES), random.Random(seed))
    for _ in range(2):  # the second after a restart
        async with day.centre.running() as chats:
            day.centre.offers.clear()
            for name in AGENTS:
                day.centre.sign_in(name, "support", "second")
            if not day.callers:
                await day.comes(chats)
            for _ in range(DEEDS // 2):
                await day.deed(chats)
            await day.settled(chats)
            assert day.centre.talks, "nobody was served in this day"
            day.centre.talks.clear()
