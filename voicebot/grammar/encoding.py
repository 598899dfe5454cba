"""Bytes of a grammar document to text (SRGS 1.0, 4.1 and 4.2; JSGF 1.0, 3.1; XML 1.0, 4.3.3).

A byte order mark decides; else the encoding that the document names in its first line; else UTF-8.
ABNF and JSGF documents that name none and are no UTF-8 are read as ISO-8859-1, as older tools wrote
them; XML forbids that. The header of ABNF and JSGF must stand alone on the first line.
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
_FIRST_LETTERS = b"#< \t\r\n"
_ABNF = re.compile(r"#ABNF[ \t]+1\.0(?:[ \t]+(?P<encoding>[A-Za-z][A-Za-z0-9._:-]*))?[ \t]*;")
_JSGF = re.compile(
    r"#JSGF[ \t]+V1\.0(?:[ \t]+(?P<encoding>[A-Za-z][A-Za-z0-9._:-]*)"
    r"(?:[ \t]+(?P<locale>[A-Za-z][A-Za-z0-9_-]*))?)?[ \t]*;"
)
_XML = re.compile(r"""<\?xml[ \t\r\n][^?>]*?encoding\s*=\s*["'](?P<encoding>[^"'<>]*)["']""")
_TEXT_ENCODINGS = re.compile(
    r"ascii|utf-?8|utf-?16(-?[lb]e)?|iso-?8859-?\d+|cp\d+|koi8-[rut]|euc_\w+|shift_jis\w*"
    r"|gb2312|gbk|gb18030|big5\w*|iso2022_\w+|tis-620|mac-\w+"
)
_JAVA_NAMES = {"JIS": "iso2022_jp", "SJIS": "shift_jis"}


def decode(file: str, data: bytes) -> tuple[str, int, str]:
    """Give the text of ABNF with plain line ends, the offset after its header, and the encoding.

    Raises GrammarError for a missing or malformed header and for bytes that are no text.
    """
    text, encoding = _decode(file, data, _ABNF, ("utf-8", "iso8859-1"))
    text = _plain_lines(text)
    header = _header(file, text, _ABNF, "ABNF", "#ABNF 1.0 UTF-8;")
    return text, header.end(), encoding


def decode_jsgf(file: str, data: bytes) -> tuple[str, int, str, str]:
    """Give the text of JSGF with plain line ends, the offset after its header, the encoding and
    the locale (empty where none is named).

    Raises GrammarError for a missing or malformed header and for bytes that are no text.
    """
    text, encoding = _decode(file, data, _JSGF, ("utf-8", "iso8859-1"))
    text = _plain_lines(text)
    header = _header(file, text, _JSGF, "JSGF", "#JSGF V1.0 UTF-8 en;")
    return text, header.end(), encoding, (header["locale"] or "").replace("_", "-")


def decode_xml(file: str, data: bytes) -> tuple[str, str]:
    """Give the text of an XML document and its encoding. Raises GrammarError for other bytes."""
    return _decode(file, data, _XML, ("utf-8",))


def looks_like(data: bytes) -> str:
    """Give the first characters of a document, leading spaces removed, as far as they are ASCII."""
    encoding, rest = _marked(data[:1024])
    return rest.decode(encoding or "latin-1", "replace").lstrip()[:16]


def _decode(
    file: str, data: bytes, header: re.Pattern[str], unnamed: tuple[str, ...]
) -> tuple[str, str]:
    if len(data) > MAX_BYTES:
        raise GrammarError(
            file, 0, 0, f"the grammar is larger than {MAX_BYTES // 2**20} MB", "Split it."
        )
    encoding, data = _marked(data)
    if encoding is None:
        declared = header.match(data[:400].decode("latin-1"))
        if declared and declared["encoding"] is not None:
            label = declared["encoding"]
            encoding = _named(file, label, declared.start("encoding") + 1)
    return _text(file, data, (encoding,) if encoding else unnamed)


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _marked(data: bytes) -> tuple[str | None, bytes]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, data[len(mark) :]
    if len(data) > 1 and data[1] == 0 and data[0] in _FIRST_LETTERS:
        return "utf-16-le", data
    if len(data) > 1 and data[0] == 0 and data[1] in _FIRST_LETTERS:
        return "utf-16-be", data
    return None, data


def _named(file: str, label: str, column: int) -> str:
    try:
        name = codecs.lookup(_JAVA_NAMES.get(label, label)).name
    except (LookupError, ValueError):
        name = ""
    if not _TEXT_ENCODINGS.fullmatch(name):
        raise GrammarError(
            file, 1, column, f"the encoding '{label}' is not known", "Save the file as UTF-8."
        )
    return name


def _text(file: str, data: bytes, encodings: tuple[str, ...]) -> tuple[str, str]:
    for name in encodings:
        try:
            return data.decode(name), name
        except UnicodeError as error:
            broken, encoding = error, name
    line, column = 1, 1
    if isinstance(broken, UnicodeDecodeError):
        before = data[: broken.start].decode(encoding, "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    raise GrammarError(
        file, line, column, f"these bytes are no {encoding}", "Save the file as UTF-8."
    )


def _header(
    file: str, text: str, form: re.Pattern[str], notation: str, example: str
) -> re.Match[str]:
    header = form.match(text)
    if header is None:
        raise GrammarError(
            file,
            1,
            1,
            f"this is no {notation} grammar: the first line must be the self-identifying header",
            f"Begin the file with '{example}'.",
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
    return header
