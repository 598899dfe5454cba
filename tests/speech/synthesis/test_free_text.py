"""Digits, symbols and abbreviations in prompt text become words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.spoken.free_text import normalise, tidy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Open 9 am to 6 pm.", "Open nine a.m. to six p.m."),
        ("Open 9-5, Mon-Fri.", "Open nine to five, Monday to Friday."),
        ("9:30 am–5 pm", "nine thirty a.m. to five p.m."),
        ("Open 24/7.", "Open twenty-four seven."),
        ("at 12:45", "at twelve forty-five p.m."),
        ("10% off over $50", "ten percent off over fifty dollars"),
        ("It's 5%.", "It's five percent."),
        ("$5.", "five dollars."),
        ("$0.99", "ninety-nine cents"),
        ("$5-$10", "five dollars to ten dollars"),
        ("10-15%", "ten to fifteen percent"),
        ("Save $2 million", "Save two million dollars"),
        ("a €1 coin", "a one euro coin"),
        ("20 USD", "twenty dollars"),
        (
            "3,500 items of 3.5 kg",
            "three thousand five hundred items of three point five kilograms",
        ),
        ("1 lb.", "one pound."),
        ("a 5-minute wait", "a five-minute wait"),
        ("2-3 days", "two to three days"),
        ("half: 1/2", "half: one half"),
        ("-5 degrees", "minus five degrees"),
        ("1st, 2nd & 33rd", "first, second and thirty-third"),
        ("In 2026", "In twenty twenty-six"),
        ("the 1990s", "the nineteen nineties"),
        ("Wed, Nov 4", "Wednesday, November fourth"),
        ("Sept. 21st, 2027", "September twenty-first, twenty twenty-seven"),
        ("on 2026-11-03", "on November third, twenty twenty-six"),
        ("Sun is shining", "Sun is shining"),
        ("on Sun, too", "on Sunday, too"),
        ("May I help?", "May I help?"),
        ("Press 1, or *.", "Press one, or star."),
        ("press #", "press pound"),
        ("Order #1234", "Order number one two, three four"),
        ("Order 42719938.", "Order four two seven one, nine nine three eight."),
        ("code 007", "code zero zero seven"),
        ("Call 555-0199.", "Call five five five, zero one nine nine."),
        (
            "Call 1-800-555-0199",
            "Call one, eight zero zero, five five five, zero one nine nine",
        ),
        ("room B12", "room B twelve"),
        ("Version 1.2.3", "Version one point two point three"),
        ("shop@example.com", "shop at example dot com"),
        ("www.harbour-lane.com/returns.", "www dot harbour dash lane dot com slash returns."),
        ("Dr. Who, e.g. a coat etc.", "Doctor Who, for example a coat and so on"),
        ("Thanks — bye", "Thanks, bye"),
        ("You can't say: no", "You can't say: no"),
    ],
)
def test_text_is_read_the_way_people_say_it(text: str, words: str) -> None:
    assert normalise(text) == words


@given(st.text(st.sampled_from("0123456789 .,-$%#:/apm&+()'\"€ABMonNov"), max_size=60))
def test_no_digit_is_left_whatever_the_text(text: str) -> None:
    assert not any(sign.isdigit() for sign in normalise(text))


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(normalise(text), str)


def test_a_long_text_loses_no_word() -> None:
    words = normalise("press 1 now " * 500).split()
    assert words == ["press", "one", "now"] * 500


def test_tidy_leaves_one_pause_and_no_space_before_punctuation() -> None:
    assert tidy("B, A, , is  ready .") == "B, A, is ready."
    assert tidy("at nine a.m..") == "at nine a.m."
