"""Grammars by name: files, built-in ones, and what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.active import Progress
from voicebot.grammar.store import GrammarStore
from voicebot.types import Language


@pytest.fixture
def store(tmp_path: Path) -> GrammarStore:
    for name, rules in {"yes": "$a = yes;", "more": "$a = $<yes.gram> sir;"}.items():
        text = f"#ABNF 1.0 UTF-8;\nlanguage en-US; root $a;\n{rules}\n"
        (tmp_path / f"{name}.gram").write_text(text, encoding="utf-8")
    return GrammarStore(tmp_path)


def test_grammar_is_compiled_once_for_its_content(store: GrammarStore) -> None:
    assert store.names() == ("more", "yes")
    assert store.load("yes") is store.load("yes")
    assert store.active(["yes", "more"]) is store.active(["yes", "more"])
    assert store.active(["yes"]) != store.active(["more"])


def test_names_of_a_language_are_told_when_it_is_named(store: GrammarStore, tmp_path: Path) -> None:
    (tmp_path / "zh-CN").mkdir()
    (tmp_path / "zh-CN" / "yes.gram").write_text("#ABNF 1.0 UTF-8;\n", encoding="utf-8")
    assert store.names() == ("more", "yes")
    assert store.names(Language("zh-CN")) == ("more", "yes", "zh-CN/yes")


def test_changed_files_are_seen(store: GrammarStore) -> None:
    before = store.active(["more"])
    assert before.match_words(["yes", "sir"])
    path = store.folder / "yes.gram"
    path.write_text(path.read_text(encoding="utf-8").replace("yes", "aye"), encoding="utf-8")
    after = store.active(["more"])
    assert after.match_words(["aye", "sir"])
    assert not after.match_words(["yes", "sir"])
    path.unlink()
    with pytest.raises(GrammarError, match="cannot load"):
        store.load("more")


@pytest.mark.parametrize("name", ["", "../yes", "/etc/passwd", "a/../../yes"])
def test_names_stay_in_the_folder(store: GrammarStore, name: str) -> None:
    with pytest.raises(GrammarError, match="no name of a grammar"):
        store.load(name)


def test_unknown_name_suggests_the_nearest(store: GrammarStore) -> None:
    with pytest.raises(GrammarError, match=r"no such file\. Did you mean 'more\.gram'\?"):
        store.load("mroe")


def test_no_names_are_a_grammar_error(store: GrammarStore) -> None:
    with pytest.raises(GrammarError, match="no grammar was asked for"):
        store.active([])


@pytest.mark.parametrize(
    ("name", "words", "keys", "semantics"),
    [
        ("builtin:digits?length=4", "one oh four seven", "1047", "1047"),
        ("builtin:digits?minlength=2;maxlength=3", "eight zero", "80", "80"),
        ("builtin:boolean", "yes that's right", "1", True),
        ("builtin:boolean?y=7;n=9", "no thanks", "9", False),
        ("builtin:number", "two hundred and five thousand and six", "205006", 205006),
        ("builtin:number", "a hundred and twelve", "112", 112),
        ("builtin:number", "zero", "0", 0),
        ("builtin:phone", "one one eight", "118", "118"),
    ],
)
def test_builtin_grammars_by_voice_and_keys(
    store: GrammarStore, name: str, words: str, keys: str, semantics: object
) -> None:
    grammar = store.active([name])
    for match in (grammar.match_words(words.split()), grammar.match_keys(keys)):
        assert match is not None
        assert (match.semantics, match.grammar) == (semantics, name)


def test_builtin_digits_know_when_they_are_complete(store: GrammarStore) -> None:
    grammar = store.active(["builtin:digits?length=4"])
    statuses = [grammar.keys_status("1047"[:length]) for length in (1, 3, 4)]
    assert statuses == [Progress.PARTIAL, Progress.PARTIAL, Progress.COMPLETE]
    assert grammar.match_words(["one", "two", "three"]) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("builtin:digit", r"no built-in grammar 'digit'\. Did you mean 'builtin:digits'\?"),
        ("builtin:digits?lenght=4", "no parameter 'lenght'"),
        ("builtin:digits?length=0", "length is '0'"),
        ("builtin:digits?length", "'length' is no parameter"),
        ("builtin:digits?minlength=5;maxlength=4", "minlength is more than maxlength"),
        ("builtin:boolean?y=x", "'x' is no key"),
        ("builtin:boolean?y=1;n=1", "the same key"),
        ("builtin:boolean?y=1;y=2", "'y' is given twice"),
        ("builtin:digits?length=4;maxlength=5", "does not go with"),
        ("builtin:currency?currency=dollar", r"currency is 'dollar'\. Use one of USD, EUR"),
        ("builtin:date?today=20260231", r"today is '20260231'\. Write a date as 20261224\."),
        ("builtin:time?minlength=4", "'time' has no parameter 'minlength'"),
        ("builtin:gramar/time", "no built-in grammar 'gramar/time'"),
    ],
)
def test_mistake_in_a_builtin_name_is_explained(
    store: GrammarStore, name: str, problem: str
) -> None:
    with pytest.raises(GrammarError, match=problem):
        store.load(name)


def test_builtin_grammars_can_be_referred_to(store: GrammarStore) -> None:
    text = "#ABNF 1.0;\nlanguage en; root $a;\n$a = order $<builtin:digits?length=2>;\n"
    (store.folder / "order.gram").write_text(text, encoding="utf-8")
    match = store.active(["order"]).match_words(["order", "four", "two"])
    assert match is not None
    assert match.semantics == "42"
