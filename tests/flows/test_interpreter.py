"""The interpreter: steps, other flows, actions, transfers, outcomes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from voicebot.errors import UsageError
from voicebot.flows.commands import Act, HangUp, Listen, Say, Transfer
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    ContactStarted,
    NoInput,
    TransferDone,
    TransferRefused,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.flows.state import FlowState
from voicebot.types import Outcome, Prompt, SayAs, Value

from .conftest import Conversation

Converse = Callable[..., Conversation]

ASK = """
start: greet
steps:
  greet: {say: [Hello., "You called {callee|digits}."], bargein: false, next: menu}
  menu: {ask: Which?, grammar: answers, keys: {"1": hours}, next: {hours: hours, else: other}}
  hours: {say: Nine to six., served: true, next: more}
  other: {say: "You said {answer}.", next: more}
  more: {ask: More?, grammar: answers, next: {yes: menu, no: bye}}
  bye: {say: Goodbye., hangup: auto, reason: done}
"""


def test_call_is_greeted_and_asked(converse: Converse) -> None:
    talk = converse(main=ASK)

    assert talk.commands[0] == Say(Prompt(("Hello.",)), bargein=False)
    assert talk.said == ["Hello.", "You called .", "Which?"]
    assert talk.last == Listen(("answers",), {"1": "hours"})


def test_facts_of_the_contact_are_variables(flow_set: Callable[..., FlowSet]) -> None:
    talk = Conversation(flow_set(main=ASK)).start(callee="5550100")

    assert talk.said[1] == "You called <digits:5550100>."


def test_answer_leads_by_its_meaning(converse: Converse) -> None:
    assert converse(main=ASK).hear("hours").said == ["Nine to six.", "More?"]
    assert converse(main=ASK).hear({"intent": "hours", "day": "today"}).said[0] == "Nine to six."
    assert converse(main=ASK).hear("cheese").said == ["You said cheese.", "More?"]


def test_meaning_without_a_way_is_a_nomatch(converse: Converse) -> None:
    talk = converse(main=ASK).hear("hours").hear("perhaps")

    assert talk.said == ["More?"]
    assert talk.state.counts.nomatch_here == 1


def test_booleans_lead_by_true_and_false(converse: Converse) -> None:
    flow = """
    start: a
    steps:
      a: {ask: Sure?, grammar: g, next: {true: yes, false: no}}
      yes: {say: Yes., hangup: auto}
      no: {say: No., hangup: auto}
    """

    assert converse(main=flow).hear(True).said == ["Yes."]
    assert converse(main=flow).hear(False).said == ["No."]


def test_set_and_branch_work_on_variables(converse: Converse) -> None:
    flow = """
    start: a
    steps:
      a: {set: {n: 0, list: [1, 2]}, next: b}
      b: {set: {n: "{n + 1}"}, next: c}
      c:
        branch:
          - {if: n < 3 and 2 in list, next: b}
          - {if: n == 3, next: right}
          - else: wrong
      right: {say: "{n|number}", hangup: auto}
      wrong: {hangup: failed}
    """

    talk = converse(main=flow)

    assert talk.commands[0] == Say(Prompt((Value(3, SayAs.NUMBER),)))


def test_loop_that_never_listens_ends_as_failed(converse: Converse) -> None:
    talk = converse(main="{start: a, steps: {a: {say: Hi., next: b}, b: {set: {}, next: a}}}")

    assert talk.last == HangUp(Outcome.FAILED, "the flow took 100 steps without listening")
    assert len(talk.commands) <= 101


def test_timeouts_and_termchar_reach_the_listen_command(converse: Converse) -> None:
    talk = converse(
        main="""
        start: a
        steps:
          a:
            ask: Hm?
            grammar: g
            next: b
            timeout_ms: 1
            completetimeout_ms: 2
            incompletetimeout_ms: 3
            maxspeechtimeout_ms: 4
            interdigittimeout_ms: 5
            termchar: "*"
          b: {hangup: auto}
        """
    )

    assert talk.last == Listen(("g",), {}, 1, 2, 3, 4, 5, "*")


# Actions

ACT = """
start: a
steps:
  a: {set: {number: "4271"}, next: b}
  b:
    act: find
    arguments: {number: "{number}", fast: true, who: "caller {number}"}
    store: order
    filler: Moment.
    next: found
    on_error: sorry
  found: {say: "It is {order.status}.", hangup: auto}
  sorry: {say: "Sorry.", hangup: failed, reason: "{problem}"}
"""


def test_action_gets_its_arguments_and_a_filler(converse: Converse) -> None:
    assert converse(main=ACT).last == Act(
        "find",
        {"number": "4271", "fast": True, "who": "caller 4271"},
        Prompt(("Moment.",)),
    )


def test_result_of_an_action_is_a_variable(converse: Converse) -> None:
    talk = converse(main=ACT).tell(ActionDone({"status": "late"}))

    assert talk.said == ["It is late."]


def test_failed_action_is_a_path_of_the_flow(converse: Converse) -> None:
    talk = converse(main=ACT).tell(ActionFailed("took too long"))

    assert talk.said == ["Sorry."]
    assert talk.state.variables["problem"] == "took too long"


# Transfers

TRANSFER = """
start: menu
steps:
  menu: {ask: Hm?, grammar: g, next: agent}
  agent:
    say: Moment.
    transfer: agents
    context: {said: "{answer}", order: "{answer.order}"}
    on_failure: back
  back: {say: Nobody is free., next: menu}
"""


def test_transfer_carries_its_context(converse: Converse) -> None:
    talk = converse(main=TRANSFER).hear("help")

    assert talk.said == ["Moment."]
    assert talk.last == Transfer("agents", {"said": "help", "order": ""})


def test_transfer_that_is_taken_ends_the_contact(converse: Converse) -> None:
    talk = converse(main=TRANSFER).hear("help").tell(TransferDone())

    assert talk.last == HangUp(Outcome.TRANSFERRED, "transferred to agents")


def test_caller_comes_back_from_a_refused_transfer(converse: Converse) -> None:
    talk = converse(main=TRANSFER).hear("help").tell(TransferRefused("busy"))

    assert talk.said == ["Nobody is free.", "Hm?"]
    assert isinstance(talk.last, Listen)


def test_repeat_after_a_refused_transfer_leaves_the_announcement_out(converse: Converse) -> None:
    talk = converse(main="commands: {grammar: commands}" + TRANSFER)
    talk = talk.hear("help").tell(TransferRefused("busy")).hear("repeat", grammar="commands")

    assert talk.said == ["Nobody is free.", "Hm?"]


# Several flows

MAIN = """
start: menu
commands: {grammar: commands, steps: {operator: agent}}
trouble: {next: agent, in_a_row: 1}
steps:
  menu: {ask: Main?, grammar: g, next: {sub: sub, away: away}}
  sub: {call: sub, next: after}
  away: {goto: sub}
  after: {say: "Back with {answer}.", next: menu}
  agent: {say: Agent., hangup: transferred}
"""
SUB = """
start: ask
steps:
  ask: {ask: Sub?, grammar: g, next: end}
  end: {return: true}
"""


def test_called_flow_returns_to_the_next_step(converse: Converse) -> None:
    talk = converse(main=MAIN, sub=SUB).hear("sub")
    assert talk.said == ["Sub?"]
    assert talk.state.step == "sub.ask"

    assert talk.hear("x").said == ["Back with x.", "Main?"]
    assert talk.state.step == "menu"


def test_called_flow_uses_commands_and_trouble_of_its_caller(converse: Converse) -> None:
    talk = converse(main=MAIN, sub=SUB).hear("sub")
    assert isinstance(talk.last, Listen)
    assert talk.last.grammars == ("g", "commands")
    assert talk.hear("operator", grammar="commands").said == ["Agent."]

    talk = converse(main=MAIN, sub=SUB).hear("sub").tell(NoInput())
    assert talk.said == ["Agent."]


def test_return_that_nobody_waits_for_ends_the_contact(converse: Converse) -> None:
    talk = converse(main=MAIN, sub=SUB).hear("away").hear("x")

    assert talk.last == HangUp(
        Outcome.ABANDONED_IN_FLOW, "the flow returned and nothing had called it"
    )


def test_flows_that_call_each_other_for_ever_end_as_failed(converse: Converse) -> None:
    flow = "{start: a, steps: {a: {call: %s, next: b}, b: {return: true}}}"

    talk = converse(main=flow % "other", other=flow % "main")

    assert isinstance(talk.last, HangUp)
    assert talk.last.outcome is Outcome.FAILED


# Outcomes


def test_caller_who_heard_the_answer_is_served(converse: Converse) -> None:
    talk = converse(main=ASK)
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW

    talk = talk.hear("hours")
    assert [command.serves for command in talk.commands if isinstance(command, Say)] == [
        True,
        False,
    ]
    assert talk.state.outcome_if_hung_up is Outcome.SELF_SERVED
    assert talk.state.outcome_if_cut_off is Outcome.ABANDONED_IN_FLOW

    assert talk.hear("yes").state.outcome_if_cut_off is Outcome.SELF_SERVED


def test_hang_up_by_the_flow_counts_what_was_reached(converse: Converse) -> None:
    assert converse(main=ASK).hear("hours").hear("no").last == HangUp(Outcome.SELF_SERVED, "done")
    assert converse(main=ASK).hear("x").hear("no").last == HangUp(Outcome.ABANDONED_IN_FLOW, "done")


def test_who_asks_for_a_person_is_not_served_until_something_serves_them(
    converse: Converse,
) -> None:
    flow = TRANSFER.replace("{ask: Hm?", "{say: Hello., served: true, ask: Hm?")

    talk = converse(main=flow)
    assert talk.state.outcome_if_hung_up is Outcome.SELF_SERVED
    talk = talk.hear("agent")
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_QUEUE

    flow = (
        flow.replace("next: menu}", "next: again}")
        + "  again: {ask: So?, keys: {'1': x}, next: menu}"
    )
    talk = converse(main=flow).hear("agent").tell(TransferRefused("busy"))
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW


# The interface itself


def test_event_that_nobody_waits_for_is_refused_and_changes_nothing(converse: Converse) -> None:
    talk = converse(main=ASK)
    before = talk.state

    with pytest.raises(UsageError, match="ActionDone while waiting for input"):
        talk.tell(ActionDone(None))

    assert talk.state == before
    assert talk.hear("hours").said[0] == "Nine to six."


def test_nothing_is_taken_after_the_end(converse: Converse) -> None:
    talk = converse(main=ASK).hear("hours").hear("no")

    with pytest.raises(UsageError, match="NoInput while waiting for nothing"):
        talk.tell(NoInput())


def test_interpreter_does_not_change_the_state_it_is_given(
    flow_set: Callable[..., FlowSet],
) -> None:
    interpreter = Interpreter(flow_set(main=ASK))
    state, _ = interpreter.receive(interpreter.begin(), ContactStarted({"caller": "1"}))
    before = json.dumps(state.to_json())

    interpreter.receive(state, NoInput())

    assert json.dumps(state.to_json()) == before


def test_unknown_flow_is_refused_with_the_nearest_name(flow_set: Callable[..., FlowSet]) -> None:
    with pytest.raises(UsageError, match=r"there is no flow 'mian'. Did you mean 'main'"):
        Interpreter(flow_set(main=ASK), "mian")


def test_state_of_flows_that_have_changed_is_refused(flow_set: Callable[..., FlowSet]) -> None:
    state = Conversation(flow_set(main=ASK)).start().state

    with pytest.raises(UsageError, match="flow 'main' has no step 'menu'"):
        Interpreter(flow_set(main="{start: a, steps: {a: {hangup: auto}}}")).receive(
            state, NoInput()
        )


@pytest.mark.parametrize("data", [{}, {"frames": 3}, {"frames": [["main"]]}])
def test_data_that_is_no_state_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="this is no state of a flow"):
        FlowState.from_json(data)


def test_flows_that_go_round_through_each_other_are_stopped_too(
    flow_set: Callable[..., FlowSet],
) -> None:
    flows = flow_set(
        main="start: a\nsteps:\n  a: {branch: [{if: answer == 1, next: z}, {else: b}]}\n"
        "  b: {set: {tries: '{tries + 1}'}, next: c}\n  c: {goto: other}\n  z: {hangup: auto}\n",
        other="start: a\nsteps:\n  a: {goto: main}\n",
    )
    talk = Conversation(flows).start()
    assert talk.last == HangUp(Outcome.FAILED, "the flow took 100 steps without listening")
    assert len(talk.commands) == 1
