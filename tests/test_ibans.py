"""Bank accounts as IBAN, spelled, said, and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.ibans import is_iban
from voicebot.ibans_in_pieces import completed_iban
from voicebot.numbers_in_pieces import Said
from voicebot.personal_numbers import masked
from voicebot.types import HIDDEN

DE = "DE89370400440532013000"
GB = "GB29NWBK60161331926819"
NO = "NO9386011117947"


def found(*texts: str) -> list[str] | None:
    """What the texts read with the IBAN that the last one completes."""
    account = completed_iban([Said(text) for text in texts])
    return None if account is None else [account.texts.get(at, x) for at, x in enumerate(texts)]


def test_an_iban_has_the_length_and_letters_of_its_country_and_right_digits() -> None:
    for right in (DE, GB, NO, "NL91ABNA0417164300", "MT84MALT011000012345MTLCAST001S"):
        assert is_iban(right)
    assert is_iban(NO.replace("O", "0"))
    for wrong in (DE[:-1], DE + "0", DE.replace("89", "88"), "ZZ" + DE[2:], "DE", ""):
        assert not is_iban(wrong)


@pytest.mark.parametrize(
    "text, after",
    [
        ("d e eight nine three seven zero four double zero four four zero five three two zero one"
         " three triple zero", HIDDEN),
        ("my i b a n is G B 2 9 N W B K 6 0 1 6 1 3 3 1 9 2 6 8 1 9 thanks",
         f"my i b a n is {HIDDEN} thanks"),
        ("gb29 NWBK 6016-1331-9268-19", HIDDEN),
        ("n o nine three eight six oh one one one one seven nine four seven", HIDDEN),
        ("d e eight eight three seven zero four", "d e eight eight three seven zero four"),
    ],
)  # fmt: skip
def test_a_spelled_iban_is_hidden(text: str, after: str) -> None:
    assert masked(text) == after


def test_an_iban_in_pieces_is_found_with_its_last() -> None:
    pieces = ["it is g b two nine", "n w b k", "and then 6016", "wait a moment", "1331 9268", "19"]
    for behind in range(1, len(pieces)):
        assert found(*pieces[:behind]) is None
    assert found(*pieces) == [
        f"it is {HIDDEN}", HIDDEN, f"and then {HIDDEN}", "wait a moment", HIDDEN, HIDDEN,
    ]  # fmt: skip
    assert found("GB29", "okay", "nwbk", "6016 1331", "9268 19") is None  # two that may be words
    assert found("GB29", "nwbk", "6016 1331", "9268 19") == [HIDDEN] * 4
    assert found("DE89", "okay", "3704 0044 0532", "0130 00") == [HIDDEN, "okay", HIDDEN, HIDDEN]


def test_an_iban_may_come_one_character_a_turn() -> None:
    digits = ["d", "E", "eight", "9", *DE[4:]]
    assert found(*digits) == [HIDDEN] * len(digits)


@given(st.lists(st.text(alphabet="abDEGNWBK 0123456789okay,"), max_size=8))
def test_any_turns_can_be_read(texts: list[str]) -> None:
    account = completed_iban([Said(text) for text in texts])
    assert account is None or len(texts) - 1 in account.texts


def test_words_and_other_numbers_are_no_ibans() -> None:
    for texts in (["I", "a lamp", "4271", "is it 4 or 5"], ["no", "DE", "89"], ["A1", "B2", "C3"]):
        assert found(*texts) is None
