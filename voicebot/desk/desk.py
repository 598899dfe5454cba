"""One agent's desk: the pages that show it, what rings, and the contacts before the agent.

Several pages of one agent are one desk: each is told of every change, and whichever answers first
has the call. Orders that make no sense as things stand raise RoutingError, whose text may be shown.
An agent who answers at this desk and leaves it for more than `GRACE_S` is away, and a caller of
theirs who hears nothing of them is given to others. Who writes is served at the desk alone: an
agent with a telephone takes conversations in text while a page is open, and none otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Channel, ContactId, Presence
from voicebot.desk.agent_leg import AgentLeg
from voicebot.desk.contacts import AtDesk, Ringing
from voicebot.desk.screens import Message, Screen
from voicebot.desk.services import DeskServices
from voicebot.desk.warm_lines import choose, let_go, warm_reception
from voicebot.errors import DialFailed, RoutingError
from voicebot.sessions.chat_records import ChatLine, Who
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.waking import Timer
from voicebot.telephony._api import Admission, CallLeg, Reception

GRACE_S: Final = 8.0
"""How long a page may take to come back, after a reload or over a bad line."""
MOST_SCREENS: Final = 8
_AT_ONCE: Final = 100
"""Lines of a conversation that a page is told with one message."""
_KEPT: Final = 4
"""Contacts that are over and stay on the desk, the newest, to be written up."""


class Desk:
    """The desk of the agent with ``profile``. ``has_phone``: calls are answered at a telephone."""

    def __init__(
        self,
        profile: AgentProfile,
        has_phone: bool,
        service: QueueService,
        services: DeskServices,
    ) -> None:
        self.profile = profile
        self.has_phone = has_phone
        self.ringing: dict[ContactId, Ringing] = {}
        self.contacts: dict[ContactId, AtDesk] = {}
        self.lines: dict[ContactId, AgentLeg] = {}
        """The agent's own legs, by the contact that they answered."""
        self._service = service
        self._services = services
        self.screens: list[Screen] = []
        self._text_only = False
        self._leaving: Timer | None = None
        self._losing: set[asyncio.Task[None]] = set()

    @property
    def agent(self) -> AgentId:
        return self.profile.agent_id

    # Pages

    @property
    def is_reachable(self) -> bool:
        """Whether the agent has a telephone, or a page that is there or may come back."""
        return self.has_phone or self.has_page

    @property
    def has_page(self) -> bool:
        """Whether a page is there, or may come back."""
        return bool(self.screens) or self._leaving is not None

    @property
    def present(self) -> AgentProfile:
        """The profile with what the agent can take as things are."""
        voice = 0 if self._text_only else self.profile.voice
        text = self.profile.text if self.has_page or not self.has_phone else 0
        return replace(self.profile, voice=voice, text=text)

    def open(self) -> Screen:
        """A page comes. Raises RoutingError where the agent has too many open."""
        if len(self.screens) >= MOST_SCREENS:
            raise RoutingError(f"your desk is open {MOST_SCREENS} times already; close one")
        is_first = not self.has_page
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        screen = Screen()
        self.screens.append(screen)
        for contact in self.contacts.values():
            show_lines(screen.tell, contact, contact.written)
        if is_first and self.has_phone:
            self._make_room()
        return screen

    def close(self, screen: Screen) -> None:
        """A page has gone."""
        self.screens.remove(screen)
        for ringing in self.ringing.values():
            let_go(ringing, screen)
            if ringing.taken_by is screen:
                ringing.taken_by = None
        self.stir()
        if not self.screens:
            self._leaving = self._services.call_later(GRACE_S, self._left)

    def close_all(self) -> None:
        """The server ends."""
        for screen in self.screens:
            screen.close()
        if self._leaving is not None:
            self._leaving.cancel()

    def stir(self) -> None:
        for screen in self.screens:
            screen.stir()

    def tell(self, message: Message) -> None:
        for screen in self.screens:
            screen.tell(message)

    def _left(self) -> None:
        self._leaving = None
        state = self._service.agent(self.agent)
        if self.has_phone:
            self._make_room()
        elif state is not None and state.presence is Presence.AVAILABLE:
            self._service.receive(ev.AgentLost(self.agent, "the desk was closed"))
        for contact in list(self.contacts.values()):
            if contact.writing is not None:
                contact.writing.lose()
        for line in self.lines.values():
            if line.away:  # else the line has outlived the page's socket
                losing = asyncio.create_task(line.lose())
                self._losing.add(losing)
                losing.add_done_callback(self._losing.discard)

    def _make_room(self) -> None:
        """Let the distribution know what the agent can take now."""
        state, profile = self._service.agent(self.agent), self.present
        if state is not None and state.presence is not Presence.LEAVING:
            self._service.receive(ev.Room(self.agent, profile.voice, profile.text))

    # Coming and going

    def ready(self, *, text_only: bool = False) -> None:
        """Take contacts from now on; with ``text_only`` no calls, until ready without it."""
        changed, self._text_only = text_only is not self._text_only, text_only
        state = self._service.agent(self.agent)
        if state is None or state.presence is Presence.LEAVING:
            self._service.receive(ev.SignIn(self.present))
            return
        if changed:
            self._make_room()
        if state.presence is not Presence.AVAILABLE:
            self._service.receive(ev.Resume(self.agent))

    def pause(self, reason: str) -> None:
        """Take none for a while."""
        self._service.receive(ev.Pause(self.agent, reason))

    def sign_out(self) -> None:
        if self._service.agent(self.agent) is not None:
            self._service.receive(ev.SignOut(self.agent))

    # What rings

    def prepare(self, contact_id: ContactId, screen: Screen) -> dict[str, Any]:
        """The right to a call that this page makes before the agent answers, to be there at once.
        Raises as `accept`."""
        ringing = self._rings(contact_id)
        return self._right(ringing, lambda: warm_reception(ringing, screen))

    def accept(
        self, contact_id: ContactId, screen: Screen, *, warm: bool = False
    ) -> dict[str, Any]:
        """Answer on this page: the right to the call that it has to make now; none with ``warm``,
        where the call of `prepare` is up, nor for a contact that writes.

        Raises RoutingError for what does not ring (any more) or is answered on another page, and
        CallRefused where no calls are taken.
        """
        ringing = self._rings(contact_id)
        if ringing.channel is Channel.TEXT:
            ringing.taken_by = screen
            ringing.leg.set_result(None)
            return {}
        if ringing.taken_by not in (None, screen):
            raise RoutingError("another of your windows is answering this call")
        if warm and choose(ringing, screen):
            self.stir()
            return {"warm": True}
        right = self._right(ringing, lambda: _reception(ringing, screen))
        ringing.taken_by = screen
        self.stir()
        return right

    def _right(self, ringing: Ringing, reception: Callable[[], Reception]) -> dict[str, Any]:
        calls = self._services.calls
        if ringing.channel is Channel.TEXT:
            raise RoutingError("who writes is answered without a call")
        if ringing.by_phone:
            raise RoutingError("answer this call at your telephone")
        if calls is None:
            raise RoutingError("calls in the browser are switched off in the settings (webrtc)")
        token = calls.issue_right(reception())
        return {"token": token, "ice_servers": calls.browser_ice_servers()}

    def give_back(self, contact_id: ContactId, screen: Screen) -> None:
        """The page cannot answer after all (no microphone): another one may."""
        ringing = self._rings(contact_id)
        if ringing.taken_by is screen:
            ringing.taken_by = None
            self.stir()

    def decline(self, contact_id: ContactId) -> None:
        """Leave this contact to others."""
        ringing = self._rings(contact_id)
        if not ringing.leg.done():
            ringing.leg.set_exception(DialFailed(str(self.agent), "declined", 603))

    def _rings(self, contact_id: ContactId) -> Ringing:
        ringing = self.ringing.get(contact_id)
        if ringing is None or ringing.leg.done():
            raise RoutingError("this contact does not ring here any more")
        return ringing

    # What is on the desk

    def put(self, contact: AtDesk) -> None:
        """A contact is this agent's now; old ones that are done with make room."""
        self.contacts[contact.contact_id] = contact
        done = [each for each in self.contacts.values() if each.over_at and not each.wrapping]
        for each in done[:-_KEPT]:
            del self.contacts[each.contact_id]
        self.stir()

    def at(self, contact_id: ContactId) -> AtDesk:
        """Raises RoutingError for a contact that is not on this desk."""
        contact = self.contacts.get(contact_id)
        if contact is None:
            raise RoutingError("this contact is not on your desk any more")
        return contact

    def view(self, codes: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
        """The whole state, as pages show it; ``codes`` gives what a queue adds to its contacts."""
        state, present = self._service.agent(self.agent), self.present
        return {
            "agent": {
                "name": self.agent,
                "state": "signed_out" if state is None else state.presence.value,
                "reason": "" if state is None else state.reason,
                "by_phone": self.has_phone,
                "voice": self.profile.voice,
                "text": self.profile.text,
                "takes": {"voice": present.voice, "text": present.text},
                "pauses": list(self._services.pauses),
            },
            "ringing": [each.view() for each in self.ringing.values()],
            "contacts": [{**each.view(), **codes(each.queue)} for each in self.contacts.values()],
        }


def show_lines(tell: Callable[[Message], None], contact: AtDesk, lines: Sequence[ChatLine]) -> None:
    """Tell the lines of a contact that writes, in pieces of bearable size."""
    known = list(lines)
    for first in range(0, len(known), _AT_ONCE):
        piece = known[first : first + _AT_ONCE]
        told = [written(line) for line in piece]
        after = piece[0].cursor - 1
        tell({"type": "lines", "contact": contact.contact_id, "after": after, "lines": told})


def written(line: ChatLine) -> dict[str, Any]:
    """A line of a conversation in text, as pages of agents show it."""
    return {
        "cursor": line.cursor,
        "at": line.at,
        "who": line.who.value,
        "name": line.name,
        "text": line.text,
        "key": line.client_id if line.who is Who.AGENT else "",
        "card": None if line.card is None else line.card.to_json(),
    }


def _reception(ringing: Ringing, screen: Screen) -> Reception:
    """Takes the one call that answers ``ringing``, on this page."""

    async def on_call(leg: CallLeg) -> None:
        await leg.answer()
        if ringing.leg.done() or ringing.taken_by is not screen:
            return  # the door hangs up
        line = AgentLeg(leg, dies=True)
        ringing.leg.set_result(line)
        await line.over.wait()

    return Reception(lambda info: Admission(True), on_call, lambda info, status: None)
