"""The built-in types in Mandarin, spoken and typed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.builtin import KINDS
from voicebot.grammar.store import GrammarStore
from voicebot.types import Json

SUNDAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> GrammarStore:
    return GrammarStore(tmp_path_factory.mktemp("grammars"))


def meaning(store: GrammarStore, kind: str, text: str) -> Json:
    name = f"builtin:{kind}{';' if '?' in kind else '?'}language=zh-CN"
    match = store.active([name]).match_words([text], SUNDAY)
    return None if match is None else match.semantics


CASES: list[tuple[str, str, Json]] = [
    ("boolean", "是的", True),
    ("boolean", "对", True),
    ("boolean", "好的，谢谢", True),
    ("boolean", "没问题", True),
    ("boolean", "不是", False),
    ("boolean", "不用了，谢谢", False),
    ("boolean", "明天", None),
    ("digits", "四二七一", "4271"),
    ("digits", "幺五〇八", "1508"),
    ("digits", "两 三", "23"),
    ("digits", "1508", "1508"),
    ("digits?length=4", "四二七", None),
    ("digits?length=6;check=luhn", "一二三四五五", "123455"),
    ("digits?length=6;check=luhn", "一二三四五六", None),
    ("number", "十二", 12),
    ("number", "二十", 20),
    ("number", "一百零五", 105),
    ("number", "一百五", 150),
    ("number", "一百一十二", 112),
    ("number", "两万三", 23_000),
    ("number", "两千零二十六", 2026),
    ("number", "负五", -5),
    ("number", "三点二五", 3.25),
    ("number", "12", 12),
    ("number", "-19.99", -19.99),
    ("currency", "十二块五", "CNY12.50"),
    ("currency", "¥19.99", "CNY19.99"),
    ("currency", "一百元", "CNY100.00"),
    ("date", "明天", "20261123"),
    ("date", "大后天", "20261125"),
    ("date", "星期五", "20261127"),
    ("date", "这周日", "20261122"),
    ("date", "下星期二", "20261124"),
    ("date", "上周三", "20261111"),
    ("date", "三天后", "20261125"),
    ("date", "两个星期后", "20261206"),
    ("date", "三月五号", "????0305"),
    ("date", "12月31日", "????1231"),
    ("date", "二月三十号", None),
    ("date", "四月三十一号", None),
    ("date", "二零二六年三月五号", "20260305"),
    ("date", "2026-03-05", "20260305"),
    ("date", "十五号", "??????15"),
    ("date?when=future", "三月五号", "20270305"),
    ("date?when=future", "十五号", "20261215"),
    ("date?today=20260101", "明天", "20260102"),
    ("time", "三点", "0300?"),
    ("time", "下午三点半", "0330p"),
    ("time", "早上九点一刻", "0915a"),
    ("time", "晚上八点零五分", "0805p"),
    ("time", "十五点三十分", "1530h"),
    ("time", "15:05", "1505h"),
    ("time", "中午", "1200p"),
    ("phone", "幺三八零零幺三八零零零", "13800138000"),
]


@pytest.mark.parametrize(("kind", "text", "expected"), CASES)
def test_text_means(store: GrammarStore, kind: str, text: str, expected: Json) -> None:
    assert meaning(store, kind, text) == expected


def test_every_type_can_be_said_in_chinese() -> None:
    assert {kind.partition("?")[0] for kind, _, _ in CASES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_keys_mean_the_same_in_every_language(store: GrammarStore, kind: str) -> None:
    keys = {"date": "20260305", "time": "0330"}.get(kind, "1234" if kind != "boolean" else "1")
    english = store.active([f"builtin:{kind}"]).match_keys(keys, SUNDAY)
    chinese = store.active([f"builtin:{kind}?language=zh-CN"]).match_keys(keys, SUNDAY)
    assert english is not None
    assert chinese is not None
    assert chinese.semantics == english.semantics


def test_language_without_words_of_its_own_is_said_in_english(store: GrammarStore) -> None:
    assert store.load("builtin:boolean?language=de-DE").main.language == "en-US"
    assert store.load("builtin:boolean?language=zh-TW").main.language == "zh-CN"


def test_wrong_parameter_is_told_in_chinese_too(store: GrammarStore) -> None:
    with pytest.raises(GrammarError, match="length is '99'"):
        store.load("builtin:digits?length=99;language=zh-CN")


def test_grammar_of_the_language_comes_before_the_common_one(tmp_path: Path) -> None:
    text = "#ABNF 1.0 UTF-8;\nlanguage {}; root $a;\n$a = {};\n"
    (tmp_path / "zh-CN").mkdir()
    (tmp_path / "size.gram").write_text(text.format("en-US", "small"))
    (tmp_path / "common.gram").write_text(text.format("en-US", "ok"))
    (tmp_path / "zh-CN" / "size.gram").write_text(text.format("zh-CN", "小"))
    store = GrammarStore(tmp_path)

    assert store.load("zh-CN/size").main.language == "zh-CN"
    assert store.load("zh-CN/common").main.language == "en-US"
    assert store.names() == ("common", "size")
    with pytest.raises(GrammarError, match="none"):
        store.load("zh-CN/none")
