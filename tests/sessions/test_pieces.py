"""A number given away piece by piece: what is written already is written anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile

from tests.sessions.chat_house import house, message, told
from tests.sessions.conftest import VOICE, Exchange
from tests.sessions.test_secrets import LONG
from voicebot.events import (
    CallEvent,
    CallRecorded,
    MatterNoted,
    QuestionMasked,
    QuestionUnanswered,
    TurnFinished,
    TurnMasked,
    TurnResult,
)
from voicebot.flows.events import FREE
from voicebot.media.recorder import Recorder
from voicebot.sessions.account import CallAccount
from voicebot.sessions.chat_reading import Reading
from voicebot.sessions.chat_records import ChatLine, Who
from voicebot.sessions.feed import InputHeard, PromptSpoken, TurnHidden
from voicebot.sessions.pieces import Pieces, reworded_lines
from voicebot.sessions.recording import Consent, Recordings
from voicebot.sessions.spoken_lines import SpokenLine
from voicebot.telephony._api import LegInfo
from voicebot.types import HIDDEN, CallId, Heard, Json, Matter, Mode, Prompt

PIECES = ("4539", "5787", "6362", "1486")


class Call:
    """An account with its journal; a turn takes ten seconds."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.live: list[object] = []
        self.muted: list[tuple[float, float]] = []
        self.now = 100.0
        info = LegInfo(CallId("call-1"), "loopback", "100", "200")
        self.account = CallAccount(info, self, self.live.append, lambda: self.now)
        self.account.marks.sound = self

    @property
    def length_s(self) -> float:
        return self.now

    def mute(self, since_s: float, until_s: float) -> None:
        self.muted.append((round(since_s, 3), round(until_s, 3)))

    def append(self, event: CallEvent) -> None:
        self.events.append(event)

    def turn(
        self,
        prompt: str,
        text: str,
        meaning: Json = None,
        *,
        mode: Mode = Mode.SPEECH,
        grammar: str = "",
    ) -> None:
        """The bot speaks for two seconds; the caller from second 4 to 6."""
        self.account.said(prompt)
        self.account.prompt_left(None)
        self.now += 10.0
        spoke = (6.0, 4.0) if mode is Mode.SPEECH else None
        self.account.heard(
            TurnResult.NOMATCH, Heard(text, meaning, 0.9, mode, grammar), latency_ms=None,
            spoke=spoke,
        )  # fmt: skip

    def of(self, kind: type[CallEvent]) -> list[CallEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def turns(self) -> list[TurnFinished | TurnMasked]:
        """As they read in the end."""
        last: dict[int, TurnFinished | TurnMasked] = {}
        for event in self.events:
            if isinstance(event, TurnFinished | TurnMasked):
                last[event.index] = event
        return [last[index] for index in sorted(last)]


@pytest.fixture
def call() -> Call:
    return Call()


def test_every_turn_with_a_piece_reads_otherwise_afterwards(call: Call) -> None:
    call.turn("Your card?", f"it is {PIECES[0]}", {"number": 4539})
    for before, piece in pairwise(PIECES):
        call.turn(f"{before}, go on.", piece, piece)
    call.turn("Was that 6 3 6 2 1 4 8 6?", "yes", True)
    turns = call.turns()
    assert [turn.heard.text for turn in turns if turn.heard is not None] == [
        f"it is {HIDDEN}", HIDDEN, HIDDEN, HIDDEN, "yes",
    ]  # fmt: skip
    assert [turn.heard.semantics for turn in turns if turn.heard is not None] == [
        {"number": HIDDEN}, HIDDEN, HIDDEN, HIDDEN, True,
    ]  # fmt: skip
    assert [turn.prompt for turn in turns] == [
        "Your card?", *[f"{HIDDEN}, go on."] * 3, f"Was that {HIDDEN}?",
    ]  # fmt: skip
    assert [turn.index for turn in call.turns()] == [1, 2, 3, 4, 5]
    assert not any(piece in repr(call.account.turns) for piece in PIECES)
    # The last piece was never written, nor shown to who follows the call.
    assert PIECES[3] not in repr(call.events) + repr(call.live)


def test_who_follows_the_call_is_told_at_once_how_the_turns_read(call: Call) -> None:
    call.turn("Your card?", PIECES[0])
    call.turn(f"{PIECES[0]}, go on.", PIECES[1])
    call.turn("Go on.", PIECES[2])
    told = len(call.live)
    call.turn(f"{PIECES[2]}, go on.", PIECES[3])
    hidden = [event for event in call.live[told:] if isinstance(event, TurnHidden)]
    assert [(event.turn, event.prompt) for event in hidden] == [
        (1, "Your card?"), (2, f"{HIDDEN}, go on."), (3, "Go on."), (4, f"{HIDDEN}, go on."),
    ]  # fmt: skip
    assert [event.heard.text for event in hidden if event.heard is not None] == [HIDDEN] * 4
    spoken = [event for event in call.live if isinstance(event, PromptSpoken | InputHeard)]
    assert [event.turn for event in spoken] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_a_known_number_is_hidden_when_the_caller_comes_back_to_it(call: Call) -> None:
    for piece in PIECES:
        call.turn("Go on.", piece)
    call.account.hearing(f"it began {PIECES[0]}")
    assert call.account.partial == f"it began {HIDDEN}"
    call.turn("Sorry?", f"it began {PIECES[0]} and I want 486 of them", {"digits": PIECES[0]})
    last = call.turns()[-1]
    assert last.heard is not None
    assert last.heard.text == f"it began {HIDDEN} and I want 486 of them"
    assert last.heard.semantics == {"digits": HIDDEN}
    assert call.muted[-1] == (143.7, 147.0)


def test_the_matter_and_questions_without_an_answer_read_otherwise_too(call: Call) -> None:
    call.account.is_about(Matter("payment", {"began": "4539", "order": "1508"}, True), "")
    for piece in PIECES:
        call.turn("Yes?", piece, grammar=FREE)
        call.account.looked_up({"question": piece, "language": "en"}, {"parts": []})
    (first, last) = call.of(MatterNoted)
    assert isinstance(last, MatterNoted)
    assert last.matter is not None
    assert last.matter.details == {"began": HIDDEN, "order": "1508"}
    gaps = {each.at: each.text for each in call.of(QuestionUnanswered)}  # type: ignore[union-attr]
    gaps |= {each.at: each.text for each in call.of(QuestionMasked)}  # type: ignore[union-attr]
    assert list(gaps.values()) == [HIDDEN] * 4
    assert first != last


def test_a_recording_falls_silent_where_a_number_was_said_or_keyed(call: Call) -> None:
    call.turn("Your card?", PIECES[0])
    call.turn("Go on.", PIECES[1], mode=Mode.DTMF)
    call.turn("Go on.", PIECES[2])
    assert call.muted == []
    call.turn("Go on.", PIECES[3])
    assert call.muted == [(103.7, 107.0), (109.7, 121.0), (123.7, 127.0), (133.7, 137.0)]


def test_a_number_said_at_once_is_silent_in_the_recording_too(call: Call) -> None:
    call.turn("Your card?", "".join(PIECES))
    call.turn(f"Did you say {''.join(PIECES)}?", "yes")
    assert call.muted == [(103.7, 107.0), (109.7, 115.0)]
    assert HIDDEN in call.turns()[1].prompt


def test_what_is_no_number_in_pieces_changes_nothing(call: Call) -> None:
    for text in ("1508", "order 1508", "15 08", "my order is 1508", "one five oh eight"):
        call.turn("Your order?", text)
    assert not call.of(TurnMasked)
    assert not call.muted
    assert [turn.heard.text for turn in call.turns() if turn.heard][1] == "order 1508"


async def test_lines_of_a_conversation_read_otherwise_for_good(tmp_path: Path) -> None:
    shop = house(tmp_path)
    async with shop.running() as chats:
        chat = (await chats.begin()).conversation
        for piece in PIECES[:3]:
            await chats.say(chat, message(f"it is {piece}"))
        await chats.spoken(chat, [SpokenLine(Who.BOT, "6362?", 5.0)])
        await chats.say(chat, message(PIECES[3]))
        seen = await told(chats, chat)
    async with shop.running() as chats:
        again = await told(chats, chat)
    assert again == seen
    assert not any(piece in line for piece in PIECES for line in again)
    assert sum(HIDDEN in line for line in again) == 5


def test_what_a_line_was_taken_to_mean_loses_its_piece_too() -> None:
    lines = [
        ChatLine(
            number,
            0.0,
            "text",
            Who.CALLER,
            piece,
            reading=Reading("ask", TurnResult.MATCH, Heard("", piece, 1.0, Mode.TEXT)),
        )
        for number, piece in enumerate(PIECES, 1)
    ]
    fresh, changed = reworded_lines(Pieces(), lines[:3], lines[3:])
    assert len(fresh) == 1
    assert len(changed) == 3
    for line in (*fresh, *changed):
        assert line.reading is not None
        assert not any(piece in str(line.reading.to_json()) for piece in PIECES)


KEYED = """
start: one
steps:
  one: {ask: One., grammar: "builtin:digits?length=4", store: one, next: two}
  two: {ask: Two., grammar: "builtin:digits?length=4", store: two, next: three}
  three: {ask: Three., grammar: "builtin:digits?length=4", store: three, next: four}
  four: {ask: Four., grammar: "builtin:digits?length=4", store: four, next: end}
  end: {say: LONG, hangup: auto}
"""


async def test_a_card_that_is_keyed_in_pieces_is_nowhere_after_the_call(
    exchange: Exchange, tmp_path: Path
) -> None:
    (exchange.application / "flows" / "main.yaml").write_text(KEYED.replace("LONG", LONG))
    recorder = Recorder(tmp_path / "recordings")
    recorder.start()
    rule = Recordings(recorder.begin, Consent.NONE, Prompt(()))
    exchange.adapt = lambda services: replace(services, recordings=rule)
    line = await exchange.call()
    for piece in PIECES:
        await line.hear_out()
        for key in piece:
            line.caller.press(key)
    await line.over()
    recorder.stop()
    assert [event.index for event in line.events if isinstance(event, TurnMasked)] == [1, 2, 3]
    (name,) = [event.recording for event in line.events if isinstance(event, CallRecorded)]
    said = soundfile.read(recorder.folder / name, dtype="int16")[0][:, 1] == VOICE
    # What is said before the first key may be hidden too, what is said at the end is not.
    assert not said[len(said) // 5 : len(said) // 2].any()
    assert said[-8000:].any()
