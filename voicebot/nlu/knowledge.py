"""Which article answers a question, and whether any does.

An article is as near as its nearest wording and its nearest sentence (cosines of the encoder), and
as the words that it shares with the question (`lexical`). How likely the best one is right is a
logistic of these and of its lead over the second; below `THRESHOLD` nothing is known. The weights
were fitted on other questions than those they are measured with (docs/decisions/0027-knowledge.md).
Left out on purpose: making sentences up. What is said is what somebody wrote.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.articles import Article, sentences
from voicebot.nlu.cores import one_core
from voicebot.nlu.embeddings import SENTENCE, Encoder, Vectors
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.intents import clean
from voicebot.nlu.lexical import Lexicon
from voicebot.nlu.store import ModelStore
from voicebot.types import Language

THRESHOLD: Final = 0.25
"""The least confidence with which an article is an answer."""

_SENTENCE_WEIGHT: Final = np.float32(0.6)
_WORDS_WEIGHT: Final = np.float32(0.1)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic of an article's signs: the nearest wording, the nearest sentence, the words
    shared, and the lead over the next article."""

    weights: tuple[float, float, float, float]
    bias: float

    def confidence(self, signs: Vectors) -> float:
        """How likely an article with these signs [4] answers the question, 0..1."""
        total = self.bias + float(np.dot(np.array(self.weights), signs))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


ENGLISH: Final = Calibration((5.02, 9.92, 4.88, 4.08), -9.26)
"""For vectors of MiniLM."""
OTHERS: Final = Calibration((42.32, 31.86, 6.20, 29.05), -68.08)
"""For vectors of multilingual-e5-small, whose cosines are all high."""


@dataclass(frozen=True, slots=True)
class Found:
    """An article that may answer. ``confidence`` is 0..1; ``because`` the wording most like the
    question, ``likeness`` how like, as a cosine."""

    article: Article
    confidence: float
    because: str
    likeness: float

    @property
    def answers(self) -> bool:
        return self.confidence >= THRESHOLD


class KnowledgeBase:
    """The articles of one language, ready to be asked. Any thread may ask."""

    def __init__(
        self, articles: Sequence[Article], encoder: Encoder, vectors: Vectors | None = None
    ) -> None:
        """``vectors`` are those of `texts_of`, where somebody has kept them."""
        self._articles = tuple(articles)
        self._encoder = encoder
        if vectors is None:
            vectors = encoder.encode(texts_of(articles))
        self._wordings = [word.text for article in articles for word in article.questions]
        self._of_wording = _numbers(len(article.questions) for article in articles)
        self._of_sentence = _numbers(len(_sentences(article)) for article in articles)
        self._questions = vectors[: len(self._wordings), :SENTENCE]
        self._sentences = vectors[len(self._wordings) :, :SENTENCE]
        self._lexicon = Lexicon.of([_whole(article) for article in articles])
        self._calibration = ENGLISH if "MiniLM" in encoder.name else OTHERS

    def best(self, question: str, few: int = 3) -> list[Found]:
        """The likeliest articles, best first; none where the question has no words."""
        question = clean(question)
        if not self._articles or not any(character.isalnum() for character in question):
            return []
        vector = self._encoder.encode([question])[0, :SENTENCE]
        with one_core():
            alike = self._questions @ vector
            signs = self.signs(question, vector)
        order = np.argsort(-rank(signs), kind="stable")[:few]
        return [self._found(int(number), signs[number], alike) for number in order]

    def answer(self, question: str) -> Found | None:
        """The article that answers, None where none is sure enough."""
        best = self.best(question, 1)
        return best[0] if best and best[0].answers else None

    def signs(self, question: str, vector: Vectors) -> Vectors:
        """What speaks for each article: [articles, 4], columns as in `Calibration`; ``vector`` is
        the question's."""
        signs = np.full((len(self._articles), 4), -1.0, np.float32)
        np.maximum.at(signs[:, 0], self._of_wording, self._questions @ vector)
        np.maximum.at(signs[:, 1], self._of_sentence, self._sentences @ vector)
        signs[:, 2] = self._lexicon.scores(question)
        ranked = rank(signs)
        if len(ranked) > 1:
            second, first = np.partition(ranked, -2)[-2:]
            signs[:, 3] = np.where(ranked == first, first - second, ranked - first)
        else:
            signs[:, 3] = 0.0
        return signs

    def _found(self, number: int, signs: Vectors, alike: Vectors) -> Found:
        own = np.flatnonzero(self._of_wording == number)
        nearest = int(own[alike[own].argmax()])
        return Found(
            self._articles[number],
            self._calibration.confidence(signs),
            self._wordings[nearest],
            float(min(1.0, alike[nearest])),
        )


class Library:
    """The knowledge of an application: a base for each language, made when it is first needed."""

    def __init__(
        self,
        articles: Sequence[Article],
        store: ModelStore,
        encoder: Callable[[Language], Encoder] | None = None,
    ) -> None:
        """``encoder`` gives each language's, `encoder_for` if left out."""
        self._encoder = encoder
        self._articles: Mapping[Language, list[Article]] = {
            language: [each for each in articles if each.language == language]
            for language in dict.fromkeys(article.language for article in articles)
        }
        self._store = store
        self._bases: dict[Language, KnowledgeBase] = {}
        self._lock = threading.Lock()

    @property
    def languages(self) -> tuple[Language, ...]:
        return tuple(self._articles)

    @property
    def articles(self) -> tuple[Article, ...]:
        return tuple(each for found in self._articles.values() for each in found)

    def speaks(self, language: Language) -> bool:
        """Whether there are articles for who speaks ``language``."""
        return self._spoken(language) is not None

    def base(self, language: Language) -> KnowledgeBase | None:
        """The base of a language, or of one that is near (en-GB for en-US); None without any.

        Takes a second or two the first time that these articles are seen. Raises ModelError.
        """
        spoken = self._spoken(language)
        if spoken is None:
            return None
        with self._lock:
            if spoken not in self._bases:
                encoder = (self._encoder or encoder_for)(spoken)
                articles = self._articles[spoken]
                vectors = self._store.vectors(texts_of(articles), encoder)
                self._bases[spoken] = KnowledgeBase(articles, encoder, vectors)
            return self._bases[spoken]

    def make_ready(self, languages: Sequence[Language]) -> None:
        """Make the bases of these languages now rather than in the first call."""
        for language in languages:
            self.base(language)

    def _spoken(self, language: Language) -> Language | None:
        if language in self._articles:
            return language
        primary = language.partition("-")[0]
        return next((each for each in self._articles if each.partition("-")[0] == primary), None)


def texts_of(articles: Sequence[Article]) -> list[str]:
    """What is encoded of the articles: all wordings, then the sentences of all answers."""
    wordings = [wording.text for article in articles for wording in article.questions]
    return [*wordings, *(each for article in articles for each in _sentences(article))]


def _sentences(article: Article) -> list[str]:
    return [each for paragraph in article.paragraphs for each in sentences(paragraph.text)]


def _whole(article: Article) -> str:
    return " ".join([*(wording.text for wording in article.questions), article.answer])


def rank(signs: Vectors) -> Vectors:
    """What articles are put in order by: [articles], of their signs [articles, 4]."""
    ranked: Vectors = signs[:, 0] + _SENTENCE_WEIGHT * signs[:, 1] + _WORDS_WEIGHT * signs[:, 2]
    return ranked


def _numbers(counts: Iterable[int]) -> NDArray[np.int64]:
    """For each thing the number of its article; ``counts`` are how many each article has."""
    found = list(counts)
    return np.repeat(np.arange(len(found)), found)
