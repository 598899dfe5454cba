"""The playout buffer on a line that the test spoils as it likes; time is passed in."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.media import g711
from voicebot.telephony.codecs import decoder
from voicebot.telephony.playout import MAX_PACKETS, Playout
from voicebot.telephony.playout_delay import MOST_S
from voicebot.types import Samples

FRAME = 160


def loud(frames: int) -> Samples:
    """Sound without a pause in it, every sample known by its place."""
    return ((np.arange(frames * FRAME) % 4001) * 3 + 4000).astype(np.int16)


def packets(said: Samples, packet: int = FRAME, quiet: int = 150) -> list[tuple[int, bytes]]:
    """What is said, and ``quiet`` frames of silence after it."""
    coded = g711.encode(said) + b"\xff" * (quiet * FRAME)
    return [(at, coded[at : at + packet]) for at in range(0, len(coded), packet)]


class Line:
    """Brings packets at their times and plays a frame every 20 ms."""

    def __init__(self) -> None:
        self.playout = Playout(decoder("PCMU"), 8000, 8000)
        self.frames: list[Samples | None] = []
        self._arrivals: list[tuple[float, int, bytes]] = []

    def bring(self, sent: Iterable[tuple[int, bytes]], late_ms: Mapping[int, float | None]) -> None:
        """Packets as they would come 20 ms apart; ``late_ms`` by number, None for lost."""
        for number, (timestamp, payload) in enumerate(sent):
            late = late_ms.get(number, 0.0)
            if late is not None:
                at = (timestamp + len(payload)) / 8000 + late / 1000
                self._arrivals.append((at, timestamp, payload))

    def run(self, seconds: float) -> None:
        self._arrivals.sort(key=lambda arrival: arrival[0])
        due = list(self._arrivals)
        for tick in range(round(seconds * 50)):
            now = tick / 50 + 0.007
            while due and due[0][0] <= now:
                at, timestamp, payload = due.pop(0)
                self.playout.put(timestamp & 0xFFFFFFFF, payload, at)
            self.frames.append(self.playout.tick(now))

    @property
    def heard(self) -> Samples:
        silent = np.zeros(FRAME, np.int16)
        return np.concatenate([silent if frame is None else frame for frame in self.frames])

    def speech(self) -> Samples:
        """All that was heard, silence before and after taken off."""
        heard = self.heard
        places = np.flatnonzero(heard)
        return heard[places[0] : places[-1] + 1]


def delay_ms(line: Line, said: Samples) -> float:
    """From the moment a sample was said to the moment its frame is given out, less one frame."""
    first = int(np.flatnonzero(line.heard)[0])
    return (first / FRAME - 1) * 20 + 7


@pytest.mark.parametrize("packet_ms", [10, 20, 30, 40, 60])
def test_a_clean_line_is_heard_as_it_was_said(packet_ms: int) -> None:
    said, line = loud(60), Line()
    line.bring(packets(said, packet_ms * 8), {})
    line.run(1.6)
    assert np.array_equal(line.speech(), g711.pass_through(said))
    assert line.playout.counts.concealed == line.playout.counts.stretched == 0


def test_a_clean_line_adds_little_delay() -> None:
    said, line = loud(60), Line()
    line.bring(packets(said), {})
    line.run(1.6)
    assert delay_ms(line, said) <= 40


def test_timestamps_may_wrap() -> None:
    said, line = loud(60), Line()
    for at, payload in packets(said, quiet=0):
        line.playout.put((2**32 - 3000 + at) & 0xFFFFFFFF, payload, (at + FRAME) / 8000)
        line.frames.append(line.playout.tick((at + FRAME) / 8000 + 0.001))
    line.frames += [line.playout.tick(1.2 + n / 50) for n in range(4)]
    assert np.array_equal(line.speech()[: 58 * FRAME], g711.pass_through(said)[: 58 * FRAME])


def test_reordered_and_doubled_packets_are_heard_once_in_order() -> None:
    said, line = loud(100), Line()
    sent = packets(said)
    line.bring(sent, dict.fromkeys(range(5, 95, 7), 30.0))
    line.bring(sent, dict.fromkeys(range(100), 10.0))
    line.run(2.6)
    heard, told = line.speech(), g711.pass_through(said)
    # Once the line's ways are known nothing is missed: the last second is whole.
    assert np.array_equal(heard[-40 * FRAME :], told[-40 * FRAME :])


def test_a_lost_packet_is_concealed_in_its_place() -> None:
    said, line = loud(60), Line()
    line.bring(packets(said), {30: None})
    line.run(1.6)
    heard, told = line.speech(), g711.pass_through(said)
    assert len(heard) == len(told)
    assert line.playout.counts.concealed == 1
    assert np.array_equal(heard[: 30 * FRAME], told[: 30 * FRAME])
    assert np.array_equal(heard[32 * FRAME :], told[32 * FRAME :])
    assert np.abs(heard[30 * FRAME : 31 * FRAME]).max() > 1000


def test_late_speech_is_waited_for_rather_than_lost() -> None:
    said, line = loud(60), Line()
    # The network stalls for 300 ms, then brings everything at once.
    line.bring(packets(said), {number: (45 - number) * 20.0 for number in range(30, 45)})
    line.run(2.2)
    heard, told = line.heard, g711.pass_through(said)
    tail = told[31 * FRAME :]
    places = [at for at in range(0, len(heard) - len(tail), 1) if heard[at] == tail[0]]
    assert any(np.array_equal(heard[at : at + len(tail)], tail) for at in places)
    assert line.playout.counts.late == 0


def test_a_gap_that_stays_empty_costs_no_delay() -> None:
    said, line = loud(100), Line()
    line.bring(packets(said), dict.fromkeys(range(30, 45), None))
    line.run(2.4)
    heard, told = line.heard, g711.pass_through(said)
    first = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[first + 60 * FRAME : first + 100 * FRAME], told[60 * FRAME :])


def test_the_delay_follows_the_jitter_and_is_taken_back_in_pauses() -> None:
    chance = random.Random(3)
    said = np.concatenate([loud(100), np.zeros(400 * FRAME, np.int16), loud(50)])
    late = {number: chance.uniform(0, 100) for number in range(100)}
    jittery, line = Line(), Line()
    jittery.bring(packets(said), late)
    jittery.run(2.0)
    assert 60 <= jittery.playout.target_ms <= 110
    line.bring(packets(said), late)
    line.run(12.0)
    assert line.playout.target_ms < 25
    assert line.playout.counts.shortened > 0
    # The last words are whole, and no later than on a clean line.
    heard, told = line.heard, g711.pass_through(said)
    last = int(np.flatnonzero(heard)[-1]) + 1
    assert np.array_equal(heard[last - 50 * FRAME : last], told[-50 * FRAME :])
    assert last - len(said) <= 3 * FRAME


@given(
    lateness=st.lists(st.one_of(st.none(), st.floats(0, 400)), min_size=20, max_size=120),
    packet_ms=st.sampled_from([10, 20, 30, 60]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_line_does_frames_stay_frames(
    lateness: list[float | None], packet_ms: int
) -> None:
    line = Line()
    sent = packets(loud(len(lateness) * 3), packet_ms * 8)
    line.bring(sent, dict(enumerate(lateness)))
    line.run(4.0)
    assert all(frame is None or len(frame) == FRAME for frame in line.frames)
    assert line.playout.waiting <= MAX_PACKETS
    assert line.playout.target_ms <= MOST_S * 1000


def test_a_flood_is_bounded() -> None:
    playout = Playout(decoder("PCMU"), 8000, 8000)
    for number in range(500):
        playout.put(number * 160, b"\x90" * 160, 1.0)
    assert playout.waiting <= MAX_PACKETS


def test_silence_of_the_sender_is_silence() -> None:
    line = Line()
    line.bring(packets(loud(30), quiet=0), {})
    line.run(3.0)
    assert line.frames[-1] is None
    assert line.playout.counts.concealed <= 4


def test_a_sender_that_comes_back_is_heard_at_once() -> None:
    said = loud(30)
    line = Line()
    line.bring(packets(said, quiet=0), {})
    line.run(0.9)
    for number, (_, payload) in enumerate(packets(said, quiet=0)):
        # The clock stood still while it was silent, as on hold.
        line.playout.put(30 * FRAME + number * FRAME, payload, 60 + number / 50)
        line.frames.append(line.playout.tick(60 + number / 50 + 0.001))
    heard = line.heard[-30 * FRAME :]
    assert np.flatnonzero(heard)[0] <= 3 * FRAME


def test_keys_instead_of_audio_are_no_loss() -> None:
    line = Line()
    said = loud(20)
    line.bring(packets(said, quiet=0), {})
    line.bring([(at + 30 * FRAME, payload) for at, payload in packets(said)], {})
    line.run(0.3)
    line.playout.hush(20 * FRAME)
    line._arrivals = [arrival for arrival in line._arrivals if arrival[0] > 0.287]
    for tick in range(15, 60):
        now = tick / 50 + 0.007
        while line._arrivals and line._arrivals[0][0] <= now:
            at, timestamp, payload = line._arrivals.pop(0)
            line.playout.put(timestamp, payload, at)
        line.frames.append(line.playout.tick(now))
    assert line.playout.counts.concealed == 0
    heard, told = line.heard, g711.pass_through(said)
    assert np.array_equal(heard[np.flatnonzero(heard)[0] :][: len(told)], told)
    last = int(np.flatnonzero(heard)[-1]) + 1
    assert np.array_equal(heard[last - len(told) : last], told)


def test_comfort_noise_is_played_at_its_level() -> None:
    line = Line()
    line.bring(packets(loud(20), quiet=0), {})
    line.run(0.5)
    line.playout.comfort(20 * FRAME, 40)
    frames = [line.playout.tick(0.52 + n / 50) for n in range(50)]
    noise = np.concatenate([frame for frame in frames if frame is not None]).astype(float)
    assert len(noise) >= 45 * FRAME
    level = 20 * np.log10(noise.std() / 32768)
    assert -42 < level < -38
    assert line.playout.counts.concealed <= 4


def test_a_packet_that_cannot_be_decoded_is_refused_or_concealed() -> None:
    playout = Playout(decoder("PCMU"), 8000, 8000)
    playout.put(0, b"", 0.0)
    assert playout.tick(1.0) is None


def test_jitter_of_60_ms_loses_next_to_nothing() -> None:
    chance = random.Random(5)
    said = np.concatenate([loud(100), np.zeros(75 * FRAME, np.int16)] * 10)
    line = Line()
    sent = packets(said, quiet=0)
    line.bring(sent, {number: chance.uniform(0, 120) for number in range(len(sent))})
    line.run(len(sent) / 50 + 0.4)
    assert line.playout.counts.late <= 0.005 * len(sent)
    assert line.playout.counts.concealed <= 0.01 * len(sent)
