from __future__ import annotations

import pytest

from voicebot.nlu.splitting import MOST_CLAUSES, Part, best_division, divisions


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in divisions(text)]


def test_the_whole_comes_first() -> None:
    assert said("cancel it now and when do you open") == [
        "cancel it now and when do you open",
        "cancel it now",
        "when do you open",
    ]


@pytest.mark.parametrize("text", ["rock and roll", "yes, please", "where is my order", "and"])
def test_single_words_are_no_clauses(text: str) -> None:
    assert said(text) == [text]


def test_chinese_is_divided_at_its_own_marks_and_words() -> None:
    assert said("取消订单，还有你们几点关门")[1:] == ["取消订单", "你们几点关门"]
    assert said("我要退货然后查一下订单")[1:] == ["我要退货", "查一下订单"]


def test_divisions_are_bounded() -> None:
    text = " and ".join(["say it again"] * 50)
    assert len(divisions(text)) <= MOST_CLAUSES * (MOST_CLAUSES + 1) // 2
    assert divisions(text)[-1][1] == len(text)


def parts(whole: tuple[str, float], *others: tuple[str, float]) -> list[Part]:
    return [
        Part(0, 10 * len(others), *whole),
        *(Part(10 * at, 10 * at + 9, *other) for at, other in enumerate(others)),
    ]


def divided(whole: tuple[str, float], *others: tuple[str, float]) -> tuple[int, ...]:
    found = parts(whole, *others)
    found[-1] = Part(found[-1].start, found[0].end, found[-1].name, found[-1].confidence)
    return best_division(found, 0.3)


def test_two_sure_parts_are_two_intents() -> None:
    assert divided(("cancel", 0.8), ("cancel", 0.95), ("hours", 0.9)) == (1, 2)


def test_an_unsure_part_keeps_the_sentence_whole() -> None:
    assert divided(("cancel", 0.8), ("cancel", 0.95), ("hours", 0.4)) == (0,)


def test_a_whole_that_reads_as_a_third_stays_whole() -> None:
    assert divided(("exchange", 0.9), ("return", 0.95), ("stock", 0.95)) == (0,)


def test_parts_that_mean_the_same_stay_together() -> None:
    assert divided(("cancel", 0.7), ("cancel", 0.95), ("cancel", 0.95)) == (0,)


def test_parts_are_found_where_the_whole_is_not_understood() -> None:
    assert divided(("hours", 0.1), ("cancel", 0.9), ("hours", 0.9)) == (1, 2)
