"""All conversation tests of an application: found, read, played one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from voicebot.actions.reader import ActionFile
from voicebot.errors import ActionError, FlowError, UsageError
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet, nearest_language
from voicebot.queues.reader import QueueFile
from voicebot.rehearsal.coverage import Coverage, measure
from voicebot.rehearsal.model import ConversationTest, Setting
from voicebot.rehearsal.performance import Channel, Result, perform
from voicebot.rehearsal.reader import FOLDER, Names, read_tests
from voicebot.rehearsal.sandbox import Sandbox
from voicebot.rehearsal.stage import NO_QUEUES, RunAction, Stage
from voicebot.rehearsal.witness import Passage, Witness
from voicebot.sessions.callers import identify_by
from voicebot.sessions.numbers import caller_number
from voicebot.types import Json, Language


@dataclass(frozen=True, slots=True)
class Place:
    """Where tests are, and the application that they test."""

    application: Path
    files: tuple[Path, ...]


def find_tests(path: Path) -> Place:
    """The tests that ``path`` names: an application, a folder in one, or a file.

    Raises UsageError where there are none, or no application around them.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    application = next((each for each in _upwards(path) if (each / "flows").is_dir()), None)
    if application is None:
        raise UsageError(f"{path} is no application, and lies in none: there is no folder 'flows'")
    if path.is_file():
        return Place(application, (path,))
    folder = path / FOLDER if (path / "flows").is_dir() else path
    files = tuple(sorted(folder.rglob("*.yaml")))
    if not files:
        raise UsageError(f"no conversation tests in {folder}. Write one: docs/testing-flows.md")
    return Place(application, files)


def _upwards(path: Path) -> Iterator[Path]:
    yield path
    # As it was written, so that messages show it that way; then what lies above.
    yield from path.parents
    yield from path.resolve().parents


class Opens(Protocol):
    """Makes the channel of one test."""

    def __call__(
        self, test: ConversationTest, witness: Witness, stage: Stage, language: Language
    ) -> Channel: ...


@dataclass(slots=True)
class Report:
    """What came of a run. ``problems`` are those of the test files."""

    results: list[Result] = field(default_factory=list)
    problems: list[FlowError] = field(default_factory=list)
    coverage: Coverage | None = None
    seconds: float = 0.0

    @property
    def call_seconds(self) -> float:
        """How long the spoken calls took on their own clock."""
        return sum(result.call_seconds for result in self.results)

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if not result.passed]


class Suite:
    """``flow`` begins a conversation that names none; ``today`` is its day likewise."""

    def __init__(
        self,
        flows: FlowSet,
        actions: ActionFile,
        sandbox: Sandbox,
        *,
        flow: str,
        today: date,
        opens: Opens,
        act: RunAction | None = None,
        queues: QueueFile = NO_QUEUES,
    ) -> None:
        """``act`` runs what no test answers; the sandbox alone if left out."""
        self._queues = queues
        self._act = act or sandbox.run
        self._flows = flows
        self._actions = actions
        self._sandbox = sandbox
        self._default = Setting(flow=flow, today=today)
        self._opens = opens

    async def run(
        self,
        files: Sequence[Path],
        chosen: Callable[[ConversationTest], bool] = lambda test: True,
        tell: Callable[[Result], None] = lambda result: None,
    ) -> Report:
        """Play the tests that are ``chosen``; each result is told as it comes."""
        found = read_tests(files, Names(self._flows, self._actions.definitions))
        report = Report(problems=found.problems)
        passages: list[Passage] = []
        for test in found.tests:
            if chosen(test):
                result = await self._play(test)
                tell(result)
                passages += result.passages
                report.results.append(result)
        await self._sandbox.aclose()
        report.coverage = measure(self._flows, passages)
        report.seconds = sum(result.seconds for result in report.results)
        return report

    async def _play(self, test: ConversationTest) -> Result:
        setting = test.setting.over(self._default)
        assert setting.flow is not None
        assert setting.today is not None
        await self._sandbox.renew()
        begins_in = str(setting.facts.get("language") or "")
        language = nearest_language(begins_in, self._flows.languages)
        language = language or self._flows[setting.flow].language
        stage = Stage(setting, self._act, self._queues)
        interpreter = Interpreter(self._flows, setting.flow, self._actions.once)
        facts = {**await self._known(setting, stage), **setting.facts}
        witness = Witness(interpreter, facts=facts, transfer=stage.transfer, text=stage.text)
        channel = self._opens(test, witness, stage, language)
        return await perform(test, channel, stage, setting.today)

    async def _known(self, setting: Setting, stage: Stage) -> dict[str, Json]:
        """What is known of who calls before the flow begins, as in a call."""
        number = caller_number(str(setting.facts.get("caller") or ""))
        history: Json = None if setting.history is None else stage.history
        flow = self._flows[setting.flow or ""]
        identify = identify_by(flow, stage.act) if number else None
        if identify is None or "customer" in setting.facts:
            return {"history": history}
        try:
            return {"history": history, "customer": await identify(number)}
        except ActionError:
            return {"history": history, "customer": None}
