"""What a match means: Semantic Interpretation for Speech Recognition 1.0 (W3C, 5 April 2007).

Tag formats ``semantics/1.0`` (scripts) and ``semantics/1.0-literals`` (text); literals where a
grammar has tags and declares no format. A rule without tags on the way that was matched has the
value of the last rule that it called, or else its own text; a match without a single tag means
what was said, all of it. Tags of the header run first, in the scope that all rules of their
document share. Beyond the standard, scripts find the day of the utterance in ``today``, as text
``yyyymmdd``; it is passed in, so that the same words on the same day mean the same.

Left out: scores in ``meta`` (they are not known yet when tags run) and the XML serialisation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from voicebot.errors import GrammarError
from voicebot.grammar.ast import Tag, Token, walk
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.linker import Linked
from voicebot.grammar.sandbox import ScriptFailed, run, syntax_error
from voicebot.grammar.tree import Tree
from voicebot.types import Json

SCRIPT = "semantics/1.0"
LITERALS = "semantics/1.0-literals"

_REMEDY = (
    "Text stands in quotes: {out = 'text'}; "
    f"for tags that are plain text declare 'tag-format <{LITERALS}>;'."
)
_MARK = "__at"
_LIBRARY = """(function () {
__at = -1;
var __rule = [];
function __scope() {
  var latest, latestText, texts = {}, text = '', rules = {}, meta = {};
  Object.defineProperty(rules, 'latest', {value: function () { return latest; }});
  Object.defineProperty(meta, 'latest', {value: function () { return {text: latestText}; }});
  Object.defineProperty(meta, 'current', {value: function () { return {text: text}; }});
  return {rules: rules, meta: meta,
    said: function (more) { text += (text && ' ') + more; },
    called: function (name, value, said) {
      latest = rules[name] = value; latestText = said; meta[name] = {text: said};
    }};
}
"""


def evaluate(grammar: CompiledGrammar, tree: Tree, today: date | None = None) -> Json:
    """Give what ``tree`` means when it is said ``today`` (None: the local date now).

    Raises GrammarError, pointing at the tag, when a script fails.
    """
    tagged = [node for node in _trees(tree) if node.tags]
    if not tagged:
        return tree.text
    if all(grammar.documents[node.document].tag_format != SCRIPT for node in tagged):
        return _plain_value(tree)
    tags: list[tuple[int, Tag]] = []
    source = _Program(grammar, tags).source(tree, today or date.today())
    try:
        return run(source, _MARK)
    except ScriptFailed as failure:
        raise _tag_error(grammar, tags, failure) from None


def check_tags(linked: Linked) -> None:
    """Raise GrammarError for an unknown tag-format and for scripts that cannot be parsed."""
    scripts: list[tuple[int, Tag]] = []
    for index, document in enumerate(linked.documents):
        if document.tag_format not in ("", SCRIPT, LITERALS):
            raise document.error(
                document.tag_format_at,
                f"the tag-format <{document.tag_format}> is not known",
                f"Use <{SCRIPT}> for scripts or <{LITERALS}> for plain text.",
            )
        if document.tag_format == SCRIPT:
            scripts.extend((index, tag) for tag in document.header_tags)
    scripts.extend(
        (index, node)
        for (index, _), rule in linked.rules.items()
        if linked.documents[index].tag_format == SCRIPT
        for node in walk(rule.expansion)
        if isinstance(node, Tag)
    )
    # The same few scripts come again and again, most of all where repeats are unrolled.
    distinct = {tag.text: (index, tag) for index, tag in reversed(scripts)}
    wrong = syntax_error(list(distinct))
    if wrong is not None:
        index, tag = list(distinct.values())[wrong[0]]
        raise linked.documents[index].error(tag.at, f"this tag is no script: {wrong[1]}", _REMEDY)


def _trees(tree: Tree) -> Iterator[Tree]:
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(child for child in node.children if isinstance(child, Tree))


def _plain_value(tree: Tree) -> str:
    """Give the value of a rule under which no script stands."""
    tags = tree.tags
    if tags:
        return tags[-1].strip()
    called = [child for child in tree.children if isinstance(child, Tree)]
    return _plain_value(called[-1]) if called else tree.text


class _Program:
    """Writes one script that evaluates a tree: a function for each rule matched.

    Functions stand side by side in the scope of their document, so that a rule sees the header's
    variables and never those of the rule that called it.
    """

    def __init__(self, grammar: CompiledGrammar, tags: list[tuple[int, Tag]]) -> None:
        self._grammar = grammar
        self._tags = tags
        self._functions: dict[int, list[str]] = {}
        self._count = 0

    def source(self, tree: Tree, today: date) -> str:
        root = self._function(tree)
        parts = [_LIBRARY, f"var today = '{today:%Y%m%d}';\n"]
        for index in sorted(self._functions):
            header = "".join(self._tag(index, tag) for tag in self._header_tags(index))
            functions = "".join(self._functions[index])
            parts.append(f"(function () {{\n{header}{functions}}})();\n")
        parts.append(f"return JSON.stringify(__rule[{root}]());\n}})()")
        return "".join(parts)

    def _header_tags(self, index: int) -> tuple[Tag, ...]:
        document = self._grammar.documents[index]
        return document.header_tags if document.tag_format == SCRIPT else ()

    def _function(self, tree: Tree) -> int:
        """Write the function of a rule and give its number."""
        number = self._count
        self._count += 1
        literal = self._grammar.documents[tree.document].tag_format != SCRIPT
        body = [
            f"__rule[{number}] = function () {{\n"
            "var out = {}, __s = __scope(), rules = __s.rules, meta = __s.meta;\n"
        ]
        called = False
        for child in tree.children:
            if isinstance(child, Token):
                body.append(f"__s.said({json.dumps(child.text)});\n")
            elif isinstance(child, Tree):
                called = True
                name, text = json.dumps(child.name), json.dumps(child.text)
                value = f"__rule[{self._function(child)}]()"
                body.append(f"__s.called({name}, {value}, {text}); __s.said({text});\n")
            elif literal:
                body.append(f"out = {json.dumps(child.text.strip())};\n")
            else:
                body.append(self._tag(tree.document, child))
        if not tree.tags:
            body.append(f"out = {'rules.latest()' if called else json.dumps(tree.text)};\n")
        body.append("return out;\n};\n")
        self._functions.setdefault(tree.document, []).append("".join(body))
        return number

    def _tag(self, document: int, tag: Tag) -> str:
        self._tags.append((document, tag))
        return f"{_MARK} = {len(self._tags) - 1};\n{tag.text}\n;"


def _tag_error(
    grammar: CompiledGrammar, tags: list[tuple[int, Tag]], failure: ScriptFailed
) -> GrammarError:
    if 0 <= failure.mark < len(tags):
        document, tag = tags[failure.mark]
        return grammar.documents[document].error(
            tag.at, f"this tag failed: {failure.reason}", _REMEDY
        )
    return GrammarError(grammar.main.file, 0, 0, f"a tag failed: {failure.reason}", _REMEDY)
