"""Parameters of a built-in grammar: what follows the '?' of its name, read once and checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeAlias

from voicebot.errors import GrammarError

_CALENDAR_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}", re.ASCII)


class Parameters:
    """Hands out parameters; `finish` says when one was not asked for."""

    def __init__(self, name: str, query: str) -> None:
        """Split ``query``. Raises GrammarError where a part is no parameter or comes twice."""
        self._name = name
        self._values: dict[str, str] = {}
        for part in filter(None, re.split("[;&]", query)):
            key, equals, value = part.partition("=")
            if not equals or not key or not value:
                raise self.error(f"'{part}' is no parameter", "Write it as ?length=4 or ?y=7;n=9.")
            if key in self._values:
                raise self.error(f"'{key}' is given twice", "Keep one of the two.")
            self._values[key] = value

    def error(self, problem: str, remedy: str) -> GrammarError:
        return GrammarError(self._name, 0, 0, problem, remedy)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, default: str) -> str:
        return self._values.pop(key, default)

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """Give a whole number from ``least`` to ``most``. Raises GrammarError."""
        written = self._values.pop(key, str(default))
        if not re.fullmatch(r"\d{1,9}", written, re.ASCII) or not least <= int(written) <= most:
            raise self.error(f"{key} is '{written}'", f"Use a number from {least} to {most}.")
        return int(written)

    def day(self, key: str) -> date | None:
        """Give a date written as 20261224 or 2026-12-24; None for none. Raises GrammarError."""
        written = self._values.pop(key, None)
        if written is None:
            return None
        try:
            if not _CALENDAR_DATE.fullmatch(written):
                raise ValueError
            return datetime.strptime(written.replace("-", ""), "%Y%m%d").date()
        except ValueError:
            raise self.error(f"{key} is '{written}'", "Write a date as 20261224.") from None

    def finish(self, kind: str) -> None:
        """Raise GrammarError where a parameter is left that ``kind`` does not have."""
        for unknown in self._values:
            raise self.error(f"'{kind}' has no parameter '{unknown}'", "Remove it from the name.")


Make: TypeAlias = Callable[[Parameters], tuple[str, str]]
"""Writes a type's two documents, that for speech and that for keys. Raises GrammarError."""
