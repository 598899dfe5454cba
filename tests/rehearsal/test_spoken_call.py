"""Spoken tests: the pipeline of a call on the line's own clock, with a scripted recogniser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from voicebot.document import Place
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import load_flows
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.media.frames import is_silent, level_dbfs
from voicebot.rehearsal.model import Move, MoveKind, Setting
from voicebot.rehearsal.spoken_call import AtOnce, Pipeline, SpokenCall, Voice
from voicebot.rehearsal.stage import Stage
from voicebot.rehearsal.telephone_line import (
    RATE,
    VOICE_RMS,
    LineQuality,
    TelephoneLine,
    levelled,
)
from voicebot.rehearsal.transcript import lines
from voicebot.rehearsal.witness import Witness
from voicebot.sessions.grammars import ListenGrammars
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recognizer import Hypothesis, Recognition
from voicebot.turns.signals import TurnPolicy
from voicebot.types import Json, Language, Outcome, Samples

HERE = Place("test", 1, 1)


def buzz(seconds: float) -> Samples:
    """A caller's voice."""
    time = np.arange(int(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * 140 * n * time) / n for n in range(1, 20))
    return (sound * (1 + np.sin(2 * np.pi * 4 * time)) * 4000).astype(np.int16)


async def tone(text: str, rate: int) -> Samples:
    return np.full(len(text) * rate // 50, 6000, np.int16)


@pytest.fixture
def hold(market: Path) -> Callable[..., SpokenCall]:
    """Make these moves; the recogniser hears the words of the move. Gives the call."""

    def play(
        *moves: Move,
        quality: LineQuality = LineQuality(),  # noqa: B008 - frozen
        times: list[float] | None = None,
    ) -> SpokenCall:
        said: list[str] = []

        def recognize(audio: Samples, rate: int, grammar: ActiveGrammar) -> Recognition:
            match = grammar.match_words(said[-1].split())
            found = (
                (Hypothesis(match.text, match.semantics, 0.9, -1.0, match.grammar),)
                if match
                else ()
            )
            return Recognition(bool(match), 0.9, found, said[-1], bool(match), False, 0.1, 1.0)

        def speak(words: str) -> Samples:
            said.append(words)
            return buzz(1.0)

        async def price(name: str, arguments: object) -> Json:
            return 4

        async def converse() -> SpokenCall:
            stage = Stage(Setting(), price)
            flows = load_flows(market / "flows")
            pipeline = Pipeline(
                recognize,
                lambda language: PromptRenderer(tone, "toy"),
                ListenGrammars(GrammarStore(market / "grammars"), executor=AtOnce()),
                TurnPolicy(),
                quality,
                lambda rate: lambda samples: not is_silent(samples),
            )
            witness = Witness(
                Interpreter(flows), facts={"day": "2026-11-24"}, transfer=stage.transfer
            )
            call = SpokenCall(witness, stage, pipeline, Voice("buzz", speak), Language("en-US"))
            try:
                await call.begin()
                for move in moves:
                    await call.make(move)
                    if times is not None:
                        times.append(call.seconds)
            finally:
                await call.close()
            return call

        return asyncio.run(converse())

    return play


def told(call: SpokenCall) -> list[str]:
    return [
        line.text for line in lines(call.witness.passages, date(2026, 11, 21)) if line.who != "flow"
    ]


def test_spoken_words_and_keys_go_through_the_whole_pipeline(
    hold: Callable[..., SpokenCall],
) -> None:
    call = hold(
        Move(MoveKind.SAYS, HERE, "pear"),
        Move(MoveKind.KEYS, HERE, "1"),
        Move(MoveKind.SAYS, HERE, "nothing"),
    )

    assert told(call) == [
        "Hello.",
        "Which fruit?",
        '"pear" (fruit, confidence 0.90)',
        "It costs 4, until Tue, Nov 24.",
        "Which fruit?",
        '"apple" (keys)',
        "It costs 4, until Tue, Nov 24.",
        "Which fruit?",
        '"nothing" (fruit, confidence 0.90)',
        "Goodbye.",
        "self_served (the flow ended the call)",
    ]
    assert call.outcome is Outcome.SELF_SERVED


def test_silence_lasts_on_the_lines_clock_as_long_as_in_a_call(
    hold: Callable[..., SpokenCall],
) -> None:
    times: list[float] = []

    call = hold(Move(MoveKind.SILENCE, HERE), Move(MoveKind.SILENCE, HERE), times=times)

    assert told(call)[2:] == ["noinput", "Are you there?", "noinput", "Still there?"]
    # Five seconds of silence, less the pause for which the caller had waited already.
    assert times[1] - times[0] > 4.3


def test_recogniser_that_fails_is_our_fault(hold: Callable[..., SpokenCall]) -> None:
    call = hold(
        Move(MoveKind.RECOGNIZER_FAILS, HERE),
        Move(MoveKind.SAYS, HERE, "pear"),
    )

    assert told(call)[2:5] == ["listening failed", "My fault.", "Which fruit?"]
    assert call.witness.state.variables["fruit"] == "pear"


def test_caller_may_hang_up(hold: Callable[..., SpokenCall]) -> None:
    call = hold(Move(MoveKind.SAYS, HERE, "pear"), Move(MoveKind.HANGS_UP, HERE))

    assert call.outcome is Outcome.SELF_SERVED


def test_call_that_is_left_is_ended(hold: Callable[..., SpokenCall]) -> None:
    assert hold().outcome is Outcome.ABANDONED_IN_FLOW


def test_noise_stands_at_its_ratio_below_the_voice() -> None:
    line = TelephoneLine(LineQuality(noise_db=20))

    frames = (line.silence() for _ in range(200))
    noise = np.concatenate([frame for frame in frames if frame is not None])

    voice_dbfs = level_dbfs(np.full(RATE, int(VOICE_RMS), np.int16))
    assert level_dbfs(noise) == pytest.approx(voice_dbfs - 20, abs=1.5)


def test_voices_come_at_one_level() -> None:
    soft, loud = levelled(buzz(0.5) // 8), levelled(buzz(0.5))

    assert level_dbfs(soft) == pytest.approx(level_dbfs(loud), abs=0.5)
    assert not levelled(np.zeros(800, np.int16)).any()


def test_loss_is_the_share_that_was_asked_for_and_always_the_same() -> None:
    first, again = (TelephoneLine(LineQuality(loss=0.05)).loss for _ in range(2))

    assert first == again
    assert 0.03 < sum(first) / len(first) < 0.07
    assert TelephoneLine(LineQuality()).loss == ()
