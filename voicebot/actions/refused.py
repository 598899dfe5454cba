"""Failures of a run that are not simply 'the service failed'."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.action_result import ActionResult
from voicebot.errors import ActionError


@dataclass(eq=False)
class Refused(ActionError):
    """A run failed for a reason of its own (a constraint, a 4xx): the breaker does not count it."""

    result: ActionResult = ActionResult.REFUSED


class Transient(ActionError):
    """A failure that the next try may not meet: no connection, an answer that did not come."""
