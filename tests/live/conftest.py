"""A small application in a folder of its own, and editions of it whose voice is a tone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from voicebot.application import Application, load_application
from voicebot.config import Settings
from voicebot.config.sections import ServerSettings
from voicebot.live.edition import Edition
from voicebot.speech.prompts import PromptRenderer
from voicebot.types import Language, Samples

FLOW = """\
start: ask
steps:
  ask:
    ask: Apples or pears?
    grammar: fruit
    confirm: {ask: "Did you say {answer}?"}
    next: bye
  bye:
    say: Goodbye.
    hangup: auto
"""

GRAMMAR = """\
#ABNF 1.0 UTF-8;
language en-US;
mode voice;
root $fruit;
public $fruit = apples | pears;
"""


@dataclass
class Folder:
    """An application's folder, to be changed by a test."""

    path: Path

    def write(self, name: str, content: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        content = (self.path / name).read_text(encoding="utf-8")
        assert old in content
        self.write(name, content.replace(old, new, 1))

    @property
    def settings(self) -> Settings:
        data = self.path.parent / "data"
        return Settings(server=ServerSettings(application=self.path, data=data))

    def load(self, before: Application | None = None) -> Application:
        return load_application(self.settings, before)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "application")
    folder.write("flows/main.yaml", FLOW)
    folder.write("grammars/fruit.gram", GRAMMAR)
    return folder


@dataclass
class Voice:
    """Says everything as a tone; ``said`` is what it was asked to say."""

    said: list[str] = field(default_factory=list)

    async def __call__(self, text: str, rate: int) -> Samples:
        self.said.append(text)
        return np.full(rate // 10, 1000, np.int16)


@pytest.fixture
def voice() -> Voice:
    return Voice()


@pytest.fixture
def edition(voice: Voice) -> Callable[[Application], Edition]:
    """Give an application its voice."""

    def make(application: Application) -> Edition:
        renderer = PromptRenderer(voice, "toy", recordings=application.recordings)
        return Edition(application, {Language("en-US"): renderer})

    return make
