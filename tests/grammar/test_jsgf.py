"""The JSGF reader: what it makes of legal grammars, and where it points in others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grammar.xml_writer import bare
from voicebot.errors import GrammarError
from voicebot.grammar.ast import Expansion, Token
from voicebot.grammar.jsgf import read_jsgf
from voicebot.grammar.matcher import best_match
from voicebot.grammar.semantics import evaluate
from voicebot.grammar.srgs_abnf import read_abnf
from voicebot.grammar.store import load_file
from voicebot.grammar.words import word_lattice

HEADER = "#JSGF V1.0 UTF-8 en;\ngrammar test;\n"
ABNF = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $a;\n"


def _expansion(text: str) -> Expansion:
    rules = read_jsgf("t.jsgf", f"{HEADER}<a> = {text};\n<b> = x;".encode()).rules
    return bare(rules[0].expansion)


def _abnf(text: str) -> Expansion:
    return bare(read_abnf("t.gram", f"{ABNF}$a = {text};".encode()).rules[0].expansion)


@pytest.mark.parametrize(
    ("jsgf", "abnf"),
    [
        ("yes please", "yes please"),
        ("don't 'tis", "don't 'tis"),
        (r'"New   York" "a \"b\""', '"New York" {x}'),
        ("a | b c", "a | b c"),
        ("/10/ a | /.5f/ b | /2.D/ c", "/10/ a | /.5/ b | /2./ c"),
        ("a (b | c) [d]", "a (b | c) [d]"),
        ("a* b+", "a<0-> b<1->"),
        ("(a b)* [c]+", "(a b)<0-> [c]<1->"),
        ("<b>* <NULL> <VOID>", "$b<0-> $NULL $VOID"),
        ("a {one} {two}", "a {one} {two}"),
        ("a* {one}", "a<0-> {one}"),
        ("(a {one})*", "(a {one})<0->"),
        (r"a {x \{ y \} \\ z}", r"a {!{x { y } \ z}!}"),
        ("a // b\n /* c */ d", "a d"),
        ("<test.b>", "$b"),
    ],
)
def test_jsgf_and_abnf_make_one_tree(jsgf: str, abnf: str) -> None:
    if "{x}" in abnf:
        found = _expansion(jsgf)
        assert [token.text for token in getattr(found, "items", ())] == ["New York", 'a "b"']
        return
    assert _expansion(jsgf) == _abnf(abnf)


def test_header_names_encoding_and_locale() -> None:
    text = "#JSGF V1.0 ISO8859-1 fr_CA;\ngrammar a.b;\npublic <r> = café;\n<s> = <r>;\n"
    grammar = read_jsgf("t.jsgf", text.encode("latin-1"))
    assert (grammar.language, grammar.encoding, grammar.name) == ("fr-CA", "iso8859-1", "a.b")
    assert [(rule.name, rule.public) for rule in grammar.rules] == [("r", True), ("s", False)]
    assert grammar.rules[0].expansion == Token("café", grammar.rules[0].expansion.at)
    assert read_jsgf("t.jsgf", b"#JSGF V1.0;\ngrammar a;\n<r> = x;").language == "en-US"
    japanese = "#JSGF V1.0 JIS ja;\ngrammar a;\n<r> = はい;".encode("iso2022_jp")
    assert read_jsgf("t.jsgf", japanese).language == "ja"


def test_rule_names_may_hold_more_than_letters() -> None:
    names = ["order-number", "2nd", "a=b", "x|y", "[z]", "c++", "名前"]
    text = HEADER + "\n".join(f"<{name}> = x;" for name in names)
    assert [rule.name for rule in read_jsgf("t.jsgf", text.encode()).rules] == names


MISTAKES = [
    ("", (3, 1), "the grammar has no rules"),
    ("<a> = x <a> y;", (3, 9), "<a> comes back to itself by <a>, and not at its end"),
    ("<a> = x [<b>] y;\n<b> = z <a>;", (3, 10), "<a> comes back to itself by <b>"),
    ("<a> = (x <a>)*;", (3, 10), "comes back to itself"),
    ("<a> = x y", (3, 10), "';' is missing after the rule <a>"),
    ("<a> = x\n<b> = y;", (3, 8), "';' is missing before the rule <b>"),
    ("<a> = (x;", (3, 9), "')' is missing before ';'"),
    ("<a> = x);", (3, 8), "this ')' closes nothing"),
    ("<a> = ;", (3, 7), "something to say must stand before ';'"),
    ("<a> = x | ;", (3, 11), "something to say must stand before ';'"),
    ("<a> = ();", (3, 8), "something to say must stand before ')'"),
    ("<a> = *;", (3, 7), "'*' must follow what it is meant for"),
    ("<a> = x {t}*;", (3, 12), "'*' must follow what it is meant for"),
    ("<a> = x*+;", (3, 9), "'+' must follow what it is meant for"),
    ("<a> = {t};", (3, 7), "a tag must follow what it is meant for"),
    ("<a> = x /2/ y;", (3, 9), "a weight must stand at the start"),
    ("<a> = /2/ x | y;", (3, 7), "some of these alternatives have a weight"),
    ("<a> = /0/ x | /0/ y;", (3, 7), "all weights are 0"),
    ("<a> = /x/ x;", (3, 7), "'x' is no weight"),
    ("<a> = {t;", (3, 7), "a tag"),
    ('<a> = "x;', (3, 7), "this quoted text is not closed"),
    ("<a> = /* x;", (3, 7), "this comment is not closed"),
    ("<a> = < b>;", (3, 7), "this is no rule name"),
    (r"<a> = x\y;", (3, 8), "a backslash stands only in quotes and tags"),
    ("<a.b> = x;", (3, 1), "a rule is defined by its simple name"),
    ("<NULL> = x;", (3, 1), "<NULL> is built in"),
    ("<a> = x; <a> = y;", (3, 10), "defined twice, first in line 3"),
    ("<a> x;", (3, 5), "'=' must follow <a>"),
    ("<a> = x; import <b.c>;", (3, 10), "'import' must stand before the first rule"),
    ("import <b>;", (3, 8), "a reference to another grammar must stand here"),
    ("import b.c;", (3, 8), "a reference to another grammar must stand here"),
    ("import <1.c>;", (3, 8), "'1' is no name of a grammar"),
    ("import <b.c>; import <d.c>;\n<a> = <c>;", (4, 7), "<c> is imported from"),
    ("rule = x;", (3, 1), "a rule name must stand here"),
    ("<a> = " + "(" * 60 + "x", (3, 57), "nested more than 50 deep"),
]


@pytest.mark.parametrize(("rules", "at", "problem"), MISTAKES, ids=[case[2] for case in MISTAKES])
def test_mistake_is_pointed_at(rules: str, at: tuple[int, int], problem: str) -> None:
    if rules == "<a> = {t;":
        problem = "this tag is not closed"
    with pytest.raises(GrammarError) as caught:
        read_jsgf("t.jsgf", (HEADER + rules).encode())
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == at


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "this is no JSGF grammar"),
        ("#JSGF V2.0;\ngrammar a;", "this is no JSGF grammar"),
        ("#JSGF V1.0; grammar a;", "alone on its line"),
        ("#JSGF V1.0 KLINGON-8;\n", "encoding 'KLINGON-8' is not known"),
        ("#JSGF V1.0;\n<a> = x;", "the name of the grammar must stand before '<a>'"),
        ("#JSGF V1.0;\ngrammar 1a;", "'1a' is no name of a grammar"),
        ("#JSGF V1.0;\ngrammar a\n<b> = c;", "';' is missing after the name of the grammar"),
    ],
)
def test_documents_that_are_no_grammar_are_refused(text: str, problem: str) -> None:
    with pytest.raises(GrammarError, match=problem):
        read_jsgf("t.jsgf", text.encode())


def test_right_recursion_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "t.jsgf"
    path.write_text(f"{HEADER}public <a> = x [<b>];\n<b> = y <a> {{t}} | <NULL>;\n")
    grammar = load_file(path)
    found = best_match(grammar, word_lattice(["x", "y", "x", "y", "x"], "en"))
    assert found is not None
    assert str(found[0]) == '$a["x",$b["y",$a["x",$b["y",$a["x",$b[]],{!{t}!}]],{!{t}!}]]'


def test_every_public_rule_begins_and_tags_are_text(tmp_path: Path) -> None:
    path = tmp_path / "t.jsgf"
    path.write_text(f"{HEADER}public <yes> = (yes | sure) {{ TRUE }};\npublic <no> = no {{FALSE}};")
    grammar = load_file(path)
    for said, meant in (("sure", "TRUE"), ("no", "FALSE")):
        found = best_match(grammar, word_lattice([said], "en"))
        assert found is not None
        assert evaluate(grammar, found[0]) == meant


PLACES = "#JSGF V1.0;\ngrammar com.acme.places;\npublic <city> = boston;\n<hidden> = atlantis;\n"


@pytest.mark.parametrize(
    "place", ["com.acme.places.jsgf", "com/acme/places.jsgf", "places.jsgf", "places.gram"]
)
@pytest.mark.parametrize(
    ("header", "reference"),
    [
        ("import <com.acme.places.city>;", "city"),
        ("import <com.acme.places.city>;", "places.city"),
        ("import <com.acme.places.*>;", "city"),
        ("import <com.acme.places.*>;", "places.city"),
        ("import <com.acme.places.*>;", "com.acme.places.city"),
        ("", "com.acme.places.city"),
    ],
)
def test_imported_rules_are_found(tmp_path: Path, place: str, header: str, reference: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text(PLACES)
    main = tmp_path / "main.jsgf"
    main.write_text(f"{HEADER}{header}\npublic <main> = to <{reference}>;\n")
    grammar = load_file(main)
    assert best_match(grammar, word_lattice(["to", "boston"], "en")) is not None


@pytest.mark.parametrize(
    ("header", "reference", "problem"),
    [
        ("", "city", r"4:\d+: there is no rule <city>"),
        ("", "com.acme.cities.city", r"cannot load \$<com.acme.cities.city>: there is no file"),
        ("import <com.acme.cities.*>;", "main", r"3:8: cannot load \$<com.acme.cities.\*>"),
        ("import <com.acme.places.town>;", "main", "has no rule .town"),
        ("import <com.acme.places.hidden>;", "main", "is private. Write 'public <hidden> = "),
        ("import <com.acme.places.*>;", "hidden", "there is no rule .hidden"),
        ("import <org.places.*>;", "main", "is the grammar 'com.acme.places', not 'org.places'"),
        ("import <com.acme.places.*>; import <more.*>;", "city", "<city> is a rule of .* and "),
        ("import <..secret.*>;", "main", "is no name of a grammar"),
    ],
)
def test_import_that_cannot_be_used_is_explained(
    tmp_path: Path, header: str, reference: str, problem: str
) -> None:
    (tmp_path / "places.jsgf").write_text(PLACES)
    (tmp_path / "more.jsgf").write_text("#JSGF V1.0;\ngrammar more;\npublic <city> = rome;\n")
    main = tmp_path / "main.jsgf"
    main.write_text(f"{HEADER}{header or '//'}\npublic <main> = to [<{reference}>];\n")
    with pytest.raises(GrammarError, match=problem):
        load_file(main)
