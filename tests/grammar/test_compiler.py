"""Linking and compiling: what is refused and where, how references lead, what stays bounded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.matcher import best_match
from voicebot.grammar.store import load_file
from voicebot.grammar.words import word_lattice

Compile = Callable[..., CompiledGrammar]


@pytest.mark.parametrize(
    ("rules", "at", "problem", "remedy"),
    [
        ("$main = $ordr;\n$order = x;", (3, 9), "there is no rule $ordr", "Did you mean $order?"),
        ("$main = a $main2;\n$main2 = $NULL $main2 b;", (4, 16), "before any word", "<1->"),
        ("$main = [a] $x;\n$x = $main b;", (4, 6), "$main -> $x -> $main", "<1->"),
        ('$main = "...";', (3, 9), "nothing that can be spoken", "Remove it"),
        ("$main = (a<0-1000>)<0-1000>;", (3, 1), "too large", "open ends"),
        ("$main = $<x.gram#y>;", (3, 9), "cannot load $<x.gram#y>: no such file", ""),
        ("$main = $<../x.gram>;", (3, 9), "outside the folder", ""),
        ("$main = $</etc/passwd>;", (3, 9), "outside the folder", ""),
        ("$main = $<http://a/x.gram>;", (3, 9), "not fetched from a network", ""),
        ("$main = $<builtin:digit>;", (3, 9), "no built-in grammar 'digit'", "digits"),
    ],
)
def test_mistake_between_rules_is_pointed_at(
    compile_rules: Compile, rules: str, at: tuple[int, int], problem: str, remedy: str
) -> None:
    with pytest.raises(GrammarError) as caught:
        compile_rules(rules)
    assert (caught.value.line, caught.value.column) == at
    assert problem in caught.value.problem
    assert remedy in str(caught.value)


def test_undefined_root_is_pointed_at(compile_rules: Compile) -> None:
    with pytest.raises(GrammarError, match=r"there is no rule \$mian\. Did you mean \$main\?"):
        compile_rules("$main = a;", root="mian")


def test_dtmf_grammar_holds_only_keys(compile_rules: Compile) -> None:
    with pytest.raises(GrammarError, match="'one' is no key"):
        compile_rules("$main = 1 2 one;", mode="dtmf")


def _write(folder: Path, name: str, body: str, header: str = "") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#ABNF 1.0 UTF-8;\nlanguage en-US; {header}\n{body}\n", encoding="utf-8")
    return path


def _tree(path: Path, text: str) -> str | None:
    found = best_match(load_file(path), word_lattice(text.split(), "en-US"))
    return str(found[0]) if found else None


def test_references_are_relative_to_the_grammar_that_makes_them(tmp_path: Path) -> None:
    main = _write(tmp_path, "main.gram", "$a = in $<geo/places.gram>;", "root $a;")
    _write(tmp_path, "geo/places.gram", "$p = $<cities.gram#city> | $<../main.gram>;", "root $p;")
    _write(tmp_path, "geo/cities.gram", "public $city = rome | oslo;")
    expected = '$a["in",$<geo/places.gram>[$<cities.gram#city>["oslo"]]]'
    assert _tree(main, "in oslo") == expected
    assert _tree(main, "in in in rome") is not None


def test_left_recursion_across_grammars_is_refused(tmp_path: Path) -> None:
    main = _write(tmp_path, "a.gram", "$a = $<b.gram>;", "root $a;")
    _write(tmp_path, "b.gram", "$b = [x] $<a.gram>;", "root $b;")
    with pytest.raises(GrammarError, match="before any word"):
        load_file(main)


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("$<other.gram#hidden>", r"the rule \$hidden of .*other.gram is private"),
        ("$<other.gram#shwn>", r"has no rule \$shwn. Did you mean \$shown\?"),
        ("$<other.gram>", r"declares no root. Name a rule of it: other.gram#shown"),
        ("$<other.gram#shown>~<application/srgs+xml>", "is application/srgs, not"),
        ("$<keys.gram#key>", "has mode dtmf, this grammar has mode voice"),
    ],
)
def test_reference_that_cannot_be_used_is_explained(
    tmp_path: Path, reference: str, problem: str
) -> None:
    main = _write(tmp_path, "main.gram", f"$a = {reference};", "root $a;")
    _write(tmp_path, "other.gram", "$hidden = x;\npublic $shown = y;")
    _write(tmp_path, "keys.gram", "public $key = 1;", "mode dtmf;")
    with pytest.raises(GrammarError, match=problem) as caught:
        load_file(main)
    assert (caught.value.file, caught.value.line) == (str(main), 3)


def test_mistake_in_another_grammar_is_pointed_at_there(tmp_path: Path) -> None:
    main = _write(tmp_path, "main.gram", "$a = $<other.gram>;", "root $a;")
    other = _write(tmp_path, "other.gram", "$b = x | ;", "root $b;")
    with pytest.raises(GrammarError) as caught:
        load_file(main)
    assert (caught.value.file, caught.value.line, caught.value.column) == (str(other), 3, 10)


def test_grammar_without_root_is_entered_by_its_public_rules(tmp_path: Path) -> None:
    path = _write(tmp_path, "main.gram", "$no = x;\npublic $a = y;\npublic $b = z;")
    assert [_tree(path, text) for text in ("x", "y", "z")] == [None, '$a["y"]', '$b["z"]']
    only_private = _write(tmp_path, "private.gram", "$no = x;")
    with pytest.raises(GrammarError, match=r"Add 'root \$no;' to the header"):
        load_file(only_private)


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    _write(tmp_path, "orders.gram", "public $a = x;")
    with pytest.raises(GrammarError, match=r"no such file\. Did you mean 'orders.gram'\?"):
        load_file(tmp_path / "order.gram")


def test_key_changes_with_any_document(tmp_path: Path) -> None:
    main = _write(tmp_path, "main.gram", "$a = $<b.gram>;", "root $a;")
    _write(tmp_path, "b.gram", "$b = x;", "root $b;")
    before = load_file(main)
    assert load_file(main) == before
    _write(tmp_path, "b.gram", "$b = y;", "root $b;")
    assert load_file(main) != before
