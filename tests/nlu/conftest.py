"""An encoder for tests that takes no time: it knows words by their hash, not by their meaning."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from voicebot.nlu.embeddings import SENTENCE, Vectors, unit_length
from voicebot.nlu.features import words_of
from voicebot.nlu.intents import IntentModel
from voicebot.nlu.training import train_model
from voicebot.types import Language

OPENINGS = ("i want to", "please", "can you", "i would like to", "help me to", "now", "how do i")
WISHES = {
    "cancel": ("cancel my order", "call off the purchase", "stop what i bought", "cancel it all"),
    "hours": ("know when you open", "hear the opening hours", "know when you close"),
    "agent": ("talk to a person", "speak with somebody human", "get a human agent"),
    "refund": ("get my money back", "have the money refunded", "see the refund"),
}
OUTSIDE = ("bake bread with yeast", "book a flight to rome", "play loud music", "feed the cat")
LABELLED = [
    *(
        (f"{opening} {wish}", name)
        for name, wishes in WISHES.items()
        for wish in wishes
        for opening in OPENINGS
    ),
    *((f"{opening} {text}", "oos") for text in OUTSIDE for opening in OPENINGS[:3]),
]


class WordEncoder:
    """The sum of a random vector for each word."""

    name = "words"
    width = SENTENCE

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), self.width), np.float32)
        for row, text in enumerate(texts):
            for word in words_of(text):
                chance = np.random.default_rng(zlib.crc32(word.encode()))
                vectors[row] += chance.standard_normal(self.width, np.float32)
        return unit_length(vectors)


@pytest.fixture(scope="session")
def model() -> IntentModel:
    return train_model(LABELLED, Language("en-US"), WordEncoder())
