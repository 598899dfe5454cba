"""The error that says: the service works, it just would not do this."""

from __future__ import annotations

from voicebot.errors import ActionError


class Refused(ActionError):
    """A run failed for a reason of its own (a constraint, a 4xx): the breaker does not count it."""
