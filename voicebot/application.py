"""What a designer's folder holds, read, checked and ready to serve."""

from __future__ import annotations

from functools import cache

import structlog

from voicebot.actions.registry import ActionRegistry, load_actions
from voicebot.actions.seed import database_urls
from voicebot.config import Settings
from voicebot.errors import ModelError
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import AskStep, FormStep, Reference, step_grammars
from voicebot.flows.reader import ACTIONS_FILE, load_flows
from voicebot.flows.validation import Known, validate
from voicebot.grammar.disk_cache import FOLDER as GRAMMAR_CACHE
from voicebot.grammar.store import GrammarStore
from voicebot.sessions.grammars import ListenGrammars
from voicebot.speech.phonemes import Pronouncer
from voicebot.types import Language

log = structlog.get_logger(__name__)


class Application:
    """What a designer's folder holds, read and checked."""

    def __init__(self, settings: Settings) -> None:
        """Raises FlowError, GrammarError or UsageError for the first thing that is wrong."""
        folder = settings.server.application
        self.flows = load_flows(folder / "flows")
        self.grammars = GrammarStore(folder / "grammars", settings.server.data / GRAMMAR_CACHE)
        self._flow = settings.calls.flow
        self.interpreter = Interpreter(self.flows, self._flow)
        self.language = self.flows[settings.calls.flow].language
        self.languages = tuple(
            dict.fromkeys([self.language, *(flow.language for flow in self.flows)])
        )
        self.databases = database_urls(folder, settings.server.data, settings.databases)
        self.actions: ActionRegistry = load_actions(folder / "flows" / ACTIONS_FILE, self.databases)
        self._check()
        self.listen_grammars = ListenGrammars(self.grammars, pronounce=pronouncer)

    def interpreter_for(self, flow: str) -> Interpreter:
        """The interpreter that begins with ``flow``, one of `flows`."""
        return self.interpreter if flow == self._flow else Interpreter(self.flows, flow)

    def _check(self) -> None:
        arguments = {
            name: {argument.name: not argument.optional for argument in definition.arguments}
            for name, definition in self.actions.definitions.items()
        }
        problems = validate(self.flows, Known(self.grammars.names(), arguments))
        for problem in problems:
            log.error("application_problem", problem=str(problem))
        if problems:
            raise problems[0]

    def compile_grammars(self) -> None:
        """Compile every grammar now rather than in the first call. Raises GrammarError."""
        for names in self.grammar_sets():
            self.listen_grammars.named(names).make_ready()

    def grammar_sets(self) -> set[tuple[str, ...]]:
        """The names of the grammars of every question, its own before the flow's commands."""
        sets = set()
        for flow in self.flows:
            found = flow.commands.grammar if flow.commands else None
            commands = (found.name,) if found else ()
            for step in flow.steps.values():
                if isinstance(step, AskStep):
                    own = [each.name for each in step.grammar if isinstance(each, Reference)]
                    sets.add((*own, *commands))
                elif isinstance(step, FormStep):
                    named = (each for each in step_grammars(step) if isinstance(each, Reference))
                    sets |= {(each.name,) for each in named}
        return {names for names in sets if names}


@cache
def pronouncer(language: Language) -> Pronouncer | None:
    """How words of a language sound, where espeak-ng knows it. Its library is not used for speech
    in this process: the speech workers have their own."""
    try:
        return Pronouncer(language)
    except ModelError as error:
        log.warning("names_by_letters_only", language=str(language), problem=str(error))
        return None
