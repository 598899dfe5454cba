"""The knowledge of an application, for commands that play it or look into it."""

from __future__ import annotations

from pathlib import Path

from voicebot.config import Settings
from voicebot.nlu.article_reader import load_articles
from voicebot.nlu.knowledge import Library
from voicebot.nlu.store import FOLDER, ModelStore
from voicebot.types import Language


def load_library(application: Path, language: Language, settings: Settings) -> Library:
    """Read the articles; ``language`` is that of the first flow. Raises FlowError."""
    store = ModelStore(settings.server.data / FOLDER)
    return Library(load_articles(application, language), store)
