"""One made-up caller: wants something, answers, is misheard, loses patience, hangs up.

All is drawn from the dice that it is given, so that the same seed makes the same month.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

from voicebot.traffic.shop import (
    ANSWERS,
    ELSE,
    EN,
    NUMBER,
    OTHER_NUMBER,
    STRANGE,
    WANTS,
    YES_AT,
    spoken,
    yes_or_no,
)

SILENT: Final = 0.03
STRANGE_WORDS: Final = 0.06
UNSURE: Final = 0.09
"""How often nothing is said, something else, or something that is heard badly."""
LEAVES: Final = 0.025
"""How often somebody hangs up at a question; the more the longer nothing helps."""
KEYED: Final = 0.25
"""How many key their order number in."""
ANOTHER_WISH: Final = 0.12


@dataclass(frozen=True, slots=True)
class Says:
    """Words, with how sure the recogniser is of them, 0 to 1."""

    words: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Keys:
    digits: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is said in time."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """The caller hangs up."""


Move: TypeAlias = Says | Keys | Silence | Leaves


@dataclass(slots=True)
class Caller:
    """``language`` is the one they speak, ``want`` a key of `WANTS`, ``order`` four digits."""

    language: str
    want: str
    order: str
    dice: Random
    _said: int = field(default=0, init=False)
    _trouble: int = field(default=0, init=False)
    _told: bool = field(default=False, init=False)

    @property
    def patience_s(self) -> float:
        """How long this one waits for a person, drawn anew at each look."""
        return 8.0 + self.dice.expovariate(1 / 200.0)

    def move(self, question: str, *, confirming: bool) -> Move:
        """What to do at ``question``: the step, with '/slot' where a form asks. ``confirming``: the
        bot asks whether it understood."""
        self._said += 1
        if self.dice.random() < LEAVES * (1 + self._trouble) or self._said > 25:
            return Leaves()
        drawn = self.dice.random()
        if drawn < SILENT:
            self._trouble += 1
            return Silence()
        if drawn < SILENT + STRANGE_WORDS:
            self._trouble += 1
            return self._says(self.dice.choice(STRANGE[self.language]))
        if confirming:
            return self._says(self.dice.choice(yes_or_no(True, self.language)))
        return self._answer(question)

    def _answer(self, question: str) -> Move:
        if question in ("main_menu", "what_else") or (not self._told and question not in YES_AT):
            return self._wish()
        if question == "anything_else" and self.dice.random() < ANOTHER_WISH:
            self.want = self.dice.choice(("hours", "offers", "order", "rules"))
            return self._wish()
        if question.endswith(OTHER_NUMBER):
            return Keys(f"555{self.dice.randrange(10**6, 10**7)}")
        sentences = ANSWERS.get(question, {}).get(self.language)
        if sentences is None:
            yes = self.dice.random() < YES_AT.get(question, ELSE)
            sentences = yes_or_no(yes, self.language)
        words = self.dice.choice(sentences)
        if words == NUMBER and self.dice.random() < KEYED:
            return Keys(self.order)
        return self._says(words)

    def _wish(self) -> Move:
        self._told = True
        opens = WANTS[self.want].opens
        return self._says(self.dice.choice(opens.get(self.language) or opens[EN]))

    def _says(self, words: str) -> Says:
        unsure = self.dice.random() < UNSURE
        sure = self.dice.uniform(0.25, 0.6) if unsure else 1 - self.dice.betavariate(1.3, 14)
        return Says(words.replace(NUMBER, spoken(self.order, self.language)), round(sure, 3))
