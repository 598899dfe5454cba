"""Silence, words not understood, confirmation, and the commands that work everywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.flows.commands import HangUp, Listen
from voicebot.flows.events import NoInput, NoMatch, RecognitionFailed
from voicebot.types import Json, Mode, Outcome

from .conftest import Conversation

Converse = Callable[..., Conversation]

HEAD = """
start: first
commands:
  grammar: commands
  keys: {"0": operator, "*": repeat}
  steps: {operator: agent, menu: first}
trouble: {next: trouble, in_a_row: 3, in_all: 5}
noinput: [I hear nothing., Still nothing.]
nomatch: [Pardon?]
help: You can say anything.
apology: My mistake.
steps:
  trouble: {say: "Trouble {trouble.kind}, {trouble.count}.", next: agent}
  agent: {say: A person., transfer: agents, on_failure: first}
"""
FLOW = (
    HEAD
    + """
  first:
    say: Hello.
    ask: First?
    grammar: one
    next: second
  second:
    say: "You said {answer}."
    ask: Second?
    grammar: [two, three]
    keys: {"1": yes, "0": zero}
    noinput: [Nothing at second., Nothing again at second.]
    nomatch: Say a two.
    help: Twos are fine.
    bargein: false
    next: third
  third:
    ask: Third?
    grammar: two
    next: {done: end, again: second}
  end: {hangup: auto}
"""
)


def command(talk: Conversation, name: str) -> Conversation:
    return talk.hear(name, grammar="commands")


# Silence and words not understood


def test_words_after_silence_change_each_time(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("x")

    assert talk.tell(NoInput()).said == ["Nothing at second."]
    assert talk.tell(NoInput()).said == ["Nothing again at second."]
    assert talk.tell(NoInput()).said == ["Trouble noinput, 1.", "A person."]


def test_words_of_the_flow_are_followed_by_the_question(converse: Converse) -> None:
    talk = converse(main=FLOW)

    assert talk.tell(NoInput()).said == ["I hear nothing.", "First?"]
    assert talk.tell(NoInput()).said == ["Still nothing.", "First?"]


def test_last_wording_stays_when_there_is_no_other(converse: Converse) -> None:
    flow = FLOW.replace("in_a_row: 3, in_all: 5", "in_a_row: 9, in_all: 9")
    talk = converse(main=flow).hear("x")

    said = [talk.tell(NoMatch()).said for _ in range(3)]

    assert said == [["Say a two."]] * 3


def test_silence_and_nonsense_escalate_apart_but_count_together(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("x")

    assert talk.tell(NoInput()).said == ["Nothing at second."]
    assert talk.tell(NoMatch()).said == ["Say a two."]
    assert talk.tell(NoInput()).said == ["Trouble nomatch, 1.", "A person."]


def test_answer_ends_the_row_but_not_the_count_over_the_call(converse: Converse) -> None:
    talk = converse(main=FLOW).tell(NoMatch()).tell(NoMatch()).hear("x")
    assert talk.said == ["You said x.", "Second?"]

    talk.tell(NoMatch()).tell(NoMatch())
    assert talk.said == ["Say a two."]
    talk.hear("y")
    assert talk.tell(NoMatch()).said == ["Trouble nomatch, 1.", "A person."]


def test_question_reached_again_begins_with_its_first_words(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("x").tell(NoInput()).hear("y").hear("again")

    assert talk.said == ["You said again.", "Second?"]
    assert talk.tell(NoInput()).said == ["Nothing at second."]


def test_question_can_send_trouble_elsewhere(converse: Converse) -> None:
    flow = FLOW.replace("ask: First?", "ask: First?\n    on_trouble: end")
    talk = converse(main=flow).tell(NoInput()).tell(NoInput()).tell(NoInput())

    assert isinstance(talk.last, HangUp)


def test_trouble_without_a_place_to_go_ends_the_contact(converse: Converse) -> None:
    talk = converse(main="{start: a, steps: {a: {ask: Hm?, grammar: g, next: a}}}")

    assert [talk.tell(NoInput()).said for _ in range(2)] == [["Hm?"], ["Hm?"]]
    assert talk.tell(NoInput()).last == HangUp(
        Outcome.ABANDONED_IN_FLOW, "too much trouble: noinput"
    )


def test_trouble_leads_elsewhere_three_times_and_then_ends(converse: Converse) -> None:
    flow = FLOW.replace("next: agent}", "next: first}")
    talk = converse(main=flow)

    said = [talk.tell(NoMatch()).said for _ in range(9)]
    assert [words[0] for words in said[2::3]] == [
        "Trouble nomatch, 1.",
        "Trouble nomatch, 2.",
        "Trouble nomatch, 3.",
    ]
    talk.tell(NoMatch()).tell(NoMatch()).tell(NoMatch())
    assert isinstance(talk.last, HangUp)


def test_when_listening_fails_the_caller_is_not_to_blame(converse: Converse) -> None:
    talk = converse(main=FLOW)

    assert talk.tell(RecognitionFailed()).said == ["My mistake.", "First?"]
    assert talk.state.counts.in_all == 0
    talk.tell(RecognitionFailed())
    assert talk.tell(RecognitionFailed()).said[0] == "Trouble failure, 1."


def test_reprompt_keeps_to_the_step_s_bargein(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("x").tell(NoInput())

    assert [getattr(c, "bargein", None) for c in talk.commands[:-1]] == [False]


# Commands


def test_commands_are_heard_at_every_question(converse: Converse) -> None:
    talk = converse(main=FLOW)

    assert talk.last == Listen(
        ("one", "commands"), {"0": {"command": "operator"}, "*": {"command": "repeat"}}
    )


def test_the_question_s_own_keys_win(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("x")

    assert talk.last == Listen(
        ("two", "three", "commands"), {"*": {"command": "repeat"}, "0": "zero", "1": "yes"}
    )


@pytest.mark.parametrize(
    ("meaning", "grammar", "mode"),
    [
        ("operator", "commands", Mode.SPEECH),
        ({"command": "operator"}, "", Mode.DTMF),
    ],
)
def test_operator_works_by_voice_and_by_key(
    meaning: Json, grammar: str, mode: Mode, converse: Converse
) -> None:
    talk = converse(main=FLOW).hear(meaning, grammar=grammar, mode=mode)

    assert talk.said == ["A person."]


def test_the_same_word_in_the_question_s_own_grammar_is_an_answer(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("operator", grammar="one")

    assert talk.said == ["You said operator.", "Second?"]


def test_repeat_says_what_led_to_the_question(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("x").tell(NoInput())

    assert command(talk, "repeat").said == ["You said x.", "Second?"]
    assert command(talk, "repeat").said == ["You said x.", "Second?"]


def test_help_is_the_question_s_own_or_the_flow_s(converse: Converse) -> None:
    talk = converse(main=FLOW)

    assert command(talk, "help").said == ["You can say anything.", "First?"]
    assert command(talk.hear("x"), "help").said == ["Twos are fine."]


def test_help_ends_the_row_of_misunderstandings(converse: Converse) -> None:
    talk = converse(main=FLOW).tell(NoMatch()).tell(NoMatch())

    command(talk, "help")

    assert talk.tell(NoMatch()).said == ["Pardon?", "First?"]


def test_back_goes_through_the_questions_in_reverse(converse: Converse) -> None:
    talk = converse(main=FLOW).hear("x").hear("y")
    assert talk.said == ["Third?"]

    assert command(talk, "back").said == ["You said y.", "Second?"]
    assert command(talk, "back").said == ["Hello.", "First?"]
    assert command(talk, "back").said == ["Hello.", "First?"]


def test_back_leaves_a_called_flow(converse: Converse) -> None:
    main = HEAD + (
        "  first: {ask: First?, grammar: g, next: go}\n"
        "  go: {call: sub, next: end}\n"
        "  end: {hangup: auto}\n"
    )
    sub = "{start: a, steps: {a: {ask: Sub?, grammar: g, next: b}, b: {return: true}}}"
    talk = converse(main=main, sub=sub).hear("x")
    assert talk.said == ["Sub?"]

    assert command(talk, "back").said == ["First?"]
    assert talk.state.step == "first"


def test_command_with_a_step_leaves_a_called_flow(converse: Converse) -> None:
    main = HEAD + (
        "  first: {ask: First?, grammar: g, next: go}\n"
        "  go: {call: sub, next: end}\n"
        "  end: {hangup: auto}\n"
    )
    sub = "{start: a, steps: {a: {ask: Sub?, grammar: g, next: b}, b: {return: true}}}"
    talk = converse(main=main, sub=sub).hear("x")

    assert command(talk, "menu").said == ["First?"]
    assert len(talk.state.frames) == 1


def test_command_that_means_nothing_is_a_nomatch(converse: Converse) -> None:
    talk = command(converse(main=FLOW), "dance")

    assert talk.said == ["Pardon?", "First?"]


def test_question_can_do_without_commands(converse: Converse) -> None:
    flow = FLOW.replace("ask: First?", "ask: First?\n    commands: false")
    talk = converse(main=flow)

    assert talk.last == Listen(("one",), {})


def test_question_can_lead_a_command_elsewhere(converse: Converse) -> None:
    flow = FLOW.replace("ask: First?", "ask: First?\n    commands: {help: second, menu: end}")

    assert command(converse(main=flow), "help").said == ["You said .", "Second?"]
    assert isinstance(command(converse(main=flow), "menu").last, HangUp)
    assert command(converse(main=flow), "operator").said == ["A person."]


# Confirmation

CONFIRM = (
    HEAD
    + """
  first:
    ask: Number?
    grammar: number
    store: number
    nomatch: Digit by digit, please.
    confirm: {ask: "Did you say {answer|digits}?", below: 0.7}
    next: {none: end, else: thanks}
  thanks: {say: "Thanks, {number}.", hangup: auto}
  end: {hangup: auto}
"""
)


def test_sure_answer_is_taken_as_it_is(converse: Converse) -> None:
    assert converse(main=CONFIRM).hear("4271", confidence=0.7).said == ["Thanks, 4271."]


def test_unsure_answer_is_asked_back(converse: Converse) -> None:
    talk = converse(main=CONFIRM).hear("4271", confidence=0.6)

    assert talk.said == ["Did you say <digits:4271>?"]
    assert talk.last == Listen(
        ("builtin:boolean", "number", "commands"),
        {"0": {"command": "operator"}, "*": {"command": "repeat"}, "1": True, "2": False},
    )
    assert "number" not in talk.state.variables
    assert talk.hear(True, grammar="builtin:boolean").said == ["Thanks, 4271."]
    assert talk.state.variables["number"] == "4271"


def test_denied_answer_is_asked_for_again_in_other_words(converse: Converse) -> None:
    talk = converse(main=CONFIRM).hear("4271", confidence=0.6).hear(False)

    assert talk.said == ["Digit by digit, please."]
    assert talk.state.counts.in_all == 1
    assert talk.hear("4272").said == ["Thanks, 4272."]


def test_right_answer_may_be_given_instead_of_no(converse: Converse) -> None:
    talk = converse(main=CONFIRM).hear("4271", confidence=0.6)

    assert talk.hear("4279", grammar="number").said == ["Thanks, 4279."]


def test_silence_at_a_confirmation_asks_it_again(converse: Converse) -> None:
    talk = converse(main=CONFIRM).hear("4271", confidence=0.6)

    assert talk.tell(NoInput()).said == ["I hear nothing.", "Did you say <digits:4271>?"]
    assert talk.tell(NoMatch()).said == ["Pardon?", "Did you say <digits:4271>?"]
    assert talk.hear(True).said == ["Thanks, 4271."]


def test_commands_work_at_a_confirmation(converse: Converse) -> None:
    talk = converse(main=CONFIRM).hear("4271", confidence=0.6)

    assert command(talk, "repeat").said == ["Did you say <digits:4271>?"]
    assert command(talk, "back").said == ["Number?"]
    assert command(talk, "operator").said == ["A person."]


def test_confirmation_without_a_limit_is_always_asked(converse: Converse) -> None:
    talk = converse(main=CONFIRM.replace(", below: 0.7", ""))

    assert talk.hear("4271").said == ["Did you say <digits:4271>?"]
