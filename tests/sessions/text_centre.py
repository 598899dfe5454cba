"""Conversations in text, queues, and agents who are offered them: all on one clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from tests.sessions.chat_house import House, house, message
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Channel, ContactId, QueueRules
from voicebot.errors import DialFailed
from voicebot.events import QueueNoted
from voicebot.queues.reader import QueueFile
from voicebot.sessions.chat_view import ChatView
from voicebot.sessions.chats import Chats
from voicebot.sessions.invitation import ConversationId, TextTo
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.ringing import RingingContact
from voicebot.sessions.text_talk import TextTalk
from voicebot.types import CallId

FLOW = """
start: menu
steps:
  menu:
    ask: What is it about?
    grammar: wish
    next: {hours: person, delivery: billing, bye: bye}
  person:
    transfer: queue:support
    context: {about: opening}
    overflow: closed
    on_failure: nobody
    next: after
  billing: {transfer: "queue:billing", on_failure: billing, next: bye}
  nobody: {say: Nobody came., next: menu}
  closed: {say: Nobody works now., next: menu}
  after: {say: "Back from {transfer.left} by {transfer.to}.", next: menu}
  bye: {say: Goodbye., hangup: auto}
"""
RULES = (QueueRules("support"), QueueRules("second"), QueueRules("billing"))


class Centre:
    """One server's conversations and queues; `running` may be entered again, as after a restart."""

    def __init__(self, tmp_path: Path, rules: Sequence[QueueRules] = RULES) -> None:
        self.clock = TurnedClock()
        self.shop: House = house(tmp_path)
        self.shop.clock, self.shop.flow = self.clock, FLOW
        self.rules = rules
        self.offers: list[tuple[str, RingingContact, asyncio.Future[None]]] = []
        self.talks: list[TextTalk] = []
        self.posted: list[TextTo] = []
        self.noted: list[QueueNoted] = []
        self.note: Callable[[QueueNoted], None] = lambda fact: None
        self._open()

    def _open(self) -> None:
        self.phones = Telephones()
        self.service = QueueService(
            self.rules,
            self.phones,
            call_back=self._call_back,
            clock=self.clock,
            call_later=self.clock.call_later,
            for_text=self._offer,
            note=self._note,
        )
        self.shop.queueing = Queueing(self.service, QueueFile(queues=tuple(self.rules)))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Chats]:
        async with self.shop.running() as chats:
            chats.line.agents.talking = self.talks.append
            chats.line.messengers.post = self._post
            await chats.line.restore()
            try:
                yield chats
            finally:
                await self.service.stop()
        self._open()

    async def _offer(self, agent: AgentId, contact: RingingContact) -> None:
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.offers.append((str(agent), contact, taken))
        await taken

    async def _call_back(self, *order: object) -> None:
        pass

    async def _post(self, line: TextTo) -> None:
        self.posted.append(line)

    def _note(self, fact: QueueNoted) -> None:
        self.noted.append(fact)
        self.note(fact)

    # Agents

    def sign_in(self, name: str, *queues: str, voice: int = 1, text: int = 3) -> None:
        served = queues or ("support",)
        profile = AgentProfile(AgentId(name), served, voice=voice, text=text)
        self.service.receive(ev.SignIn(profile))

    async def accept(self) -> TextTalk:
        """The latest offer is taken."""
        before = len(self.talks)
        await until(lambda: self.offers and not self.offers[-1][2].done())
        self.offers[-1][2].set_result(None)
        await until(lambda: len(self.talks) > before)
        return self.talks[-1]

    async def decline(self) -> None:
        agent = self.offers[-1][0]
        self.offers[-1][2].set_exception(DialFailed(agent, "declined", 603))
        await settle()

    def channel_of(self, conversation: ConversationId) -> Channel | None:
        standing = self.service.standing(ContactId(conversation))
        return None if standing is None else standing.contact.channel

    def note_of(self, conversation: ConversationId) -> QueueNoted:
        return [each for each in self.noted if each.call_id == CallId(conversation)][-1]


async def until(holds: object, seconds: float = 20.0) -> None:
    """Return once ``holds`` does: what is written goes through a database in a thread."""
    assert callable(holds)
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.002)


async def view_when(chats: Chats, talk: ConversationId, holds: object) -> ChatView:
    """The whole view, once it is so."""
    assert callable(holds)
    async with asyncio.timeout(20):
        while not holds(view := await chats.view(talk, 0)):
            await asyncio.sleep(0.002)
    return view


async def wants_person(chats: Chats) -> ConversationId:
    """A conversation that asks for somebody."""
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("opening hours"))
    return talk


@asynccontextmanager
async def page_of(chats: Chats, talk: ConversationId) -> AsyncIterator[None]:
    """A page follows the conversation."""
    views = chats.follow(talk, 0)
    assert isinstance(views, AsyncGenerator)
    await anext(views)
    try:
        yield
    finally:
        await views.aclose()
