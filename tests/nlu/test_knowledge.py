"""Which article answers, whether any does, and how questions that none answers are put together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.document import Place
from voicebot.nlu.article_reader import load_articles
from voicebot.nlu.articles import Article, Wording
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.gaps import ALIKE_ENGLISH, group
from voicebot.nlu.knowledge import THRESHOLD, KnowledgeBase, Library
from voicebot.nlu.lexical import Lexicon, terms_of
from voicebot.nlu.store import ModelStore
from voicebot.types import Language

from .conftest import WordEncoder

PROJECT = Path(__file__).parents[2]
ENGLISH, CHINESE = Language("en-US"), Language("zh-CN")
NOWHERE = Place("a.md", 1, 1)


def article(name: str, question: str, answer: str, language: Language = ENGLISH) -> Article:
    return Article(name, language, (Wording(question, NOWHERE),), (Wording(answer, NOWHERE),))


@pytest.fixture(scope="module")
def demo() -> Library:
    return Library(load_articles(PROJECT, ENGLISH), ModelStore(Path("/nonexistent")))


@pytest.mark.parametrize(
    ("language", "question", "name"),
    [
        (ENGLISH, "can I pay with PayPal", "payment"),
        (ENGLISH, "how much is shipping", "delivery_cost"),
        (ENGLISH, "where are you located", "location"),
        (Language("en-GB"), "do you have gift vouchers", "gift_cards"),
        (CHINESE, "可以用微信付钱吗", "payment"),
        (CHINESE, "店在哪儿", "location"),
        (CHINESE, "运费怎么算", "delivery_cost"),
    ],
)
def test_a_question_in_other_words_finds_its_article(
    language: Language, question: str, name: str, demo: Library
) -> None:
    base = demo.base(language)
    assert base is not None
    found = base.answer(question)

    assert found is not None
    assert found.article.name == name
    assert THRESHOLD <= found.confidence <= 1


@pytest.mark.parametrize(
    ("language", "question"),
    [
        (ENGLISH, "tell me a joke about penguins"),
        (ENGLISH, "purple elephants dance on tuesdays"),
        (ENGLISH, "are you hiring at the moment"),
        (CHINESE, "给我讲个笑话"),
        (CHINESE, "今天天气怎么样"),
    ],
)
def test_a_foreign_question_is_not_answered(
    language: Language, question: str, demo: Library
) -> None:
    base = demo.base(language)

    assert base is not None
    assert base.answer(question) is None
    assert base.best(question)[0].confidence < THRESHOLD


@pytest.mark.parametrize(
    "text",
    ["", "  ?! ", "\x00\x07", "💥" * 40, "word " * 500, "pay 付款 оплата \u202e", "a" * 5000],
)
def test_odd_texts_do_no_harm(text: str, demo: Library) -> None:
    base = demo.base(ENGLISH)
    assert base is not None
    found = base.best(text)

    assert all(0 <= each.confidence <= 1 for each in found)
    if not any(character.isalnum() for character in text):
        assert found == []


def test_a_language_without_articles_has_no_base(demo: Library) -> None:
    assert demo.base(Language("de-DE")) is None
    assert set(demo.languages) == {ENGLISH, CHINESE}


def test_the_wording_most_like_the_question_is_told(demo: Library) -> None:
    base = demo.base(ENGLISH)
    assert base is not None

    best = base.best("do you accept apple pay")[0]

    assert best.because == "Do you accept Apple Pay?"
    assert best.likeness == pytest.approx(1.0, abs=0.02)


def test_vectors_of_articles_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = WordEncoder()
    monkeypatch.setattr("voicebot.nlu.knowledge.encoder_for", lambda language: encoder)
    articles = [article("a", "when do you open", "At nine."), article("b", "who are you", "A bot.")]

    Library(articles, ModelStore(tmp_path)).base(ENGLISH)
    Library(articles, ModelStore(tmp_path)).base(ENGLISH)

    assert encoder.encoded == 4


def test_one_article_alone_can_be_asked() -> None:
    base = KnowledgeBase([article("a", "when do you open", "At nine.")], WordEncoder())

    assert base.best("when do you open")[0].article.name == "a"
    assert KnowledgeBase([], WordEncoder()).best("hello") == []


def test_rare_words_count_more_than_common_ones() -> None:
    lexicon = Lexicon.of(["can i pay with paypal", "can i park my car", "can i return it"])

    scores = lexicon.scores("can i paypal")

    assert scores.argmax() == 0
    assert scores[0] > 3 * scores[1]
    assert np.all(scores <= 1)
    assert lexicon.scores("").tolist() == [0, 0, 0]


def test_terms_are_stems_and_pairs_of_chinese_characters() -> None:
    assert list(terms_of("Delivery, delivered 运费多少 pay")) == [
        "deliv",
        "deliv",
        "运费",
        "费多",
        "多少",
        "pay",
    ]


def test_gaps_that_mean_the_same_are_put_together() -> None:
    texts = [
        "are you hiring",
        "do you sell dog food",
        "do you have any jobs for me",
        "Are you hiring?",
        "can I buy food for my dog",
    ]

    groups = group(texts, encoder_for(ENGLISH).encode, ALIKE_ENGLISH)

    assert groups[0].text == "are you hiring"
    assert {0, 3} <= set(groups[0].places)
    assert {frozenset(each.places) for each in groups} >= {frozenset({1, 4})}
    assert sorted(place for each in groups for place in each.places) == [0, 1, 2, 3, 4]


def test_no_gaps_make_no_groups() -> None:
    assert group([], WordEncoder().encode, ALIKE_ENGLISH) == []
