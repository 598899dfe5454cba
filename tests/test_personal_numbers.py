"""Card and identity numbers are found however they are said; other numbers stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.personal_numbers import masked, masked_heard, masked_values
from voicebot.types import HIDDEN, Heard, Mode

WORDS = dict(
    zip(
        "0123456789",
        ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        strict=True,
    )
)
CHINESE = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))


def with_check_digit(digits: str) -> str:
    """``digits`` and the one that makes their Luhn sum right."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


cards = st.builds(
    lambda prefix, rest: with_check_digit((prefix + rest)[:15]),
    st.sampled_from(["4", "51", "2221", "6011", "62"]),
    st.text("0123456789", min_size=15, max_size=15),
)


@given(cards, st.sampled_from(["", " ", "-", ". "]), st.sampled_from(["", "My card is ", "卡号是"]))
def test_a_card_in_digits_is_hidden_in_any_groups(card: str, gap: str, before: str) -> None:
    written = gap.join(card[at : at + 4] for at in range(0, 16, 4))
    assert masked(f"{before}{written} thanks") == f"{before}{HIDDEN} thanks"


@given(cards)
def test_a_card_in_words_is_hidden(card: str) -> None:
    assert masked(" ".join(WORDS[each] for each in card) + " please") == f"{HIDDEN} please"
    assert masked("卡号是" + "".join(CHINESE[each] for each in card)) == f"卡号是{HIDDEN}"


@given(cards, st.integers(1, 9))
def test_a_card_with_one_wrong_digit_is_another_number(card: str, more: int) -> None:
    wrong = card[:-1] + str((int(card[-1]) + more) % 10)
    assert masked(wrong) == wrong


@given(st.text(max_size=300))
def test_any_text_can_be_read_and_reading_it_again_changes_nothing(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@given(st.text("0123456789", max_size=13))
def test_short_numbers_stay(digits: str) -> None:
    assert masked(f"order {digits}") == f"order {digits}"


@pytest.mark.parametrize(
    "text, hidden",
    [
        ("it is four triple one double one one one triple one one triple one one", ""),
        ("forty one eleven eleven eleven eleven eleven eleven eleven", HIDDEN),
        ("4111 one one one one and 1111 um 1111 expires 12 26", f"{HIDDEN} expires 12 26"),
        ("３７８２ 822463 10005", HIDDEN),
        ("11010519491231002X", HIDDEN),
        ("身份证号 一一零一零五 一九四九一二三一 零零二 X", f"身份证号 {HIDDEN}"),
        ("my number is 123-45-6789.", f"my number is {HIDDEN}."),
        ("my social security number is one two three four five six seven eight nine", ""),
        ("pay to DE89 3704 0044 0532 0130 00 now", f"pay to {HIDDEN} now"),
        ("my zip is 90210 4111111111111111", f"my zip is 90210 {HIDDEN}"),
    ],
)
def test_numbers_are_found(text: str, hidden: str) -> None:
    assert HIDDEN in masked(text)
    if hidden:
        assert masked(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "order one five oh eight",
        "call me at 555 010 4477",
        "+49 170 123 45 67 and 0049 170 1234567",
        "plus 4111 1111 1111 1111",
        "11010519491331002X",
        "110105194912310021",
        "parcel 00340434161094042557",
        "1234567890123452",
        "one two three four five six seven eight nine",
        "room 123, 45 people, 6789 seats",
        "DE89 3704 0044 0532 0130 01",
        "a double room for one or two, forty to fifty dollars",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize("letter", ["\u212a", "\u0130", "\u0131", "\u017f"])
def test_letters_that_only_look_like_an_accounts_harm_nothing(letter: str) -> None:
    text = f"{letter}E12 3456 7890 1234 5"
    assert masked(text) == text


def test_meanings_are_looked_through() -> None:
    card = 4111111111111111
    assert masked_values({"a": [card, str(card), True, 3.5, None, 42]}) == {
        "a": [HIDDEN, HIDDEN, True, 3.5, None, 42]
    }
    heard = Heard(str(card), {"text": str(card)}, 0.5, Mode.DTMF, "free")
    assert masked_heard(heard) == Heard(HIDDEN, {"text": HIDDEN}, 0.5, Mode.DTMF, "free")
    plain = Heard("apple", "apple", 0.5, Mode.SPEECH)
    assert masked_heard(plain) is plain
