"""Desks with everything around them that tests need: a clock, records, and pages that call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, QueueRules
from voicebot.desk.conduct import Conduct
from voicebot.desk.desk import Desk
from voicebot.desk.desks import Desks
from voicebot.desk.line import DeskLines
from voicebot.desk.notes import Note
from voicebot.desk.screens import Screen
from voicebot.desk.services import DeskServices, Suggestion
from voicebot.queues.reader import QueueFile
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.history import Contact as Earlier
from voicebot.sessions.place import Place
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.records import CallPage, CallQuery, CallRecord, Cursor
from voicebot.sessions.talk import Talk
from voicebot.telephony._api import CallLeg, LegInfo, Reception
from voicebot.telephony.bridge import Bridge, attend
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.telephony.serving import serve
from voicebot.types import CallId, Json, Language


@dataclass
class Pages:
    """`PageCalls`: pages that answer with a token call over a line in memory."""

    receptions: dict[str, Reception] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def issue_right(self, reception: Reception) -> str:
        token = f"token-{len(self.receptions)}"
        self.receptions[token] = reception
        return token

    def browser_ice_servers(self) -> list[dict[str, str]]:
        return []

    async def call(self, token: str) -> LoopbackCaller:
        """The page makes its call; gives the agent's end."""
        info = LegInfo(CallId(f"page-{token}"), "loopback", caller="web", callee="call")
        leg, agent = pair(info, start=asyncio.get_running_loop().time())
        self.tasks.append(asyncio.create_task(serve(leg, self.receptions.pop(token))))
        await settle()
        return agent


class Records:
    """Archive, history and notes in memory."""

    def __init__(self) -> None:
        self.record: CallRecord | None = None
        self.contacts: tuple[Earlier, ...] = ()
        self.notes: list[Note] = []
        self.problem: Exception | None = None

    async def list_calls(
        self, query: CallQuery, *, after: Cursor | None = None, limit: int = 50
    ) -> CallPage:
        raise AssertionError("a desk lists no calls")

    async def get_call(self, call_id: CallId) -> CallRecord | None:
        if self.problem is not None:
            raise self.problem
        return self.record

    async def by_number(
        self, number: str, *, since: float, until: float, limit: int
    ) -> tuple[Earlier, ...]:
        return self.contacts

    async def by_customer(
        self, customer: str, *, since: float, until: float, limit: int
    ) -> tuple[Earlier, ...]:
        raise AssertionError("a desk looks by number")

    async def keep(self, note: Note) -> None:
        if self.problem is not None:
            raise self.problem
        self.notes.append(note)

    async def about(self, contacts: Sequence[str]) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.contact_id in contacts)


async def suggest(language: Language, question: str) -> Sequence[Suggestion]:
    return [Suggestion(f"About {question}", "So it is.", 0.9)]


def desks(records: Records | None = None, **services: Any) -> Desks:
    """Desks that nobody serves yet."""
    kept = records or Records()
    given: dict[str, Any] = {
        "calls": Pages(),
        "archive": kept,
        "histories": kept,
        "notes": kept,
        "suggest": suggest,
        **services,
    }
    return Desks(DeskServices(**given))


class Office:
    """Agents at their desks; those in ``phones`` answer at a telephone."""

    def __init__(
        self,
        *agents: str,
        phones: Mapping[str, str] | None = None,
        rules: Sequence[QueueRules] = (QueueRules("support", wrap_up_s=30), QueueRules("billing")),
        **services: Any,
    ) -> None:
        self.clock, self.pages, self.records = TurnedClock(), Pages(), Records()
        self.telephones = Telephones()
        self.desks = desks(
            self.records,
            calls=self.pages,
            clock=self.clock,
            call_later=self.clock.call_later,
            **services,
        )
        at_phone = {AgentId(name): address for name, address in (phones or {}).items()}
        self.lines = DeskLines(self.desks, self.telephones, lambda agent: agent in at_phone)
        self.service = QueueService(
            rules,
            self.lines,
            clock=self.clock,
            call_later=self.clock.call_later,
            for_text=self.lines.ring_for_text,
        )
        profiles = {
            AgentId(name): AgentProfile(AgentId(name), ("support",))
            for name in (*agents, *at_phone)
        }
        self.desks.serve(self.service, profiles, at_phone)
        self.desks.change(
            QueueFile(codes={"support": ("solved", "later")}, returns={"support": ("survey",)})
        )

    def desk(self, name: str) -> Desk:
        found = self.desks.of(AgentId(name))
        assert found is not None
        return found

    def sit_down(self, name: str) -> Screen:
        """The agent opens the desk and is ready."""
        screen = self.desk(name).open()
        self.desk(name).ready()
        return screen

    def conduct(self, name: str) -> Conduct:
        return Conduct(self.desks, self.desk(name), self.lines)

    async def arrive(self, name: str = "caller", **facts: Json) -> Place:
        """A caller comes into the queue."""
        briefing = Briefing(name, Language("en-US"), {"order": "17"}, facts)
        place = self.service.enter(Contact(ContactId(name), "support", party="+15550100"), briefing)
        await settle()
        return place

    async def accept(self, name: str, screen: Screen, contact: str = "caller") -> LoopbackCaller:
        """The agent answers on this page; gives the agent's end of the line."""
        right = self.desk(name).accept(ContactId(contact), screen)
        agent = await self.pages.call(right["token"])
        await settle()
        return agent

    def view(self, name: str) -> dict[str, Any]:
        return self.desks.view(self.desk(name))

    async def close(self) -> None:
        await self.service.stop()
        await self.desks.stop()
        for task in self.pages.tasks:
            task.cancel()
        await asyncio.gather(*self.pages.tasks, return_exceptions=True)


@dataclass
class Joined:
    """A caller and an agent in a bridge, as `Handoff.converse` has them."""

    talk: Talk
    caller: LoopbackCaller
    agent: LoopbackCaller
    tasks: list[asyncio.Task[Any]]

    async def end(self) -> None:
        await self.talk.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def join(office: Office, name: str, agent: LoopbackCaller, contact: str = "caller") -> Joined:
    """Let the session of a connected caller do what it does: join the two and tell the desks."""
    loop = asyncio.get_running_loop()
    info = LegInfo(CallId(contact), "loopback", caller=contact, callee="1000")
    leg, caller = pair(info, start=loop.time())
    await leg.answer()
    bridge = Bridge(8000)
    line: CallLeg = office.desk(name).lines[ContactId(contact)]
    caller_seat, agent_seat = bridge.join("caller", 8000), bridge.join("agent", 8000)
    talk = Talk(CallId(contact), bridge, caller_seat, agent_seat, line)
    office.desks.talking(talk)
    attending = asyncio.create_task(attend(line, agent_seat))
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(attend(leg, caller_seat)),
        asyncio.create_task(talk.until_left(attending)),
        attending,
    ]
    talk.connect()
    await settle()
    return Joined(talk, caller, agent, tasks)
