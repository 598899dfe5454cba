"""``voicebot knowledge``: ask it as a caller would, and see what it did not know."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.library import load_knowledge
from voicebot.config import Settings, load_settings
from voicebot.errors import UsageError
from voicebot.events import QuestionUnanswered
from voicebot.flows.reader import load_flows
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.gaps import ALIKE_ENGLISH, ALIKE_OTHERS, GapGroup, group
from voicebot.nlu.knowledge import THRESHOLD, Found
from voicebot.storage.database import open_database
from voicebot.storage.gaps import read_gaps
from voicebot.storage.migrations import upgrade
from voicebot.types import Json, Language

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("ask")
def ask(
    text: Annotated[str, typer.Argument(help="What a caller asks.")],
    folder: Annotated[
        Path | None, typer.Option(help="Application folder; the configured one if left out.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Such as en-US; the first flow's if left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say which articles are nearest to TEXT, and whether one answers it."""
    settings = load_settings()
    application = folder or settings.server.application
    first = load_flows(application / "flows")[settings.calls.flow].language
    library = load_knowledge(application, first, settings)
    base = library.base(Language(language or first))
    if base is None:
        known = ", ".join(library.languages) or "no language"
        raise UsageError(f"there is no knowledge in {language or first}; there is: {known}")
    found = base.best(text)
    typer.echo(json.dumps(_asked(text, found), ensure_ascii=False) if as_json else _told(found))


@app.command("gaps")
def gaps(
    since: Annotated[str, typer.Option(help="Only since this day, 2026-11-21.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 2000,
    as_json: AsJson = False,
) -> None:
    """List what callers asked and no article answered, like questions together."""
    settings = load_settings()
    found = asyncio.run(_read(settings, _day(since) if since else None, limit))
    by_language: dict[Language, list[QuestionUnanswered]] = defaultdict(list)
    for gap in found:
        by_language[gap.language].append(gap)
    groups = [
        (each, [asked[place] for place in each.places])
        for language, asked in by_language.items()
        for each in _grouped(language, asked)
    ]
    groups.sort(key=lambda each: (-len(each[1]), -each[1][0].at))
    if as_json:
        listed = [_gap(each, asked) for each, asked in groups]
        typer.echo(json.dumps({"questions": len(found), "gaps": listed}, ensure_ascii=False))
        return
    for each, asked in groups:
        typer.echo(_line(each, asked))
    typer.echo(f"{len(found)} questions without an answer, {len(groups)} different.")


async def _read(settings: Settings, since: float | None, limit: int) -> list[QuestionUnanswered]:
    await upgrade(settings.database_url)
    engine = open_database(settings.database_url)
    try:
        return await read_gaps(engine, since=since, limit=limit)
    finally:
        await engine.dispose()


def _grouped(language: Language, asked: Sequence[QuestionUnanswered]) -> list[GapGroup]:
    english = language.partition("-")[0].lower() == "en"
    encoder = encoder_for(language)
    texts = [gap.text for gap in asked]
    return group(texts, encoder.encode, ALIKE_ENGLISH if english else ALIKE_OTHERS)


def _asked(text: str, found: Sequence[Found]) -> dict[str, Json]:
    answers = bool(found) and found[0].answers
    return {
        "text": text,
        "answer": found[0].article.name if answers else None,
        "threshold": THRESHOLD,
        "articles": [
            {
                "name": each.article.name,
                "file": each.article.questions[0].place.file,
                "confidence": round(each.confidence, 4),
                "because": each.because,
                "likeness": round(each.likeness, 4),
            }
            for each in found
        ],
        "parts": list(found[0].article.parts) if answers else [],
    }


def _told(found: Sequence[Found]) -> str:
    if not found:
        return "There are no words in it."
    lines = [
        f"{each.article.name:20} {each.confidence:.2f}  like '{each.because}' ({each.likeness:.2f})"
        for each in found
    ]
    if found[0].answers:
        lines += ["", *found[0].article.parts]
    else:
        lines += ["", f"Not known: none reaches {THRESHOLD}."]
    return "\n".join(lines)


def _gap(each: GapGroup, asked: Sequence[QuestionUnanswered]) -> dict[str, Json]:
    return {
        "count": len(asked),
        "language": asked[0].language,
        "question": each.text,
        "nearest": asked[0].nearest or None,
        "confidence": round(max(gap.confidence for gap in asked), 4),
        "last_at": max(gap.at for gap in asked),
        "wordings": list(dict.fromkeys(gap.text for gap in asked)),
        "calls": list(dict.fromkeys(str(gap.call_id) for gap in asked)),
    }


def _line(each: GapGroup, asked: Sequence[QuestionUnanswered]) -> str:
    last = datetime.fromtimestamp(max(gap.at for gap in asked), UTC).strftime("%Y-%m-%d")
    near = f"; nearest: {asked[0].nearest}" if asked[0].nearest else ""
    others = len({gap.text for gap in asked}) - 1
    also = f" (and {others} other wordings)" if others else ""
    return f"{len(asked):5}  '{each.text}'{also}, last on {last}{near}"


def _day(text: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise UsageError(f"--since {text}: this is no day; write it like 2026-11-21") from None
