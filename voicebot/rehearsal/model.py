"""A conversation test as it was read: frozen, with the place of everything that can fail.

A test is a setting and a talk. A turn of the talk is at most one move of the caller and any number
of checks of what the bot made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from voicebot.document import Place
from voicebot.flows.expression import Expression
from voicebot.types import Json, Matter, Outcome

DEFAULT_TALK_SECONDS = 60.0
"""How long the person of a bridged transfer talks where the test does not say."""


class MoveKind(StrEnum):
    """What a caller can do; the keys of a test file."""

    SAYS = "says"
    KEYS = "keys"
    SILENCE = "silence"
    RECOGNIZER_FAILS = "recognizer_fails"
    HANGS_UP = "hangs_up"
    AGENT_RINGS = "agent_rings"
    """What comes from a queue rather than from the caller."""


@dataclass(frozen=True, slots=True)
class Move:
    """``text`` are the words or keys; ``times`` how often a silence comes; ``confidence`` (0..1)
    is that of typed words, and has no meaning for spoken ones."""

    kind: MoveKind
    place: Place
    text: str = ""
    times: int = 1
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Named:
    """A wanted thing with details: an action and some of its arguments, a variable's value."""

    name: str
    value: Json = None


Wanted: TypeAlias = "str | tuple[str, ...] | Named | Expression | Outcome | Json"


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation. ``key`` is its key in the file (`vocabulary.CHECKS`)."""

    key: str
    wanted: Wanted
    place: Place


@dataclass(frozen=True, slots=True)
class Turn:
    move: Move | None
    checks: tuple[Check, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stub gives: ``value``, or a failure where ``fails`` says why.

    It holds for arguments that contain ``when``, and for ``times`` runs (None: every one).
    """

    value: Json = None
    fails: str | None = None
    when: Mapping[str, Json] = field(default_factory=dict)
    times: int | None = None


@dataclass(frozen=True, slots=True)
class QueueAnswer(Answer):
    """What comes of waiting in a queue: an agent answers after ``after_s`` (None: never), unless
    the queue sends the caller away before; with ``waits`` when the test says so."""

    after_s: float | None = None
    waits: bool = False


Stub: TypeAlias = tuple[Answer, ...]
"""Answers in order: the first that fits is given. Empty: the sample database answers."""


@dataclass(frozen=True, slots=True)
class EarlierContact:
    """A contact of the same caller, so many days before the test's."""

    days_ago: int
    outcome: Outcome
    matter: Matter | None


@dataclass(frozen=True, slots=True)
class Setting:
    """What is around a conversation. None and empty: nothing was set here."""

    flow: str | None = None
    today: date | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    history: tuple[EarlierContact, ...] | None = None
    actions: Mapping[str, Stub] = field(default_factory=dict)
    transfers: Mapping[str, Stub] = field(default_factory=dict)
    texts: Mapping[str, Stub] = field(default_factory=dict)

    def over(self, other: Setting) -> Setting:
        """This setting with ``other`` where it says nothing."""
        return replace(
            self,
            flow=self.flow or other.flow,
            today=self.today or other.today,
            facts={**other.facts, **self.facts},
            history=other.history if self.history is None else self.history,
            actions={**other.actions, **self.actions},
            transfers={**other.transfers, **self.transfers},
            texts={**other.texts, **self.texts},
        )


@dataclass(frozen=True, slots=True)
class ConversationTest:
    """``outcome`` is checked at the very end, the caller having hung up if nobody else did."""

    name: str
    place: Place
    setting: Setting
    talk: tuple[Turn, ...]
    outcome: Check | None = None

    @property
    def language(self) -> str:
        """The language that the call begins in; empty for that of its flow."""
        return str(self.setting.facts.get("language") or "")

    @property
    def waits_in_queue(self) -> bool:
        """Whether a caller stays in a queue, which only typed calls can."""
        stubs = (stub for stub in self.setting.transfers.values())
        waits = (each for stub in stubs for each in stub if isinstance(each, QueueAnswer))
        return any(each.waits or each.after_s is None for each in waits)

    @property
    def sets_confidence(self) -> bool:
        """Whether it says how sure the recogniser is, which only typed words can have."""
        return any(turn.move is not None and turn.move.confidence < 1 for turn in self.talk)


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that did not hold."""

    place: Place
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"
