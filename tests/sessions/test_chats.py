"""Conversations in text: nothing lost, nothing doubled, resumed wherever they stood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sessions.chat_house import House, house, message, told
from voicebot.errors import StorageError, TextRefused, TextUnavailable
from voicebot.events import ActionRan, QuestionUnanswered, TurnFinished, TurnResult
from voicebot.flows.events import ContactStarted, InputMatched
from voicebot.sessions.chat_records import MAX_TEXT, ChatChange
from voicebot.sessions.chat_shelf import MOST_WATCHERS
from voicebot.sessions.chats import ChatPolicy, Chats
from voicebot.sessions.invitation import MovingContact, TextFrom
from voicebot.storage.conversations import SqlChatStore
from voicebot.types import CallId, Heard, Language, Mode

ASKED = """
start: menu
steps:
  menu: {ask: What is it about?, grammar: wish, next: look}
  look: {answer: "{answer}", next: bye, unknown: unknown}
  unknown: {say: That I do not know., hangup: auto}
  bye: {say: Goodbye., hangup: auto}
"""


@pytest.fixture
def shop(tmp_path: Path) -> House:
    return house(tmp_path)


@pytest.fixture
async def chats(shop: House) -> AsyncIterator[Chats]:
    async with shop.running() as running:
        yield running


def a_call(shop: House, *wishes: str) -> MovingContact:
    """A contact that has said ``wishes`` on the telephone."""
    interpreter = shop.interpreter()
    state, _ = interpreter.receive(interpreter.begin(), ContactStarted({"caller": "555"}))
    turns: list[TurnFinished] = []
    for wish in wishes:
        heard = Heard(wish, wish, 0.9, Mode.SPEECH, "wish")
        state, _ = interpreter.receive(state, InputMatched(heard))
        turns.append(
            TurnFinished(
                CallId("c1"), 5.0, len(turns) + 1, "menu", "What is it about?",
                TurnResult.MATCH, heard, None,
            )
        )  # fmt: skip
    return MovingContact(
        CallId("c1"), "main", Language("en-US"), "one", state, {"number": "555"}, turns
    )


# Answers


async def test_what_nothing_answers_is_a_gap_of_the_call_that_goes_on(shop: House) -> None:
    shop.flow = ASKED
    async with shop.running() as chats:
        await chats.prepare(a_call(shop))
        moved = await chats.open(shop.sent[-1], lambda _: "")
        begun = await chats.begin()
        for talk in (moved, begun):
            await chats.say(talk.conversation, message("delivery"))
            assert (await told(chats, talk.conversation))[-1] == "That I do not know."
    ran = [fact for fact in shop.facts if isinstance(fact, ActionRan)]
    assert [(fact.call_id, fact.step) for fact in ran] == [
        ("c1", "look"),
        (begun.conversation, "look"),
    ]
    (gap,) = [fact for fact in shop.facts if isinstance(fact, QuestionUnanswered)]
    assert gap == QuestionUnanswered(
        CallId("c1"), shop.now, Language("en-US"), "delivery", nearest="", confidence=0.0
    )


async def test_what_is_answered_is_no_gap(shop: House) -> None:
    shop.flow = ASKED
    shop.acts.finds = {"name": "delivery", "confidence": 0.9, "parts": ["We bring it on Monday."]}
    async with shop.running() as chats:
        await chats.prepare(a_call(shop))
        talk = (await chats.open(shop.sent[-1], lambda _: "")).conversation
        await chats.say(talk, message("delivery"))
        assert (await told(chats, talk))[-2:] == ["We bring it on Monday.", "Goodbye."]
    assert not [fact for fact in shop.facts if isinstance(fact, QuestionUnanswered)]


async def test_a_conversation_begins_and_answers(shop: House, chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    cursor = await chats.say(talk, message("opening hours"))
    assert cursor == 3
    assert await told(chats, talk) == [
        "Hello.", "What is it about?", "> opening hours", "We open at nine.", "What is it about?",
    ]  # fmt: skip


async def test_a_slip_of_the_pen_is_understood(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("openning huors"))
    assert "We open at nine." in await told(chats, talk)


async def test_what_no_grammar_holds_is_a_nomatch(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("the moon"))
    assert (await told(chats, talk))[-1] == "Pardon?"


async def test_the_choices_of_a_question_are_buttons_that_are_understood(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    replies = (await chats.view(talk, 0)).replies
    assert replies == ("Opening hours", "Delivery")
    await chats.say(talk, message(replies[1]))
    assert (await chats.view(talk, 0)).replies == ("Monday", "Tuesday", "Friday")


async def test_a_message_sent_again_is_answered_once(shop: House, chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    first = await chats.say(talk, message("opening hours", "m-1"))
    assert await chats.say(talk, message("opening hours", "m-1")) == first
    assert shop.acts.ran == ["hours"]
    assert (await told(chats, talk)).count("We open at nine.") == 1


async def test_the_same_message_sent_twice_at_once_is_answered_once(
    shop: House, chats: Chats
) -> None:
    talk = (await chats.begin()).conversation
    cursors = await asyncio.gather(*(chats.say(talk, message("opening hours", "m")) for _ in "123"))
    assert len(set(cursors)) == 1
    assert shop.acts.ran == ["hours"]


async def test_a_failed_action_is_a_way_of_the_flow(shop: House, chats: Chats) -> None:
    shop.acts.fails = True
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("opening hours"))
    assert "I cannot look that up." in await told(chats, talk)


async def test_the_end_of_the_flow_ends_it_and_is_told(shop: House, chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("opening hours"))
    await chats.say(talk, message("bye"))
    assert (await chats.view(talk, 0)).over
    assert shop.witness.stages == ["opened", "ended"]
    assert shop.witness.events[-1].outcome == "self_served"
    assert chats.going_on == 0


# Facts


async def test_facts_are_shown_and_the_open_ones_corrected(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("delivery"))
    await chats.say(talk, message("friday"))
    (fact,) = (await chats.view(talk, 0)).facts
    assert (fact.name, fact.label, fact.value, fact.editable) == (
        "day", "day of delivery", "Friday", True,
    )  # fmt: skip
    await chats.say(talk, message("monday", fact="day"))
    assert "> day of delivery: monday" in await told(chats, talk)
    await chats.say(talk, message("large"))
    assert "large on Monday." in await told(chats, talk)


@pytest.mark.parametrize("name, value", [("day", "the moon"), ("price", "1"), ("size", "blue")])
async def test_a_fact_that_cannot_be_so_stays_as_it_is(chats: Chats, name: str, value: str) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("delivery"))
    await chats.say(talk, message("friday"))
    before = await told(chats, talk)
    with pytest.raises(TextRefused) as refused:
        await chats.say(talk, message(value, fact=name))
    assert refused.value.code == "fact"
    assert await told(chats, talk) == before


# Bad input


@pytest.mark.parametrize(
    "text, code", [("x" * (MAX_TEXT + 1), "size"), ("x" * 1_000_000, "size"), (" \n\0", "empty")]
)
async def test_a_message_that_is_none_is_refused(chats: Chats, text: str, code: str) -> None:
    talk = (await chats.begin()).conversation
    with pytest.raises(TextRefused) as refused:
        await chats.say(talk, message(text))
    assert refused.value.code == code
    assert await chats.say(talk, message("delivery"))


async def test_control_characters_go_and_markup_stays_text(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("<script>\x1b[2J\u202ealert(1)</script>"))
    assert (await told(chats, talk))[2] == "> <script> [2J alert(1)</script>"


async def test_a_message_after_the_end_is_refused(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("bye", "last"))
    with pytest.raises(TextRefused) as refused:
        await chats.say(talk, message("hello?"))
    assert refused.value.code == "over"
    assert await chats.say(talk, message("bye", "last")) == 3  # what is known stays known


async def test_more_conversations_than_allowed_are_refused(shop: House) -> None:
    shop.policy = ChatPolicy(most=1)
    async with shop.running() as chats:
        await chats.begin()
        with pytest.raises(TextUnavailable):
            await chats.begin()


# Restarts


async def test_a_conversation_goes_on_after_a_restart(shop: House) -> None:
    async with shop.running() as chats:
        opened = await chats.begin()
        talk = opened.conversation
        await chats.say(talk, message("delivery", "m-1"))
        before = await told(chats, talk)
    async with shop.running() as chats:
        await chats.check(talk, opened.key)
        assert await told(chats, talk) == before
        assert await chats.say(talk, message("delivery", "m-1")) == 3
        view = await chats.changed(talk, 0, 0)
        assert view.replies == ("Monday", "Tuesday", "Friday")
        await chats.say(talk, message("friday"))
        assert await told(chats, talk) == [*before, "> friday", "Which size?"]


async def test_an_action_is_not_run_again_after_a_restart(shop: House) -> None:
    shop.acts.gate.clear()
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        saying = asyncio.create_task(chats.say(talk, message("opening hours", "m-1")))
        async with asyncio.timeout(30):
            while not (await chats.view(talk, 0)).typing:
                await asyncio.sleep(0)
        await chats._shelf.abandon()
        await asyncio.gather(saying, return_exceptions=True)
    shop.acts.gate.set()
    async with shop.running() as chats:
        assert await chats.say(talk, message("opening hours", "m-1")) == 3
        await chats.changed(talk, 0, 0)
        lines = await told(chats, talk)
    assert shop.acts.ran == ["hours"]
    assert lines[3:] == ["I cannot look that up.", "What is it about?"]


async def test_newer_flows_take_the_conversation_over(shop: House) -> None:
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        await chats.say(talk, message("delivery"))
        await chats.say(talk, message("friday"))
    shop.version = "two"
    shop.flow = shop.flow.replace("Which size?", "Small or large?").replace("What is it", "Is it")
    async with shop.running() as chats:
        await chats.say(talk, message("small"))
        assert (await told(chats, talk))[-2:] == ["small on Friday.", "Is it about?"]


async def test_a_state_that_cannot_be_read_begins_anew(shop: House) -> None:
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        store = chats._store
        record = await store.get(talk)
        assert record is not None
        await store.commit(ChatChange(replace(record, state={"frames": "?"}), record.cursor))
    async with shop.running() as chats:
        await chats.say(talk, message("delivery"))
        assert (await told(chats, talk))[-1] == "Which day?"


async def test_what_could_not_be_kept_was_not_said(
    shop: House, chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = (await chats.begin()).conversation

    async def away(self: SqlChatStore, change: ChatChange) -> bool:
        raise StorageError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(SqlChatStore, "commit", away)
        with pytest.raises(StorageError):
            await chats.say(talk, message("delivery", "m-1"))
    assert await told(chats, talk) == ["Hello.", "What is it about?"]
    assert await chats.say(talk, message("delivery", "m-1")) == 3


async def test_two_writers_do_not_mix(shop: House) -> None:
    async with shop.running() as one, shop.running() as other:
        talk = (await one.begin()).conversation
        await other.say(talk, message("delivery"))
        with pytest.raises(TextRefused) as refused:
            await one.say(talk, message("opening hours"))
        assert refused.value.code == "moved"
        await one.say(talk, message("friday"))
        assert (await told(one, talk))[-1] == "Which size?"


# From the telephone


async def test_a_call_goes_on_where_it_stood(shop: House, chats: Chats) -> None:
    invitation = await chats.prepare(a_call(shop, "delivery"))
    assert invitation.url.endswith(shop.sent[0])
    assert shop.witness.stages == []
    opened = await chats.open(shop.sent[0], lambda _: "")
    view = await chats.view(opened.conversation, 0)
    assert [(line.channel, line.text) for line in view.lines] == [
        ("voice", "What is it about?"),
        ("voice", "delivery"),
        ("web", "Which day?"),
    ]
    assert shop.witness.stages == ["opened"]
    assert shop.witness.events[0].contact == "c1"


async def test_a_link_opens_once_and_then_for_the_browser_that_has_the_key(
    shop: House, chats: Chats
) -> None:
    await chats.prepare(a_call(shop))
    opened = await chats.open(shop.sent[0], lambda _: "")
    again = await chats.open(shop.sent[0], lambda _: opened.key)
    assert (again.conversation, again.key) == (opened.conversation, "")
    for key in ("", "x" * 32):
        with pytest.raises(TextRefused) as refused:
            await chats.open(shop.sent[0], dict.fromkeys([opened.conversation], key).__getitem__)
        assert refused.value.code == "used"
    assert shop.witness.stages == ["opened"]


async def test_two_people_who_open_a_link_at_once_are_one_and_a_refusal(
    shop: House, chats: Chats
) -> None:
    await chats.prepare(a_call(shop))
    results = await asyncio.gather(
        *(chats.open(shop.sent[0], lambda _: "") for _ in range(5)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, TextRefused)]
    assert [each.code for each in refused] == ["used"] * 4


@pytest.mark.parametrize("forged", ["", "x", "x" * 32, "../../etc/passwd", "é" * 32, "x" * 10_000])
async def test_a_forged_link_opens_nothing(shop: House, chats: Chats, forged: str) -> None:
    await chats.prepare(a_call(shop))
    with pytest.raises(TextRefused) as refused:
        await chats.open(forged, lambda _: "")
    assert refused.value.code == "unknown"


async def test_a_link_runs_out_and_is_told_once(shop: House, chats: Chats) -> None:
    await chats.prepare(a_call(shop))
    shop.now += shop.policy.link_s + 1
    with pytest.raises(TextRefused) as refused:
        await chats.open(shop.sent[0], lambda _: "")
    assert refused.value.code == "expired"
    await chats.tidying.sweep()
    await chats.tidying.sweep()
    assert shop.witness.stages == ["expired"]


async def test_a_new_link_makes_the_old_one_and_its_browser_void(shop: House, chats: Chats) -> None:
    first = await chats.prepare(a_call(shop))
    opened = await chats.open(shop.sent[0], lambda _: "")
    second = await chats.prepare(a_call(shop))
    assert second.conversation == first.conversation
    with pytest.raises(TextRefused):
        await chats.open(shop.sent[0], lambda _: opened.key)
    with pytest.raises(TextRefused):
        await chats.check(first.conversation, opened.key)
    assert (await chats.open(shop.sent[1], lambda _: "")).key


async def test_a_withdrawn_link_opens_nothing(shop: House, chats: Chats) -> None:
    invitation = await chats.prepare(a_call(shop))
    await chats.withdraw(invitation.conversation)
    with pytest.raises(TextRefused):
        await chats.open(shop.sent[0], lambda _: "")


async def test_no_secret_is_kept(shop: House, chats: Chats) -> None:
    await chats.prepare(a_call(shop))
    opened = await chats.open(shop.sent[0], lambda _: "")
    await chats.stop()
    kept = b"".join(file.read_bytes() for file in shop.folder.parent.glob("chats.db*"))
    assert opened.conversation.encode() in kept
    assert shop.sent[0].encode() not in kept
    assert opened.key.encode() not in kept


async def test_who_writes_no_more_has_left(shop: House, chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    shop.now += shop.policy.idle_s + 1
    await chats.tidying.sweep()
    assert shop.witness.stages == ["opened", "ended"]
    assert shop.witness.events[-1].outcome == "abandoned_in_flow"
    with pytest.raises(TextRefused):
        await chats.say(talk, message("delivery"))


async def test_back_to_voice_takes_the_state_along(shop: House, chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    await chats.say(talk, message("delivery"))
    record = await chats.leave_for_voice(talk)
    assert record.state["frames"] == [["main", "delivery"]]
    assert shop.witness.stages == ["opened", "came back"]
    with pytest.raises(TextRefused):
        await chats.leave_for_voice(talk)


# Watching


async def test_followers_see_each_line_once_and_in_order(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    seen: list[int] = []

    async def follow() -> None:
        async for view in chats.follow(talk, 0):
            seen.extend(line.cursor for line in view.lines)
            if view.over:
                return

    following = asyncio.create_task(follow())
    for text in ("delivery", "friday", "large", "bye"):
        await chats.say(talk, message(text))
    async with asyncio.timeout(30):
        await following
    assert seen == list(range(1, (await chats.view(talk, 0)).cursor + 1))


async def test_too_many_windows_are_refused(chats: Chats) -> None:
    talk = (await chats.begin()).conversation
    waiting = [asyncio.create_task(chats.changed(talk, 99, 30)) for _ in range(MOST_WATCHERS)]
    async with asyncio.timeout(30):
        while chats.followed < MOST_WATCHERS:
            await asyncio.sleep(0)
    with pytest.raises(TextRefused) as refused:
        await chats.changed(talk, 99, 30)
    assert refused.value.code == "tabs"
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert chats.followed == 0


async def test_conversations_leave_memory_and_come_back(shop: House) -> None:
    shop.policy = ChatPolicy(in_memory=2)
    async with shop.running() as chats:
        talks = [(await chats.begin()).conversation for _ in range(5)]
        assert chats.in_memory <= 2
        for talk in talks:
            await chats.say(talk, message("delivery"))
            assert (await told(chats, talk))[-1] == "Which day?"


# Other channels


async def test_a_messenger_writes_to_one_conversation(shop: House, chats: Chats) -> None:
    first = await chats.take(TextFrom("sms", "+4912", "1", "delivery"))
    assert [(to.text, to.replies) for to in first] == [
        ("Which day?", ("Monday", "Tuesday", "Friday"))
    ]
    second = await chats.take(TextFrom("sms", "+4912", "2", "friday"))
    assert [to.text for to in second] == ["Which size?"]
    assert await chats.take(TextFrom("sms", "+4912", "2", "friday")) == second
    assert {to.conversation for to in (*first, *second)} == {first[0].conversation}
    other = await chats.take(TextFrom("sms", "+4913", "1", "delivery"))
    assert other[0].conversation != first[0].conversation
