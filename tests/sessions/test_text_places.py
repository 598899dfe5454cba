"""Callers who hang up while they wait, and go on in text: what becomes of their places."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from voicebot.acd import events as ev
from voicebot.acd.model import (
    AgentId,
    AgentProfile,
    Channel,
    Contact,
    ContactId,
    ContactState,
    QueueRules,
)
from voicebot.errors import TextRefused
from voicebot.events import QueueNoted
from voicebot.flows.state import Frame, Frames
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.chat_records import ChatRecord, Stand
from voicebot.sessions.dialogue import InQueue
from voicebot.sessions.held_places import KeptPlace
from voicebot.sessions.invitation import ConversationId, TextReached, TextStage
from voicebot.sessions.place import Place
from voicebot.sessions.queue_figures import HUNG_UP, SERVED, TOOK_LINK
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.text_places import LONGEST_WAIT_S, TextPlaces, Told
from voicebot.types import CallId, Language, Outcome

FRAMES = (Frame("main", "to_agent"),)
WITH_LINK, WITHOUT = InQueue(FRAMES, True), InQueue(FRAMES, False)
CALLER, CHAT = ContactId("call"), ConversationId("chat")


@dataclass
class Conversations:
    """A `TextSide` that notes what it is given, or refuses it."""

    places: list[tuple[Place, Frames]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    is_over: bool = False
    record: ChatRecord | None = None
    """The conversation of the call, as the store has it."""

    async def take_over(
        self, conversation: ConversationId, place: Place, frames: Frames, told: Told
    ) -> None:
        assert conversation == CHAT
        if self.is_over:
            raise TextRefused("over", "this conversation has ended")
        self.places.append((place, frames))
        self.told.append(told(Language("en-US")))

    async def tell(self, conversation: ConversationId, told: Told) -> None:
        assert conversation == CHAT
        self.told.append(told(Language("en-US")))

    async def of_call(self, call: CallId) -> ChatRecord | None:
        return self.record if call == CallId(CALLER) else None


@dataclass
class Papers:
    """`PlaceRecords` in memory."""

    rows: dict[str, KeptPlace] = field(default_factory=dict)

    def place_held(self, place: KeptPlace) -> None:
        self.rows[place.contact_id] = place

    def place_gone(self, contact_id: str) -> None:
        self.rows.pop(contact_id, None)

    async def held_places(self) -> list[KeptPlace]:
        return list(self.rows.values())


class Hall:
    """Queues, and places that may go over; ``numbers`` may be called."""

    def __init__(self, *numbers: str) -> None:
        self.clock, self.papers = TurnedClock(), Papers()
        self.called: list[str] = []
        self.noted: list[QueueNoted] = []
        self._numbers = numbers
        self.open()

    def open(self) -> None:
        """As after a restart: only what is in the records is known."""
        self.phones = Telephones()
        self.service = QueueService(
            [QueueRules("support")],
            self.phones,
            clock=self.clock,
            call_later=self.clock.call_later,
            call_back=self._call,
            note=self.noted.append,
        )
        self.chats = Conversations()
        self.places = TextPlaces(
            self.service,
            self.chats,
            300.0,
            lambda number: number if number in self._numbers else None,
            self.clock,
            self.clock.call_later,
            self.papers,
        )

    async def _call(self, number: str, *rest: object) -> None:
        self.called.append(number)

    def sign_in(self, name: str = "anna", voice: int = 1, text: int = 1) -> None:
        profile = AgentProfile(AgentId(name), ("support",), voice=voice, text=text)
        self.service.receive(ev.SignIn(profile))

    def enter(self, name: ContactId = CALLER, number: str = "1001") -> Place:
        return self.service.enter(Contact(name, "support", party=number), Briefing(number))

    def reached(self, stage: TextStage, outcome: Outcome | None = None) -> None:
        self.places.reached(TextReached(CHAT, CallId(CALLER), stage, self.clock.now, outcome))

    async def hang_up(self, place: Place, in_queue: InQueue = WITH_LINK) -> str | None:
        """What a `QueueStay` does; gives why the place was left."""
        reason = self.places.caller_left(place, in_queue)
        if reason is not None:
            await place.leave(reason)
        await settle()
        return reason

    @property
    def abandoned(self) -> int:
        return self.service.tally.of("support").abandoned

    def standing(self) -> tuple[Channel, ContactState, float]:
        standing = self.service.standing(CALLER)
        assert standing is not None
        return standing.contact.channel, standing.state, self.clock.now - standing.arrived_at


async def busy(*numbers: str, text: int = 1) -> Hall:
    """A hall whose only agent, of voice and text, talks to somebody."""
    hall = Hall(*numbers)
    hall.sign_in(text=text)
    hall.enter(ContactId("before"), "1000")
    await settle()
    await hall.phones.last.answer()
    return hall


async def test_who_has_opened_the_link_keeps_the_place_in_text() -> None:
    hall = await busy()
    place = hall.enter()
    hall.enter(ContactId("after"), "1002")
    hall.reached(TextStage.OPENED)
    await hall.clock.advance(90)
    assert await hall.hang_up(place) is None
    assert hall.standing() == (Channel.TEXT, ContactState.WAITING, 90)
    assert hall.chats.places == [(place, FRAMES)]
    assert hall.chats.told[0].startswith("You keep your place")
    assert place.contact.channel is Channel.TEXT
    assert hall.abandoned == 0
    hall.service.receive(ev.Finish(ContactId("before")))
    standing = hall.service.standing(CALLER)
    assert standing is not None
    assert standing.agent_id == "anna", "the first in line, though another one came by voice"


async def test_who_has_no_link_has_given_up() -> None:
    hall = await busy()
    assert await hall.hang_up(hall.enter(), WITHOUT) == HUNG_UP
    assert (hall.abandoned, hall.chats.places) == (1, [])


async def test_who_opens_the_link_soon_has_the_place_again() -> None:
    hall = await busy()
    place = hall.enter()
    await hall.clock.advance(60)
    assert await hall.hang_up(place) == TOOK_LINK
    assert hall.service.standing(CALLER) is None
    hall.enter(ContactId("after"), "1002")
    await hall.clock.advance(290)
    hall.reached(TextStage.OPENED)
    await settle()
    assert hall.standing() == (Channel.TEXT, ContactState.WAITING, 350)
    assert [frames for _, frames in hall.chats.places] == [FRAMES]
    await hall.clock.advance(60)
    assert hall.abandoned == 0


async def test_who_does_not_open_it_in_time_has_given_up() -> None:
    hall = await busy()
    await hall.hang_up(hall.enter())
    assert hall.abandoned == 0, "not yet"
    await hall.clock.advance(301)
    assert hall.abandoned == 1
    hall.reached(TextStage.OPENED)
    await settle()
    assert hall.service.standing(CALLER) is None
    assert hall.chats.places == []


@pytest.mark.parametrize("opened", [True, False])
async def test_where_nobody_writes_the_caller_is_called(opened: bool) -> None:
    hall = await busy("1001", text=0)
    place = hall.enter()
    if opened:
        hall.reached(TextStage.OPENED)
    await hall.clock.advance(50)
    await hall.hang_up(place)
    if not opened:
        hall.reached(TextStage.OPENED)
        await settle()
    assert hall.chats.places == []
    assert "ending in 01" in hall.chats.told[0]
    assert hall.standing() == (Channel.VOICE, ContactState.WAITING, 50)
    hall.service.receive(ev.Finish(ContactId("before")))
    await settle()
    assert hall.phones.last.contact.callback
    await hall.phones.last.answer()
    assert hall.called == ["1001"]
    assert hall.abandoned == 0


@pytest.mark.parametrize("opened", [True, False])
async def test_where_nobody_writes_or_may_be_called_the_place_is_kept_and_it_is_said(
    opened: bool,
) -> None:
    hall = await busy(text=0)
    place = hall.enter()
    if opened:
        hall.reached(TextStage.OPENED)
    await hall.hang_up(place)
    if not opened:
        hall.reached(TextStage.OPENED)
        await settle()
    assert hall.standing()[:2] == (Channel.TEXT, ContactState.WAITING)
    assert "none of those who write here" in hall.chats.told[0]
    hall.sign_in("bert", voice=0, text=1)
    assert hall.standing()[1] is ContactState.OFFERED


async def test_an_agent_who_rings_as_the_caller_hangs_up_is_not_answered_by_nobody() -> None:
    hall = await busy("1001", text=0)
    hall.sign_in("bert", voice=1, text=0)
    place = hall.enter()
    await settle()
    ringing = hall.phones.last
    hall.reached(TextStage.OPENED)
    await hall.hang_up(place)
    assert ringing.cancelled
    assert hall.standing()[:2] == (Channel.TEXT, ContactState.WAITING)


async def test_who_talks_to_the_agent_has_no_place_to_take_along() -> None:
    hall = await busy()
    place = hall.enter()
    hall.reached(TextStage.OPENED)
    hall.service.receive(ev.Finish(ContactId("before")))
    await settle()
    await hall.phones.last.answer()
    assert hall.standing()[1] is ContactState.CONNECTED
    assert await hall.hang_up(place) == HUNG_UP
    assert hall.service.standing(CALLER) is None


async def test_who_was_served_in_text_gives_the_place_up_without_having_given_up() -> None:
    hall = await busy()
    place = hall.enter()
    hall.reached(TextStage.OPENED)
    hall.reached(TextStage.ENDED, Outcome.SELF_SERVED)
    assert await hall.hang_up(place) == SERVED
    assert hall.abandoned == 0


async def test_a_conversation_that_ended_without_serving_keeps_nothing() -> None:
    hall = await busy()
    place = hall.enter()
    hall.reached(TextStage.OPENED)
    hall.reached(TextStage.ENDED, Outcome.ABANDONED_IN_FLOW)
    assert await hall.hang_up(place, WITHOUT) == HUNG_UP
    assert hall.abandoned == 1


async def test_a_place_that_the_conversation_cannot_take_is_given_up() -> None:
    hall = await busy()
    hall.chats.is_over = True
    place = hall.enter()
    hall.reached(TextStage.OPENED)
    assert await hall.hang_up(place) is None
    assert hall.service.standing(CALLER) is None
    assert hall.abandoned == 1


async def test_stopping_holds_nothing_and_counts_nobody_twice() -> None:
    hall = await busy()
    await hall.hang_up(hall.enter())
    await hall.places.stop()
    await hall.clock.advance(400)
    assert hall.abandoned == 0


# A restart


def conversation(opened_at: float | None = None, stand: Stand | None = None) -> ChatRecord:
    return ChatRecord(
        CHAT, "main", Language("en-US"), "one", {}, 0.0, 0.0, CallId(CALLER),
        opened_at=opened_at, stand=stand,
    )  # fmt: skip


async def restarted(hall: Hall, record: ChatRecord | None) -> None:
    """The server was killed, and has come back."""
    hall.open()
    hall.chats.record = record
    await hall.places.restore()


@pytest.mark.parametrize("on_the_line", [True, False])
async def test_a_link_that_is_opened_after_a_restart_leads_to_the_place(on_the_line: bool) -> None:
    hall = await busy()
    place = hall.enter()
    await hall.clock.advance(60)
    hall.places.may_leave(place, WITH_LINK)
    if not on_the_line:
        await hall.hang_up(place)
    await hall.clock.advance(20)
    await restarted(hall, conversation())
    hall.enter(ContactId("after"), "1002")
    assert hall.service.standing(CALLER) is None
    hall.reached(TextStage.OPENED)
    await settle()
    assert hall.standing() == (Channel.TEXT, ContactState.WAITING, 80)
    ((place, frames),) = hall.chats.places
    assert (frames, place.briefing.caller, place.contact.party) == (FRAMES, "1001", "1001")
    assert hall.papers.rows == {}, "the conversation has it now"
    await hall.clock.advance(5)
    await place.leave("left the line")
    assert hall.noted[-1].waited_s == (85 if on_the_line else 65)


async def test_who_opens_no_link_after_a_restart_has_given_up() -> None:
    hall = await busy()
    await hall.hang_up(hall.enter())
    await restarted(hall, conversation())
    await hall.clock.advance(301)
    assert (hall.abandoned, hall.papers.rows) == (1, {})


async def test_who_had_opened_the_link_stands_there_again_when_the_server_does() -> None:
    hall = await busy("1001", text=0)
    place = hall.enter()
    hall.places.may_leave(place, WITH_LINK)
    hall.reached(TextStage.OPENED)
    await hall.clock.advance(40)
    stood_by = Stand(since=hall.clock.now - 5, waits_since=hall.clock.now - 5)
    await restarted(hall, conversation(opened_at=1.0, stand=stood_by))
    assert hall.standing() == (Channel.TEXT, ContactState.WAITING, 40)
    assert hall.chats.told[0].startswith("You keep your place"), "nobody is there only now"


@pytest.mark.parametrize(
    "record",
    [None, conversation(1.0, Stand(since=0.0, waits_since=0.0))],
    ids=["is over", "has the place already"],
)
async def test_a_place_that_nobody_waits_for_is_forgotten(record: ChatRecord | None) -> None:
    hall = await busy()
    await hall.hang_up(hall.enter())
    await restarted(hall, record)
    assert (hall.papers.rows, hall.chats.places, hall.abandoned) == ({}, [], 0)


async def test_a_place_of_long_ago_is_forgotten() -> None:
    hall = await busy()
    hall.places.may_leave(hall.enter(), WITH_LINK)
    await hall.clock.advance(LONGEST_WAIT_S + 1)
    await restarted(hall, conversation())
    assert hall.papers.rows == {}


async def test_only_who_is_in_line_with_a_link_is_written_down() -> None:
    hall = await busy()
    place = hall.enter()
    hall.places.may_leave(place, WITHOUT)
    assert hall.papers.rows == {}
    hall.places.may_leave(place, WITH_LINK)
    assert list(hall.papers.rows) == [CALLER]
    hall.service.receive(ev.Finish(ContactId("before")))
    await settle()
    await hall.phones.last.answer()
    assert hall.papers.rows == {}, "with an agent"
    other = hall.enter(ContactId("other"))
    hall.places.may_leave(other, WITH_LINK)
    await other.leave("went elsewhere")
    assert hall.papers.rows == {}, "waits no more"
