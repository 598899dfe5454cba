"""What cannot work is found before a call finds it."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from voicebot.errors import FlowError
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.outside import Known, missing_transfers
from voicebot.flows.validation import validate

FlowMaker = Callable[..., FlowSet]
Reading = Callable[..., tuple[Flow | None, list[FlowError]]]


def messages(flows: FlowSet, known: Known | None = None) -> list[str]:
    return [str(problem) for problem in validate(flows, known or Known())]


def test_a_sound_flow_has_no_problem(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="""
        start: a
        steps:
          a: {ask: Hm?, grammar: g, next: {yes: b, no: c}}
          b: {say: Fine., next: a}
          c: {hangup: auto}
        """
    )

    assert messages(flows, Known(grammars={"g"}, actions={}, transfers=set())) == []


def test_missing_step_is_named_with_the_nearest_one(flow_set: FlowMaker) -> None:
    text = """\
    start: greeting
    steps:
      greeting:
        ask: Hm?
        grammar: g
        next:
          status: ordr_status
      order_status: {hangup: auto}
    """

    assert messages(flow_set(main=dedent(text)))[0] == (
        "flows/main.yaml:7:15: step 'ordr_status' does not exist. Did you mean 'order_status'?"
    )


@pytest.mark.parametrize(
    ("start", "where"), [("trouble: {next: x}", "2:17"), ("commands: {steps: {o: x}}", "2:23")]
)
def test_commands_and_trouble_must_lead_somewhere(
    start: str, where: str, flow_set: FlowMaker
) -> None:
    flows = flow_set(main=f"start: a\n{start}\nsteps:\n  a: {{hangup: auto}}\n")

    assert messages(flows) == [f"flows/main.yaml:{where}: step 'x' does not exist. Known here: a."]


def test_step_that_nothing_leads_to_is_reported(flow_set: FlowMaker) -> None:
    flows = flow_set(main="start: a\nsteps:\n  a: {hangup: auto}\n  b: {say: Hi, next: a}\n")

    assert messages(flows) == [
        "flows/main.yaml:4:3: step 'b' cannot be reached. Lead a step to it, or delete it."
    ]


def test_steps_of_commands_and_trouble_count_as_reached(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="""
        start: a
        commands: {grammar: g, steps: {operator: b}}
        trouble: {next: c}
        steps:
          a: {hangup: auto}
          b: {hangup: auto}
          c: {hangup: auto}
        """
    )

    assert messages(flows) == []


def test_loop_that_no_answer_leaves_is_reported_once(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="""\
        start: a
        trouble: {next: out}
        steps:
          a: {ask: Hm?, grammar: g, next: {x: b, y: c}}
          b: {say: Hi., next: a}
          c: {set: {n: 1}, next: b}
          out: {hangup: auto}
        """
    )

    assert messages(flows) == [
        "flows/main.yaml:4:3: from step 'a' no answer leads to a hang-up, a transfer or a return. "
        "Give the caller a way out, such as 'goodbye'."
    ]


def test_trouble_and_commands_are_no_way_out_for_those_who_answer(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="""\
        start: a
        steps:
          a: {ask: Hm?, grammar: g, next: a, on_trouble: out, commands: {operator: out}}
          out: {hangup: auto}
        """
    )

    assert [problem.split(": ")[1] for problem in messages(flows)] == [
        "from step 'a' no answer leads to a hang-up, a transfer or a return. Give the caller a "
        "way out, such as 'goodbye'."
    ]


def test_return_is_a_way_out_of_a_called_flow(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="{start: a, steps: {a: {call: sub, next: b}, b: {hangup: auto}}}",
        sub="{start: a, steps: {a: {say: Hi., next: b}, b: {return: true}}}",
    )

    assert messages(flows) == []


def test_missing_flow_is_named(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="{start: a, steps: {a: {call: returns, next: b}, b: {goto: retuns}}}",
        retuns="{start: a, steps: {a: {hangup: auto}}}",
    )

    assert messages(flows) == [
        "flows/main.yaml:1:30: flow 'returns' does not exist. Did you mean 'retuns'?"
    ]


def test_names_outside_the_flows_are_checked_where_the_lists_are_given(
    flow_set: FlowMaker,
) -> None:
    flows = flow_set(
        main="""\
        start: a
        commands: {grammar: comands}
        steps:
          a: {ask: Hm?, grammar: [menu, "builtin:digits"], next: b}
          b: {act: find, arguments: {no: 1}, next: c, on_error: c}
          c: {act: delete, next: d, on_error: d}
          d: {transfer: agent, on_failure: e}
          e: {transfer: "sip:shop@example.org", on_failure: f}
          f: {hangup: auto}
        """
    )
    known = Known(
        grammars={"commands"},
        actions={"find": {"number": True, "year": False}},
        transfers={"agents"},
    )

    assert messages(flows) == []
    assert messages(flows, known) == [
        "flows/main.yaml:2:21: grammar 'comands' does not exist. Did you mean 'commands'?",
        "flows/main.yaml:4:27: grammar 'menu' does not exist. Write grammars/menu.gram.",
        "flows/main.yaml:5:12: action 'find' has no argument 'no'. Known here: number, year.",
        "flows/main.yaml:5:12: action 'find' needs the argument 'number'. Add it to 'arguments'.",
        "flows/main.yaml:6:12: action 'delete' does not exist. Define it in actions.yaml.",
        "flows/main.yaml:7:17: the settings have no transfer target 'agent'. "
        "Did you mean 'agents'?",
    ]


def test_transfer_without_any_target_set_tells_what_to_write(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="{start: a, steps: {a: {transfer: agents, on_failure: b}, b: {hangup: auto}}}"
    )

    assert [problem.remedy for problem in missing_transfers(flows, {})] == [
        'Under [transfers] in voicebot.toml, write: agents = "sip:...".'
    ]


def test_variable_that_no_step_sets_is_reported_at_its_place(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="""\
        start: a
        steps:
          a: {act: find, arguments: {n: "{numbr}"}, store: order, next: b, on_error: b}
          b: {say: "Hi {caller}, {ordr.number|digits}.", next: c}
          c: {branch: [{if: number == answer, next: d}, {else: d}]}
          d: {set: {number: "{answer.number}"}, next: e}
          e: {hangup: auto}
        """
    )

    assert messages(flows) == [
        "flows/main.yaml:3:35: variable 'numbr' is set nowhere. Did you mean 'number'?",
        "flows/main.yaml:4:27: variable 'ordr' is set nowhere. Did you mean 'order'?",
    ]


def test_question_that_understands_nothing_is_reported(flow_set: FlowMaker) -> None:
    flows = flow_set(main="start: a\nsteps:\n  a: {ask: Hm?, next: b}\n  b: {hangup: auto}\n")

    assert messages(flows) == [
        "flows/main.yaml:3:3: step 'a' asks but understands no answer. Add 'grammar' or 'keys'."
    ]


def test_key_whose_meaning_leads_nowhere_is_reported(flow_set: FlowMaker) -> None:
    flows = flow_set(
        main="""\
        start: a
        commands: {grammar: g, keys: {"0": operatr}, steps: {operator: b}}
        steps:
          a: {ask: Hm?, keys: {"1": {intent: yes}, "2": no}, next: {yes: b}}
          b: {hangup: auto}
        """
    )

    assert messages(flows) == [
        "flows/main.yaml:2:21: key 0 means the command 'operatr', which has no step. "
        "Did you mean 'operator'?",
        "flows/main.yaml:4:3: key 2 of step 'a' leads nowhere: 'next' has no step for its "
        "meaning. Add the meaning, or 'else', to 'next'.",
    ]


def test_steps_that_could_not_be_read_cause_no_further_problems(reading: Reading) -> None:
    flow, problems = reading(
        "start: a\nsteps:\n  a: {say: Hi}\n  b: {say: Hi, next: a}\n  c: {hangup: auto}\n"
    )
    assert flow is not None

    assert [problem.problem for problem in problems] == ["step 'a' has no 'next'"]
    assert messages(FlowSet({"main": flow})) == []


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            "a: {say: Hm., next: b}\n  b: {branch: [{if: caller, next: a}, {else: z}]}",
            "from step 'a' the flow may go round without listening",
        ),
        (
            "a: {branch: [{if: caller, next: b}, {else: z}]}\n  b: {set: {n: 1}, next: a}",
            "from step 'a' the flow may go round without listening",
        ),
        ("a: {branch: [{if: n == 1, next: z}, {else: b}]}\n  b: {set: {n: 1}, next: a}", ""),
        (
            "a: {branch: [{if: caller, next: b}, {else: z}]}\n"
            "  b: {ask: Hm?, keys: {'1': 1}, next: a}",
            "",
        ),
    ],
)
def test_loop_without_listening_that_nothing_ends_is_told(
    flow_set: Callable[..., FlowSet], steps: str, told: str
) -> None:
    flows = flow_set(main=f"start: a\nsteps:\n  {steps}\n  z: {{hangup: auto}}\n")

    problems = [str(problem) for problem in validate(flows)]

    assert len(problems) == bool(told)
    assert all(told in problem for problem in problems)
