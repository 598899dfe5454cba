"""Reads ``knowledge/<language>/*.md``: a question, other wordings of it, and the answer.

    # Can I pay with PayPal?

    - Which cards do you take?
    - How can I pay?

    We take all major cards, and PayPal.

    You can also pay with a gift card.

One file is one article. The list right under the heading holds other ways to ask; the first
paragraph is the short answer, what follows is said when the caller wants more. Files that lie in
``knowledge`` itself are in the language of the first flow.

What leaves callers without an answer is an error; what sounds bad on the telephone is a warning:
marks that nobody can hear are left out, and emphasis is dropped without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from voicebot.document import Place
from voicebot.errors import FlowError
from voicebot.nlu.articles import Article, Wording, sentences
from voicebot.nlu.intent_set import plain
from voicebot.speaking_time import LONGEST_S, speaking_s
from voicebot.types import Language

FOLDER: Final = "knowledge"
"""The folder of articles within an application's folder."""

MOST_ARTICLES: Final = 5_000
MOST_CHARACTERS: Final = 50_000
"""Of one file."""
LONGEST_QUESTION: Final = 300
"""Characters."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_HEADING = re.compile(r"#{1,6}(?:\s+(.*?))?\s*#*\s*")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+(.*)")
_RULE = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*|\s*={3,}\s*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FENCE = re.compile(r"\s*(?:```|~~~)")

_UNSPEAKABLE: Final = (
    (re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])"), "", "a picture"),
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1", "a link"),
    (re.compile(r"<?\b(?:https?://|www\.)[^\s>]+>?"), "", "an address of the web"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), "", "HTML"),
)
"""What cannot be heard, what stands for it in speech, and what to call it."""
_SILENT: Final = (
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)([*_])(?=\S)(.+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"`([^`]*)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!-])"), r"\1"),
)
_WIDE = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])"
)
_ENDED = re.compile(r".*[.!?…:;,。！？；：，]")


@dataclass(frozen=True, slots=True)
class KnowledgeFolder:
    """What was read: the articles without errors, what is wrong, and what sounds bad."""

    articles: tuple[Article, ...] = ()
    problems: tuple[FlowError, ...] = ()
    warnings: tuple[FlowError, ...] = ()

    @property
    def languages(self) -> tuple[Language, ...]:
        return tuple(dict.fromkeys(article.language for article in self.articles))


def load_articles(folder: Path, default: Language) -> tuple[Article, ...]:
    """Read the knowledge of the application in ``folder``. Raises FlowError for the first problem.

    ``default`` is the language of articles that lie in no language's folder.
    """
    read = read_articles(folder, default)
    if read.problems:
        raise read.problems[0]
    return read.articles


def read_articles(folder: Path, default: Language) -> KnowledgeFolder:
    """The same, with everything that is wrong."""
    articles: list[Article] = []
    problems: list[FlowError] = []
    warnings: list[FlowError] = []
    for path, language in _files(folder / FOLDER, default):
        if len(articles) == MOST_ARTICLES:
            problems.append(Place(str(path), 0, 0).error(f"more than {MOST_ARTICLES} articles"))
            break
        reader = _ArticleReader(path, language)
        article = reader.read()
        problems += reader.problems
        warnings += reader.warnings
        if article is not None:
            articles.append(article)
            warnings += _too_long(article)
    problems += _strange_folders(folder / FOLDER)
    problems += _same_questions(articles)
    return KnowledgeFolder(tuple(articles), tuple(problems), tuple(warnings))


def out_of_step(articles: Sequence[Article]) -> Iterator[FlowError]:
    """Articles that one language has and another lacks."""
    languages = sorted({article.language for article in articles})
    known = {(article.name, article.language) for article in articles}
    for article in articles:
        for language in languages:
            if (article.name, language) not in known:
                yield article.questions[0].place.error(
                    f"'{article.name}' is not there in {language}",
                    f"Write {FOLDER}/{language}/{article.name}.md.",
                )


def _files(folder: Path, default: Language) -> Iterator[tuple[Path, Language]]:
    for path in sorted(folder.glob("*.md")):
        if path.stem.lower() != "readme":
            yield path, default
    for inner in sorted(each for each in folder.glob("*") if each.is_dir()):
        if _LANGUAGE.fullmatch(inner.name):
            yield from ((path, Language(inner.name)) for path in sorted(inner.glob("*.md")))


def _strange_folders(folder: Path) -> Iterator[FlowError]:
    for inner in sorted(each for each in folder.glob("*") if each.is_dir()):
        if not _LANGUAGE.fullmatch(inner.name) and any(inner.glob("*.md")):
            yield Place(str(inner), 0, 0).error(
                f"'{inner.name}' is no language", f"Name the folder such as {FOLDER}/en-US."
            )


def _too_long(article: Article) -> Iterator[FlowError]:
    first = article.paragraphs[0]
    length = speaking_s(first.text, article.language)
    if length > LONGEST_S:
        yield first.place.error(
            f"the short answer takes about {length:.0f} s to say; callers keep {LONGEST_S:.0f} in "
            "mind",
            "Begin with what most callers want to know, and put the rest below an empty line.",
        )
    for paragraph in article.paragraphs[1:]:
        longest = max(speaking_s(each, article.language) for each in sentences(paragraph.text))
        if longest > LONGEST_S:
            yield paragraph.place.error(
                f"a sentence takes about {longest:.0f} s to say", "Make two of it."
            )


def _same_questions(articles: list[Article]) -> Iterator[FlowError]:
    seen: dict[tuple[Language, str], tuple[Article, Wording]] = {}
    for article in articles:
        for wording in article.questions:
            key = (article.language, plain(wording.text))
            if key not in seen:
                seen[key] = (article, wording)
                continue
            other, first = seen[key]
            if other is article:
                problem, remedy = f"stands in line {first.place.line} already", "Delete it."
            else:
                problem = f"'{wording.text}' is asked in {first.place} too"
                remedy = "Keep it where the answer fits better."
            yield wording.place.error(problem, remedy)


@dataclass(slots=True)
class _ArticleReader:
    path: Path
    language: Language
    problems: list[FlowError] = field(default_factory=list)
    warnings: list[FlowError] = field(default_factory=list)
    questions: list[Wording] = field(default_factory=list)
    paragraphs: list[Wording] = field(default_factory=list)
    heading: Place | None = None
    _lines: list[str] = field(default_factory=list)
    _begins: Place | None = None

    def read(self) -> Article | None:
        """The article, or None where it has errors."""
        text = self._text()
        if text is None:
            return None
        fenced = False
        for number, line in enumerate(text.splitlines(), 1):
            place = Place(str(self.path), number, len(line) - len(line.lstrip()) + 1)
            if _FENCE.match(line):
                fenced = not fenced
                if fenced:
                    self._cannot_be_heard(place, "code")
            elif not fenced:
                self._line(line, place, first=number == 1)
        self._end_paragraph()
        self._check()
        if self.problems:
            return None
        return Article(self.path.stem, self.language, tuple(self.questions), tuple(self.paragraphs))

    def _text(self) -> str | None:
        whole = Place(str(self.path), 0, 0)
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except OSError as error:
            self.problems.append(whole.error(f"cannot be read: {error.strerror or error}"))
            return None
        except UnicodeDecodeError as error:
            self.problems.append(whole.error(f"is not UTF-8 at byte {error.start}"))
            return None
        if len(text) > MOST_CHARACTERS:
            self.problems.append(whole.error(f"is longer than {MOST_CHARACTERS} characters"))
            return None
        return _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)

    def _line(self, line: str, place: Place, *, first: bool) -> None:
        heading, item = _HEADING.fullmatch(line.strip()), _ITEM.fullmatch(line)
        if not line.strip() or _RULE.fullmatch(line):
            self._end_paragraph()
            if first and line.strip() == "---":
                remedy = f"Delete it: the language is the folder's, {FOLDER}/en-US."
                self.problems.append(place.error("an article needs no front matter", remedy))
        elif heading is not None:
            self._end_paragraph()
            self._heading(heading.group(1) or "", place)
        elif line.lstrip().startswith("|"):
            self._end_paragraph()
            self._cannot_be_heard(place, "a table")
        elif item is not None and self._is_wording():
            self._question(item.group(1), place)
        else:
            self._words(line, item.group(1) if item else "", place)

    def _is_wording(self) -> bool:
        """Whether a list that stands here holds other wordings of the question."""
        return self.heading is not None and not self.paragraphs and not self._lines

    def _heading(self, text: str, place: Place) -> None:
        if self.heading is not None:
            self.problems.append(
                place.error(
                    "an article has one heading: its question",
                    "Give this one a file of its own, or make it a sentence.",
                )
            )
            return
        self.heading = place
        self._question(text, place)

    def _question(self, text: str, place: Place) -> None:
        words = self._spoken(text, place)
        if not plain(words):
            self.problems.append(place.error("a question without words", "Write it, or delete it."))
        elif len(words) > LONGEST_QUESTION:
            remedy = "Callers ask in fewer words."
            problem = f"a question is longer than {LONGEST_QUESTION} characters"
            self.problems.append(place.error(problem, remedy))
        else:
            self.questions.append(Wording(words, place))

    def _words(self, line: str, item: str, place: Place) -> None:
        if self.heading is None:
            if not self._lines:
                self.problems.append(
                    place.error(
                        "an answer without a question", "Write the question above it: '# ...?'"
                    )
                )
            self._lines.append(line)
            return
        words = self._spoken(item or line.strip().lstrip("> "), place)
        if item and words and not _ENDED.fullmatch(words):
            words += "."  # items of a list are sentences to the ear
        if words:
            self._begins = self._begins or place
            self._lines.append(words)

    def _end_paragraph(self) -> None:
        if self._lines and self._begins is not None:
            joined = _WIDE.sub("", " ".join(self._lines))
            self.paragraphs.append(Wording(joined, self._begins))
        if self.heading is not None:
            self._lines.clear()
        self._begins = None

    def _spoken(self, text: str, place: Place) -> str:
        """The words without their marks."""
        for mark, stands_for, what in _UNSPEAKABLE:
            text, found = mark.subn(stands_for, text)
            if found:
                self._cannot_be_heard(place, what)
        for mark, stands_for in _SILENT:
            text = mark.sub(stands_for, text)
        return " ".join(text.split())

    def _cannot_be_heard(self, place: Place, what: str) -> None:
        remedy = (
            "Say where to find it, such as 'on our website'."
            if what in {"a link", "an address of the web"}
            else "Say it in words, or leave it out."
        )
        self.warnings.append(place.error(f"{what} cannot be heard on the telephone", remedy))

    def _check(self) -> None:
        whole = Place(str(self.path), 1, 1)
        if self.heading is None and not self.problems:
            self.problems.append(whole.error("has no question", "Begin with '# ...?'"))
        elif self.heading is not None and not self.paragraphs and not self.problems:
            listed = len(self.questions) > 1
            remedy = (
                "The list below the heading holds questions; write the answer as a paragraph."
                if listed
                else "Write it below the question, after an empty line."
            )
            self.problems.append(self.heading.error("has no answer", remedy))
