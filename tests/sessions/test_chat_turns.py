"""What was written is told as turns of its contact, without secrets."""

from __future__ import annotations

from voicebot.events import TurnResult
from voicebot.flows.events import InputMatched, NoMatch
from voicebot.sessions.chat_reading import Reading
from voicebot.sessions.chat_records import ChatLine, ChatRecord, Who
from voicebot.sessions.chat_turns import VOICE, Numbers, turns_of
from voicebot.sessions.invitation import ConversationId
from voicebot.types import HIDDEN, CallId, Heard, Language, Mode

CONTACT = CallId("c1")
RECORD = ChatRecord(ConversationId("t1"), "main", Language("en-US"), "one", {}, 1.0, 9.0)
WISH = Heard("delivery", "delivery", 0.8, Mode.TEXT, "wish")


def _bot(cursor: int, text: str, reading: Reading | None = None, channel: str = "web") -> ChatLine:
    return ChatLine(cursor, float(cursor), channel, Who.BOT, text, reading=reading)


def _caller(cursor: int, text: str, reading: Reading | None, channel: str = "web") -> ChatLine:
    return ChatLine(cursor, float(cursor), channel, Who.CALLER, text, f"m{cursor}", reading=reading)


def test_a_turn_is_what_was_asked_and_how_the_answer_was_read() -> None:
    lines = [
        _bot(1, "Hello."),
        _bot(2, "What is it about?"),
        _caller(3, "delivery", Reading.of(InputMatched(WISH), "menu", secret=False)),
        _bot(4, "Which day?"),
        _caller(5, "whenever", Reading.of(NoMatch(), "delivery", secret=False), "whatsapp"),
        _bot(6, "Pardon?"),
    ]
    first, second, last = turns_of(RECORD, lines, CONTACT, Numbers.ALONE)
    assert (first.index, first.step, first.prompt) == (3, "menu", "Hello. What is it about?")
    assert (first.result, first.heard, first.channel) == (TurnResult.MATCH, WISH, "web")
    assert (first.at, first.said_at, first.latency_ms) == (3.0, 1.0, None)
    assert (second.step, second.result, second.channel) == (
        *("delivery", TurnResult.NOMATCH, "whatsapp"),
    )
    assert second.heard == Heard("whenever", None, 0.0, Mode.TEXT)
    assert (last.index, last.prompt, last.result) == (6, "Pardon?", TurnResult.SAID)
    assert last.heard is None


def test_turns_stand_beside_those_of_a_call() -> None:
    lines = [_caller(1000, "delivery", Reading.of(InputMatched(WISH), "menu", secret=False))]
    (before,) = turns_of(RECORD, lines, CONTACT, Numbers.BEFORE_A_CALL)
    (after,) = turns_of(RECORD, lines, CONTACT, Numbers.AFTER_A_CALL)
    assert before.index < 0
    assert after.index > 100_000


def test_what_was_said_in_the_call_is_not_told_again() -> None:
    read = Reading.of(InputMatched(WISH), "menu", secret=False)
    lines = [
        _bot(1, "Hello.", channel=VOICE),
        _caller(2, "delivery", None, VOICE),
        _bot(3, "Which day?"),
        _caller(4, "delivery", read),
    ]
    (turn,) = turns_of(RECORD, lines, CONTACT, Numbers.AFTER_A_CALL)
    assert turn.prompt == "Which day?"


def test_what_nothing_answers_was_not_understood() -> None:
    lines = [
        _caller(1, "do you ship pianos", Reading.of(InputMatched(WISH), "menu", secret=False)),
        _bot(2, "That I do not know.", Reading.gap("menu")),
        _bot(3, "Goodbye."),
    ]
    first, last = turns_of(RECORD, lines, CONTACT, Numbers.ALONE)
    assert (first.result, first.heard) == (
        TurnResult.NOMATCH,
        Heard("do you ship pianos", None, 0.8, Mode.TEXT, "wish"),
    )
    assert last.prompt == "That I do not know. Goodbye."


def test_lines_from_before_they_were_read_are_no_turns() -> None:
    lines = [_bot(1, "Hello."), _caller(2, "delivery", None), _bot(3, "Which day?")]
    (last,) = turns_of(RECORD, lines, CONTACT, Numbers.ALONE)
    assert (last.prompt, last.result) == ("Which day?", TurnResult.SAID)


def test_a_reading_holds_no_secret_and_no_card_number() -> None:
    pin = Heard("4711", "4711", 1.0, Mode.TEXT, "pin")
    secret = Reading.of(InputMatched(pin), "pin", secret=True)
    assert (secret.heard.text, secret.heard.semantics) == ("", HIDDEN)
    card = "4111 1111 1111 1111"
    shown = Reading.of(InputMatched(Heard(card, card, 1.0, Mode.TEXT, "any")), "note", secret=False)
    assert shown.heard.semantics == HIDDEN
    assert "4111" not in str(shown.to_json())
    assert Reading.from_json(shown.to_json()) == shown
