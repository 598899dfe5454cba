"""A message that is to go out, and the states it may be in.

::

    queued -> sending -> sent -> delivered
      ^          |         |
      +--(again)-+         +---> failed
                 +-> unsure -> delivered, failed
                 +-> failed
    queued -> expired, failed

A message is ``sending`` while a gateway is asked, and that is written down before it is asked: a
process that is killed meanwhile finds it so. Whether it went out is then unknown. A gateway that
tells a repetition by the message's id is asked again; with any other the message is ``unsure`` and
stays unsent, for nobody wants the same SMS twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from voicebot.types import CallId

SMS = "sms"
"""The channel of messages to telephone numbers."""


class MessageState(StrEnum):
    """What became of a message so far."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    """The gateway has taken it."""
    DELIVERED = "delivered"
    FAILED = "failed"
    UNSURE = "unsure"
    """It may have gone out; it is not sent again."""
    EXPIRED = "expired"
    """It could not be sent while it was of use."""


_FOLLOWING: Mapping[MessageState, frozenset[MessageState]] = {
    MessageState.QUEUED: frozenset(
        {MessageState.SENDING, MessageState.EXPIRED, MessageState.FAILED}
    ),
    MessageState.SENDING: frozenset(set(MessageState) - {MessageState.SENDING}),
    MessageState.SENT: frozenset({MessageState.DELIVERED, MessageState.FAILED}),
    MessageState.UNSURE: frozenset(
        {MessageState.SENT, MessageState.DELIVERED, MessageState.FAILED}
    ),
}


@dataclass(frozen=True, slots=True)
class TextMessage:
    """``body`` may hold the secret of a link: it is blanked once it has served. Times are UTC epoch
    seconds; ``tries`` counts how often a gateway was asked, ``problem`` is why it is where it is,
    in a few words without a number or a text, ``reference`` the gateway's own id."""

    id: str
    channel: str
    recipient: str
    body: str = field(repr=False)
    created_at: float
    expires_at: float
    contact: CallId | None = None
    state: MessageState = MessageState.QUEUED
    tries: int = 0
    due_at: float = 0.0
    changed_at: float = 0.0
    reference: str = ""
    problem: str = ""

    def becoming(
        self, state: MessageState, now: float, problem: str = "", reference: str = ""
    ) -> TextMessage:
        """The message in another state. Raises ValueError for one that cannot follow."""
        if state not in _FOLLOWING.get(self.state, frozenset()):
            raise ValueError(f"a message that is {self.state} cannot become {state}")
        return replace(
            self,
            state=state,
            changed_at=now,
            problem=problem,
            reference=reference or self.reference,
            tries=self.tries + (state is MessageState.SENDING),
        )

    def can_become(self, state: MessageState) -> bool:
        return state in _FOLLOWING.get(self.state, frozenset())
