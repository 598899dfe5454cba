"""What an agent may do with a contact: write, end it, hold it, press keys, ask for advice, send it
on.

Everything here raises RoutingError for what makes no sense as things stand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, Channel, ContactId, Presence
from voicebot.desk.contacts import AtDesk
from voicebot.desk.desk import Desk
from voicebot.desk.desks import Desks
from voicebot.desk.line import DeskLines
from voicebot.errors import DialFailed, RoutingError, TextRefused, UsageError
from voicebot.sessions.handoff import showable
from voicebot.sessions.ringing import RingingContact
from voicebot.sessions.talk import Talk, ToAddress, ToFlow, ToQueue
from voicebot.sessions.text_talk import TextTalk
from voicebot.telephony._api import CallLeg

_NUMBER: Final = re.compile(r"\+?[0-9*#]{2,24}")
_COLLEAGUE_RINGS_S: Final = 20.0


class Conduct:
    """Orders of the agent at ``desk``. ``lines`` ring colleagues."""

    def __init__(self, desks: Desks, desk: Desk, lines: DeskLines) -> None:
        self._desks = desks
        self._desk = desk
        self._lines = lines

    async def hang_up(self, contact_id: ContactId) -> None:
        """Leave the caller, who goes on in the flow; or a colleague who asked for advice."""
        contact = self._desk.at(contact_id)
        with _told():
            if contact.writing is not None:
                await contact.writing.leave()
            elif contact.adviser and contact.talk is not None:
                await contact.talk.let_go()
            elif contact.talk is not None and not contact.talk.over and contact.over_at is None:
                await contact.talk.leave()
            elif contact_id in self._desk.lines:
                await self._desk.lines[contact_id].hang_up("the agent has left")
            else:
                raise RoutingError("this conversation is over")

    # Writing

    async def say(self, contact_id: ContactId, text: str, key: str) -> int:
        """Write to the caller; gives the line's cursor. ``key`` is the page's own id of it: the
        same again changes nothing. Raises StorageError."""
        with _told():
            return await self._written(contact_id).say(text, key)

    def typing(self, contact_id: ContactId, *, on: bool) -> None:
        """Let the caller see that the agent is writing, or is not."""
        with _told():
            self._written(contact_id).write(on)

    def seen(self, contact_id: ContactId, cursor: int) -> None:
        """The agent has looked at the lines up to ``cursor``."""
        contact = self._desk.at(contact_id)
        contact.seen = max(contact.seen, min(cursor, contact.cursor))
        self._desk.stir()

    # Speaking

    def hold(self, contact_id: ContactId) -> None:
        with _told():
            self._own(contact_id).hold()

    def take_back(self, contact_id: ContactId) -> None:
        """End the hold; whoever is consulted is heard by the caller too."""
        with _told():
            self._own(contact_id).take_back()

    def press(self, contact_id: ContactId, key: str) -> None:
        with _told():
            self._own(contact_id).press(key)

    # Sending the caller on

    async def to_queue(self, contact_id: ContactId, queue: str) -> None:
        """Let the caller wait for somebody else; they stay here where the queue takes nobody."""
        service = self._desks.service
        if (text := self._desk.at(contact_id).writing) is not None:
            with _told():
                await text.send_on(lambda: service.receive(ev.Transfer(contact_id, queue)))
            return
        talk = self._own(contact_id)
        if talk.handed_over:
            raise RoutingError("this caller came from a colleague and stands in no queue any more")
        service.receive(ev.Transfer(contact_id, queue))
        with _told():
            await talk.leave(ToQueue())

    async def to_number(self, contact_id: ContactId, wanted: str) -> None:
        """Put the caller through to one of the settings' targets, or a number."""
        talk = self._own(contact_id)
        with _told():
            await talk.leave(ToAddress(self._address(wanted)))

    async def to_flow(self, contact_id: ContactId, way: str) -> None:
        """Send the caller back into the flow, on one of the queue's ways."""
        text = self._desk.at(contact_id).writing
        talk = None if text is not None else self._own(contact_id)
        if way not in self._desks.ways_back(self._desk.at(contact_id).queue):
            raise RoutingError(f"the queue's 'returns' have no '{way[:40]}'")
        with _told():
            if text is not None:
                await text.leave(way)
            elif talk is not None:
                await talk.leave(ToFlow(way))

    # Advice

    def consult_number(self, contact_id: ContactId, wanted: str) -> None:
        """Call one of the settings' targets, or a number, while the caller hears music."""
        talk, briefing = self._own(contact_id), self._desk.at(contact_id).briefing
        address, services = self._address(wanted), self._desks.services

        async def ring() -> CallLeg:
            dialer = services.dialer()
            if dialer is None:
                raise DialFailed("a number", "unreachable")
            caller = showable(briefing.caller)
            return await dialer.dial(address, caller=caller, timeout_s=services.ring_s)

        with _told():
            talk.consult(wanted, ring)

    def consult_agent(self, contact_id: ContactId, colleague: AgentId) -> None:
        """Ring at a colleague who is free, and who gets no other contact meanwhile."""
        talk, contact = self._own(contact_id), self._desk.at(contact_id)
        there = self._desks.of(colleague)
        if there is None or colleague == self._desk.agent or not self._desks.is_free(colleague):
            raise RoutingError("this colleague is not free now")
        with _told():
            talk.consult(str(colleague), lambda: self._ask(there, talk, contact))

    async def hand_over(self, contact_id: ContactId) -> None:
        """Leave the caller with whoever is consulted."""
        talk = self._own(contact_id)
        with _told():
            await talk.hand_over()
        self._desks.service.handed_over(contact_id)

    async def let_go(self, contact_id: ContactId) -> None:
        """Do without whoever is consulted."""
        with _told():
            await self._own(contact_id).let_go()

    async def _ask(self, there: Desk, talk: Talk, contact: AtDesk) -> CallLeg:
        """Ring at a colleague, put the contact on their desk, and free them in the end."""
        ringing = RingingContact(
            contact.contact_id, contact.queue, 0.0, _COLLEAGUE_RINGS_S, False, contact.briefing
        )
        try:
            self._desks.service.receive(ev.Pause(there.agent, self._asking))
        except RoutingError:
            raise DialFailed(str(there.agent), "unreachable") from None
        try:
            async with asyncio.timeout(_COLLEAGUE_RINGS_S):
                leg = await self._lines.ring(there.agent, ringing, str(self._desk.agent))
        except TimeoutError:
            self._free(there.agent)
            raise DialFailed(str(there.agent), "no answer") from None
        except BaseException:
            self._free(there.agent)
            raise
        advised = AtDesk(
            contact.contact_id,
            contact.queue,
            contact.briefing,
            contact.party,
            self._desks.services.clock(),
            talk,
            advises=True,
        )
        advised.lines.extend(contact.lines)

        def over() -> None:
            advised.over_at = advised.over_at or self._desks.services.clock()
            self._free(there.agent)

        leg.then.append(over)
        there.put(advised)
        return leg

    def _free(self, colleague: AgentId) -> None:
        """Contacts again, unless the colleague has done something else meanwhile."""
        state = self._desks.service.agent(colleague)
        asked = state is not None and state.reason == self._asking
        if state is not None and state.presence is Presence.PAUSED and asked:
            self._desks.service.receive(ev.Resume(colleague))

    # What they share

    def _own(self, contact_id: ContactId) -> Talk:
        """The conversation, where it is this agent's to conduct."""
        contact = self._desk.at(contact_id)
        if contact.channel is Channel.TEXT:
            raise RoutingError("this caller writes: that can be done in calls only")
        if contact.talk is None or contact.over_at is not None:
            raise RoutingError("there is no conversation for this")
        if contact.adviser:
            raise RoutingError("this caller is your colleague's; you are asked for advice only")
        return contact.talk

    def _written(self, contact_id: ContactId) -> TextTalk:
        """The conversation in text, where it goes on."""
        text = self._desk.at(contact_id).writing
        if text is None:
            raise RoutingError("there is no conversation in text for this")
        return text

    @property
    def _asking(self) -> str:
        """Why a colleague who is consulted gets no other contact."""
        return f"asked by {self._desk.agent}"

    def _address(self, wanted: str) -> str:
        services = self._desks.services
        address = services.targets.get(wanted, "")
        if not address and _NUMBER.fullmatch(wanted):
            address = services.address_of(wanted)
        if not address:
            raise RoutingError("this cannot be called; choose one of the names that are offered")
        return address


@contextmanager
def _told() -> Iterator[None]:
    """What a conversation refuses, in the words of the desk."""
    try:
        yield
    except UsageError as error:
        raise RoutingError(str(error)) from None
    except TextRefused as error:
        raise RoutingError(error.reason) from None
