"""SISR 1.0: scripts, literals, defaults, and scripts that mean harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.types import Json

Compile = Callable[..., CompiledGrammar]
Activate = Callable[..., ActiveGrammar]

SCRIPT = "semantics/1.0"
LITERALS = "semantics/1.0-literals"


def _meaning(grammar: ActiveGrammar, text: str) -> Json:
    match = grammar.match_words(text.split())
    assert match is not None
    return match.semantics


def test_without_tags_the_meaning_is_the_text(activate: Activate) -> None:
    assert _meaning(activate('$main = call "New York";'), "call new york") == "call New York"


@pytest.mark.parametrize("tags", ["", LITERALS])
def test_literals_give_the_last_tag(activate: Activate, tags: str) -> None:
    grammar = activate(
        "$main = $yes | [well] $no please;\n$yes = yes {good} {true} | yep;\n$no = no { false };",
        tags=tags,
    )
    assert _meaning(grammar, "yes") == "true"
    assert _meaning(grammar, "yep") == "yep"
    assert _meaning(grammar, "well no please") == "false"


def test_scripts_build_objects_from_rules(activate: Activate) -> None:
    grammar = activate(
        "$main = {out.many = 1} [$n {out.many = rules.n}] $size"
        " {out.size = rules.latest(); out.text = meta.current().text}"
        " pizza {out.said = meta.size.text + '/' + meta.latest().text};\n"
        "$n = two {out = 2};\n$size = small | (large | big) {out = 'large'};",
        tags=SCRIPT,
    )
    assert _meaning(grammar, "two big pizza") == {
        "many": 2,
        "size": "large",
        "text": "two big",
        "said": "big/big",
    }
    assert _meaning(grammar, "small pizza") == {
        "many": 1,
        "size": "small",
        "text": "small",
        "said": "small/small",
    }


def test_rules_do_not_see_the_variables_of_their_callers(activate: Activate) -> None:
    grammar = activate(
        "$main = {var x = 1} $inner {out = rules.inner + x};\n$inner = y {out = typeof x};",
        tags=SCRIPT,
    )
    assert _meaning(grammar, "y") == "undefined1"


def test_tags_of_the_header_are_shared_by_the_rules(compile_rules: Compile) -> None:
    rules = "{!{var prices = {tea: 3}}!};\n$main = tea {out = prices.tea};"
    grammar = compile_rules(rules, tags=SCRIPT)
    active = ActiveGrammar(grammar.key, grammar.main.language, [("t", grammar)])  # type: ignore[arg-type]
    assert _meaning(active, "tea") == 3


def test_globals_do_not_outlive_an_utterance(activate: Activate) -> None:
    grammar = activate(
        "$main = set {leak = 'secret'; out = leak} | get {out = typeof leak};", tags=SCRIPT
    )
    assert _meaning(grammar, "set") == "secret"
    assert _meaning(grammar, "get") == "undefined"


def test_builtins_cannot_be_poisoned_for_the_next_utterance(activate: Activate) -> None:
    grammar = activate(
        "$main = set {!{Array.prototype.join = function () {return 'evil'}; out = 1}!}"
        " | get {out = [1, 2].join('-')};",
        tags=SCRIPT,
    )
    _meaning(grammar, "set")
    assert _meaning(grammar, "get") == "1-2"


def test_result_that_is_no_json_becomes_null(activate: Activate) -> None:
    grammar = activate(
        "$main = a {out = undefined} | b {out = 0 / 0} | c {out = '\\ud800'};", tags=SCRIPT
    )
    assert [_meaning(grammar, word) for word in "abc"] == [None, None, "\ufffd"]


HOSTILE = [
    ("while (true) {}", "longer than 100 ms"),
    ("(function f() { f() })()", "called itself too deep"),
    ("var a = []; while (1) a.push(a.slice())", "memory"),
    ("out = 'x'.repeat(1 << 29)", "memory"),
    ("out = 'x'.padStart(1e9)", "memory"),
    ("out = /(a+)+b/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')", "regular expressions"),
    ("out = 'aaa'.replace(/a*a*b/, '')", "regular expressions"),
    ("out = Array.prototype.indexOf.call({length: 9e15}, 1)", "no array"),
    ("var a = []; a.length = 4e9; a.reverse()", "too long"),
    ("out = []; out.length = 4e9", "memory"),
    ("out = new Set([1])", "'Set' is not defined"),
    ("out = eval('1')", "'eval' is not defined"),
    ("out = (function () {}).constructor('return 1')()", "not a function"),
    ("out.out = out", "circular"),
    ("var o = out; for (var i = 0; i < 4000; i++) { o.a = {}; o = o.a }", "nested too deep"),
    ("out = ''; for (var i = 0; i < 70; i++) { out += 'x'.repeat(1000) }", "too large"),
    ("throw null", ""),
    ("missing.value = 1", "'missing' is not defined"),
]


@pytest.mark.parametrize(("script", "problem"), HOSTILE, ids=[case[0][:40] for case in HOSTILE])
def test_harmful_script_is_a_grammar_error(activate: Activate, script: str, problem: str) -> None:
    grammar = activate(f"$main = x {{!{{{script}}}!}} | y {{out = 'still here'}};", tags=SCRIPT)
    with pytest.raises(GrammarError, match="tag failed") as caught:
        grammar.match_words(["x"])
    assert problem in caught.value.problem
    assert _meaning(grammar, "y") == "still here"


def test_failing_tag_is_pointed_at(activate: Activate) -> None:
    grammar = activate("$main = $a {out = 1};\n$a = x {out = 2} {nope()};", tags=SCRIPT)
    with pytest.raises(GrammarError) as caught:
        grammar.match_words(["x"])
    assert (caught.value.line, caught.value.column) == (4, 18)


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        ("out = ;", "this tag is no script"),
        ("out = 2n ** 9n", "BigInt"),
        ("} while (1) {", "this tag is no script"),
    ],
)
def test_script_with_a_mistake_is_refused_when_the_grammar_is_read(
    compile_rules: Compile, tag: str, problem: str
) -> None:
    with pytest.raises(GrammarError, match=problem) as caught:
        compile_rules(f"$main = x\n  {{!{{{tag}}}!}};", tags=SCRIPT)
    assert (caught.value.line, caught.value.column) == (4, 3)


def test_unknown_tag_format_is_refused(compile_rules: Compile) -> None:
    with pytest.raises(GrammarError, match=r"<swi-semantics/1\.0> is not known"):
        compile_rules("$main = x;", tags="swi-semantics/1.0")
