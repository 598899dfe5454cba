"""The XML reader: what it makes of legal grammars, and where it points in others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grammar.xml_writer import bare
from voicebot.errors import GrammarError
from voicebot.grammar import xml_document, xml_expansion
from voicebot.grammar.ast import Expansion, Grammar, Sequence, Tag, Token
from voicebot.grammar.srgs_abnf import read_abnf
from voicebot.grammar.srgs_xml import NAMESPACE, read_xml
from voicebot.grammar.store import load_file

HEADER = f'<?xml version="1.0"?>\n<grammar version="1.0" xmlns="{NAMESPACE}"\n'
ABNF = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $a;\n"


def _grammar(rules: str, attributes: str = 'xml:lang="en-US" root="a"') -> Grammar:
    return read_xml("t.grxml", f"{HEADER}{attributes}>\n{rules}\n</grammar>".encode())


def _expansion(inside: str) -> Expansion:
    return bare(_grammar(f'<rule id="a">{inside}</rule>').rules[0].expansion)


def _abnf(text: str) -> Expansion:
    return bare(read_abnf("t.gram", f"{ABNF}$a = {text};".encode()).rules[0].expansion)


@pytest.mark.parametrize(
    ("xml", "abnf"),
    [
        ("yes", "yes"),
        ("\n  yes\tplease \n", "yes please"),
        ('fly to "San   Francisco" now', 'fly to "San Francisco" now'),
        ("<token> New \n York </token>", '"New York"'),
        ('<token>"New York"</token>', '"New York"'),
        ('<token xml:lang="fr">oui</token>', "oui!fr"),
        ("<![CDATA[rock & roll]]>", 'rock "&" roll'),
        ("don&apos;t &#x61;sk<!-- not this --> me", "don't ask me"),
        ("don<?editor mark?>'t", "don't"),
        ("<one-of><item>a</item><item>b c</item></one-of>", "(a | b c)"),
        (
            '<one-of><item weight="2.">a</item><item weight=".5">b</item></one-of>',
            "/2./ a | /.5/ b",
        ),
        ("<one-of><item>a</item></one-of>", "a"),
        ("<one-of><item/><item>a</item></one-of>", "() | a"),
        ('<one-of xml:lang="fr"><item>a</item><item>b</item></one-of>', "(a | b)!fr"),
        ('<item repeat="0-1">a b</item>', "[a b]"),
        ('<item repeat="2">a</item>', "a<2>"),
        ('<item repeat="2-4" repeat-prob="0.6">a</item>', "a<2-4 /0.6/>"),
        ('<item repeat="1-" repeat-prob=".8">a</item>', "a<1- /.8/>"),
        ('<item repeat="0">a</item>', "a<0>"),
        ('<item repeat-prob="0.6">a</item>', "a"),
        ('<item weight="3">a</item>', "a"),
        ('<item xml:lang="fr" repeat="2">a</item>', "a!fr<2>"),
        ("<item>a <item>b c</item></item> d", "(a (b c)) d"),
        ("<item/>", "()"),
        ('<ruleref uri="#a"/>', "$a"),
        ('<ruleref uri="x.grxml"/>', "$<x.grxml>"),
        ('<ruleref uri="x.gram#y" type="application/srgs"/>', "$<x.gram#y>~<application/srgs>"),
        ('<ruleref uri="x.grx" xml:lang="es-MX"/>', "$<x.grx>!es-MX"),
        ('<ruleref special="NULL"/> <ruleref special="GARBAGE"/>', "$NULL $GARBAGE"),
        ('<ruleref special="VOID"/>', "$VOID"),
        ("a<tag>out = 1 &lt; 2</tag>", "a {out = 1 < 2}"),
        ("<tag><![CDATA[if (a && b) {}]]></tag>", "{!{if (a && b) {}}!}"),
        ("<example>say a</example>a<example>a</example>", "a"),
        ('a <x:note xmlns:x="urn:x">never said<x:b/></x:note> b', "a b"),
    ],
)
def test_both_forms_make_one_tree(xml: str, abnf: str) -> None:
    assert _expansion(xml) == _abnf(abnf)


def test_header_is_read_whole() -> None:
    grammar = _grammar(
        '<meta name="author" content="Zoé"/><meta http-equiv="Date" content="0"/>'
        '<metadata><x:rdf xmlns:x="urn:x">any <x:thing/></x:rdf></metadata>'
        '<lexicon uri="a.pls" type="application/pls+xml"/><lexicon uri="b.pls"/>'
        "<tag>var x = 1</tag>"
        '<rule id="a" scope="public"> oui </rule><rule id="b-1" scope="private">non</rule>',
        'xml:lang="fr-CA" root="a" mode="voice" tag-format="semantics/1.0" xml:base="./sub/"'
        ' xmlns:x="urn:x" x:colour="red"',
    )
    assert (grammar.language, grammar.mode, grammar.base) == ("fr-CA", "voice", "./sub/")
    assert (grammar.tag_format, grammar.lexicons) == ("semantics/1.0", ("a.pls", "b.pls"))
    assert (grammar.meta, grammar.http_equiv) == ((("author", "Zoé"),), (("Date", "0"),))
    assert [tag.text for tag in grammar.header_tags] == ["var x = 1"]
    assert grammar.root is not None
    assert [(rule.name, rule.public) for rule in grammar.rules] == [("a", True), ("b-1", False)]


def test_base_joins_references_and_wins_over_meta() -> None:
    meta = '<meta name="base" content="http://example.com/x/"/>'
    rule = '<rule id="a"><ruleref uri="y.grxml#z"/></rule>'
    by_attribute = _grammar(meta + rule, 'xml:lang="en" xml:base="./sub/"').rules[0].expansion
    assert getattr(by_attribute, "uri", None) == "./sub/y.grxml"
    by_meta = _grammar(meta + rule, 'xml:lang="en"').rules[0].expansion
    assert getattr(by_meta, "uri", None) == "http://example.com/x/y.grxml"


def test_keys_need_no_language_and_ignore_one() -> None:
    rule = '<rule id="a"><one-of><item>star</item><item>1</item></one-of></rule>'
    assert _grammar(rule, 'mode="dtmf"').language == ""
    assert _grammar(rule, 'mode="dtmf" xml:lang="no such language"').language == ""


def test_prefixed_grammar_is_a_grammar() -> None:
    text = (
        f'<g:grammar version="1.0" xmlns:g="{NAMESPACE}" xml:lang="en">'
        '<g:rule id="a">yes</g:rule></g:grammar>'
    )
    assert isinstance(read_xml("t.grxml", text.encode()).rules[0].expansion, Token)


DOCTYPE = (
    '<!DOCTYPE grammar PUBLIC "-//W3C//DTD GRAMMAR 1.0//EN"\n'
    '  "http://www.w3.org/TR/speech-grammar/grammar.dtd">\n'
)


def test_plain_document_type_is_passed_over() -> None:
    text = HEADER.replace("\n", f"\n<!-- a -->{DOCTYPE}", 1) + 'xml:lang="en"><rule id="a">b</rule>'
    rule = read_xml("t.grxml", f"{text}</grammar>".encode()).rules[0]
    assert (rule.at.line, rule.at.column) == (5, 15)
    system = '<!DOCTYPE grammar SYSTEM "grammar.dtd">'
    assert read_xml("t.grxml", text.replace(DOCTYPE, system).encode() + b"</grammar>").rules


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "cp1252"]
)
def test_encodings_of_xml(encoding: str) -> None:
    name = {"utf-8-sig": "UTF-8"}.get(encoding, "UTF-16" if "16" in encoding else encoding)
    text = (
        f'<?xml version="1.0" encoding="{name}"?><grammar version="1.0" xmlns="{NAMESPACE}"'
        ' xml:lang="sv"><rule id="rätt">det är</rule></grammar>'
    )
    assert read_xml("t.grxml", text.encode(encoding)).rules[0].name == "rätt"


def test_multibyte_encodings_are_read() -> None:
    text = (
        f'<?xml version="1.0" encoding="EUC-KR"?><grammar version="1.0" xmlns="{NAMESPACE}"'
        ' xml:lang="ko"><rule id="a">예</rule></grammar>'
    )
    expansion = read_xml("t.grxml", text.encode("euc-kr")).rules[0].expansion
    assert isinstance(expansion, Token)
    assert expansion.text == "예"


def test_positions_count_lines_and_characters() -> None:
    inside = "é\r\n 𐀀 &amp;c <tag>x</tag>\r\n  d"
    sequence = _grammar(f'<rule id="a">{inside}</rule>').rules[0].expansion
    assert isinstance(sequence, Sequence)
    found = [
        (item.text, item.at.line, item.at.column)
        for item in sequence.items
        if isinstance(item, Token | Tag)
    ]
    assert found == [
        ("é", 4, 14),
        ("𐀀", 5, 2),
        ("&c", 5, 4),
        ("x", 5, 11),
        ("d", 6, 3),
    ]
    assert isinstance(sequence.items[3], Tag)


MISTAKES = [
    ('<rule id="a"/>', (4, 1), "the rule 'a' is empty"),
    ('<rule id="a">  <example>x</example></rule>', (4, 1), "the rule 'a' is empty"),
    ("<rule>x</rule>", (4, 1), "<rule> lacks the attribute 'id'"),
    ('<rule id="a:b">x</rule>', (4, 1), "'a:b' is no rule name"),
    ('<rule id="1">x</rule>', (4, 1), "'1' is no rule name"),
    ('<rule id="NULL">x</rule>', (4, 1), "'NULL' is built in"),
    ('<rule id="a" scope="pub">x</rule>', (4, 1), "'pub' is no scope"),
    ('<rule id="a" xml:lang="fr">x</rule>', (4, 1), "<rule> has no attribute 'xml:lang'"),
    ('<rule id="a">x</rule>\n<rule id="a">y</rule>', (5, 1), "defined twice, first in line 4"),
    ('<rule id="a">x</rule>\n<meta name="b" content="c"/>', (5, 1), "before the first rule"),
    ('say\n<rule id="a">x</rule>', (4, 1), "text cannot stand directly in <grammar>"),
    ('<item>x</item>\n<rule id="a">x</rule>', (4, 1), "<item> cannot stand in <grammar>"),
    ("<rules/>", (4, 1), "<rules> cannot stand in <grammar>"),
    ("", (2, 1), "the grammar has no rules"),
    ('<rule id="a">x <itme>y</itme></rule>', (4, 16), "<itme> cannot stand in <rule>"),
    ('<rule id="a"><rule id="b">x</rule></rule>', (4, 14), "<rule> cannot stand in <rule>"),
    ('<rule id="a"><item><example>x</example></item></rule>', (4, 20), "<example> cannot stand"),
    ('<rule id="a"><one-of/></rule>', (4, 14), "offers no choice"),
    ('<rule id="a"><one-of>x</one-of></rule>', (4, 22), "text cannot stand directly in <one-of>"),
    (
        '<rule id="a"><one-of><tag>x</tag></one-of></rule>',
        (4, 22),
        "<tag> cannot stand in <one-of>",
    ),
    ('<rule id="a"><token/></rule>', (4, 14), "this <token> holds no words"),
    ('<rule id="a"><token>x<tag/></token></rule>', (4, 22), "<tag> cannot stand in <token>"),
    ('<rule id="a">say "hello</rule>', (4, 18), "this quoted text is not closed"),
    ('<rule id="a"><ruleref/></rule>', (4, 14), "needs either 'uri' or 'special'"),
    ('<rule id="a"><ruleref uri="#b" special="NULL"/></rule>', (4, 14), "needs either"),
    ('<rule id="a"><ruleref special="NIL"/></rule>', (4, 14), "'NIL' is no special rule"),
    ('<rule id="a"><ruleref uri="#"/></rule>', (4, 14), "names no rule"),
    ('<rule id="a"><ruleref uri=""/></rule>', (4, 14), "names no rule"),
    ('<rule id="a"><ruleref uri="#b">x</ruleref></rule>', (4, 14), "<ruleref> holds nothing"),
    ('<rule id="a"><item repeat="3-2">x</item></rule>', (4, 14), "ends before it begins"),
    ('<rule id="a"><item repeat="-2">x</item></rule>', (4, 14), "'-2' is no repeat"),
    ('<rule id="a"><item repeat="a">x</item></rule>', (4, 14), "'a' is no repeat"),
    ('<rule id="a"><item repeat="0-9999">x</item></rule>', (4, 14), "more than 1000 times"),
    ('<rule id="a"><item repeat="2" repeat-prob="1.5">x</item></rule>', (4, 14), "repeat-prob is"),
    (
        '<rule id="a"><one-of><item weight="1e3">x</item></one-of></rule>',
        (4, 22),
        "weight is '1e3'",
    ),
    ('<rule id="a"><item wieght="1">x</item></rule>', (4, 14), "no attribute 'wieght'"),
    ('<rule id="a"><item xml:lang="!">x</item></rule>', (4, 14), "'!' is no language tag"),
    ('<meta name="a"/>', (4, 1), "<meta> needs 'content'"),
    ('<meta name="a" http-equiv="b" content="c"/>', (4, 1), "<meta> needs 'content'"),
    ("<lexicon/>", (4, 1), "<lexicon> lacks the attribute 'uri'"),
    ('<rule id="a">x</rul>', (4, 17), "no well-formed XML: mismatched tag"),
    ('<rule id="a">&nbsp;</rule>', (4, 14), "undefined entity"),
    ('<rule id="a">rock & roll</rule>', (4, 20), "not well-formed"),
    ('<rule id="a"><x:y/></rule>', (4, 14), "unbound prefix"),
    ('<rule id="a">\0</rule>', (4, 14), "not well-formed"),
]


@pytest.mark.parametrize(("rules", "at", "problem"), MISTAKES, ids=[case[2] for case in MISTAKES])
def test_mistake_is_pointed_at(rules: str, at: tuple[int, int], problem: str) -> None:
    with pytest.raises(GrammarError) as caught:
        _grammar(rules)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == at
    assert str(caught.value).startswith(f"t.grxml:{at[0]}:{at[1]}: ")


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ("", "declares no language"),
        ('xml:lang=""', "'' is no language tag"),
        ('xml:lang="en" mode="speech"', "'speech' is no mode"),
        ('xml:lang="en" rot="a"', r"no attribute 'rot'\. Did you mean 'root'\?"),
    ],
)
def test_bad_header_is_refused(attributes: str, problem: str) -> None:
    with pytest.raises(GrammarError, match=problem):
        _grammar('<rule id="a">x</rule>', attributes)


RULE = '<rule id="a">x</rule></grammar>'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no element found"),
        ("   ", "no element found"),
        (f'<grammar version="1.0" xml:lang="en">{RULE}', "'grammar' is in no namespace"),
        (f'<grammar xmlns="urn:x" version="1.0">{RULE}', "in the namespace 'urn:x'"),
        (f'<grammar xmlns="{NAMESPACE}" xml:lang="en">{RULE}', "lacks the attribute 'version'"),
        (f'<grammar xmlns="{NAMESPACE}" version="2.0">{RULE}', "the version is '2.0'"),
        (f'<rule xmlns="{NAMESPACE}"/>', "the root element is <rule>"),
        ('<?xml version="1.0" encoding="KLINGON"?><a/>', "encoding 'KLINGON' is not known"),
        ('<?xml version="1.0" encoding="zip"?><a/>', "encoding 'zip' is not known"),
        ('<?xml encoding="UTF-8"?><a/>', "no well-formed XML"),
        ("\n<?xml version='1.0'?><a/>", "no well-formed XML"),
        ("<!DOCTYPE a><!DOCTYPE a><a/>", "a document type cannot be declared here"),
    ],
)
def test_documents_that_are_no_grammar_are_refused(text: str, problem: str) -> None:
    with pytest.raises(GrammarError, match=problem):
        read_xml("t.grxml", text.encode())


def test_undecodable_byte_is_pointed_at() -> None:
    with pytest.raises(GrammarError, match="these bytes are no utf-8") as caught:
        read_xml("t.grxml", HEADER.encode() + "é \xff".encode("latin-1"))
    assert (caught.value.line, caught.value.column) == (3, 1)


ENTITIES = [
    '<!DOCTYPE grammar [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    '<!DOCTYPE grammar [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE grammar [<!ENTITY % a SYSTEM "http://10.0.0.1/a.dtd"> %a;]>',
    '<!DOCTYPE grammar SYSTEM "a.dtd" [<!ATTLIST item repeat CDATA "1000">]>',
    "<!DOCTYPE grammar []>",
    "<!-- a --> <?b?> <!DOCTYPE grammar [",
]


@pytest.mark.parametrize("doctype", ENTITIES)
def test_document_types_that_declare_anything_are_refused(doctype: str) -> None:
    with pytest.raises(GrammarError, match=r"declares entities or other things") as caught:
        read_xml("t.grxml", f'<?xml version="1.0"?>\n{doctype}\n<grammar/>'.encode())
    assert (caught.value.line, caught.value.column) == (2, doctype.index("<!DOCTYPE") + 1)


@pytest.mark.parametrize("place", ['<rule id="a">&b;</rule>', '<rule id="&b;">x</rule>'])
def test_entities_of_an_unread_document_type_are_undefined(place: str) -> None:
    text = HEADER.replace("\n", f"\n{DOCTYPE}", 1) + f'xml:lang="en">{place}</grammar>'
    with pytest.raises(GrammarError, match="undefined entity"):
        read_xml("t.grxml", text.encode())


@pytest.mark.parametrize(
    "rules",
    [
        '<rule id="a">' + "<item>" * 50_000,
        '<rule id="a">' + '<x:y xmlns:x="u">' * 50_000,
        '<rule id="a">' + "<item/>" * 450_000,
    ],
    ids=["deep", "deep and foreign", "items"],
)
def test_absurd_size_is_refused(rules: str) -> None:
    with pytest.raises(GrammarError, match=r"nested more than 100 deep|too large"):
        _grammar(rules)


@pytest.mark.parametrize(
    "part", ["\n", "&#9;", "x ", "<item/>"], ids=["lines", "references", "words", "items"]
)
def test_parts_of_every_kind_are_counted(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (xml_document, xml_expansion):
        monkeypatch.setattr(module, "MAX_PARTS", 1000)
    _grammar('<rule id="a">' + part * 900 + "x</rule>")
    with pytest.raises(GrammarError, match="too large"):
        _grammar('<rule id="a">' + part * 1200 + "x</rule>")


def test_deepest_grammar_compiles(tmp_path: Path) -> None:
    deep = '<item repeat="0-1" xml:lang="en">a ' * 97 + "x" + "</item>" * 97
    path = tmp_path / "deep.grxml"
    path.write_text(f'{HEADER}xml:lang="en" root="a"><rule id="a">{deep}</rule></grammar>')
    assert load_file(path).rules[0].name == "a"
