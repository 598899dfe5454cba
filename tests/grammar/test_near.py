"""Names that were said or typed a little wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.grammar.near import distance, nearest

NAMES = ["Anna Miller", "Peter Smith", "Petra Smith", "Joao Ferreira", "Stephen Wright"]


def found(text: str, sounds: dict[str, str] | None = None) -> list[str]:
    pronounce = None if sounds is None else lambda words: sounds.get(words, "")
    return [NAMES[near.place] for near in nearest(text, NAMES, pronounce)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("anna miller", "Anna Miller"),
        ("Ana Miller", "Anna Miller"),
        ("Anna Mlilers", "Anna Miller"),
        ("Miller, Anna", "Anna Miller"),
        ("joao ferreria", "Joao Ferreira"),
    ],
)
def test_slips_of_the_keyboard_are_forgiven(text: str, name: str) -> None:
    assert found(text) == [name]


def test_two_names_as_near_are_both_given_the_better_first() -> None:
    assert found("Peter Smyth") == ["Peter Smith", "Petra Smith"] or found("Peter Smyth") == [
        "Peter Smith"
    ]
    assert found("Petr Smith") == ["Peter Smith", "Petra Smith"]


def test_other_spelling_of_the_same_sounds_is_the_name() -> None:
    sounds = {
        "steven rite": "s_t_ˈiː_v_ə_n r_ˈaɪ_t",
        "stephen wright": "s_t_ˈiː_v_ə_n_ r_ˈaɪ_t",
    }

    assert found("Steven Rite") == []
    assert found("Steven Rite", sounds) == ["Stephen Wright"]


@pytest.mark.parametrize("text", ["", "?!", "Winston Churchill", "x" * 5000])
def test_what_is_like_none_gives_nothing(text: str) -> None:
    assert found(text) == []


def test_list_that_is_too_long_is_not_searched() -> None:
    assert nearest("name 7", [f"name {n}" for n in range(3000)]) == ()


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_symmetric_and_bounded(first: str, second: str) -> None:
    assert distance(first, second) == distance(second, first)
    assert abs(len(first) - len(second)) <= distance(first, second) <= max(len(first), len(second))
    assert (distance(first, second) == 0) == (first == second)
