"""The intents of an application: what its files say of each language, and the trained models.

A model is loaded, or trained where no earlier run has kept it, when it is first wanted or when
`make_ready` is called. `make_ready` trains in a process of its own, at the lowest priority: calls
that run meanwhile keep the cores, and what training takes of memory is given back.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

import structlog

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.nlu.embeddings import Encoder
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.intent_reader import IntentFile, intent_files, read_intents
from voicebot.nlu.intent_set import Intent, IntentSet
from voicebot.nlu.intents import IntentModel, Understanding
from voicebot.nlu.store import FOLDER as MODELS_FOLDER
from voicebot.nlu.store import ModelStore
from voicebot.nlu.training import Labelled
from voicebot.types import Language

log = structlog.get_logger(__name__)

_LOWEST_PRIORITY: Final = 19


class IntentLibrary:
    """Understands texts in the languages of ``sets``. Any thread may call it."""

    def __init__(
        self,
        sets: Iterable[IntentSet],
        models: Path,
        encoder: Callable[[Language], Encoder] | None = None,
    ) -> None:
        """``models`` is the folder where trained models are kept, made when first needed;
        ``encoder`` gives each language's, `encoder_for` if left out."""
        self._encoder = encoder or encoder_for
        self._sets = {each.language: each for each in sets}
        self._models = models
        self._trained: dict[Language, IntentModel] = {}
        self._lock = threading.Lock()

    @property
    def languages(self) -> tuple[Language, ...]:
        return tuple(self._sets)

    def of(self, language: Language) -> IntentSet | None:
        """The intents of ``language``, else of another kind of it: en-US serves en-GB too."""
        found = closest(language, self._sets)
        return None if found is None else self._sets[found]

    def used_in(self, languages: Iterable[Language]) -> tuple[IntentSet, ...]:
        """The intents that serve these languages, each once."""
        found = {each.language: each for each in map(self.of, languages) if each is not None}
        return tuple(found.values())

    def intent(self, name: str, language: Language) -> Intent:
        """Raises KeyError where the language has no such intent."""
        found = self.of(language)
        if found is None:
            raise KeyError(name)
        return found[name]

    def understand(self, text: str, language: Language) -> Understanding | None:
        """What ``text`` means; None where ``language`` has no intents.

        Takes milliseconds, and seconds the first time. Raises ModelError where the language's
        encoder cannot be loaded.
        """
        found = self.of(language)
        return None if found is None else self._model(found).understand(text)

    def make_ready(self, languages: Iterable[Language]) -> None:
        """Do now what the first text of each language would wait for. Raises ModelError."""
        for intents in self.used_in(languages):
            labelled = list(intents.labelled())
            encoder = self._encoder(intents.language)
            if not ModelStore(self._models).holds(labelled, intents.language, encoder):
                _train_apart(self._models, labelled, intents.language)
            self._model(intents)

    def _model(self, intents: IntentSet) -> IntentModel:
        language = intents.language
        with self._lock:
            if language not in self._trained:
                store = ModelStore(self._models)
                encoder = self._encoder(language)
                self._trained[language] = store.model(list(intents.labelled()), language, encoder)
            return self._trained[language]


def read_library(
    application: Path, data: Path, encoder: Callable[[Language], Encoder] | None = None
) -> tuple[IntentLibrary, list[FlowError]]:
    """The intents of an application's folder, and all that is wrong in their files. ``data`` is
    the server's data folder, ``encoder`` as in `IntentLibrary`. Files with problems are left out.
    """
    read = dict(read_files(application))
    problems = [problem for file in read.values() for problem in file.problems]
    sets = [file.intents for file in read.values() if file.intents is not None]
    return IntentLibrary(sets, data / MODELS_FOLDER, encoder), problems


def read_files(application: Path) -> Iterator[tuple[Language, IntentFile]]:
    """Read every intents file of an application's folder."""
    for language, path in intent_files(application).items():
        yield language, read_intents(path)


def closest(language: Language, known: Collection[Language]) -> Language | None:
    """The same language among ``known``, else the first that differs in region or script alone."""
    if language in known:
        return language
    primary = language.partition("-")[0].lower()
    return next((each for each in known if each.partition("-")[0].lower() == primary), None)


NO_INTENTS = IntentLibrary((), Path())
"""For an application without intents."""


def names_of(library: IntentLibrary, languages: Iterable[Language]) -> Mapping[Language, list[str]]:
    """The names of the intents that each of ``languages`` has, those without any left out."""
    found = {language: library.of(language) for language in languages}
    return {
        language: list(intents.names) for language, intents in found.items() if intents is not None
    }


def missing_slot_grammars(intents: IntentSet, grammars: Collection[str]) -> Iterator[FlowError]:
    """Slots whose grammar is neither among ``grammars`` nor a built-in one. The grammar of a
    language, ``zh-CN/number``, is there where ``number`` is, which serves in its place."""
    for intent in intents.intents:
        for slot, name in intent.slots.items():
            known = not name or name.startswith("builtin:") or name in grammars
            if known or name.rpartition("/")[2] in grammars:
                continue
            if intent.place is not None:
                yield intent.place.error(
                    f"slot '{slot}' of intent '{intent.name}': grammar '{name}' does not exist",
                    suggest(name, grammars),
                )


def _train_apart(models: Path, labelled: Labelled, language: Language) -> None:
    """Train into the folder of models, in another process. Where that fails the caller trains."""
    log.info("intents_training", language=str(language), examples=len(labelled))
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, context, os.nice, (_LOWEST_PRIORITY,)) as process:
            process.submit(_train, models, labelled, language).result()
    except (BrokenProcessPool, OSError) as error:
        log.warning("intents_not_trained_apart", problem=type(error).__name__)


def _train(models: Path, labelled: Labelled, language: Language) -> None:
    ModelStore(models).model(labelled, language, encoder_for(language))
