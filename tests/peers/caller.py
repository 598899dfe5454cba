"""A scripted SIP caller: it waits until the bot has spoken and is silent, then takes its turn.

Everything is measured from outside, on the wire: a turn's latency runs from the last loud frame
that left the caller to the first loud packet that came back. Audio is octets made ahead, so that
thirty callers fit into one process beside the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from voicebot.telephony.sip_client import ClientCall, Playback
from voicebot.types import Samples

QUIET_MS: Final = 700
"""The bot's silence after which the caller speaks; longer than any pause inside a prompt."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Say mu-law octets: after the bot's prompt, or over it, ``after_ms`` into it."""

    octets: bytes
    over: bool = False
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys: after the bot's prompt, or over it, ``after_ms`` into it."""

    keys: str
    over: bool = False
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ignore:
    """Say nothing to the bot's prompt."""


Move: TypeAlias = Speak | Press | Ignore


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a move. ``began_at`` (the loop's clock) is when the caller had spoken, pressed
    or listened; ``heard`` what the bot said from then on until the next move, empty where the call
    keeps no audio; ``latency_ms`` is None for a move without speech."""

    began_at: float
    latency_ms: float | None
    heard: Samples


async def converse(
    call: ClientCall, moves: Sequence[Move], *, quiet_ms: int = QUIET_MS, timeout_s: float = 20.0
) -> list[Turn]:
    """Make every move and wait for each answer; give a turn for each move.

    Raises CallError when the bot does not speak within ``timeout_s``, or hangs up while a move is
    still to be made; a hang-up after the last answer has begun is a good end.
    """
    assert call.answered_at is not None
    since = call.answered_at
    made: list[tuple[float, Playback | None]] = []
    for move in moves:
        await _my_turn(call, move, since, quiet_ms, timeout_s)
        since, playback = await _make(call, move, timeout_s)
        made.append((since, playback))
    await call.speech(since, timeout_s)
    await call.until(
        lambda now: call.ended_at is not None or _quiet(call, now, quiet_ms),
        timeout_s,
        "the end of the last answer",
    )
    ends = [began for began, _ in made[1:]] + [float("inf")]
    return [
        Turn(
            began,
            call.latency_ms(playback) if playback else None,
            call.line.heard(began, end),
        )
        for (began, playback), end in zip(made, ends, strict=True)
    ]


async def _my_turn(
    call: ClientCall, move: Move, since: float, quiet_ms: int, timeout_s: float
) -> None:
    """Wait for the moment at which ``move`` is to be made."""
    if isinstance(move, Ignore) or not move.over:
        await call.quiet(since, quiet_ms, timeout_s)
        return
    due = (await call.speech(since, timeout_s)).start + move.after_ms / 1000
    await call.until(lambda now: now >= due, timeout_s, "the moment to speak")


async def _make(call: ClientCall, move: Move, timeout_s: float) -> tuple[float, Playback | None]:
    """Make ``move``; give when it was over, and what was played."""
    if isinstance(move, Ignore):
        return call.line.spurts[-1].end + 0.001, None
    if isinstance(move, Press):
        call.press(move.keys)
        await call.sent(timeout_s)
        assert call.line.last_key_at is not None
        return call.line.last_key_at, None
    playback = call.play(move.octets)
    await call.sent(timeout_s)
    assert playback.speech_ended_at is not None
    return playback.speech_ended_at, playback


def _quiet(call: ClientCall, now: float, quiet_ms: int) -> bool:
    return now - call.line.spurts[-1].end >= quiet_ms / 1000
