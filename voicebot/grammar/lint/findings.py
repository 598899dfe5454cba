"""What a check found: where, what, how to mend it, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from voicebot.errors import GrammarError


class Severity(Enum):
    """How bad a finding is."""

    PROBLEM = "problem"
    """Callers will be misunderstood; a check fails."""
    ADVICE = "advice"
    """Worth a look; it may well be meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``error`` holds the place, the sentence and the remedy."""

    severity: Severity
    error: GrammarError

    @property
    def order(self) -> tuple[str, int, int, str]:
        """The order in which findings are shown."""
        return self.error.file, self.error.line, self.error.column, self.error.problem
