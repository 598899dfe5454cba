"""Sensitive questions: their answers reach actions, and nothing that is kept or shown."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.flows.conftest import words
from voicebot.flows.commands import Act, FormGrammar, Listen, Say, Transfer
from voicebot.flows.events import ActionDone, ContactStarted, InputMatched, NoMatch
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.flows.state import FlowState, Waiting
from voicebot.types import HIDDEN, Heard, Json, Mode

Flows = Callable[..., FlowSet]
CARD = "4111111111111111"

ASKS = """
start: card
steps:
  card:
    ask: Your card number?
    grammar: digits
    sensitive: true
    store: card
    confirm: {ask: "{answer|digits}, right?", grammar: yesno}
    next: copy
  copy: {set: {shown: "It is {card}.", plain: hello}, next: pay}
  pay: {act: pay, arguments: {number: "{card}"}, store: paid, next: told, on_error: told}
  told:
    say: "{shown} {plain} {paid.echo} {paid.receipt}"
    matter: {about: payment, with: "{card}"}
    next: agent
  agent:
    transfer: queue:desk
    context: {with: "{card}", receipt: "{paid.receipt}"}
    whisper: They pay with {card|digits}.
    on_failure: bye
  bye: {hangup: auto}
"""
PIN = """
start: pin
steps:
  pin:
    form:
      amount: {ask: How much?, grammar: digits}
      pin: {ask: Your PIN?, grammar: digits, sensitive: true, called: PIN}
    review: {ask: "{amount} with {pin}?", change: What is wrong?, grammar: yesno}
    store: order
    next: pay
  pay: {act: pay, arguments: {pin: "{order.pin}"}, next: bye, on_error: bye}
  bye: {say: "{order.amount} paid, {order.pin}.", hangup: auto}
"""


class Contact:
    """A contact whose state stays in memory, as a call's does."""

    def __init__(self, flows: FlowSet) -> None:
        self.interpreter = Interpreter(flows, "main", once=["pay"])
        self.state = self.interpreter.begin("contact")
        self.tell(ContactStarted({}))

    def tell(self, event: object) -> None:
        self.state, self.commands = self.interpreter.receive(self.state, event)  # type: ignore[arg-type]

    def hear(self, meaning: Json, grammar: str = "digits") -> None:
        self.tell(InputMatched(Heard(str(meaning), meaning, 1.0, Mode.SPEECH, grammar)))

    @property
    def told(self) -> str:
        """What is said, as records have it."""
        says = [command.prompt for command in self.commands if isinstance(command, Say)]
        return " ".join(words(prompt.masked()) for prompt in says)

    @property
    def kept(self) -> str:
        return json.dumps(self.state.to_json())


def listens(contact: Contact) -> Listen:
    command = contact.commands[-1]
    assert isinstance(command, Listen)
    return command


def test_the_question_and_its_confirmation_are_private_and_sensitive(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=ASKS))
    assert listens(contact).sensitive
    assert listens(contact).private
    contact.hear(CARD)
    assert listens(contact).sensitive
    assert contact.told == f"{HIDDEN}, right?"


def test_an_action_gets_the_value_and_is_told_to_be_discreet(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=ASKS))
    contact.hear(CARD)
    contact.hear(True, "yesno")
    act = contact.commands[-1]
    assert isinstance(act, Act)
    assert act.arguments["number"] == CARD
    assert act.secret


def test_nothing_of_it_is_kept_or_handed_on(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=ASKS))
    contact.hear(CARD)
    assert CARD not in contact.kept
    contact.hear(True, "yesno")
    assert CARD not in contact.kept
    contact.tell(ActionDone({"echo": f"paid with {CARD}", "receipt": 77}))
    assert contact.told == f"{HIDDEN} hello {HIDDEN} 77"
    transfer = contact.commands[-1]
    assert isinstance(transfer, Transfer)
    assert transfer.context == {"with": HIDDEN, "receipt": "77"}
    assert CARD not in repr(transfer)
    matter = contact.state.matter(heard_all=True)
    assert matter is not None
    assert matter.details == {"with": HIDDEN}
    assert CARD not in contact.kept
    assert json.loads(contact.kept)["variables"]["paid"] == {"echo": None, "receipt": 77}


def test_a_contact_taken_up_elsewhere_is_asked_for_its_secret_again(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=ASKS))
    contact.hear(CARD)
    moved = FlowState.from_json(json.loads(contact.kept))
    assert moved.waiting is Waiting.INPUT
    _, commands = contact.interpreter.rejoin(moved, {})
    assert [words(each.prompt) for each in commands if isinstance(each, Say)] == [
        "Your card number?"
    ]


def test_the_key_of_a_deed_does_not_give_a_short_secret_away(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=PIN))
    contact.hear("50")
    contact.hear("1234")
    contact.hear(True, "yesno")
    key = contact.state.once.doing
    guesses = {
        contact.state.once.key("main.pay", "pay", {"pin": f"{pin:04}"}) for pin in range(10_000)
    }
    assert key
    assert key not in guesses


def test_a_slot_is_a_secret_and_the_others_are_not(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=PIN))
    assert not listens(contact).sensitive
    contact.hear("50")
    assert listens(contact).sensitive
    contact.hear("12")
    assert contact.told == f"50 with {HIDDEN}?"
    assert listens(contact).sensitive
    contact.hear(True, "yesno")
    assert contact.commands[-1].arguments["pin"] == "12"  # type: ignore[union-attr]
    contact.tell(ActionDone(None))
    assert contact.told == f"50 paid, {HIDDEN}."
    assert json.loads(contact.kept)["variables"]["order"] == {"amount": "50", "pin": None}


def test_a_secret_slot_is_not_taken_where_something_else_is_asked(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=PIN))
    open_at_first = [g for g in listens(contact).grammars if isinstance(g, FormGrammar)]
    assert [slot.name for slot in open_at_first[0].slots] == ["amount"]
    contact.hear("50")
    asked = [g for g in listens(contact).grammars if isinstance(g, FormGrammar)]
    assert [slot.name for slot in asked[0].slots] == ["pin", "amount"]


def test_a_variable_that_is_set_anew_is_no_secret_any_more(flow_set: Flows) -> None:
    text = ASKS.replace("plain: hello", "card: none")
    contact = Contact(flow_set(main=text))
    contact.hear(CARD)
    contact.hear(True, "yesno")
    assert json.loads(contact.kept)["variables"]["card"] == "none"


def test_words_that_were_not_understood_are_not_remembered_either(flow_set: Flows) -> None:
    contact = Contact(flow_set(main=ASKS))
    contact.tell(NoMatch("my word is swordfish"))
    assert "swordfish" not in contact.kept
