"""SVG and Mermaid show every step, its words and its ways."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from voicebot.drawing.boxes import chart
from voicebot.drawing.mermaid import mermaid
from voicebot.drawing.svg import svg, text_width, wrapped
from voicebot.flows.model import FlowSet

SVG = "{http://www.w3.org/2000/svg}"

FLOWS = {
    "main": """
    start: ask
    commands: {keys: {"0": operator}, steps: {operator: person}}
    steps:
      ask:
        ask: 'Say "yes" & press <1>: ok?'
        grammar: g
        next: {"yes": look, else: choose}
      look: {act: find, arguments: {number: "{answer}"}, next: choose, on_error: end}
      choose:
        branch:
          - {if: "answer == null or (tries >= 2 and not (order.eta in ['a', 1]))", next: person}
          - else: other
      other: {call: returns, next: end}
      person: {transfer: agents, on_failure: end}
      end: {say: "Bye {answer|digits}.", hangup: auto}
    """,
    "returns": "start: a\nsteps:\n  a: {say: 您好，欢迎致电。, next: b}\n  b: {return: true}\n",
}


@pytest.fixture
def flows(flow_set: Callable[..., FlowSet]) -> FlowSet:
    return flow_set(**FLOWS)


def texts(drawn: str) -> str:
    return " ".join("".join(each.itertext()) for each in ET.fromstring(drawn).iter(f"{SVG}text"))


def test_svg_is_well_formed_and_shows_every_step_with_its_words(flows: FlowSet) -> None:
    drawn = svg([chart(flow) for flow in flows])
    shown = texts(drawn)

    for flow in flows:
        for step in flow.steps:
            assert step in shown
    assert 'Say "yes" & press <1>: ok?' in shown
    assert "Bye {answer|digits}." in shown
    assert "您好，欢迎致电。" in shown
    assert "find(number)" in shown


def test_every_way_is_a_link_to_its_step(flows: FlowSet) -> None:
    root = ET.fromstring(svg([chart(flow) for flow in flows]))
    places = {each.get("id") for each in root.iter(f"{SVG}g")}
    links = [str(each.get("href")).removeprefix("#") for each in root.iter(f"{SVG}a")]

    assert {"main.person", "main.end", "returns.b", "returns"} <= set(links)
    assert set(links) - places <= {"returns"}  # a frame, named after its flow


def test_conditions_are_written_as_the_designer_would(flows: FlowSet) -> None:
    ways = {box.name: [way.label for way in box.ways] for box in chart(flows["main"]).boxes}

    assert ways["choose"] == [
        "answer == null or tries >= 2 and not order.eta in ['a', 1]",
        "else",
    ]
    assert ways["ask"] == ["yes", "else"]
    assert ways["look"] == ["", "fails"]


def test_counts_stand_on_the_ways_and_unused_steps_are_pale(flows: FlowSet) -> None:
    counts = {("main", "ask", -1): 7, ("main", "ask", 0): 5, ("main", "look", -1): 5}

    drawn = svg([chart(flows["main"], counts)])

    assert "ask · 7" in texts(drawn)
    assert "yes: 5" in texts(drawn)
    assert drawn.count('class="unused"') == 4


def test_mermaid_names_every_step_and_escapes_what_it_would_stumble_over(flows: FlowSet) -> None:
    drawn = mermaid([chart(flow) for flow in flows])

    assert drawn.startswith("flowchart TD\n  subgraph s_main")
    assert "Say #quot;yes#quot; & press #lt;1#gt;: ok?" in drawn
    assert 's_main_2e_ask -->|"yes"| s_main_2e_look' in drawn
    assert 's_main_2e_look -.->|"fails"| s_main_2e_end' in drawn
    assert 's_main_2e_other -->|"calls"| s_returns_2e_a' in drawn
    assert '-. "operator" .-> s_main_2e_person' in drawn
    assert drawn.count("subgraph") == drawn.count("  end\n") == 2


def test_a_form_shows_its_questions_and_why_it_is_left(demo: FlowSet) -> None:
    (box,) = (box for box in chart(demo["main"]).boxes if box.name == "return_form")
    ways = {way.label: way.target for way in box.ways}

    assert box.kind == "form"
    assert "What is wrong with it?" in box.words
    assert box.facts == ("fills number, reason, remedy, day",)
    assert ways[""] == "open_return"
    assert ways["tries >= 2"] == "still_unknown"
    assert ways["looks at number"] == "find_return"
    assert ways["hours"] == "hours"


def test_the_demo_can_be_drawn(demo: FlowSet) -> None:
    charts = [chart(flow) for flow in demo]

    root = ET.fromstring(svg(charts))
    boxes = [each for each in root.iter(f"{SVG}g") if each.get("id")]

    assert len(boxes) == sum(len(flow.steps) for flow in demo)
    assert mermaid(charts).count(":::") == len(boxes)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("one two three four", ["one two", "three four"]),
        ("incomprehensibilities", ["incomprehe", "nsibilitie", "s"]),
        ("一二三四五六七", ["一二三四五", "六七"]),
        ("", [""]),
    ],
)
def test_text_is_wrapped(text: str, lines: list[str]) -> None:
    assert wrapped(text, 63) == lines
    assert all(text_width(line) <= 63 for line in lines)


def test_text_that_is_too_long_is_cut_off() -> None:
    lines = wrapped("word " * 100, 100, 3)

    assert len(lines) == 3
    assert lines[-1].endswith("…")
