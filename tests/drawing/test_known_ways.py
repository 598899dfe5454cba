"""Ways are looked for once, whatever else is known that nothing looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

import voicebot.drawing.known_ways
from voicebot.drawing.known_ways import KnownWays
from voicebot.drawing.ways import Way, ways_to
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import load_flows
from voicebot.flows.state import Frame

FLOW = """\
language: en-US
start: start
steps:
  start: {ask: What is it?, grammar: wish, store: wish, next: choose}
  choose:
    branch:
      - if: wish == "order"
        next: order
      - else: bye
  order: {ask: Which one of 12?, grammar: number, store: number, next: bye}
  bye: {say: Goodbye., hangup: auto}
"""


@pytest.fixture
def flows(tmp_path: Path) -> FlowSet:
    (tmp_path / "main.yaml").write_text(FLOW)
    return load_flows(tmp_path)


def _at_choice(**known: str) -> Way:
    return Way((Frame("main", "choose"),), known)


def test_what_conditions_look_at_makes_another_way(flows: FlowSet) -> None:
    ways = KnownWays(flows)
    for known in ({"wish": "order"}, {"wish": "hours"}, {}):
        found = ways.to("order", _at_choice(**known))
        expected = tuple(ways_to(flows, "order", _at_choice(**known)))
        assert [way.taken for way in found] == [way.taken for way in expected]
    assert ways.to("order", _at_choice(wish="hours")) == ()


def test_what_nothing_looks_at_is_not_asked_again(
    flows: FlowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = KnownWays(flows)
    first = ways.to("order", _at_choice(wish="order", number="4271"))
    monkeypatch.setattr(voicebot.drawing.known_ways, "ways_to", None)
    assert ways.to("order", _at_choice(wish="order", number="1508")) == first != ()


def test_the_words_of_a_step_are_cut_at_numbers(flows: FlowSet) -> None:
    ways = KnownWays(flows)
    assert ways.words("main", "order") == ("which one of",)
    assert ways.words("main", "gone") == ()
