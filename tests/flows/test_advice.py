"""What works and serves callers badly is told before a caller suffers from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.flows import advice
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import load_flows
from voicebot.types import Language

FlowMaker = Callable[..., FlowSet]

OPERATOR = "commands: {keys: {'0': operator}, steps: {operator: person}}\n"


def flow(*steps: str, head: str = "", start: str = "a") -> str:
    return f"{head}start: {start}\nsteps:\n" + "".join(f"  {step}\n" for step in steps)


PERSON = "person: {transfer: agents, on_failure: z}"
END = "z: {hangup: auto}"


def test_the_demo_has_no_warning(application: Path) -> None:
    flows = load_flows(application / "flows")

    assert [str(each) for each in advice.warnings(flows)] == []
    assert [str(each) for each in advice.unread_variables(flows)] == []


def test_a_prompt_longer_than_twelve_seconds_is_told(flow_set: FlowMaker) -> None:
    flows = flow_set(main=flow(f"a: {{say: {'word ' * 45}, next: z}}", END))

    assert [str(each) for each in advice.long_prompts(flows)] == [
        "flows/main.yaml:3:12: the prompt takes about 14 s to say; callers keep 12 in mind. "
        "Say less, or make two steps of it."
    ]


def test_a_prompt_that_was_rendered_is_measured(flow_set: FlowMaker) -> None:
    flows = flow_set(main=flow(f"a: {{say: {'word ' * 45}, next: z}}", END))

    assert list(advice.long_prompts(flows, lambda template, language: 11.9)) == []
    (told,) = advice.long_prompts(flows, lambda template, language: 13.2)
    assert "takes 13 s" in told.problem


@pytest.mark.parametrize(("language", "long"), [("en-US", False), ("zh-CN", True), ("ko", False)])
def test_what_is_long_depends_on_the_language(
    language: str, long: bool, flow_set: FlowMaker
) -> None:
    text = "x" * 60
    flows = flow_set(main=flow(f"a: {{say: {text}, next: z}}", END, head=f"language: {language}\n"))

    assert bool(list(advice.long_prompts(flows))) is long


def test_values_count_with_what_they_may_take(flow_set: FlowMaker) -> None:
    numbers = " ".join("{answer|digits}" for _ in range(7))
    flows = flow_set(main=flow(f'a: {{say: "{numbers}", next: z}}', END))

    assert len(list(advice.long_prompts(flows))) == 1


def test_a_menu_of_more_than_five_items_is_told(flow_set: FlowMaker) -> None:
    five = ", ".join(f'"{n}": m{n}' for n in range(1, 6))
    six = f'{five}, "6": m6'
    flows = flow_set(
        main=flow(
            f"a: {{ask: Hm?, keys: {{{five}}}, next: b}}",
            f"b: {{ask: Hm?, keys: {{{six}}}, next: c}}",
            f'c: {{ask: Hm?, keys: {{{five}, "6": m5}}, next: d}}',
            "d: {ask: Hm?, grammar: {list: [a, b, c, d, e, f, g]}, next: z}",
            END,
        )
    )

    assert [(each.line, each.problem) for each in advice.long_menus(flows)] == [
        (4, "step 'b' is a menu of 6 items; callers keep 5 in mind"),
        (6, "step 'd' is a menu of 7 items; callers keep 5 in mind"),
    ]


def test_a_question_without_a_way_to_a_person_is_told(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main=flow(
            "a: {ask: Hm?, grammar: g, next: {yes: b, no: c}}",
            "b: {ask: Hm?, grammar: g, commands: false, next: z}",
            "c: {ask: Hm?, grammar: g, next: z}",
            PERSON,
            END,
            head=OPERATOR,
        )
    )

    # 'commands: false' closes the way that all other questions have.
    assert [(each.line, each.problem) for each in advice.nobody_to_talk_to(flows)] == [
        (5, "from step 'b' no way leads to a person")
    ]


@pytest.mark.parametrize(
    ("more", "head"),
    [
        ("", OPERATOR),
        ("commands: {help: person}, ", ""),
        ("aside: {grammar: g, steps: {operator: person}}, ", ""),
        ("stop: [{if: x == 1, next: person}], ", ""),
        ("on_trouble: person, ", ""),
    ],
)
def test_a_form_leads_to_a_person_by_any_of_its_ways(
    more: str, head: str, flow_set: FlowMaker
) -> None:
    form = "a: {form: {x: {ask: Hm?, grammar: g}}, %snext: z}"

    led = flow_set(main=flow(form % more, PERSON, END, head=head))
    stuck = flow_set(main=flow(form % "commands: false, ", PERSON, END, head=head))

    assert list(advice.nobody_to_talk_to(led)) == []
    assert [each.problem for each in advice.nobody_to_talk_to(stuck)] == [
        "from step 'a' no way leads to a person"
    ]


def test_a_task_within_a_form_comes_back_to_the_ways_of_the_form(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main=flow(
            "a: {form: {x: {ask: Hm?, grammar: g, filled: b}}, next: person}",
            "b: {ask: Sure?, grammar: g, next: back}",
            "c: {ask: Hm?, grammar: g, next: end}",
            "back: {return: true}",
            "end: {return: true}",
            PERSON,
            END,
        )
    )

    assert [each.problem for each in advice.nobody_to_talk_to(flows)] == [
        "from step 'c' no way leads to a person"
    ]


def test_prompts_and_menus_of_slots_count(flow_set: FlowMaker) -> None:
    six = ", ".join(f'"{n}": m{n}' for n in range(1, 7))
    slots = f"{{x: {{ask: {'word ' * 45}, grammar: g}}, y: {{ask: Hm?, keys: {{{six}}}}}}}"
    flows = flow_set(main=flow(f"a: {{form: {slots}, next: z}}", END))

    assert len(list(advice.long_prompts(flows))) == 1
    assert [each.problem for each in advice.long_menus(flows)] == [
        "slot 'y' is a menu of 6 items; callers keep 5 in mind"
    ]


def test_an_application_without_people_is_told_once(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main=flow("a: {ask: Hm?, grammar: g, next: b}", "b: {ask: Hm?, grammar: g, next: z}", END)
    )

    (told,) = advice.nobody_to_talk_to(flows)

    assert str(told).startswith(
        "flows/main.yaml:3:3: nothing in this application leads to a person"
    )


def test_called_flows_lend_their_callers_way_to_a_person(flow_set: FlowMaker) -> None:
    inner = flow("a: {ask: Hm?, grammar: g, next: b}", "b: {return: true}")
    flows = flow_set(
        main=flow("a: {call: inner, next: z}", PERSON, END, head=OPERATOR), inner=inner
    )
    assert list(advice.nobody_to_talk_to(flows)) == []

    flows = flow_set(
        main=flow("a: {goto: inner}", "x: {transfer: agents, on_failure: a}", start="a"),
        inner=inner,
    )
    assert [each.file for each in advice.nobody_to_talk_to(flows)] == ["flows/inner.yaml"]


def test_a_way_may_lead_back_through_the_caller(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main=flow("a: {call: inner, next: person}", PERSON, END),
        inner=flow("a: {ask: Hm?, grammar: g, next: b}", "b: {return: true}"),
    )
    assert list(advice.nobody_to_talk_to(flows)) == []


def test_a_variable_that_nothing_reads_is_told_once(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main=flow(
            'a: {set: {used: "1", idle: "2"}, next: b}',
            'b: {ask: "{used}?", grammar: g, store: heard, next: c}',
            'c: {set: {idle: "3"}, next: z}',
            END,
        )
    )

    assert [(each.line, each.problem) for each in advice.unread_variables(flows)] == [
        (3, "nothing reads the variable 'idle'"),
        (4, "nothing reads the variable 'heard'"),
    ]


def test_a_grammar_of_another_language_is_told(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main=flow("a: {ask: Hm?, grammar: [g, h], next: z}", END, head="language: zh-CN\n")
    )
    grammars = {"g": Language("en-US"), "h": Language("zh-TW")}

    (told,) = advice.out_of_step(flows, grammars)

    assert str(told) == (
        "flows/main.yaml:4:27: the flow speaks zh-CN, its grammar 'g' en-US. "
        "Name a grammar of the flow's language."
    )


def test_intents_and_knowledge_are_wanted_in_every_language(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main=flow(END, start="z"), main_zh=flow(END, start="z", head="language: zh-CN\n")
    )

    told = advice.out_of_step(flows, {}, {"intents": [Language("en-US")], "knowledge": []})

    assert [str(each) for each in told] == [
        "flows/main_zh.yaml: intents has nothing in zh-CN. Add intents/zh-CN.yaml."
    ]
