"""Transfers over a bridge: the caller comes back to the flow, and counts as transferred."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.flows.conftest import Conversation, words
from voicebot.flows.commands import HangUp, Listen, Transfer, TransferMode
from voicebot.flows.events import TransferRefused, TransferReturned
from voicebot.flows.reader import read_flows
from voicebot.flows.validation import validate
from voicebot.types import Outcome

Converse = Callable[..., Conversation]

BRIDGE = """
start: menu
steps:
  menu: {ask: Hm?, grammar: g, private: true, next: agent}
  agent:
    transfer: agents
    mode: bridge
    while_waiting: ["Please hold, {answer}.", Thank you.]
    whisper: Order {answer|digits}.
    ring_ms: 9000
    on_failure: back
    next: rating
  back: {say: "Failed, {problem}.", next: menu}
  rating: {ask: "You talked for {transfer.seconds} seconds. Good?", grammar: g, next: bye}
  bye: {say: Bye., hangup: auto}
"""


def test_a_bridge_carries_what_is_said_meanwhile(converse: Converse) -> None:
    talk = converse(main=BRIDGE).hear("42")
    transfer = talk.last
    assert isinstance(transfer, Transfer)
    assert (transfer.mode, transfer.ring_ms) == (TransferMode.BRIDGE, 9000)
    assert [words(prompt) for prompt in transfer.while_waiting] == [
        "Please hold, 42.",
        "Thank you.",
    ]
    assert [words(prompt) for prompt in transfer.whisper] == ["Order <digits:42>."]


def test_the_caller_goes_on_where_the_flow_says_and_counts_as_transferred(
    converse: Converse,
) -> None:
    talk = converse(main=BRIDGE).hear("42")
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_QUEUE
    talk = talk.tell(TransferReturned(61.7, "agent"))
    assert talk.said == ["You talked for 62 seconds. Good?"]
    assert talk.state.variables["transfer"] == {"seconds": 62, "left": "agent", "to": ""}
    assert talk.state.outcome_if_hung_up is Outcome.TRANSFERRED
    assert talk.hear("yes").last == HangUp(Outcome.TRANSFERRED, "the flow ended the call")


def test_a_target_that_does_not_answer_is_a_path_of_the_flow(converse: Converse) -> None:
    talk = converse(main=BRIDGE).hear("42").tell(TransferRefused("busy"))
    assert talk.said == ["Failed, busy.", "Hm?"]
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW


def test_a_flow_that_ends_after_the_talk_counts_as_transferred(converse: Converse) -> None:
    talk = converse(main=BRIDGE.replace("next: rating", "next: bye")).hear("42")
    assert talk.tell(TransferReturned(3.0)).last == HangUp(
        Outcome.TRANSFERRED, "the flow ended the call"
    )


def test_without_a_next_step_the_call_ends_as_transferred(converse: Converse) -> None:
    flow = BRIDGE.replace("    next: rating\n", "").replace("transfer.seconds", "answer")
    talk = converse(main=flow).hear("42").tell(TransferReturned(3.0))
    assert talk.last == HangUp(Outcome.TRANSFERRED, "transferred to agents")


def test_a_private_question_says_so(converse: Converse) -> None:
    listen = converse(main=BRIDGE).last
    assert isinstance(listen, Listen)
    assert listen.private


def _problems(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "main.yaml").write_text(text)
    flows, problems = read_flows(tmp_path)
    return [str(problem).partition("main.yaml:")[2] for problem in problems + validate(flows)]


def test_what_only_a_bridge_can_do_is_refused_with_refer(tmp_path: Path) -> None:
    problems = _problems(
        tmp_path,
        "start: a\nsteps:\n  a: {transfer: x, mode: refer, next: b, on_failure: b}\n"
        "  b: {hangup: auto}\n",
    )
    assert problems == [
        "3:3: 'next' of step 'a' has no effect: with mode refer the call leaves voicebot. "
        "Write 'mode: bridge', or leave the key out."
    ]


def test_an_unknown_mode_is_told_with_the_nearest(tmp_path: Path) -> None:
    problems = _problems(
        tmp_path,
        "start: a\nsteps:\n  a: {transfer: x, mode: brigde, on_failure: b}\n  b: {hangup: auto}\n",
    )
    assert problems[0] == ("3:26: a transfer's mode is refer or bridge. Did you mean 'bridge'?")
