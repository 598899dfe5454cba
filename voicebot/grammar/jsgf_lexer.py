"""Characters to lexemes for JSGF 1.0 (JSpeech Grammar Format, W3C Note of 5 June 2000)."""

from __future__ import annotations

import re

from voicebot.grammar.lexer import MAX_LEXEMES, Kind, Lexeme, SourceText

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_LEXEME = re.compile(
    r"""
      (?P<word>[^\s;=|*+<>()\[\]{}/"\\]+)
    | <(?P<reference>[^\s<>{}"*]+)>
    | (?P<symbol>[=|;()\[\]*+])
    | \{(?P<tag>(?>[^\\{}]|\\.)*)\}
    | "(?P<string>(?>[^\\"]|\\.)*)"
    | /(?P<weight>[^/*\n;|][^/\n;|]*)/
    """,
    re.DOTALL | re.VERBOSE,
)
_KINDS = {
    "word": Kind.WORD,
    "reference": Kind.RULE,
    "symbol": Kind.SYMBOL,
    "tag": Kind.TAG,
    "string": Kind.STRING,
    "weight": Kind.WEIGHT,
}
_IMPORT = re.compile(r"<(?P<name>[^\s<>{}\"*]+\.(?:\*|[^\s<>{}\"*.]+))>")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

_UNFINISHED = {
    "/*": ("this comment is not closed", "End it with '*/'."),
    "{": ("this tag is not closed", "End it with '}'; braces inside are written \\{ and \\}."),
    '"': ("this quoted text is not closed", "End it with '\"'."),
    "<": ("this is no rule name", "Write it as <rule> or <package.grammar.rule>."),
    "/": ("'/' begins a weight and must be closed", "Write weights as /0.5/, or quote the text."),
    "}": ("this '}' closes nothing", "Inside a tag write \\}."),
    ">": ("this '>' closes nothing", 'Quote the text: ">".'),
    "\\": ("a backslash stands only in quotes and tags", 'Quote the text: "\\\\".'),
}


def lex_jsgf(source: SourceText, offset: int) -> list[Lexeme]:
    """Cut the text from ``offset`` on into lexemes, the last of them of kind END.

    Rule names come without their angle brackets, as kind RULE; what an import names comes as kind
    REFERENCE. Raises GrammarError for what cannot be a lexeme.
    """
    lexemes: list[Lexeme] = []
    text = source.text
    while True:
        if space := _SPACE.match(text, offset):
            offset = space.end()
        if offset >= len(text):
            lexemes.append(Lexeme(Kind.END, "", len(text), len(text)))
            return lexemes
        lexemes.append(_lexeme(source, offset, bool(lexemes) and lexemes[-1].text == "import"))
        offset = lexemes[-1].end
        if len(lexemes) > MAX_LEXEMES:
            raise source.error(offset, "the grammar is too large", "Split it.")


def _lexeme(source: SourceText, offset: int, imported: bool) -> Lexeme:
    text = source.text
    if imported and (name := _IMPORT.match(text, offset)):
        return Lexeme(Kind.REFERENCE, name["name"], offset, name.end())
    match = _LEXEME.match(text, offset)
    if match is None or match.lastgroup is None:
        for opening, (problem, remedy) in _UNFINISHED.items():
            if text.startswith(opening, offset):
                raise source.error(offset, problem, remedy)
        raise source.error(offset, "this character cannot stand here")
    kind = _KINDS[match.lastgroup]
    content = match[match.lastgroup]
    if kind in (Kind.TAG, Kind.STRING):
        content = _ESCAPE.sub(r"\1", content)
    return Lexeme(kind, content, offset, match.end())
