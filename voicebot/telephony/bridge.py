"""Joins call legs of any doors, so that their parties hear each other.

A `Bridge` holds seats, one for each leg. What arrives on a leg is put into the seat (`receive`),
what the leg sends is pulled from it (`next_frame`, the seat is a `FrameSource`); between each
speaker and each listener lies a queue of a frame or two that makes up for their doors' clocks.
Nobody hears themselves. All this is plain logic on passed-in time; `attend` is the thin shell that
reads a leg.

Who hears whom is `audible`, a function of the seats' roles: a `PARTY` speaks to all, a `LISTENER`
hears all and says nothing (listen-in), a `WHISPERER` hears all and is heard by one. A seat may
change its role while the bridge runs: a supervisor who listens in, whispers, then takes part
(barges in). Who is on hold, or waits alone, hears music.

Left out on purpose: ringing and hanging up (the session's work), keys sent on to the other party
(`sessions.talk`), and any gain control.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import structlog

from voicebot.errors import UsageError
from voicebot.media.frames import silence
from voicebot.media.mixer import mix
from voicebot.media.resample import FrameResampler
from voicebot.media.slip_queue import SlipQueue
from voicebot.telephony._api import (
    AudioIn,
    CallLeg,
    FrameSource,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegEvent,
)
from voicebot.types import Samples

log = structlog.get_logger(__name__)

MAX_SEATS = 8
"""Legs in one bridge; each pair that hears each other costs a queue and an addition."""


class Role(StrEnum):
    """What a seat may do."""

    PARTY = "party"
    LISTENER = "listener"
    WHISPERER = "whisperer"


@dataclass(slots=True)
class BridgeCounters:
    """What bridges have counted, over all of them: pass the same one to each.

    ``inserted`` and ``dropped`` are frames with which clocks were evened out.
    """

    opened: int = 0
    joined: int = 0
    inserted: int = 0
    dropped: int = 0


Tap: TypeAlias = "Callable[[Seat, Samples, float], None]"
"""Gets each frame that a party sends: the seat, int16 at the seat's own rate, and its time."""


@dataclass(slots=True)
class Watching:
    """Who is told of what happens in a bridge; each is called at once and must return at once."""

    key: Callable[[Seat, str, float], None] = lambda seat, key, at: None
    left: Callable[[Seat, str], None] = lambda seat, reason: None
    taps: list[Tap] = field(default_factory=list)


class Seat:
    """One leg's place in a bridge, made by `Bridge.join`; a `FrameSource` for that leg.

    ``held`` is set by `hold`: the leg hears music and is not heard. ``away`` says that its own
    party has put us on hold. ``reason`` is why it left, empty while it is there.
    """

    def __init__(self, bridge: Bridge, name: str, rate: int, role: Role, towards: Seat | None):
        self.name = name
        self.rate = rate
        self.role = role
        self.towards = towards
        self.held = False
        self.away = False
        self.reason = ""
        self._bridge = bridge
        self._inward = FrameResampler(rate, bridge.rate)
        self._outward = FrameResampler(bridge.rate, rate)
        self._music = bridge.music_for(rate)
        self._prompt: FrameSource | None = None
        self.sources: dict[Seat, SlipQueue] = {}
        """What this seat hears, by who says it. The bridge's own."""

    @property
    def present(self) -> bool:
        return not self.reason

    # From and to the leg

    def receive(self, event: LegEvent) -> None:
        """Take what happened on the leg."""
        if not self.present:
            return
        match event:
            case AudioIn(samples, at):
                self._bridge.spread(self, samples, self._inward.feed(samples), at)
            case KeyIn(key, at):
                self._bridge.watching.key(self, key, at)
            case HoldChanged(held):
                self.away = held
                self._bridge.reroute()
            case LegEnded(reason):
                self.leave(reason)

    def next_frame(self, now: float) -> Samples | None:
        """Give what the leg is to hear next, None for silence."""
        if not self.present:
            return None
        voices = [frame for queue in self.sources.values() if (frame := queue.take()) is not None]
        heard = mix(voices)
        if self._outward.converts:
            # A filter wants an unbroken stream.
            heard = self._outward.feed(silence(self._bridge.rate) if heard is None else heard)
        elif self._waits:
            heard = None
        mine = None if self._prompt is None else self._prompt.next_frame(now)
        if mine is None and self._waits:
            return None if self._music is None else self._music.next_frame(now)
        return mix([frame for frame in (heard, mine) if frame is not None])

    # What may be done with it

    def hold(self) -> None:
        """Let the leg hear music, and nobody hear the leg."""
        self.held = True
        self._bridge.reroute()

    def take_back(self) -> None:
        """End `hold`."""
        self.held = False
        self._bridge.reroute()

    def whisper(self, prompt: FrameSource | None) -> None:
        """Let this leg alone hear ``prompt`` (frames at the leg's rate) beside what is said; over
        music on hold it is heard alone. None ends it."""
        self._prompt = prompt

    def become(self, role: Role, towards: Seat | None = None) -> None:
        """Change the role. Raises UsageError for a whisperer without somebody to whisper to."""
        _check_role(role, towards, self)
        self.role, self.towards = role, towards
        self._bridge.reroute()

    def leave(self, reason: str) -> None:
        """Give the seat up; does nothing the second time. Only silence is to be had from it."""
        if self.present:
            self.reason = reason or "left"
            self._bridge.remove(self)

    @property
    def _waits(self) -> bool:
        """Whether there is nobody to be heard now."""
        return self.held or (self.role is Role.PARTY and self._bridge.is_alone(self))


def audible(speaker: Seat, listener: Seat) -> bool:
    """Whether ``listener`` hears what ``speaker`` says."""
    if speaker is listener or speaker.held or listener.held:
        return False
    if speaker.role is Role.WHISPERER:
        return speaker.towards is listener
    return speaker.role is Role.PARTY


class Bridge:
    """A conversation of legs, which come and go.

    ``rate`` is what is mixed at, 8000 or 16000 Hz: the highest of the legs' serves best. ``music``
    makes what one hears who is on hold or alone, for a rate in Hz; None for silence. ``counters``
    may be shared by all bridges.
    """

    def __init__(
        self,
        rate: int,
        *,
        music: Callable[[int], FrameSource] | None = None,
        watching: Watching | None = None,
        counters: BridgeCounters | None = None,
    ) -> None:
        self.rate = rate
        self.watching = watching or Watching()
        self._music = music
        self._counters = counters or BridgeCounters()
        self._counters.opened += 1
        self._seats: list[Seat] = []

    @property
    def seats(self) -> tuple[Seat, ...]:
        return tuple(self._seats)

    @property
    def parties(self) -> int:
        """Seats that take part, on hold or not."""
        return sum(seat.role is Role.PARTY for seat in self._seats)

    def join(
        self, name: str, rate: int, role: Role = Role.PARTY, towards: Seat | None = None
    ) -> Seat:
        """Give a seat to a leg whose frames have ``rate`` Hz; ``name`` is for people.

        Raises UsageError when the bridge is full, or for a whisperer without ``towards``.
        """
        if len(self._seats) >= MAX_SEATS:
            raise UsageError(f"a bridge has {MAX_SEATS} seats and no more")
        seat = Seat(self, name, rate, role, towards)
        _check_role(role, towards, seat)
        self._counters.joined += 1
        self._seats.append(seat)
        self.reroute()
        return seat

    def is_alone(self, seat: Seat) -> bool:
        """Whether no other party could be heard by ``seat`` now."""
        return not any(audible(other, seat) and not other.away for other in self._seats)

    # For the seats

    def music_for(self, rate: int) -> FrameSource | None:
        return None if self._music is None else self._music(rate)

    def spread(self, speaker: Seat, own: Samples, samples: Samples, at: float) -> None:
        """Hand a frame to all who hear ``speaker``: ``own`` at its rate, ``samples`` at ours."""
        for seat in self._seats:
            queue = seat.sources.get(speaker)
            if queue is not None:
                queue.put(samples)
        if speaker.role is Role.PARTY and not speaker.held:
            self._tell_taps(speaker, own, at)

    def reroute(self) -> None:
        """Make and drop queues after roles, holds or seats have changed."""
        for listener in self._seats:
            for speaker in self._lost(listener):
                self._count(listener.sources.pop(speaker))
            for speaker in self._seats:
                if audible(speaker, listener) and speaker not in listener.sources:
                    listener.sources[speaker] = SlipQueue()

    def remove(self, seat: Seat) -> None:
        self._seats.remove(seat)
        for other in self._seats:
            if other.towards is seat:
                # Nobody is left to whisper to.
                other.role, other.towards = Role.LISTENER, None
        for queue in seat.sources.values():
            self._count(queue)
        seat.sources.clear()
        self.reroute()
        self.watching.left(seat, seat.reason)

    def _lost(self, listener: Seat) -> Iterator[Seat]:
        for speaker in tuple(listener.sources):
            if speaker not in self._seats or not audible(speaker, listener):
                yield speaker

    def _count(self, queue: SlipQueue) -> None:
        self._counters.inserted += queue.inserted
        self._counters.dropped += queue.dropped

    def _tell_taps(self, speaker: Seat, samples: Samples, at: float) -> None:
        for tap in tuple(self.watching.taps):
            try:
                tap(speaker, samples, at)
            except Exception:
                # It would fail again in 20 ms; the call goes on without it.
                log.exception("bridge_tap_failed")
                self.watching.taps.remove(tap)


async def attend(leg: CallLeg, seat: Seat) -> LegEnded:
    """Let ``leg`` sit in ``seat`` until it ends; give how it ended.

    Reads the leg's events, so nobody else may. However this ends, the leg is detached and has left
    the bridge; it is not hung up.
    """
    leg.attach(seat)
    last = LegEnded("the line ended without saying so", 0.0, failed=True)
    try:
        async for event in leg.events():
            seat.receive(event)
            if isinstance(event, LegEnded):
                last = event
    finally:
        leg.attach(None)
        seat.leave(last.reason)
    return last


def _check_role(role: Role, towards: Seat | None, seat: Seat) -> None:
    if role is Role.WHISPERER and (towards is None or towards is seat or not towards.present):
        raise UsageError("a whisperer needs somebody else in the bridge to whisper to")
