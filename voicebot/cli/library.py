"""The intents and the knowledge of an application, for commands that play it or look into it."""

from __future__ import annotations

from pathlib import Path

from voicebot.config import Settings
from voicebot.nlu.article_reader import load_articles
from voicebot.nlu.knowledge import Library
from voicebot.nlu.library import IntentLibrary, read_library
from voicebot.nlu.store import FOLDER, ModelStore
from voicebot.types import Language


def load_intents(application: Path, settings: Settings) -> IntentLibrary:
    """Read the intents. Raises FlowError for the first thing wrong in their files."""
    library, problems = read_library(application, settings.server.data)
    if problems:
        raise problems[0]
    return library


def load_knowledge(application: Path, language: Language, settings: Settings) -> Library:
    """Read the articles; ``language`` is that of the first flow. Raises FlowError."""
    store = ModelStore(settings.server.data / FOLDER)
    return Library(load_articles(application, language), store)
