"""What a contact is about: noted by steps, closed by service, and what a history does to a mood."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.flows.events import ContactStarted, FlowEvent, InputMatched, NoInput, TransferRefused
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.matter import MAX_TEXT, Noted, customer_of, note
from voicebot.flows.model import FlowSet
from voicebot.flows.outside import Known
from voicebot.flows.reader import load_flows, read_flows
from voicebot.flows.state import FlowState
from voicebot.flows.validation import validate
from voicebot.types import Heard, Json, Matter, Mode, Outcome

FLOW = """\
start: menu
trouble: {next: bye}
steps:
  menu:
    ask: What can I do?
    keys: {"1": order, "2": form, "3": hours, "4": pinned, "5": person, "6": other}
    next:
      {order: order, form: form, hours: hours, pinned: pinned, person: person, other: other}
  order:
    matter: {about: order, number: "{number}"}
    set: {number: "4271"}
    next: found
  found:
    matter: {about: order, number: "{number}"}
    say: It comes tomorrow.
    served: true
    next: menu
  form:
    matter: {about: return}
    form:
      day: {ask: Which day?, keys: {"1": monday}}
      size: {ask: Which size?, keys: {"1": small}, filled: note}
    aside: {grammar: topic, steps: {hours: hours_aside}}
    next: menu
  note:
    matter: {about: return, day: "{day}"}
    return: true
  hours_aside:
    say: We open at nine.
    served: true
    next: back
  back:
    return: true
  hours:
    say: We open at nine.
    served: true
    next: menu
  pinned:
    matter: {about: return, open: true}
    say: Your return is on its way.
    served: true
    next: menu
  other:
    matter: {about: "{nothing}"}
    set: {nothing: null}
    next: menu
  person:
    transfer: agents
    on_failure: menu
  bye:
    hangup: auto
"""


class Contact:
    """One contact with the flow above."""

    def __init__(self, flows: FlowSet, **facts: Json) -> None:
        self._interpreter = Interpreter(flows)
        self.state: FlowState = self._interpreter.begin()
        self.tell(ContactStarted(facts))

    def tell(self, event: FlowEvent) -> None:
        self.state, _ = self._interpreter.receive(self.state, event)

    def press(self, meaning: Json, grammar: str = "") -> None:
        self.tell(InputMatched(Heard("", meaning, 1.0, Mode.DTMF, grammar)))

    def matter(self, *, heard_all: bool = True) -> Matter | None:
        return self.state.matter(heard_all=heard_all)


@pytest.fixture
def flows(tmp_path: Path) -> FlowSet:
    (tmp_path / "main.yaml").write_text(FLOW)
    return load_flows(tmp_path)


def test_a_contact_is_about_nothing_until_a_step_says_so(flows: FlowSet) -> None:
    contact = Contact(flows)
    assert contact.matter() is None
    contact.press("hours")
    assert contact.matter() is None


def test_a_matter_gathers_values_as_they_become_known(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("order")
    # The first step knew no number yet, and null is no value.
    assert contact.matter(heard_all=False) == Matter("order", {"number": "4271"}, open=True)
    assert contact.state.variables["matter"] == {"about": "order", "number": "4271"}


def test_a_matter_is_closed_by_service_that_was_heard(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("order")
    assert contact.matter(heard_all=False) == Matter("order", {"number": "4271"}, open=True)
    assert contact.matter(heard_all=True) == Matter("order", {"number": "4271"}, open=False)
    contact.tell(NoInput())
    assert contact.matter(heard_all=False) == Matter("order", {"number": "4271"}, open=False)


def test_another_matter_takes_the_place_of_the_first(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("order")
    contact.press("form")
    assert contact.matter() == Matter("return", {}, open=True)


def test_service_aside_leaves_the_matter_open(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("form")
    contact.press("hours", "topic")
    assert contact.state.outcome_if_hung_up is Outcome.SELF_SERVED
    assert contact.matter() == Matter("return", {}, open=True)


def test_what_a_form_learns_is_noted_before_it_is_complete(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("form")
    contact.press("monday")
    contact.press("small")
    assert contact.matter() == Matter("return", {"day": "monday"}, open=True)


def test_a_matter_may_stay_open_whatever_the_caller_hears(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("pinned")
    contact.tell(NoInput())
    assert contact.matter() == Matter("return", {}, open=True)


def test_asking_for_a_person_opens_the_matter_again(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("order")
    contact.press("person")
    assert contact.matter() == Matter("order", {"number": "4271"}, open=True)
    contact.tell(TransferRefused("busy"))
    assert contact.matter() == Matter("order", {"number": "4271"}, open=True)


def test_a_matter_without_a_name_changes_nothing(flows: FlowSet) -> None:
    contact = Contact(flows)
    contact.press("order")
    contact.press("other")
    assert contact.matter() == Matter("order", {"number": "4271"}, open=False)


def test_a_contact_that_moves_takes_its_matter_along(flows: FlowSet) -> None:
    contact = Contact(flows, customer={"id": 17})
    contact.press("order")
    moved = FlowState.from_json(json.loads(json.dumps(contact.state.to_json())))
    assert moved == contact.state
    assert moved.customer == "17"


def test_the_same_matter_with_another_value_is_another_matter() -> None:
    first = note(None, {"about": "return", "number": "1", "day": "monday"})
    assert note(first, {"about": "return", "number": "2"}) == Noted("return", {"number": "2"})
    same = note(first, {"about": "return", "number": "1", "open": False})
    assert same == Noted("return", {"number": "1", "day": "monday"}, open=False)


def test_only_plain_and_short_values_belong_to_a_matter() -> None:
    noted = note(
        None, {"about": " x ", "all": [1], "one": {"a": 1}, "long": "y" * 999, "nul": "\0"}
    )
    assert noted == Noted("x", {"long": "y" * MAX_TEXT, "nul": ""})


@pytest.mark.parametrize(
    ("value", "word"),
    [(None, ""), ({"id": 17}, "17"), ({"id": None}, ""), ("ada", "ada"), (17, "17"), ([1], "")],
)
def test_a_customer_is_an_id_or_a_plain_value(value: Json, word: str) -> None:
    assert customer_of(value) == word


@pytest.mark.parametrize(
    ("contacts", "level"), [(0, 0.0), (2, 0.0), (3, 0.1), (4, 0.2), (9, 0.3), (None, 0.0)]
)
def test_who_calls_again_and_again_is_less_patient(
    flows: FlowSet, contacts: Json, level: float
) -> None:
    contact = Contact(flows, history={"contacts": contacts})
    assert contact.state.variables["frustration"] == level
    assert Contact(flows, history=None).state.variables["frustration"] == 0.0


# What cannot be read

Problems = Callable[[str], list[str]]


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    def of(text: str) -> list[str]:
        (tmp_path / "main.yaml").write_text(text)
        flows, found = read_flows(tmp_path)
        actions = {"who": {"number": True}, "what": {"number": True, "day": True}, "no": {}}
        found += validate(flows, Known(grammars=(), actions=actions))
        return [str(problem).replace(f"{tmp_path}/", "") for problem in found]

    return of


@pytest.mark.parametrize(
    ("matter", "problem"),
    [
        ("{number: 1}", "main.yaml:4:13: the matter has no 'about'"),
        ("return", "main.yaml:4:13: expected a mapping, not text"),
        ("{about: a, when: b}", "main.yaml:4:24: 'when' of a matter is set by voicebot: the day"),
        ("{about: a, No: b}", "main.yaml:4:24: 'No' cannot be a name here"),
        ('{about: "{numbr}"}', "main.yaml:4:23: variable 'numbr' is set nowhere"),
        (
            "{about: a, " + ", ".join(f"v{n}: 1" for n in range(20)) + "}",
            "main.yaml:4:13: a matter of more than 20 values",
        ),
    ],
)
def test_a_faulty_matter_is_told(problems: Problems, matter: str, problem: str) -> None:
    found = problems(f"start: a\nsteps:\n  a:\n    matter: {matter}\n    hangup: auto\n")
    assert found
    assert found[0].startswith(problem), found


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ("woh", "main.yaml:1:9: action 'woh' does not exist. Did you mean 'who'?"),
        ("what", "main.yaml:1:9: action 'what' cannot tell who calls"),
        ("no", "main.yaml:1:9: action 'no' cannot tell who calls"),
        ("history", "main.yaml:1:9: action 'history' cannot tell who calls"),
    ],
)
def test_an_action_that_cannot_tell_who_calls(
    problems: Problems, action: str, problem: str
) -> None:
    found = problems(f"caller: {action}\nstart: a\nsteps: {{a: {{hangup: auto}}}}\n")
    assert [each for each in found if each.startswith(problem)] == found


def test_history_is_an_action_of_ours(problems: Problems) -> None:
    step = "{act: history, arguments: {customer: 1}, next: b, on_error: b}"
    assert problems(f"caller: who\nstart: a\nsteps: {{a: {step}, b: {{hangup: auto}}}}\n") == []
