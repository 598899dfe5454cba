"""What is enough to look an article up for."""

from __future__ import annotations

import pytest

from voicebot.desk.looking_up import says_enough


@pytest.mark.parametrize(
    "sentence", ["where is it", "怎么退货", "我要退货。", "お荷物はどこ", "可以用 PayPal 吗"]
)
def test_a_question_is_enough_in_any_script(sentence: str) -> None:
    assert says_enough(sentence)


@pytest.mark.parametrize(
    "sentence", ["", "hello?", "yes please", "- - -", "你好", "谢谢你", "好的!"]
)
def test_a_word_or_two_is_not(sentence: str) -> None:
    assert not says_enough(sentence)
