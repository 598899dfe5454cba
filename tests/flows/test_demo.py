"""The demo shop, played by typing: its own grammars and flow, with orders that stand still."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from voicebot.cli.try_ import Player, typed_input
from voicebot.errors import ActionError
from voicebot.flows.advice import long_prompts
from voicebot.flows.commands import Act, HangUp, Listen, Say, Show, Transfer
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    ContactStarted,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    RecognitionFailed,
    TransferDone,
    TransferRefused,
    TurnCame,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import load_flows
from voicebot.flows.state import FlowState, Waiting
from voicebot.grammar.store import GrammarStore
from voicebot.types import Heard, Json, Language, Mode

_LOADED = load_flows(Path(__file__).parents[2] / "flows")

ORDERS: dict[str, Json] = {
    "4271": {"number": "4271", "status": "shipped", "eta": "2026-11-24", "items": "a jacket"},
    "1508": {"number": "1508", "status": "delivered", "eta": "2026-11-01", "items": "a teapot"},
    "7730": {"number": "7730", "status": "packing", "eta": "2026-11-26", "items": "a lamp"},
    "6392": {"number": "6392", "status": "delayed", "eta": "2026-11-30", "items": "a table"},
    "9021": {"number": "9021", "status": "cancelled", "eta": None, "items": "candles"},
}


WAIT = [
    "You can check an order while you wait, and keep your place.",
    "Say 'my order', or press 1. To be called back, press 2. To go on in text, press 3.",
]
"""What who waits for a person is told."""


def run_action(name: str, arguments: Mapping[str, Json]) -> Json:
    if name == "find_order":
        return ORDERS.get(str(arguments["number"]))
    if name == "open_return":
        return {"reference": "5001", "number": arguments["number"]}
    return "Linen is 20% off."


def broken(name: str, arguments: Mapping[str, Json]) -> Json:
    raise ActionError(name, "took longer than 2000 ms")


@pytest.fixture
def flows() -> FlowSet:
    return _LOADED


@pytest.fixture
def play(
    flows: FlowSet, application: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[str]]:
    """Type these lines and hang up; gives what the bot said and did, without the dim lines."""
    typed = typed_input(GrammarStore(application / "grammars"))

    def run(
        *lines: str, action: Callable[..., Json] = run_action, transfers: bool = True
    ) -> list[str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        shown = io.StringIO()
        console = Console(file=shown, width=400)
        language = Language("en-US")
        player = Player(
            Interpreter(flows), typed, action, console, language, takes_transfers=transfers
        )
        player.play()
        return [line for line in shown.getvalue().splitlines() if line.strip()]

    return run


def bot(lines: list[str]) -> list[str]:
    return [line.removeprefix("bot  ") for line in lines if line.startswith("bot")]


_ANSWERS: list[Json] = [
    {"intent": "order_number", "number": "4271"},
    {"intent": "return"},
    {"intent": "yes"},
    {"intent": "no"},
    {"command": "back"},
    {"command": "repeat"},
    {"command": "operator"},
    True,
    False,
    "nonsense",
    None,
]
_HEARD = [InputMatched(Heard("", meaning, 0.5, Mode.SPEECH)) for meaning in _ANSWERS]
_WHEN_LISTENING: list[FlowEvent] = [
    *_HEARD,
    NoInput(),
    NoMatch(),
    RecognitionFailed(),
    TurnCame(),
]
_WHEN_ACTING: list[FlowEvent] = [
    *(ActionDone(value) for value in (*ORDERS.values(), None, "text", [])),
    ActionFailed("broken"),
]
_WHEN_TRANSFERRING: list[FlowEvent] = [
    TransferRefused("busy"),
    TransferRefused("nobody is there", "no_agent"),
    TransferDone(),
    *(InputMatched(Heard("", choice, 0.5, Mode.SPEECH)) for choice in ("order", "callback", "x")),
]


@given(st.lists(st.integers(0, 1000), max_size=60))
def test_whatever_happens_every_answer_ends_in_one_command_that_waits_or_ends(
    choices: list[int],
) -> None:
    interpreter = Interpreter(_LOADED)
    state, commands = interpreter.receive(interpreter.begin(), ContactStarted())
    for choice in choices:
        *said, last = commands
        assert all(isinstance(command, Say | Show) for command in said)
        if isinstance(last, HangUp):
            assert state.waiting is Waiting.NOTHING
            return
        events = {Listen: _WHEN_LISTENING, Act: _WHEN_ACTING, Transfer: _WHEN_TRANSFERRING}
        possible = events[type(last)]
        state = FlowState.from_json(json.loads(json.dumps(state.to_json())))
        state, commands = interpreter.receive(state, possible[choice % len(possible)])


def test_every_prompt_is_short(flows: FlowSet) -> None:
    assert list(long_prompts(flows)) == []


@pytest.mark.parametrize(
    "first",
    [
        "4271",
        "4271#",
        "four two seven one",
        "forty two seventy one",
        "my order number is 4 2 7 1",
        "Where is my order 4271?",
        "It's four, two, seven, one, please.",
    ],
)
def test_order_number_at_the_first_question_gets_the_status(
    first: str, play: Callable[..., list[str]]
) -> None:
    lines = play(first)

    assert bot(lines)[3:6] == [
        "Thank you, I found it.",
        "Order 4271 is on its way, and should arrive by Tue, Nov 24.",
        "Is there anything else I can do for you?",
    ]
    assert lines[-1] == "you  (hung up: self_served)"


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("7730", "Order 7730 is being packed right now, and should arrive by Thu, Nov 26."),
        ("6392", "Order 6392 should now arrive by Mon, Nov 30."),
        ("1508", "Order 1508 was delivered Sun, Nov 1."),
        ("9021", "Order 9021 was cancelled, and you will not be charged."),
    ],
)
def test_every_status_has_its_words(
    number: str, answer: str, play: Callable[..., list[str]]
) -> None:
    assert bot(play("order status", number))[5] == answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("order status", "What is your order number?"),
        ("where is my order", "What is your order number?"),
        ("I'd like to track my package please", "What is your order number?"),
        ("1", "What is your order number?"),
        ("return something", "Which order is it? What is its number?"),
        ("I want to return something", "Which order is it? What is its number?"),
        ("2", "Which order is it? What is its number?"),
        ("hours", "We are open Monday to Saturday, from 9 am to 6 pm."),
        ("what are your opening hours", "We are open Monday to Saturday, from 9 am to 6 pm."),
        ("when are you open", "We are open Monday to Saturday, from 9 am to 6 pm."),
        ("3", "We are open Monday to Saturday, from 9 am to 6 pm."),
        ("promotions", "Here is what's new."),
        ("offers", "Here is what's new."),
        ("do you have any special offers today", "Here is what's new."),
        ("4", "Here is what's new."),
        ("operator", "One moment, I'll put you through."),
        ("agent", "One moment, I'll put you through."),
        ("I need a real person", "One moment, I'll put you through."),
        ("can I talk to a person please", "One moment, I'll put you through."),
        ("0", "One moment, I'll put you through."),
        ("goodbye", "Thank you for calling Harbour Lane. Goodbye."),
    ],
)
def test_first_question_takes_what_callers_say(
    words: str, answer: str, play: Callable[..., list[str]]
) -> None:
    assert bot(play(words))[3] == answer


def test_unknown_number_is_said_asked_again_and_then_a_person_is_offered(
    play: Callable[..., list[str]],
) -> None:
    said = bot(play("9999", "8888", "no", "no"))

    assert said[3:] == [
        "I'm sorry, I can't find that one.",
        "I looked for order 9999. Please check the number.",
        "What is your order number?",
        "I'm sorry, I can't find that one either.",
        "Would you like to talk to a person?",
        "Is there anything else I can do for you?",
        "Thank you for calling Harbour Lane. Goodbye.",
        "(hangs up: abandoned_in_flow, the call came to its end)",
    ]


def test_second_request_starts_counting_anew(play: Callable[..., list[str]]) -> None:
    said = bot(play("9999", "8888", "no", "order status", "9998"))

    assert said[-1] == "What is your order number?"


def test_return_asks_only_for_what_was_not_said(play: Callable[..., list[str]]) -> None:
    said = bot(
        play("I want to return order 1508 because it's broken", "a refund", "tomorrow", "yes", "no")
    )

    assert said[3:6] == [
        "Order 1508.",
        "It is damaged.",
        "Would you like a refund or an exchange?",
    ]
    assert said[6:8] == ["I've noted refund.", "Which day may we pick it up?"]
    assert said[8].startswith("Order 1508, damaged, for refund, to be picked up ")
    assert said[-3:] == [
        "Is there anything else I can do for you?",
        "Thank you for calling Harbour Lane. Goodbye.",
        "(hangs up: self_served, the call came to its end)",
    ]


def test_return_by_keys_alone(play: Callable[..., list[str]]) -> None:
    said = bot(play("2", "1508", "4", "2", "12152030", "20301215", "1"))

    assert "Your return is open." in said
    assert any("the wrong size, for exchange" in words for words in said)


def test_order_just_heard_of_can_be_returned_without_its_number(
    play: Callable[..., list[str]],
) -> None:
    assert bot(play("1508", "return it"))[-2:] == ["Order 1508.", "What is wrong with it?"]


def test_order_on_its_way_cannot_be_returned(play: Callable[..., list[str]]) -> None:
    lines = play("return", "4271")

    assert "Order 4271 has not been delivered." in bot(lines)
    assert lines[-1] == "you  (hung up: abandoned_in_flow)"


def test_caller_asks_for_the_hours_within_a_return_and_comes_back(
    play: Callable[..., list[str]],
) -> None:
    said = bot(play("return", "1508", "what are your opening hours", "it doesn't fit"))

    assert said[-5:] == [
        "On Sundays we are closed.",
        "Back to your return.",
        "Why would you like to return it?",
        "It is the wrong size.",
        "Would you like a refund or an exchange?",
    ]


def test_return_comes_back_from_a_person_who_is_not_free(play: Callable[..., list[str]]) -> None:
    said = bot(play("return", "1508", "operator", transfers=False))

    assert said[-3:] == [
        "I'm sorry, nobody is free right now. I can still help you here.",
        "Back to your return.",
        "Why would you like to return it?",
    ]


def test_unknown_number_in_a_return_is_asked_for_again(play: Callable[..., list[str]]) -> None:
    said = bot(play("return order 9999 it's damaged", "8888"))

    assert "What is the order number, please?" not in said[:4]
    assert said.count("I'm sorry, I can't find that one.") == 2
    assert said[-1] == "Would you like to talk to a person?"


@pytest.mark.parametrize(
    "words",
    ["no, it's faulty", "not damaged, faulty", "I meant faulty", "change the reason to faulty"],
)
def test_reason_of_a_return_is_corrected(words: str, play: Callable[..., list[str]]) -> None:
    said = bot(play("return order 1508 because it's broken", words))

    assert said[-3:] == [
        "All right.",
        "It is faulty.",
        "Would you like a refund or an exchange?",
    ]


def test_shop_that_cannot_be_asked_is_a_path_to_a_person(
    play: Callable[..., list[str]],
) -> None:
    said = bot(play("4271", "yes", action=broken))

    assert said[3:] == [
        "I'm sorry, I can't look that up right now.",
        "Would you like to talk to a person?",
        "One moment, I'll put you through.",
        *WAIT,
        "(hangs up: transferred, transferred to queue:support)",
    ]


def test_caller_comes_back_from_a_refused_transfer(play: Callable[..., list[str]]) -> None:
    said = bot(play("operator", "hours", transfers=False))

    assert said[6] == ("I'm sorry, nobody is free right now. I can still help you here.")
    assert said[-1] == "Is there anything else I can do for you?"


def test_help_repeat_and_back_work(play: Callable[..., list[str]]) -> None:
    said = bot(play("order status", "help", "say that again", "go back"))

    assert said[3:] == [
        "What is your order number?",
        "Your order number has four digits. It is at the top of your receipt. "
        "Say it digit by digit, or key it in.",
        "What is your order number?",
        "You can check an order, start a return, or hear our opening hours and offers.",
        "What can I do for you?",
    ]


def test_silent_caller_hears_other_words_and_is_not_passed_on(
    play: Callable[..., list[str]],
) -> None:
    said = bot(play("", "", ""))

    assert len(set(said)) == len(said)
    assert said[3].startswith("Sorry, I didn't hear you.")
    assert "press 1" in said[4]
    assert said[5] == "I'm sorry, I can't hear you. Please call us again."
    assert said[-1] == "(hangs up: abandoned_in_flow, the call came to its end)"


def test_served_caller_who_falls_silent_is_let_go(play: Callable[..., list[str]]) -> None:
    said = bot(play("hours", "", "", ""))

    assert said[-2:] == [
        "Thank you for calling Harbour Lane. Goodbye.",
        "(hangs up: self_served, the call came to its end)",
    ]


def test_caller_who_is_not_understood_gets_a_person(play: Callable[..., list[str]]) -> None:
    said = bot(play("banana", "banana", "banana"))

    assert said[-5:] == [
        "I'm sorry, I'm having trouble understanding you. Let me find you a person.",
        "One moment, I'll put you through.",
        *WAIT,
        "(hangs up: transferred, transferred to queue:support)",
    ]


def test_damaged_parcel_tries_one_thing_after_the_other_and_tells_the_person(
    play: Callable[..., list[str]],
) -> None:
    lines = play("my parcel arrived damaged", "the item", "yes", "no", "no", "no", "yes")

    assert "If you keep it, we give you 20% off your next order. Is that all right?" in bot(lines)
    told = next(line for line in lines if "told" in line)
    assert '"tried": " voucher photo replacement"' in told


def test_damaged_parcel_remembers_what_was_tried(play: Callable[..., list[str]]) -> None:
    again = ("my parcel is damaged", "the item", "no")
    said = bot(play(*again, "no", "yes", *again))

    assert said.count("Have you sent us a photo of the damage?") == 1
    assert said[-1].startswith("I can have somebody arrange a new one")


def test_swearing_caller_gets_a_person_sooner(play: Callable[..., list[str]]) -> None:
    said = bot(play("you useless machine", "this is bullshit"))

    assert said[-5:-1] == ["I'm sorry about this.", "One moment, I'll put you through.", *WAIT]
