"""Chinese text: characters as words, numbers, and values written in figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grammar.conftest import Activate
from voicebot.grammar.chinese import LARGEST, number_name, spelled_out
from voicebot.grammar.words import as_written, is_unparted, normalise_words, parts_of, spellings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我要退货", "我 要 退 货"),
        ("我 要 退货。", "我 要 退 货"),
        ("３月5号！", "3 月 5 号"),
        ("我要iPhone手机", "我 要 iphone 手 机"),
        ("二〇二六", "二 零 二 六"),
        ("ガラス", "ガ ラ ス"),
        ("네 영업시간", "네 영업시간"),
        ("📦我的包裹\u200b呢？", "我 的 包 裹 呢"),
    ],
)
def test_every_character_is_a_word(text: str, words: str) -> None:
    assert normalise_words(text) == tuple(words.split())


@pytest.mark.parametrize("text", ["我要退货", "我要 a1 手机", "one two", "네 영업시간"])
def test_words_are_joined_as_they_were_written(text: str) -> None:
    written = as_written(normalise_words(text))
    assert written == text.replace(" a1 ", "a1")


def test_parts_of_a_word_keep_what_is_not_chinese() -> None:
    assert parts_of("换iphone吧") == ("换", "iphone", "吧")
    assert is_unparted("退货")
    assert not is_unparted("退a")
    assert not is_unparted("네")


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "零"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1050, "一千零五十"),
        (1508, "一千五百零八"),
        (10_000, "一万"),
        (10_500, "一万零五百"),
        (105_000, "十万五千"),
        (100_010_001, "一亿零一万零一"),
    ],
)
def test_numbers_have_their_names(number: int, name: str) -> None:
    assert number_name(number) == name


_WORTH = {name: value for value, name in enumerate("零一二三四五六七八九")}


def _worth(name: str) -> int:
    """Read a name back, by another rule than it was made."""
    total = group = digit = 0
    for letter in name:
        if letter in _WORTH:
            digit = _WORTH[letter]
        elif letter in "十百千":
            group += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[letter]
            digit = 0
        else:
            total += (group + digit) * {"万": 10_000, "亿": 100_000_000}[letter]
            group = digit = 0
    return total + group + digit


@given(st.integers(0, LARGEST - 1))
def test_name_says_the_number(number: int) -> None:
    name = number_name(number)
    assert _worth(name) == number
    assert "零零" not in name
    assert not (len(name) > 1 and name.endswith("零"))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-03-05", "2026年3月5号"),
        ("15:30", "15点30分"),
        ("9:05", "9点零5分"),
        ("20:00", "20点整"),
        ("¥19.99", "19点99元"),
        ("-2.5", "负2点5"),
        ("订单4271", "订单4271"),
    ],
)
def test_values_in_figures_are_spelled_out(written: str, said: str) -> None:
    assert spelled_out(written) == said


def test_figures_stand_for_their_names() -> None:
    assert ("幺",) in spellings("1", "zh-CN")
    assert ("两",) in spellings("2", "zh-CN")
    assert ("十", "二") in spellings("12", "zh-CN")


def test_text_matches_however_it_is_parted(activate: Activate) -> None:
    grammar = activate("$main = 我要 (退货 | 换 货) [谢谢];")

    for text in ("我要退货", "我 要 退 货", "我要换货，谢谢！"):
        assert grammar.match_words([text]) is not None
    assert grammar.match_words(["我要退"]) is None
    found = grammar.match_words(["我要", "退货"])
    assert found is not None
    assert found.text == "我要退货"
