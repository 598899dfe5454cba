"""All desks of a server: what happens in the queues, and in conversations, comes to the right one.

Told of every effect of the distribution and of every conversation that begins, it keeps each desk
as it should be. Nothing here is written down; after a restart agents open their desks anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import AgentId, AgentProfile, Channel, ContactId, Presence
from voicebot.desk.agent_leg import AgentLeg
from voicebot.desk.contacts import KEPT_LINES, AtDesk, Ringing, SpokenLine
from voicebot.desk.desk import Desk
from voicebot.desk.looking_up import LookingUp
from voicebot.desk.services import DeskServices
from voicebot.desk.writing import Writing
from voicebot.errors import DialFailed
from voicebot.queues.reader import QueueFile
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.chat_records import ChatLine
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.ringing import RingingContact
from voicebot.sessions.talk import Talk
from voicebot.sessions.text_talk import TextTalk
from voicebot.types import CallId, Language

log = structlog.get_logger(__name__)


class Desks:
    """The desks of all agents of the settings.

    Built before the queues: `serve` is called once they are there.
    """

    def __init__(self, services: DeskServices) -> None:
        self.services = services
        self._desks: dict[AgentId, Desk] = {}
        self.written: Callable[[ContactId], Sequence[ChatLine]] = lambda contact_id: ()
        """The lines of a contact that writes (`TextPages.lines_of`); set once they are there."""
        self._file = QueueFile()
        self._service: QueueService | None = None
        self._hire: Callable[[AgentId], AgentProfile | None] = lambda agent: None
        self._chores: dict[CallId, asyncio.Task[None]] = {}
        self._looking_up = LookingUp(services.suggest)

    def serve(
        self,
        service: QueueService,
        profiles: Mapping[AgentId, AgentProfile],
        phones: Mapping[AgentId, str],
        hire: Callable[[AgentId], AgentProfile | None] = lambda agent: None,
    ) -> None:
        """The queues are there; ``phones`` are the addresses of agents who have a telephone,
        ``hire`` says what agent somebody is who has no desk yet."""
        self._service = service
        self._hire = hire
        self._desks = {
            agent: Desk(profile, bool(phones.get(agent)), service, self.services)
            for agent, profile in profiles.items()
        }
        service.watch(self._happened)

    def change(self, file: QueueFile) -> None:
        """The queues' file as it is now."""
        self._file = file

    async def stop(self) -> None:
        """Let the pages go, and stop writing down."""
        for desk in self._desks.values():
            desk.close_all()
        await self._looking_up.stop()
        chores = list(self._chores.values())
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)

    # For whoever works at them

    def of(self, agent: AgentId) -> Desk | None:
        """The agent's desk; None for who is no agent."""
        return self._desks.get(agent)

    def place(self, agent: AgentId) -> Desk | None:
        """The desk of somebody who comes to work, a new one where they are hired now."""
        profile = None if agent in self._desks else self._hire(agent)
        if profile is not None:
            self._desks[agent] = Desk(profile, False, self.service, self.services)
        return self.of(agent)

    @property
    def service(self) -> QueueService:
        assert self._service is not None, "desks are opened once the queues are there"
        return self._service

    def view(self, desk: Desk) -> dict[str, Any]:
        """The desk as pages show it, with its agent's queues."""
        queues = []
        for name in desk.profile.queues:
            state = self.service.queue(name)
            queues.append({"name": name, "waiting": state.waiting, "free": state.free})
        return {**desk.view(self._of_queue), "queues": queues}

    def targets(self, desk: Desk) -> dict[str, Any]:
        """Whom the agent may turn to with a caller, as it is now."""
        colleagues = [agent for agent in self._desks if agent != desk.agent]
        return {
            "queues": list(self.service.queues()),
            "agents": [{"name": each, "free": self.is_free(each)} for each in colleagues],
            "names": list(self.services.targets),
            "numbers": bool(self.services.address_of("1")),
        }

    def is_free(self, agent: AgentId) -> bool:
        """Whether a colleague may ask this agent for advice now."""
        state = self.service.agent(agent)
        if state is None or state.presence is not Presence.AVAILABLE:
            return False
        if state.contacts or state.wrapping:
            return False
        desk = self._desks[agent]
        return desk.is_reachable

    def present(self, profile: AgentProfile) -> AgentProfile:
        """An agent's profile with what they can take as things are (`Desk.present`)."""
        desk = self._desks.get(profile.agent_id)
        return profile if desk is None else desk.present

    def ways_back(self, queue: str) -> tuple[str, ...]:
        """Where agents may send a caller of ``queue`` in the flow."""
        return self._file.returns.get(queue, ())

    def codes(self, queue: str) -> tuple[str, ...]:
        """What a contact of ``queue`` may be marked with."""
        return self._file.codes.get(queue, ())

    def _of_queue(self, queue: str) -> Mapping[str, Any]:
        return {"codes": list(self.codes(queue)), "returns": list(self.ways_back(queue))}

    # Ringing (`RingsAtDesk`)

    def ring(self, agent: AgentId, contact: RingingContact, asked_by: str = "") -> Ringing:
        """Show at the agent's desk that a contact rings; ends with `rang`. Raises DialFailed where
        nobody is there to see it."""
        desk, now = self._desks[agent], self.services.clock()
        in_text = contact.channel is Channel.TEXT
        if not (desk.has_page if in_text else desk.is_reachable):
            raise DialFailed(str(agent), "unreachable")
        ringing = Ringing(
            contact.contact_id,
            contact.queue,
            contact.briefing,
            self._party(contact.contact_id),
            now - contact.waited_s,
            now + contact.answer_within_s,
            contact.callback,
            desk.has_phone and not in_text,
            asked_by,
            asyncio.get_running_loop().create_future(),
            channel=contact.channel,
            written=self.written(contact.contact_id)[-KEPT_LINES:] if in_text else (),
        )
        desk.ringing[contact.contact_id] = ringing
        desk.stir()
        return ringing

    def rang(self, agent: AgentId, ringing: Ringing) -> None:
        """It does not ring any more."""
        desk = self._desks[agent]
        if desk.ringing.get(ringing.contact_id) is ringing:
            del desk.ringing[ringing.contact_id]
        desk.stir()

    def answered(self, agent: AgentId, ringing: Ringing, leg: AgentLeg) -> None:
        """The agent's leg is up; the distribution says next that the two are connected."""
        desk, contact_id = self._desks[agent], ringing.contact_id
        desk.lines[contact_id] = leg
        leg.then.append(lambda: self._line_over(desk, contact_id, leg))

    def _line_over(self, desk: Desk, contact_id: ContactId, leg: AgentLeg) -> None:
        if desk.lines.get(contact_id) is leg:
            del desk.lines[contact_id]
        contact = desk.contacts.get(contact_id)
        if contact is not None and contact.talk is None and contact.over_at is None:
            contact.over_at = self.services.clock()  # who was called back did not answer
            desk.stir()

    def _party(self, contact_id: ContactId) -> str:
        place = self.service.standing(contact_id)
        return "" if place is None else place.contact.party

    # Conversations

    def talking(self, talk: Talk) -> None:
        """A caller and a person are joined (`HandoffServices.talking`)."""
        contact_id = ContactId(talk.contact_id)
        place = None if self._service is None else self._service.standing(contact_id)
        desk = None if place is None else self._desks.get(place.agent_id)
        contact = None if desk is None else desk.contacts.get(contact_id)
        if contact is None:
            return  # no queue's
        contact.talk = talk
        talk.changed = lambda: self._changed(talk)
        if self.services.listen is not None:
            self._chores[talk.contact_id] = asyncio.create_task(
                self._write_down(talk, contact.briefing), name="captions"
            )
        self._changed(talk)

    def texting(self, talk: TextTalk) -> None:
        """A caller and an agent write to each other (`TextAgents.talking`)."""
        desk = self._desks.get(talk.agent)
        contact = None if desk is None else desk.contacts.get(talk.contact_id)
        if desk is None or contact is None or contact.over_at is not None:
            return
        contact.text, contact.channel = talk, Channel.TEXT
        contact.written.clear()

        def asked(question: str) -> None:
            language = contact.briefing.language
            self._looking_up.begin(contact.contact_id, language, question, lambda: [desk])

        writing = Writing(desk, contact, talk, self.services.clock, asked)
        talk.changed = writing.changed
        writing.changed()

    def _changed(self, talk: Talk) -> None:
        if talk.over and (chore := self._chores.pop(talk.contact_id, None)):
            chore.cancel()
        for desk in self._with(talk):
            contact = desk.contacts[ContactId(talk.contact_id)]
            if talk.over:
                contact.over_at = self.services.clock()
            desk.stir()

    async def _write_down(self, talk: Talk, briefing: Briefing) -> None:
        assert self.services.listen is not None

        def heard(who: str, text: str, final: bool) -> None:
            self._heard(
                talk, briefing.language, SpokenLine(who, text, self.services.clock()), final
            )

        try:
            await self.services.listen(talk, briefing.language, heard)
        except Exception:
            log.exception("conversation_not_written_down", call_id=talk.contact_id)

    def _heard(self, talk: Talk, language: Language, line: SpokenLine, final: bool) -> None:
        said = {"who": line.who, "text": line.text, "at": line.at, "final": final}
        for desk in self._with(talk):
            if final:
                desk.contacts[ContactId(talk.contact_id)].lines.append(line)
            desk.tell({"type": "said", "contact": talk.contact_id, **said})
        if final and line.who == "caller":
            self._looking_up.begin(talk.contact_id, language, line.text, lambda: self._with(talk))

    def _with(self, talk: Talk) -> list[Desk]:
        """The desks that have this conversation before them, and have not left it."""
        found = []
        for desk in self._desks.values():
            contact = desk.contacts.get(ContactId(talk.contact_id))
            if contact is not None and contact.talk is talk and contact.over_at is None:
                found.append(desk)
        return found

    def adviser(self, talk: Talk) -> AgentId | None:
        """The colleague who is there to give advice; None where none of the agents does."""
        for desk in self._with(talk):
            if desk.contacts[ContactId(talk.contact_id)].advises:
                return desk.agent
        return None

    # The distribution

    def _happened(self, effect: e.Effect) -> None:
        agent = getattr(effect, "agent_id", None)
        desk = None if agent is None else self._desks.get(agent)
        if desk is None:
            return
        match effect:
            case e.Connect(contact_id) | e.CallbackDue(contact_id):
                self._connected(desk, contact_id)
            case e.HandedOver(contact_id) if contact_id in desk.contacts:
                desk.contacts[contact_id].advises = False
            case e.Release(contact_id, _, until):
                self._released(desk, contact_id, until)
            case e.AgentFree(contact_id) if contact_id in desk.contacts:
                desk.contacts[contact_id].wrapping = False
            case e.Withdraw(contact_id, _, reason):
                self._withdrawn(desk, contact_id, reason)
        desk.stir()

    def _connected(self, desk: Desk, contact_id: ContactId) -> None:
        known, place = desk.contacts.get(contact_id), self.service.standing(contact_id)
        if place is None or (known is not None and known.over_at is None):
            return  # a callback that was reached: on the desk since it was due
        briefing = self.service.briefing(contact_id) or Briefing()
        desk.put(
            AtDesk(
                contact_id,
                place.queue,
                briefing,
                place.contact.party,
                self.services.clock(),
                channel=place.contact.channel,
            )
        )

    def _released(self, desk: Desk, contact_id: ContactId, until: float | None) -> None:
        contact = desk.contacts.get(contact_id)
        if contact is None:
            return
        now = self.services.clock()
        contact.over_at = contact.over_at or now
        contact.wrapping = until is None or until > now
        contact.wrap_until = until if contact.wrapping else None

    def _withdrawn(self, desk: Desk, contact_id: ContactId, reason: str) -> None:
        contact = desk.contacts.get(contact_id)
        if contact is not None and contact.over_at is None:  # a callback that nobody took
            contact.over_at = self.services.clock()
        desk.tell({"type": "missed", "contact": contact_id, "reason": reason})
