"""Who writes and wants a person: waits as calls do, and is written with by one agent."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.sessions.chat_house import message, told
from tests.sessions.test_chats import a_call
from tests.sessions.text_centre import Centre, page_of, until, view_when, wants_person
from voicebot.acd import events as ev
from voicebot.acd.hours import Hours
from voicebot.acd.model import AgentId, Channel, ContactId, Overflow, QueueRules, Spill
from voicebot.errors import RoutingError, StorageError, TextRefused, UsageError
from voicebot.sessions import text_insistence
from voicebot.sessions.chat_records import ChatChange
from voicebot.sessions.invitation import TextFrom
from voicebot.storage.conversations import SqlChatStore
from voicebot.types import Outcome

THANKS = "Thank you. A colleague will read this when it is your turn."
LOST = "Sorry, the line to my colleague broke. Please stay, you are next."


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return Centre(tmp_path)


# Waiting


async def test_a_conversation_waits_as_a_contact_in_text(centre: Centre) -> None:
    async with centre.running() as chats:
        first, talk = await wants_person(chats), await wants_person(chats)
        assert centre.channel_of(talk) is Channel.TEXT
        waiting = (await chats.view(talk, 0)).waiting
        assert waiting is not None
        assert (waiting.position, waiting.wait_s, waiting.queue) == (2, None, "support")
        assert first != talk


async def test_what_is_written_meanwhile_is_kept_and_thanked_for_once(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        await chats.say(talk, message("opening hours"))
        await chats.say(talk, message("my card is 4111 1111 1111 1111"))
        lines = await told(chats, talk)
        assert lines[-3:-1] == ["> opening hours", THANKS]
        assert lines[-1].startswith("> my card is")
        assert "4111 1111" not in lines[-1]


async def test_leaving_the_line_is_a_way_of_the_flow(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        await chats.leave_line(talk)
        assert (await told(chats, talk))[-2:] == ["Nobody came.", "What is it about?"]
        view = await chats.view(talk, 0)
        assert (view.waiting, view.over, centre.channel_of(talk)) == (None, False, None)
        with pytest.raises(TextRefused) as refusal:
            await chats.leave_line(talk)
        assert refusal.value.code == "line"


async def test_a_queue_that_takes_nobody_is_a_way_of_the_flow(tmp_path: Path) -> None:
    closed = QueueRules("billing", hours=Hours(ZoneInfo("UTC"), ((),) * 7))
    empty = QueueRules("support", overflow=(Overflow(Spill.NO_AGENT, to="nobody"),))
    centre = Centre(tmp_path, (empty, closed))
    async with centre.running() as chats:
        talk = await wants_person(chats)
        assert (await told(chats, talk))[-2:] == ["Nobody works now.", "What is it about?"]
        await chats.say(talk, message("delivery"))
        view = await chats.view(talk, 0)
        assert view.over, "its way out leads back to the same queue"
        assert (await chats.record(talk)).outcome is Outcome.FAILED


async def test_who_overflows_in_time_goes_on_in_the_flow(tmp_path: Path) -> None:
    rules = QueueRules("support", overflow=(Overflow(Spill.WAIT, to="nobody", after_s=60),))
    centre = Centre(tmp_path, (rules,))
    async with centre.running() as chats:
        talk = await wants_person(chats)
        await centre.clock.advance(61)
        await view_when(chats, talk, lambda view: view.waiting is None)
        assert "Nobody works now." in await told(chats, talk)


async def test_who_writes_no_more_has_left_the_queue(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.clock.now += 25 * 3600
        await chats.tidying.sweep()
        assert (await chats.record(talk)).outcome is Outcome.ABANDONED_IN_QUEUE
        assert centre.channel_of(talk) is None
        assert centre.note_of(talk).agent == ""


# With an agent


async def test_caller_and_agent_write_to_each_other(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        view = await chats.view(talk, 0)
        assert (view.agent, view.waiting) == ("anna", None)
        cursor = await with_anna.say("Hello, this is Anna.", "k1")
        assert await with_anna.say("Hello, this is Anna.", "k1") == cursor
        await chats.say(talk, message("opening hours"))
        lines = (await chats.view(talk, cursor - 1)).lines
        assert [(line.who, line.name, line.text) for line in lines] == [
            ("agent", "anna", "Hello, this is Anna."),
            ("caller", "", "opening hours"),
        ]
        assert [line.text for line in with_anna.lines(cursor)] == ["opening hours"]


async def test_when_the_agent_leaves_the_flow_goes_on(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        centre.clock.now += 90
        await with_anna.leave("order")
        assert (await told(chats, talk))[-2:] == ["Back from agent by order.", "What is it about?"]
        assert (await chats.view(talk, 0)).agent == ""
        with pytest.raises(UsageError):
            await with_anna.say("One more thing", "k2")
        note = centre.note_of(talk)
        assert (note.agent, note.handled_s) == ("anna", 90)
        await chats.say(talk, message("bye"))
        record = await chats.record(talk)
        assert (record.outcome, record.stand) == (Outcome.TRANSFERRED, None)


async def test_an_agent_sends_a_conversation_on_to_another_queue(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        contact = ContactId(talk)

        def nowhere() -> None:
            centre.service.receive(ev.Transfer(contact, "nowhere"))

        with pytest.raises(RoutingError):
            await with_anna.send_on(nowhere)
        assert not with_anna.over
        centre.sign_in("ben", "second")
        await with_anna.send_on(lambda: centre.service.receive(ev.Transfer(contact, "second")))
        with_ben = await centre.accept()
        assert (with_ben.agent, (await chats.view(talk, 0)).agent) == ("ben", "ben")
        assert with_ben.lines(0)[0].text == "What is it about?"


async def test_several_conversations_fill_an_agent_and_leave_no_room_for_a_call(
    centre: Centre,
) -> None:
    async with centre.running() as chats:
        centre.sign_in("anna", text=2)
        for _ in range(3):
            await wants_person(chats)
            await until(lambda: centre.offers)
            if not centre.offers[-1][2].done():
                await centre.accept()
        assert len(centre.talks) == 2
        assert centre.service.queue("support").waiting == 1
        await centre.talks[0].leave()
        await centre.accept()
        assert len(centre.talks) == 3


async def test_who_is_declined_is_offered_to_others(centre: Centre) -> None:
    async with centre.running() as chats:
        await wants_person(chats)
        centre.sign_in("anna")
        centre.sign_in("ben")
        await until(lambda: centre.offers)
        await centre.decline()
        assert [agent for agent, _, _ in centre.offers] == ["anna", "ben"]
        assert (await centre.accept()).agent == "ben"


async def test_each_sees_the_other_typing(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        changes: list[bool] = []
        with_anna.changed = lambda: changes.append(bool(with_anna.caller_writes))
        with_anna.write(True)
        assert (await chats.view(talk, 0)).agent_typing
        chats.writes(talk, True)
        assert changes[-1]
        await centre.clock.advance(9)
        assert not changes[-1]
        assert not (await chats.view(talk, 0)).agent_typing


async def test_a_caller_whose_page_is_gone_is_away(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        async with page_of(chats, talk):
            with_anna = await centre.accept()
            assert with_anna.there
        await centre.clock.advance(5)
        assert with_anna.there, "it may come back"
        await centre.clock.advance(6)
        assert not with_anna.there
        async with page_of(chats, talk):
            assert with_anna.there


async def test_lines_of_agents_reach_messengers(centre: Centre) -> None:
    async with centre.running() as chats:
        await chats.take(TextFrom("chat", "mara", "1", "opening hours"))
        centre.sign_in("anna")
        with_anna = await centre.accept()
        assert with_anna.there
        await with_anna.say("Hello.", "k1")
        await with_anna.leave()
        told_mara = [(each.who, each.name, each.text) for each in centre.posted]
        assert told_mara == [
            ("agent", "anna", "Hello."),
            ("bot", "", "Back from agent by ."),
            ("bot", "", "What is it about?"),
        ]


# Bad luck


async def test_a_lost_agent_leaves_the_caller_at_the_head_of_the_line(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna", text=1)
        with_anna = await centre.accept()
        await with_anna.say("One moment.", "k1")
        waiting = await wants_person(chats)
        centre.service.receive(ev.AgentLost(AgentId("anna"), "gone"))
        with_anna.lose()
        await view_when(chats, talk, lambda view: view.lines[-1].text == LOST)
        positions = [(await chats.view(each, 0)).waiting for each in (talk, waiting)]
        assert [each and each.position for each in positions] == [1, 2]
        centre.sign_in("ben", text=1)
        with_ben = await centre.accept()
        assert with_ben.conversation == talk
        assert "One moment." in [line.text for line in with_ben.lines(0)]


async def test_a_caller_who_writes_no_more_is_over_for_the_agent(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        centre.clock.now += 25 * 3600
        await chats.tidying.sweep()
        assert with_anna.over
        assert (await chats.record(talk)).outcome is Outcome.TRANSFERRED
        anna = centre.service.agent(AgentId("anna"))
        assert anna is not None
        assert anna.contacts == ()


async def test_an_agent_who_is_signed_out_finishes_the_conversation(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        centre.service.receive(ev.SignOut(AgentId("anna")))
        await with_anna.say("Goodbye.", "k1")
        await with_anna.leave()
        assert "Goodbye." in await told(chats, talk)
        assert centre.service.agent(AgentId("anna")) is None


async def test_a_restart_keeps_places_and_who_talked_is_next(centre: Centre) -> None:
    async with centre.running() as chats:
        first = await wants_person(chats)
        centre.clock.now += 10
        second = await wants_person(chats)
        centre.clock.now += 10
        third = await wants_person(chats)
        centre.sign_in("anna", text=1)
        with_anna = await centre.accept()
        assert with_anna.conversation == first
        await with_anna.say("Hello.", "k1")
    centre.clock.now += 60
    async with centre.running() as chats:
        for place, talk in enumerate((first, second, third), 1):
            waiting = (await chats.view(talk, 0)).waiting
            assert waiting is not None
            assert waiting.position == place
        assert (await told(chats, first))[-1] == "Hello."
        await chats.say(second, message("are you there"))
        assert (await told(chats, second)).count("What is it about?") == 1
        centre.sign_in("ben", text=1)
        assert (await centre.accept()).conversation == first
        centre.clock.now += 30
        await centre.talks[-1].leave()
        note = centre.note_of(first)
        assert (note.waited_s, note.handled_s, note.agent) == (20, 30, "ben")
        await centre.accept()
        assert centre.talks[-1].conversation == second
        assert centre.note_of(second).waited_s == 100


async def test_a_caller_who_leaves_while_it_rings_frees_the_agent(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        await until(lambda: centre.offers)
        await chats.leave_line(talk)
        assert centre.offers[-1][2].cancelled()
        anna = centre.service.agent(AgentId("anna"))
        assert anna is not None
        assert anna.contacts == ()


async def test_a_flow_that_changed_meanwhile_goes_on_where_it_can(centre: Centre) -> None:
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        centre.shop.version = "two"
        centre.shop.flow = centre.shop.flow.replace("  person:\n", "  somebody:\n").replace(
            "hours: person", "hours: somebody"
        )
        await with_anna.leave()
        assert (await told(chats, talk))[-1] == "What is it about?"
        assert not (await chats.view(talk, 0)).over


async def test_records_that_are_away_for_a_moment_lose_nobody(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_insistence, "PAUSES_S", (0.01,) * 5)
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna")
        with_anna = await centre.accept()
        keep, tries = SqlChatStore.commit, 0

        async def away(store: SqlChatStore, change: ChatChange) -> bool:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise StorageError("the disk is full")
            return await keep(store, change)

        monkeypatch.setattr(SqlChatStore, "commit", away)
        with pytest.raises(StorageError):
            await with_anna.say("Hello.", "k1")
        assert "Hello." not in await told(chats, talk)
        await with_anna.leave()
        assert (await told(chats, talk))[-2:] == ["Back from agent by .", "What is it about?"]
        assert centre.channel_of(talk) is None


async def test_records_that_stay_away_leave_the_place_in_them(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_insistence, "PAUSES_S", ())
    async with centre.running() as chats:
        talk = await wants_person(chats)
        centre.sign_in("anna", text=1)
        with_anna = await centre.accept()
        with monkeypatch.context() as broken:
            broken.setattr(SqlChatStore, "commit", _away)
            with pytest.raises(StorageError):
                await with_anna.leave()
            assert centre.channel_of(talk) is None
        await chats.line.restore()
        again = await centre.accept()
        assert again.conversation == talk


async def test_a_conversation_that_came_from_a_call_waits_as_that_call(centre: Centre) -> None:
    async with centre.running() as chats:
        await chats.prepare(a_call(centre.shop))
        talk = (await chats.open(centre.shop.sent[-1], lambda _: "")).conversation
        await chats.say(talk, message("opening hours"))
        (place,) = centre.service.contacts()
        assert (place.contact.contact_id, place.contact.channel) == ("c1", Channel.TEXT)
        briefing = centre.service.briefing(ContactId("c1"))
        assert briefing is not None
        assert briefing.context == {"about": "opening", "call": "c1"}


async def test_who_is_promised_a_callback_waits_for_a_call(centre: Centre) -> None:
    centre.shop.flow = centre.shop.flow.replace(
        "    context: {about: opening}", "    callback: '5550142'"
    )
    async with centre.running() as chats:
        talk = await wants_person(chats)
        assert centre.channel_of(talk) is Channel.TEXT, "nobody can call here"
        assert (await chats.view(talk, 0)).waiting is not None


async def _away(store: SqlChatStore, change: ChatChange) -> bool:
    raise StorageError("the disk is full")
