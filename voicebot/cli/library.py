"""The intents and the knowledge of an application, for commands that play it or look into it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from voicebot.config import Settings
from voicebot.nlu.article_reader import load_articles
from voicebot.nlu.embeddings import Encoder
from voicebot.nlu.kept_vectors import kept_vectors
from voicebot.nlu.knowledge import Library
from voicebot.nlu.library import IntentLibrary, read_library
from voicebot.nlu.store import FOLDER, ModelStore
from voicebot.types import Language

Encoders: TypeAlias = Callable[[Language], Encoder]
"""Gives each language its encoder."""


def said_before(settings: Settings) -> AbstractContextManager[Encoders]:
    """Encoders that know what an earlier run has said already (`kept_vectors`)."""
    return kept_vectors(settings.server.data / FOLDER)


def load_intents(
    application: Path, settings: Settings, encoder: Encoders | None = None
) -> IntentLibrary:
    """Read the intents. Raises FlowError for the first thing wrong in their files."""
    library, problems = read_library(application, settings.server.data, encoder)
    if problems:
        raise problems[0]
    return library


def load_knowledge(
    application: Path, language: Language, settings: Settings, encoder: Encoders | None = None
) -> Library:
    """Read the articles; ``language`` is that of the first flow. Raises FlowError."""
    store = ModelStore(settings.server.data / FOLDER)
    return Library(load_articles(application, language), store, encoder)
