"""What comes of an attempt to send: sent, tried again later, or given up. Pure.

Pauses double from `RetryPolicy.first_s` on, up to `LONGEST_S` (`sending.pauses.pause_s`). A gateway
that names a time of its own (Retry-After) is given it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from voicebot.sending.attempt import Accepted, Attempt, Refused, Undecided, Unreached
from voicebot.sending.pauses import pause_s
from voicebot.texting.message import MessageState, TextMessage

LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``tries`` in all, the first pause in seconds."""

    tries: int = 5
    first_s: float = 5.0


def after(
    message: TextMessage,
    attempt: Attempt,
    now: float,
    *,
    repeatable: bool,
    policy: RetryPolicy,
    jitter: float = 0.0,
) -> TextMessage:
    """The message, which is being sent, after ``attempt``. ``repeatable``: the gateway tells a
    repetition; ``jitter`` is 0..1."""
    match attempt:
        case Accepted(reference):
            return message.becoming(MessageState.SENT, now, reference=reference)
        case Refused(problem):
            return message.becoming(MessageState.FAILED, now, problem)
        case Undecided(problem) if not repeatable:
            return message.becoming(MessageState.UNSURE, now, problem)
        case Undecided(problem) | Unreached(problem):
            wait_s = attempt.retry_after_s if isinstance(attempt, Unreached) else None
            return _again(message, problem, now, wait_s, policy, jitter)


def _again(
    message: TextMessage,
    problem: str,
    now: float,
    wait_s: float | None,
    policy: RetryPolicy,
    jitter: float,
) -> TextMessage:
    if message.tries >= policy.tries:
        return message.becoming(MessageState.FAILED, now, problem)
    pause = pause_s(message.tries, policy.first_s, LONGEST_S, jitter)
    due_at = now + max(pause, wait_s or 0.0)
    if due_at >= message.expires_at:
        return message.becoming(MessageState.EXPIRED, now, problem)
    return replace(message.becoming(MessageState.QUEUED, now, problem), due_at=due_at)
