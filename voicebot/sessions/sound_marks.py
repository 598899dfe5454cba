"""Where the turns of a call lie in its recording, so that it can fall silent there afterwards.

Times are those of the recording, its own length so far: somebody may set the clock.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Protocol

MARKED_TURNS: Final = 200
BEFORE_S: Final = 0.3
AFTER_S: Final = 1.0
"""How much more falls silent than the words: the line has its delay, and the tone of a key goes on
after it is told."""


class Sound(Protocol):
    """A recording under way; `media.recorder.CallRecorder` is one."""

    @property
    def length_s(self) -> float: ...

    def mute(self, since_s: float, until_s: float) -> None:
        """Have silence between these places, once the call is over."""
        ...


@dataclass(frozen=True, slots=True)
class _Place:
    said_from: float
    said_until: float
    heard_from: float
    heard_until: float


@dataclass(slots=True)
class SoundMarks:
    """The places of the last `MARKED_TURNS` turns; does nothing as long as ``sound`` is None."""

    sound: Sound | None = None
    _places: OrderedDict[int, _Place] = field(default_factory=OrderedDict)
    _said_from: float | None = None
    _last_end: float = 0.0

    def said(self) -> None:
        """The bot has begun to say what the next turn asks."""
        if self.sound is not None and self._said_from is None:
            self._said_from = self.sound.length_s

    def heard(self, turn: int, spoke: tuple[float, float] | None) -> None:
        """The turn is over. ``spoke`` is how many seconds ago the caller began and ended to speak;
        keys have no times of their own: they lie somewhere since the turn before."""
        if self.sound is None:
            return
        now = self.sound.length_s
        begin, end = (self._last_end, now) if spoke is None else (now - spoke[0], now - spoke[1])
        said_from = self._last_end if self._said_from is None else self._said_from
        self._places[turn] = _Place(said_from, now if spoke is None else begin, begin, end)
        if len(self._places) > MARKED_TURNS:
            self._places.popitem(last=False)
        self._last_end, self._said_from = now, None

    def hide_heard(self, turn: int) -> None:
        """What the caller said in ``turn`` is not to be heard."""
        if self.sound is not None and (place := self._places.get(turn)) is not None:
            self.sound.mute(place.heard_from - BEFORE_S, place.heard_until + AFTER_S)

    def hide_said(self, turn: int) -> None:
        """What the bot said in ``turn`` is not to be heard."""
        if self.sound is not None and (place := self._places.get(turn)) is not None:
            self.sound.mute(place.said_from - BEFORE_S, place.said_until + AFTER_S)
