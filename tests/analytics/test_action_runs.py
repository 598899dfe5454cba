"""Actions are told by how long contacts waited for them and how they ended."""

from __future__ import annotations

import pytest

from voicebot.action_result import ActionResult
from voicebot.analytics.action_runs import Run, Runs, figures_of, within
from voicebot.types import CallId


def _run(call: str, action: str, ms: float, result: ActionResult = ActionResult.DONE) -> Run:
    return Run(CallId(call), action, result, ms)


def test_an_action_is_told_by_its_times_and_its_ends() -> None:
    times = [_run(f"c{number}", "find", float(number)) for number in range(1, 101)]
    ends = [
        _run("c1", "find", 3000.0, ActionResult.TIMED_OUT),
        _run("c1", "find", 0.0, ActionResult.NOT_TRIED),
        _run("c2", "find", 9999.0, ActionResult.GIVEN_UP),
    ]
    (find,) = figures_of(Runs((*times, *ends), 400, True))
    assert (find.runs, find.contacts, find.share) == (103, 100, 0.25)
    assert (find.p50_ms, find.p95_ms) == (51.0, 96.0)
    assert sum(find.results.values()) == find.runs
    assert find.results[ActionResult.TIMED_OUT] == find.results[ActionResult.NOT_TRIED] == 1


def test_the_slowest_action_is_the_first() -> None:
    runs = (
        _run("a", "quick", 5.0),
        _run("a", "slow", 900.0),
        _run("a", "never", 0.0, ActionResult.NOT_TRIED),
    )
    found = figures_of(Runs(runs, 1, True))
    assert [each.action for each in found] == ["slow", "quick", "never"]
    assert found[-1].p95_ms is None
    assert figures_of(Runs((), 0, True)) == []


@pytest.mark.parametrize(("share", "ms"), [(0.5, 2.0), (0.51, 3.0), (0.95, 4.0), (1.0, 4.0)])
def test_a_share_of_times_is_within_the_time(share: float, ms: float) -> None:
    assert within([4.0, 1.0, 3.0, 2.0], share) == ms
    assert within([], share) is None
