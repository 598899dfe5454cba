"""Admission."""

from __future__ import annotations

from voicebot.sessions.registry import CallRegistry, Refusal
from voicebot.types import CallId, Outcome


class QuietCall:
    open_call = None

    def __init__(self, call_id: str) -> None:
        self.call_id = CallId(call_id)

    def end_politely(self) -> None:
        raise AssertionError("nobody asked it to end")


def test_call_past_the_limit_is_refused_and_a_freed_line_is_given_again() -> None:
    registry = CallRegistry(max_calls=2)
    assert registry.admit(CallId("a")) is None
    assert registry.admit(CallId("b")) is None
    assert registry.admit(CallId("c")) is Refusal.FULL
    registry.ended(CallId("a"), Outcome.SELF_SERVED)
    assert registry.admit(CallId("c")) is None
    assert registry.active == 2


def test_retransmitted_call_holds_one_line() -> None:
    registry = CallRegistry(max_calls=1)
    assert registry.admit(CallId("a")) is None
    assert registry.admit(CallId("a")) is None
    assert registry.active == 1


def test_calls_are_refused_while_the_workers_are_behind_and_admitted_afterwards() -> None:
    behind = True
    registry = CallRegistry(max_calls=2, has_room=lambda: not behind)
    assert registry.admit(CallId("a")) is Refusal.BEHIND
    assert registry.active == 0
    behind = False
    assert registry.admit(CallId("a")) is None
    behind = True
    assert registry.admit(CallId("a")) is None, "a call that has its line keeps it"


def test_nobody_is_admitted_while_draining_and_running_calls_stay() -> None:
    registry = CallRegistry(max_calls=5)
    registry.admit(CallId("a"))
    call = QuietCall("a")
    registry.began(call)
    registry.draining = True
    assert registry.admit(CallId("b")) is Refusal.DRAINING
    assert registry.running() == (call,)


def test_refused_call_is_counted_without_a_line() -> None:
    registry = CallRegistry(max_calls=1)
    registry.admit(CallId("a"))
    registry.ended(CallId("b"), Outcome.REFUSED)
    assert registry.active == 1
    assert registry.outcomes[Outcome.REFUSED] == 1
    assert registry.outcomes[Outcome.FAILED] == 0
