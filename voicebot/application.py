"""What a designer's folder holds, read, checked and ready to serve.

An `Application` never changes: a saved file makes another one (`voicebot.live`), and calls that run
finish on theirs. What it needs of its files is in memory before the first call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

import structlog

from voicebot.actions.definition import KINDS
from voicebot.actions.functions.source import FOLDER as FUNCTIONS
from voicebot.actions.registry import ActionRegistry, load_actions
from voicebot.actions.seed import database_urls
from voicebot.alerts.reader import AlertFile, load_alerts
from voicebot.config import Settings
from voicebot.errors import FlowError, ModelError, UsageError
from voicebot.flows.commands import ANSWER, FormGrammar
from voicebot.flows.form_questions import grammars_ahead
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.outside import Known
from voicebot.flows.reader import ACTIONS_FILE, load_flows
from voicebot.flows.references import Reference
from voicebot.flows.step_parts import listens_for_intents, step_confirms, step_grammars
from voicebot.flows.steps import AnswerStep, AskStep, FormStep, OfferStep
from voicebot.flows.validation import validate
from voicebot.grammar.disk_cache import FOLDER as GRAMMAR_CACHE
from voicebot.grammar.store import GrammarStore
from voicebot.live.fingerprint import fingerprint
from voicebot.nlu import encoders
from voicebot.nlu.article_reader import load_articles
from voicebot.nlu.knowledge import Library
from voicebot.nlu.library import IntentLibrary, missing_slot_grammars, names_of, read_library
from voicebot.nlu.store import FOLDER as MODELS
from voicebot.nlu.store import ModelStore
from voicebot.queues.reader import QueueFile, load_queues
from voicebot.sessions.answering import with_knowledge
from voicebot.sessions.callers import HISTORY, Identify, identify_by
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.grammars import KEPT_FORMS, ListenGrammars
from voicebot.speech.phonemes import Pronouncer
from voicebot.speech.recordings import Recordings, find_recordings
from voicebot.types import Json, Language

log = structlog.get_logger(__name__)

READ_AGAIN: Final = 3
"""How often the files are read when they change under the reader."""


@dataclass(frozen=True, slots=True)
class Application:
    """One version of what a designer's folder holds. ``language`` is that of the first flow."""

    version: str
    flow: str
    flows: FlowSet
    grammars: GrammarStore
    listen_grammars: ListenGrammars
    actions: ActionRegistry
    recordings: Recordings
    intents: IntentLibrary
    comprehension: Comprehension
    knowledge: Library
    queues: QueueFile
    alerts: AlertFile

    @property
    def language(self) -> Language:
        return self.flows[self.flow].language

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages of all flows, that of the first flow first."""
        return tuple(dict.fromkeys([self.language, *self.flows.languages]))

    def interpreter_for(self, flow: str) -> Interpreter:
        """The interpreter that begins with ``flow``. Raises UsageError where there is no such."""
        return Interpreter(self.flows, flow, self.actions.once)

    def identify_by(self, flow: str) -> Identify | None:
        """What tells who calls, where ``flow`` takes the call: its action ``caller``, if any."""
        return identify_by(self.flows[flow], self.actions.run)

    async def act(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """Run an action of the designer's, or look into the knowledge. Raises ActionError."""
        return await with_knowledge(self.actions.run, self.knowledge)(name, arguments)

    @property
    def action_kinds(self) -> Mapping[str, str]:
        """What kind of action each is: 'sql', 'http', 'python', or what voicebot has itself."""
        found = {name: KINDS[type(each.work)] for name, each in self.actions.definitions.items()}
        return found | {ANSWER: "knowledge", HISTORY: HISTORY}

    def compile_grammars(self) -> None:
        """Compile every grammar and make the knowledge ready now rather than in the first call. The
        encoder of questions is left to `wake`, where no article is new.

        Raises GrammarError or ModelError.
        """
        self.knowledge.make_ready(self.languages)
        for names in self.grammar_sets():
            self.listen_grammars.named(names).make_ready()
        for form in islice(self._form_grammars(), KEPT_FORMS):
            self.listen_grammars.now((form,))

    def learn_intents(self) -> None:
        """Load, or train where no earlier run has, the intents that flows listen for.

        Raises ModelError.
        """
        self.intents.make_ready(intent_languages(self.flows))

    def wake(self, language: Language) -> None:
        """Begin to load what understands free words of ``language``: somebody is about to speak it.

        Returns at once.
        """
        if self.intents.of(language) is not None or self.knowledge.speaks(language):
            encoders.wake(language)

    def grammar_sets(self) -> set[tuple[str, ...]]:
        """The names of the grammars that are listened for together: those of every question and
        its confirmation with the flow's commands, and those of forms one by one."""
        flows = self.flows.in_all_languages()
        return {names for flow in flows for names in _grammar_sets(flow) if names}

    def _form_grammars(self) -> Iterator[FormGrammar]:
        for flow in self.flows.in_all_languages():
            for step in flow.steps.values():
                if isinstance(step, FormStep):
                    yield from grammars_ahead(step, flow.language)

    async def aclose(self) -> None:
        """Close what the actions hold open; no call may use it any more."""
        self.listen_grammars.close()
        self.comprehension.close()
        await self.actions.aclose()


@cache
def pronouncer(language: Language) -> Pronouncer | None:
    """How words of a language sound, where espeak-ng knows it. Its library is not used for speech
    in this process: the speech workers have their own."""
    try:
        return Pronouncer(language)
    except ModelError as error:
        log.warning("names_by_letters_only", language=str(language), problem=str(error))
        return None


def load_application(settings: Settings, before: Application | None = None) -> Application:
    """Read the configured folder. ``before`` is the version so far, whose compiled grammars serve
    again where they have not changed.

    Raises FlowError, GrammarError, SourceError or UsageError for the first thing that is wrong; all
    of them stand in the log.
    """
    folder = settings.server.application
    for _ in range(READ_AGAIN):
        version = fingerprint(folder)
        application = _read(settings, version, before)
        if fingerprint(folder) == version:
            return application
    raise UsageError(f"the files in {folder} change while they are read")


def _read(settings: Settings, version: str, before: Application | None) -> Application:
    folder, data = settings.server.application, settings.server.data
    flows = load_flows(folder / "flows")
    flows[settings.calls.flow]  # raises where there is no such flow
    store = GrammarStore(folder / "grammars", data / GRAMMAR_CACHE)
    grammars = store if before is None else before.grammars
    databases = database_urls(folder, data, settings.databases)
    actions = load_actions(
        folder / "flows" / ACTIONS_FILE,
        databases,
        folder / FUNCTIONS,
        tally=None if before is None else before.actions.tally,
    )
    intents, intent_problems = read_library(folder, data)
    articles = load_articles(folder, flows[settings.calls.flow].language)
    spoken = {article.language for article in articles}
    queues = load_queues(folder)
    alerts = load_alerts(folder, queues.names, settings.wall.targets)
    problems = [*intent_problems, *queues.problems, *alerts.problems]
    _check(flows, store, actions, intents, problems, spoken, queues)
    named = {reference.name for reference in flows.grammars()}
    grammars = grammars.snapshot({*named, *slot_grammars(intents, intent_languages(flows))})
    listen_grammars = ListenGrammars(grammars, pronounce=pronouncer)
    return Application(
        version=version,
        flow=settings.calls.flow,
        flows=flows,
        grammars=grammars,
        listen_grammars=listen_grammars,
        actions=actions,
        recordings=find_recordings(folder / "audio"),
        intents=intents,
        comprehension=Comprehension(listen_grammars, intents),
        knowledge=Library(articles, ModelStore(data / MODELS)),
        queues=queues,
        alerts=alerts,
    )


def intent_languages(flows: FlowSet) -> set[Language]:
    """The languages of the flows that listen for intents."""
    return {
        flow.language
        for flow in flows.in_all_languages()
        for step in flow.steps.values()
        if listens_for_intents(step) is not None
    }


def slot_grammars(intents: IntentLibrary, languages: Iterable[Language]) -> set[str]:
    """The names of the grammars that find the slots of these languages' intents in a sentence."""
    every = (intent for each in intents.used_in(languages) for intent in each.intents)
    return {name for intent in every for name in intent.slots.values() if name}


def _check(
    flows: FlowSet,
    store: GrammarStore,
    actions: ActionRegistry,
    intents: IntentLibrary,
    problems: list[FlowError],
    knowledge: Collection[Language],
    queues: QueueFile,
) -> None:
    arguments = {
        name: {argument.name: not argument.optional for argument in definition.arguments}
        for name, definition in actions.definitions.items()
    }
    languages = intent_languages(flows)
    names = names_of(intents, languages)
    for each in intents.used_in(languages):
        problems = [*problems, *missing_slot_grammars(each, store.names(each.language))]
    known = Known(store.names(), arguments, intents=names, knowledge=knowledge, queues=queues.names)
    problems = [*problems, *validate(flows, known)]
    for problem in problems:
        log.error("application_problem", problem=str(problem))
    if problems:
        raise problems[0]


def _grammar_sets(flow: Flow) -> Iterator[tuple[str, ...]]:
    found = flow.commands.grammar if flow.commands else None
    commands = (found.name,) if found else ()
    for step in flow.steps.values():
        if isinstance(step, AskStep):
            own = tuple(each.name for each in step.grammar if isinstance(each, Reference))
            yield (*own, *commands)
            for confirm in step_confirms(step):
                yield (confirm.grammar.name, *own, *commands)
        elif isinstance(step, AnswerStep) and step.more:
            yield (step.grammar.name, *commands)
        elif isinstance(step, OfferStep):
            yield (step.grammar.name, *commands)
            if step.number is not None and step.number.other:
                number = step.number.grammar.name
                yield (number, *commands)
                if step.number.confirm:
                    yield (step.grammar.name, number, *commands)
        elif isinstance(step, FormStep):
            for each in step_grammars(step):
                if isinstance(each, Reference):
                    yield (each.name,)
