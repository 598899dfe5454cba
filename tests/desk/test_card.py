"""What a desk knows of a contact: the bot's conversation, the times before, and notes."""

from __future__ import annotations

from tests.desk.office import Records, desks
from voicebot.acd.model import ContactId
from voicebot.desk.card import Known, card_of, read_card
from voicebot.desk.contacts import MOST_FACTS, AtDesk, SpokenLine, facts_of
from voicebot.desk.notes import Note
from voicebot.errors import StorageError
from voicebot.events import TurnResult
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.history import DAY_S, Contact
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import CallId, Heard, Json, Language, Matter, Mode, Outcome

NOW = 1_000_000.0


def turn(number: int, step: str, said: str, heard: Heard | None) -> TurnRecord:
    result = TurnResult.MATCH if heard is not None else TurnResult.NOINPUT
    return TurnRecord(number, NOW, step, said, result, heard, None, False)


def record(*turns: TurnRecord) -> CallRecord:
    return CallRecord(
        CallId("c1"), "sip", "1001", "1000", "main", Language("en-US"), NOW, NOW, None, None, "",
        turns,
    )  # fmt: skip


def contact(name: str, days_ago: int, matter: Matter | None = None) -> Contact:
    return Contact(CallId(name), NOW - days_ago * DAY_S, Outcome.TRANSFERRED, matter)


def test_the_card_tells_what_was_said_and_tried_and_what_is_open() -> None:
    parcel = Matter("parcel", {"order": "17"}, True)
    known = Known(
        record(
            turn(1, "ask", "What is it?", Heard("where is my parcel", {}, 0.9, Mode.SPEECH)),
            turn(2, "number", "Which order?", Heard("17", "17", 1.0, Mode.DTMF)),
            turn(3, "number", "Which order?", None),
        ),
        (contact("c1", 0), contact("old", 2, parcel)),
        (
            Note("c1", "anna", "support", NOW, "", "Called twice."),
            Note("old", "bert", "support", NOW - 5, "later", "Asked the carrier."),
        ),
    )
    card = card_of("c1", known, NOW)
    assert card["asked"] == "where is my parcel"
    assert card["tried"] == ["ask", "number"]
    assert [(each["heard"], each["keys"], each["understood"]) for each in card["turns"]] == [
        ("where is my parcel", False, True), ("17", True, True), ("", False, False)
    ]  # fmt: skip
    (before,) = card["before"]
    assert (before["about"], before["open"]) == ("parcel", True)
    assert [note["code"] for note in before["notes"]] == ["later"]
    assert (card["open"]["about"], card["open"]["days_ago"]) == ("parcel", 2)
    assert [note["text"] for note in card["notes"]] == ["Called twice."]


def test_nothing_known_is_a_card_too() -> None:
    card = card_of("c1", Known(None, (), ()), NOW)
    assert (card["turns"], card["before"], card["open"], card["asked"]) == ([], [], None, "")


async def test_records_that_cannot_be_read_leave_the_rest() -> None:
    records = Records()
    records.problem = StorageError("the disk is gone")
    records.contacts = (contact("old", 2),)
    at_desk = AtDesk(ContactId("c1"), "support", Briefing("1001"), "1001", NOW)
    at_desk.lines.append(SpokenLine("caller", "hello", NOW))
    card = await read_card(desks(records).services, at_desk)
    assert not card["complete"]
    assert len(card["before"]) == 1
    assert card["lines"] == [{"who": "caller", "text": "hello", "at": NOW}]


def test_facts_are_plain_few_and_short() -> None:
    many: dict[str, Json] = {f"f{number}": "x" * 500 for number in range(100)}
    facts = facts_of(Briefing("1001", facts={"ok": True, "no": None, "list": [1], **many}))
    assert facts[0] == ["ok", "yes"]
    assert len(facts) == MOST_FACTS
    assert all(len(value) <= 200 for _, value in facts)
    assert "list" not in dict(facts)
