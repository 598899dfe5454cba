"""Words are cut the same way for storing and for asking, and nothing that is typed can hurt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.analytics.search import MOST_TERMS, Term, indexed, pieces, terms_of


def test_words_are_folded_and_signs_left_out() -> None:
    assert indexed("Order №42-a_b, PLEASE!") == "order no42 a b please"


def test_chinese_is_cut_into_pairs_that_overlap() -> None:
    assert indexed("我要退款 now") == "我要 要退 退款 款 now"


def test_bare_words_may_go_on_and_quoted_ones_may_not() -> None:
    assert terms_of('refu "my order"') == (Term(("refu",), True), Term(("my", "order"), False))


def test_one_character_is_the_beginning_of_a_pair() -> None:
    assert terms_of("退") == (Term(("退",), True),)
    assert terms_of("退款单") == (Term(("退款", "款单"), False),)


def test_a_quote_that_is_never_closed_is_a_phrase() -> None:
    assert terms_of('"my order') == (Term(("my", "order"), False),)


@pytest.mark.parametrize("nothing", ["", "   ", '""', '"', "😀 🙈", "*", "()&|!:", "\x00", "---"])
def test_what_holds_no_word_looks_for_nothing(nothing: str) -> None:
    assert terms_of(nothing) == ()


def test_long_queries_are_cut_off() -> None:
    assert len(terms_of(" ".join(f"w{n}" for n in range(10_000)))) == MOST_TERMS
    assert len(terms_of("x" * 10_000)[0].words[0]) <= 60


@given(st.text(), st.text())
def test_the_pieces_of_a_text_are_its_own(text: str, query: str) -> None:
    shown = "".join(piece.text for piece in pieces(text, terms_of(query))).strip("…")
    assert shown in text


@given(st.text(alphabet="abc 退款单。!", min_size=1, max_size=20))
def test_a_text_has_all_words_that_are_asked_with_itself(text: str) -> None:
    stored = f" {indexed(text)} "
    for term in terms_of(text):
        assert f" {' '.join(term.words)}" in stored


def test_hits_are_marked_in_the_words_as_they_were_said() -> None:
    found = pieces("I want a REFUND for my refunds", terms_of("refund"))
    assert [piece.text for piece in found if piece.hit] == ["REFUND", "refunds"]


def test_hits_in_chinese_are_marked_without_what_stands_beside() -> None:
    assert [(piece.text, piece.hit) for piece in pieces("我要退款单吗", terms_of("退款单"))] == [
        ("我要", False),
        ("退款单", True),
        ("吗", False),
    ]


def test_a_long_text_is_shortened_around_the_hit() -> None:
    found = pieces("a " * 500 + "refund" + " b" * 500, terms_of("refund"))
    assert found[0].text == "…"
    assert found[-1].text.endswith("…")
    assert sum(len(piece.text) for piece in found) < 400
