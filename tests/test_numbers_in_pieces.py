"""Numbers said over several turns are found with their last piece; other numbers stay."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.test_personal_numbers import CHINESE, WORDS, cards, with_check_digit
from voicebot.numbers_in_pieces import Said, completed, values_without, without
from voicebot.types import HIDDEN, Json

CARD = "4539578763621486"
AROUND = st.sampled_from(
    ["{}", "and then {}", "okay it is {} got it", "the next one is {}", "卡号 {}"]
)
SAY = st.sampled_from(
    [
        lambda digits: digits,
        lambda digits: " ".join(WORDS[each] for each in digits),
        lambda digits: "".join(CHINESE[each] for each in digits),
    ]
)


HID = [HIDDEN, HIDDEN]


def said(*texts: str, question: str = "card") -> list[Said]:
    return [Said(text, question) for text in texts]


def texts_after(turns: list[Said]) -> list[str]:
    found = completed(turns)
    changed = found.texts if found is not None else {}
    return [changed.get(place, turn.text) for place, turn in enumerate(turns)]


@given(cards, st.lists(st.integers(1, 15), max_size=15, unique=True), st.data())
def test_a_card_is_hidden_however_it_is_cut(
    card: str, cuts: list[int], data: st.DataObject
) -> None:
    places = [0, *sorted(cuts or [8]), 16]
    pieces = [card[first:last] for first, last in pairwise(places)]
    long = [piece for piece in pieces if len(piece) > 3]
    assume(all(sum(map(str.__ne__, *pair)) > 1 for pair in combinations(long, 2)))
    turns: list[Said] = []
    where: list[int] = []
    for piece in pieces:
        words = data.draw(SAY)(piece)
        around = data.draw(AROUND) if len(piece) > 1 else "{}"
        where.append(len(turns))
        turns.append(Said(around.format(words), "card"))
        turns += [Said("uh", "card")] * data.draw(st.integers(0, 2))
    turns = turns[: where[-1] + 1]
    after = texts_after(turns)
    assert all(HIDDEN in after[place] for place in where)
    assert not any(any(each.isdigit() for each in text) for text in after)


@given(cards, st.integers(1, 9))
def test_pieces_of_another_number_stay(card: str, more: int) -> None:
    wrong = card[:-1] + str((int(card[-1]) + more) % 10)
    assert completed(said(wrong[:4], wrong[4:8], wrong[8:12], wrong[12:])) is None


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_turns_can_be_read(texts: list[str]) -> None:
    completed(said(*texts))


@given(st.lists(st.text("0123456789", min_size=1, max_size=6), min_size=1, max_size=6))
def test_the_last_turn_is_always_part_of_what_is_found(texts: list[str]) -> None:
    found = completed(said(*texts))
    if found is not None:
        assert len(texts) - 1 in found.texts
        assert len(found.texts) > 1
        assert found.digits.endswith(texts[-1])


@pytest.mark.parametrize(
    "texts, after",
    [
        (
            ["four five three nine", "and then five seven eight seven", "6362", "1486"],
            [HIDDEN, f"and then {HIDDEN}", HIDDEN, HIDDEN],
        ),
        (
            ["my order is 77 and the card 4539", "5787", "go on", "6362", "1486 expires 12 26"],
            [f"my order is 77 and the card {HIDDEN}", HIDDEN, "go on", HIDDEN,
             f"{HIDDEN} expires 12 26"],
        ),
        (["4242"] * 4, [HIDDEN] * 4),
        (["42424242", "42424242"], [HIDDEN] * 2),
        (["一一零一零五", "一九四九一二三一", "零零二X"], [HIDDEN] * 3),
        (list(CARD), [HIDDEN] * 16),
    ],
)  # fmt: skip
def test_numbers_in_pieces_are_found(texts: list[str], after: list[str]) -> None:
    assert texts_after(said(*texts)) == after


@pytest.mark.parametrize(
    "texts",
    [
        [CARD],  # one turn is the business of `personal_numbers`
        ["4539", "5787", "6362"],
        ["4539", "5787", "6362", "I do not have it here"],
        ["4539", "no", "no", "no", "no", "5787", "6362", "1486"],
        ["+ 4539", "5787", "6362", "1486"],
        ["4539", "5787 for 25 people", "6362", "1486"],
        ["15081508", "15081508"],
        ["123", "45", "6789"],
    ],
)
def test_other_numbers_stay(texts: list[str]) -> None:
    assert completed(said(*texts)) is None


def test_the_same_order_number_again_and_again_is_no_card() -> None:
    order = next(
        number
        for number in map(str, range(40_000_000, 40_001_000))
        if with_check_digit((number * 2)[:-1]) == number * 2
    )
    assert completed(said(order, order)) is None
    assert completed(said(order[:4], order[4:], order[:4], order[4:])) is None


def test_a_long_number_with_one_digit_misheard_is_the_same_number() -> None:
    assert completed(said(CARD[:8], CARD[8:])) is not None
    order = "40000000"
    again = next(
        number
        for number in (f"4000000{last}" for last in range(1, 10))
        if with_check_digit((order + number)[:-1]) == order + number
    )
    assert completed(said(order, again)) is None


def test_long_numbers_at_different_questions_are_different_numbers() -> None:
    assert completed([Said(CARD[:8], "order"), Said(CARD[8:], "telephone")]) is None
    assert completed([Said(CARD[:8], "card"), Said(CARD[8:], "card")]) is not None
    assert completed([Said(CARD[:8]), Said(CARD[8:])]) is None
    short = [Said(CARD[at : at + 4], f"part {at}") for at in range(0, 16, 4)]
    assert completed(short) is not None


def test_a_social_security_number_is_known_by_its_name() -> None:
    asked = "What is your social security number?"
    assert completed([Said("123", "a", asked), Said("45", "a"), Said("6789", "a")]) is not None
    assert completed(said("my social security number is 123", "45", "6789")) is not None
    assert completed([Said("923", "a", asked), Said("45", "a"), Said("6789", "a")]) is None


def test_pieces_are_hidden_in_what_others_say() -> None:
    heard = "I heard four five three nine and 5 7 8 7. That is 20 dollars, order 1508."
    assert without(heard, [CARD]) == f"I heard {HIDDEN}. That is 20 dollars, order 1508."
    assert without(heard, []) == heard
    values: Json = {"part": 4539, "all": ["5787", True, 1508, None], "few": 45}
    hidden = {"part": HIDDEN, "all": [HIDDEN, True, 1508, None], "few": 45}
    assert values_without(values, [CARD]) == hidden
    assert values_without({"few": 45}, [CARD], fewest=1) == {"few": HIDDEN}


@pytest.mark.parametrize(
    "texts, after",
    [
        (["4539", "5788", "no, 5787", "6362", "1486"], [HIDDEN, HIDDEN, f"no, {HIDDEN}", *HID]),
        (["4539", "5788", "no that's wrong", "5787", "6362", "1486"],
         [HIDDEN, HIDDEN, "no that's wrong", HIDDEN, *HID]),
        (["4539", "5788 sorry 5787", "6362", "1486"],
         [HIDDEN, f"{HIDDEN} sorry {HIDDEN}", *HID]),
        (["4539", "5788", "6362", "1486", "no, 5787"], [*HID, *HID, f"no, {HIDDEN}"]),
        (["4539", "5787", "6362", "1468", "不对 一四八六"], [*HID, *HID, f"不对 {HIDDEN}"]),
        (["4539", "5789", "no 5788", "no 5787", "6362", "1486"],
         [*HID, f"no {HIDDEN}", f"no {HIDDEN}", *HID]),
    ],
)  # fmt: skip
def test_a_piece_that_is_corrected_does_not_hide_the_number(
    texts: list[str], after: list[str]
) -> None:
    found = completed([Said(text, "card") for text in texts])
    assert found is not None
    assert [found.texts.get(place, text) for place, text in enumerate(texts)] == after


@pytest.mark.parametrize(
    "texts",
    [
        ["4539", "5788", "5787", "6362", "1486"],  # nobody took anything back
        ["4539", "5788", "no, 57871", "6362", "1486"],
        ["4539", "578", "6362", "1486", "no, 5787"],
    ],
)
def test_other_pieces_are_no_corrections(texts: list[str]) -> None:
    assert completed([Said(text, "card") for text in texts]) is None
