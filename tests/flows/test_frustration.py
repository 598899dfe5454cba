"""Signs of frustration, and flows that heed them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.flows.events import (
    ActionFailed,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    RecognitionFailed,
    TransferRefused,
)
from voicebot.flows.frustration import Mood, feel
from voicebot.types import Heard, Mode

from .conftest import Conversation


def understood(text: str, mode: Mode = Mode.SPEECH) -> InputMatched:
    return InputMatched(Heard(text, text, 1.0, mode))


def level(*events: FlowEvent, language: str = "en-US") -> float:
    mood = Mood()
    in_a_row = 0
    for event in events:
        mood = feel(mood, event, in_a_row, language)
        in_a_row = in_a_row + 1 if isinstance(event, NoMatch | NoInput) else 0
    return mood.level


def test_quiet_call_stays_at_nothing() -> None:
    assert level(understood("where is my order"), understood("4271"), understood("no")) == 0


def test_more_in_a_row_is_worse_each_time() -> None:
    one, two, three = (level(*[NoMatch("x")] * times) for times in (1, 2, 3))

    assert 0 < one < two - one < three - two


def test_answer_that_is_understood_calms() -> None:
    assert level(NoMatch(), understood("yes")) < level(NoMatch())


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (NoMatch("this is bullshit"), NoMatch("this is fine")),
        (NoMatch("give me an AGENT!"), NoMatch("give me an apple!")),
        (NoMatch("WHERE IS IT"), NoMatch("where is it")),
        (understood("agent"), understood("hours")),
        (ActionFailed("broken"), understood("yes")),
        (RecognitionFailed(), understood("yes")),
        (TransferRefused("busy"), ActionFailed("broken")),
    ],
)
def test_sign_raises_the_level(worse: FlowEvent, better: FlowEvent) -> None:
    assert level(worse) > level(better)


def test_same_words_again_are_a_sign_but_yes_twice_is_not() -> None:
    again, once = understood("where is my order"), understood("my order")

    assert level(again, again) > level(once, again) == 0
    assert level(understood("yes"), understood("yes")) == 0


def test_same_sentence_again_is_a_sign_in_a_language_without_spaces() -> None:
    again, short = understood("你们几点关门"), understood("不用")

    assert level(again, again, language="zh-CN") > 0
    assert level(short, short, language="zh-CN") == 0


def test_asking_for_a_person_again_weighs_more() -> None:
    asking = [understood("agent"), understood("operator")]

    assert level(*asking) > 2 * level(asking[0]) * 0.9


def test_keys_are_no_words() -> None:
    assert level(understood("42 42", Mode.DTMF), understood("42 42", Mode.DTMF)) == 0


def test_chinese_words_are_found_without_spaces() -> None:
    assert level(NoMatch("我要转人工服务"), language="zh-CN") > level(
        NoMatch("你好"), language="zh-CN"
    )


@given(st.lists(st.sampled_from([NoMatch("damn agent"), NoInput(), understood("ok")]), max_size=60))
def test_level_stays_between_0_and_1(events: list[FlowEvent]) -> None:
    assert 0 <= level(*events) <= 1


FLOW = """
start: first
trouble: {next: person, in_a_row: 3, if: frustration >= 0.6}
nomatch: Pardon?
steps:
  first: {ask: First?, grammar: one, next: person}
  person: {say: "A person, {frustration}.", transfer: agents, on_failure: first}
"""


def test_swearing_caller_gets_a_person_at_once(converse: Callable[..., Conversation]) -> None:
    calm, angry = converse(main=FLOW), converse(main=FLOW)

    assert calm.tell(NoMatch("what was it")).said == ["Pardon?", "First?"]
    assert angry.tell(NoMatch("you stupid machine")).said == ["A person, 0.65."]
