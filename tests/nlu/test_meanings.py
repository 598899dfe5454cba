"""Vectors of what callers said are remembered, and not for ever."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voicebot.nlu.embeddings import SENTENCE, Vectors
from voicebot.nlu.meanings import Meanings
from voicebot.types import Language

EN, ZH = Language("en-US"), Language("zh-CN")


class Encoder:
    """Remembers what it was asked; a vector holds the length of its text."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, language: Language, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = [[float(len(text))] * (SENTENCE + 3) for text in texts]
        return np.array(rows, np.float32)


def test_a_text_is_encoded_once_in_each_language() -> None:
    encoder = Encoder()
    meanings = Meanings(encoder)
    assert meanings.learn(EN, ["one", "three"]) == ["one", "three"]
    assert meanings.learn(EN, ["three", "one"]) == ["three", "one"]
    assert encoder.asked == ["one", "three"]
    meanings.learn(ZH, ["one"])
    assert encoder.asked == ["one", "three", "one"]
    assert meanings.vectors(EN, ["three", "one"])[:, 0].tolist() == [5.0, 3.0]
    assert meanings.vectors(EN, []).shape == (0, SENTENCE)


def test_only_a_few_new_ones_are_encoded_at_a_time() -> None:
    meanings = Meanings(Encoder(), fresh=2)
    assert meanings.learn(EN, ["a", "b", "c"]) == ["a", "b"]
    assert meanings.learn(EN, ["c", "a", "d", "e"]) == ["c", "a", "d"]


def test_what_was_not_asked_for_the_longest_is_forgotten_first() -> None:
    encoder = Encoder()
    meanings = Meanings(encoder, room=2)
    meanings.learn(EN, ["a", "b"])
    meanings.learn(EN, ["a", "c"])
    meanings.tidy()
    meanings.learn(EN, ["a", "c"])
    assert encoder.asked == ["a", "b", "c"]
    meanings.learn(EN, ["b"])
    assert encoder.asked == ["a", "b", "c", "b"]
