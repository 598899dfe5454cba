"""Rule expansions of the XML form: what may be said (SRGS 1.0, section 2).

White space parts words; double quotes or ``<token>`` keep several as one token. An ``<item>`` with
one thing in it is that thing, so that both forms of SRGS give the same tree. A weight outside of
``<one-of>`` and a probability without a repeat mean nothing and are passed over, as SRGS has it.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from voicebot.errors import GrammarError
from voicebot.grammar.abnf_expansion import MAX_REPEAT
from voicebot.grammar.abnf_header import LANGUAGE
from voicebot.grammar.ast import (
    Alternative,
    Alternatives,
    Expansion,
    ExternalRef,
    InLanguage,
    Position,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    SpecialName,
    Tag,
    Token,
)
from voicebot.grammar.references import join
from voicebot.grammar.xml_document import MAX_PARTS, Element, Node, Text

EXPANSIONS = ("item", "one-of", "ruleref", "tag", "token")

_WORD = re.compile(r'"([^"]*)"|[^ \t\r\n"]+|"')
_REPEAT = re.compile(r"(?P<low>\d{1,9})(?P<range>-(?P<high>\d{1,9})?)?")
_NUMBER = re.compile(r"\d{1,12}(\.\d{0,12})?|\.\d{1,12}")


class ElementReader:
    """Checks the parts of elements, with errors that point at them."""

    def __init__(self, file: str) -> None:
        self._file = file

    def error(self, at: Position, problem: str, remedy: str = "") -> GrammarError:
        return GrammarError(self._file, at.line, at.column, problem, remedy)

    def check_attributes(self, element: Element, known: tuple[str, ...]) -> None:
        """Refuse attributes of the grammar's own that the element does not have."""
        for name in element.attributes:
            if name in known or name == "xml:space":
                continue
            near = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.5)
            listed = ", ".join(known) or "none"
            raise self.error(
                element.at,
                f"<{element.name}> has no attribute '{name}'",
                f"Did you mean '{near[0]}'?" if near else f"It has: {listed}.",
            )

    def need(self, element: Element, name: str) -> str:
        """Give an attribute that must be there, without spaces around it."""
        value = element.attributes.get(name, "").strip()
        if not value:
            raise self.error(
                element.at,
                f"<{element.name}> lacks the attribute '{name}'",
                f'Write <{element.name} {name}="...">.',
            )
        return value

    def elements(self, element: Element) -> Iterator[Element]:
        """Give the elements in one that holds no text of its own."""
        for child in element.children:
            if isinstance(child, Element):
                yield child
            elif words := str(child).split():
                offset = str(child).index(words[0])
                raise self.error(
                    child.places()(offset),
                    f"text cannot stand directly in <{element.name}>",
                    f"Put '{words[0][:30]}' in an <item>."
                    if element.name == "one-of"
                    else f"Put '{words[0][:30]}' in a <rule>.",
                )

    def text(self, element: Element) -> str:
        """Give the text of an element that holds nothing else."""
        for child in element.children:
            if isinstance(child, Element):
                raise self.error(
                    child.at, f"<{child.name}> cannot stand in <{element.name}>", "Only text can."
                )
        return "".join(str(child) for child in element.children)

    def empty(self, element: Element) -> None:
        """Refuse content."""
        for child in element.children:
            if isinstance(child, Element) or str(child).strip():
                raise self.error(
                    element.at, f"<{element.name}> holds nothing", f"Write <{element.name} .../>."
                )

    def language(self, element: Element) -> str | None:
        written = element.attributes.get("xml:lang")
        if written is None:
            return None
        if not LANGUAGE.fullmatch(written.strip()):
            raise self.error(
                element.at,
                f"'{written[:30]}' is no language tag",
                "Use one of BCP 47, such as en-US.",
            )
        return written.strip()

    def unknown(self, element: Element, where: str, known: Iterable[str]) -> GrammarError:
        listed = sorted(known)
        near = difflib.get_close_matches(element.name[:60], listed, n=1, cutoff=0.5)
        return self.error(
            element.at,
            f"<{element.name[:60]}> cannot stand in <{where}>",
            f"Did you mean <{near[0]}>?"
            if near and near[0] != element.name
            else f"Here stand: {', '.join(listed)}.",
        )


class ExpansionReader(ElementReader):
    """Elements to expansions; `xml_document` bounds how deep they nest."""

    def __init__(self, file: str, base: str) -> None:
        """``base`` is what references to other grammars are relative to, or empty."""
        super().__init__(file)
        self._base = base
        self._words = 0

    def contents(self, parent: Element, passed_over: str = "") -> Expansion | None:
        """Read what stands in ``parent`` as one sequence; None where that is nothing.

        Elements of the name ``passed_over`` may stand there and say nothing.
        """
        items: list[Expansion] = []
        for child in parent.children:
            if isinstance(child, Element) and child.name == passed_over:
                self.text(child)
                self.check_attributes(child, ())
            else:
                items.extend(self._read(child, parent))
        if not items:
            return None
        return items[0] if len(items) == 1 else Sequence(tuple(items), parent.at)

    def _read(self, node: Node, parent: Element) -> Iterable[Expansion]:
        if isinstance(node, Text):
            return self._tokens(node)
        match node.name:
            case "item":
                return (self._item(node),)
            case "one-of":
                return (self._one_of(node),)
            case "token":
                return (self._token(node),)
            case "tag":
                self.check_attributes(node, ())
                return (Tag(self.text(node), node.at),)
            case "ruleref":
                return (self._reference(node),)
        raise self.unknown(node, parent.name, EXPANSIONS)

    def _tokens(self, text: Text) -> Iterator[Token]:
        whole, place = str(text), text.places()
        for match in _WORD.finditer(whole):
            at = place(match.start())
            self._count(at)
            if match[0] == '"':
                raise self.error(
                    at, "this quoted text is not closed", "End it with '\"', or write <token>."
                )
            words = match[0] if match[1] is None else " ".join(match[1].split())
            yield Token(words, at)

    def _count(self, at: Position) -> None:
        self._words += 1
        if self._words > MAX_PARTS:
            raise self.error(at, "the grammar is too large", "Split it.")

    def _token(self, element: Element) -> Expansion:
        self.check_attributes(element, ("xml:lang",))
        words = " ".join(self.text(element).split())
        if len(words) > 1 and words[0] == words[-1] == '"':
            words = words[1:-1].strip()
        if not words or '"' in words:
            raise self.error(
                element.at, "this <token> holds no words", "Write <token>New York</token>."
            )
        return self._in_language(Token(words, element.at), element)

    def _item(self, element: Element) -> Expansion:
        self.check_attributes(element, ("repeat", "repeat-prob", "weight", "xml:lang"))
        inside = self.contents(element)
        if inside is None:
            inside = Sequence((), element.at)
        return self._repeated(self._in_language(inside, element), element)

    def _one_of(self, element: Element) -> Expansion:
        self.check_attributes(element, ("xml:lang",))
        items: list[Alternative] = []
        for child in self.elements(element):
            if child.name != "item":
                raise self.unknown(child, "one-of", ("item",))
            weight = self._number(child, "weight", math.inf)
            items.append(Alternative(self._item(child), weight))
        if not items:
            raise self.error(
                element.at, "<one-of> offers no choice", "Put at least one <item> in it."
            )
        alone = len(items) == 1 and items[0].weight is None
        choice = items[0].expansion if alone else Alternatives(tuple(items), element.at)
        return self._in_language(choice, element)

    def _reference(self, element: Element) -> Expansion:
        # A language here is not in the DTD, but W3C's own tests attach one.
        self.check_attributes(element, ("uri", "special", "type", "xml:lang"))
        self.empty(element)
        uri, special = element.attributes.get("uri"), element.attributes.get("special")
        if (uri is None) == (special is None):
            raise self.error(
                element.at,
                "<ruleref> needs either 'uri' or 'special'",
                'Write <ruleref uri="#rule"/> or <ruleref special="GARBAGE"/>.',
            )
        if special is not None:
            return self._in_language(self._special(special.strip(), element), element)
        return self._in_language(self._by_uri((uri or "").strip(), element), element)

    def _special(self, name: str, element: Element) -> Special:
        try:
            return Special(SpecialName(name), element.at)
        except ValueError:
            raise self.error(
                element.at, f"'{name[:30]}' is no special rule", "Use NULL, VOID or GARBAGE."
            ) from None

    def _by_uri(self, uri: str, element: Element) -> Expansion:
        document, has_fragment, fragment = uri.partition("#")
        rule = unquote(fragment)
        if not uri or (has_fragment and not rule):
            raise self.error(
                element.at, "this reference names no rule", 'Write uri="#rule" or uri="file.grxml".'
            )
        if not document:
            return RuleRef(rule, element.at)
        media_type = element.attributes.get("type", "").strip() or None
        return ExternalRef(join(self._base, document), rule or None, media_type, element.at)

    def _in_language(self, item: Expansion, element: Element) -> Expansion:
        language = self.language(element)
        return item if language is None else InLanguage(item, language, element.at)

    def _repeated(self, item: Expansion, element: Element) -> Expansion:
        written = element.attributes.get("repeat")
        if written is None:
            return item
        found = _REPEAT.fullmatch(written.strip())
        if found is None:
            raise self.error(
                element.at,
                f"'{written[:30]}' is no repeat",
                'Write it as repeat="2", "0-1", "2-4" or "1-".',
            )
        low = int(found["low"])
        high = int(found["high"]) if found["high"] else None if found["range"] else low
        if max(low, high or 0) > MAX_REPEAT:
            raise self.error(
                element.at,
                f"'{written}' repeats more than {MAX_REPEAT} times",
                f'Leave the end open: repeat="{min(low, MAX_REPEAT)}-".',
            )
        if high is not None and high < low:
            raise self.error(
                element.at, f"'{written}' ends before it begins", f'Write repeat="{high}-{low}".'
            )
        return Repeat(item, low, high, self._number(element, "repeat-prob", 1.0), element.at)

    def _number(self, element: Element, name: str, most: float) -> float | None:
        written = element.attributes.get(name)
        if written is None:
            return None
        text = written.strip()
        value = float(text) if _NUMBER.fullmatch(text) else -1.0
        if not 0 <= value <= most:
            limits = "0 or more" if math.isinf(most) else f"from 0 to {most:g}"
            raise self.error(
                element.at,
                f"{name} is '{written[:30]}'",
                f"Use a plain number, {limits}, such as 0.6.",
            )
        return value
