"""How a prompt is cut into pieces of sound."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.segments import (
    CLAUSE_PAUSE_MS,
    LONGEST_CHARACTERS,
    SENTENCE_PAUSE_MS,
    Segment,
    plan,
)
from voicebot.types import Language, Prompt, SayAs, Value

ENGLISH = Language("en-US")
NUMBER = Value("4271", SayAs.DIGITS)
DATE = Value("2026-11-24", SayAs.DATE)


def cut(*parts: str | Value) -> list[tuple[str, bool]]:
    return [(segment.text, segment.static) for segment in plan(Prompt(parts), ENGLISH)]


def test_each_sentence_is_a_segment_and_only_the_last_has_no_pause() -> None:
    segments = plan(Prompt(("Welcome. How can I help? Say 'hours'.",)), ENGLISH)
    assert [segment.text for segment in segments] == [
        "Welcome.",
        "How can I help?",
        "Say 'hours'.",
    ]
    assert [segment.pause_ms for segment in segments] == [SENTENCE_PAUSE_MS, SENTENCE_PAUSE_MS, 0]
    assert all(segment.static for segment in segments)


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert cut("Ask Dr. Jones, e.g. at 9 a.m. daily.") == [
        ("Ask Doctor Jones, for example at nine a.m. daily.", True)
    ]


def test_a_sentence_without_a_full_stop_comes_to_rest() -> None:
    assert cut("Goodbye") == [("Goodbye.", True)]


def test_a_static_sentence_beside_a_dynamic_one_stays_static() -> None:
    assert cut("I found it. It comes on ", DATE, ". Anything else?") == [
        ("I found it.", True),
        ("It comes on Tuesday, November twenty-fourth.", False),
        ("Anything else?", True),
    ]


def test_a_static_head_before_a_comma_can_play_at_once() -> None:
    assert cut("I found your order, and it is ", Value("packed"), ".") == [
        ("I found your order,", True),
        ("and it is packed.", False),
    ]


def test_a_number_read_digit_by_digit_is_followed_by_a_joint() -> None:
    segments = plan(Prompt(("Order ", NUMBER, " is on its way.")), ENGLISH)
    assert [(s.text, s.static, s.pause_ms) for s in segments] == [
        ("Order four two, seven one,", False, CLAUSE_PAUSE_MS),
        ("is on its way.", True, 0),
    ]


def test_short_pieces_stay_together() -> None:
    assert cut("Thanks, ", Value("Ann"), ", bye.") == [("Thanks, Ann, bye.", False)]
    assert cut("You have ", Value(2, SayAs.NUMBER), " coats and hats.") == [
        ("You have two coats and hats.", False)
    ]


def test_no_joint_between_a_number_and_the_sentence_end() -> None:
    assert cut("Is it ", NUMBER, "?") == [("Is it four two, seven one?", False)]


def test_nothing_to_hear_gives_no_segment() -> None:
    assert cut("...") == []
    assert cut() == []
    assert cut("", Value("")) == []


def test_the_cut_does_not_depend_on_the_values() -> None:
    def shape(number: str, day: str) -> list[tuple[bool, int, str]]:
        parts = (
            *("Thanks. Order ", Value(number, SayAs.DIGITS), " is on its way and should come on "),
            *(Value(day, SayAs.DATE), ", I believe. Anything else?"),
        )
        return [
            (s.static, s.pause_ms, s.text if s.static else "") for s in plan(Prompt(parts), ENGLISH)
        ]

    assert shape("", "") == shape("4271", "2026-11-24") == shape("1. 2, and 3", "soon")


def test_a_text_too_long_to_render_at_once_is_cut_at_a_comma() -> None:
    segments = plan(Prompt(("a very long list, " * 50,)), ENGLISH)
    assert len(segments) > 1
    assert all(len(segment.text) <= LONGEST_CHARACTERS for segment in segments)
    assert " ".join(segment.text for segment in segments).count("list") == 50


def test_a_recording_of_the_whole_prompt_wins() -> None:
    def find(text: str, language: Language) -> Path | None:
        return Path("both.wav") if text == "Hello. Bye." and language == "en-US" else None

    assert plan(Prompt(("Hello. Bye.",)), ENGLISH, find_recording=find) == (
        Segment("Hello. Bye.", "Hello. Bye.", True, 0, Path("both.wav")),
    )


def test_a_recording_of_one_sentence_is_used_between_synthesised_ones() -> None:
    def find(text: str, _language: Language) -> Path | None:
        return Path("found.wav") if text == "I found 1." else None

    prompt = Prompt(("I found 1. It comes on ", DATE, "."))
    first, second = plan(prompt, ENGLISH, find_recording=find)
    assert (first.recording, first.text, first.pause_ms) == (
        Path("found.wav"),
        "I found one.",
        SENTENCE_PAUSE_MS,
    )
    assert second.recording is None


def test_chinese_sentences_end_without_a_space() -> None:
    segments = plan(Prompt(("你好。请说。",)), Language("zh-CN"))
    assert [segment.text for segment in segments] == ["你好。", "请说。"]


_parts = st.lists(st.one_of(st.text(max_size=30), st.text(max_size=8).map(Value)), max_size=6).map(
    tuple
)


@given(_parts)
def test_any_prompt_can_be_cut(parts: tuple[str | Value, ...]) -> None:
    for segment in plan(Prompt(parts), ENGLISH):
        assert any(sign.isalnum() for sign in segment.text)
