"""Who waits for a person in text, and does something else meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sessions.chat_house import message, told
from tests.sessions.text_centre import Centre, until, wants_person
from voicebot.acd.model import Channel, ContactId, ContactState
from voicebot.sessions.chats import Chats
from voicebot.sessions.invitation import ConversationId, TextFrom
from voicebot.types import Outcome

FLOW = """
start: menu
steps:
  menu: {ask: What is it about?, grammar: wish, next: {hours: person, bye: bye}}
  person:
    transfer: queue:support
    while_waiting:
      say: Please hold.
      offer:
        ask: Press 1, or press 2 to be called, or press 3 for text.
        grammar: aside
        keys: {"1": size, "2": call, "3": text}
        steps: {size: size, call: call, text: offer_chat, bye: all_known}
        ready: Somebody is there now.
    on_failure: nobody
    next: after
  size: {ask: Which size?, grammar: size, next: size_known}
  size_known: {say: "{answer}, noted.", served: true, return: true}
  all_known: {say: We open at nine., served: true, next: bye}
  call: {transfer: "queue:support", callback: "5550142", on_failure: nobody, next: called}
  called: {say: We will call., next: menu}
  offer_chat: {offer_text: A link?, accepted: back, declined: back, unavailable: back}
  back: {return: true}
  nobody: {say: Nobody came., next: menu}
  after: {say: Back., next: menu}
  bye: {say: Goodbye., hangup: auto}
"""
ASIDE = (
    "#ABNF 1.0 UTF-8;\nlanguage en-US;\ntag-format <semantics/1.0>;\nroot $all;\n"
    "$all = my size {out='size'} | (call | ring) me {out='call'} | text me {out='text'}"
    " | good bye {out='bye'};"
)


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    centre = Centre(tmp_path)
    centre.shop.flow = FLOW
    (centre.shop.folder / "aside.gram").write_text(ASIDE)
    return centre


def standing(centre: Centre, talk: ConversationId) -> ContactState | None:
    found = centre.service.standing(ContactId(talk))
    return None if found is None else found.state


async def replies(chats: Chats, talk: ConversationId) -> tuple[str, ...]:
    return (await chats.view(talk, 0)).replies


async def test_who_waits_has_buttons_for_what_they_may_do_and_keeps_the_place(
    centre: Centre,
) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        assert await replies(chats, talk) == ("My size", "Call me"), "text they have"
        await chats.say(talk, message("my sise"))
        assert (await told(chats, talk))[-2:] == ["> my sise", "Which size?"]
        view = await chats.view(talk, 0)
        assert (view.replies, view.waiting is not None) == (("Small", "Large"), True)
        await chats.say(talk, message("small"))
        assert (await told(chats, talk))[-1] == "small, noted."
        assert standing(centre, talk) is ContactState.WAITING
        assert await replies(chats, talk) == ("My size", "Call me")


async def test_whatever_else_they_write_is_for_the_agent(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        await chats.say(talk, message("my size is wrong"))
        assert (await told(chats, talk))[-1].startswith("Thank you. A colleague")
        centre.sign_in("anna")
        await until(lambda: centre.offers)
        assert standing(centre, talk) is ContactState.OFFERED
        await chats.say(talk, message("my size"))
        assert (await told(chats, talk))[-1] == "> my size", "an agent rings: this is for them"
        with_anna = await centre.accept()
        assert await replies(chats, talk) == ()
        await chats.say(talk, message("my size"))
        assert [line.text for line in with_anna.lines(0)][-1] == "my size"


async def test_an_agent_who_accepts_ends_what_they_do(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        await chats.say(talk, message("1"))
        centre.sign_in("anna")
        with_anna = await centre.accept()
        assert (await told(chats, talk))[-1] == "Somebody is there now."
        await chats.say(talk, message("small"))
        assert (await told(chats, talk))[-1] == "> small"
        await with_anna.leave()
        assert (await told(chats, talk))[-2:] == ["Back.", "What is it about?"]


async def test_who_ends_meanwhile_gives_the_place_up(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        await chats.say(talk, message("good bye"))
        record = await chats.record(talk)
        assert (record.outcome, record.stand) == (Outcome.SELF_SERVED, None)
        assert standing(centre, talk) is None
        assert centre.service.tally.of("support").abandoned == 0


async def test_a_restart_keeps_the_offer_and_what_was_chosen(centre: Centre) -> None:
    async with centre.running() as chats:
        waits, aside = await wants_person(chats), await wants_person(chats)
        await chats.say(aside, message("my size"))
    async with centre.running() as chats:
        assert await replies(chats, waits) == ("My size", "Call me")
        assert await replies(chats, aside) == ("Small", "Large")
        for talk in (waits, aside):
            assert centre.channel_of(talk) is Channel.TEXT
        await chats.say(waits, message("my size"))
        assert (await told(chats, waits))[-1] == "Which size?"


async def test_who_asks_for_a_call_gets_it_or_is_told_that_they_wait_on(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        await chats.say(talk, message("call me"))
        assert (await told(chats, talk))[-1].startswith("I'm sorry, we cannot call you.")
        assert centre.channel_of(talk) is Channel.TEXT
        other = await wants_person(chats)
        chats.line.callbacks.may_call = lambda number: f"+1{number}"
        await chats.say(other, message("call me"))
        assert (await told(chats, other))[-2:] == ["We will call.", "What is it about?"]


async def test_messengers_get_the_offer_as_replies(centre: Centre) -> None:
    async with centre.running() as chats:
        centre.shop.flow = FLOW
        lines = await chats.take(TextFrom("whatsapp", "+1555", "m1", "opening hours"))
        assert lines == [], "nothing is said on the way into the queue"
        (line,) = await chats.take(TextFrom("whatsapp", "+1555", "m2", "hello"))
        assert line.replies == ("My size", "Call me")
        (line,) = await chats.take(TextFrom("whatsapp", "+1555", "m3", "My size"))
        assert (line.text, line.replies) == ("Which size?", ("Small", "Large"))
