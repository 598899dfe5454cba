"""Recordings of calls: consent first, then both sides; silence where it is private."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.sessions.conftest import VOICE, Exchange, Line
from voicebot.events import CallRecorded
from voicebot.media.recorder import Recorder
from voicebot.sessions.recording import STEP, Consent, Recordings
from voicebot.types import Prompt, Samples

Record = Callable[[Consent], None]


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "recordings")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def record(exchange: Exchange, recorder: Recorder) -> Record:
    def choose(consent: Consent) -> None:
        rule = Recordings(recorder.begin, consent, Prompt(("May we record?",)))
        exchange.adapt = lambda services: replace(services, recordings=rule)

    return choose


def _name(line: Line) -> str | None:
    names = [event.recording for event in line.events if isinstance(event, CallRecorded)]
    return names[0] if names else None


def _sound(line: Line, recorder: Recorder) -> Samples:
    recorder.stop()
    name = _name(line)
    assert name is not None
    samples: Samples = soundfile.read(recorder.folder / name, dtype="int16")[0]
    return samples


def _spoken(side: Samples) -> float:
    """Seconds in which there was voice."""
    return float(np.count_nonzero(side == VOICE)) / 8000


async def test_both_sides_are_recorded_and_aligned(
    exchange: Exchange, record: Record, recorder: Recorder
) -> None:
    record(Consent.NONE)
    line = await exchange.call()
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    await line.hang_up()
    sound = _sound(line, recorder)
    assert len(sound) == pytest.approx(len(line.caller.heard_audio), abs=800)
    assert _spoken(sound[:, 0]) == pytest.approx(0.6, abs=0.04)
    ours = np.concatenate(line.caller.heard)
    assert _spoken(sound[:, 1]) == pytest.approx(_spoken(ours), abs=0.06)
    # The caller spoke after the question, before the answer.
    asked = np.flatnonzero(sound[:, 1])[0]
    answered = np.flatnonzero(sound[:, 1])[-1]
    said = np.flatnonzero(sound[:, 0])
    assert asked < said[0] < said[-1] < answered


@pytest.mark.parametrize(
    "consent, says, recorded",
    [
        (Consent.OPT_OUT, "yes", True),
        (Consent.OPT_OUT, "no", False),
        (Consent.OPT_OUT, None, True),
        (Consent.OPT_IN, "yes", True),
        (Consent.OPT_IN, "no", False),
        (Consent.OPT_IN, None, False),
    ],
)
async def test_the_caller_decides(
    exchange: Exchange,
    record: Record,
    recorder: Recorder,
    consent: Consent,
    says: str | None,
    recorded: bool,
) -> None:
    record(consent)
    line = await exchange.call()
    await line.hear_out()
    assert line.turns == []
    if says is None:
        await line.caller.listen(3500)
    else:
        await line.say(says)
    await line.hear_out()
    await line.hang_up()
    assert (line.turns[0].step, line.turns[0].prompt) == (STEP, "May we record?")
    assert (_name(line) is not None) == recorded
    assert recorder.counters.begun == recorded
    recorder.stop()
    assert len(list(recorder.folder.rglob("*.wav"))) == recorded


@pytest.mark.parametrize("key, recorded", [("1", True), ("2", False)])
async def test_a_key_decides_too(
    exchange: Exchange, record: Record, key: str, recorded: bool
) -> None:
    record(Consent.OPT_OUT)
    line = await exchange.call()
    await line.caller.listen(60)
    line.caller.press(key)
    await line.hear_out()
    await line.hang_up()
    assert (_name(line) is not None) == recorded


async def test_an_unclear_answer_is_asked_for_again_and_then_a_no(
    exchange: Exchange, record: Record
) -> None:
    record(Consent.OPT_OUT)
    line = await exchange.call()
    for _ in range(2):
        await line.hear_out()
        await line.say("")
    await line.hear_out()
    await line.hang_up()
    assert [turn.step for turn in line.turns[:2]] == [STEP, STEP]
    assert _name(line) is None


async def test_nothing_from_before_the_consent_is_in_the_recording(
    exchange: Exchange, record: Record, recorder: Recorder
) -> None:
    record(Consent.OPT_IN)
    line = await exchange.call()
    await line.hear_out()
    await line.say("yes", seconds=0.8)
    await line.hear_out()
    await line.hang_up()
    sound = _sound(line, recorder)
    assert not sound[:, 0].any()
    assert len(sound) < len(line.caller.heard_audio) - 8000


async def test_a_private_question_is_silent_on_both_sides(
    exchange: Exchange, record: Record, recorder: Recorder
) -> None:
    file = exchange.application / "flows" / "main.yaml"
    file.write_text(
        file.read_text().replace(
            "    ask: Which fruit?\n", "    ask: Which fruit?\n    private: true\n"
        )
    )
    record(Consent.NONE)
    line = await exchange.call()
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    await line.hang_up()
    sound = _sound(line, recorder)
    assert not sound.any()
    assert len(sound) > 8000


async def test_a_caller_who_hangs_up_at_the_consent_leaves_nothing(
    exchange: Exchange, record: Record, recorder: Recorder
) -> None:
    record(Consent.OPT_OUT)
    line = await exchange.call()
    await line.caller.listen(60)
    await line.hang_up()
    assert _name(line) is None
    assert recorder.counters.begun == 0
