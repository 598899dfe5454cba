"""Failures of a run that are not simply 'the service failed'."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.errors import ActionError
from voicebot.types import ActionResult


@dataclass(eq=False)
class Refused(ActionError):
    """A run failed for a reason of its own (a constraint, a 4xx): the breaker does not count it."""

    result: ActionResult = ActionResult.REFUSED


class Transient(ActionError):
    """A failure that the next try may not meet: no connection, an answer that did not come."""
