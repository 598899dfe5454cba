"""``voicebot check``: what is wrong with an application's flows, grammars, actions, knowledge
and recordings.

Everything is shown with its place and remedy, and how bad it is. An error cannot work. A warning
works and serves callers badly (a prompt too long for the ear, a question from which nobody reaches
a person); `--strict` makes it fail the check. Advice is for a second look.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from voicebot.actions.definition import PythonWork
from voicebot.actions.functions.pool import import_problem
from voicebot.actions.functions.source import FOLDER as FUNCTIONS
from voicebot.actions.reader import ActionFile, read_actions
from voicebot.actions.sample_check import sample_problems
from voicebot.actions.seed import sample_scripts
from voicebot.alerts.reader import load_alerts
from voicebot.cli.check_intents import inspect_intents
from voicebot.cli.check_settings import settings_problems
from voicebot.cli.grammar import inspect_file
from voicebot.cli.grammar_engines import GrammarEngines
from voicebot.config import Settings, load_settings
from voicebot.document import Place
from voicebot.errors import AudioError, FlowError, GrammarError, SourceError, VoicebotError
from voicebot.flows import advice
from voicebot.flows.atoms import LANGUAGE_TAG
from voicebot.flows.cards import IMAGES, image_names
from voicebot.flows.model import FlowSet
from voicebot.flows.outside import Known, missing_transfers
from voicebot.flows.reader import ACTIONS_FILE, DEFAULT_LANGUAGE, by_place, read_flows
from voicebot.flows.schema import flow_schema_text
from voicebot.flows.steps import AnswerStep
from voicebot.flows.template import Template
from voicebot.flows.validation import validate
from voicebot.flows.variables import variables_set
from voicebot.grammar.files import grammar_files
from voicebot.grammar.lint.findings import Severity
from voicebot.grammar.store import GrammarStore
from voicebot.nlu.article_reader import FOLDER as KNOWLEDGE
from voicebot.nlu.article_reader import KnowledgeFolder, out_of_step, read_articles
from voicebot.queues.prerouting import unknown_facts
from voicebot.queues.reader import load_queues
from voicebot.speech.cache import FOLDER as PROMPT_FOLDER
from voicebot.speech.cache import PromptCache
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recordings import (
    NO_RECORDINGS,
    Recordings,
    find_recordings,
    read_recording,
)
from voicebot.speech.voices import voice_name
from voicebot.types import Json, Language, Prompt, Samples

_T = TypeVar("_T")


def check(
    folder: Annotated[
        Path | None, typer.Argument(help="Application folder; the configured one if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail the check.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of flow files instead.")
    ] = False,
) -> None:
    """Check an application: flows, grammars, actions and recordings."""
    if schema:
        typer.echo(flow_schema_text(), nl=False)
        return
    settings = load_settings()
    report = check_application(folder or settings.server.application, settings)
    typer.echo(report.as_json() if as_json else report.as_text())
    if report.problems or (strict and report.warnings):
        raise typer.Exit(1)


@dataclass(slots=True)
class Report:
    """What a check found; ``counts`` are how many of each thing were looked at."""

    problems: list[VoicebotError] = field(default_factory=list)
    warnings: list[VoicebotError] = field(default_factory=list)
    advice: list[VoicebotError] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def tidy(self) -> None:
        """Name everything once, and problems in the order of files and lines."""
        self.problems = sorted({str(each): each for each in self.problems}.values(), key=_order)
        self.warnings = list({str(each): each for each in self.warnings}.values())
        self.advice = list({str(each): each for each in self.advice}.values())

    def as_text(self) -> str:
        lines = [str(problem) for problem in self.problems]
        lines += [f"{warning} (warning)" for warning in self.warnings]
        lines += [f"{advice} (advice)" for advice in self.advice]
        looked_at = ", ".join(_counted(count, what) for what, count in self.counts.items())
        verdict = _counted(len(self.problems), "problems")
        if self.warnings:
            verdict += f", {_counted(len(self.warnings), 'warnings')}"
        return "\n".join([*lines, f"{looked_at}: {verdict}."])

    def as_json(self) -> str:
        return json.dumps(
            {
                "problems": [_entry(problem, "error") for problem in self.problems],
                "warnings": [_entry(warning, "warning") for warning in self.warnings],
                "advice": [_entry(each, "advice") for each in self.advice],
                "counts": dict(self.counts),
            },
            ensure_ascii=False,
        )

    def attempt(self, look: Callable[[], _T]) -> _T | None:
        """What ``look`` gives; a SourceError or AudioError of it becomes a problem."""
        try:
            return look()
        except (SourceError, AudioError) as problem:
            self.problems.append(problem)
            return None


def check_application(application: Path, settings: Settings) -> Report:
    """Look at everything in ``application``. Problems are collected, not raised."""
    report = Report()
    flows, problems = read_flows(application / "flows")
    report.problems += problems
    store = GrammarStore(application / "grammars")
    grammars = _check_grammars(store, settings, report, {flow.language for flow in flows})
    actions = _check_actions(application, settings, report)
    intents = inspect_intents(application, flows, grammars)
    report.problems += intents.problems
    report.warnings += intents.warnings if flows.is_whole else []
    report.advice += intents.advice
    if intents.count:
        report.counts["intents"] = intents.count
    knowledge = _check_knowledge(application, flows, settings, report)
    queues = load_queues(application)
    known = Known(
        grammars,
        None if actions.broken is None else actions.signatures,
        broken_actions=actions.broken or (),
        intents=intents.known,
        knowledge=None if knowledge.problems else knowledge.languages,
        queues=None if queues.problems and not queues.names else queues.names,
        images=image_names(application / IMAGES),
    )
    alerts = load_alerts(application, queues.names, settings.wall.targets)
    report.problems += [*validate(flows, known), *queues.problems, *alerts.problems]
    report.problems += settings_problems(settings, flows, known.queues)
    if queues.names:
        report.counts["queues"] = len(queues.names)
    if alerts.rules:
        report.counts["alerts"] = len(alerts.rules)
    _check_builtins(flows, store, report)
    recordings = _check_recordings(application / "audio", report)
    report.warnings += advice.out_of_step(flows, _languages(store, flows))
    report.advice += missing_transfers(flows, settings.transfers)
    if flows.is_whole:
        report.warnings += unknown_facts(queues.rules, variables_set(flows))
        report.warnings += advice.warnings(flows, _Lengths(settings, recordings))
        report.advice += _unanswerable(application, knowledge, flows)
        report.advice += advice.unread_variables(flows)
        report.advice += _unused(grammars, flows, intents.grammars)
    report.counts = {
        "flows": len(flows.flows),
        "steps": sum(len(flow.steps) for flow in flows),
        "prompts": sum(1 for _ in flows.prompts()),
        **report.counts,
    }
    report.tidy()
    return report


def _check_grammars(
    store: GrammarStore, settings: Settings, report: Report, needed: Collection[Language]
) -> dict[str, Path]:
    """All grammar files by name, those with problems too: they are there.

    A model that is not there is a problem for the languages that are ``needed``: callers of the
    others use keys.
    """
    files = _grammar_files(store.folder)
    engines = GrammarEngines(settings)
    for file in files.values():
        for finding in inspect_file(file, engines):
            problem = finding.severity is Severity.PROBLEM
            (report.problems if problem else report.advice).append(finding.error)
    for language, error in engines.missing.items():
        if language in needed:
            report.problems.append(error)
        else:
            where = str(store.folder / language)
            silent = f"{error.problem}; until then its callers are understood by keys alone"
            report.advice.append(FlowError(where, 0, 0, silent, error.remedy))
    report.counts["grammars"] = len(files)
    return files


def _grammar_files(folder: Path) -> dict[str, Path]:
    """The files in the folder and in those of single languages below it, by grammar."""
    found = {file.stem: file for file in grammar_files(folder)}
    for inner in sorted(folder.glob("*/")):
        if re.fullmatch(LANGUAGE_TAG, inner.name):
            found |= {f"{inner.name}/{file.stem}": file for file in grammar_files(inner)}
    return found


def _check_knowledge(
    application: Path, flows: FlowSet, settings: Settings, report: Report
) -> KnowledgeFolder:
    first = flows.flows.get(settings.calls.flow)
    language = first.language if first is not None else DEFAULT_LANGUAGE
    found = read_articles(application, language)
    report.problems += found.problems
    report.warnings += found.warnings
    if not found.problems:  # an article that cannot be read is none that a language lacks
        report.warnings += out_of_step(found.articles)
    if found.articles:
        report.counts["articles"] = len(found.articles)
    return found


def _unanswerable(
    application: Path, knowledge: KnowledgeFolder, flows: FlowSet
) -> Iterator[FlowError]:
    """Articles that no flow looks for."""
    steps = (step for flow in flows for step in flow.steps.values())
    if knowledge.articles and not any(isinstance(step, AnswerStep) for step in steps):
        place = Place(str(application / KNOWLEDGE), 0, 0)
        yield place.error("no flow has an 'answer' step", "Add one, or delete the articles.")


def _check_builtins(flows: FlowSet, store: GrammarStore, report: Report) -> None:
    for reference in flows.grammars():
        if reference.name.startswith("builtin:"):
            try:
                store.load(reference.name)
            except GrammarError as error:
                report.problems.append(reference.place.error(error.problem, error.remedy))


def _check_actions(application: Path, settings: Settings, report: Report) -> ActionFile:
    samples = sample_scripts(application, settings.databases)
    file = application / "flows" / ACTIONS_FILE
    databases = frozenset({*settings.databases, *samples})
    actions = read_actions(file, databases, application / FUNCTIONS)
    report.problems += actions.problems
    report.problems += sample_problems(actions.definitions, actions.statements, samples)
    works = [each.work for each in actions.definitions.values()]
    functions = [work for work in works if isinstance(work, PythonWork)]
    if functions and (problem := asyncio.run(import_problem(actions.sources, functions))):
        report.problems.append(problem)
    report.counts["actions"] = len(actions.definitions)
    for name in sorted(actions.variables - set(os.environ)):
        unset = f"environment variable {name} is not set here, and an action uses it"
        report.advice.append(FlowError(str(file), 0, 0, unset))
    return actions


class _Lengths:
    """How long prompts are that are recorded, or that an earlier run has rendered."""

    def __init__(self, settings: Settings, recordings: Recordings) -> None:
        self._settings = settings
        self._recordings = recordings
        self._renderers: dict[Language, PromptRenderer] = {}

    def __call__(self, template: Template, language: Language) -> float | None:
        if not template.is_static:
            return None
        if language not in self._renderers:
            self._renderers[language] = self._renderer(language)
        prompt = Prompt(tuple(part for part in template.parts if isinstance(part, str)))
        return self._renderers[language].length_s(prompt, language, 8000)

    def _renderer(self, language: Language) -> PromptRenderer:
        speech = self._settings.speech
        engines = speech.engines_for(language)
        return PromptRenderer(
            _render_nothing,
            voice_name(engines.synthesizer or speech.synthesizer, engines.voice, language),
            recordings=self._recordings,
            cache=PromptCache(self._settings.server.data / PROMPT_FOLDER),
        )


async def _render_nothing(text: str, rate: int) -> Samples:
    raise NotImplementedError("a check renders nothing")


def _languages(store: GrammarStore, flows: FlowSet) -> dict[str, Language]:
    """The languages of the flows' grammars that can be read."""
    found = {}
    for name in {reference.name for reference in flows.grammars()}:
        try:
            found[name] = Language(store.load(name).main.language)
        except GrammarError:
            continue  # it is among the problems
    return found


def _check_recordings(folder: Path, report: Report) -> Recordings:
    recordings = report.attempt(lambda: find_recordings(folder)) or NO_RECORDINGS
    paths = list(recordings)
    for path in paths:
        report.attempt(lambda path=path: read_recording(path, 8000))  # type: ignore[misc]
    report.counts["recordings"] = len(paths)
    return recordings


def _unused(
    files: Mapping[str, Path], flows: FlowSet, spotted: Iterable[str]
) -> Iterator[FlowError]:
    used = {*spotted, *(reference.name for reference in flows.grammars())}
    if any(name not in files for name in used if not name.startswith("builtin:")):
        return  # what seems to be left over may be what is misspelt
    text = "".join(path.read_text("utf-8", errors="replace") for path in files.values())
    for name in sorted(set(files) - used):
        if files[name].name not in text:
            yield FlowError(str(files[name]), 0, 0, "no flow uses this grammar", "Delete it?")


def _order(problem: VoicebotError) -> tuple[str, int, int]:
    return by_place(problem) if isinstance(problem, SourceError) else (str(problem), 0, 0)


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what.removesuffix('s') if count == 1 else what}"


def _entry(error: VoicebotError, severity: str) -> Json:
    if isinstance(error, SourceError):
        return {
            "severity": severity,
            "file": error.file,
            "line": error.line,
            "column": error.column,
            "problem": error.problem,
            "remedy": error.remedy,
        }
    return {"severity": severity, "problem": str(error)}
