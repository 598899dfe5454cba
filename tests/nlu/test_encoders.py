from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import Queue

import numpy as np
import pytest

from voicebot.errors import ModelError
from voicebot.nlu import encoders
from voicebot.nlu.e5 import E5
from voicebot.nlu.embeddings import SENTENCE, Encoder, Vectors
from voicebot.nlu.encoders import encoder_for, wake
from voicebot.nlu.minilm import encoder as minilm
from voicebot.nlu.minilm.encoder import MiniLm
from voicebot.nlu.minilm.wordpiece import CLS, SEP, UNKNOWN, tokenize, vocabulary
from voicebot.types import Language

TEXTS = ("where is my order", "track my parcel", "i like to bake bread", "hi")


@pytest.fixture(scope="module", params=["en-US", "zh-CN"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return encoder_for(Language(request.param))


@pytest.mark.model
def test_vectors_that_mean_the_same_are_near(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)[:, :SENTENCE]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


@pytest.mark.model
def test_a_vector_does_not_depend_on_its_neighbours(encoder: Encoder) -> None:
    together = encoder.encode([*TEXTS, "what is my order"])
    for row, text in enumerate(TEXTS):
        assert np.allclose(encoder.encode([text])[0], together[row], atol=1e-3)


@pytest.mark.model
@pytest.mark.parametrize("text", ["", "\0", "😀", "word " * 500, "x" * 10_000, "中文 and words"])
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    vectors = encoder.encode([text])
    assert vectors.shape == (1, encoder.width)
    assert np.isfinite(vectors).all()


def test_each_language_has_its_encoder() -> None:
    assert isinstance(encoder_for(Language("en-GB")), MiniLm)
    assert isinstance(encoder_for(Language("zh-CN")), E5)


def test_altered_weights_are_told_before_the_first_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="other weights"):
        MiniLm()


class Sleeper:
    """An encoder that tells when it is asked first, and cannot be loaded."""

    name = "sleeper"
    width = SENTENCE

    def __init__(self) -> None:
        self.asked: Queue[str] = Queue()

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.put(texts[0])
        raise ModelError("sleeper", "is damaged")


def test_an_encoder_is_woken_once_and_what_goes_wrong_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleeper = Sleeper()
    monkeypatch.setattr(encoders, "encoder_for", lambda language: sleeper)
    encoders._waking.cache_clear()
    try:
        wake(Language("en-US"))
        wake(Language("en-GB"))
        assert sleeper.asked.get(timeout=20)
        wake(Language("zh-CN"))
        assert sleeper.asked.get(timeout=20)
        assert sleeper.asked.empty()
    finally:
        encoders._waking.cache_clear()
        for thread in threading.enumerate():
            if thread.name.startswith("encoder "):
                thread.join(20)


def test_words_are_cut_into_the_longest_known_pieces() -> None:
    known = vocabulary()
    expected = [known["token"], known["##izer"], known["##s"]]
    assert tokenize("Tokenizers", 128) == [CLS, *expected, SEP]


def test_accents_case_and_control_characters_do_not_matter() -> None:
    assert tokenize("Caf\u00e9\x07 NA\u00cfVE", 128) == tokenize("cafe naive", 128)


def test_signs_and_chinese_characters_stand_alone() -> None:
    assert len(tokenize("it's $5", 128)) == 2 + 5
    assert len(tokenize("我要", 128)) == 2 + 2


def test_a_word_too_long_is_unknown_and_a_text_too_long_is_cut() -> None:
    assert tokenize("x" * 101, 128) == [CLS, UNKNOWN, SEP]
    assert len(tokenize("word " * 500, 128)) == 128
