"""A supervisor steps in at a question: flows need no step for it, and ask again afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.conftest import Conversation
from voicebot.flows.commands import Listen
from voicebot.flows.events import InputMatched, TransferRefused, TransferReturned, TurnCame
from voicebot.flows.state import Waiting
from voicebot.types import Heard, Mode, Outcome

Converse = Callable[..., Conversation]

ASKS = """
start: menu
apology: Sorry.
steps:
  menu:
    ask: Which one?
    grammar: g
    store: one
    confirm: {ask: "{answer}, yes?", grammar: yesno}
    next: pay
  pay:
    form:
      amount: {ask: How much?, grammar: n}
      day: {ask: Which day?, grammar: n}
    next: bye
  bye: {say: "Bye, {transfer.left}.", hangup: auto}
"""
BACK = TransferReturned(41.6, "agent")


def test_the_question_is_asked_again_and_the_contact_counts_as_transferred(
    converse: Converse,
) -> None:
    talk = converse(main=ASKS).tell(BACK)
    assert talk.said == ["Which one?"]
    assert isinstance(talk.last, Listen)
    assert talk.state.variables["transfer"] == {"seconds": 42, "left": "agent", "to": ""}
    assert talk.state.outcome_if_hung_up is Outcome.TRANSFERRED
    assert talk.state.counts.in_all == 0, "it is no trouble of the caller's"


def test_what_was_to_be_confirmed_still_is(converse: Converse) -> None:
    talk = converse(main=ASKS).hear("apple").tell(BACK)
    assert (talk.said, talk.state.waiting) == (["apple, yes?"], Waiting.CONFIRMATION)
    yes = InputMatched(Heard("yes", True, 1.0, Mode.SPEECH, "yesno"))
    assert talk.tell(yes).said == ["How much?"]


def test_a_form_goes_on_where_it_was(converse: Converse) -> None:
    talk = converse(main=ASKS).hear("apple")
    talk = talk.tell(InputMatched(Heard("yes", True, 1.0, Mode.SPEECH, "yesno")))
    talk = talk.hear(3, grammar="n").tell(BACK)
    assert talk.said[-1] == "Which day?"
    assert talk.hear(4, grammar="n").said == ["Bye, agent."]


def test_a_queue_that_took_nobody_is_known_and_the_question_is_asked_again(
    converse: Converse,
) -> None:
    talk = converse(main=ASKS).tell(TransferRefused("the queue is closed", "closed"))
    assert talk.said == ["Which one?"]
    assert talk.state.variables["transfer"] == {"why": "closed", "to": "", "opens": None}
    assert talk.state.outcome_if_hung_up is Outcome.ABANDONED_IN_FLOW


MEANWHILE = """
start: agent
steps:
  agent:
    transfer: queue:support
    while_waiting:
      offer:
        ask: Press 1 for your order.
        keys: {"1": order}
        steps: {order: number}
        still: Somebody is there. Do you still want to talk?
    on_failure: bye
    next: bye
  number: {ask: Which order?, grammar: n, next: back}
  bye: {say: Bye., hangup: auto}
  back: {return: true}
"""


@pytest.mark.parametrize("event", [BACK, TransferRefused("too many wait", "length")])
def test_who_was_asked_whether_they_still_want_a_person_goes_back_in_line(
    converse: Converse, event: TransferReturned | TransferRefused
) -> None:
    talk = converse(main=MEANWHILE)
    talk = talk.tell(InputMatched(Heard("1", "order", 1.0, Mode.DTMF, "keys"))).tell(TurnCame())
    assert talk.state.waiting is Waiting.INPUT
    talk = talk.tell(event)
    assert talk.state.waiting is Waiting.TRANSFER
