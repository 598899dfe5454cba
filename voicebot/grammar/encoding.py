"""Bytes of a grammar document to text (SRGS 1.0, 4.1 and 4.2).

A byte order mark decides; else the encoding named in the self-identifying header; else UTF-8. A
document that names none and is no UTF-8 is read as ISO-8859-1, as older tools wrote it. The header
itself must be exactly ``#ABNF 1.0 [encoding];`` and end its line.
"""

from __future__ import annotations

import codecs
import re

from voicebot.errors import GrammarError

MAX_BYTES = 4 * 1024 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER = re.compile(r"#ABNF[ \t]+1\.0(?:[ \t]+(?P<encoding>[A-Za-z][A-Za-z0-9._:-]*))?[ \t]*;")
_TEXT_ENCODINGS = re.compile(
    r"ascii|utf-?8|utf-?16(-?[lb]e)?|iso-?8859-?\d+|cp\d+|koi8-[rut]|euc_\w+|shift_jis\w*"
    r"|gb2312|gbk|gb18030|big5\w*|iso2022_\w+|tis-620|mac-\w+"
)


def decode(file: str, data: bytes) -> tuple[str, int, str]:
    """Give the text with plain line ends, the offset just after its header, and the encoding.

    Raises GrammarError for a missing or malformed header and for bytes that are no text.
    """
    if len(data) > MAX_BYTES:
        raise GrammarError(
            file, 0, 0, f"the grammar is larger than {MAX_BYTES // 2**20} MB", "Split it."
        )
    encoding, data = _marked(data)
    if encoding is None:
        declared = _HEADER.match(data[:200].decode("latin-1"))
        label = declared["encoding"] if declared else None
        encoding = _named(file, label) if label else None
    text, encoding = _text(file, data, encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, _after_header(file, text), encoding


def _marked(data: bytes) -> tuple[str | None, bytes]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, data[len(mark) :]
    if data[:2] == b"#\0":
        return "utf-16-le", data
    if data[:2] == b"\0#":
        return "utf-16-be", data
    return None, data


def _named(file: str, label: str) -> str:
    column = len("#ABNF 1.0 ") + 1
    try:
        name = codecs.lookup(label).name
    except LookupError:
        name = ""
    if not _TEXT_ENCODINGS.fullmatch(name):
        raise GrammarError(
            file, 1, column, f"the encoding '{label}' is not known", "Save the file as UTF-8."
        )
    return name


def _text(file: str, data: bytes, encoding: str | None) -> tuple[str, str]:
    for name in [encoding] if encoding else ["utf-8", "iso8859-1"]:
        try:
            return data.decode(name), name
        except UnicodeError as error:
            broken = error
    line, column = 1, 1
    if isinstance(broken, UnicodeDecodeError):
        before = data[: broken.start].decode(str(encoding), "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    raise GrammarError(
        file, line, column, f"these bytes are no {encoding}", "Save the file as UTF-8."
    )


def _after_header(file: str, text: str) -> int:
    header = _HEADER.match(text)
    if header is None:
        raise GrammarError(
            file,
            1,
            1,
            "this is no ABNF grammar: the first line must be the self-identifying header",
            "Begin the file with '#ABNF 1.0 UTF-8;'.",
        )
    rest = text[header.end() :].split("\n", 1)[0]
    if rest.strip(" \t"):
        raise GrammarError(
            file,
            1,
            header.end() + 1,
            "the self-identifying header must be alone on its line",
            "Begin a new line after its ';'.",
        )
    return header.end()
