"""``voicebot intents``: train the intents of an application, test them, ask why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from voicebot.application import intent_languages
from voicebot.config import Settings, load_settings
from voicebot.errors import SourceError, UsageError
from voicebot.flows.reader import load_flows
from voicebot.nlu.embeddings import Report
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.evaluation import Evaluation, advice, evaluate, explained
from voicebot.nlu.intent_reader import intent_files, load_intents, read_intents
from voicebot.nlu.intent_set import OUT_OF_SCOPE
from voicebot.nlu.intents import IntentModel, ScoredIntent, Understanding
from voicebot.nlu.library import closest
from voicebot.nlu.store import FOLDER, ModelStore
from voicebot.types import Json, Language

MAX_BYTES = 100_000_000
SHOWN = 12

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
TheLanguage = Annotated[str, typer.Option(help="BCP 47 tag, such as en-US.")]


@app.command("train")
def train_intents(
    folder: Annotated[
        Path | None, typer.Argument(help="Application folder; the configured one if left out.")
    ] = None,
    used: Annotated[
        bool, typer.Option("--used", help="Only the languages of flows that listen for intents.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train the intents of every language of an application, and give advice on the examples."""
    settings = load_settings()
    application = folder or settings.server.application
    files = intent_files(application)
    if used:
        listening = intent_languages(load_flows(application / "flows"))
        wanted = {closest(language, files) for language in listening}
        files = {language: path for language, path in files.items() if language in wanted}
    elif not files:
        where = application / "intents"
        raise UsageError(f"there is no intents file: {where}/<language>.yaml")
    failed = False
    for language, path in files.items():
        read = read_intents(path)
        for problem in read.problems:
            typer.echo(str(problem), err=True)
        if read.intents is None:
            failed = True
            continue
        labelled = list(read.intents.labelled())
        model = _train(labelled, language, settings, quiet=as_json)
        hints = [str(each) for each in read.advice] + _unplaced(labelled, model)
        typer.echo(_trained(path, model, len(labelled), hints, as_json=as_json))
    if failed:
        raise typer.Exit(1)


@app.command("eval")
def evaluate_intents(
    train: Annotated[Path, typer.Option(help="JSON file: a list of [text, intent].")],
    test: Annotated[Path, typer.Option(help="The same, of texts not trained on.")],
    language: TheLanguage = "en-US",
    as_json: AsJson = False,
) -> None:
    """Train on one file, test on another; 'oos' is the intent of what is out of scope."""
    settings = load_settings()
    labelled, tested = read_labelled(train), read_labelled(test)
    model = _train(labelled, Language(language), settings, quiet=as_json)
    found = evaluate(model, tested)
    if as_json:
        typer.echo(json.dumps(_figures(found)))
        return
    typer.echo(_told(found))
    for hint in advice(labelled, model, found):
        typer.echo(f"advice: {hint}")


@app.command("explain")
def explain(
    text: Annotated[str, typer.Argument(help="What a caller says.")],
    folder: Annotated[
        Path | None, typer.Option(help="Application folder; the configured one if left out.")
    ] = None,
    language: TheLanguage = "",
    as_json: AsJson = False,
) -> None:
    """Say what TEXT is understood as, and because of which example."""
    settings = load_settings()
    files = intent_files(folder or settings.server.application)
    if not files:
        raise UsageError("the application has no intents file")
    wanted = Language(language) if language else next(iter(files))
    if wanted not in files:
        raise UsageError(f"there is no intents file for {wanted}; there are: {', '.join(files)}")
    labelled = list(load_intents(files[wanted]).labelled())
    found = _train(labelled, wanted, settings, quiet=as_json).understand(text)
    typer.echo(json.dumps(_entry(found), ensure_ascii=False) if as_json else explained(found))


def read_labelled(path: Path) -> list[tuple[str, str]]:
    """Read a JSON list of [text, intent]. Raises SourceError at the first that is none."""
    name = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(name, 0, 0, f"is larger than {MAX_BYTES} bytes")
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SourceError(name, 0, 0, f"cannot be read: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise SourceError(name, error.lineno, error.colno, f"is not JSON: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise SourceError(name, 0, 0, "is not JSON in UTF-8") from None
    remedy = 'Write [["where is my order", "order_status"], ...].'
    if not isinstance(entries, list) or not entries:
        raise SourceError(name, 0, 0, "is not a list of [text, intent]", remedy)
    for number, entry in enumerate(entries, 1):
        if not (
            isinstance(entry, list)
            and len(entry) == 2
            and all(isinstance(part, str) and part.strip() for part in entry)
        ):
            raise SourceError(name, 0, 0, f"entry {number} is not [text, intent]", remedy)
    return [(text, intent) for text, intent in entries]


def _train(
    labelled: list[tuple[str, str]], language: Language, settings: Settings, *, quiet: bool
) -> IntentModel:
    store = ModelStore(settings.server.data / FOLDER)
    with _progress(quiet=quiet) as report:
        return store.model(labelled, language, encoder_for(language), report)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=quiet) as progress:
        bars: dict[str, TaskID] = {}

        def report(work: str, done: int, of: int) -> None:
            bar = bars.get(work)
            if bar is None:
                bar = bars[work] = progress.add_task(work, total=of)
            progress.update(bar, completed=done, total=of)

        yield report


def _unplaced(labelled: list[tuple[str, str]], model: IntentModel) -> list[str]:
    """Advice that the reader cannot give: it takes the model. Few examples the reader has seen."""
    return [hint for hint in advice(labelled, model, None) if ": only " not in hint]


def _trained(
    path: Path, model: IntentModel, examples: int, hints: list[str], *, as_json: bool
) -> str:
    if as_json:
        report: dict[str, Json] = {
            "file": str(path),
            "language": model.language,
            "intents": len(model.names),
            "examples": examples,
            "threshold": round(model.gate.threshold, 4),
            "advice": list(hints),
        }
        return json.dumps(report, ensure_ascii=False)
    summary = f"{path}: {len(model.names)} intents, {examples} examples: trained."
    return "\n".join([*(f"{hint} (advice)" for hint in hints), summary])


def _figures(found: Evaluation) -> dict[str, Json]:
    return {
        "texts": found.texts,
        "accuracy": _rounded(found.accuracy),
        "in_scope_accuracy": _rounded(found.in_scope_accuracy),
        "oos_recall": _rounded(found.oos_recall),
        "oos_precision": _rounded(found.oos_precision),
        "ms_per_utterance": round(found.ms_per_utterance, 2),
        "confusions": [
            {"meant": each.meant, "taken": each.taken, "count": each.count, "text": each.text}
            for each in found.confusions[:SHOWN]
        ],
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _told(found: Evaluation) -> str:
    def share(value: float | None) -> str:
        return "-" if value is None else f"{value:.1%}"

    lines = [
        f"texts                  {found.texts}",
        f"accuracy               {share(found.accuracy)}",
        f"in-scope accuracy      {share(found.in_scope_accuracy)}",
        f"out-of-scope recall    {share(found.oos_recall)}",
        f"out-of-scope precision {share(found.oos_precision)}",
        f"ms an utterance        {found.ms_per_utterance:.1f}",
    ]
    if found.confusions:
        lines.append("confused (meant, taken for, times, one of them):")
    lines += [
        f"  {_named(each.meant)} -> {_named(each.taken)}  {each.count}  '{each.text}'"
        for each in found.confusions[:SHOWN]
    ]
    return "\n".join(lines)


def _named(intent: str) -> str:
    return "out of scope" if intent == OUT_OF_SCOPE else intent


def _entry(found: Understanding) -> dict[str, Json]:
    return {
        "text": found.text,
        "out_of_scope": found.out_of_scope,
        "intents": [_intent(found, intent) for intent in found.intents],
        "guess": _intent(found, found.guess) if found.guess else None,
    }


def _intent(found: Understanding, intent: ScoredIntent) -> dict[str, Json]:
    return {
        "name": intent.name,
        "confidence": round(intent.confidence, 4),
        "because": intent.because,
        "likeness": round(intent.likeness, 4),
        "text": found.text[intent.start : intent.end],
    }
