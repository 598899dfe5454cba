"""Who hears whom in a bridge, on virtual time: roles, holds, rates, clocks and departures."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voicebot.errors import UsageError
from voicebot.telephony._api import AudioIn, HoldChanged, KeyIn, LegEnded
from voicebot.telephony.bridge import Bridge, BridgeCounters, Role, Seat, Watching, attend
from voicebot.telephony.loopback import pair
from voicebot.types import Samples

MUSIC = 77


class Steady:
    """A source of one value for ever."""

    def __init__(self, value: int, rate: int = 8000) -> None:
        self._frame = np.full(rate // 50, value, np.int16)

    def next_frame(self, now: float) -> Samples | None:
        return self._frame


class Room:
    """A bridge whose seats each say a number; `tick` tells what each heard."""

    def __init__(self, rate: int = 8000) -> None:
        self.now = 0.0
        self.keys: list[tuple[str, str]] = []
        self.left: list[tuple[str, str]] = []
        self.counters = BridgeCounters()
        self.watching = Watching(
            key=lambda seat, key, at: self.keys.append((seat.name, key)),
            left=lambda seat, reason: self.left.append((seat.name, reason)),
        )
        self.bridge = Bridge(
            rate,
            music=lambda rate: Steady(MUSIC, rate),
            watching=self.watching,
            counters=self.counters,
        )
        self.says: dict[Seat, int] = {}

    def join(
        self, name: str, says: int, role: Role = Role.PARTY, towards: Seat | None = None
    ) -> Seat:
        seat = self.bridge.join(name, 8000, role, towards)
        self.says[seat] = says
        return seat

    def tick(self) -> dict[str, int]:
        """20 ms in which all speak, then all hear."""
        self.now += 0.02
        for seat, value in self.says.items():
            seat.receive(AudioIn(np.full(160, value, np.int16), self.now))
        heard = {}
        for seat in self.says:
            frame = seat.next_frame(self.now)
            heard[seat.name] = 0 if frame is None else int(frame[0])
        return heard


@pytest.fixture
def room() -> Room:
    return Room()


def test_each_hears_all_others_and_not_itself(room: Room) -> None:
    for name, says in (("caller", 1), ("agent", 10), ("expert", 100)):
        room.join(name, says)
    assert room.tick() == {"caller": 110, "agent": 101, "expert": 11}


def test_who_listens_in_hears_all_and_is_not_heard(room: Room) -> None:
    room.join("caller", 1)
    room.join("agent", 10)
    room.join("supervisor", 100, Role.LISTENER)
    assert room.tick() == {"caller": 10, "agent": 1, "supervisor": 11}
    assert room.bridge.parties == 2


def test_a_whisper_is_heard_by_one(room: Room) -> None:
    room.join("caller", 1)
    agent = room.join("agent", 10)
    room.join("supervisor", 100, Role.WHISPERER, agent)
    assert room.tick() == {"caller": 10, "agent": 101, "supervisor": 11}


def test_a_supervisor_listens_whispers_and_barges_in(room: Room) -> None:
    room.join("caller", 1)
    agent = room.join("agent", 10)
    supervisor = room.join("supervisor", 100, Role.LISTENER)
    room.tick()
    supervisor.become(Role.WHISPERER, agent)
    assert room.tick()["caller"] == 10
    supervisor.become(Role.PARTY)
    assert room.tick() == {"caller": 110, "agent": 101, "supervisor": 11}
    supervisor.become(Role.LISTENER)
    assert room.tick()["caller"] == 10


def test_a_whisperer_whose_agent_leaves_listens_on(room: Room) -> None:
    room.join("caller", 1)
    agent = room.join("agent", 10)
    supervisor = room.join("supervisor", 100, Role.WHISPERER, agent)
    agent.leave("hung up")
    assert supervisor.role is Role.LISTENER
    assert room.tick()["supervisor"] == 1


def test_nobody_whispers_to_nobody(room: Room) -> None:
    caller = room.join("caller", 1)
    with pytest.raises(UsageError, match="to whisper to"):
        caller.become(Role.WHISPERER)
    with pytest.raises(UsageError, match="to whisper to"):
        caller.become(Role.WHISPERER, caller)


def test_a_prompt_is_whispered_to_one_leg(room: Room) -> None:
    room.join("caller", 1)
    agent = room.join("agent", 10)
    agent.whisper(Steady(1000))
    assert room.tick() == {"caller": 10, "agent": 1001}
    agent.whisper(None)
    assert room.tick()["agent"] == 1


def test_who_is_alone_hears_music(room: Room) -> None:
    caller = room.join("caller", 1)
    room.join("supervisor", 100, Role.LISTENER)
    assert room.tick() == {"caller": MUSIC, "supervisor": 1}
    room.join("agent", 10)
    assert room.tick()["caller"] == 10
    caller.leave("hung up")
    assert room.tick()["agent"] == MUSIC


def test_who_is_held_hears_music_and_is_not_heard(room: Room) -> None:
    caller = room.join("caller", 1)
    room.join("agent", 10)
    room.join("expert", 100)
    caller.hold()
    assert room.tick() == {"caller": MUSIC, "agent": 100, "expert": 10}
    caller.whisper(Steady(5))
    assert room.tick()["caller"] == 5
    caller.whisper(None)
    caller.take_back()
    assert room.tick() == {"caller": 110, "agent": 101, "expert": 11}


def test_whom_the_other_party_put_on_hold_hears_our_music(room: Room) -> None:
    room.join("caller", 1)
    agent = room.join("agent", 10)
    room.tick()
    agent.receive(HoldChanged(True, room.now))
    room.says.pop(agent)  # on hold a leg gives no audio and takes none
    assert [room.tick()["caller"] for _ in range(3)][-1] == MUSIC
    agent.receive(HoldChanged(False, room.now))
    room.says[agent] = 10
    assert room.tick() == {"caller": 10, "agent": 1}


def test_keys_and_departures_are_told(room: Room) -> None:
    caller = room.join("caller", 1)
    agent = room.join("agent", 10)
    caller.receive(KeyIn("5", 0.1))
    agent.receive(LegEnded("caller hung up", 0.2))
    agent.leave("again")
    assert room.keys == [("caller", "5")]
    assert room.left == [("agent", "caller hung up")]
    assert agent.reason == "caller hung up"
    assert room.bridge.seats == (caller,)
    assert agent.next_frame(0.3) is None


def test_taps_get_both_sides_and_a_broken_one_harms_nobody(room: Room) -> None:
    heard: list[tuple[str, int]] = []

    def broken(seat: Seat, samples: Samples, at: float) -> None:
        raise RuntimeError("no captions today")

    room.watching.taps.append(broken)
    room.watching.taps.append(lambda seat, samples, at: heard.append((seat.name, int(samples[0]))))
    room.join("caller", 1)
    room.join("agent", 10)
    room.join("supervisor", 100, Role.LISTENER)
    assert room.tick()["caller"] == 10
    room.tick()
    assert heard == [("caller", 1), ("agent", 10)] * 2
    assert broken not in room.watching.taps


def test_loud_voices_are_clipped_together(room: Room) -> None:
    for name in ("a", "b", "c"):
        room.join(name, 30_000)
    assert room.tick()["a"] == 32_767


def test_a_full_bridge_takes_no_more(room: Room) -> None:
    for index in range(8):
        room.join(str(index), 1)
    with pytest.raises(UsageError, match="8 seats"):
        room.join("one more", 1)


def test_a_narrow_and_a_wide_leg_hear_each_other() -> None:
    bridge = Bridge(16_000)
    narrow, wide = bridge.join("phone", 8000), bridge.join("browser", 16_000)
    at_phone, at_browser = [], []
    for index in range(50):
        now = index * 0.02
        time = np.arange(index * 160, index * 160 + 160) / 8000
        narrow.receive(AudioIn((np.sin(2 * np.pi * 500 * time) * 8000).astype(np.int16), now))
        time = np.arange(index * 320, index * 320 + 320) / 16_000
        wide.receive(AudioIn((np.sin(2 * np.pi * 700 * time) * 8000).astype(np.int16), now))
        at_phone.append(narrow.next_frame(now))
        at_browser.append(wide.next_frame(now))
    assert _loudest_hertz(at_phone, 8000) == 700
    assert _loudest_hertz(at_browser, 16_000) == 500


def test_doors_whose_clocks_differ_stay_in_step(room: Room) -> None:
    caller, agent = room.join("caller", 1), room.join("agent", 10)
    voice = np.full(160, 5000, np.int16)
    put = taken = 0.0
    silent = 0
    while taken < 300:
        taken += 0.02
        while put <= taken:
            caller.receive(AudioIn(voice, put))
            put += 0.02 * (1 + 300e-6)
        silent += agent.next_frame(taken) is None
    agent.leave("done")
    assert silent == 0
    assert 2 <= room.counters.inserted <= 6
    assert room.counters.dropped <= 1


async def test_two_legs_are_joined_until_one_hangs_up() -> None:
    leg, caller = pair()
    other_leg, other = pair()
    await leg.answer()
    await other_leg.answer()
    bridge = Bridge(8000)
    seats = bridge.join("caller", 8000), bridge.join("agent", 8000)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(attend(leg, seats[0]))
        second = group.create_task(attend(other_leg, seats[1]))
        for _ in range(10):
            await caller.step(np.full(160, 111, np.int16))
            await other.step(np.full(160, 222, np.int16))
        assert caller.heard[-1][0] == 222
        assert other.heard[-1][0] == 111
        other.hang_up()
        await other.settle()
        assert (await second).reason == "caller hung up"
        await caller.step()
        caller.hang_up()
        await caller.settle()
        assert (await first).reason == "caller hung up"
    assert bridge.seats == ()


def _loudest_hertz(frames: list[Samples | None], rate: int) -> int:
    samples = np.concatenate([frame for frame in frames[10:] if frame is not None])
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(int(spectrum.argmax()) * rate / len(samples) / 50) * 50
