"""What a caller does while a queue keeps the place, and the turn that comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import Conversation, read
from voicebot.flows.commands import Act, HangUp, LeaveQueue, Listen, Transfer
from voicebot.flows.events import (
    ActionDone,
    CallbackAgreed,
    ContactStarted,
    NoInput,
    NoMatch,
    RecognitionFailed,
    TransferRefused,
    TransferReturned,
    TurnCame,
)
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import load_flows
from voicebot.flows.state import Frame, Waiting
from voicebot.flows.validation import validate
from voicebot.types import Language, Outcome

Flows = Callable[..., FlowSet]

FLOW = """
start: menu
steps:
  menu: {ask: Hm?, grammar: g, next: agent}
  agent:
    say: One moment.
    transfer: queue:support
    while_waiting:
      say: Please stay on the line.
      offer:
        ask: Press 1 for your order.
        grammar: meanwhile
        keys: {"1": order, "2": later}
        steps: {order: number, later: book}
        ready: Somebody is there now.
    on_failure: nobody
    next: bye
  number: {ask: Which order?, grammar: n, store: number, next: look}
  look: {act: find, arguments: {number: "{number}"}, store: order, next: told, on_error: back}
  told: {say: "It is {order}.", served: true, next: again}
  again: {ask: More?, grammar: g, keys: {"1": true, "2": false}, next: {true: number, false: back}}
  book: {transfer: queue:support, callback: "{caller}", on_failure: back, next: promised}
  promised: {say: We call you., hangup: auto}
  nobody: {say: "Nobody: {transfer.why}.", hangup: auto}
  bye: {say: Bye., hangup: auto}
  back: {return: true}
"""
ASKING = FLOW.replace("ready: Somebody is there now.", "still: Do you still want somebody?")


def waiting(flow_set: Flows, flow: str = FLOW) -> Conversation:
    return Conversation(flow_set(main=flow)).start(caller="1001").hear("person")


def test_the_waiting_caller_is_told_what_else_there_is(flow_set: Flows) -> None:
    transfer = waiting(flow_set).last
    assert isinstance(transfer, Transfer)
    assert [prompt.parts for prompt in transfer.while_waiting] == [
        ("Please stay on the line.",), ("Press 1 for your order.",)
    ]  # fmt: skip
    assert transfer.choices == Listen(("meanwhile",), {"1": "order", "2": "later"})


def test_what_was_chosen_runs_and_a_return_is_back_in_the_queue(flow_set: Flows) -> None:
    talk = waiting(flow_set).hear("order")
    assert talk.said == ["Which order?"]
    assert talk.state.variables["in_line"] is True
    assert isinstance(talk.hear("17").last, Act)
    assert talk.tell(ActionDone("on its way")).said == ["It is on its way.", "More?"]
    talk.hear(False)
    assert isinstance(talk.last, Transfer)
    assert talk.said == [], "'One moment' was said when they came"
    assert talk.state.variables["in_line"] is None
    assert talk.tell(TransferReturned(60)).said == ["Bye."]


def test_when_the_turn_comes_the_caller_is_back_at_once(flow_set: Flows) -> None:
    talk = waiting(flow_set).hear("order").tell(TurnCame())
    assert talk.said == ["Somebody is there now."]
    assert isinstance(talk.last, Transfer)
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_QUEUE
    assert talk.tell(TransferReturned(60)).last == HangUp(
        Outcome.TRANSFERRED, "the flow ended the call"
    )


def test_a_caller_may_be_asked_whether_they_still_want_somebody(flow_set: Flows) -> None:
    talk = waiting(flow_set, ASKING).hear("order").tell(TurnCame())
    assert talk.said == ["Do you still want somebody?"]
    assert talk.last == Listen(("builtin:boolean",), {"1": True, "2": False})
    assert isinstance(talk.hear(True).last, Transfer)


def test_who_wants_nobody_any_more_leaves_the_line_and_goes_on(flow_set: Flows) -> None:
    talk = waiting(flow_set, ASKING).hear("order").tell(TurnCame()).hear(False)
    assert talk.commands[0] == LeaveQueue()
    assert talk.said == ["Which order?"]
    assert talk.state.queued == ()
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW
    assert isinstance(talk.tell(TurnCame()).last, Listen), "it came too late"


@pytest.mark.parametrize("event", [NoInput(), NoMatch("hm"), RecognitionFailed()])
def test_whoever_says_nothing_clear_keeps_the_place(
    flow_set: Flows, event: NoInput | NoMatch | RecognitionFailed
) -> None:
    talk = waiting(flow_set, ASKING).hear("order").tell(TurnCame()).tell(event)
    assert isinstance(talk.last, Transfer)


def test_what_serves_the_caller_meanwhile_counts(flow_set: Flows) -> None:
    talk = waiting(flow_set).hear("order")
    before = talk.state.outcome_if_hung_up
    talk.hear("17").tell(ActionDone("on its way"))
    outcomes = before, talk.state.outcome_if_hung_up
    assert outcomes == (Outcome.ABANDONED_IN_QUEUE, Outcome.SELF_SERVED)


def test_a_callback_may_be_chosen_instead(flow_set: Flows) -> None:
    talk = waiting(flow_set).hear("later")
    assert isinstance(talk.last, Transfer)
    assert (talk.last.queue, talk.last.callback) == ("support", "1001")
    talk.tell(CallbackAgreed())
    assert talk.said == ["We call you."]


def test_a_choice_that_leads_nowhere_leaves_the_caller_waiting(flow_set: Flows) -> None:
    talk = waiting(flow_set).hear("weather")
    assert isinstance(talk.last, Transfer)
    assert talk.said == []
    assert talk.state.waiting is Waiting.TRANSFER


def test_the_queue_may_close_meanwhile(flow_set: Flows) -> None:
    talk = waiting(flow_set).hear("order").tell(TurnCame()).tell(TransferRefused("x", "wait"))
    assert talk.said == ["Nobody: wait."]


def test_text_is_offered_to_who_chose_it_however_short_the_queue(flow_set: Flows) -> None:
    flow = FLOW.replace("later: book", "later: text")
    flow += "  text: {offer_text: By text?, accepted: bye, declined: back, unavailable: back}\n"
    talk = Conversation(flow_set(main=flow))
    talk.start(text={"to": "sms", "number": "+15550100"}, waiting_s=0).hear("person")
    assert talk.hear("later").said == ["By text?"]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("queue:support\n", "agents\n", "'offer' of step 'agent' has no effect"),
        ('"2": later', '"2": text', "key 2 of the offer of step 'agent' leads nowhere"),
        ("later: book}", "later: bok}", "step 'bok' does not exist"),
        ("ready: S", "still: Still?\n        ready: S", "both 'ready' and 'still'"),
        ("ask: Press 1 for your order.", "aks: Press 1.", "unknown key in offer: 'aks'"),
    ],
)
def test_what_cannot_work_is_told(before: str, after: str, problem: str) -> None:
    assert before in FLOW
    flow, problems = read(FLOW.replace(before, after))
    if flow is not None:
        problems += validate(FlowSet({"main": flow}))
    assert any(problem in str(each) for each in problems), [str(each) for each in problems]


def test_a_flow_without_faults_has_none() -> None:
    flow, problems = read(FLOW)
    assert flow is not None
    assert [str(each) for each in [*problems, *validate(FlowSet({"main": flow}))]] == []


def test_the_words_of_the_wait_are_translated(tmp_path: Path) -> None:
    chinese = tmp_path / "flows" / "zh-CN"
    chinese.mkdir(parents=True)
    (tmp_path / "flows" / "main.yaml").write_text(FLOW)
    (chinese / "main.yaml").write_text(
        "steps: {agent: {while_waiting: {say: 请稍候。, offer: {ask: 查询订单请按1。}}}}"
    )
    flows = load_flows(tmp_path / "flows")
    spoken = flows.translations[Language("zh-CN")]["main"]
    words = ["".join(map(str, each.parts)) for each in spoken.templates()]
    assert {"请稍候。", "查询订单请按1。", "Somebody is there now."} <= set(words)
    missing = [str(each) for each in spoken.out_of_step]
    assert any("'ready' of 'offer' of 'while_waiting'" in each for each in missing)


def test_an_agent_who_has_answered_is_not_kept_waiting_by_a_question(flow_set: Flows) -> None:
    talk = waiting(flow_set, ASKING).hear("order").tell(TurnCame(answered=True))
    assert isinstance(talk.last, Transfer)
    assert talk.said == []


def test_a_place_goes_over_to_another_channel_and_a_return_leads_there(flow_set: Flows) -> None:
    call = waiting(flow_set)
    interpreter = call.interpreter
    asked = interpreter.begin()
    asked, _ = interpreter.receive(asked, ContactStarted({}))
    state = interpreter.with_place(asked, call.state.frames)
    assert state.variables["in_line"] is True
    kept = interpreter.kept_transfer(state)
    assert kept is not None
    assert kept.queue == "support"
    assert interpreter.kept_transfer(asked) is None, "it has no place"
    state, commands = interpreter.receive(state, TurnCame(answered=True))
    assert isinstance(commands[-1], Transfer)
    assert state.waiting is Waiting.TRANSFER


def test_where_there_is_no_such_transfer_there_is_no_place(flow_set: Flows) -> None:
    call = waiting(flow_set)
    asked, _ = call.interpreter.receive(call.interpreter.begin(), ContactStarted({}))
    for frames in ((), (Frame("main", "gone"),), asked.frames):
        assert call.interpreter.with_place(asked, frames) is asked


@pytest.mark.parametrize("keeps_place", [True, False])
def test_a_place_is_there_after_a_restart_where_it_was_kept(
    flow_set: Flows, keeps_place: bool
) -> None:
    talk = waiting(flow_set).hear("order")
    state, _ = talk.interpreter.rejoin(talk.state, {}, keeps_place=keeps_place)
    assert state.queued == (talk.state.queued if keeps_place else ())
    assert state.variables["in_line"] is (True if keeps_place else None)
