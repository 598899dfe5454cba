"""Flow files to flows, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.errors import FlowError
from voicebot.flows import steps as kinds
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import STEP_CLASSES, load_flows, read_flows
from voicebot.flows.vocabulary import STEP_KINDS, step_keys
from voicebot.types import Outcome, Prompt, SayAs, Value

GOOD = """\
start: hello
steps:
  hello:
    say: Hello.
    next: bye
  bye:
    hangup: auto
"""


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path) -> list[str]:
    return [str(problem).removeprefix(str(folder) + "/") for problem in read_flows(folder)[1]]


def test_every_yaml_file_is_a_flow_but_the_actions(tmp_path: Path) -> None:
    flows = load_flows(write(tmp_path, main=GOOD, other=GOOD, actions="find: {}\n"))

    assert sorted(flows.flows) == ["main", "other"]
    assert flows["main"].language == "en-US"
    assert isinstance(flows["main"].steps["bye"], kinds.HangUpStep)


def test_folder_without_flows_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"holds no flow. Write one, such as main.yaml."):
        load_flows(tmp_path)


def test_all_problems_are_found_in_one_go(tmp_path: Path) -> None:
    write(
        tmp_path,
        main="""\
start: hello
languge: en-US
steps:
  hello:
    say: Hello {name|digit}.
    next: bye
    bargein: maybe
  menu:
    ask: Yes?
    grammer: yesno
    keys: {x: 1}
    timeout_ms: -1
  nothing:
    next: bye
  both:
    set: {a: 1}
    act: find
  typo:
    tranfer: agents
  text: hello
  empty:
    say:
    next: bye
  bye:
    hangup: happily
""",
    )

    assert faults(tmp_path) == [
        "main.yaml:2:1: unknown key in the flow: 'languge'. Did you mean 'language'?",
        "main.yaml:5:22: 'digit' is no way to read a value out. Did you mean 'digits'?",
        "main.yaml:7:14: expected true or false, not text",
        "main.yaml:8:3: step 'menu' has no 'next'. "
        "Add it: the step that follows, or a step for each meaning.",
        "main.yaml:10:5: unknown key in step 'menu': 'grammer'. Did you mean 'grammar'?",
        "main.yaml:11:12: 'x' is not on a keypad. Keys are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, *, #, "
        "A, B, C, D, one or several.",
        "main.yaml:12:17: expected a whole number from 1 to 600000",
        "main.yaml:13:3: step 'nothing' does nothing. "
        "Give it one of: act, answer, ask, branch, call, form, goto, hangup, language, offer_text, "
        "return, say, set, transfer.",
        "main.yaml:17:5: step 'both' has both 'set' and 'act'. Make two steps of it.",
        "main.yaml:19:5: unknown kind of step 'tranfer'. Did you mean 'transfer'?",
        "main.yaml:20:3: step 'text' is text. Write its keys below it, indented.",
        "main.yaml:22:8: expected the text of a prompt, not nothing",
        "main.yaml:25:13: 'happily' is no outcome. Known here: abandoned_in_flow, "
        "abandoned_in_queue, auto, callback_booked, failed, moved_to_text, refused, self_served, "
        "transferred.",
    ]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("branch: yes", "a branch is a list, not text"),
        ("branch: [{if: a, next: s}]", "the branch has no 'else'"),
        ("branch: [{else: s}, {if: a, next: s}]", "nothing may follow 'else'"),
        ("branch: [{if: a}, {else: s}]", "the case has no 'next'"),
        ("branch: [{if: 'a =', next: s}, {else: s}]", "'=' has no meaning here"),
        ("{set: {answer: 1}, next: s}", "'answer' is set by voicebot: meaning of the last answer"),
        ("{set: {Big: 1}, next: s}", "'Big' cannot be a name here"),
        ("{say: {order}, next: s}", "expected the text of a prompt, not a mapping"),
        ("{say: [], next: s}", "an empty list of prompts"),
        ("{say: Hi, next: no such}", "'no such' is not the name of a step"),
        ("{return: false}", "only true makes sense here"),
        ("{ask: Hm, grammar: g, next: s, store: A}", "'A' is not the name of a variable"),
        ("{ask: Hm, grammar: g, next: s, termchar: '##'}", "expected one key, or '' for none"),
        ("{ask: Hm, grammar: g, next: s, commands: true}", "commands are false or a mapping"),
        ("{ask: Hm, grammar: g, next: s, confirm: {}}", "confirm has no 'ask'"),
        (
            "{ask: Hm, grammar: g, next: s, confirm: {ask: Hm, below: 2}}",
            "expected a confidence from 0 to 1",
        ),
    ],
)
def test_fault_in_a_step_is_named(step: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, main=f"start: s\nsteps:\n  s:\n    {step}\n")

    found = faults(tmp_path)

    assert any(message in fault for fault in found), found
    assert all(fault.startswith(("main.yaml:3:", "main.yaml:4:")) for fault in found)


def test_loading_raises_the_first_problem_and_counts_the_rest(tmp_path: Path) -> None:
    write(tmp_path, main=GOOD.replace("bye", "by", 1).replace("auto", "never"))

    with pytest.raises(FlowError) as caught:
        load_flows(tmp_path)

    assert str(caught.value).endswith(
        "main.yaml:5:11: step 'by' does not exist. Did you mean 'bye'? "
        "(1 more: run voicebot check.)"
    )


def test_flow_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    assert faults(write(tmp_path, main="- a\n")) == [
        "main.yaml:1:1: a flow is a mapping. Begin with 'start:'."
    ]


def test_problems_of_steps_show_even_where_the_start_is_missing(tmp_path: Path) -> None:
    found = faults(write(tmp_path, main="steps:\n  a: {say: Hi}\n"))

    assert found == [
        "main.yaml:1:1: the flow has no 'start'. Add it: the first step.",
        "main.yaml:2:3: step 'a' has no 'next'. Add it: the step that follows.",
    ]


@pytest.mark.parametrize("kind", STEP_KINDS)
def test_the_keys_of_a_step_are_the_fields_of_its_model(kind: str) -> None:
    assert {key.name for key in step_keys(kind)} == kinds.step_keys(STEP_CLASSES[kind])


def test_outcome_auto_means_what_was_reached(flow_set: Callable[..., FlowSet]) -> None:
    steps = flow_set(main="{start: a, steps: {a: {hangup: auto}, b: {hangup: self_served}}}")[
        "main"
    ].steps

    assert isinstance(steps["a"], kinds.HangUpStep)
    assert steps["a"].hangup is None
    assert isinstance(steps["b"], kinds.HangUpStep)
    assert steps["b"].hangup is Outcome.SELF_SERVED


def test_flow_set_lists_prompts_grammars_actions_and_transfers(
    flow_set: Callable[..., FlowSet],
) -> None:
    flows = flow_set(
        main="""
        language: de
        start: a
        commands: {grammar: commands}
        noinput: Ja?
        steps:
          a:
            say: [Hallo., "Nummer {n|digits}."]
            ask: Was?
            grammar: [wunsch, builtin:digits]
            help: Hallo.
            confirm: {ask: Wirklich?}
            next: b
          b: {act: find, filler: Moment., next: c, on_error: c}
          c: {transfer: agents, on_failure: a}
        """
    )

    assert [(prompt.parts, language) for prompt, language in flows.prompts()] == [
        (("Ja?",), "de"),
        (("Hallo.",), "de"),
        (("Nummer ", Value("", SayAs.DIGITS), "."), "de"),
        (("Was?",), "de"),
        (("Wirklich?",), "de"),
        (("Moment.",), "de"),
    ]
    assert next(flows.prompts())[0] == Prompt(("Ja?",))
    assert [reference.name for reference in flows.grammars()] == [
        "commands",
        "wunsch",
        "builtin:digits?language=de",
        "builtin:boolean?language=de",
    ]
    assert [reference.name for reference in flows.actions()] == ["find"]
    assert [reference.name for reference in flows.transfers()] == ["agents"]
