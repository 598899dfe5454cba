"""How a message in text was read, as it stands beside its line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from voicebot.events import TurnResult
from voicebot.flows.events import FlowEvent, InputMatched
from voicebot.personal_numbers import masked_heard
from voicebot.sessions.hiding import hidden
from voicebot.types import Heard, Json, Mode


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message was read at ``step``: ``heard`` without its words, which stand in its line.

    On a line of ours: the same of the message before it, known later.
    """

    step: str
    result: TurnResult
    heard: Heard

    @classmethod
    def of(cls, event: FlowEvent, step: str, *, secret: bool) -> Self:
        """What a message meant. Secrets and card and identity numbers do not get into it."""
        if not isinstance(event, InputMatched):
            return cls.gap(step)
        heard = hidden(event.heard) if secret else masked_heard(event.heard)
        return cls(step, TurnResult.MATCH, replace(heard, text=""))

    @classmethod
    def gap(cls, step: str) -> Self:
        """Nothing answers what was asked before."""
        return cls(step, TurnResult.NOMATCH, Heard("", None, 0.0, Mode.TEXT))

    def to_json(self) -> Json:
        heard = self.heard
        return {
            "step": self.step,
            "result": self.result.value,
            "semantics": heard.semantics,
            "confidence": heard.confidence,
            "mode": heard.mode.value,
            "grammar": heard.grammar,
        }

    @classmethod
    def from_json(cls, written: Json) -> Self:
        """Read what `to_json` wrote."""
        assert isinstance(written, dict)
        confidence = written["confidence"]
        assert isinstance(confidence, int | float)
        heard = Heard(
            "",
            written["semantics"],
            float(confidence),
            Mode(str(written["mode"])),
            str(written["grammar"]),
        )
        return cls(str(written["step"]), TurnResult(str(written["result"])), heard)
