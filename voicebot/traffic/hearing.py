"""Understands made-up callers as real ones, and remembers what it has understood.

A month of callers says the same few hundred sentences; each is understood once for each question.
Only where a question asks for a day does it depend on the date what was meant.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from voicebot.flows.commands import Listen
from voicebot.flows.events import FlowEvent
from voicebot.traffic.talk import Understands
from voicebot.types import Mode

MOST: Final = 20_000
"""Sentences at questions that are remembered."""


class Hearing:
    """``typed`` understands; this remembers."""

    def __init__(self, typed: Understands) -> None:
        self._typed = typed
        self._known: dict[tuple[str, str, date | None], FlowEvent] = {}

    def said(self, line: str, listen: Listen, mode: Mode, *, today: date) -> FlowEvent:
        """What comes of these words on the day ``today``."""
        question = repr(listen)
        key = (line, question, today if "builtin:date" in question else None)
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = self._typed.said(line, listen, mode, today=today)
        return self._known[key]

    def pressed(self, line: str, listen: Listen, *, today: date) -> FlowEvent:
        """What comes of pressing these keys."""
        return self._typed.pressed(line, listen, today=today)
