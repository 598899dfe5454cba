"""A call as supervisors see it while it goes on: how far it is, its words, and ways to step in.

Nothing here knows a secret: words come from the call's account and variables from the flow's `told`
ones, both without them, and card and identity numbers are masked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from voicebot.events import TurnFinished, TurnResult
from voicebot.personal_numbers import masked_values
from voicebot.sessions.account import CallAccount
from voicebot.sessions.earshot import Earshot
from voicebot.sessions.numbers import number_of
from voicebot.sessions.stepping_in import Orders
from voicebot.telephony.bridge import Seat
from voicebot.types import CallId, Json

MOST_LINES: Final = 60
"""Of what was said, the newest."""
MOST_FACTS: Final = 60
LONGEST_FACT: Final = 200
"""Characters; what is longer is cut off."""

_OF_THE_LINE: Final = frozenset(
    {"caller", "callee", "channel", "direction", "headers", "answered_by", "text", "queues"}
)
"""Variables that every call has, and that say nothing about this one."""

Speaker: TypeAlias = Literal["bot", "caller"]


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said, or keyed. ``at`` is UTC epoch seconds. ``understood`` is false for
    words of the caller's that meant nothing to the bot."""

    who: Speaker
    text: str
    at: float
    understood: bool = True


@dataclass(frozen=True, slots=True)
class SoFar:
    """How far a call is. ``facts`` are what the flow has learned, as texts. ``secret``: what is
    asked or said now is for caller and bot alone. ``hearing`` is what the caller is saying, as far
    as it was recognised; empty where they are silent."""

    step: str
    secret: bool
    lines: tuple[Line, ...]
    hearing: str
    facts: Mapping[str, str]


class Shown(Protocol):
    """What is shown of a call's `Dialogue`."""

    @property
    def step(self) -> str: ...

    @property
    def told(self) -> Mapping[str, Json]: ...


class OpenCall:
    """One call that goes on, since ``since`` (UTC epoch seconds), in the flow ``flow``."""

    def __init__(
        self,
        flow: str,
        since: float,
        account: CallAccount,
        dialogue: Shown,
        earshot: Earshot,
    ) -> None:
        self.info = account.info
        self.flow = flow
        self.since = since
        self.orders = Orders()
        self.over = False
        self.earshot = earshot
        self._account = account
        self._dialogue = dialogue
        self._closed = asyncio.Event()

    @property
    def call_id(self) -> CallId:
        return self.info.call_id

    @property
    def caller(self) -> str:
        """The other side's number; empty where it has none."""
        return number_of(self.info.direction, self.info.caller, self.info.callee)

    def join(self, rate: int) -> Seat:
        """A seat for a supervisor (`Earshot.join`)."""
        return self.earshot.join(rate)

    async def until_over(self) -> None:
        """Return when the call is over."""
        await self._closed.wait()

    def close(self) -> None:
        """The call is over."""
        self.over = True
        self.earshot.close()
        self._closed.set()

    def so_far(self) -> SoFar:
        """How far it is now."""
        told = self._dialogue.told
        facts = {name: _text(told[name]) for name in told if name not in _OF_THE_LINE}
        kept = sorted(name for name, text in facts.items() if text)[:MOST_FACTS]
        return SoFar(
            self._dialogue.step,
            self.earshot.is_silent,
            self._lines(),
            self._account.partial,
            {name: facts[name] for name in kept},
        )

    def _lines(self) -> tuple[Line, ...]:
        turns, saying, since = self._account.so_far()
        lines = [line for turn in turns[-MOST_LINES:] for line in _lines_of(turn)]
        if saying:
            lines.append(Line("bot", saying, self.since if since is None else since))
        return tuple(lines[-MOST_LINES:])


def _lines_of(turn: TurnFinished) -> Iterator[Line]:
    if turn.prompt:
        yield Line("bot", turn.prompt, turn.at if turn.said_at is None else turn.said_at)
    if turn.heard is not None and turn.heard.text:
        at = turn.at if turn.heard_from is None else turn.heard_from
        yield Line("caller", turn.heard.text, at, turn.result is TurnResult.MATCH)


def _text(value: Json) -> str:
    """A variable in a line; nothing where it is empty."""
    value = masked_values(value)
    if value is None or value in ("", [], {}):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_FACT else f"{text[:LONGEST_FACT]}…"
