"""What changes data is done once in a contact, and known again wherever the contact goes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from voicebot.flows.commands import Act
from voicebot.flows.events import ActionDone, ActionFailed, ContactStarted, InputMatched
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.flows.once import MAX_DONE, Once
from voicebot.flows.state import FlowState
from voicebot.types import Heard, Json, Mode

FLOW = """
start: ask
language: en-US
steps:
  ask:
    ask: What?
    grammar: answers
    next:
      "return": book
      "look": look
      else: over
  book:
    act: book
    arguments: {item: "{item}"}
    store: booked
    next: ask
    on_error: ask
  look:
    act: look
    next: ask
    on_error: ask
  over:
    hangup: auto
"""


class Contact:
    """Plays a contact; after each event its state goes through JSON, as if it were moved."""

    def __init__(self, flows: FlowSet, contact: str, once: tuple[str, ...] = ("book",)) -> None:
        self.interpreter = Interpreter(flows, once=once)
        self.state = self.interpreter.begin(contact)
        self._receive(ContactStarted({"item": "teapot"}))

    def _receive(self, event: ContactStarted | InputMatched | ActionDone | ActionFailed) -> None:
        state, commands = self.interpreter.receive(self.state, event)
        self.state = FlowState.from_json(json.loads(json.dumps(state.to_json())))
        assert self.state == state
        self.last = commands[-1]

    def hear(self, meaning: str) -> Act | None:
        """What is to be done then, if anything."""
        self._receive(InputMatched(Heard(meaning, meaning, 1.0, Mode.SPEECH, "answers")))
        return self.last if isinstance(self.last, Act) else None

    def done(self, value: Json = None) -> None:
        self._receive(ActionDone(value))

    def failed(self) -> None:
        self._receive(ActionFailed("took longer than 3000 ms"))


@pytest.fixture
def contact(flow_set: Callable[..., FlowSet]) -> Callable[..., Contact]:
    return lambda name="c", **more: Contact(flow_set(main=FLOW), name, **more)


def _key(act: Act | None) -> str:
    assert act is not None
    return str(act.arguments["idempotency_key"])


def test_it_is_done_once_and_what_it_gave_is_given_again(contact: Callable[..., Contact]) -> None:
    talk = contact()
    assert talk.hear("return") is not None
    talk.done("5001")
    assert talk.hear("return") is None
    assert talk.state.variables["booked"] == "5001"


def test_a_result_of_nothing_is_remembered_too(contact: Callable[..., Contact]) -> None:
    talk = contact()
    talk.hear("return")
    talk.done(None)
    assert talk.hear("return") is None


def test_what_failed_is_tried_again_under_the_same_key(contact: Callable[..., Contact]) -> None:
    talk = contact()
    first = _key(talk.hear("return"))
    talk.failed()
    assert _key(talk.hear("return")) == first


def test_other_arguments_are_another_doing(contact: Callable[..., Contact]) -> None:
    talk = contact()
    first = _key(talk.hear("return"))
    talk.done("5001")
    variables = {**talk.state.variables, "item": "lamp"}
    talk.state = FlowState.from_json({**talk.state.to_json(), "variables": variables})
    assert _key(talk.hear("return")) != first


def test_contacts_do_not_share_a_key(contact: Callable[..., Contact]) -> None:
    assert _key(contact("one").hear("return")) != _key(contact("two").hear("return"))


def test_the_key_is_the_same_wherever_it_is_made(contact: Callable[..., Contact]) -> None:
    assert _key(contact("one").hear("return")) == _key(contact("one").hear("return"))


def test_what_only_reads_is_done_each_time_and_has_no_key(
    contact: Callable[..., Contact],
) -> None:
    talk = contact()
    for _ in range(2):
        act = talk.hear("look")
        assert act is not None
        assert "idempotency_key" not in act.arguments
        talk.done(1)


@pytest.mark.parametrize("name, once", [("", ("book",)), ("c", ())])
def test_without_a_name_or_a_wish_nothing_is_remembered(
    contact: Callable[..., Contact], name: str, once: tuple[str, ...]
) -> None:
    talk = contact(name, once=once)
    for _ in range(2):
        act = talk.hear("return")
        assert act is not None
        assert "idempotency_key" not in act.arguments
        talk.done("5001")


def test_the_oldest_is_forgotten_first() -> None:
    once = Once("c")
    keys = [once.key("main.book", "book", {"item": number}) for number in range(MAX_DONE + 1)]
    for key in keys:
        once = once.begun(key).finished(key)
    assert not once.has(keys[0])
    assert once.result(keys[-1]) == keys[-1]
    assert len(once.done) == MAX_DONE


def test_a_state_from_before_there_were_keys_is_read(contact: Callable[..., Contact]) -> None:
    data = contact("").state.to_json()
    del data["once"]
    assert FlowState.from_json(data).once == Once()
