"""Characters to lexemes for SRGS 1.0 ABNF (section 1.2 and appendix D), with exact positions.

The notation is not quite context-free at this level: in the header a single quote begins a string,
in a rule it is a letter (``don't``). The lexer follows '=' and ';' to know where it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from voicebot.errors import GrammarError
from voicebot.grammar.ast import Position

MAX_LEXEMES = 400_000


class Kind(Enum):
    """What a lexeme is; the value is how an error message calls it."""

    WORD = "a word"
    STRING = "a quoted text"
    RULE = "a rule name"
    REFERENCE = "a reference to another grammar"
    MEDIA_TYPE = "a media type"
    ANGLE = "a repeat"
    WEIGHT = "a weight"
    TAG = "a tag"
    LANGUAGE = "a language"
    SYMBOL = "a symbol"
    END = "the end of the file"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """``text`` is the content without its delimiters; ``offset`` counts characters from 0."""

    kind: Kind
    text: str
    offset: int
    end: int


_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_LEXEME = re.compile(
    r"""
      (?P<word>[^\s;=|*+<>()\[\]{}/$!"'][^\s;=|*+<>()\[\]{}/$!"]*)
    | \$<(?P<reference>[^<>\n]*)>
    | \$(?P<rule>[^\W\d]\w*)
    | (?P<symbol>[=|;()\[\]])
    | \{!\{(?P<longtag>.*?)\}!\}
    | \{(?!!\{)(?P<tag>[^}]*)\}
    | "(?P<string>[^"]*)"
    | <(?P<angle>[^<>\n;]*)>
    | /(?P<weight>[^/*\n;|][^/\n;|]*)/
    | !(?P<language>[A-Za-z0-9][A-Za-z0-9-]*)
    """,
    re.DOTALL | re.VERBOSE,
)
_KINDS = {
    "word": Kind.WORD,
    "reference": Kind.REFERENCE,
    "rule": Kind.RULE,
    "symbol": Kind.SYMBOL,
    "longtag": Kind.TAG,
    "tag": Kind.TAG,
    "string": Kind.STRING,
    "angle": Kind.ANGLE,
    "weight": Kind.WEIGHT,
    "language": Kind.LANGUAGE,
}
_MEDIA_TYPE = re.compile(r"~\s*<([^<>\n]*)>")
_SINGLE_QUOTED = re.compile(r"'([^']*)'")
_APOSTROPHE_WORD = re.compile(r"""'[^\s;=|*+<>()\[\]{}/$!"]*""")
_LOOSE_NAME = re.compile(r"\$([^\s;=|*+<>()\[\]{}/$!\"]*)")

_UNFINISHED = {
    "/*": ("this comment is not closed", "End it with '*/'."),
    "{!{": ("this tag is not closed", "End it with '}!}'."),
    "{": ("this tag is not closed", "End it with '}'."),
    '"': ("this quoted text is not closed", "End it with '\"'."),
    "$<": ("this reference is not closed", "Write it as $<file.gram#rule>."),
    "<": ("this repeat is not closed", "Write it as <2>, <0-1>, <2-4> or <1->."),
}
_REFUSED = {
    "*": ("'*' is no repeat in ABNF", "Write <0-> for 'any number of times', or quote it: \"*\"."),
    "+": ("'+' is no repeat in ABNF", "Write <1-> for 'once or more', or quote it: \"+\"."),
    "/": ("'/' begins a weight and must be closed", "Write weights as /0.5/, or quote the text."),
    "}": ("this '}' closes nothing", "A tag that holds '}' is written {!{ ... }!}."),
    ">": ("this '>' closes nothing", 'Quote the text: ">".'),
    "!": ("a language tag must follow '!'", 'Write it as !en-US, or quote the text: "!".'),
}


class SourceText:
    """A document's text, able to tell where an offset stands."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, offset: int) -> Position:
        line = bisect_right(self._lines, offset)
        return Position(line, offset - self._lines[line - 1] + 1)

    def error(self, offset: int, problem: str, remedy: str = "") -> GrammarError:
        at = self.position(offset)
        return GrammarError(self.file, at.line, at.column, problem, remedy)


def lex(source: SourceText, offset: int) -> list[Lexeme]:
    """Cut the text from ``offset`` on into lexemes, the last of them of kind END.

    Raises GrammarError for what cannot be one.
    """
    lexemes: list[Lexeme] = []
    text, in_rule = source.text, False
    while True:
        if space := _SPACE.match(text, offset):
            offset = space.end()
        if offset >= len(text):
            lexemes.append(Lexeme(Kind.END, "", len(text), len(text)))
            return lexemes
        match = _LEXEME.match(text, offset)
        if match is None or match.lastgroup is None:
            lexeme = _irregular(source, offset, in_rule)
        elif match.lastgroup == "word" and text[offset] == "~":
            lexeme = _media_type(source, offset)
        else:
            group = match.lastgroup
            lexeme = Lexeme(_KINDS[group], match[group], offset, match.end())
            if group == "symbol" and lexeme.text in "=;":
                in_rule = lexeme.text == "="
            elif group == "rule":
                _check_name_ends(source, lexeme)
        lexemes.append(lexeme)
        offset = lexeme.end
        if len(lexemes) > MAX_LEXEMES:
            raise source.error(offset, "the grammar is too large", "Split it.")


def _irregular(source: SourceText, offset: int, in_rule: bool) -> Lexeme:
    text = source.text
    if text[offset] == "'":
        if in_rule:
            word = _APOSTROPHE_WORD.match(text, offset)
            assert word is not None
            return Lexeme(Kind.WORD, word[0], offset, word.end())
        if quoted := _SINGLE_QUOTED.match(text, offset):
            return Lexeme(Kind.STRING, quoted[1], offset, quoted.end())
        raise source.error(offset, "this quoted text is not closed", 'End it with "\'".')
    for opening, (problem, remedy) in _UNFINISHED.items():
        if text.startswith(opening, offset):
            raise source.error(offset, problem, remedy)
    if text[offset] == "$":
        raise _bad_name(source, offset)
    problem, remedy = _REFUSED.get(text[offset], ("this character cannot stand here", ""))
    raise source.error(offset, problem, remedy)


def _media_type(source: SourceText, offset: int) -> Lexeme:
    match = _MEDIA_TYPE.match(source.text, offset)
    if match is None:
        raise source.error(
            offset, "'~' must be followed by a media type", "Write it as ~<application/srgs>."
        )
    return Lexeme(Kind.MEDIA_TYPE, match[1].strip(), offset, match.end())


def _check_name_ends(source: SourceText, name: Lexeme) -> None:
    if name.end < len(source.text) and source.text[name.end] in "-.:":
        raise _bad_name(source, name.offset)


def _bad_name(source: SourceText, offset: int) -> GrammarError:
    loose = _LOOSE_NAME.match(source.text, offset)
    written = loose[1] if loose else ""
    if source.text.startswith("$$", offset):
        return source.error(offset, "'$$' is no rule reference", "Write one dollar: $rule.")
    if not written:
        return source.error(offset, "a rule name must follow '$'", "Write it as $rule.")
    mended = re.sub(r"\W", "_", written).strip("_")
    if not mended or mended[0].isdigit():
        mended = f"r{mended}"
    return source.error(
        offset,
        f"'${written}' is no rule name",
        f"Rule names are letters, digits and '_', a letter first: ${mended}.",
    )
