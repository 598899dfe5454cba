"""The life of a call leg as a table: which signal is allowed in which state, and where it leads.

Pure: no clock, no I/O. A signal that the table does not know raises `IllegalTransition` and changes
nothing, so a late or repeated message from the network can never take a leg to a strange place.

Hold is a state of its own only while nothing else goes on. A phone that carries out our transfer
puts us on hold while it calls the target; that leaves the leg TRANSFERRING, and the door asks its
media for the direction when the transfer failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from voicebot.errors import CallError


class CallState(StrEnum):
    """Where a leg is."""

    ARRIVING = "arriving"
    """The call has reached us and waits for our answer."""
    DIALLING = "dialling"
    """We are calling, and nobody has answered yet."""
    ANSWERING = "answering"
    """Our answer is on its way; the media are being opened."""
    UP = "up"
    HELD = "held"
    """The other party put us on hold: no audio either way."""
    TRANSFERRING = "transferring"
    """We asked the other party to call somebody else, and wait for what comes of it."""
    ENDED = "ended"


class Signal(StrEnum):
    """What moves a leg on."""

    ANSWER = "answer"
    ANSWERED = "answered"
    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    TRANSFER_FAILED = "transfer failed"
    END = "end"


class IllegalTransition(CallError):
    """A signal came in a state that has no place for it; the state is unchanged."""

    def __init__(self, state: CallState, signal: Signal) -> None:
        super().__init__(state, signal)
        self.state = state
        self.signal = signal

    def __str__(self) -> str:
        return f"a call that is {self.state} cannot take '{self.signal}'"


_S, _G = CallState, Signal

TRANSITIONS: Final[Mapping[tuple[CallState, Signal], CallState]] = MappingProxyType(
    {
        (_S.ARRIVING, _G.ANSWER): _S.ANSWERING,
        (_S.ARRIVING, _G.END): _S.ENDED,
        (_S.DIALLING, _G.ANSWERED): _S.UP,
        (_S.DIALLING, _G.END): _S.ENDED,
        (_S.ANSWERING, _G.ANSWERED): _S.UP,
        (_S.ANSWERING, _G.END): _S.ENDED,
        (_S.UP, _G.HOLD): _S.HELD,
        (_S.UP, _G.RESUME): _S.UP,
        (_S.UP, _G.TRANSFER): _S.TRANSFERRING,
        (_S.UP, _G.END): _S.ENDED,
        (_S.HELD, _G.HOLD): _S.HELD,
        (_S.HELD, _G.RESUME): _S.UP,
        (_S.HELD, _G.TRANSFER): _S.TRANSFERRING,
        (_S.HELD, _G.END): _S.ENDED,
        (_S.TRANSFERRING, _G.HOLD): _S.TRANSFERRING,
        (_S.TRANSFERRING, _G.RESUME): _S.TRANSFERRING,
        (_S.TRANSFERRING, _G.TRANSFER_FAILED): _S.UP,
        (_S.TRANSFERRING, _G.END): _S.ENDED,
    }
)
"""Every legal step. Nothing leads out of ENDED."""


def transition(state: CallState, signal: Signal) -> CallState:
    """Where ``signal`` leads from ``state``. Raises IllegalTransition where it leads nowhere."""
    try:
        return TRANSITIONS[state, signal]
    except KeyError:
        raise IllegalTransition(state, signal) from None


def has_media(state: CallState) -> bool:
    """Whether audio may flow in ``state`` (hold decides about it besides)."""
    return state in {CallState.UP, CallState.TRANSFERRING}
