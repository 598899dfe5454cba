"""Recorded calls through an edited application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.rehearsal.conftest import FLOW, FRUIT
from voicebot.cli.replayed_hearing import ReplayedHearing
from voicebot.config import Settings
from voicebot.errors import AudioError
from voicebot.events import TurnResult
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import load_flows
from voicebot.rehearsal.recorded_sound import RecordedSound
from voicebot.rehearsal.replay import Compared, Course, as_recorded, replay, totals
from voicebot.rehearsal.stage import Unanswered
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import CallId, Heard, Json, Language, Mode, Outcome

PRICES = {"apple": 3, "pear": 4, "melon": 12}

Replay = Callable[..., Compared]


async def act(name: str, arguments: Mapping[str, Json]) -> Json:
    return PRICES[str(arguments["fruit"])]


async def nobody(name: str, arguments: Mapping[str, Json]) -> Json:
    raise Unanswered(name, "reaches beyond")


def heard(text: str, meaning: Json, mode: Mode = Mode.SPEECH) -> Heard:
    return Heard(text, meaning, 0.9, mode, "fruit")


def call(*turns: TurnRecord, outcome: Outcome = Outcome.SELF_SERVED) -> CallRecord:
    timed = (replace(turn, index=n, at=1010.0 + 10 * n) for n, turn in enumerate(turns))
    return CallRecord(
        CallId("c1"),
        "sip",
        "alice",
        "shop",
        "main",
        Language("en-US"),
        1000.0,
        1001.0,
        1060.0,
        outcome,
        "caller hung up",
        tuple(timed),
    )


def turn(step: str, result: TurnResult, words: Heard | None = None) -> TurnRecord:
    return TurnRecord(0, 0.0, step, "", result, words, None, False)


PEAR = turn("question", TurnResult.MATCH, heard("pear", "pear"))
KIWI = turn("question", TurnResult.NOMATCH, heard("kiwi", None))
SILENT = turn("question", TurnResult.NOINPUT)
LAST = turn("question", TurnResult.SAID)


@pytest.fixture
def replayed(market: Path, tmp_path: Path) -> Replay:
    """Edit files of the market, then replay a call."""

    def play(
        record: CallRecord, *, flow: str = FLOW, fruit: str = FRUIT, action: object = act
    ) -> Compared:
        (market / "flows" / "main.yaml").write_text(flow)
        (market / "grammars" / "fruit.gram").write_text(fruit)
        settings = Settings.model_validate({"server": {"data": str(tmp_path)}})
        hearing = ReplayedHearing(market, settings, audio=False)
        interpreter = Interpreter(load_flows(market / "flows"))
        after = asyncio.run(replay(record, interpreter, action, hearing.of(record)))  # type: ignore[arg-type]
        return Compared(record, as_recorded(record), after)

    return play


def test_application_as_it_was_changes_nothing(replayed: Replay) -> None:
    compared = replayed(call(PEAR, KIWI, SILENT, LAST))

    assert compared.after.turns == compared.before.turns
    assert not compared.is_changed


def test_words_that_the_grammar_now_holds_are_recognised(replayed: Replay) -> None:
    record = call(KIWI, LAST, outcome=Outcome.ABANDONED_IN_FLOW)

    compared = replayed(
        replace(record),
        fruit=FRUIT.replace("melon", "melon | kiwi"),
        action=lambda name, arguments: act(name, {"fruit": "pear"}),
    )

    assert compared.first_difference == 0
    assert compared.after.turns[0].result is TurnResult.MATCH
    assert compared.after.outcome is Outcome.SELF_SERVED
    assert totals([compared.before]).contained == 0
    assert totals([compared.after]).contained == 1


def test_words_that_it_no_longer_holds_are_lost(replayed: Replay) -> None:
    compared = replayed(call(PEAR, LAST), fruit=FRUIT.replace("pear | ", ""))

    assert (compared.before.recognised, compared.after.recognised) == (1, 0)
    assert compared.after.outcome is Outcome.ABANDONED_IN_FLOW


def test_other_way_is_told_at_the_turn_that_led_there(replayed: Replay) -> None:
    record = call(PEAR, PEAR, LAST)

    compared = replayed(record, flow=FLOW.replace("nothing: give_up", "pear: give_up"))

    assert compared.first_difference == 0
    assert compared.after.turns[0].next == ""
    assert compared.after.route == ("question",)


def test_served_step_that_is_no_longer_one_changes_the_outcome_alone(replayed: Replay) -> None:
    compared = replayed(call(PEAR, LAST), flow=FLOW.replace("    served: true\n", ""))

    assert compared.first_difference is None
    assert compared.is_changed
    assert compared.after.outcome is Outcome.ABANDONED_IN_FLOW


def test_outcome_of_a_caller_who_left_before_the_end_of_the_answer_stays(
    replayed: Replay,
) -> None:
    record = call(PEAR, LAST, outcome=Outcome.ABANDONED_IN_FLOW)

    assert not replayed(record).is_changed


def test_transfer_that_was_refused_is_refused_again(replayed: Replay) -> None:
    operator = turn("question", TurnResult.MATCH, Heard("0", {"command": "operator"}, 1, Mode.DTMF))
    record = call(operator, PEAR, LAST)

    compared = replayed(record)

    assert compared.after.outcome is Outcome.SELF_SERVED
    assert len(compared.after.turns) == 2


@pytest.mark.parametrize("outcome", [Outcome.TRANSFERRED, Outcome.ABANDONED_IN_QUEUE])
def test_transfer_that_ended_the_call_ends_it_again(outcome: Outcome, replayed: Replay) -> None:
    operator = turn("question", TurnResult.MATCH, Heard("0", {"command": "operator"}, 1, Mode.DTMF))

    assert replayed(call(operator, outcome=outcome)).after.outcome is outcome


MEANWHILE = FLOW.replace(
    "    transfer: agents\n",
    "    transfer: queue:support\n"
    "    while_waiting: {offer: {ask: Fruit?, keys: {'1': fruit}, steps: {fruit: question}}}\n",
)


@pytest.mark.parametrize("outcome", [Outcome.TRANSFERRED, Outcome.ABANDONED_IN_QUEUE])
def test_what_a_waiting_caller_chose_is_chosen_again(outcome: Outcome, replayed: Replay) -> None:
    operator = turn("question", TurnResult.MATCH, Heard("0", {"command": "operator"}, 1, Mode.DTMF))
    choice = turn("to_agent", TurnResult.MATCH, Heard("1", "fruit", 1, Mode.DTMF, "keys"))

    compared = replayed(call(operator, choice, outcome=outcome), flow=MEANWHILE)

    assert not compared.is_changed
    assert [each.next for each in compared.after.turns] == ["to_agent", "main.question"]


def test_call_is_followed_up_to_an_action_that_cannot_run_here(replayed: Replay) -> None:
    compared = replayed(call(PEAR, PEAR, LAST), action=nobody)

    assert compared.after.outcome is None
    assert compared.after.stopped == "at the action 'price'"
    assert len(compared.after.turns) == 1


def test_consent_to_a_recording_is_no_turn_of_the_flow(replayed: Replay) -> None:
    consent = turn("recording consent", TurnResult.MATCH, heard("yes", True))

    assert not replayed(call(consent, PEAR, LAST)).is_changed


def test_ears_that_broke_break_again(replayed: Replay) -> None:
    broken = turn("question", TurnResult.NOMATCH)

    assert not replayed(call(broken, PEAR, LAST)).is_changed


def test_totals_add_up() -> None:
    courses = [Course((), Outcome.SELF_SERVED), Course((), Outcome.TRANSFERRED), Course((), None)]

    figures = totals(courses)

    assert (figures.calls, figures.contained) == (3, 1)
    assert figures.outcomes == {"self_served": 1, "transferred": 1}


def test_words_are_cut_out_of_the_recording(tmp_path: Path) -> None:
    """60 s that end with the call: a hum at 15 to 16 s, which the second turn took."""
    rate = 8000
    sound = np.zeros((60 * rate, 2), np.int16)
    time = np.arange(rate) / rate
    buzz = sum(np.sin(2 * np.pi * 140 * n * time) / n for n in range(1, 20))
    speech = (buzz * (1 + np.sin(2 * np.pi * 4 * time)) * 4000).astype(np.int16)
    sound[15 * rate : 16 * rate, 0] = speech
    sound[:, 1] = 5000
    soundfile.write(tmp_path / "call.wav", sound, rate)
    record = call(SILENT, PEAR, LAST)

    words = RecordedSound(record, tmp_path / "call.wav")

    assert words.words(record.turns[0]) is None
    found = words.words(record.turns[1])
    assert found is not None
    assert 0.8 * rate < found.size < 2.2 * rate
    assert np.abs(found).max() == np.abs(speech).max()


def test_recording_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be read"):
        RecordedSound(call(PEAR), tmp_path / "gone.wav")
