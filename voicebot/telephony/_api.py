"""The contract of a call leg: one line to one party, whatever door it came through.

A leg gives events (20 ms frames of audio, keys, hold, hang-up) and pulls frames from a source on
its own paced clock. Pulling, not pushing, keeps no audio in a queue on its way out: when the caller
barges in, the very next frame is silence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from voicebot.types import CallId, Direction, Samples, Transport

FRAME_MS = 20


@dataclass(frozen=True, slots=True)
class LegInfo:
    """What is known of a call when it arrives. ``caller`` and ``callee`` are numbers or names
    without scheme and host; ``headers`` those of the INVITE that a flow may use, lower-case.
    ``answered_by`` is for calls of ours: 'person', 'machine' or 'unknown', empty for others."""

    call_id: CallId
    transport: Transport
    caller: str
    callee: str
    headers: Mapping[str, str] = field(default_factory=dict)
    direction: Direction = "inbound"
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call that arrives is let in, and what a refused one is told.

    ``status`` is the SIP status of a refusal (486 busy, 503 full); doors that do not speak SIP
    translate it. ``retry_after_s`` goes into Retry-After.
    """

    accepted: bool
    status: int = 503
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class AudioIn:
    """20 ms of the caller's audio: int16, shape [sample_rate / 50]; ``at`` on the loop's clock.

    While a leg is up and not on hold there is one every 20 ms, whatever the network does: what got
    lost is concealed, and where the caller's side sends nothing the frame is silence. So a reader
    may take its sense of time from them. On hold there are none.
    """

    samples: Samples
    at: float


@dataclass(frozen=True, slots=True)
class KeyIn:
    """One key pressed, one of `voicebot.types.KEYS`."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The other party put us on hold, or took us back."""

    held: bool
    at: float


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is over; nothing comes after. ``reason``: 'caller hung up', 'no audio from the
    caller for 20 s', 'hung up by voicebot'. ``failed`` when the line died rather than ended."""

    reason: str
    at: float
    failed: bool = False


LegEvent: TypeAlias = AudioIn | KeyIn | HoldChanged | LegEnded


class FrameSource(Protocol):
    """Where a leg gets the frames that it sends."""

    def next_frame(self, now: float) -> Samples | None:
        """Give the next 20 ms at the leg's sample rate, or None for silence.

        Called on the event loop every 20 ms; must return at once. ``now`` is the loop's clock at
        which the frame leaves.
        """
        ...


class CallLeg(Protocol):
    """One line to one party."""

    @property
    def info(self) -> LegInfo: ...

    @property
    def sample_rate(self) -> int:
        """Of the frames both ways, in Hz: 8000 or 16000."""
        ...

    async def answer(self) -> None:
        """Accept the call and open the media. Raises CallError where that failed or the caller gave
        up; the leg has then ended."""
        ...

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        """Refuse the call with a SIP status (486 busy, 488 no codec, 503 full, ...)."""
        ...

    def events(self) -> AsyncIterator[LegEvent]:
        """What happens on the leg, in order, `LegEnded` last. To be iterated once.

        The buffer behind it is bounded; when the reader is too slow the oldest audio is dropped
        and counted, never a key or the end.
        """
        ...

    def attach(self, source: FrameSource | None) -> None:
        """Pull what is sent from ``source`` from the next frame on; None sends silence."""
        ...

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        """End the leg; does nothing when it has ended."""
        ...

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        """Hand the call to ``target`` and return when the other side has taken it; the leg has then
        ended with the reason 'transferred'.

        ``headers`` is the context for who takes the call, by short names ('order'): the SIP door
        sends it as X-Voicebot-Order. Raises TransferFailed when refused or unanswered; the leg is
        then still up, unless the caller hung up meanwhile.
        """
        ...


@runtime_checkable
class RingingLeg(CallLeg, Protocol):
    """A leg whose caller can hear something before the call is answered."""

    async def ring(self, *, early_media: bool = False) -> bool:
        """Tell the caller that it rings; with ``early_media`` the frame source is pulled already.

        True where it is; not every caller can hear us before the answer. Does nothing when the
        call is answered or over. Raises CallError where the media cannot be opened; the call may
        still be rejected.
        """
        ...

    async def given_up(self) -> None:
        """Return when the caller has hung up."""
        ...


@runtime_checkable
class KeyingLeg(Protocol):
    """A leg that can signal keys to the other side."""

    def press(self, key: str) -> bool:
        """Send a key, one of `voicebot.types.KEYS`, behind those before it; False where the other
        side takes no such signals: then it can only be heard."""
        ...


def signal_key(leg: CallLeg, key: str) -> bool:
    """Send ``key`` on ``leg``; False where that cannot be (`KeyingLeg.press`)."""
    return isinstance(leg, KeyingLeg) and leg.press(key)


@dataclass(frozen=True, slots=True)
class Reception:
    """Who receives the calls that come through a door.

    ``admit`` is asked for each new call and must answer at once. ``on_call`` gets the leg of each
    call that was let in, in a task of its own, and owns it: it answers or rejects; when it returns
    or raises, the door hangs the leg up. ``on_refused`` is told of calls that got no leg and the
    SIP status they were refused with.
    """

    admit: Callable[[LegInfo], Admission]
    on_call: Callable[[CallLeg], Awaitable[None]]
    on_refused: Callable[[LegInfo, int], None]


class CallDoor(Protocol):
    """A way for calls to come in."""

    async def start(self) -> None:
        """Open. Raises CallError with the reason where that cannot be."""
        ...

    def drain(self) -> None:
        """Refuse new calls from now on; running ones do not notice."""
        ...

    async def stop(self) -> None:
        """Hang up what is left and close; does nothing where `start` was not called or failed."""
        ...


class Dialer(Protocol):
    """A door that calls can go out through."""

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> CallLeg:
        """Call ``target``, a SIP URI, and return the leg when it was answered, its media running.

        ``caller`` is the number shown to the called party; ``headers`` go as in
        `CallLeg.transfer`. When cancelled, the call is cancelled too. Raises DialFailed when it is
        refused, busy, unreachable or rings for more than ``timeout_s``.
        """
        ...
