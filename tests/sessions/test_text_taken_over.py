"""Conversations that stand at the place of a call: what they do there, and who comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.sessions.agents_at_work import settle
from tests.sessions.chat_house import message, told
from tests.sessions.text_centre import Centre, until, view_when
from voicebot.acd import events as ev
from voicebot.acd.model import Channel, Contact, ContactId, ContactState
from voicebot.flows.events import ContactStarted, InputMatched
from voicebot.flows.offers import moving_state
from voicebot.flows.state import Frames
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.chats import Chats
from voicebot.sessions.dialogue import InQueue
from voicebot.sessions.invitation import ConversationId, MovingContact
from voicebot.sessions.place import Place
from voicebot.sessions.text_places import TextPlaces
from voicebot.types import CallId, Heard, Language, Mode, Outcome

CALL = CallId("call")
KEPT = "You keep your place in line. When it is your turn, a colleague will write to you here."
FLOW = """
start: person
steps:
  person:
    say: One moment.
    transfer: queue:support
    while_waiting:
      offer: {ask: Text?, keys: {"1": text}, steps: {text: offer}, ready: Somebody is there.}
    on_failure: nobody
    next: after
  offer:
    offer_text: Shall I?
    accepted: back
    declined: back
    unavailable: back
    in_text: menu
  menu:
    ask: What is it about?
    grammar: wish
    next: {hours: hours, delivery: elsewhere, bye: bye, else: menu}
  hours: {act: hours, store: hours, next: tell, on_error: bye}
  tell: {say: "We open at {hours}.", served: true, next: meanwhile}
  meanwhile:
    branch:
      - {if: in_line, next: back}
      - else: menu
  elsewhere: {transfer: "queue:billing", on_failure: bye, next: bye}
  back: {return: true}
  nobody: {say: Nobody came., next: menu}
  after: {say: "Back from {transfer.left}.", next: bye}
  bye: {say: Goodbye., hangup: auto}
"""


@dataclass
class Caller:
    """Somebody who waits on the telephone, and was sent the link ``secret``."""

    place: Place
    frames: Frames
    secret: str
    chats: Chats
    centre: Centre
    places: TextPlaces

    async def open(self) -> ConversationId:
        opened = await self.chats.open(self.secret, lambda conversation: "")
        await settle()
        return opened.conversation

    async def hang_up(self) -> None:
        """What a `QueueStay` does."""
        reason = self.places.caller_left(self.place, InQueue(self.frames, True))
        if reason is not None:
            await self.place.leave(reason)

    async def in_text(self) -> ConversationId:
        """They open the link and hang up; gives the conversation once it has the place."""
        conversation = await self.open()
        await self.hang_up()
        await view_when(self.chats, conversation, lambda view: view.waiting is not None)
        return conversation

    def standing(self) -> tuple[Channel, ContactState, float]:
        standing = self.centre.service.standing(ContactId(CALL))
        assert standing is not None
        waited = self.centre.clock.now - standing.arrived_at
        return standing.contact.channel, standing.state, waited

    async def lines(self, conversation: ConversationId) -> list[str]:
        return await told(self.chats, conversation)


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    centre = Centre(tmp_path)
    centre.shop.flow = FLOW
    return centre


@asynccontextmanager
async def waiting(centre: Centre) -> AsyncIterator[Caller]:
    """A caller who has waited for 100 s while the only agent writes with others."""
    async with centre.running() as chats:
        places = TextPlaces(
            centre.service, chats.taken_over, 300.0, chats.line.callbacks.may_call,
            centre.clock, centre.clock.call_later,
        )  # fmt: skip
        chats.watch(places)
        centre.service.watch(chats.line.observe)
        centre.sign_in("anna", "support", "billing", text=1)
        centre.service.enter(Contact(ContactId("other"), "support", Channel.TEXT), Briefing())
        await settle()
        centre.offers[-1][2].set_result(None)
        await settle()
        interpreter = centre.shop.interpreter()
        state = interpreter.begin()
        state, _ = interpreter.receive(state, ContactStarted({"text": {"to": "page"}}))
        frames = state.frames
        for heard in ("text", True):
            event = InputMatched(Heard("", heard, 1.0, Mode.DTMF, "keys"))
            state, _ = interpreter.receive(state, event)
        contact = MovingContact(
            CALL, "main", Language("en-US"), "one", moving_state(interpreter.flows, state), {}
        )
        await chats.prepare(contact)
        place = centre.service.enter(Contact(ContactId(CALL), "support"), Briefing("1001"))
        await centre.clock.advance(100)
        yield Caller(place, frames, centre.shop.sent[-1], chats, centre, places)
        await places.stop()


def free(centre: Centre) -> None:
    """The agent is done with the others."""
    centre.service.receive(ev.Finish(ContactId("other")))


async def test_the_place_is_shown_and_the_flow_goes_on_beside_it(centre: Centre) -> None:
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        assert caller.standing() == (Channel.TEXT, ContactState.WAITING, 100)
        assert (await caller.lines(talk))[-1] == KEPT
        await caller.chats.say(talk, message("good bye"))
        view = await caller.chats.view(talk, 0)
        assert view.over
        assert caller.centre.service.standing(ContactId(CALL)) is None
        assert centre.service.tally.of("support").abandoned == 1


async def test_a_flow_that_has_lost_the_transfer_takes_no_place_over(centre: Centre) -> None:
    async with waiting(centre) as caller:
        talk = await caller.open()
        centre.shop.flow = FLOW.replace("person", "somebody")
        await caller.hang_up()
        await until(lambda: caller.centre.service.standing(ContactId(CALL)) is None)
        assert (await caller.chats.view(talk, 0)).waiting is None
        assert centre.service.tally.of("support").abandoned == 1


async def test_self_service_leads_back_to_the_line_and_what_is_written_is_kept(
    centre: Centre,
) -> None:
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        await caller.chats.say(talk, message("opening hours"))
        lines = await caller.lines(talk)
        assert lines[-1] == "We open at nine.", "and then the flow went back to the queue"
        await caller.chats.say(talk, message("hello"))
        assert (await caller.lines(talk))[-1].startswith("Thank you. A colleague")
        assert caller.standing() == (Channel.TEXT, ContactState.WAITING, 100)
        free(centre)
        await centre.accept()
        assert caller.standing()[1] is ContactState.CONNECTED


async def test_an_agent_who_accepts_ends_what_the_caller_did_meanwhile(centre: Centre) -> None:
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        free(centre)
        desk = await centre.accept()
        assert str(desk.contact_id) == str(CALL)
        view = await caller.chats.view(talk, 0)
        assert view.agent == "anna"
        assert view.lines[-1].text == "Somebody is there."
        await desk.say("Hello, this is Anna.", "k1")
        await desk.leave()
        await view_when(caller.chats, talk, lambda view: view.over)
        assert (await caller.lines(talk))[-2:] == ["Back from agent.", "Goodbye."]
        assert (await caller.chats.record(talk)).outcome is Outcome.TRANSFERRED
        assert centre.service.tally.of("support").connected == 2, "this one and the other"
        note = [each for each in centre.noted if each.call_id == CALL][-1]
        assert (note.agent, note.waited_s) == ("anna", 100), "one contact, the call's"


async def test_who_is_served_in_text_gives_the_place_up_and_has_not_given_up(
    centre: Centre,
) -> None:
    centre.shop.flow = FLOW.replace("next: meanwhile}", "next: bye}")
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        await caller.chats.say(talk, message("opening hours"))
        assert (await caller.chats.record(talk)).outcome is Outcome.SELF_SERVED
        assert centre.service.standing(ContactId(CALL)) is None
        assert centre.service.tally.of("support").abandoned == 0


async def test_leaving_the_line_leaves_the_caller_where_they_are(centre: Centre) -> None:
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        await caller.chats.leave_line(talk)
        view = await caller.chats.view(talk, 0)
        assert (view.waiting, view.over) == (None, False)
        await caller.chats.say(talk, message("opening hours"))
        assert (await caller.lines(talk))[-1] == "What is it about?", "it leads back no more"


async def test_another_queue_is_another_place(centre: Centre) -> None:
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        await caller.chats.say(talk, message("delivery"))
        standing = centre.service.standing(ContactId(CALL))
        assert standing is not None
        assert (standing.queue, caller.standing()[2]) == ("billing", 0)
        waiting_at = (await caller.chats.view(talk, 0)).waiting
        assert waiting_at is not None
        assert waiting_at.queue == "billing"


@pytest.mark.parametrize("aside", [True, False])
async def test_a_restart_keeps_the_place(centre: Centre, aside: bool) -> None:
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        if not aside:
            await caller.chats.say(talk, message("opening hours"))
    async with centre.running() as chats:
        view = await view_when(chats, talk, lambda view: view.waiting is not None)
        assert bool(view.replies) is aside
        standing = centre.service.standing(ContactId(CALL))
        assert standing is not None
        assert centre.clock.now - standing.arrived_at == 100
        centre.sign_in("bert")
        await centre.accept()
        assert (await chats.view(talk, 0)).agent == "bert"


async def test_who_opens_the_link_after_hanging_up_has_the_place_again(centre: Centre) -> None:
    async with waiting(centre) as caller:
        await caller.hang_up()
        assert centre.service.standing(ContactId(CALL)) is None
        await centre.clock.advance(50)
        talk = await caller.open()
        view = await view_when(caller.chats, talk, lambda view: view.waiting is not None)
        assert view.lines[-1].text == KEPT
        assert caller.standing() == (Channel.TEXT, ContactState.WAITING, 150)
        assert centre.service.tally.of("support").abandoned == 0


async def test_a_flow_that_leads_to_the_queue_at_once_finds_the_place(centre: Centre) -> None:
    centre.shop.flow = FLOW.replace("in_text: menu", "in_text: back")
    async with waiting(centre) as caller:
        await caller.hang_up()
        talk = await caller.open()
        await view_when(caller.chats, talk, lambda view: view.waiting is not None)
        await until(lambda: caller.standing()[2] == 100)
        free(centre)
        await centre.accept()


# While the call waits too


async def test_a_conversation_stands_by_and_takes_over_when_the_call_ends(
    centre: Centre,
) -> None:
    centre.shop.flow = FLOW.replace("in_text: menu", "in_text: back")
    async with waiting(centre) as caller:
        talk = await caller.open()
        view = await caller.chats.view(talk, 0)
        assert view.waiting is not None, "the page shows the place of the call"
        assert caller.standing() == (Channel.VOICE, ContactState.WAITING, 100)
        await caller.hang_up()
        await until(lambda: KEPT in [line.text for line in caller.chats.line.pages.lines(talk)])
        free(centre)
        desk = await centre.accept()
        assert desk.conversation == talk


async def test_when_the_agent_comes_by_telephone_the_conversation_goes_on_after_it(
    centre: Centre,
) -> None:
    centre.shop.flow = FLOW.replace("in_text: menu", "in_text: back")
    async with waiting(centre) as caller:
        talk = await caller.open()
        free(centre)
        centre.sign_in("bert", text=0)
        await settle()
        await centre.phones.last.answer()
        assert caller.standing()[:2] == (Channel.VOICE, ContactState.CONNECTED)
        centre.service.receive(ev.Transfer(ContactId(CALL), "second"))
        await settle()
        view = await caller.chats.view(talk, 0)
        assert view.waiting is not None
        assert (view.waiting.queue, view.over) == ("second", False), "sent on, and still waiting"
        centre.sign_in("carl", "second", text=0)
        await settle()
        await centre.phones.last.answer()
        await caller.hang_up()
        await view_when(caller.chats, talk, lambda view: view.over)
        assert (await caller.lines(talk))[-2:] == ["Back from agent.", "Goodbye."]


# Calls back


async def test_a_call_back_is_promised_from_text_where_the_number_may_be_called(
    centre: Centre,
) -> None:
    centre.shop.flow = FLOW.replace(
        'elsewhere: {transfer: "queue:billing",',
        'elsewhere: {transfer: "queue:support", callback: "1001",',
    )
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        caller.chats.line.callbacks.may_call = lambda number: f"+{number}"
        await caller.chats.say(talk, message("delivery"))
        record = await caller.chats.record(talk)
        assert record.outcome is Outcome.CALLBACK_BOOKED
        assert caller.standing() == (Channel.VOICE, ContactState.WAITING, 100)


async def test_who_may_not_be_called_waits_on_in_text(centre: Centre) -> None:
    centre.shop.flow = FLOW.replace(
        'elsewhere: {transfer: "queue:billing",',
        'elsewhere: {transfer: "queue:support", callback: "1001",',
    )
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        await caller.chats.say(talk, message("delivery"))
        assert caller.standing() == (Channel.TEXT, ContactState.WAITING, 100)
        assert (await caller.chats.view(talk, 0)).waiting is not None


async def test_back_by_telephone_the_record_tells_since_when_they_wait(centre: Centre) -> None:
    async with waiting(centre) as caller:
        talk = await caller.in_text()
        record = await caller.chats.leave_for_voice(talk)
        assert record.stand is not None
        assert centre.clock.now - record.stand.since == 100
        assert centre.service.standing(ContactId(CALL)) is None
        assert centre.service.tally.of("support").abandoned == 0
        assert replace(record, stand=None) == await caller.chats.record(talk)
