"""Calls and conversations stand in one line, and each kind is told its own wait."""

from __future__ import annotations

import pytest

from benchmarks.call_centre import CallCentre, exponential, mixed
from tests.acd.floor_plan import MORNING, Centre, of_type
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Channel, ContactId, QueueRules

RULES = QueueRules("q", handling_s=100, announcing=None)


def told(effects: tuple[e.Effect, ...]) -> float | None:
    (queued,) = of_type(effects, e.Queued)
    return queued.wait_s


def busy() -> Centre:
    """One agent takes a call, one a conversation, and both have it."""
    centre = Centre(RULES)
    centre.sign_in("caller's", voice=1, text=0)
    centre.sign_in("writer's", voice=0, text=1)
    centre.arrive("c0", 0)
    centre.arrive("t0", 0, channel=Channel.TEXT)
    return centre


def test_who_takes_the_other_kind_is_no_help() -> None:
    centre = busy()
    assert told(centre.arrive("c1", 0)) == pytest.approx(100)
    assert told(centre.arrive("t1", 0, channel=Channel.TEXT)) == pytest.approx(100)


def test_who_waits_for_the_other_kind_is_in_nobodys_way() -> None:
    centre = busy()
    for number in range(5):
        centre.arrive(f"t{number + 1}", 0, channel=Channel.TEXT)
    (queued,) = of_type(centre.arrive("c1", 0), e.Queued)
    assert queued.position == 6
    assert queued.wait_s == pytest.approx(100)
    assert centre.acd.wait_left(ContactId("c1")) == pytest.approx(100)
    assert centre.acd.wait_left(ContactId("t5")) == pytest.approx(500)


def test_nobody_is_told_a_wait_where_only_the_other_kind_is_taken() -> None:
    centre = Centre(RULES)
    centre.sign_in("writer's", voice=0, text=3)
    assert told(centre.arrive("c1", 0)) is None


def test_an_agent_of_three_conversations_counts_as_three_places() -> None:
    centre = Centre(RULES)
    centre.sign_in("ann", voice=0, text=3)
    for number in range(3):
        centre.arrive(f"t{number}", 0, channel=Channel.TEXT)
    assert told(centre.arrive("t3", 0, channel=Channel.TEXT)) == pytest.approx(100 / 3)


def test_a_queue_is_told_for_each_kind() -> None:
    centre = Centre(RULES)
    centre.sign_in("caller's", voice=1, text=0)
    centre.sign_in("writer's", voice=0, text=1)
    centre.arrive("c0", 0)
    state = centre.acd.queue("q", MORNING)
    calls, texts = state.channels[Channel.VOICE], state.channels[Channel.TEXT]
    assert (calls.agents, calls.free, state.agents) == (1, 0, 2)
    assert calls.next_wait_s == state.next_wait_s == pytest.approx(100)
    assert (texts.agents, texts.free, state.free) == (1, 1, 1)
    assert texts.next_wait_s == 0.0


def test_where_nobody_takes_calls_the_queue_tells_the_wait_of_who_writes() -> None:
    centre = Centre(RULES)
    centre.sign_in("writer's", voice=0, text=1)
    assert centre.acd.queue("q", MORNING).next_wait_s == 0.0


def test_who_takes_no_calls_for_now_is_no_help_to_callers() -> None:
    centre = Centre(RULES)
    centre.sign_in("ann")
    centre.sign_in("bob")
    centre.arrive("c0", 0)
    centre.answer("c0", "ann", 0)
    centre.arrive("c1", 0)
    centre.answer("c1", "bob", 0)
    assert told(centre.arrive("c2", 0)) == pytest.approx(50)
    centre.do(ev.Room(AgentId("bob"), 0, 3), 0)
    assert centre.acd.wait_left(ContactId("c2")) == pytest.approx(100)
    centre.do(ev.Pause(AgentId("bob"), "lunch"), 0)
    centre.do(ev.Room(AgentId("bob"), 1, 3), 0)
    assert centre.acd.wait_left(ContactId("c2")) == pytest.approx(100)
    centre.do(ev.Resume(AgentId("bob")), 0)
    assert centre.acd.wait_left(ContactId("c2")) == pytest.approx(50)


def test_who_goes_on_in_the_other_way_says_nothing_of_the_estimates() -> None:
    centre = busy()
    centre.arrive("c1", 0)
    centre.do(ev.Move(ContactId("c1"), Channel.TEXT), 10)
    centre.answer("t0", "writer's", 10)
    centre.finish("t0", 20)
    centre.answer("c1", "writer's", 20)
    assert centre.acd.queue("q", MORNING + 20).error.count == 0


def test_both_kinds_are_told_about_right_where_some_agents_take_only_one() -> None:
    profiles = tuple(
        AgentProfile(AgentId(f"a{number}"), ("q",), voice=number < 6, text=0 if number < 6 else 3)
        for number in range(9)
    )
    handling = {Channel.VOICE: exponential(240.0), Channel.TEXT: exponential(420.0)}
    centre = CallCentre((RULES,), profiles, handling, seed=3)
    tally = centre.run(mixed(0.023, 0.018, 6_000, "q", 4))
    for pairs in tally.told.values():
        assert len(pairs) > 500
        waited = sum(truth for _, truth in pairs)
        assert abs(sum(estimate - truth for estimate, truth in pairs)) < 0.2 * waited
        assert sum(abs(estimate - truth) for estimate, truth in pairs) < 0.5 * waited
