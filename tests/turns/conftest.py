"""A call in virtual time: the turn-taker fed with frames, keys and prompts, its effects kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from voicebot.turns.digits import KeyProgress
from voicebot.turns.signals import (
    DecodeArrived,
    Effect,
    FrameHeard,
    KeyPressed,
    KeysEntered,
    ListenStarted,
    NoInput,
    Result,
    SpeechEnded,
    StartDecode,
    TurnEvent,
    TurnPolicy,
)
from voicebot.turns.turn_taker import TurnTaker

T = TypeVar("T")

DATA = Path(__file__).parents[2] / "../shared/data"
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")


def near(seconds: float) -> Any:
    """Equal to ``seconds`` but for rounding; typed so that it may stand in an effect."""
    return pytest.approx(seconds, abs=1e-6)


def digits(length: int) -> Callable[[str], KeyProgress]:
    """The progress of an entry of exactly ``length`` digits."""

    def progress(keys: str) -> KeyProgress:
        if not keys.isdigit() or len(keys) > length:
            return KeyProgress.DEAD
        return KeyProgress.COMPLETE if len(keys) == length else KeyProgress.PARTIAL

    return progress


def menu(keys: str) -> KeyProgress:
    """Choices 1 to 3."""
    return KeyProgress.COMPLETE if keys in {"1", "2", "3"} else KeyProgress.DEAD


class Call:
    """Drives one `TurnTaker`; ``now`` is exact to the frame, ``log`` holds (time, effect)."""

    def __init__(self) -> None:
        self.turns = TurnTaker()
        self.frame = 0
        self.log: list[tuple[float, Effect]] = []

    @property
    def now(self) -> float:
        return round(self.frame * 0.02, 6)

    def tell(self, event: TurnEvent) -> list[Effect]:
        effects = self.turns.receive(event, self.now)
        self.log += [(self.now, effect) for effect in effects]
        return effects

    def listen(
        self,
        policy: TurnPolicy | None = None,
        *,
        keys: Callable[[str], KeyProgress] = menu,
        speech: bool = True,
    ) -> list[Effect]:
        return self.tell(ListenStarted(policy or TurnPolicy(), keys, speech))

    def hear(self, speech: bool, ms: int) -> list[Effect]:
        effects: list[Effect] = []
        for _ in range(ms // 20):
            self.frame += 1
            effects += self.tell(FrameHeard(speech))
        return effects

    def speech(self, ms: int) -> list[Effect]:
        return self.hear(True, ms)

    def silence(self, ms: int) -> list[Effect]:
        return self.hear(False, ms)

    def silence_until_result(self, at_most_ms: int = 30_000) -> Result:
        for _ in range(at_most_ms // 20):
            for effect in self.silence(20):
                if isinstance(effect, NoInput | KeysEntered | SpeechEnded):
                    return effect
        raise AssertionError(f"no result within {at_most_ms} ms")

    def press(self, keys: str) -> list[Effect]:
        effects: list[Effect] = []
        for key in keys:
            effects += self.tell(KeyPressed(key))
        return effects

    def decode(self, *, matched: bool, can_continue: bool = False) -> list[Effect]:
        """The last decode that was started arrives."""
        last = self.seen(StartDecode)[-1]
        return self.tell(DecodeArrived(last.generation, matched, can_continue))

    def seen(self, kind: type[T]) -> list[T]:
        return [effect for _, effect in self.log if isinstance(effect, kind)]

    def when(self, kind: type[Effect]) -> list[float]:
        return [at for at, effect in self.log if isinstance(effect, kind)]


@pytest.fixture
def call() -> Call:
    return Call()
