"""``voicebot test``: play an application's conversation tests.

Typed, or with ``--audio`` spoken by other voices over a telephone line that exists only in memory.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from voicebot.actions.functions.source import FOLDER as FUNCTIONS
from voicebot.actions.reader import ActionFile, read_actions
from voicebot.cli.library import Encoders, load_intents, load_knowledge, said_before
from voicebot.cli.try_ import typed_input
from voicebot.config import Settings, load_settings
from voicebot.errors import UsageError
from voicebot.flows.model import FlowSet, nearest_language
from voicebot.flows.reader import ACTIONS_FILE, load_flows
from voicebot.grammar.disk_cache import FOLDER as GRAMMAR_CACHE
from voicebot.grammar.store import GrammarStore
from voicebot.logs import configure_logging
from voicebot.nlu.library import IntentLibrary
from voicebot.queues.reader import load_queues
from voicebot.rehearsal.model import ConversationTest
from voicebot.rehearsal.performance import Result
from voicebot.rehearsal.report import (
    as_json,
    as_junit,
    failure_text,
    missed_lines,
    summary,
)
from voicebot.rehearsal.sandbox import Sandbox
from voicebot.rehearsal.stage import Stage
from voicebot.rehearsal.suite import Opens, Place, Report, Suite, find_tests
from voicebot.rehearsal.telephone_line import LineQuality
from voicebot.rehearsal.transcript import as_text
from voicebot.rehearsal.typed import TypedCall
from voicebot.rehearsal.witness import Witness
from voicebot.sessions.answering import with_knowledge
from voicebot.types import Language


def play_conversations(
    path: Annotated[
        Path | None,
        typer.Argument(help="Application, or a file or folder of tests (default: as configured)."),
    ] = None,
    only: Annotated[str, typer.Option(help="Only tests whose name holds this.")] = "",
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show what was never reached.")
    ] = False,
    coverage_minimum: Annotated[
        float, typer.Option(min=0, max=100, help="Fail below this coverage, in percent.")
    ] = 0.0,
    audio: Annotated[
        bool, typer.Option("--audio", help="Speak the tests, over a line in memory.")
    ] = False,
    voice: Annotated[
        str, typer.Option(help="Caller's voice, flite:rms or espeak-ng:en-gb (default: in turn).")
    ] = "",
    noise: Annotated[
        float | None, typer.Option(min=-10, max=60, help="Noise: the voice is so many dB above it.")
    ] = None,
    loss: Annotated[float, typer.Option(min=0, max=50, help="Packets lost, in percent.")] = 0.0,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit's XML to this file.")] = None,
    transcripts: Annotated[
        bool, typer.Option("--transcripts", help="Show every conversation.")
    ] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Play the conversation tests of an application."""
    settings = load_settings()
    configure_logging("error")
    place = find_tests(path or settings.server.application)
    grammars = GrammarStore(place.application / "grammars", settings.server.data / GRAMMAR_CACHE)
    if not audio and (voice or loss or noise is not None):
        raise UsageError("--voice, --noise and --loss belong to --audio")

    def tell(result: Result) -> None:
        if as_json_:
            return
        if not result.passed:
            typer.echo(failure_text(result))
        elif transcripts:
            typer.echo(f"passed {result.test.name}\n{as_text(result.transcript)}\n")

    def chosen(test: ConversationTest) -> bool:
        typed_alone = test.sets_confidence or test.waits_in_queue
        if audio and (typed_alone or not _is_heard(test.language, settings)):
            return False
        return only in test.name

    with said_before(settings) as encoder:
        intents = load_intents(place.application, settings, encoder)
        opens = (
            _spoken(grammars, intents, settings, voice, LineQuality(noise, loss / 100))
            if audio
            else _typed(grammars, intents)
        )
        report = run_tests(place, settings, opens, encoder, chosen, tell)
    if only and not report.results:
        raise UsageError(f"--only {only}: no test has that in its name")
    if junit is not None:
        _write(junit, as_junit(report))
    if as_json_:
        typer.echo(as_json(report))
    else:
        _show(report, coverage, coverage_minimum)
    if report.problems or report.failed or _too_low(report, coverage_minimum):
        raise typer.Exit(1)


def _is_heard(language: str, settings: Settings) -> bool:
    """Whether the one recogniser of spoken tests, that of the settings' language, hears this."""
    return not language or bool(nearest_language(language, [Language(settings.speech.language)]))


def _typed(grammars: GrammarStore, intents: IntentLibrary) -> Opens:
    typed = typed_input(grammars, intents)

    def opens(
        test: ConversationTest, witness: Witness, stage: Stage, language: Language
    ) -> TypedCall:
        return TypedCall(witness, typed, stage)

    return opens


def _spoken(
    grammars: GrammarStore,
    intents: IntentLibrary,
    settings: Settings,
    voice: str,
    quality: LineQuality,
) -> Opens:
    """Calls of a voice, or of all that this machine has, in turn."""
    # Models take seconds to load: only where they are needed.
    from voicebot.cli.spoken_tests import pipeline, voice_of, voices
    from voicebot.rehearsal.spoken_call import SpokenCall, Voice

    @cache
    def turns(language: Language) -> Iterator[Voice]:
        found = [voice] if voice else voices(language)
        if not found:
            raise UsageError(f"no program speaks {language} here. Install espeak-ng")
        return itertools.cycle([voice_of(each) for each in found])

    whole = pipeline(grammars, intents, settings, quality)

    def opens(
        test: ConversationTest, witness: Witness, stage: Stage, language: Language
    ) -> SpokenCall:
        return SpokenCall(witness, stage, whole, next(turns(language)), language)

    return opens


def run_tests(
    place: Place,
    settings: Settings,
    opens: Opens,
    encoder: Encoders,
    chosen: Callable[[ConversationTest], bool],
    tell: Callable[[Result], None],
) -> Report:
    """Play the tests of ``place``. Raises FlowError where the application itself is faulty."""
    application = place.application
    flows, actions = read_application(application)
    first = flows[settings.calls.flow].language
    played: list[Report] = []
    with tempfile.TemporaryDirectory(prefix="voicebot-test-") as folder:
        sandbox = Sandbox(application, actions, Path(folder))
        library = load_knowledge(application, first, settings, encoder)
        suite = Suite(
            flows,
            actions,
            sandbox,
            flow=settings.calls.flow,
            today=date.today(),
            opens=opens,
            act=with_knowledge(sandbox.run, library),
            queues=load_queues(application),
        )

        async def play() -> None:
            played.append(await suite.run(place.files, chosen, tell))

        # Not as the task's result: asyncio.run makes text of that at its end, for 0.3 s.
        asyncio.run(play())
    return played[0]


def read_application(application: Path) -> tuple[FlowSet, ActionFile]:
    """Flows and actions. Raises FlowError for the first problem."""
    flows = load_flows(application / "flows")
    actions = read_actions(application / "flows" / ACTIONS_FILE, None, application / FUNCTIONS)
    if actions.problems:
        raise actions.problems[0]
    return flows, actions


def _show(report: Report, coverage: bool, minimum: float) -> None:
    for problem in report.problems:
        typer.echo(str(problem))
    low = _too_low(report, minimum)
    if report.coverage is not None and (coverage or low):
        for line in missed_lines(report.coverage):
            typer.echo(line)
    typer.echo(summary(report))
    if low:
        typer.echo(f"That is below the minimum of {minimum:g}%.")


def _too_low(report: Report, minimum: float) -> bool:
    return report.coverage is not None and report.coverage.percent < minimum


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--junit {file}: cannot be written ({error.strerror})") from None
