"""The ABNF reader: what it makes of legal grammars, and where it points in others."""

from __future__ import annotations

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.ast import (
    Alternatives,
    ExternalRef,
    InLanguage,
    Repeat,
    Sequence,
    Tag,
    Token,
)
from voicebot.grammar.srgs_abnf import read_abnf

HEADER = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $a;\n"


def _expansion(text: str) -> object:
    return read_abnf("t.gram", f"{HEADER}$a = {text};".encode()).rules[0].expansion


def test_header_is_read_whole() -> None:
    text = (
        "#ABNF 1.0 ISO-8859-1;\nlanguage fr-CA; mode voice; root $a; base <./sub/>;\n"
        "tag-format <semantics/1.0>; lexicon <a.pls>; lexicon <b.pls>;\n"
        "meta 'author' is \"Zoé\"; http-equiv \"Date\" is '0';\n{var x = 1}; {!{var y = {}}!};\n"
        "public $a = oui;\n"
    )
    grammar = read_abnf("t.gram", text.encode("latin-1"))
    assert (grammar.language, grammar.mode, grammar.base) == ("fr-CA", "voice", "./sub/")
    assert grammar.tag_format == "semantics/1.0"
    assert grammar.lexicons == ("a.pls", "b.pls")
    assert grammar.meta == (("author", "Zoé"),)
    assert grammar.http_equiv == (("Date", "0"),)
    assert [tag.text for tag in grammar.header_tags] == ["var x = 1", "var y = {}"]
    assert grammar.root is not None
    assert (grammar.root.name, grammar.rules[0].public) == ("a", True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_decide_the_encoding(encoding: str) -> None:
    text = "#ABNF 1.0 UTF-16;\nlanguage ko;\nroot $a;\n$a = 예;\n"
    rule = read_abnf("t.gram", text.encode(encoding)).rules[0]
    assert isinstance(rule.expansion, Token)
    assert rule.expansion.text == "예"


def test_attachments_bind_tighter_than_sequence_and_alternative() -> None:
    tree = _expansion("a b!fr<2- /.6/> | /0.5/ $<x.gram#y>~<application/srgs> [c]")
    assert isinstance(tree, Alternatives)
    first, second = tree.items
    assert isinstance(first.expansion, Sequence)
    repeat = first.expansion.items[1]
    assert isinstance(repeat, Repeat)
    assert (repeat.minimum, repeat.maximum, repeat.probability) == (2, None, 0.6)
    assert isinstance(repeat.item, InLanguage)
    assert (first.weight, second.weight) == (None, 0.5)
    assert isinstance(second.expansion, Sequence)
    reference = second.expansion.items[0]
    assert isinstance(reference, ExternalRef)
    assert (reference.written, reference.media_type) == ("<x.gram#y>", "application/srgs")


def test_apostrophes_are_letters_in_rules_and_quotes_in_the_header() -> None:
    tree = _expansion("don't say 'tis \"San\n   Francisco\" {it's} {!{a } b}!}")
    assert isinstance(tree, Sequence)
    assert [item.text for item in tree.items if isinstance(item, Token | Tag)] == [
        "don't",
        "say",
        "'tis",
        "San Francisco",
        "it's",
        "a } b",
    ]


def test_positions_count_lines_and_characters() -> None:
    text = f"{HEADER}/* é\r\n */ $a = one // two\r\n  | three;\r\n"
    tree = read_abnf("t.gram", text.encode()).rules[0].expansion
    assert isinstance(tree, Alternatives)
    three = tree.items[1].expansion
    assert isinstance(three, Token)
    assert (three.at.line, three.at.column) == (6, 5)


MISTAKES = [
    ("$a = one two\n$b = three;", (4, 13), "';' is missing before the rule $b"),
    ("$a = one two\npublic $b = three;", (4, 13), "';' is missing before the rule $b"),
    ("$a = (one | two;", (4, 16), "')' is missing before ';'"),
    ("$a = one | | two;", (4, 12), "something to say must stand before '|'"),
    ("$a = one);", (4, 9), "this ')' closes nothing"),
    ("$a = [one;", (4, 10), "']' is missing"),
    ("$a one;", (4, 4), "'=' must follow $a"),
    ("$a = one*;", (4, 9), "'*' is no repeat"),
    ("$a = one<x>;", (4, 9), "<x> is no repeat"),
    ("$a = one<3-2>;", (4, 9), "ends before it begins"),
    ("$a = one<0-1000000>;", (4, 9), "more than 1000 times"),
    ("$a = one<2><3>;", (4, 12), "a repeat cannot follow a repeat"),
    ("$a = one<2>!fr;", (4, 12), "must stand before the repeat"),
    ("$a = <2> one;", (4, 6), "must follow what it is meant for"),
    ("$a = one /0.5/ two;", (4, 10), "a weight must stand at the start"),
    ("$a = /x/ one;", (4, 6), "'x' is no weight"),
    ("$a = one<0-1 /1.5/>;", (4, 9), "'1.5' is no probability"),
    ("$a = one {tag;", (4, 10), "this tag is not closed"),
    ("$a = one {!{tag};", (4, 10), "this tag is not closed"),
    ("$a = one } two;", (4, 10), "this '}' closes nothing"),
    ('$a = "one;', (4, 6), "quoted text is not closed"),
    ("$a = one /* two;", (4, 10), "this comment is not closed"),
    ("$a = $order-number;", (4, 6), "'$order-number' is no rule name"),
    ("$a = $$b;", (4, 6), "'$$' is no rule reference"),
    ("$a = $ b;", (4, 6), "a rule name must follow '$'"),
    ("$a = $<#b>;", (4, 6), "this reference names no grammar"),
    ("$a = one; mode dtmf;", (4, 11), "must stand before the first rule"),
    ("$a = one; two;", (4, 11), "a rule must begin here"),
    ("$NULL = one;", (4, 1), "$NULL is built in"),
    ("$a = one; $a = two;", (4, 11), "defined twice, first in line 4"),
    ("languag en;", (4, 1), "'languag' is no declaration"),
    ("language en;", (4, 1), "declared twice"),
    ("mode speech;", (4, 6), "'speech' is no mode"),
    ("mode voice $a = b;", (4, 11), "';' is missing after the 'mode' declaration"),
    ("meta x is 'y';", (4, 6), "a quoted text must stand here"),
    ("", (4, 1), "the grammar has no rules"),
    ("$a = " + "(" * 60 + "x" + ")" * 60 + ";", (4, 56), "nested more than 50 deep"),
]


@pytest.mark.parametrize(("rules", "at", "problem"), MISTAKES, ids=[case[2] for case in MISTAKES])
def test_mistake_is_pointed_at(rules: str, at: tuple[int, int], problem: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_abnf("order.gram", (HEADER + rules).encode())
    error = caught.value
    assert (error.line, error.column) == at
    assert problem in error.problem
    assert str(error).startswith(f"order.gram:{at[0]}:{at[1]}: ")


def test_remedies_name_what_was_meant() -> None:
    with pytest.raises(GrammarError, match=r"Did you mean 'language'\?"):
        read_abnf("t.gram", b"#ABNF 1.0;\nlanguge en;\n$a = b;")
    with pytest.raises(GrammarError, match=r"\$order_number"):
        read_abnf("t.gram", f"{HEADER}$order-number = b;".encode())


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "self-identifying header"),
        (b"#JSGF V1.0;", "self-identifying header"),
        (b"#ABNF 1.0; language en;", "alone on its line"),
        (b"#ABNF 1.0 KLINGON-8;\n", "encoding 'KLINGON-8' is not known"),
        (b"#ABNF 1.0 zlib;\n", "encoding 'zlib' is not known"),
        (b"#ABNF 1.0 UTF-8;\nlanguage en;\n$a = \xff;", "these bytes are no utf-8"),
        (b"#ABNF 1.0;\n$a = b;", "declares no language"),
    ],
)
def test_documents_that_are_no_grammar_are_refused(data: bytes, problem: str) -> None:
    with pytest.raises(GrammarError, match=problem):
        read_abnf("t.gram", data)


def test_undecodable_byte_is_pointed_at() -> None:
    with pytest.raises(GrammarError) as caught:
        read_abnf("t.gram", "#ABNF 1.0 UTF-8;\nlanguage en;\n$é = ".encode() + b"\xff;")
    assert (caught.value.line, caught.value.column) == (3, 6)
