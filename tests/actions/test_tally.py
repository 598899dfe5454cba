"""How often actions ran, how it ended, how long it took; and how /metrics tells it."""

from __future__ import annotations

import pytest

from tests.actions.conftest import Loader, Service, answer
from voicebot.action_result import ActionResult
from voicebot.actions.tally import MAX_NAMES, OTHERS, ActionTally
from voicebot.errors import ActionError
from voicebot.figures.actions import action_figures
from voicebot.web.metrics import Figure, Histogram


async def test_runs_are_counted_by_how_they_ended(load: Loader, service: Service) -> None:
    service.answers = [answer(200, "1"), answer(404), answer(500)]
    registry = load(f"a:\n  http: GET {service.url}/\n")
    await registry.run("a", {})
    for _ in range(1 + 5 + 1):
        with pytest.raises(ActionError):
            await registry.run("a", {})
    figures = registry.tally.figures()["a"]
    assert figures.results == {
        ActionResult.DONE: 1,
        ActionResult.REFUSED: 1,
        ActionResult.FAILED: 5,
        ActionResult.NOT_TRIED: 1,
    }
    assert sum(figures.counts) == 7


def test_times_fall_between_their_bounds() -> None:
    tally = ActionTally()
    for seconds in (0.01, 0.3, 99.0):
        tally.ended("a", ActionResult.DONE, seconds)
    tally.ended("a", ActionResult.GIVEN_UP, 5.0)
    figures = tally.figures()["a"]
    assert list(figures.counts) == [1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    assert figures.seconds == pytest.approx(99.31)


def test_names_without_end_do_not_fill_the_memory() -> None:
    tally = ActionTally()
    for number in range(MAX_NAMES + 5):
        tally.ended(f"a{number}", ActionResult.DONE, 0.1)
    assert len(tally.figures()) == MAX_NAMES + 1
    assert tally.figures()[OTHERS].results[ActionResult.DONE] == 5


def test_figures_have_their_labels() -> None:
    tally = ActionTally()
    tally.ended("a", ActionResult.FAILED, 3.0)
    tally.processes_replaced = 2
    figures = list(action_figures(tally))
    runs = [each for each in figures if isinstance(each, Figure) and each.labels]
    assert [(each.name, each.value, dict(each.labels)) for each in runs] == [
        ("voicebot_action_runs_total", 1, {"action": "a", "result": "failed"})
    ]
    (times,) = [each for each in figures if isinstance(each, Histogram)]
    assert (times.name, times.total) == ("voicebot_action_seconds", 3.0)
    values = {each.name: each.value for each in figures if isinstance(each, Figure)}
    assert values["voicebot_action_processes_replaced_total"] == 2
