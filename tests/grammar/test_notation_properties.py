"""What holds for grammars in XML form and JSGF: samples match again, and no input does harm."""

from __future__ import annotations

import contextlib
import time
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.grammar.xml_writer import bare, write_xml
from voicebot.errors import GrammarError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.matcher import best_match
from voicebot.grammar.network import GrammarNetwork
from voicebot.grammar.readers import read_grammar
from voicebot.grammar.sampler import sample
from voicebot.grammar.store import compile_source
from voicebot.grammar.words import word_lattice

ABNF = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $r0;\n"
XML = (
    '<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" xml:lang="en-US" root="r0">\n'
)
JSGF = "#JSGF V1.0 UTF-8 en;\ngrammar test;\n"
_quick = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_words = st.sampled_from(["a", "b", "don't", '"New York"', "7"])
_weights = st.sampled_from(["0.5", "3", "0", "1."])


LEGAL = ("leads back to itself", "nothing can be said", "holds no words")
"""Why there may be no sentences although all is written as it should be."""


def _abnf(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["<0-1>", "<2>", "<1-3>", "<0->", "<2- /.25/>", "<0>"])
    weighted = st.tuples(_weights, inner).map(lambda pair: f"/{pair[0]}/ {pair[1]}")
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"({' '.join(items)})"),
        st.lists(inner | weighted, min_size=1, max_size=3).map(
            lambda items: f"({'|'.join(items)})"
        ),
        st.tuples(inner, repeats).map(lambda pair: f"({pair[0]}){pair[1]}"),
        inner.map(lambda item: f"[{item}]"),
        inner.map(lambda item: f"({item})!fr-CA"),
        inner.map(lambda item: f"({item}){{!{{a < b & c}}!}}"),
    )


_abnf_atoms = _words | st.sampled_from(["$r1", "$NULL", "$GARBAGE", "$VOID", "$<x.gram#y>", "{t}"])


def _xml(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["0-1", "2", "1-3", "0-", "2-", "0"])
    item = st.tuples(_weights, inner).map(lambda pair: f'<item weight="{pair[0]}">{pair[1]}</item>')
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"<item>{' '.join(items)}</item>"),
        st.lists(item, min_size=1, max_size=3).map(
            lambda them: f"<one-of>{''.join(them)}</one-of>"
        ),
        st.tuples(repeats, inner).map(lambda two: f'<item repeat="{two[0]}">{two[1]}</item>'),
        inner.map(lambda text: f'<item xml:lang="fr">{text}</item><tag>a &lt; b</tag>'),
    )


_xml_atoms = _words | st.sampled_from(
    [
        '<ruleref uri="#r1"/>',
        '<ruleref uri="#r2"/>',
        '<ruleref special="GARBAGE"/>',
        '<ruleref special="NULL"/>',
        "<token>San  Francisco</token>",
    ]
)


def _jsgf(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    item = st.tuples(_weights, inner).map(lambda pair: f"/{pair[0]}/ {pair[1]}")
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({' '.join(items)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({'|'.join(items)})"),
        st.lists(item, min_size=1, max_size=3).map(lambda items: f"({'|'.join(items)})"),
        st.tuples(inner, st.sampled_from("*+")).map(lambda pair: f"({pair[0]}){pair[1]}"),
        inner.map(lambda text: f"[{text}]"),
        inner.map(lambda text: f"({text}){{t}}{{\\}}}}"),
    )


_jsgf_atoms = _words | st.sampled_from(["<r1>", "<r2>", "<NULL>", "<VOID>"])


@_quick
@given(st.recursive(_abnf_atoms, _abnf, max_leaves=10))
def test_every_tree_can_be_written_as_xml(rule: str) -> None:
    grammar = read_grammar("t.gram", f"{ABNF}$r0 = {rule};\n$r1 = x;".encode())
    again = read_grammar("t.grxml", write_xml(grammar).encode())
    assert [bare(item.expansion) for item in again.rules] == [
        bare(item.expansion) for item in grammar.rules
    ]


def _compile(name: str, text: str) -> CompiledGrammar:
    return compile_source(SourceFile(name, text.encode()), Path("/nowhere"))


def _check_samples(name: str, text: str) -> str:
    """Check that samples match again; give why there are none, or nothing."""
    try:
        grammar = _compile(name, text)
        sentences = list(islice(sample(grammar, seed=1), 5))
    except GrammarError as error:
        return error.problem
    network = GrammarNetwork([grammar])
    for words in sentences:
        assert best_match(grammar, word_lattice(words, "en-US")) is not None
        state: int | None = network.start
        for word in words:
            assert state is not None
            state = network.advance(state, word)
        assert state is not None
        assert network.is_final(state)
    return ""


@_quick
@given(st.lists(st.recursive(_xml_atoms, _xml, max_leaves=8), min_size=3, max_size=3))
def test_samples_of_xml_match_again(rules: list[str]) -> None:
    text = "".join(f'<rule id="r{index}"> {rule} </rule>' for index, rule in enumerate(rules))
    reason = _check_samples("t.grxml", f"{XML}{text}</grammar>")
    assert not reason or any(words in reason for words in LEGAL)


@_quick
@given(st.lists(st.recursive(_jsgf_atoms, _jsgf, max_leaves=8), min_size=3, max_size=3))
def test_samples_of_jsgf_match_again(rules: list[str]) -> None:
    text = "".join(f"public <r{index}> = {rule};\n" for index, rule in enumerate(rules))
    reason = _check_samples("t.jsgf", JSGF + text)
    allowed = (*LEGAL, "comes back to itself", "all weights are 0")
    assert not reason or any(words in reason for words in allowed)


_xml_pieces = [
    *("<item>", "</item>", "<one-of>", "</one-of>", "<item/>", "<token>", "</token>", "<tag>"),
    *("</tag>", '<ruleref uri="#r0"/>', '<ruleref special="VOID"/>', '<rule id="r1">', "</rule>"),
    *('<item repeat="2-"', ' repeat-prob="2"', ' weight=".5"', "<!--", "-->", "<![CDATA[", "]]>"),
    *("&amp;", "&#0;", "&#x110000;", "&a;", "<?a", "?>", "<!DOCTYPE a>", "<x:y>", "</grammar>"),
    *("word", '"', "'", "<", ">", "&", "=", "\n", "\r", "\0", "é", "\ufffe", "𐀀", " ", "{", "}"),
]
_jsgf_pieces = [
    *"<>=|;()[]{}/*+\"'\\#.\n\r \0é\u2028",
    *("<r0>", "<a.b>", "<NULL>", "word", "/2/", "{t}", "{\\}}", '"a b"', "//", "/*", "*/"),
    *("public ", "import <a.*>;", "import <a.b>;", "grammar x;", "#JSGF V1.0;"),
]


@_quick
@given(st.lists(st.sampled_from(_xml_pieces), max_size=30).map("".join))
@example("<item>" * 50_000)
@example('<item repeat="1000">' * 40 + "x" + "</item>" * 40)
@example("<" * 100_000)
@example("<!--" + "- " * 100_000)
@example("<!DOCTYPE " + "a " * 100_000)
@example("&#9;" * 100_000)
@example('"' * 100_001)
def test_no_xml_raises_anything_but_a_grammar_error(text: str) -> None:
    for source in (text, XML + text, f'{XML}<rule id="r0">x {text}</rule></grammar>'):
        _try("t.grxml", source.encode())


@_quick
@given(st.lists(st.sampled_from(_jsgf_pieces), max_size=30).map("".join))
@example("public <r0> = " + "(" * 50_000)
@example("public <r0> = " + '"\\' * 50_000)
@example("public <r0> = " + "{\\" * 50_000)
@example("public <r0> = " + "x*" * 50_000 + ";")
@example("/*" * 50_000)
@example("import <" + "a." * 50_000 + "*>;")
def test_no_jsgf_raises_anything_but_a_grammar_error(text: str) -> None:
    for source in (text, JSGF + text, f"{JSGF}public <r0> = x {text};"):
        _try("t.jsgf", source.encode())


@_quick
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_grammar_error(data: bytes) -> None:
    for before in (b"", XML.encode(), JSGF.encode(), b"\xff\xfe<\0", b"\xfe\xff\0#"):
        for name in ("t.grxml", "t.jsgf", "t.gram"):
            _try(name, before + data)
    for encoding in (b"UTF-16", b"EUC-KR", b"utf-7", b"hex", b"\0"):
        _try("t.grxml", b'<?xml version="1.0" encoding="' + encoding + b'"?>' + data)
        _try("t.jsgf", b"#JSGF V1.0 " + encoding + b" en;\n" + data)


def _try(name: str, data: bytes) -> None:
    try:
        grammar = compile_source(SourceFile(name, data), Path("/nowhere"))
        best_match(grammar, word_lattice(("word", "a"), "en-US"))
    except GrammarError:
        pass


CHOICES = "".join(f"$r{index} = $r{index - 1} | $r{index - 1};\n" for index in range(1, 61))
DOUBLING = "".join(f"$r{index} = $r{index - 1} $r{index - 1};\n" for index in range(1, 61))


@pytest.mark.parametrize(
    ("rules", "held"),
    [
        (f"$r0 = [a];\n{DOUBLING}", False),
        (f"$r0 = a | b;\n{DOUBLING}", False),
        (f"$r0 = a;\n{CHOICES}", True),
        ("$r60 = " + "(" * 40 + "[a]" + "<0->)" * 40 + ";", True),
        ("$r60 = " + "$GARBAGE " * 2_000 + ";", True),
        ("$r60 = " + "[a] " * 2_000 + ";", True),
    ],
    ids=["empty doubling", "doubling", "choices", "nested repeats", "garbage", "optional"],
)
def test_billions_of_sentences_take_bounded_time(rules: str, held: bool) -> None:
    """Doubling sixty times gives more sentences, or trees for one, than could ever be listed."""
    began = time.process_time()
    grammar = _compile("t.gram", ABNF.replace("$r0", "$r60") + rules)
    found = best_match(grammar, word_lattice(("a",), "en-US"))
    network = GrammarNetwork([grammar])
    network.advance(network.start, "a")
    with contextlib.suppress(GrammarError):
        next(sample(grammar, seed=1))
    assert (found is not None) == held
    assert time.process_time() - began < 20
