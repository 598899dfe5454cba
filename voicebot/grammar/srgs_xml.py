"""Reads SRGS 1.0 grammars in XML form into the common tree.

W3C Recommendation of 16 March 2004. `xml_document` reads the XML, `xml_expansion` what may be
said; here are the header (section 4) and the rules (section 3). What the standard's DTD does not
allow is an error. Lexicons, metadata and http-equiv are kept or passed over, not used.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from voicebot.errors import GrammarError
from voicebot.grammar.ast import Grammar, RootRule, Rule, SpecialName, Tag
from voicebot.grammar.xml_document import Element, read_document
from voicebot.grammar.xml_expansion import EXPANSIONS, ElementReader, ExpansionReader

MEDIA_TYPE = "application/srgs+xml"
NAMESPACE = "http://www.w3.org/2001/06/grammar"

_SPECIAL = {name.value for name in SpecialName}
_NAME = re.compile(r"[^\W\d][^\s!-,/:-@\[-^`{-~]*")
_ATTRIBUTES = ("version", "mode", "root", "tag-format", "xml:lang", "xml:base")


def read_xml(file: str, data: bytes) -> Grammar:
    """Read one document; ``file`` is how errors call it. Raises GrammarError."""
    document = read_document(file, data, NAMESPACE)
    root = document.root
    reader = ElementReader(file)
    if root.name != "grammar":
        raise reader.error(
            root.at, f"the root element is <{root.name[:60]}>", "It must be <grammar>."
        )
    header = _HeaderReader(file, root)
    header.read()
    rules = _rules(header, ExpansionReader(file, header.base))
    name = root.attributes.get("root", "").strip()
    return Grammar(
        file=file,
        mode=header.mode,
        language=header.language_tag,
        root=RootRule(name, root.at) if "root" in root.attributes else None,
        rules=rules,
        tag_format=root.attributes.get("tag-format", "").strip(),
        tag_format_at=root.at,
        base=header.base,
        lexicons=tuple(header.lexicons),
        meta=tuple(header.meta),
        http_equiv=tuple(header.http_equiv),
        header_tags=tuple(header.tags),
        encoding=document.encoding,
        media_type=MEDIA_TYPE,
        digest=hashlib.sha256(data).hexdigest(),
    )


class _HeaderReader(ElementReader):
    """Reads the attributes of <grammar> and the elements before the rules."""

    def __init__(self, file: str, root: Element) -> None:
        super().__init__(file)
        self.root = root
        self.mode: Literal["voice", "dtmf"] = "voice"
        self.language_tag = ""
        self.lexicons: list[str] = []
        self.meta: list[tuple[str, str]] = []
        self.http_equiv: list[tuple[str, str]] = []
        self.tags: list[Tag] = []
        self.rules: list[Element] = []

    @property
    def base(self) -> str:
        """What references are relative to: xml:base wins over a meta of that name."""
        return self.root.attributes.get("xml:base", "").strip() or dict(self.meta).get("base", "")

    def read(self) -> None:
        self._attributes()
        for child in self.elements(self.root):
            if child.name == "rule":
                self.rules.append(child)
            elif child.name not in ("meta", "metadata", "lexicon", "tag"):
                raise self._misplaced(child)
            elif self.rules:
                raise self.error(
                    child.at, f"<{child.name}> must stand before the first rule", "Move it up."
                )
            else:
                self._declaration(child)

    def _attributes(self) -> None:
        root = self.root
        self.check_attributes(root, _ATTRIBUTES)
        if (version := self.need(root, "version")) != "1.0":
            raise self.error(
                root.at, f"the version is '{version[:30]}'", 'Write <grammar version="1.0" ...>.'
            )
        match root.attributes.get("mode", "voice").strip():
            case "voice":
                self.mode = "voice"
            case "dtmf":
                self.mode = "dtmf"
            case other:
                raise self.error(
                    root.at, f"'{other[:30]}' is no mode", "The mode is 'voice' or 'dtmf'."
                )
        # SRGS 4.5: the language is required of voice grammars and ignored in those for keys.
        if self.mode == "voice":
            if "xml:lang" not in root.attributes:
                raise self.error(
                    root.at,
                    "the grammar declares no language",
                    'Write <grammar xml:lang="en-US" ...>.',
                )
            self.language_tag = self.language(root) or ""

    def _declaration(self, element: Element) -> None:
        match element.name:
            case "meta":
                self._meta(element)
            case "lexicon":
                self.check_attributes(element, ("uri", "type"))
                self.empty(element)
                self.lexicons.append(self.need(element, "uri"))
            case "tag":
                self.check_attributes(element, ())
                self.tags.append(Tag(self.text(element), element.at))
            case _:
                self.check_attributes(element, ())

    def _meta(self, element: Element) -> None:
        self.check_attributes(element, ("name", "http-equiv", "content"))
        self.empty(element)
        given = [name for name in ("name", "http-equiv") if name in element.attributes]
        if len(given) != 1 or "content" not in element.attributes:
            raise self.error(
                element.at,
                "<meta> needs 'content' and either 'name' or 'http-equiv'",
                'Write <meta name="author" content="..."/>.',
            )
        pairs = self.meta if given[0] == "name" else self.http_equiv
        pairs.append((element.attributes[given[0]], element.attributes["content"]))

    def _misplaced(self, element: Element) -> GrammarError:
        if element.name in EXPANSIONS:
            return self.error(
                element.at, f"<{element.name}> cannot stand in <grammar>", "Put it in a <rule>."
            )
        return self.unknown(element, "grammar", ("lexicon", "meta", "metadata", "rule", "tag"))


def _rules(header: _HeaderReader, expansions: ExpansionReader) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for element in header.rules:
        rule = _rule(element, expansions)
        if rule.name in rules:
            line = rules[rule.name].at.line
            raise header.error(
                rule.at,
                f"the rule '{rule.name}' is defined twice, first in line {line}",
                "Rename one, or join both in a <one-of>.",
            )
        rules[rule.name] = rule
    if not rules:
        raise header.error(
            header.root.at, "the grammar has no rules", 'Add one: <rule id="answer">yes</rule>.'
        )
    return tuple(rules.values())


def _rule(element: Element, reader: ExpansionReader) -> Rule:
    reader.check_attributes(element, ("id", "scope"))
    name = reader.need(element, "id")
    if name in _SPECIAL:
        raise reader.error(
            element.at, f"'{name}' is built in and cannot be defined", "Choose another name."
        )
    if not _NAME.fullmatch(name):
        raise reader.error(
            element.at,
            f"'{name[:60]}' is no rule name",
            "Rule names are letters, digits, '_', '-' and '.', a letter first.",
        )
    scope = element.attributes.get("scope", "private").strip()
    if scope not in ("public", "private"):
        raise reader.error(
            element.at, f"'{scope[:30]}' is no scope", "The scope is 'public' or 'private'."
        )
    expansion = reader.contents(element, passed_over="example")
    if expansion is None:
        raise reader.error(
            element.at,
            f"the rule '{name}' is empty",
            'Where nothing need be said write <ruleref special="NULL"/>.',
        )
    return Rule(name, scope == "public", expansion, element.at)
